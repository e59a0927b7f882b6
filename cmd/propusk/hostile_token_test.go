package main

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// hostileToken holds the cases of tokens that are presented, asked about or revoked.
var hostileToken = map[string]func(*testing.T){
	"HC-047": hostileWrongBearer,
	"HC-048": hostileTokenInURL,
	"HC-049": hostileMangledToken,
	"HC-051": hostileOutsider,
	"HC-052": hostileRevocation,
	"HC-054": hostileFamilyEnds,
	"HC-055": hostileServiceScopes,
	"HC-056": hostileSearch,
}

// wantNoBearer: userinfo does not take the token and says so as RFC 6750 §3 wants.
func (w *world) wantNoBearer(what, token string) {
	w.t.Helper()
	got := w.userinfo(token)
	challenge := got.header.Get("WWW-Authenticate")
	if got.status != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer ") || !strings.Contains(challenge, `error="invalid_token"`) {
		w.t.Errorf("%s: got %d, WWW-Authenticate %q; want 401 with invalid_token", what, got.status, challenge)
	}
}

// addJWTApp registers an app whose access tokens are JWTs, so that one JWT may try to pass as another.
func (w *world) addJWTApp() party {
	w.t.Helper()
	return w.addApp(storage.App{ID: "jwt", RedirectURIs: []string{"https://jwt.example/cb"}, AccessTokenFormat: storage.TokenJWT})
}

// ownToken is a token the seeded service gets for itself, as a JWT.
func (w *world) ownToken() string {
	w.t.Helper()
	w.changeApp("service", func(a *storage.App) { a.AccessTokenFormat = storage.TokenJWT })
	return w.granted(w.token(url.Values{"grant_type": {"client_credentials"}}, "Authorization", serviceApp.basic())).access
}

func hostileWrongBearer(t *testing.T) {
	w, elsewhere := newWorld(t), newWorld(t, inProduction)
	w.wantOwnIssuer()
	for _, app := range []party{demoApp, w.addJWTApp()} {
		p := w.person("alice")
		code := p.code(app)
		got := w.login(p, app)
		if strings.Contains(got.access, ".") { // a JWT, but no id_token
			hint := w.get(authorizePath(app.asking("id_token_hint", got.access)))
			wantErrorRedirect(t, "access token as id_token_hint", app, hint, "invalid_request")
		}
		for what, token := range map[string]string{"id_token": got.id, "refresh token": got.refresh, "code": code} {
			w.wantNoBearer(app.id+": "+what, token)
		}
		if answer := w.userinfo(got.access); answer.status != http.StatusOK {
			t.Errorf("%s: a good access token: %d", app.id, answer.status)
		}
		w.clock.Advance(time.Hour)
		w.wantNoBearer(app.id+": expired access token", got.access)
		if w.active(app, got.access) {
			t.Errorf("%s: an expired access token is active", app.id)
		}
	}
	for _, app := range []party{demoApp, elsewhere.addJWTApp()} {
		got := elsewhere.login(elsewhere.person("alice"), app)
		w.wantNoBearer("access token of another issuer: "+app.id, got.access)
		w.wantNoBearer("id_token of another issuer: "+app.id, got.id)
		if w.active(demoApp, got.access) {
			t.Errorf("%s: an access token of another issuer is active", app.id)
		}
	}
}

// wantOwnIssuer: all databases of one test binary hold the same keys, so only iss tells two of them apart.
func (w *world) wantOwnIssuer() {
	w.t.Helper()
	sameKeys := newWorld(w.t)
	own, foreign := w.ownToken(), sameKeys.ownToken()
	w.wantNoBearer("JWT of our key under another issuer", foreign)
	if !w.active(serviceApp, own) || w.active(serviceApp, foreign) {
		w.t.Error("a JWT of our key under another issuer is active, or our own is not")
	}
}

func hostileTokenInURL(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.person("alice"), demoApp).access
	in := "/connect/userinfo?access_token=" + url.QueryEscape(token)
	for what, got := range map[string]*reply{
		"alone":               w.get(in),
		"beside a header":     w.get(in, "Authorization", "Bearer "+token),
		"by POST":             w.post(in, url.Values{"x": {"y"}}),
		"in other letters":    w.get("/connect/userinfo?Access_Token=" + url.QueryEscape(token)),
		"of an introspection": w.post("/connect/introspect?token="+url.QueryEscape(token), url.Values{"x": {"y"}}, "Authorization", demoApp.basic()),
	} {
		wantError(t, what, got, http.StatusBadRequest, "invalid_request")
	}
	if strings.Contains(w.log.String(), token) || strings.Contains(w.log.String(), "access_token=") {
		t.Error("the log knows the token")
	}
	if got := w.post("/connect/userinfo", url.Values{"access_token": {token}}); got.status != http.StatusOK {
		t.Errorf("the token in a body: %d %s", got.status, got.body)
	}
}

// monsters are texts in the shape of JWTs that cost a careless parser dearly (CVE-2026-34986 and its
// kind). The key derivation some of them ask for would take hours: that the test ends shows that nobody
// began it.
func monsters() map[string]string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	pbes2 := part(`{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":1000000000,"p2s":"c2FsdHNhbHQ"}`)
	return map[string]string{
		"JWE with zip":         part(`{"alg":"dir","enc":"A256GCM","zip":"DEF"}`) + "..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"PBES2":                pbes2 + ".AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"PBES2 in three parts": pbes2 + ".e30.AAAA",
		"alg none":             part(`{"alg":"none","typ":"at+jwt"}`) + "." + part(`{"iss":"x","exp":9999999999}`) + ".",
		"two empty parts":      "..", "four empty parts": "....", "one dot": ".",
		"an empty signature": part(`{"alg":"RS256"}`) + ".e30.",
		"200 dots":           strings.Repeat(".", 200),
		"200 parts":          strings.Repeat("e30.", 200),
		"nested header":      part(strings.Repeat(`{"a":`, 500)+"1"+strings.Repeat("}", 500)) + ".e30.AAAA",
	}
}

func hostileMangledToken(t *testing.T) {
	var read atomic.Int64
	w := newWorld(t, wrapped(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.Body = countingBody{r.Body, &read}
			next.ServeHTTP(rw, r)
		})
	}))
	got := w.login(w.person("alice"), demoApp)
	for _, variant := range mangled(got.access) {
		w.wantNoBearer("changed to "+variant, variant)
	}
	for name, monster := range monsters() {
		w.wantHarmless(name, monster)
	}
	w.wantUnread(&read)
	if strings.Contains(w.log.String(), "panic") {
		t.Error("there was a panic")
	}
	if answer := w.userinfo(got.access); answer.status != http.StatusOK {
		t.Errorf("the token itself: %d", answer.status)
	}
}

// wantHarmless: wherever a token is read, the monster is no token of ours and nothing more happens.
func (w *world) wantHarmless(name, monster string) {
	w.t.Helper()
	w.wantNoBearer(name, monster)
	if answer := w.introspect(demoApp, monster); answer.status != http.StatusOK || strings.TrimSpace(answer.body) != `{"active":false}` {
		w.t.Errorf("%s at introspection: %d %s", name, answer.status, answer.body)
	}
	if answer := w.post("/connect/revocation", demoApp.signed(url.Values{"token": {monster}})); answer.status != http.StatusOK {
		w.t.Errorf("%s at revocation: %d %s", name, answer.status, answer.body)
	}
	wantErrorRedirect(w.t, name+" as id_token_hint", demoApp, w.get(authorizePath(demoApp.asking("id_token_hint", monster))), "invalid_request")
	end := w.get("/connect/endsession?post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A8080%2F&id_token_hint=" + monster)
	if to := end.location(); end.status >= 500 || to != nil && to.IsAbs() {
		w.t.Errorf("%s at logout: got %d %q", name, end.status, end.header.Get("Location"))
	}
}

// wantUnread: what is larger than any token of ours is refused by its size alone.
func (w *world) wantUnread(read *atomic.Int64) {
	w.t.Helper()
	for _, large := range []string{strings.Repeat("A", 8<<10+1), "e30." + strings.Repeat("A", 8<<10) + ".AAAA"} {
		w.wantNoBearer("larger than any of ours", large)
		form := demoApp.signed(url.Values{"token": {large}})
		wantError(w.t, "larger than any of ours at introspection", w.post("/connect/introspect", form), http.StatusBadRequest, "invalid_request")
		wantError(w.t, "larger than any of ours at revocation", w.post("/connect/revocation", form), http.StatusBadRequest, "invalid_request")
	}
	if answer := w.userinfo(strings.Repeat("A", 2*maxHeader)); answer.status != http.StatusRequestHeaderFieldsTooLarge {
		w.t.Errorf("64 KB in the header: got %d, want 431", answer.status)
	}
	megabyte := strings.Repeat("A", 1<<20)
	read.Store(0)
	if answer := w.post("/connect/userinfo", url.Values{"access_token": {megabyte}}); answer.status != http.StatusRequestEntityTooLarge {
		w.t.Errorf("a megabyte in the body: got %d, want 413", answer.status)
	}
	if n := read.Load(); n > 64<<10+1 {
		w.t.Errorf("%d bytes of the megabyte were read, want at most 65537", n)
	}
}

// countingBody counts what the handlers read of a body.
type countingBody struct {
	io.ReadCloser
	n *atomic.Int64
}

func (b countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	return n, err
}
