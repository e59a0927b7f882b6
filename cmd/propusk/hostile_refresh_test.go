package main

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostileRefresh holds the cases of refresh tokens.
var hostileRefresh = map[string]func(*testing.T){
	"HC-029": hostileReuse,
	"HC-030": hostileRefreshRace,
	"HC-033": hostileForeignRefresh,
	"HC-035": hostileRefreshScopes,
	"HC-036": hostileGroundGone,
	"HC-037": hostileRefreshLifetimes,
	"HC-038": hostileRefreshClient,
	"HC-039": hostileNoSigningKey,
}

// refresh uses a refresh token and returns what came.
func (w *world) refresh(a party, token string) tokens {
	w.t.Helper()
	got := w.granted(w.token(a.refreshing(token)))
	if got.refresh == "" || got.refresh == token {
		w.t.Fatalf("no new refresh token: %q", got.refresh)
	}
	return got
}

// hostileReuse: two parties hold the family, and nobody knows which of them is honest (RFC 9700 §4.14.2).
func hostileReuse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps int
		wait  time.Duration
	}{{"two steps back", 2, 0}, {"one step back after the grace", 1, storage.RefreshGrace + time.Second}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			all := []tokens{w.login(w.person("alice"), spaApp)}
			for range tt.steps {
				all = append(all, w.refresh(spaApp, all[len(all)-1].refresh))
			}
			w.clock.Advance(tt.wait)
			for _, held := range all {
				if got := w.userinfo(held.access); got.status != http.StatusOK {
					t.Fatalf("an access token of the family is dead before the reuse: %d", got.status)
				}
			}
			wantError(t, "reuse", w.token(spaApp.refreshing(all[0].refresh)), http.StatusBadRequest, "invalid_grant")
			for _, held := range all {
				wantError(t, "userinfo", w.userinfo(held.access), http.StatusUnauthorized, "invalid_token")
				wantError(t, "refresh", w.token(spaApp.refreshing(held.refresh)), http.StatusBadRequest, "invalid_grant")
			}
			if n := len(w.audit("grant.reuse")); n != 1 {
				t.Errorf("%d audit entries, want 1", n)
			}
		})
	}
}

func hostileRefreshRace(t *testing.T) {
	w := newWorld(t)
	first := w.login(w.person("alice"), demoApp)
	successors := map[string]int{}
	for _, got := range atOnce(32, func() *reply { return w.token(demoApp.refreshing(first.refresh)) }) {
		if got.status == http.StatusOK {
			successors[got.text("refresh_token")]++
			continue
		}
		wantError(t, "loser", got, http.StatusBadRequest, "invalid_grant")
	}
	if len(successors) != 1 {
		t.Fatalf("%d successors, want 1", len(successors))
	}
	var generation int
	err := w.connect().QueryRow(`SELECT refresh_gen FROM grants`).Scan(&generation)
	if err != nil || generation != 1 {
		t.Errorf("the family is %d steps further (%v), want 1", generation, err)
	}
	for successor := range successors {
		w.refresh(demoApp, successor)
	}
}

func hostileForeignRefresh(t *testing.T) {
	w := newWorld(t)
	got := w.login(w.person("alice"), demoApp)
	for _, thief := range []party{plainApp, spaApp} {
		wantError(t, thief.id, w.token(thief.refreshing(got.refresh)), http.StatusBadRequest, "invalid_grant")
	}
	again := w.refresh(demoApp, got.refresh)
	if !w.active(demoApp, again.access) {
		t.Error("the family has ended")
	}
}

func hostileRefreshScopes(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	p.code(demoApp, "scope", "openid profile email extern.api") // the person allows more than this family gets
	got := w.login(p, demoApp)
	for name, scope := range map[string]string{
		"allowed, but not to this family": "openid extern.api", "assigned to the app alone": "phone",
		"unknown": "openid nonsense", "offline_access": "openid offline_access",
	} {
		wantError(t, "scope "+name, w.token(demoApp.refreshing(got.refresh, "scope", scope)), http.StatusBadRequest, "invalid_scope")
	}
	token := got.refresh
	for _, step := range []struct{ asked, want string }{
		{"openid", "openid"}, {"email openid email", "email openid"}, {demoApp.scope, demoApp.scope}, {"", demoApp.scope},
	} {
		answer := w.token(demoApp.refreshing(token, "scope", step.asked))
		all := w.granted(answer)
		if answer.text("scope") != step.want {
			t.Errorf("asked for %q: got %q, want %q", step.asked, answer.text("scope"), step.want)
		}
		if told := w.introspect(demoApp, all.access).text("scope"); told != step.want {
			t.Errorf("asked for %q: introspection says %q, want %q", step.asked, told, step.want)
		}
		token = all.refresh
	}
}

func hostileRefreshLifetimes(t *testing.T) {
	const day = 24 * time.Hour
	t.Run("absolute", func(t *testing.T) {
		w := newWorld(t)
		p := w.person("alice")
		p.tick = []string{"offline_access", "phone"}
		token := w.login(p, demoApp, "scope", "openid email phone offline_access").refresh
		for n := 1; n < 90; n++ {
			w.clock.Advance(day)
			got := w.token(demoApp.refreshing(token))
			token = w.granted(got).refresh
			want := "openid email phone offline_access"
			if n >= 14 { // the session has ended: what the app may not have while the person is away is gone for good
				want = "openid email offline_access"
			}
			if got.text("scope") != want {
				t.Fatalf("day %d: scope %q, want %q", n, got.text("scope"), want)
			}
		}
		w.clock.Advance(day)
		wantError(t, "after 90 days", w.token(demoApp.refreshing(token)), http.StatusBadRequest, "invalid_grant")
	})
	t.Run("idle", func(t *testing.T) {
		w := newWorld(t)
		p := w.person("alice")
		p.tick = []string{"offline_access"}
		token := w.login(p, demoApp, "scope", "openid offline_access").refresh
		w.clock.Advance(30*day - time.Second)
		token = w.refresh(demoApp, token).refresh
		w.clock.Advance(30 * day)
		wantError(t, "after 30 days of silence", w.token(demoApp.refreshing(token)), http.StatusBadRequest, "invalid_grant")
	})
	t.Run("with the session", func(t *testing.T) {
		w := newWorld(t)
		token := w.login(w.person("alice"), demoApp).refresh
		w.clock.Advance(13 * day)
		token = w.refresh(demoApp, token).refresh
		w.clock.Advance(day)
		wantError(t, "after 14 days without the person", w.token(demoApp.refreshing(token)), http.StatusBadRequest, "invalid_grant")
	})
}

func hostileRefreshClient(t *testing.T) {
	w := newWorld(t)
	for _, app := range []party{spaApp, demoApp} {
		token := w.login(w.person("bob"), app).refresh
		for name, form := range map[string]url.Values{
			"no client_id":       app.refreshing(token, "client_id", "", "client_secret", ""),
			"no secret":          demoApp.refreshing(token, "client_secret", ""),
			"a secret alone":     demoApp.refreshing(token, "client_id", ""),
			"an unknown client":  app.refreshing(token, "client_id", "nobody"),
			"a secret too many":  changed(app.refreshing(token), "client_secret", "x"),
			"the name as secret": changed(app.refreshing(token), "client_secret", app.id),
		} {
			wantError(t, app.id+" with "+name, w.token(form), http.StatusUnauthorized, "invalid_client")
		}
		w.refresh(app, token)
	}
}

// hostileNoSigningKey takes the key away in the file, as a botched rotation would.
func hostileNoSigningKey(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	held := w.login(p, demoApp)
	code := p.code(demoApp)
	before := w.stored()
	w.meddle(`UPDATE signing_keys SET active_at = active_at + 1000000000000 WHERE alg = 'RS256'`)
	for name, form := range map[string]url.Values{"refresh": demoApp.refreshing(held.refresh), "code": demoApp.redeeming(code)} {
		got := w.token(form)
		want := map[string]any{"error": "server_error", "error_description": "something went wrong inside the provider"}
		if diff := cmp.Diff(want, got.json()); got.status != http.StatusInternalServerError || diff != "" {
			t.Errorf("%s: got %d (-want +got):\n%s", name, got.status, diff)
		}
	}
	w.meddle(`UPDATE signing_keys SET active_at = active_at - 1000000000000 WHERE alg = 'RS256'`)
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	w.refresh(demoApp, held.refresh)
	w.granted(w.token(demoApp.redeeming(code)))
}
