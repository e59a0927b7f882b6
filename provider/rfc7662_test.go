package provider

import (
	"net/http"
	"testing"

	"github.com/propusk/propusk/storage"
)

// introspectAs sends the second request of RFC 7662 §2.1 about a token; more is appended to its body.
func (w *world) introspectAs(token, more string) map[string]any {
	w.t.Helper()
	rec := w.example(`POST /connect/introspect HTTP/1.1
Host: server.example.com
Accept: application/json
Content-Type: application/x-www-form-urlencoded
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW

token=` + token + more)
	h := rec.Header()
	if rec.Code != http.StatusOK || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
		w.t.Errorf("%d %v %s", rec.Code, h, rec.Body)
	}
	return w.object(rec)
}

// introspectionOptional are members of §2.2 that only some tokens have, and two of OpenID Connect.
var introspectionOptional = []string{"username", "jti", "auth_time", "acr", "aud"}

// TestRFC7662Active is the example of §2.2: an opaque and a JWT access token, a token of the app itself.
func TestRFC7662Active(t *testing.T) {
	for _, format := range []string{storage.TokenOpaque, storage.TokenJWT} {
		t.Run(format, func(t *testing.T) {
			w := rfcWorld(t)
			w.change(rfcClient, func(a *storage.App) { a.AccessTokenFormat = format })
			now := float64(w.clock.Now().Unix())
			got := w.introspectAs(w.rfcLogin("read write dolphin").AccessToken, "&token_type_hint=access_token")
			members(t, "of a person", got, append([]string{"active", "scope", "client_id", "username", "token_type", "exp", "iat", "sub", "aud", "iss", "jti"}, "auth_time", "acr"), nil)
			want := map[string]any{
				"active": true, "scope": "read write dolphin", "client_id": rfcClient, "username": "alice", "token_type": "Bearer",
				"exp": now + 3600, "iat": now, "sub": w.session.UserID, "aud": []any{"https://protected.example.net/resource"},
				"iss": rfcIssuer, "jti": got["jti"], "auth_time": now, "acr": "1",
			}
			same(t, "of a person", want, got)
			own := w.token(map[string][]string{"grant_type": {storage.GrantClientCredentials}, "scope": {"read"}}, basic(rfcClient, "gX1fBat3bV")...)
			got = w.introspectAs(own.AccessToken, "")
			members(t, "of the app", got, []string{"active", "scope", "client_id", "token_type", "exp", "iat", "sub", "aud", "iss", "jti"}, nil)
			if got["sub"] != rfcClient || got["scope"] != "read" {
				t.Errorf("of the app: %v", got)
			}
		})
	}
}

// TestRFC7662Hint: a hint helps to find the token and never keeps it from being found (§2.1).
func TestRFC7662Hint(t *testing.T) {
	w := rfcWorld(t)
	got := w.rfcLogin("openid read offline_access")
	for _, hint := range []string{"access_token", "refresh_token", "pct", ""} {
		for name, token := range map[string]string{"Bearer": got.AccessToken, "refresh_token": got.RefreshToken} {
			answer := w.introspectAs(token, "&token_type_hint="+hint)
			members(t, name, answer, []string{"active", "scope", "client_id", "token_type", "exp", "iat", "sub", "iss"}, introspectionOptional)
			if answer["active"] != true || answer["token_type"] != name {
				t.Errorf("%s with the hint %q: %v", name, hint, answer)
			}
		}
	}
}

// TestRFC7662Inactive: an inactive token is no error, and nothing is said of why (§2.2).
func TestRFC7662Inactive(t *testing.T) {
	w := rfcWorld(t)
	ours := w.rfcLogin("openid read offline_access")
	revoked, ended := w.rfcLogin("read"), w.rfcLogin("read offline_access")
	w.post(PathRevocation, map[string][]string{"token": {revoked.AccessToken}}, basic(rfcClient, "gX1fBat3bV")...)
	w.post(PathRevocation, map[string][]string{"token": {ended.RefreshToken}}, basic(rfcClient, "gX1fBat3bV")...)
	w.change("plain", func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	expired := w.rfcLogin("read").AccessToken
	w.clock.Advance(w.app(rfcClient).AccessTokenTTL)
	for name, token := range map[string]string{
		"of §2.1": "2YotnFZFEjr1zCsicMWpAA", "of §2.1 with dots": "mF_9.B5f-4.1JqM", "revoked": revoked.AccessToken,
		"of an ended grant": ended.AccessToken, "refresh, ended": ended.RefreshToken, "expired": expired,
		"of another app": w.login().AccessToken, "JWT of another app": w.login0(), "an id_token": ours.IDToken, "changed": ours.AccessToken + "A",
	} {
		same(t, name, map[string]any{"active": false}, w.introspectAs(token, ""))
	}
	fresh := w.rfcLogin("read").AccessToken
	w.setAccess(w.user("bob").ID, storage.Full) // there must be an administrator
	w.must(w.db.SetUserDisabled(t.Context(), storage.System, w.session.UserID, true))
	same(t, "of a disabled person", map[string]any{"active": false}, w.introspectAs(fresh, ""))
}

// TestRFC7662Errors: the first example of §2.1 authorizes by a bearer token, which this provider does not
// take; §2.3 and §2.1 have the other errors.
func TestRFC7662Errors(t *testing.T) {
	w := rfcWorld(t)
	rec := w.example(`POST /connect/introspect HTTP/1.1
Host: server.example.com
Accept: application/json
Content-Type: application/x-www-form-urlencoded
Authorization: Bearer 23410913-abewfq.123483

token=2YotnFZFEjr1zCsicMWpAA`)
	w.refusedAs("Bearer", rec, http.StatusUnauthorized, errInvalidClient)
	if got := rec.Header().Get("WWW-Authenticate"); got != `Basic realm="propusk", charset="UTF-8"` {
		t.Errorf("WWW-Authenticate %q", got)
	}
	token := map[string][]string{"token": {w.rfcLogin("read").AccessToken}}
	w.refusedAs("nobody", w.post(PathIntrospect, token), http.StatusUnauthorized, errInvalidClient)
	w.refusedAs("wrong secret", w.post(PathIntrospect, token, basic(rfcClient, "gX1fBat3bW")...), http.StatusUnauthorized, errInvalidClient)
	w.refusedAs("public", w.post(PathIntrospect, map[string][]string{"token": token["token"], "client_id": {"spa"}}), http.StatusUnauthorized, errInvalidClient)
	w.refusedAs("no token", w.post(PathIntrospect, nil, basic(rfcClient, "gX1fBat3bV")...), http.StatusBadRequest, errInvalidRequest)
	w.refusedAs("two tokens", w.example(`POST /connect/introspect HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW

token=a&token=b`), http.StatusBadRequest, errInvalidRequest)
	if rec := w.get(PathIntrospect+"?token=a", basic(rfcClient, "gX1fBat3bV")...); rec.Code != http.StatusMethodNotAllowed { // §4: tokens stay out of logs
		t.Errorf("GET: %d", rec.Code)
	}
}

// TestRFC7662Resource: a protected resource learns of a token only what concerns its own scopes (§2.2).
func TestRFC7662Resource(t *testing.T) {
	w := newWorld(t)
	token := w.login("scope", "openid profile email extern.api").AccessToken
	rec := w.post(PathIntrospect, map[string][]string{"token": {token}}, basic("service", "service-secret")...)
	got := w.object(rec)
	if got["active"] != true || got["scope"] != "extern.api" || got["client_id"] != "demo" {
		t.Errorf("the resource's own: %v", got)
	}
	other := w.login("scope", "openid profile").AccessToken
	rec = w.post(PathIntrospect, map[string][]string{"token": {other}}, basic("service", "service-secret")...)
	same(t, "nothing of it", map[string]any{"active": false}, w.object(rec))
}
