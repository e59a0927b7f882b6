package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

func TestLogoutToken(t *testing.T) {
	w, a := logoutWorld(t)
	w.change("plain", func(app *storage.App) { app.Registration.BackchannelLogoutURI = a.URL + "/plain" })
	w.grant("1", "demo") // plain got no tokens, so it is not told
	w.end()
	w.round(t.Context())
	w.round(t.Context())
	if got := a.count(); got != 1 {
		t.Fatalf("%d logout tokens, want 1", got)
	}
	if got, want := a.types[0], "POST application/x-www-form-urlencoded"; got != want {
		t.Errorf("sent as %s, want %s", got, want)
	}
	payload, err := w.p.verifyJWT(a.tokens[0], "logout+jwt")
	if err != nil {
		t.Fatalf("logout token: %v", err)
	}
	_, err = w.p.verifyJWT(a.tokens[0], typeIDToken)
	if err == nil {
		t.Error("a logout token passes as an id_token")
	}
	var got map[string]any
	err = json.Unmarshal(payload, &got)
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := got["jti"].(string); len(id) < 20 {
		t.Errorf("jti %q", id)
	}
	delete(got, "jti")
	want := map[string]any{
		"iss": storagetest.Issuer, "sub": w.session.UserID, "sid": w.session.ID, "aud": "demo",
		"iat": float64(w.clock.Now().Unix()), "exp": float64(w.clock.Now().Unix() + 120),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logout token (-want +got):\n%s", diff)
	}
}

// What a party may do wrong: the notice waits, the developers see why, and a later attempt delivers it.
func TestLogoutRetries(t *testing.T) {
	tests := []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		want   string
	}{
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }, "answered 400"},
		{"breaks", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "answered 500"},
		{"redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, "answered 302"},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "could not be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, a := logoutWorld(t)
			a.answers(tt.answer)
			w.grant("1", "demo")
			w.end()
			w.round(t.Context())
			w.round(t.Context())
			if got := a.count(); got != 1 {
				t.Fatalf("%d attempts at once, want 1", got)
			}
			events := w.db.Events("demo")
			if len(events) == 0 || events[0].Endpoint != storage.EventLogout || !strings.Contains(events[0].Description, tt.want) {
				t.Errorf("events %+v, want one with %q", events, tt.want)
			}
			notices := w.app("demo").Notices(events, w.clock.Now())
			if len(notices) != 1 || notices[0].Kind != storage.NoticeLogouts {
				t.Errorf("notices %+v, want one of logouts", notices)
			}
			a.answers(nil)
			w.clock.Advance(time.Second)
			w.round(t.Context())
			if got := a.count(); got != 2 {
				t.Errorf("%d attempts after a second, want 2", got)
			}
			w.clock.Advance(time.Hour)
			w.round(t.Context())
			if got := a.count(); got != 2 {
				t.Errorf("%d attempts after it was delivered, want 2", got)
			}
		})
	}
}

func TestLogoutGivenUp(t *testing.T) {
	w, a := logoutWorld(t)
	a.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	w.grant("1", "demo")
	w.end()
	for range 60 {
		w.round(t.Context())
		w.clock.Advance(time.Hour)
	}
	if got := a.count(); got < 20 || got > 40 {
		t.Errorf("%d attempts, want one an hour for a day", got)
	}
	if e := w.db.Events("demo")[0]; !strings.Contains(e.Description, "given up") {
		t.Errorf("last event %q", e.Description)
	}
	troubles, err := w.db.LogoutTroubles(t.Context())
	if err != nil || len(troubles) != 1 || troubles[0].AppID != "demo" || troubles[0].Count != 1 {
		t.Errorf("troubles %+v, %v", troubles, err)
	}
}

// A worker that dies between claim and report loses nothing: the notice is sent again.
func TestLogoutCrash(t *testing.T) {
	w, a := logoutWorld(t)
	ctx, kill := context.WithCancel(t.Context())
	release := make(chan struct{})
	a.answers(func(http.ResponseWriter, *http.Request) { kill(); <-release })
	w.grant("1", "demo")
	w.end()
	w.round(ctx)
	close(release)
	a.answers(nil)
	w.round(t.Context())
	if got := a.count(); got != 1 {
		t.Fatalf("%d attempts while the claim stands, want 1", got)
	}
	w.clock.Advance(time.Minute)
	w.round(t.Context())
	if got := a.count(); got != 2 {
		t.Errorf("%d attempts after it, want 2", got)
	}
}

func TestLogoutOccasions(t *testing.T) {
	tests := []struct {
		name string
		end  func(w *world) error
		want int
	}{
		{"all sessions", func(w *world) error {
			_, err := w.db.EndSessions(w.t.Context(), storage.System, w.session.UserID, "")
			return err
		}, 1},
		{"another person", func(w *world) error {
			_, _, err := w.db.StartSession(w.t.Context(), storage.NewSession{UserID: w.user("bob").ID, ACR: "1", Replaces: w.session.ID})
			return err
		}, 1},
		{"the same person", func(w *world) error {
			_, _, err := w.db.StartSession(w.t.Context(), storage.NewSession{UserID: w.session.UserID, ACR: "1", Replaces: w.session.ID})
			return err
		}, 0},
		{"expiry", func(w *world) error {
			w.clock.Advance(31 * 24 * time.Hour)
			_, err := w.db.Sweep(w.t.Context())
			return err
		}, 1},
		{"person disabled", func(w *world) error {
			return w.db.SetUserDisabled(w.t.Context(), storage.System, w.session.UserID, true)
		}, 1},
		{"app disabled", func(w *world) error {
			w.change("demo", func(a *storage.App) { a.Enabled = false })
			return nil
		}, 1},
		{"app changed", func(w *world) error {
			w.change("demo", func(a *storage.App) { a.Name = "Other" })
			return nil
		}, 0},
		{"no address any more", func(w *world) error {
			w.end()
			w.change("demo", func(a *storage.App) { a.Registration.BackchannelLogoutURI = "" })
			return nil
		}, 0},
		{"twice", func(w *world) error { w.end(); w.end(); return nil }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, a := logoutWorld(t)
			// The last administrator cannot be disabled.
			_, err := w.db.UpdateUser(t.Context(), storage.System, w.user("bob").ID, func(u *storage.User) error { u.Access = storage.Full; return nil })
			if err != nil {
				t.Fatal(err)
			}
			w.grant("1", "demo")
			err = tt.end(w)
			if err != nil {
				t.Fatal(err)
			}
			w.round(t.Context())
			w.round(t.Context())
			if got := a.count(); got != tt.want {
				t.Errorf("%d logout tokens, want %d", got, tt.want)
			}
		})
	}
}

// Deliver is woken by the commit and stops with its context.
func TestDeliver(t *testing.T) {
	w, a := logoutWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.p.Deliver(ctx) }()
	w.grant("1", "demo")
	w.end()
	<-a.came
	stop()
	<-done
}

// Where no token may go: nothing is sent, and nothing of the network is told.
func TestLogoutForbidden(t *testing.T) {
	w, a := logoutWorld(t)
	w.p.out = newOutgoing(Config{})
	w.grant("1", "demo")
	w.end()
	w.round(t.Context())
	if a.count() != 0 {
		t.Error("a token was sent to this machine")
	}
	e := w.db.Events("demo")
	if len(e) != 1 || strings.Contains(e[0].Description, "127.0.0.1") {
		t.Errorf("events %+v", e)
	}
}
