package provider

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/propusk/propusk/storage"
)

// TestAuthorizePages: until client and redirect URI are good, a problem is a page and nobody is redirected.
func TestAuthorizePages(t *testing.T) {
	tests := map[string]struct {
		q    url.Values
		want string // part of the page
	}{
		"no client_id":               {request("demo", "client_id", "-"), "client_id"},
		"an unknown client":          {request("nobody"), "nobody"},
		"no redirect_uri":            {request("demo", "redirect_uri", "-"), "redirect_uri"},
		"a misspelt redirect_uri":    {request("demo", "redirect_uri", "-", "riderect_uri", callback), "riderect_uri"},
		"a foreign redirect_uri":     {request("demo", "redirect_uri", "https://evil.example/cb"), "evil.example"},
		"a script as redirect_uri":   {request("demo", "redirect_uri", "javascript:alert(1)"), "redirect_uri"},
		"prompt=none and a bad one":  {request("demo", "redirect_uri", "https://evil.example/cb", "prompt", "none"), "evil.example"},
		"a too long redirect_uri":    {request("demo", "redirect_uri", callback+"?"+strings.Repeat("a", 2048)), "redirect_uri"},
		"the Kontur app's other URI": {request("yourClientId", "redirect_uri", "http://www.example.com/other"), "example.com"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			rec := w.get(PathAuthorize + "?" + tt.q.Encode())
			if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" || w.asked != nil {
				t.Fatalf("%d %v", rec.Code, rec.Header())
			}
			body := html.UnescapeString(regexp.MustCompile(`</?(ins|del)>`).ReplaceAllString(rec.Body.String(), ""))
			if !strings.Contains(body, tt.want) || !regexp.MustCompile(`E-[0-9A-Z]{4}-[0-9A-Z]{4}`).MatchString(body) {
				t.Errorf("the page does not speak of %q or has no number:\n%s", tt.want, body)
			}
		})
	}
}

// TestAuthorizeErrors: what is wrong later goes back to the app with state and iss.
func TestAuthorizeErrors(t *testing.T) {
	tests := map[string]struct {
		app     string
		changes []string
		want    string
	}{
		"no response_type":             {"demo", []string{"response_type", "-"}, errInvalidRequest},
		"an unassigned scope":          {"yourClientId", []string{"redirect_uri", "http://www.example.com/", "scope", "openid phone"}, errInvalidScope},
		"no scope":                     {"demo", []string{"scope", "-"}, errInvalidScope},
		"an empty scope":               {"demo", []string{"scope", ""}, errInvalidScope},
		"only unknown scopes":          {"demo", []string{"scope", "nothing"}, errInvalidScope},
		"a scope with odd characters":  {"demo", []string{"scope", "openid ü"}, errInvalidScope},
		"an unknown prompt":            {"demo", []string{"prompt", "create"}, errInvalidRequest},
		"none and login":               {"demo", []string{"prompt", "none login"}, errInvalidRequest},
		"a negative max_age":           {"demo", []string{"max_age", "-1"}, errInvalidRequest},
		"max_age that is no number":    {"demo", []string{"max_age", "soon"}, errInvalidRequest},
		"an id_token_hint of nobody":   {"demo", []string{"id_token_hint", "a.b.c"}, errInvalidRequest},
		"a short challenge":            {"demo", []string{"code_challenge", "short"}, errInvalidRequest},
		"a padded challenge":           {"demo", []string{"code_challenge", challengeOf(verifier)[:42] + "="}, errInvalidRequest},
		"PKCE left out":                {"demo", []string{"code_challenge", "-", "code_challenge_method", "-"}, errInvalidRequest},
		"a too long nonce":             {"demo", []string{"nonce", strings.Repeat("n", 513)}, errInvalidRequest},
		"a repeated nonce in capitals": {"demo", []string{"NONCE", "x"}, errInvalidRequest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.authorize(request(tt.app, tt.changes...))
			if answer.Get("error") != tt.want || answer.Get("state") != "s-1" || answer.Get("iss") != w.p.issuer || w.asked != nil {
				t.Errorf("got %v, want %s", answer, tt.want)
			}
		})
	}
}

func TestAuthorizeRequest(t *testing.T) {
	w := newWorld(t)
	hint := w.login().IDToken
	w.code(request("demo", "prompt", "login consent", "max_age", "0", "login_hint", "bob", "ui_locales", "ru en",
		"acr_values", "2 1", "display", "popup", "id_token_hint", hint, "scope", "openid offline_access openid", "unknown", "x"))
	got := *w.asked
	zero := int64(0)
	want := storage.AuthRequest{
		ID: got.ID, AppID: "demo", RedirectURI: callback, ResponseMode: "query", State: "s-1", Nonce: "n-1",
		Scopes: []string{"openid", "offline_access"}, Challenge: challengeOf(verifier), Prompt: []string{"login", "consent"},
		MaxAge: &zero, LoginHint: "bob", HintSub: w.session.UserID, UILocales: []string{"ru", "en"}, ACRValues: []string{"2", "1"},
		CreatedAt: w.clock.Now(),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("request (-want +got)\n%s", d)
	}
}

func TestAuthorizeByPost(t *testing.T) {
	w := newWorld(t)
	rec := w.post(PathAuthorize, request("demo"))
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(rec.Header().Get("Location"), callback+"?code=") {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

func TestFormPost(t *testing.T) {
	w := newWorld(t)
	state := `"><script>alert(1)</script>`
	rec := w.get(PathAuthorize + "?" + request("demo", "response_mode", "form_post", "state", state).Encode())
	body := rec.Body.String()
	for _, want := range []string{`method="post" action="` + callback + `"`, `name="code"`, `name="iss"`, html.EscapeString(state)[:10], submitScript} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, state) || rec.Header().Get("Cache-Control") != "no-store" || !strings.Contains(rec.Header().Get("Content-Security-Policy"), submitHash) {
		t.Errorf("headers %v\n%s", rec.Header(), body)
	}
	rec = w.get(PathAuthorize + "?" + request("demo", "response_mode", "form_post", "scope", "").Encode())
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), `value="invalid_scope"`) {
		t.Errorf("an error: %d %s", rec.Code, rec.Body)
	}
}

// TestLongCode: a request with much in it still fits into the app's URL, and its code works once.
func TestLongCode(t *testing.T) {
	w := newWorld(t)
	code := w.code(request("demo", "nonce", strings.Repeat("n", 500)))
	if len(code) > maxCode {
		t.Errorf("the code has %d characters", len(code))
	}
	got := w.token(codeForm(code), demoBasic...)
	if got.status != 200 || payload(t, got.IDToken)["nonce"] != strings.Repeat("n", 500) {
		t.Errorf("first use: %+v", got)
	}
	if got := w.token(codeForm(code), demoBasic...); got.Error != errInvalidGrant {
		t.Errorf("second use: %+v", got)
	}
}

// TestKontur is the seed document's exchange: the redirect URI with a slash first and without one then.
func TestKontur(t *testing.T) {
	w := newWorld(t)
	q := url.Values{"response_type": {"code"}, "scope": {"openid extern.api"}, "client_id": {"yourClientId"},
		"redirect_uri": {"http://www.example.com/"}, "state": {"af0ifjsldkj"}, "nonce": {"n-0S6_WzA2Mj"}}
	form := url.Values{"grant_type": {storage.GrantCode}, "code": {w.code(q)}, "client_id": {"yourClientId"},
		"client_secret": {"yourClientSecret"}, "riderect_uri": {"http://www.example.com"}}
	if got := w.token(form); got.Error != errInvalidRequest || !strings.Contains(got.Description, "riderect_uri") {
		t.Errorf("as the document's table spells it: %+v", got)
	}
	form.Del("riderect_uri")
	if got := w.token(form); got.Error != errInvalidGrant {
		t.Errorf("without redirect_uri: %+v", got)
	}
	form.Set("redirect_uri", "http://www.example.com")
	got := w.token(form)
	if got.status != 200 || got.TokenType != "Bearer" || got.ExpiresIn != 3600 || payload(t, got.IDToken)["nonce"] != "n-0S6_WzA2Mj" {
		t.Errorf("as its example does: %+v", got)
	}
}
