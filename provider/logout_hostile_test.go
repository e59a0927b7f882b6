package provider

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// What stands behind a backchannel_logout_uri may be slow, endless, or not the Internet at all.
func TestLogoutHostileParty(t *testing.T) {
	release := make(chan struct{})
	tests := []struct {
		name   string
		uri    string // empty: the party's
		answer func(http.ResponseWriter, *http.Request)
		want   string // what the developers are told, empty: it was delivered
	}{
		{"slow", "", func(http.ResponseWriter, *http.Request) { <-release }, "did not answer within 5 seconds"},
		{"endless answer", "", func(w http.ResponseWriter, _ *http.Request) {
			text := []byte(strings.Repeat("x", 64<<10))
			for {
				_, err := w.Write(text)
				if err != nil {
					return
				}
			}
		}, ""},
		{"private address", "https://10.0.0.1/out", nil, "not at a public address"},
		{"mapped private address", "https://[::ffff:192.168.0.1]/out", nil, "not at a public address"},
		{"link-local address", "https://169.254.169.254/latest", nil, "not at a public address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, a := logoutWorld(t)
			a.answers(tt.answer)
			if tt.uri != "" {
				w.change("demo", func(app *storage.App) { app.Registration.BackchannelLogoutURI = tt.uri })
			}
			w.grant("1", "demo")
			w.end()
			w.round(t.Context())
			if tt.name == "slow" {
				close(release)
			}
			got := ""
			if events := w.db.Events("demo"); len(events) > 0 {
				got = events[0].Description
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("told %q, want %q", got, tt.want)
			}
		})
	}
}

// An app with pairwise subjects is told of the sub it knows.
func TestLogoutPairwise(t *testing.T) {
	w, a := logoutWorld(t)
	w.change("demo", func(app *storage.App) {
		app.GrantTypes = []string{storage.GrantCode} // pairwise subjects and the device grant exclude each other
		app.Registration.SubjectType, app.Registration.Sector = storage.SubjectPairwise, "rp.example"
	})
	w.grant("1", "demo")
	w.end()
	w.round(t.Context())
	payload, err := w.p.verifyJWT(a.tokens[0], typeLogoutToken)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Sub, Sid string }
	err = json.Unmarshal(payload, &got)
	if err != nil {
		t.Fatal(err)
	}
	if want := w.db.Subject(w.app("demo"), w.session.UserID); got.Sub != want || want == w.session.UserID {
		t.Errorf("sub %q, want %q", got.Sub, want)
	}
	if want := w.db.SessionName(w.app("demo"), w.session.ID); got.Sid != want || want == w.session.ID {
		t.Errorf("sid %q, want %q", got.Sid, want)
	}
}
