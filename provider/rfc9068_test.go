package provider

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/propusk/propusk/storage"
)

// jwtWorld is the examples' world with the client's access tokens as JWTs.
func jwtWorld(t *testing.T) *world {
	t.Helper()
	w := rfcWorld(t)
	w.change(rfcClient, func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	return w
}

// example9068 sends the request of RFC 9068 §3 with the scopes and redeems the code.
func (w *world) example9068(scope string) tokens {
	w.t.Helper()
	rec := w.example(`GET /connect/authorize?response_type=code
        &client_id=s6BhdRkqt3
        &state=xyz
        &scope=` + scope + `
        &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb
        &resource=https%3A%2F%2Frs.example.com%2F HTTP/1.1
Host: authorization-server.example.com`)
	_, query, _ := strings.Cut(rec.Header().Get("Location"), "code=")
	code, _, _ := strings.Cut(query, "&")
	got := w.token(map[string][]string{"grant_type": {storage.GrantCode}, "code": {code}, "redirect_uri": {rfcCallback}}, basic(rfcClient, "gX1fBat3bV")...)
	if got.status != http.StatusOK {
		w.t.Fatalf("%d %v, then %+v", rec.Code, rec.Header(), got)
	}
	return got
}

var (
	required9068 = []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} // §2.2, §2.2.3
	optional9068 = []string{"auth_time", "acr", "amr"}                                      // §2.2.1
)

// TestRFC9068Example is §3: what the scopes of the example yield, each resource by itself and all together.
func TestRFC9068Example(t *testing.T) {
	w := jwtWorld(t)
	now := float64(w.clock.Now().Unix())
	for scope, audience := range map[string][]any{
		"openid%20profile%20reademail": {rfcIssuer, "https://rs.example.com/"},
		"openid%20profile":             {rfcIssuer},
		"reademail":                    {"https://rs.example.com/"},
		"read%20write":                 {"https://protected.example.net/resource"},
	} {
		token := w.example9068(scope).AccessToken
		head, claims := header(t, token), payload(t, token)
		members(t, "header", head, []string{"typ", "alg", "kid"}, nil)
		if head["typ"] != "at+jwt" || head["alg"] != "RS256" { // §2.1
			t.Errorf("header %v", head)
		}
		members(t, scope, claims, append(required9068, optional9068...), nil)
		want := map[string]any{
			"iss": rfcIssuer, "sub": w.session.UserID, "aud": audience, "exp": now + 3600, "iat": now, "jti": claims["jti"],
			"client_id": rfcClient, "scope": strings.ReplaceAll(scope, "%20", " "), "auth_time": now, "acr": "1", "amr": []any{"pwd"},
		}
		same(t, scope, want, claims)
	}
	first, second := payload(t, w.example9068("read").AccessToken)["jti"], payload(t, w.example9068("read").AccessToken)["jti"]
	if first == second || first == "" {
		t.Errorf("jti %v twice", first)
	}
}

// TestRFC9068Client: where no person is involved sub is the client (§2.2), and nothing is said of a sign-in
// (§2.2.1).
func TestRFC9068Client(t *testing.T) {
	w := jwtWorld(t)
	own := w.token(map[string][]string{"grant_type": {storage.GrantClientCredentials}, "scope": {"read"}}, basic(rfcClient, "gX1fBat3bV")...)
	claims := payload(t, own.AccessToken)
	members(t, "claims", claims, required9068, nil)
	if claims["sub"] != rfcClient || claims["client_id"] != rfcClient {
		t.Errorf("claims %v", claims)
	}
}

// TestRFC9068Refresh: auth_time stays that of the sign-in in every token that comes of it (§2.2.1).
func TestRFC9068Refresh(t *testing.T) {
	w := jwtWorld(t)
	got := w.example9068("openid%20read%20offline_access")
	first := payload(t, got.AccessToken)
	w.clock.Advance(10 * time.Minute)
	second := payload(t, w.token(refreshForm(got.RefreshToken), basic(rfcClient, "gX1fBat3bV")...).AccessToken)
	if second["auth_time"] != first["auth_time"] || second["acr"] != first["acr"] || second["iat"] == first["iat"] || second["jti"] == first["jti"] {
		t.Errorf("%v, refreshed %v", first, second)
	}
}

// TestRFC9068Keys: whoever is asked for something verifies the token by what the metadata tell (§4).
func TestRFC9068Keys(t *testing.T) {
	w := jwtWorld(t)
	for _, alg := range storage.SigningAlgs {
		w.change(rfcClient, func(a *storage.App) { a.IDTokenAlg = alg })
		token := w.example9068("read").AccessToken
		doc := w.object(w.get(PathMetadata))
		same(t, "jwks_uri of both documents", w.object(w.get(PathDiscovery))["jwks_uri"], doc["jwks_uri"])
		var keys jose.JSONWebKeySet
		w.must(json.Unmarshal(w.get(strings.TrimPrefix(doc["jwks_uri"].(string), rfcIssuer)).Body.Bytes(), &keys))
		key := keys.Key(header(t, token)["kid"].(string))
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil || len(key) != 1 || key[0].Algorithm != alg {
			t.Fatalf("%s: %v, keys %v", alg, err, key)
		}
		if _, err := jws.Verify(key[0]); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		if payload(t, token)["iss"] != doc["issuer"] {
			t.Errorf("iss %v, issuer %v", payload(t, token)["iss"], doc["issuer"])
		}
	}
}

// TestRFC9068Validation is §4 with ourselves as the resource server: each check fails by itself on a token
// that is good otherwise, and the error is invalid_token.
func TestRFC9068Validation(t *testing.T) {
	w := jwtWorld(t)
	sign, err := w.p.keys.signer(w.p, "RS256")
	w.must(err)
	token := w.example9068("openid%20profile%20read").AccessToken
	good := func(changes ...any) map[string]any { return changedClaims(payload(t, token), changes...) }
	ours := func(s signer, claims map[string]any) string {
		text, err := signJSON(s, claims)
		w.must(err)
		return text
	}
	kid := header(t, token)["kid"].(string)
	stranger := clientKey{kid, "RS256", rsaKeys(t)[0]}
	body, err := json.Marshal(good())
	w.must(err)
	for name, c := range map[string]struct {
		token string
		taken bool
	}{
		"as issued":                {token, true},
		"signed again":             {ours(sign.accessToken, good()), true},
		"typ of an id_token":       {ours(sign.idToken, good()), false},
		"typ of a logout token":    {ours(sign.logout, good()), false},
		"no typ":                   {ours(sign.userInfo, good()), false},
		"iss of somebody else":     {ours(sign.accessToken, good("iss", "https://evil.example")), false},
		"iss with a slash":         {ours(sign.accessToken, good("iss", rfcIssuer+"/")), false},
		"aud is another resource":  {ours(sign.accessToken, good("aud", []string{"https://protected.example.net/resource"})), false},
		"aud like ours":            {ours(sign.accessToken, good("aud", []string{rfcIssuer + "/"})), false},
		"alg none":                 {enc(`{"alg":"none","typ":"at+jwt","kid":"`+kid+`"}`) + "." + enc(string(body)) + ".", false},
		"key of somebody else":     {stranger.sign(t, good(), "typ", "at+jwt"), false},
		"expired this very second": {ours(sign.accessToken, good("exp", w.clock.Now().Unix())), false},
		"exp missing":              {ours(sign.accessToken, good("exp", nil)), false},
	} {
		rec := w.get(PathUserInfo, "Authorization", "Bearer "+c.token)
		if c.taken {
			if rec.Code != http.StatusOK {
				t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			}
			continue
		}
		w.refusedAs(name, rec, http.StatusUnauthorized, errInvalidToken)
		if got := rec.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm="propusk", error="invalid_token"`) { // RFC 6750 §3.1
			t.Errorf("%s: WWW-Authenticate %q", name, got)
		}
	}
	only := w.example9068("read").AccessToken
	if aud := payload(t, only)["aud"]; slices.Contains(aud.([]any), any(rfcIssuer)) {
		t.Fatalf("aud %v", aud)
	}
	w.refusedAs("issued for another resource", w.get(PathUserInfo, "Authorization", "Bearer "+only), http.StatusUnauthorized, errInvalidToken)
}
