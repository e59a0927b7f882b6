package provider

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

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
