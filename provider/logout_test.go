package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// party is an app's own server; it keeps every logout token it gets.
type party struct {
	*httptest.Server
	mu     sync.Mutex
	tokens []string
	types  []string
	answer func(http.ResponseWriter, *http.Request)
	came   chan struct{}
}

func newParty(t *testing.T) *party {
	t.Helper()
	a := &party{came: make(chan struct{}, 100)}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		a.mu.Lock()
		a.tokens = append(a.tokens, r.PostForm.Get("logout_token"))
		a.types = append(a.types, r.Method+" "+r.Header.Get("Content-Type"))
		answer := a.answer
		a.mu.Unlock()
		a.came <- struct{}{}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *party) answers(f func(http.ResponseWriter, *http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

func (a *party) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.tokens)
}

// logoutWorld is a world whose app demo wants logout tokens at the party.
func logoutWorld(t *testing.T) (*world, *party) {
	t.Helper()
	a := newParty(t)
	clock := storagetest.NewClock()
	w := newWorldWith(t, storagetest.SeededAt(t, clock), clock, func(c *Config) {
		c.AllowHosts = []string{strings.TrimPrefix(a.URL, "http://")}
	})
	w.change("demo", func(app *storage.App) {
		app.Registration.BackchannelLogoutURI, app.Registration.BackchannelSession = a.URL+"/out", true
	})
	return w, a
}

// grant gives an app tokens in alice's session.
func (w *world) grant(id, app string) {
	w.t.Helper()
	outcome, err := w.db.RedeemCode(w.t.Context(), &storage.Grant{
		ID: "grant-of-a-logout-" + id, UserID: w.session.UserID, AppID: app, SessionID: w.session.ID, Scopes: []string{"openid"},
		AuthTime: w.clock.Now(), ACR: "1", EndsAt: w.clock.Now().Add(time.Hour),
	}, false)
	if err != nil || outcome != storage.Redeemed {
		w.t.Fatalf("grant: %v, %v", outcome, err)
	}
}

// round makes one round of deliveries and waits for them.
func (w *world) round(ctx context.Context) {
	w.t.Helper()
	c := &courier{p: w.p, slots: make(chan struct{}, logoutAtOnce), told: map[string]time.Time{}}
	_, err := c.round(ctx)
	if err != nil && ctx.Err() == nil {
		w.t.Fatal(err)
	}
	c.going.Wait()
}

// end signs alice out.
func (w *world) end() {
	w.t.Helper()
	err := w.db.EndSession(w.t.Context(), storage.System, w.session.ID)
	if err != nil {
		w.t.Fatal(err)
	}
}

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

func TestSessionState(t *testing.T) {
	w := newWorld(t)
	if doc := w.p.metadataClosed(nil, &keySnapshot{}); doc.CheckSession != "" || !doc.BackLogout || !doc.FrontLogout {
		t.Errorf("http issuer: %+v", doc)
	}
	req := &storage.AuthRequest{AppID: "demo", RedirectURI: "https://rp.example:443/cb?x=1", Scopes: []string{"openid"}}
	if got := w.p.sessionState(req, w.session); got != "" {
		t.Errorf("http issuer: session_state %q", got)
	}
	w.p.issuer = "https://id.example"
	a, b := w.p.sessionState(req, w.session), w.p.sessionState(req, w.session)
	if len(a) < 70 || a == b || strings.ContainsAny(a, " ") {
		t.Errorf("session_state %q and %q", a, b)
	}
	if got, want := originOf(req.RedirectURI), "https://rp.example"; got != want {
		t.Errorf("origin %q, want %q", got, want)
	}
	req.RedirectURI = "com.example.app:/cb"
	if got := w.p.sessionState(req, w.session); got != "" {
		t.Errorf("private scheme: session_state %q", got)
	}
	handler := w.p.Handler(Front{})
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, w.p.metadataClosed(nil, &keySnapshot{}).CheckSession, nil))
	policy := rec.Header().Get("Content-Security-Policy")
	if rec.Code != http.StatusOK || rec.Header().Get("X-Frame-Options") != "" || strings.Contains(policy, "frame-ancestors") || !strings.Contains(policy, "'sha256-") {
		t.Errorf("page: %d %v", rec.Code, rec.Header())
	}
	_, err := url.Parse(w.p.checkSessionURI())
	if err != nil || !strings.Contains(rec.Body.String(), "<script>") {
		t.Errorf("page:\n%s", rec.Body)
	}
}
