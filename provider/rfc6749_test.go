package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// tokens6749 holds a success against §5.1 and returns it.
func tokens6749(t *testing.T, w *world, what string, rec *httptest.ResponseRecorder, required ...string) map[string]any {
	t.Helper()
	h := rec.Header()
	if rec.Code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), "application/json") || h.Get("Cache-Control") != "no-store" || h.Get("Pragma") != "no-cache" {
		t.Fatalf("%s: %d %v %s", what, rec.Code, h, rec.Body)
	}
	got := w.object(rec)
	members(t, what, got, append([]string{"access_token", "token_type", "expires_in", "scope"}, required...), nil)
	if got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 {
		t.Errorf("%s: %v", what, got)
	}
	return got
}

// TestRFC6749Code is §4.1: the request of §4.1.1 names no scope, so it fails as §3.3 has it; with one it goes
// its way to the tokens of §4.1.4.
func TestRFC6749Code(t *testing.T) {
	w := rfcWorld(t)
	bare := w.example(`GET /connect/authorize?response_type=code&client_id=s6BhdRkqt3&state=xyz
      &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb HTTP/1.1
Host: server.example.com`)
	if got := bare.Header().Get("Location"); !strings.HasPrefix(got, rfcCallback+"?error=invalid_scope&") || !strings.Contains(got, "&state=xyz&") {
		t.Errorf("without scope: %d %s", bare.Code, got)
	}
	code := func() string {
		rec := w.example(`GET /connect/authorize?response_type=code&client_id=s6BhdRkqt3&state=xyz
      &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb&scope=read%20offline_access HTTP/1.1
Host: server.example.com`)
		u, err := url.Parse(rec.Header().Get("Location"))
		if err != nil || u.Scheme+"://"+u.Host+u.Path != rfcCallback || u.Query().Get("state") != "xyz" { // §4.1.2
			t.Fatalf("%d %v", rec.Code, rec.Header())
		}
		return u.Query().Get("code")
	}
	exchange := func(code, redirect string) *httptest.ResponseRecorder { // §4.1.3
		return w.example(`POST /connect/token HTTP/1.1
Host: server.example.com
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW
Content-Type: application/x-www-form-urlencoded

grant_type=authorization_code&code=` + code + `
&redirect_uri=` + redirect)
	}
	const redirect = "https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb"
	one := code()
	tokens6749(t, w, "§4.1.4", exchange(one, redirect), "refresh_token")
	w.refusedAs("twice (§4.1.2)", exchange(one, redirect), http.StatusBadRequest, errInvalidGrant)
	w.refusedAs("of the text", exchange("SplxlOBeZQQYbYS6WxSbIA", redirect), http.StatusBadRequest, errInvalidGrant)
	w.refusedAs("another redirect_uri", exchange(code(), "https%3A%2F%2Fclient%2Eexample%2Eorg%2Fcb"), http.StatusBadRequest, errInvalidGrant)
	w.refusedAs("none", exchange(code(), ""), http.StatusBadRequest, errInvalidGrant)
	late := code()
	w.clock.Advance(codeLifetime)
	w.refusedAs("late", exchange(late, redirect), http.StatusBadRequest, errInvalidGrant)
}

// TestRFC6749Denied is the error of §4.1.2.1.
func TestRFC6749Denied(t *testing.T) {
	w := honest(t, func(w *world, rw http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
		w.p.Refuse(rw, r, req, errAccessDenied, "no")
	})
	got := w.authorize(url.Values{"response_type": {"code"}, "client_id": {rfcClient}, "state": {"xyz"}, "redirect_uri": {rfcCallback}, "scope": {"read"}})
	same(t, "access_denied", url.Values{"error": {"access_denied"}, "error_description": {"no"}, "state": {"xyz"}, "iss": {w.p.issuer}}, got)
	for name, q := range map[string]url.Values{ // §4.1.2.1, §3.1.2.4: nobody is sent to an address that is not the app's
		"unknown client": {"client_id": {"nobody"}, "redirect_uri": {rfcCallback}},
		"other address":  {"client_id": {rfcClient}, "redirect_uri": {"https://evil.example/cb"}},
		"no client":      {"redirect_uri": {rfcCallback}},
	} {
		q.Set("response_type", "code")
		if rec := w.get(PathAuthorize + "?" + q.Encode()); rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v", name, rec.Code, rec.Header())
		}
	}
}

// TestRFC6749Refresh is §6, and §2.3.1 with the credentials in the body.
func TestRFC6749Refresh(t *testing.T) {
	w := rfcWorld(t)
	token := w.rfcLogin("read write offline_access").RefreshToken
	got := tokens6749(t, w, "§6", w.example(`POST /connect/token HTTP/1.1
Host: server.example.com
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW
Content-Type: application/x-www-form-urlencoded

grant_type=refresh_token&refresh_token=`+token), "refresh_token")
	got = tokens6749(t, w, "§2.3.1", w.example(`POST /connect/token HTTP/1.1
Host: server.example.com
Content-Type: application/x-www-form-urlencoded

grant_type=refresh_token&refresh_token=`+got["refresh_token"].(string)+`
&client_id=s6BhdRkqt3&client_secret=gX1fBat3bV&scope=read`), "refresh_token")
	if got["scope"] != "read" { // §6: less than was granted
		t.Errorf("scope %v", got["scope"])
	}
	form := refreshForm(got["refresh_token"].(string))
	form.Set("scope", "read dolphin")
	w.refusedAs("more than was granted", w.post(PathToken, form, basic(rfcClient, "gX1fBat3bV")...), http.StatusBadRequest, errInvalidScope)
	w.refusedAs("of the text", w.post(PathToken, refreshForm("tGzv3JOkF0XG5Qx2TlKWIA"), basic(rfcClient, "gX1fBat3bV")...), http.StatusBadRequest, errInvalidGrant)
}

// TestRFC6749Others: §4.4 has no refresh token; the grants of §4.2 and §4.3 are not offered (RFC 9700 §2.1.2,
// §2.4).
func TestRFC6749Others(t *testing.T) {
	w := rfcWorld(t)
	const head = `POST /connect/token HTTP/1.1
Host: server.example.com
Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW
Content-Type: application/x-www-form-urlencoded

`
	tokens6749(t, w, "§4.4.2", w.example(head+"grant_type=client_credentials"))
	w.refusedAs("§4.3.2", w.example(head+"grant_type=password&username=johndoe&password=A3ddj3w"), http.StatusBadRequest, errUnsupportedGrant)
	w.refusedAs("§4.5", w.example(head+"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Asaml2-bearer&assertion=PEFzc2VydGlvbiBJc3N1ZUluc3RhbnQ"), http.StatusBadRequest, errUnsupportedGrant)
	w.refusedAs("§5.2", w.example(head+"code=x"), http.StatusBadRequest, errInvalidRequest)
	rec := w.post(PathToken, url.Values{"grant_type": {"client_credentials"}}, basic(rfcClient, "7Fjfp0ZBr1KtDRbnfVdmIw")...)
	w.refusedAs("§5.2, invalid_client", rec, http.StatusUnauthorized, errInvalidClient)
	if !strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("WWW-Authenticate %q", rec.Header().Get("WWW-Authenticate"))
	}
	rec = w.example(`GET /connect/authorize?response_type=token&client_id=s6BhdRkqt3&state=xyz
      &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb HTTP/1.1
Host: server.example.com`)
	if got := rec.Header().Get("Location"); !strings.HasPrefix(got, rfcCallback+"#error=unsupported_response_type&") { // §4.2.2.1: in the fragment
		t.Errorf("§4.2.1: %d %s", rec.Code, got)
	}
}
