package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestPersonalTokenOfApp(t *testing.T) {
	w, _ := apiWorld(t)
	w.change("demo", func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal) })
	made, token := w.personal(w.session.UserID, "demo", "extern.api", "profile")
	_, api := w.personal(w.session.UserID, "", "apps.read")
	introspect := func(token string, header ...string) map[string]any {
		return w.object(w.post(PathIntrospect, url.Values{"token": {token}}, header...))
	}
	want := map[string]any{
		"active": true, "scope": "extern.api profile", "client_id": "demo", "username": "alice", "token_type": "Bearer", "sub": w.session.UserID,
		"aud": []any{"extern.api", w.p.issuer}, "iss": w.p.issuer, "jti": made.ID, "iat": float64(made.CreatedAt.Unix()), "exp": float64(made.ExpiresAt.Unix()),
	}
	if diff := cmp.Diff(want, introspect(token, demoBasic...)); diff != "" {
		t.Errorf("its app (-want +got):\n%s", diff)
	}
	service := basic("service", "service-secret")
	if got := introspect(token, service...); got["scope"] != "extern.api" || got["client_id"] != "demo" {
		t.Errorf("the owner of a scope: %v", got)
	}
	inactive := map[string]any{"active": false}
	plain := basic("plain", "plain-secret")
	for name, got := range map[string]map[string]any{
		"a stranger": introspect(token, plain...), "a token of the API": introspect(api, demoBasic...), "unknown": introspect(token[:len(token)-1]+"_", demoBasic...),
	} {
		if diff := cmp.Diff(inactive, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, c := range map[string]struct {
		token string
		want  int
	}{"valid": {token, 403}, "of the API": {api, 403}, "unknown": {storage.CheckedSecret(storage.PersonalTokenPrefix), 401}} {
		rec := w.get(PathUserInfo, "Authorization", "Bearer "+c.token)
		if rec.Code != c.want || rec.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("userinfo, %s: %d %v", name, rec.Code, rec.Header())
		}
	}
	revoke := func(token string, header ...string) int {
		return w.post(PathRevocation, url.Values{"token": {token}}, header...).Code
	}
	if code := revoke(token, plain...); code != 400 || introspect(token, demoBasic...)["active"] != true {
		t.Errorf("revoked by a stranger: %d", code)
	}
	if code := revoke(api, demoBasic...); code != 400 {
		t.Errorf("a token of the API revoked by an app: %d", code)
	}
	if code := revoke(token, demoBasic...); code != 200 || introspect(token, demoBasic...)["active"] != false {
		t.Errorf("revoked by its app: %d", code)
	}
	if code := revoke(token, demoBasic...); code != 200 {
		t.Errorf("revoked again: %d", code)
	}
}

// TestEffectiveScopes: what the app or the person lost counts at once.
func TestEffectiveScopes(t *testing.T) {
	w, _ := apiWorld(t)
	w.must(w.db.SetDeveloper(t.Context(), storage.System, "demo", storage.Developer{UserID: w.user("bob").ID, Role: storage.RoleOwner}))
	w.setAccess(w.user("bob").ID, storage.Full)
	token := w.login("scope", "openid email phone users.read").AccessToken
	scope := func() any {
		return w.object(w.post(PathIntrospect, url.Values{"token": {token}}, demoBasic...))["scope"]
	}
	if got := scope(); got != "openid email phone users.read" {
		t.Errorf("at first: %v", got)
	}
	w.change("demo", func(a *storage.App) { a.Scopes = without(a.Scopes, "phone") })
	w.setAccess(w.session.UserID, storage.Partial)
	if got := scope(); got != "openid email" {
		t.Errorf("afterwards: %v", got)
	}
	info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+token))
	if info["phone_number"] != nil || info["email"] == nil {
		t.Errorf("userinfo: %v", info)
	}
	w.change("demo", func(a *storage.App) { a.Scopes = without(a.Scopes, "openid") })
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+token); rec.Code != http.StatusForbidden {
		t.Errorf("userinfo without openid: %d", rec.Code)
	}
}

// TestOfflineScopes: after the session a grant holds what is for offline use, for good, also for access
// tokens given out before.
func TestOfflineScopes(t *testing.T) {
	for name, end := range map[string]func(*world){
		"ended":   func(w *world) { w.must(w.db.EndSession(w.t.Context(), storage.System, w.session.ID)) },
		"expired": func(w *world) { w.clock.Advance(storage.SessionIdle) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.login("scope", "openid email phone offline_access")
			end(w)
			if name == "ended" { // the other token has expired by now
				info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+first.AccessToken))
				if info["phone_number"] != nil || info["email"] == nil {
					t.Errorf("userinfo with the token of before: %v", info)
				}
			}
			second := w.token(refreshForm(first.RefreshToken), demoBasic...)
			if second.Scope != "openid email offline_access" {
				t.Fatalf("refresh: %+v", second)
			}
			info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+second.AccessToken))
			if info["phone_number"] != nil || info["email"] == nil {
				t.Errorf("userinfo: %v", info)
			}
			form := refreshForm(second.RefreshToken)
			form.Set("scope", "openid phone")
			if got := w.token(form, demoBasic...); got.Error != errInvalidScope {
				t.Errorf("what was lost, asked for: %+v", got)
			}
			w.change("demo", func(a *storage.App) {
				for i := range a.Scopes {
					a.Scopes[i].Offline = true
				}
			})
			if got := w.token(refreshForm(second.RefreshToken), demoBasic...); got.Scope != "openid email offline_access" {
				t.Errorf("the narrowing did not last: %+v", got)
			}
		})
	}
}

// TestOfflineWidened: what the developer makes a scope for offline use after the person consented stays
// unavailable without them, by refresh, by the tokens of before and by a claim asked for.
func TestOfflineWidened(t *testing.T) {
	w := newWorld(t)
	w.change("demo", func(a *storage.App) { a.IDTokenClaims = true })
	first := w.login("scope", "openid email phone offline_access")
	claimed := w.login("scope", "openid offline_access", "claims", `{"userinfo":{"phone_number":null,"email":null}}`)
	w.must(w.db.EndSession(t.Context(), storage.System, w.session.ID))
	w.change("demo", func(a *storage.App) {
		for i := range a.Scopes {
			a.Scopes[i].Offline = true
		}
	})
	for name, token := range map[string]string{"scope": first.AccessToken, "claim": claimed.AccessToken} {
		info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+token))
		if info["phone_number"] != nil || info["email"] == nil {
			t.Errorf("userinfo by %s, with the token of before: %v", name, info)
		}
	}
	second := w.token(refreshForm(first.RefreshToken), demoBasic...)
	if second.Scope != "openid email offline_access" {
		t.Fatalf("refresh: %+v", second)
	}
	if claims := payload(t, second.IDToken); claims["phone_number"] != nil || claims["email"] == nil {
		t.Errorf("id_token of the refresh: %v", claims)
	}
}

// TestOfflineConsentEnds: the consent to offline access has an end of its own, and may be taken back.
func TestOfflineConsentEnds(t *testing.T) {
	until := func(w *world, c storage.Consent) {
		c.Scope = storage.ScopeOffline
		w.must(w.db.Decide(w.t.Context(), storage.Actor{Kind: storage.ActorUser, ID: w.session.UserID}, "demo", []storage.Consent{c}))
	}
	t.Run("reached", func(t *testing.T) {
		w := newWorld(t)
		until(w, storage.Consent{Granted: true, Until: w.clock.Now().Add(time.Hour)})
		first := w.login("scope", "openid offline_access")
		w.clock.Advance(time.Hour - time.Second)
		second := w.token(refreshForm(first.RefreshToken), demoBasic...)
		if second.status != 200 {
			t.Fatalf("before: %+v", second)
		}
		w.clock.Advance(time.Second)
		if got := w.token(refreshForm(second.RefreshToken), demoBasic...); got.Error != errInvalidGrant {
			t.Errorf("after: %+v", got)
		}
		if w.active(second.AccessToken) {
			t.Error("an access token outlives the grant")
		}
	})
	t.Run("taken back", func(t *testing.T) {
		w := newWorld(t)
		first := w.login("scope", "openid offline_access")
		until(w, storage.Consent{})
		second := w.token(refreshForm(first.RefreshToken), demoBasic...)
		if second.Scope != "openid" {
			t.Errorf("while the person is there: %+v", second)
		}
		w.must(w.db.EndSession(t.Context(), storage.System, w.session.ID))
		if got := w.token(refreshForm(second.RefreshToken), demoBasic...); got.Error != errInvalidGrant {
			t.Errorf("after the session: %+v", got)
		}
	})
}

// TestNotDelegated: an app that is not for everybody knows nobody but its developers, from the next
// request on.
func TestNotDelegated(t *testing.T) {
	w, bob := apiWorld(t)
	stranger := w.user("carol")
	session, _, err := w.db.StartSession(t.Context(), storage.NewSession{UserID: stranger.ID, ACR: "1", AMR: []string{"pwd"}})
	w.must(err)
	w.consent(stranger.ID, "demo")
	w.must(w.db.SetDeveloper(t.Context(), storage.System, "demo", storage.Developer{UserID: bob.UserID, Role: storage.RoleDeveloper}))
	w.session = session
	before, code, d := w.login(), w.code(request("demo")), w.demoDevice("openid")
	w.decide(d, "openid")
	w.session = bob
	developer := w.login()
	w.change("demo", func(a *storage.App) { a.Delegated = false })
	for name, got := range map[string]tokens{
		"refresh": w.token(refreshForm(before.RefreshToken), demoBasic...), "code": w.token(codeForm(code), demoBasic...), "device": w.poll(d),
	} {
		if got.status != 400 || got.Error != errInvalidGrant {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if w.active(before.AccessToken) || w.active(before.RefreshToken) {
		t.Error("a stranger's tokens are active")
	}
	if got := w.token(refreshForm(developer.RefreshToken), demoBasic...); got.status != 200 || !w.active(developer.AccessToken) {
		t.Errorf("a developer: %+v", got)
	}
	w.change("demo", func(a *storage.App) { a.Delegated = true })
	if got := w.token(refreshForm(before.RefreshToken), demoBasic...); got.status != 200 {
		t.Errorf("open again: %+v", got)
	}
}

// TestNetworkAddresses: a key works from the app's networks alone, and who calls from elsewhere learns
// nothing.
func TestNetworkAddresses(t *testing.T) {
	w := newWorld(t)
	w.change("demo", func(a *storage.App) { a.NetworkAddresses = []string{"198.51.100.0/24", "2001:db8::/32"} })
	ask := func(from, secret string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, PathToken, nil)
		r.Header.Set("Authorization", basic("demo", secret)[1])
		r.Body, r.ContentLength = http.NoBody, 0
		r.RemoteAddr = from
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		return rec
	}
	const inside = "198.51.100.7:4711"
	wrong := ask(inside, "wrong-secret").Body.String()
	for from, want := range map[string]int{
		inside: 400, "[2001:db8::1]:1": 400, "[::ffff:198.51.100.7]:1": 400, // past authentication: grant_type is missing
		"192.0.2.1:1": 401, "[2001:db9::1]:1": 401, "": 401, "@": 401,
	} {
		rec := ask(from, "demo-secret")
		if rec.Code != want || want == 401 && rec.Body.String() != wrong {
			t.Errorf("from %q: %d %s", from, rec.Code, rec.Body)
		}
	}
	events := w.db.Events("demo")
	if len(events) == 0 || events[len(events)-1].Result != errInvalidClient {
		t.Errorf("events: %+v", events)
	}
	spa := url.Values{"client_id": {"spa"}, "grant_type": {storage.GrantRefreshToken}, "refresh_token": {"x"}}
	if got := w.token(spa); got.Error != errInvalidGrant {
		t.Errorf("an app without keys: %+v", got)
	}
}
