package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// deliver lets the logout notices be sent until done says that it is enough, and everything is recorded.
func (w *world) deliver(done func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.server.protocol.Deliver(ctx)
	}()
	done()
	cancel()
	<-ended
}

// settled waits until no notice of the outbox is in this state (a condition; $1 is now).
func (w *world) settled(open string) {
	w.t.Helper()
	beside := w.connect()
	defer beside.Close()
	for range 3000 {
		var n int
		err := beside.QueryRow(`SELECT count(*) FROM logout_notices WHERE $1 > 0 AND (`+open+`)`, w.clock.Now().UnixMilli()).Scan(&n)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("there are still notices with %s", open)
}

// recorded waits until every notice was tried once: each is gone or waits with a reason.
func (w *world) recorded() { w.settled(`last_error = ''`) }

// reasons counts the notices that wait for a reason with these words.
func (w *world) reasons(words string) int {
	w.t.Helper()
	beside := w.connect()
	defer beside.Close()
	var n int
	err := beside.QueryRow(`SELECT count(*) FROM logout_notices WHERE last_error LIKE '%' || $1 || '%'`, words).Scan(&n)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// tells makes an app want to be told of logouts at the site.
func (w *world) tells(id, uri string) {
	w.t.Helper()
	w.changeApp(id, func(app *storage.App) {
		app.Registration.BackchannelLogoutURI, app.Registration.BackchannelSession = uri, true
	})
}

// signOut ends the session that these tokens came from.
func (w *world) signOut(all tokens) {
	w.t.Helper()
	sid, _ := claimsOf(w.t, all.id)["sid"].(string)
	err := w.db.EndSession(context.Background(), storage.System, sid)
	if err != nil {
		w.t.Fatal(err)
	}
}

// logoutToken is a genuine logout token of ours, as the site of demo gets it.
func (w *world) logoutToken(s *site) string {
	w.t.Helper()
	w.tells(demoApp.id, s.at("/out"))
	s.answers(text(""))
	w.signOut(w.login(w.person("bob"), demoApp))
	w.deliver(w.recorded)
	if s.last() == nil || s.last().PostForm.Get("logout_token") == "" {
		w.t.Fatal("no logout token came")
	}
	return s.last().PostForm.Get("logout_token")
}

// noticeHostile: an app that misbehaves when it is told of a logout harms nobody but itself.
func noticeHostile(t *testing.T) {
	evil, s := newTrap(t), newSite(t)
	w := newWorld(t, inProduction, s.reached)
	p := w.person("alice")
	w.tells(demoApp.id, s.at("/out"))
	told := map[string]int{}
	for _, tt := range []struct {
		what   string
		answer http.HandlerFunc
		told   string // to the app's developers; empty: it is delivered
	}{
		{"a huge answer", endlessAnswer, ""},
		{"204", withStatus(http.StatusNoContent, ""), ""},
		{"a redirect to the attacker", leadingTo(evil.at("/")), "answered 307"},
		{"a redirect to itself", leadingTo(s.at("/out")), "answered 307"},
		{"a bomb", bomb("x"), ""},
		{"400 with markup", withStatus(http.StatusBadRequest, "<script>"), "answered 400"},
		{"500", withStatus(http.StatusInternalServerError, strings.Repeat("x", 1<<20)), "answered 500"},
		{"a closed connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "could not be reached"},
		{"headers without end", manyHeaders, "could not be reached"},
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer within 5 seconds"},
	} {
		s.answers(tt.answer)
		before, waiting := s.calls(), w.stored()["logout_notices"]
		w.signOut(w.login(p, demoApp))
		w.deliver(w.recorded)
		if n := s.calls() - before; n != 1 {
			t.Errorf("%s: %d attempts at once", tt.what, n)
		}
		if got := w.stored()["logout_notices"] - waiting; (tt.told == "") != (got == 0) {
			t.Errorf("%s: %d notices wait", tt.what, got)
		}
		if tt.told == "" {
			continue
		}
		told[tt.told]++
		if got := w.reasons(tt.told); got != told[tt.told] {
			t.Errorf("%s: %d notices wait because of %q, want %d", tt.what, got, tt.told, told[tt.told])
		}
	}
	wantTold(t, "all of it", w.db.Events(demoApp.id), "answered 307")
	evil.wantNobody(t)
	noticeSent(t, s)
}

// noticeSent: what is sent to an app is the one parameter, and nothing that could be used elsewhere.
func noticeSent(t *testing.T, s *site) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range s.came {
		names := slices.DeleteFunc(headerNames(r), func(name string) bool {
			return slices.Contains([]string{"User-Agent", "Content-Type", "Content-Length", "Connection"}, name)
		})
		token := r.PostForm.Get("logout_token")
		claims := claimsOf(t, token)
		jti, _ := claims["jti"].(string)
		if r.Method != http.MethodPost || r.URL.String() != "/out" || len(names) != 0 || len(r.PostForm) != 1 || len(r.Cookies()) != 0 {
			t.Errorf("the app was sent %s %s, headers %v, form %v", r.Method, r.URL, r.Header, r.PostForm)
		}
		exp, _ := claims["exp"].(float64)
		iat, _ := claims["iat"].(float64)
		if claims["nonce"] != nil || claims["aud"] != demoApp.id || seen[jti] || exp-iat > 120 || claims["email"] != nil {
			t.Errorf("logout token %v, jti seen before: %t", claims, seen[jti])
		}
		seen[jti] = true
	}
}

// wantTold checks that the app's developers can read of it, without markup and addresses of our networks.
func wantTold(t testing.TB, what string, events []storage.Event, told string) {
	t.Helper()
	if !slices.ContainsFunc(events, func(e storage.Event) bool { return strings.Contains(e.Description, told) }) {
		t.Errorf("%s: the developers read %v, want %q", what, events, told)
	}
	for _, e := range events {
		if strings.ContainsAny(e.Description, "<>") || strings.Contains(e.Description, "127.0.0.1") {
			t.Errorf("%s: the developers read %q", what, e.Description)
		}
	}
}

func manyHeaders(w http.ResponseWriter, _ *http.Request) {
	for i := range 40 {
		w.Header().Set("X-"+strings.Repeat("h", i+1), strings.Repeat("x", 1<<10))
	}
}

// noticeBounded: an app that never takes a notice is told less and less often, for a day; an address inside
// is never called at all.
func noticeBounded(t *testing.T) {
	evil, s := newTrap(t), newSite(t)
	w := newWorld(t, inProduction, s.reached)
	w.tells(demoApp.id, s.at("/out"))
	s.answers(withStatus(http.StatusServiceUnavailable, ""))
	w.signOut(w.login(w.person("alice"), demoApp))
	began := w.clock.Now()
	attempts := 0
	for w.stored()["logout_notices"] > 0 && attempts < 100 {
		attempts++
		w.deliver(func() {
			w.settled(fmt.Sprintf(`NOT (attempts = %d AND (state = 'failed' OR next_at <> $1 + 60000))`, attempts))
		})
		_, next, err := w.db.ClaimLogouts(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if next.IsZero() {
			break
		}
		w.clock.Advance(next.Sub(w.clock.Now()))
	}
	if n := s.calls(); n != attempts || n < 10 || n > 50 || w.clock.Now().Sub(began) > 25*time.Hour {
		t.Errorf("%d calls in %s", n, w.clock.Now().Sub(began))
	}
	wantTold(t, "given up", w.db.Events(demoApp.id), fmt.Sprintf("given up after %d attempts", attempts))
	tried := 0
	for _, uri := range evil.insideAddresses() {
		_, err := w.db.UpdateApp(t.Context(), storage.System, demoApp.id, func(app *storage.App) error {
			app.Registration.BackchannelLogoutURI = uri
			return nil
		})
		if err != nil {
			continue // not even registered
		}
		tried++
		w.signOut(w.login(w.person("alice"), demoApp))
		w.deliver(w.recorded)
		if n := w.stored()["logout_notices"] - 1; n != tried { // one was given up
			t.Errorf("%s: %d notices wait, want %d", uri, n, tried)
		}
	}
	evil.wantNobody(t)
}
