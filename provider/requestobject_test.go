package provider

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

func enc(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func firstKey(t testing.TB, k clientKey) json.RawMessage {
	t.Helper()
	var out struct{ Keys []json.RawMessage }
	err := json.Unmarshal(set(t, k), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Keys[0]
}

// login0 is an access token in JWT form of an app that asks for one.
func (w *world) login0() string {
	w.t.Helper()
	w.change("plain", func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	got := w.token(codeForm(w.code(request("plain"))), basic("plain", "plain-secret")...)
	if got.AccessToken == "" {
		w.t.Fatalf("plain: %+v", got)
	}
	return got.AccessToken
}

func loopbackOnly(context.Context, string) ([]netip.Addr, error) { return loopbackList(), nil }

func (w *world) objects(keys ...clientKey) {
	w.t.Helper()
	w.change("demo", func(a *storage.App) { a.Registration.JWKS = set(w.t, keys...) })
}

// outside is a request that names little but its object.
func outside(changes ...string) url.Values {
	q := url.Values{"client_id": {"demo"}, "response_type": {"code"}, "scope": {"openid"}}
	for i := 0; i+1 < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
	}
	return q
}

func TestRequestObject(t *testing.T) {
	for _, alg := range storage.ClientSigningAlgs {
		t.Run(alg, func(t *testing.T) {
			w := newWorld(t)
			key := newClientKey(t, "one", alg)
			w.objects(key)
			for _, typ := range []string{"JWT", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"} {
				claims := w.objectClaims("max_age", 600, "claims", map[string]any{"userinfo": map[string]any{"name": nil}}, "login_hint", "alice")
				q := outside("request", key.sign(t, claims, "typ", typ), "state", "outer", "nonce", "outer-n", "login_hint", "bob")
				w.asked = nil
				rec := w.get(PathAuthorize + "?" + q.Encode())
				u, err := url.Parse(rec.Header().Get("Location"))
				if err != nil || u.Query().Get("code") == "" || u.Query().Get("state") != "inner" || u.Query().Get("iss") != w.p.issuer {
					t.Fatalf("%s: %d %s", typ, rec.Code, rec.Header().Get("Location"))
				}
				if w.asked.LoginHint != "alice" || *w.asked.MaxAge != 600 || w.asked.Claims == nil || w.asked.Nonce != "inner-n" {
					t.Errorf("%s: %+v", typ, w.asked)
				}
				got := w.token(codeForm(u.Query().Get("code")), demoBasic...)
				if got.status != http.StatusOK || payload(t, got.IDToken)["nonce"] != "inner-n" {
					t.Errorf("%s: %+v", typ, got)
				}
			}
			rec := w.post(PathAuthorize, outside("request", key.sign(t, w.objectClaims())))
			if rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "state=inner") {
				t.Errorf("POST: %d %v", rec.Code, rec.Header())
			}
		})
	}
}

// TestRequestObjectAlone: nothing outside is merged, not even what the object lacks.
func TestRequestObjectAlone(t *testing.T) {
	w := newWorld(t)
	key := newClientKey(t, "one", "ES256")
	w.objects(key)
	answer := func(claims map[string]any, changes ...string) url.Values {
		t.Helper()
		changes = append(changes, "request", key.sign(t, claims))
		rec := w.get(PathAuthorize + "?" + outside(changes...).Encode())
		u, err := url.Parse(rec.Header().Get("Location"))
		if err != nil || rec.Code != http.StatusSeeOther {
			t.Fatalf("%v: %d %s", changes, rec.Code, rec.Body)
		}
		return u.Query()
	}
	if got := answer(w.objectClaims("state", nil), "state", "outer"); got.Has("state") || got.Get("code") == "" {
		t.Errorf("state from outside: %v", got)
	}
	got := answer(w.objectClaims("code_challenge", nil, "code_challenge_method", nil), "code_challenge", challengeOf(verifier), "code_challenge_method", "S256")
	if got.Get("error") != errInvalidRequest {
		t.Errorf("PKCE from outside: %v", got)
	}
	if got := answer(w.objectClaims("scope", nil)); got.Get("error") != errInvalidScope {
		t.Errorf("scope from outside: %v", got)
	}
	if got := answer(w.objectClaims("response_type", nil), "response_type", ""); got.Get("error") != errInvalidRequest {
		t.Errorf("no response_type: %v", got)
	}
	if got := answer(w.objectClaims("prompt", "dance")); got.Get("error") != errInvalidRequest || got.Get("state") != "inner" {
		t.Errorf("an error after the object was verified: %v", got)
	}
	rec := w.get(PathAuthorize + "?" + outside("redirect_uri", callback, "request", key.sign(t, w.objectClaims("redirect_uri", nil))).Encode())
	if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
		t.Errorf("redirect_uri from outside: %d %v", rec.Code, rec.Header())
	}
	rec = w.get(PathAuthorize + "?" + outside("redirect_uri", callback, "request", key.sign(t, w.objectClaims("redirect_uri", "https://evil.example/"))).Encode())
	if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
		t.Errorf("an unregistered redirect_uri inside: %d %v", rec.Code, rec.Header())
	}
}

func TestHostileRequestObjects(t *testing.T) {
	w := newWorld(t)
	key, stranger := newClientKey(t, "one", "RS256"), clientKey{"one", "RS256", rsaKeys(t)[1]}
	w.objects(key)
	now := w.clock.Now().Unix()
	good, _ := json.Marshal(w.objectClaims())
	rows := map[string]string{
		"alg none":              enc(`{"alg":"none"}`) + "." + enc(string(good)) + ".",
		"alg none with kid":     enc(`{"alg":"none","kid":"one"}`) + "." + enc(string(good)) + ".x",
		"foreign key":           stranger.sign(t, w.objectClaims()),
		"jku":                   stranger.sign(t, w.objectClaims(), "jku", "https://evil.example/"),
		"crit":                  key.raw(t, `{"alg":"RS256","kid":"one","crit":["x"],"x":1}`, string(good)),
		"embedded jwk":          stranger.raw(t, `{"alg":"RS256","jwk":`+string(firstKey(t, stranger))+`}`, string(good)),
		"secret as MAC":         mac([]byte("demo-secret"), `{"alg":"HS256"}`, string(good)),
		"typ at+jwt":            key.sign(t, w.objectClaims(), "typ", "at+jwt"),
		"typ of assertions":     key.sign(t, w.objectClaims(), "typ", "client-authentication+jwt"),
		"an assertion":          key.sign(t, w.assertionClaims()),
		"an assertion and more": key.sign(t, w.objectClaims("sub", "demo")),
		"wrong aud":             key.sign(t, w.objectClaims("aud", "https://evil.example")),
		"aud null":              key.signText(t, strings.Replace(string(good), `"aud":"`+w.p.issuer+`"`, `"aud":null`, 1)),
		"expired":               key.sign(t, w.objectClaims("exp", now-60)),
		"not yet":               key.sign(t, w.objectClaims("nbf", now+60)),
		"iss of another":        key.sign(t, w.objectClaims("iss", "plain")),
		"client of another":     key.sign(t, w.objectClaims("client_id", "plain")),
		"client a list":         key.sign(t, w.objectClaims("client_id", []string{"demo"})),
		"nobody's":              key.sign(t, w.objectClaims("client_id", nil, "iss", nil)),
		"request inside":        key.sign(t, w.objectClaims("request", "x")),
		"request_uri inside":    key.sign(t, w.objectClaims("request_uri", "https://app.example/r")),
		"other response_type":   key.sign(t, w.objectClaims("response_type", "id_token")),
		"state a number":        key.sign(t, w.objectClaims("state", 7)),
		"state null":            key.signText(t, strings.Replace(string(good), `"state":"inner"`, `"state":null`, 1)),
		"max_age a fraction":    key.sign(t, w.objectClaims("max_age", 1.5)),
		"scope a list":          key.sign(t, w.objectClaims("scope", []string{"openid"})),
		"control character":     key.sign(t, w.objectClaims("nonce", "a\nb")),
		"long state":            key.sign(t, w.objectClaims("state", strings.Repeat("s", 4097))),
		"redirect_uri twice":    key.signText(t, `{"redirect_uri":"https://evil.example/",`+string(good)[1:]),
		"null payload":          key.signText(t, "null"),
		"many members":          key.signText(t, `{`+strings.Repeat(`"a":1,`, 200)+string(good)[1:]),
		"encrypted":             "a.b.c.d.e",
		"nothing":               "e30.e30.",
	}
	for form, secret := range key.publicForms(t) {
		rows["public key as a MAC's secret, "+form] = mac(secret, `{"alg":"HS256","kid":"one"}`, string(good))
	}
	for name, object := range rows {
		w.asked = nil
		rec := w.get(PathAuthorize + "?" + outside("request", object).Encode())
		if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" || w.asked != nil {
			t.Errorf("%s: %d %v, asked %v", name, rec.Code, rec.Header().Get("Location"), w.asked)
		}
		answer := w.authorize(request("demo", "request", object))
		if answer.Get("error") != errInvalidRequestObject || answer.Get("state") != "s-1" {
			t.Errorf("%s, with an address outside: %v", name, answer)
		}
	}
	w.change("demo", func(a *storage.App) { a.Registration.RequestObjectAlg = "PS256" })
	if answer := w.authorize(request("demo", "request", key.sign(t, w.objectClaims()))); answer.Get("error") != errInvalidRequestObject {
		t.Errorf("not the registered algorithm: %v", answer)
	}
	if answer := w.authorize(request("plain", "request", key.sign(t, w.objectClaims("iss", "plain", "client_id", "plain")))); answer.Get("error") != errInvalidRequestObject {
		t.Errorf("an app without keys: %v", answer)
	}
}

func TestRequestURI(t *testing.T) {
	w := newWorld(t)
	h := w.newHost()
	key := newClientKey(t, "one", "RS256")
	w.objects(key)
	uri := h.at("/object") + "#" + strings.Repeat("h", 43)
	if answer := w.authorize(request("demo", "request_uri", uri)); answer.Get("error") != errInvalidRequestURI || h.called() != 0 {
		t.Errorf("not registered: %v, %d calls", answer, h.called())
	}
	w.change("demo", func(a *storage.App) {
		a.Registration.RequestURIs = []string{uri, h.at("/redirect"), "https://internal.test/x", "http://localhost:1/x"}
	})
	h.answer(key.sign(t, w.objectClaims()) + "\n")
	rec := w.get(PathAuthorize + "?" + outside("request_uri", uri).Encode())
	if rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "state=inner") {
		t.Fatalf("good: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	calls := h.called()
	for name, bad := range map[string]string{
		"other path": h.at("/other"), "redirect": h.at("/redirect"), "private host": "https://internal.test/x", "http": "http://localhost:1/x",
		"data": "data:,x", "file": "file:///etc/passwd", "urn": "urn:ietf:params:oauth:request_uri:x",
	} {
		if answer := w.authorize(request("demo", "request_uri", bad)); answer.Get("error") != errInvalidRequestURI {
			t.Errorf("%s: %v", name, answer)
		}
	}
	if h.called() != calls+1 { // the redirect, not where it leads
		t.Errorf("%d calls, want %d", h.called(), calls+1)
	}
	if answer := w.authorize(request("demo", "request_uri", uri, "request", "x")); answer.Get("error") != errInvalidRequest {
		t.Errorf("both: %v", answer)
	}
	for name, tt := range map[string]struct{ body, want string }{
		"missing":  {"", errInvalidRequestURI},
		"too big":  {strings.Repeat("x", requestBytes+1), errInvalidRequestURI},
		"no JWT":   {"<html>", errInvalidRequestObject},
		"unsigned": {enc(`{"alg":"none"}`) + "." + enc("{}") + ".", errInvalidRequestObject},
	} {
		h.answer(tt.body)
		if answer := w.authorize(request("demo", "request_uri", uri)); answer.Get("error") != tt.want {
			t.Errorf("%s: %v", name, answer)
		}
	}
}
