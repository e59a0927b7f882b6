package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/propusk/propusk/storage"
)

func TestCodeFlow(t *testing.T) {
	w := newWorld(t)
	got := w.login("scope", "openid profile email phone address extern.api unknown.scope")
	if got.TokenType != "Bearer" || got.ExpiresIn != 3600 || got.Scope != "openid profile email phone address extern.api" {
		t.Errorf("token response: %+v", got)
	}
	now := float64(w.clock.Now().Unix())
	claims := payload(t, got.IDToken)
	delete(claims, "at_hash")
	want := map[string]any{
		"iss": w.p.issuer, "sub": w.session.UserID, "aud": "demo", "iat": now, "exp": now + 3600, "auth_time": now,
		"nonce": "n-1", "acr": "1", "amr": []any{"pwd"}, "sid": w.session.ID,
	}
	if d := cmp.Diff(want, claims); d != "" {
		t.Errorf("id_token (-want +got)\n%s", d)
	}
	info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken))
	for _, name := range strings.Fields("sub name given_name family_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale email phone_number") {
		if text, ok := info[name].(string); !ok || text == "" {
			t.Errorf("%s = %v, want a string", name, info[name])
		}
	}
	for _, name := range []string{"email_verified", "phone_number_verified"} {
		if _, ok := info[name].(bool); !ok {
			t.Errorf("%s = %v, want a boolean", name, info[name])
		}
	}
	if _, ok := info["updated_at"].(float64); !ok {
		t.Errorf("updated_at = %v, want a number", info["updated_at"])
	}
	if _, ok := info["address"].(map[string]any); !ok {
		t.Errorf("address = %v, want an object", info["address"])
	}
}

func TestUserInfoWays(t *testing.T) {
	w := newWorld(t)
	access := w.login().AccessToken
	want := w.get(PathUserInfo, "Authorization", "Bearer "+access).Body.String()
	tests := map[string]*httptest.ResponseRecorder{
		"POST header":               w.post(PathUserInfo, url.Values{}, "Authorization", "Bearer "+access),
		"POST body":                 w.post(PathUserInfo, url.Values{"access_token": {access}}),
		"scheme in other letters":   w.get(PathUserInfo, "Authorization", "bEARER "+access),
		"POST without content type": w.do(bare(access)),
	}
	for name, rec := range tests {
		if rec.Code != http.StatusOK || rec.Body.String() != want {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if rec := w.post(PathUserInfo, url.Values{"access_token": {access}}, "Authorization", "Bearer "+access); rec.Code != http.StatusBadRequest {
		t.Errorf("twice: %d", rec.Code)
	}
	rec := w.get(PathUserInfo)
	if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") != `Bearer realm="propusk"` {
		t.Errorf("without a token: %d %v", rec.Code, rec.Header())
	}
	service := w.token(url.Values{"grant_type": {storage.GrantClientCredentials}}, basic("service", "service-secret")...)
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+service.AccessToken); rec.Code != http.StatusForbidden {
		t.Errorf("an app's own token: %d %s", rec.Code, rec.Body)
	}
}

func bare(access string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, PathUserInfo, nil)
	r.Header.Set("Authorization", "Bearer "+access)
	return r
}

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	first := w.login("scope", "openid profile email offline_access")
	w.clock.Advance(time.Second)
	second := w.token(refreshForm(first.RefreshToken), demoBasic...)
	if second.status != 200 || second.RefreshToken == first.RefreshToken || second.RefreshToken == "" {
		t.Fatalf("first refresh: %+v", second)
	}
	old, fresh := payload(t, first.IDToken), payload(t, second.IDToken)
	if fresh["auth_time"] != old["auth_time"] || fresh["iat"] == old["iat"] || fresh["nonce"] != nil {
		t.Errorf("id_token on refresh: %v", fresh)
	}
	w.clock.Advance(9 * time.Second)
	again := w.token(refreshForm(first.RefreshToken), demoBasic...)
	if again.RefreshToken != second.RefreshToken {
		t.Errorf("a retry within the grace got another successor: %+v", again)
	}
	narrow := refreshForm(second.RefreshToken)
	narrow.Set("scope", "openid email")
	third := w.token(narrow, demoBasic...)
	if third.Scope != "openid email" {
		t.Errorf("narrowed: %+v", third)
	}
	fourth := w.token(refreshForm(third.RefreshToken), demoBasic...)
	if fourth.Scope != "openid profile email offline_access" {
		t.Errorf("the narrowing lasted: %+v", fourth)
	}
	wide := refreshForm(fourth.RefreshToken)
	wide.Set("scope", "openid phone")
	if got := w.token(wide, demoBasic...); got.Error != errInvalidScope {
		t.Errorf("widened: %+v", got)
	}
	if got := w.token(refreshForm(second.RefreshToken), demoBasic...); got.Error != errInvalidGrant {
		t.Errorf("a grandparent: %+v", got)
	}
	if w.active(fourth.AccessToken) || w.active(fourth.RefreshToken) {
		t.Error("reuse left the family alive")
	}
}

func TestRefreshAfterSession(t *testing.T) {
	w := newWorld(t)
	online := w.login("scope", "openid profile")
	offline := w.login("scope", "openid profile phone offline_access")
	err := w.db.EndSession(t.Context(), storage.System, w.session.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.token(refreshForm(online.RefreshToken), demoBasic...); got.Error != errInvalidGrant {
		t.Errorf("without offline_access: %+v", got)
	}
	got := w.token(refreshForm(offline.RefreshToken), demoBasic...)
	if got.Scope != "openid profile offline_access" {
		t.Errorf("with offline_access: %+v, want the scopes for offline use", got)
	}
}

func TestRefreshStops(t *testing.T) {
	tests := map[string]func(*world) error{
		"the user is disabled": func(w *world) error {
			return w.db.SetUserDisabled(w.t.Context(), storage.System, w.session.UserID, true)
		},
		"the password changes": func(w *world) error {
			return w.db.SetPassword(w.t.Context(), storage.System, w.session.UserID, "correct horse")
		},
		"the app is withdrawn": func(w *world) error { return w.db.WithdrawApp(w.t.Context(), storage.System, w.session.UserID, "demo") },
		"the app loses the type": func(w *world) error {
			w.change("demo", func(a *storage.App) { a.GrantTypes = []string{storage.GrantCode} })
			return nil
		},
		"the app is disabled": func(w *world) error { w.change("demo", func(a *storage.App) { a.Enabled = false }); return nil },
		"thirty idle days":    func(w *world) error { w.clock.Advance(storage.RefreshIdle); return nil },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.login("scope", "openid offline_access")
			err := change(w)
			if err != nil {
				t.Fatal(err)
			}
			got := w.token(refreshForm(first.RefreshToken), demoBasic...)
			if got.status < 400 || got.Error != errInvalidGrant && got.Error != errInvalidClient {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"grant_type": {storage.GrantClientCredentials}, "scope": {"extern.api"}}
	got := w.token(form, basic("service", "service-secret")...)
	if got.status != 200 || got.Scope != "extern.api" || got.RefreshToken != "" || got.IDToken != "" {
		t.Errorf("service: %+v", got)
	}
	form.Set("scope", "phone")
	if got := w.token(form, basic("service", "service-secret")...); got.Error != errInvalidScope {
		t.Errorf("a scope the app does not have: %+v", got)
	}
	if got := w.token(form, basic("plain", "wrong")...); got.Error != errInvalidClient {
		t.Errorf("wrong secret: %+v", got)
	}
	form.Set("client_id", "spa")
	if got := w.token(form); got.Error != errInvalidClient || got.status != 401 {
		t.Errorf("a public app: %+v", got)
	}
}

func TestIntrospectionByOwner(t *testing.T) {
	w := newWorld(t)
	access := w.login("scope", "openid profile extern.api").AccessToken
	got := w.object(w.post(PathIntrospect, url.Values{"token": {access}}, basic("service", "service-secret")...))
	if got["active"] != true || got["scope"] != "extern.api" || got["client_id"] != "demo" || got["sub"] != w.session.UserID {
		t.Errorf("the owner of extern.api sees %v", got)
	}
	if d := cmp.Diff([]any{"extern.api"}, got["aud"]); d != "" {
		t.Errorf("aud (-want +got)\n%s", d)
	}
	other := w.login("scope", "openid profile").AccessToken
	got = w.object(w.post(PathIntrospect, url.Values{"token": {other}}, basic("service", "service-secret")...))
	if d := cmp.Diff(map[string]any{"active": false}, got); d != "" {
		t.Errorf("a token without its scope (-want +got)\n%s", d)
	}
}

func TestRevocation(t *testing.T) {
	w := newWorld(t)
	first, second := w.login(), w.login()
	revoke := func(token string, header ...string) int {
		return w.post(PathRevocation, url.Values{"token": {token}}, header...).Code
	}
	if code := revoke(first.AccessToken, basic("plain", "plain-secret")...); code != 400 || !w.active(first.AccessToken) {
		t.Errorf("a stranger: %d, active %v", code, w.active(first.AccessToken))
	}
	if code := revoke(first.AccessToken, demoBasic...); code != 200 || w.active(first.AccessToken) || !w.active(first.RefreshToken) {
		t.Errorf("an access token: %d", code)
	}
	if code := revoke(second.RefreshToken, demoBasic...); code != 200 || w.active(second.AccessToken) || w.active(second.RefreshToken) {
		t.Errorf("a refresh token: %d", code)
	}
	for _, token := range []string{"nonsense", second.RefreshToken, first.AccessToken} {
		if code := revoke(token, demoBasic...); code != 200 {
			t.Errorf("%.20s: %d", token, code)
		}
	}
}

func TestClaimsParameter(t *testing.T) {
	w := newWorld(t)
	claims := `{"userinfo":{"phone_number":{"essential":true},"nickname":null},"id_token":{"email":null}}`
	got := w.login("scope", "openid", "claims", claims, "claims_locales", "ru en")
	if d := cmp.Diff([]string{"email", "phone", "profile"}, w.asked.Implied); d != "" {
		t.Errorf("implied scopes (-want +got)\n%s", d)
	}
	info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken))
	if info["phone_number"] == nil || info["nickname"] == nil || info["email"] != nil || info["name"] != nil {
		t.Errorf("userinfo: %v", info)
	}
	if payload(t, got.IDToken)["email"] != "alice@example.com" || got.Scope != "openid" {
		t.Errorf("id_token: %v, scope %q", payload(t, got.IDToken), got.Scope)
	}
	err := w.db.Decide(t.Context(), storage.Actor{Kind: storage.ActorUser, ID: w.session.UserID}, "demo", []storage.Consent{{Scope: "phone", DecidedAt: w.clock.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	info = w.object(w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken))
	if info["phone_number"] != nil {
		t.Errorf("a claim whose scope was declined: %v", info)
	}
	narrowed := w.login("scope", "openid email", "claims", `{"userinfo":{"email":null}}`)
	form := refreshForm(narrowed.RefreshToken)
	form.Set("scope", "openid")
	info = w.object(w.get(PathUserInfo, "Authorization", "Bearer "+w.token(form, demoBasic...).AccessToken))
	if info["email"] != nil {
		t.Errorf("a claim of a scope the token lost: %v", info)
	}
	for _, bad := range []string{`{"id_token":{"sub":{"value":"a"}},"userinfo":{"sub":{"value":"b"}}}`, "[]", "{", `{"userinfo":{"x":1}}`, `{"id_token":{"sub":{"value":7}}}`} {
		if answer := w.authorize(request("demo", "claims", bad)); answer.Get("error") != errInvalidRequest {
			t.Errorf("claims=%s: %v", bad, answer)
		}
	}
}

func TestClaimsLocales(t *testing.T) {
	w := newWorld(t)
	got := w.login("scope", "openid profile", "claims_locales", "fr ru-RU")
	info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken))
	alice := w.user("alice")
	if alice.Claims["name#ru"] == nil || info["name"] != alice.Claims["name#ru"] {
		t.Errorf("name = %v, want %v", info["name"], alice.Claims["name#ru"])
	}
}

// TestUserInfoChanges: answers are kept encoded, but never longer than they are true.
func TestUserInfoChanges(t *testing.T) {
	w := newWorld(t)
	access := w.login("scope", "openid profile").AccessToken
	ask := func() map[string]any {
		return w.object(w.get(PathUserInfo, "Authorization", "Bearer "+access))
	}
	ask()
	_, err := w.db.UpdateUser(t.Context(), storage.System, w.session.UserID, func(u *storage.User) error {
		u.Name = "Alice Renamed"
		u.Claims["quota"] = 7
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(); got["name"] != "Alice Renamed" {
		t.Errorf("after a change of the person: %v", got)
	}
	if got := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+w.login("scope", "openid email").AccessToken)); got["name"] != nil {
		t.Errorf("another token's scopes: %v", got)
	}
}
