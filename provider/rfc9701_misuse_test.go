package provider

import (
	"net/http"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestRFC9701Errors: errors stay what RFC 7662 §2.3 has, JSON, also where a JWT was asked for; a caller who
// brings no proof of who it is gets 400 (§5).
func TestRFC9701Errors(t *testing.T) {
	w := rfcWorld(t)
	const signed = "application/token-introspection+jwt"
	good := "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
	for name, c := range map[string]struct {
		form   map[string][]string
		header []string
		status int
		code   string
	}{
		"no token":             {nil, []string{"Accept", signed, "Authorization", good}, 400, errInvalidRequest},
		"wrong secret":         {map[string][]string{"token": {"x"}}, append(basic(rfcClient, "wrong-secret"), "Accept", signed), 401, errInvalidClient},
		"Bearer":               {map[string][]string{"token": {"x"}}, []string{"Accept", signed, "Authorization", "Bearer 23410913-abewfq.123483"}, 401, errInvalidClient},
		"wrong secret, body":   {map[string][]string{"token": {"x"}, "client_id": {rfcClient}, "client_secret": {"wrong"}}, []string{"Accept", signed}, 401, errInvalidClient},
		"nobody":               {map[string][]string{"token": {"x"}}, []string{"Accept", signed}, 400, errInvalidClient},
		"a name without proof": {map[string][]string{"token": {"x"}, "client_id": {rfcClient}}, []string{"Accept", signed}, 400, errInvalidClient},
		"a public app":         {map[string][]string{"token": {"x"}, "client_id": {"spa"}}, []string{"Accept", signed}, 400, errInvalidClient},
		"nobody, JSON":         {map[string][]string{"token": {"x"}}, []string{"Accept", "application/json"}, 401, errInvalidClient},
		"a public app, JSON":   {map[string][]string{"token": {"x"}, "client_id": {"spa"}}, nil, 401, errInvalidClient},
	} {
		rec := w.post(PathIntrospect, c.form, c.header...)
		w.refusedAs(name, rec, c.status, c.code)
		if got := rec.Header().Get("WWW-Authenticate"); (got != "") != (c.status == http.StatusUnauthorized) {
			t.Errorf("%s: %d with WWW-Authenticate %q", name, c.status, got)
		}
	}
}

// TestRFC9701NoAccessToken: the JWT is no access token, though it speaks of one, and nothing else that a JWT
// can be here (§8.1).
func TestRFC9701NoAccessToken(t *testing.T) {
	w := rfcWorld(t)
	w.change(rfcClient, func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	text, claims := w.introspectSigned(w.rfcLogin("openid read").AccessToken)
	if inside := claims["token_introspection"].(map[string]any); inside["active"] != true || claims["sub"] != nil || claims["exp"] != nil {
		t.Fatalf("claims %v", claims)
	}
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+text); rec.Code != http.StatusUnauthorized {
		t.Errorf("as access token at userinfo: %d %s", rec.Code, rec.Body)
	}
	if _, err := w.p.Actor(t.Context(), text); err == nil {
		t.Error("as access token at the REST API: taken")
	}
	if _, inner := w.introspectSigned(text); inner["token_introspection"].(map[string]any)["active"] != false {
		t.Error("as access token at introspection: active")
	}
	if rec := w.get(PathEndSession + "?id_token_hint=" + text); rec.Code != http.StatusBadRequest || w.logout != nil {
		t.Errorf("as id_token_hint at logout: %d", rec.Code)
	}
	if _, err := w.p.readHint(text); err == nil {
		t.Error("as id_token_hint: taken")
	}
	rec := w.post(PathToken, assertionForm(text))
	w.refusedAs("as client assertion", rec, http.StatusUnauthorized, errInvalidClient)
	answer := w.authorize(map[string][]string{"client_id": {rfcClient}, "redirect_uri": {rfcCallback}, "request": {text}})
	if answer.Get("error") != errInvalidRequestObject {
		t.Errorf("as request object: %v", answer)
	}
}

// TestRFC9701TypeAlone: even with the claims of the other kinds and our own signature it is the typ header
// that keeps them apart (RFC 8725 §3.11).
func TestRFC9701TypeAlone(t *testing.T) {
	w := rfcWorld(t)
	w.change(rfcClient, func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	got := w.rfcLogin("openid")
	sign, err := w.p.keys.signer(w.p, "RS256")
	w.must(err)
	resigned := func(s signer, claims map[string]any) string {
		text, err := signJSON(s, claims)
		w.must(err)
		return text
	}
	access, id := payload(t, got.AccessToken), payload(t, got.IDToken)
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+resigned(sign.accessToken, access)); rec.Code != http.StatusOK {
		t.Fatalf("the control: %d %s", rec.Code, rec.Body)
	}
	if _, err := w.p.readHint(resigned(sign.idToken, id)); err != nil {
		t.Fatalf("the control: %v", err)
	}
	if rec := w.get(PathUserInfo, "Authorization", "Bearer "+resigned(sign.introspection, access)); rec.Code != http.StatusUnauthorized {
		t.Errorf("claims of an access token: %d", rec.Code)
	}
	if _, err := w.p.readHint(resigned(sign.introspection, id)); err == nil {
		t.Error("claims of an id_token: taken as a hint")
	}
	key := newClientKey(t, "one", "ES256")
	w.change(rfcClient, func(a *storage.App) {
		a.AuthMethods, a.Registration.JWKS = []string{storage.AuthPrivateKeyJWT}, set(t, key)
	})
	claims := func() map[string]any { return w.assertionClaims("iss", rfcClient, "sub", rfcClient) }
	if got := w.token(assertionForm(key.sign(t, claims()))); got.status != http.StatusOK {
		t.Fatalf("the control: %+v", got)
	}
	w.refusedAs("claims of an assertion", w.post(PathToken, assertionForm(key.sign(t, claims(), "typ", typeIntrospection))), 401, errInvalidClient)
	object := w.objectClaims("iss", rfcClient, "client_id", rfcClient, "redirect_uri", rfcCallback)
	q := map[string][]string{"client_id": {rfcClient}, "redirect_uri": {rfcCallback}, "request": {key.sign(t, object)}}
	if answer := w.authorize(q); answer.Get("code") == "" {
		t.Fatalf("the control: %v", answer)
	}
	q["request"] = []string{key.sign(t, object, "typ", typeIntrospection)}
	if answer := w.authorize(q); answer.Get("error") != errInvalidRequestObject {
		t.Errorf("claims of a request object: %v", answer)
	}
}
