package page

import (
	"testing"
	"time"
)

func init() { moreSamples = append(moreSamples, deviceSamples) }

// terminal is the stub of an app that asks from a device.
var terminal = Stub{Name: "Terminal client", Host: "harbour-cli", Trust: Trusted, Serial: "WDJB-MJHT"}

// away are the rows with the mark of those that stay available while the person is away.
func away(rows ...ConsentRow) []ConsentRow {
	for i := range rows {
		rows[i].Away = true
	}
	return rows
}

func deviceSamples() []sample {
	stranger := terminal
	stranger.Trust = Unchecked
	until := time.Date(2027, 2, 19, 23, 0, 0, 0, time.UTC)
	confirm := DeviceConfirm{Stub: terminal, Hidden: hidden, Code: "WDJB-MJHT", Agent: "harbour-cli 1.2", Address: "192.0.2.7", Near: true, At: noon}
	far := confirm
	far.Stub, far.Agent, far.Address, far.Near = stranger, "", "2001:db8::7", false
	welcome := Welcome{Hidden: Hidden{CSRF: "sealed-csrf"}, Person: alice, Login: "alice", Link: "propusk_link_secret"}
	recover, differ, weak, busy := welcome, welcome, welcome, welcome
	recover.Recover, differ.Differ, busy.Busy = true, true, true
	weak.Wrong = "This password is one of those that are tried first. Choose another."
	return []sample{
		{"device", false, Device{Hidden: Hidden{CSRF: "sealed-csrf"}}},
		{"device-wrong", false, Device{Hidden: Hidden{CSRF: "sealed-csrf"}, Code: `wdjb "mjht`, Wrong: true}},
		{"device-wait", false, Device{Hidden: Hidden{CSRF: "sealed-csrf"}, Code: "WDJB-MJHT", Wrong: true, Wait: 540}},
		{"device-confirm", false, confirm},
		{"device-confirm-far", false, far},
		{"device-done", false, DeviceDone{Stub: terminal, Granted: true, Person: alice, May: []ConsentRow{nameRow, reportRow}, Until: until, At: noon}},
		{"device-done-session", true, DeviceDone{Stub: terminal, Granted: true, Person: alice, At: noon}},
		{"device-refused", false, DeviceDone{Stub: terminal, Person: alice, At: noon}},
		{"device-refused-developers", false, DeviceDone{Stub: stranger, Why: DeviceDevelopers, Person: alice, At: noon}},
		{"device-refused-nothing", false, DeviceDone{Stub: terminal, Why: DeviceNothing, Person: alice, At: noon}},
		{"device-over", false, DeviceOver{}},
		{"welcome", false, welcome},
		{"welcome-recover", false, recover},
		{"welcome-differ", false, differ},
		{"welcome-weak", false, weak},
		{"welcome-busy", false, busy},
		{"welcome-over", false, WelcomeOver{}},
		{"consent-device", false, Consent{Stub: stranger, Hidden: hidden, Person: alice, Required: []ConsentRow{nameRow}}},
		{"consent-away", false, Consent{Stub: harbour, Hidden: hidden, Person: alice, Required: away(nameRow), Optional: []ConsentRow{emailRow},
			Offline: &OfflineAsk{Until: until, Checked: true}}},
		{"consent-away-all", false, Consent{Stub: harbour, Hidden: hidden, Person: alice, Required: away(nameRow), Optional: away(emailRow),
			Offline: &OfflineAsk{Until: until}}},
		{"consent-kept", false, Consent{Stub: harbour, Hidden: hidden, Person: alice, Required: away(nameRow), Optional: []ConsentRow{emailRow},
			Already: away(reportRow), Offline: &OfflineAsk{Until: until, Kept: true}}},
	}
}

func TestAgent(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"Firefox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Windows"},
		{"Edge, which says Chrome and Safari", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"},
		{"Safari", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"},
		{"a television", "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0 Safari/537.36", "Chrome, webOS"},
		{"curl", "curl/8.14.1", "curl"},
		{"Go", "Go-http-client/2.0", "Go"},
		{"a program of its own", "harbour-cli/1.2 (+https://harbour.example)", "harbour-cli 1.2"},
		{"none", "", ""},
		{"turned round", "\u202eevil\x07/1 x", "evil 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Agent(tt.header); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
