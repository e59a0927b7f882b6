package login

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

func TestDevice(t *testing.T) {
	for _, issuer := range []string{production, development} {
		t.Run(issuer, func(t *testing.T) {
			w := newWorld(t, issuer)
			d := w.device("demo", "openid", "profile", "phone", "offline_access")
			b := w.browser()
			form := b.get("/device?user_code=" + d.code)
			wantPage(t, form, http.StatusOK, "user_code")
			if !strings.Contains(form.body, `value="`+d.code+`"`) {
				t.Error("the code of the address does not stand in the field")
			}
			d.want(storage.DevicePending, "")
			a := b.open(http.MethodPost, "/device", form.with("user_code", " "+strings.ToLower(strings.ReplaceAll(d.code, "-", ""))))
			wantPage(t, a, http.StatusOK, "device-submit")
			for _, text := range []string{"Demo", d.code, "harbour-cli 1.2", "198.51.100.7", "another address"} {
				if !strings.Contains(a.body, text) {
					t.Errorf("the confirmation does not show %q:\n%s", text, a.body)
				}
			}
			a = b.confirm(a)
			wantPage(t, a, http.StatusOK, "login-submit")
			a = b.signIn(a, "alice", "alice")
			wantPage(t, a, http.StatusOK, "consent-allow")
			if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self';") {
				t.Errorf("a form that ends here may end elsewhere: %s", csp)
			}
			d.want(storage.DevicePending, "")
			a = b.allow(a, "offline_access")
			wantPage(t, a, http.StatusOK, "")
			for _, text := range []string{"The device is connected", "Alice Novak", d.code, `class="stamp go"`} {
				if !strings.Contains(a.body, text) {
					t.Errorf("the last page does not show %q:\n%s", text, a.body)
				}
			}
			d.want(storage.DeviceApproved, "openid profile offline_access")
			if again := b.get(a.path + "&lang=ru"); !strings.Contains(again.body, "Устройство подключено") {
				t.Errorf("the last page cannot be opened again: %s with %d", again.path, again.status)
			}
			for name := range b.cookies {
				if strings.HasPrefix(name, w.login.names.request) {
					t.Errorf("the cookie %s outlives its request", name)
				}
			}
			stranger := w.browser()
			stranger.signIn(stranger.get("/login"), "bob", "bob")
			if other := stranger.get(a.path); other.status != http.StatusGone || strings.Contains(other.body, "Alice") {
				t.Errorf("the last page of another person answers %d", other.status)
			}
			if len(w.approvals()) != 0 {
				t.Error("an app was answered by redirect")
			}
		})
	}
}

// The person who is signed in and decided before is asked nothing but whether it is their device.
func TestDeviceAgain(t *testing.T) {
	tests := []struct {
		app   string
		asked bool
	}{{"demo", false}, {"cli", true}} // a public app is asked for each time (RFC 8628 §5.6)
	for _, tt := range tests {
		t.Run(tt.app, func(t *testing.T) {
			w := newWorld(t, production)
			b := w.browser()
			b.allow(b.signIn(b.connect(w.device(tt.app).code), "alice", "alice"))
			d := w.device(tt.app)
			a := b.connect(d.code)
			if tt.asked {
				wantPage(t, a, http.StatusOK, "consent-allow")
				d.want(storage.DevicePending, "")
				a = b.allow(a)
			}
			wantPage(t, a, http.StatusOK, "")
			d.want(storage.DeviceApproved, "openid profile email")
		})
	}
}

func TestDeviceDenied(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	a := b.signIn(b.connect(d.code), "alice", "alice")
	a = b.open(http.MethodPost, "/consent", a.with("decision", "deny"))
	wantPage(t, a, http.StatusOK, "")
	if !strings.Contains(a.body, "The device is not connected") || !strings.Contains(a.body, `class="stamp stop"`) {
		t.Errorf("the last page:\n%s", a.body)
	}
	d.want(storage.DeviceDenied, "")
	wantPage(t, b.typeCode(d.code), http.StatusOK, "wrong")
}

// An app that only its developers use is refused to others, and the device is told.
func TestDeviceOfDevelopers(t *testing.T) {
	w := newWorld(t, production)
	w.change("demo", func(a *storage.App) { a.Delegated = false })
	d := w.device("demo")
	carol := w.browser()
	a := carol.signIn(carol.connect(d.code), "carol", "carol")
	if !strings.Contains(a.body, "Only the developers of this app") {
		t.Errorf("the page:\n%s", a.body)
	}
	d.want(storage.DeviceDenied, "")
	d = w.device("demo")
	alice := w.browser() // who owns it
	wantPage(t, alice.signIn(alice.connect(d.code), "alice", "alice"), http.StatusOK, "consent-allow")
}

// An address of one's own says that the device is near; a form from before the sign-in still holds.
func TestDeviceSmallThings(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	b.address = "198.51.100.7:5"
	form := b.typeCode(d.code)
	if !strings.Contains(form.body, "You are at the same address.") {
		t.Errorf("the page:\n%s", form.body)
	}
	kept := b.cookies[w.login.names.form]
	b.signIn(b.get("/login"), "alice", "alice")
	b.cookies[w.login.names.form] = kept
	wantPage(t, b.confirm(form), http.StatusOK, "consent-allow")
}

func TestDeviceWhy(t *testing.T) {
	developers := refusal("access_denied", "x")
	developers.developers = true
	tests := []struct {
		step step
		want page.DeviceWhy
	}{
		{step{kind: stepDone}, page.DeviceByPerson}, {refusal("access_denied", "x"), page.DeviceByPerson},
		{developers, page.DeviceDevelopers}, {refusal("invalid_scope", "x"), page.DeviceNothing},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, deviceWhy(tt.step)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.step, diff)
		}
	}
}

func TestSpell(t *testing.T) {
	for typed, want := range map[string]string{"wdjbmjht": "WDJB-MJHT", " WDJB - mjht ": "WDJB-MJHT", "abc": "ABC", "": ""} {
		if got := spell(typed); got != want {
			t.Errorf("spell(%q) = %q, want %q", typed, got, want)
		}
	}
}
