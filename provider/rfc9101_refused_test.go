package provider

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// keyed9101 is the examples' world with a key of the client that the test can sign with.
func keyed9101(t *testing.T) (*world, clientKey) {
	t.Helper()
	w := rfcWorld(t)
	key := newClientKey(t, "k2bdc", "RS256")
	w.change(rfcClient, func(a *storage.App) { a.Registration.JWKS = set(t, key) })
	return w, key
}

// refused9101 sends a request that must come back with the code, and get nowhere. The address stands outside,
// so that the app hears of it.
func refused9101(t *testing.T, w *world, what, code string, params ...string) {
	t.Helper()
	q := url.Values{"client_id": {rfcClient}, "redirect_uri": {"https://client.example.org/cb"}, "state": {"outer"}}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	w.asked = nil
	got := w.authorize(q)
	if got.Get("error") != code || got.Get("state") != "outer" || got.Get("iss") != rfcIssuer || got.Has("code") || w.asked != nil {
		t.Errorf("%s: got %v, want %s", what, got, code)
	}
}

// taken9101 is its contrary.
func taken9101(t *testing.T, w *world, what, object string) {
	t.Helper()
	q := url.Values{"client_id": {rfcClient}, "request": {object}}
	answered9101(t, w, what, w.get(PathAuthorize+"?"+q.Encode()))
}

// TestRFC9101Types is §10.8: request objects say what they are or nothing; what says it is another kind of
// JWT is none.
func TestRFC9101Types(t *testing.T) {
	w, key := keyed9101(t)
	taken9101(t, w, "no typ", key.sign(t, claims9101()))
	for _, typ := range []string{"oauth-authz-req+jwt", "OAuth-Authz-Req+JWT", "application/oauth-authz-req+jwt", "JWT", "jwt", "application/jwt"} {
		taken9101(t, w, typ, key.sign(t, claims9101(), "typ", typ))
	}
	for _, typ := range []string{
		"at+jwt", "application/at+jwt", "dpop+jwt", "client-authentication+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt",
		"entity-statement+jwt", "oauth-authz-req", "JOSE", "text/oauth-authz-req+jwt", " ",
	} {
		refused9101(t, w, typ, errInvalidRequestObject, "request", key.sign(t, claims9101(), "typ", typ))
	}
}

// TestRFC9101Claims is §4, §5 and §6.3: whom the object is from, whom it is for, and until when.
func TestRFC9101Claims(t *testing.T) {
	w, key := keyed9101(t)
	now := w.clock.Now().Unix()
	for name, claims := range map[string]map[string]any{
		"aud in a list":    claims9101("aud", []string{rfcIssuer}),
		"no aud (SHOULD)":  claims9101("aud", nil),
		"no iss (SHOULD)":  claims9101("iss", nil),
		"exp, iat and nbf": claims9101("exp", now+60, "iat", now, "nbf", now, "jti", "x"),
		"unknown claims":   claims9101("https://claims.oidc.se/1.0/signRequest", map[string]any{"tbs_data": "x"}, "resource", []string{"https://rs.example.com/"}),
	} {
		taken9101(t, w, name, key.sign(t, claims))
	}
	for name, claims := range map[string]map[string]any{
		"aud of another server":    claims9101("aud", "https://evil.example"),
		"aud is our endpoint":      claims9101("aud", rfcIssuer+PathAuthorize),
		"aud with a slash":         claims9101("aud", rfcIssuer+"/"),
		"aud an empty list":        claims9101("aud", []string{}),
		"aud a number":             claims9101("aud", 1),
		"iss is not the client":    claims9101("iss", "demo"),
		"client_id differs":        claims9101("client_id", "demo"),
		"client_id empty":          claims9101("client_id", ""),
		"neither":                  claims9101("iss", nil, "client_id", nil),
		"sub is the client":        claims9101("sub", rfcClient), // §10.8: as in a client assertion
		"expired":                  claims9101("exp", now-31),
		"expired long ago":         claims9101("exp", 1),
		"exp a text":               claims9101("exp", "2100"),
		"not yet":                  claims9101("nbf", now+31),
		"made in the future":       claims9101("iat", now+31),
		"request inside":           claims9101("request", object9101),
		"request_uri inside":       claims9101("request_uri", object9101URI),
		"max_age a text":           claims9101("max_age", []int{1}),
		"state a number":           claims9101("state", 1),
		"redirect_uri a list":      claims9101("redirect_uri", []string{rfcCallback}),
		"response_type null value": claims9101("response_type", json.RawMessage("null")),
	} {
		refused9101(t, w, name, errInvalidRequestObject, "request", key.sign(t, claims))
	}
	refused9101(t, w, "outside another response_type (OpenID Connect Core §6.1)", errInvalidRequestObject, "response_type", "code", "request", key.sign(t, claims9101()))
	refused9101(t, w, "another client outside", errInvalidRequestObject, "client_id", "demo", "redirect_uri", callback, "request", key.sign(t, claims9101()))
	refused9101(t, w, "both (§5)", errInvalidRequest, "request", key.sign(t, claims9101()), "request_uri", object9101URI)
	refused9101(t, w, "empty", errInvalidRequestObject, "request", "x")
	rec := w.get(PathAuthorize + "?request=" + object9101) // §5: client_id is REQUIRED beside it
	if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" || w.asked != nil {
		t.Errorf("no client_id outside: %d %v", rec.Code, rec.Header())
	}
}

// TestRFC9101Signature is §6.1, §6.2 and §10.2: only the client's own key and an asymmetric algorithm prove
// where an object is from.
func TestRFC9101Signature(t *testing.T) {
	w, key := keyed9101(t)
	text, err := json.Marshal(claims9101())
	w.must(err)
	head, body, _ := strings.Cut(object9101, ".")
	middle, signature, _ := strings.Cut(body, ".")
	rows := map[string]string{
		"the RFC's, though its key is not ours any more": object9101,
		"alg none":           enc(`{"alg":"none"}`) + "." + enc(string(text)) + ".",
		"signature cut off":  head + "." + middle + ".",
		"claims changed":     head + "." + enc(string(text)) + "." + signature,
		"HS256, the secret":  mac([]byte("gX1fBat3bV"), `{"alg":"HS256"}`, string(text)),
		"HS512":              mac([]byte("gX1fBat3bV"), `{"alg":"HS512"}`, string(text)),
		"unknown kid":        clientKey{"other", "RS256", key.private}.sign(t, claims9101()),
		"kid of another key": newClientKey(t, "k2bdc", "ES256").sign(t, claims9101()),
		"stranger":           clientKey{"k2bdc", "RS256", rsaKeys(t)[1]}.sign(t, claims9101()),
		"RS512":              clientKey{"k2bdc", "RS512", key.private}.sign(t, claims9101()),
		"encrypted":          "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d",
	}
	for form, secret := range key.publicForms(t) {
		rows["HS256, the public key as "+form] = mac(secret, `{"alg":"HS256","kid":"k2bdc"}`, string(text))
	}
	for name, object := range rows {
		refused9101(t, w, name, errInvalidRequestObject, "request", object)
	}
	taken9101(t, w, "RS256", key.sign(t, claims9101()))
	w.change(rfcClient, func(a *storage.App) { a.Registration.RequestObjectAlg = "PS256" })
	refused9101(t, w, "not the registered algorithm", errInvalidRequestObject, "request", key.sign(t, claims9101()))
	taken9101(t, w, "PS256", clientKey{"k2bdc", "PS256", key.private}.sign(t, claims9101()))
}

// TestRFC9101Elsewhere: the RFC's object is for its own server alone.
func TestRFC9101Elsewhere(t *testing.T) {
	w := rfcWorld(t)
	w.p.issuer = "https://other.example.com"
	q := url.Values{"client_id": {rfcClient}, "redirect_uri": {"https://client.example.org/cb"}, "request": {object9101}}
	if got := w.authorize(q); got.Get("error") != errInvalidRequestObject || !strings.Contains(got.Get("error_description"), "aud is not https://other.example.com") {
		t.Errorf("%v", got)
	}
}

// TestRFC9101References is §7 with §5.2.3: what the address answers is to blame, or what stands there.
func TestRFC9101References(t *testing.T) {
	w := rfcWorld(t)
	for _, name := range []string{"request_parameter_supported", "request_uri_parameter_supported"} {
		if w.object(w.get(PathMetadata))[name] != true { // so that request_not_supported never is an answer
			t.Errorf("%s is not true", name)
		}
	}
	for name, c := range map[string]struct{ uri, body, code string }{
		"not found":         {object9101URI + "x", object9101, errInvalidRequestURI},
		"too large":         {object9101URI, strings.Repeat("x", requestBytes+1), errInvalidRequestURI},
		"not https":         {"http://tfp.example.org/request.jwt/x", object9101, errInvalidRequestURI},
		"a URN":             {"urn:example:bwc4JK-ESC0w8acc191e-Y1LTC2", object9101, errInvalidRequestURI},
		"no JWT":            {object9101URI, "<html>", errInvalidRequestObject},
		"nothing":           {object9101URI, "", errInvalidRequestObject},
		"not signed":        {object9101URI, enc(`{"alg":"none"}`) + "." + enc(`{"client_id":"s6BhdRkqt3"}`) + ".", errInvalidRequestObject},
		"another reference": {object9101URI, object9101URI, errInvalidRequestObject}, // §10.4.1 d
	} {
		w.third("application/oauth-authz-req+jwt", c.body)
		if strings.HasPrefix(c.uri, "https") {
			w.change(rfcClient, func(a *storage.App) { a.Registration.RequestURIs = []string{c.uri} })
		}
		refused9101(t, w, name, c.code, "request_uri", c.uri)
	}
}
