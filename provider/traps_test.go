package provider

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/propusk/propusk/storage"
)

// TestTraps holds the provider to what zitadel/oidc v3.51.3 by itself gets wrong: each subtest fails on
// the library's stock provider or on its op.Server.
func TestTraps(t *testing.T) {
	traps := map[string]func(*testing.T, *world){
		"a code redeems once, however many try":                  trapParallelRedemption,
		"PKCE cannot be left out at the token endpoint":          trapDowngrade,
		"only S256 is PKCE":                                      trapMethods,
		"a public app without PKCE never sees a login page":      trapPublicWithoutPKCE,
		"nobody fetches a code by a request's id":                trapCallback,
		"two codes of one request make one grant":                trapTwoCodes,
		"loopback means this scheme, host and path":              trapLoopback,
		"no parameter comes twice, in any letters":               trapRepeats,
		"no origin is reflected, never with credentials":         trapCORS,
		"methods and URLs carry no credentials":                  trapMethodsAndQuery,
		"tokens are not cached and 401 says how to authenticate": trapHeaders,
		"an inner error shows no text":                           trapInnerText,
		"an unknown client is 401 in every grant":                trapUnknownClient,
		"a failed signature does not cost the refresh token":     trapSigningFails,
		"grants nobody offers are refused":                       trapOtherGrants,
		"tokens never go into a query":                           trapImplicit,
		"eight megabytes of state are not read":                  trapLargeState,
		"an inactive token says nothing else":                    trapIntrospection,
		"end_session ends nothing by itself":                     trapEndSession,
		"foreign token formats reach no parser":                  trapForeignTokens,
		"claims that made the library panic are refused":         trapPanics,
		"the library's globals stay as they are":                 trapGlobals,
		"a missing app is a literal nil":                         trapTypedNil,
		"an id_token only for openid, without client_id":         trapIDToken,
		"request_uri is not ignored":                             trapRequestURI,
		"descriptions keep to the characters they may have":      trapDescription,
		"iss comes with every answer":                            trapIss,
		"a device that polls too fast is slowed down":            trapDevicePace,
		"a device code redeems once":                             trapDeviceOnce,
		"a device code expires although approved":                trapDeviceExpiry,
		"a device gets no scope its app does not have":           trapDeviceScopes,
	}
	for name, trap := range traps {
		t.Run(name, func(t *testing.T) { trap(t, newWorld(t)) })
	}
}

func trapUnknownClient(t *testing.T, w *world) {
	want := w.post(PathToken, codeForm("x"), basic("demo", "wrong")...)
	for _, form := range []url.Values{codeForm("x"), refreshForm("x"), {"grant_type": {storage.GrantClientCredentials}}} {
		for _, id := range []string{"nobody", "demo"} {
			got := w.post(PathToken, form, basic(id, "wrong")...)
			if got.Code != want.Code || got.Body.String() != want.Body.String() {
				t.Errorf("%s, %s: %d %s", form.Get("grant_type"), id, got.Code, got.Body)
			}
		}
	}
}

func trapSigningFails(t *testing.T, w *world) {
	first := w.login()
	good := w.p.keys.current.Load()
	w.p.keys.current.Store(&keySnapshot{version: good.version, verify: good.verify})
	broken := w.token(refreshForm(first.RefreshToken), demoBasic...)
	if broken.status != 500 || broken.Error != errServer {
		t.Errorf("without a key: %+v", broken)
	}
	w.p.keys.current.Store(good)
	if got := w.token(refreshForm(first.RefreshToken), demoBasic...); got.status != 200 {
		t.Errorf("the refresh token is lost: %+v", got)
	}
}

func trapOtherGrants(t *testing.T, w *world) {
	for _, grant := range []string{
		"urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange",
		"password", "implicit",
	} {
		form := url.Values{"grant_type": {grant}, "assertion": {"a.b.c"}, "subject_token": {"x"}, "username": {"alice"}}
		if got := w.token(form, demoBasic...); got.status != 400 || got.Error != errUnsupportedGrant {
			t.Errorf("%s: %+v", grant, got)
		}
	}
}

func trapImplicit(t *testing.T, w *world) {
	for _, kind := range []string{"token", "id_token", "id_token token", "token id_token", "code id_token", "code token"} {
		answer := w.authorize(request("demo", "response_type", kind, "response_mode", "query"))
		if answer.Get("error") != errUnsupportedResponse || answer.Has("access_token") || answer.Has("id_token") {
			t.Errorf("%s: %v", kind, answer)
		}
	}
	if answer := w.authorize(request("demo", "response_mode", "bogus")); answer.Get("error") != errInvalidRequest {
		t.Errorf("response_mode=bogus: %v", answer)
	}
}

func trapIntrospection(t *testing.T, w *world) {
	first := w.login()
	rec := w.post(PathIntrospect, url.Values{"token": {first.AccessToken}}, basic("plain", "plain-secret")...)
	if d := cmp.Diff(map[string]any{"active": false}, w.object(rec)); d != "" {
		t.Errorf("a stranger sees (-want +got)\n%s", d)
	}
}

func trapEndSession(t *testing.T, w *world) {
	first := w.login()
	rec := w.get(PathEndSession + "?id_token_hint=" + first.IDToken)
	if rec.Code != http.StatusNoContent || w.logout == nil || w.logout.SessionID != w.session.ID {
		t.Fatalf("%d, handed on %+v", rec.Code, w.logout)
	}
	if !w.active(first.AccessToken) {
		t.Error("a GET with a hint ended the session")
	}
}

func trapForeignTokens(t *testing.T, w *world) {
	first := w.login()
	nested := strings.Repeat(`{"act":`, 1500) + "1" + strings.Repeat("}", 1500)
	for _, token := range []string{
		first.IDToken, first.RefreshToken, "a.b.c.d.e", strings.Repeat(".", 200), strings.Repeat("a", maxJWT+1), "..",
		"eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJwMmMiOjEwMDAwMDAwMDAsImVuYyI6IkExMjhHQ00ifQ.a.b.c.d",
		"eyJhbGciOiJub25lIn0." + strings.TrimRight(jsonBase64(json.RawMessage(nested)), "=") + ".",
	} {
		rec := w.get(PathUserInfo, "Authorization", "Bearer "+token)
		if rec.Code != http.StatusUnauthorized {
			t.Errorf("%.30s…: %d %s", token, rec.Code, rec.Body)
		}
	}
}

func trapPanics(t *testing.T, w *world) {
	sign, err := w.p.keys.signer(w.p, "RS256")
	if err != nil {
		t.Fatal(err)
	}
	for _, claims := range []string{`null`, `{"aud":[1]}`, `[]`, `"x"`, `{"iss":1}`} {
		for _, signer := range []struct {
			typ  string
			sign func() (string, error)
		}{
			{typeAccessToken, func() (string, error) { return signJSON(sign.accessToken, json.RawMessage(claims)) }},
			{typeIDToken, func() (string, error) { return signJSON(sign.idToken, json.RawMessage(claims)) }},
		} {
			token, err := signer.sign()
			if err != nil {
				t.Fatal(err)
			}
			if rec := w.get(PathUserInfo, "Authorization", "Bearer "+token); rec.Code != http.StatusUnauthorized {
				t.Errorf("userinfo, %s %s: %d", signer.typ, claims, rec.Code)
			}
			if rec := w.get(PathEndSession + "?id_token_hint=" + token); rec.Code != http.StatusBadRequest {
				t.Errorf("end_session, %s %s: %d", signer.typ, claims, rec.Code)
			}
		}
	}
}

func trapGlobals(t *testing.T, _ *world) {
	got := []string{op.DefaultEndpoints.Authorization.Relative(), op.DefaultEndpoints.Token.Relative(), op.DefaultEndpoints.JwksURI.Relative()}
	if d := cmp.Diff([]string{"/authorize", "/oauth/token", "/keys"}, got); d != "" {
		t.Errorf("the library's default endpoints changed (-want +got)\n%s", d)
	}
}

func trapTypedNil(t *testing.T, w *world) {
	got, err := (&adapter{w.p}).GetClientByClientID(t.Context(), "nobody")
	if got != nil || err == nil {
		t.Errorf("got %v, %v; want a literal nil and an error", got, err)
	}
}

func trapIDToken(t *testing.T, w *world) {
	claims := payload(t, w.login().IDToken)
	if _, ok := claims["client_id"]; ok || claims["sub"] == "" {
		t.Errorf("id_token: %v", claims)
	}
	if got := w.login("scope", "extern.api"); got.IDToken != "" {
		t.Errorf("an id_token without openid: %+v", got)
	}
}

func trapRequestURI(t *testing.T, w *world) {
	tests := map[string]string{"request": errInvalidRequestObject, "request_uri": errInvalidRequestURI, "registration": errRegistrationNotSup}
	for name, want := range tests {
		if answer := w.authorize(request("demo", name, "x")); answer.Get("error") != want {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

func trapDescription(t *testing.T, w *world) {
	answer := w.authorize(request("demo", "scope", "openid \"x\\"))
	form := url.Values{"grant_type": {"a\"b\\c\u00e9"}}
	for _, text := range []string{answer.Get("error_description"), w.token(form, demoBasic...).Description} {
		if text == "" || strings.ContainsFunc(text, func(c rune) bool { return c < 0x20 || c > 0x7e || c == '"' || c == '\\' }) {
			t.Errorf("description %q", text)
		}
	}
}

func trapIss(t *testing.T, w *world) {
	for _, q := range []url.Values{request("demo"), request("demo", "prompt", "none login")} {
		answer := w.authorize(q)
		if got := answer["iss"]; !slices.Equal(got, []string{w.p.issuer}) {
			t.Errorf("iss = %v in %v", got, answer)
		}
	}
}
