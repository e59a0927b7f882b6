package provider

import (
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/propusk/propusk/storage"
)

// introspectSigned sends the request of RFC 9701 §4 about a token.
func (w *world) introspectSigned(token string) (text string, claims map[string]any) {
	w.t.Helper()
	rec := w.example(`POST /connect/introspect HTTP/1.1
Host: server.example.com
Accept: application/token-introspection+jwt
Content-Type: application/x-www-form-urlencoded
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW

token=` + token)
	h := rec.Header()
	if rec.Code != http.StatusOK || h.Get("Content-Type") != "application/token-introspection+jwt" || h.Get("Cache-Control") != "no-store" {
		w.t.Fatalf("%d %v %s", rec.Code, h, rec.Body)
	}
	return rec.Body.String(), payload(w.t, rec.Body.String())
}

// TestRFC9701Response is the example of §5: the header, the claims, and the answer of RFC 7662 inside them.
func TestRFC9701Response(t *testing.T) {
	w := rfcWorld(t)
	token := w.rfcLogin("read write dolphin").AccessToken
	text, claims := w.introspectSigned(token)
	head := header(t, text)
	members(t, "header", head, []string{"typ", "alg", "kid"}, nil)
	if head["typ"] != "token-introspection+jwt" || head["alg"] != "RS256" {
		t.Errorf("header %v", head)
	}
	members(t, "claims", claims, []string{"iss", "aud", "iat", "token_introspection"}, nil)
	if claims["iss"] != rfcIssuer || claims["aud"] != rfcClient || claims["iat"] != float64(w.clock.Now().Unix()) {
		t.Errorf("claims %v", claims)
	}
	plain := w.object(w.example(`POST /connect/introspect HTTP/1.1
Host: server.example.com
Accept: application/json
Content-Type: application/x-www-form-urlencoded
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW

token=` + token))
	same(t, "token_introspection", any(plain), claims["token_introspection"])
	if plain["active"] != true {
		t.Errorf("the token is not active: %v", plain)
	}
	if _, err := w.p.verifyJWT(text, typeIntrospection); err != nil {
		t.Errorf("signature: %v", err)
	}
}

// TestRFC9701Inactive: of an inactive token, whatever the reason, the claim says nothing more (§5).
func TestRFC9701Inactive(t *testing.T) {
	w := rfcWorld(t)
	revoked := w.rfcLogin("read").AccessToken
	w.post(PathRevocation, map[string][]string{"token": {revoked}}, basic(rfcClient, "gX1fBat3bV")...)
	expired := w.rfcLogin("read").AccessToken
	w.clock.Advance(w.app(rfcClient).AccessTokenTTL)
	for name, token := range map[string]string{"of the text": "2YotnFZFEjr1zCsicMWpAA", "revoked": revoked, "expired": expired, "of another app": w.login().AccessToken} {
		_, claims := w.introspectSigned(token)
		members(t, name, claims, []string{"iss", "aud", "iat", "token_introspection"}, nil)
		same(t, name, any(map[string]any{"active": false}), claims["token_introspection"])
	}
}

// TestRFC9701Accept: the Accept header decides (§4), a registered algorithm by itself does not (§6).
func TestRFC9701Accept(t *testing.T) {
	w := rfcWorld(t)
	w.change(rfcClient, func(a *storage.App) { a.Registration.IntrospectionAlg = "ES256" })
	const signed = "application/token-introspection+jwt"
	for _, c := range []struct {
		accept, want string
	}{
		{"", "application/json"},
		{"*/*", "application/json"},
		{"application/*", "application/json"},
		{"application/jwt", "application/json"},
		{"text/html", "application/json"},
		{signed, signed},
		{"Application/Token-Introspection+JWT", signed},
		{signed + "; q=0.1", signed},
		{signed + ";q=0", "application/json"},
		{signed + ";q=0.000", "application/json"},
		{signed + ";q=nonsense", "application/json"},
		{signed + ";q=NaN", "application/json"},
		{signed + ", application/json", signed},
		{"application/json, " + signed, signed},
		{"application/json;q=0.5, " + signed, signed},
		{"application/json," + signed + ";q=0.9", "application/json"},
		{signed + ";q=0.5, */*", "application/json"},
		{signed + ";q=0.5, */*;q=0.1", signed},
		{signed + ";q=0.5, application/json;q=0.2, */*", signed},
		{signed + ";q=0.5, application/*;q=0.6, */*;q=0.1", "application/json"},
		{"x-" + signed, "application/json"},
	} {
		rec := w.post(PathIntrospect, map[string][]string{"token": {"x"}}, "Authorization", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "Accept", c.accept)
		if got := rec.Header().Get("Content-Type"); got != c.want || rec.Code != http.StatusOK {
			t.Errorf("Accept %q: got %d %s, want %s", c.accept, rec.Code, got, c.want)
		}
	}
}

// TestRFC9701Algorithm: every algorithm that §7's metadata lists can be registered (§6) and signs, and none
// that is not listed can; nor can encryption.
func TestRFC9701Algorithm(t *testing.T) {
	w := rfcWorld(t)
	listed, _ := w.object(w.get(PathMetadata))["introspection_signing_alg_values_supported"].([]any)
	if len(listed) != len(storage.SigningAlgs) {
		t.Errorf("introspection_signing_alg_values_supported: %v", listed)
	}
	for _, alg := range listed {
		w.change(rfcClient, func(a *storage.App) { a.Registration.IntrospectionAlg = alg.(string) })
		text, _ := w.introspectSigned("x")
		if _, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg.(string))}); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	open := openWorld(t, "open")
	client := func(more ...any) object {
		return changedClaims(object{"redirect_uris": []any{"https://client.example.org/callback"}}, more...)
	}
	for _, alg := range listed {
		made := open.registered(client("introspection_signed_response_alg", alg))
		if made["introspection_signed_response_alg"] != alg || open.app(made["client_id"].(string)).Registration.IntrospectionAlg != alg {
			t.Errorf("%s: registered as %v", alg, made)
		}
	}
	if made := open.registered(client()); made["introspection_signed_response_alg"] != nil {
		t.Errorf("nothing registered: %v", made)
	}
	for name, bad := range map[string]object{
		"none":           client("introspection_signed_response_alg", "none"), // §6: MUST NOT be used
		"symmetric":      client("introspection_signed_response_alg", "HS256"),
		"a list":         client("introspection_signed_response_alg", []any{"RS256"}),
		"encryption":     client("introspection_encrypted_response_alg", "RSA-OAEP-256"),
		"its encryption": client("introspection_encrypted_response_enc", "A128CBC-HS256"),
	} {
		rec := open.send(http.MethodPost, PathRegister, bad, "")
		if got := open.object(rec); rec.Code != http.StatusBadRequest || got["error"] != errInvalidMetadata {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}
