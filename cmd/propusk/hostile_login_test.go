package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// hostileLogin holds the cases of the sign-in page; those of guessing are in hostile_guess_test.go,
// those of markup in hostile_markup_test.go.
var hostileLogin = map[string]func(*testing.T){
	"HC-059": loginForgedForms,
	"HC-060": loginFixedSession,
	"HC-061": loginUnknownOrWrong,
	"HC-062": loginGuessesAtOnce,
	"HC-064": loginLongPasswords,
	"HC-065": loginStorm,
	"HC-066": loginOldHash,
	"HC-067": loginReturnTo,
	"HC-068": loginPromptNone,
	"HC-071": loginMarkup,
}

// forgery is what a hostile page may make of a genuine form.
type forgery struct {
	name    string
	csrf    func(own, foreign string) string
	headers []string
}

// forgeries are all of them; a header with the value "" is one that browser does not send.
var forgeries = []forgery{
	{"no token", func(_, _ string) string { return "" }, nil},
	{"rubbish for a token", func(_, _ string) string { return "AAAA" }, nil},
	{"token of another browser", func(_, foreign string) string { return foreign }, nil},
	{"token with one character changed", func(own, _ string) string {
		return own[:len(own)-2] + string(own[len(own)-2]^1) + own[len(own)-1:]
	}, nil},
	{"another origin", nil, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", ""}},
	{"origin null", nil, []string{"Origin", "null", "Sec-Fetch-Site", ""}},
	{"cross-site", nil, []string{"Sec-Fetch-Site", "cross-site"}},
	{"same-site", nil, []string{"Sec-Fetch-Site", "same-site"}},
}

// guardedForms are the forms of propusk, each as the person has it before them.
var guardedForms = []struct {
	name, action string
	get          func(p *person) url.Values
}{
	{"sign-in", "/login", func(p *person) url.Values { return p.formAt("/login", "/login") }},
	{"sign-in for an app", "/login", func(p *person) url.Values { return p.formAt(authorizePath(demoApp.asking()), "/login") }},
	{"choice of account", "/login", func(p *person) url.Values {
		p.signIn()
		return p.formAt(authorizePath(demoApp.asking("prompt", "select_account")), "/login")
	}},
	{"consent", "/consent", func(p *person) url.Values {
		p.signIn()
		return p.formAt(authorizePath(demoApp.asking()), "/consent")
	}},
	{"sign-out", "/logout", func(p *person) url.Values {
		p.signIn()
		return p.formAt("/logout", "/logout")
	}},
}

// formAt opens a path and fills in the form there that goes to action.
func (p *person) formAt(path, action string) url.Values {
	p.w.t.Helper()
	_, page := p.open(path)
	to, form := p.fill(page)
	if action == "/logout" {
		to, form = action, p.sheet(page, action).fields
	}
	if to != action || form.Get("csrf") == "" {
		p.w.t.Fatalf("%s: %d, no form with a token that goes to %s", path, page.status, action)
	}
	return form
}

// loginForgedForms: no form does anything without its own token, in its own browser, from our own page.
func loginForgedForms(t *testing.T) {
	w := newWorld(t, inProduction)
	for _, f := range guardedForms {
		for _, forged := range forgeries {
			p, stranger := w.person("alice"), w.person("alice")
			own := f.get(p)
			form := changed(own)
			if forged.csrf != nil {
				form = changed(own, "csrf", forged.csrf(own.Get("csrf"), f.get(stranger).Get("csrf")))
			}
			session, before := p.cookie("session"), w.stored()
			got := p.post(f.action, form, forged.headers...)
			wantPage(t, f.name+", "+forged.name, got, http.StatusForbidden)
			if got.setsCookie("session") || p.cookie("session") != session {
				t.Errorf("%s, %s: sets a session cookie", f.name, forged.name)
			}
			w.wantUnchanged(f.name+", "+forged.name, before)
			if session != "" && w.sessionGone(session) {
				t.Errorf("%s, %s: ended the session", f.name, forged.name)
			}
		}
		p := w.person("alice")
		got := p.post(f.action, f.get(p))
		if f.action != "/logout" && got.status != http.StatusSeeOther || got.status == http.StatusForbidden {
			t.Errorf("%s, genuine: got %d", f.name, got.status)
		}
	}
	officeForgedForms(t)
}

// loginFixedSession: a session cookie planted before the sign-in is worth nothing after it.
func loginFixedSession(t *testing.T) {
	w := newWorld(t, inProduction)
	attacker := w.person("bob")
	attacker.signIn()
	at, _ := url.Parse(w.issuer)
	for _, planted := range []string{attacker.cookie("session"), "chosen-by-the-attacker", strings.Repeat("A", 43)} {
		victim := w.person("alice")
		victim.jar.SetCookies(at, []*http.Cookie{{Name: "__Host-propusk_session", Value: planted, Secure: true, Path: "/"}})
		if w.sessionGone(planted) {
			victim.signIn()
		} else { // signed in as the attacker already: the victim signs in at an app with prompt=login
			victim.walk(authorizePath(demoApp.asking("prompt", "login")))
		}
		now := victim.cookie("session")
		if now == planted || w.sessionGone(now) {
			t.Errorf("planted %q: after the sign-in the cookie is %q", planted, now)
		}
		if !w.sessionGone(planted) {
			t.Errorf("planted %q: still opens a session", planted)
		}
	}
	// The same person proves once more who they are.
	p := w.person("carol")
	wantSessionCookie(t, p.signIn())
	first := p.cookie("session")
	p.walk(authorizePath(demoApp.asking("prompt", "login")))
	if second := p.cookie("session"); second == first || w.sessionGone(second) || !w.sessionGone(first) {
		t.Error("the secret of the session is not renewed by a second sign-in")
	}
}

// wantSessionCookie checks the attributes of the session cookie an answer sets.
func wantSessionCookie(t *testing.T, got *reply) {
	t.Helper()
	for _, c := range got.cookies() {
		if c.Name != "__Host-propusk_session" {
			continue
		}
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("session cookie: %s", c.Raw)
		}
		return
	}
	t.Errorf("no session cookie __Host-propusk_session in %v", got.header["Set-Cookie"])
}

// elsewhere are addresses that a check for a local path takes for one.
var elsewhere = []string{
	"//evil.example", `/\evil.example`, "/\t/evil.example", "https:evil.example", "%2f%2fevil.example",
	"javascript:alert(1)", "/%09/evil.example", "https://evil.example/",
}

// loginReturnTo: where a sign-in leads is never said by the browser.
func loginReturnTo(t *testing.T) {
	w := newWorld(t)
	for _, evil := range elsewhere {
		query := url.Values{}
		p := w.person("alice")
		form := p.formAt("/login", "/login")
		for _, name := range []string{"return_to", "next", "redirect", "redirect_uri", "url", "continue"} {
			form.Set(name, evil)
			query.Set(name, evil)
		}
		got := p.post("/login?"+query.Encode(), form)
		if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != "/account" {
			t.Errorf("%q in the form: got %d to %q, want 303 to /account", evil, got.status, to)
		}
		got = p.get("/login?" + query.Encode())
		if to := got.header.Get("Location"); to != "/account" {
			t.Errorf("%q in the query: got %d to %q, want /account", evil, got.status, to)
		}
		got = p.get("/login?" + url.Values{"request": {evil}}.Encode())
		wantPage(t, evil+" as the request", got, http.StatusForbidden)
	}
	// A path that looks like another host, which routers like to redirect to without its slashes.
	for _, path := range []string{"//evil.example", "//evil.example/", `/\evil.example/`, "/%09/evil.example/", "//evil.example/login/", "/login//"} {
		for _, got := range w.raw("GET " + path + " HTTP/1.1\r\nHost: " + w.host() + "\r\nConnection: close\r\n\r\n") {
			if got.header.Get("Location") != "" || got.status < 400 {
				t.Errorf("GET %s: got %d to %q, want an error", path, got.status, got.header.Get("Location"))
			}
		}
	}
}

// loginPromptNone: with prompt=none nobody is shown anything.
func loginPromptNone(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	want := func(what, prompt, code string) {
		t.Helper()
		got := p.get(authorizePath(demoApp.asking("prompt", prompt)))
		to := got.location()
		if got.status != http.StatusSeeOther || to == nil || !strings.HasPrefix(to.String(), demoApp.redirect+"?") {
			t.Fatalf("%s: got %d to %q, want a redirect to the app", what, got.status, got.header.Get("Location"))
		}
		if q := to.Query(); q.Get("error") != code || q.Get("state") != "state-of-the-app" || q.Get("iss") != w.issuer || q.Has("code") == (code != "") {
			t.Errorf("%s: got %s, want error=%q", what, to.RawQuery, code)
		}
		if got.body != "" {
			t.Errorf("%s: a page is rendered:\n%s", what, got.body)
		}
		for _, c := range got.cookies() {
			t.Errorf("%s: sets the cookie %s", what, c.Name)
		}
	}
	want("nobody signed in", "none", "login_required")
	want("none beside login", "none login", "invalid_request")
	p.signIn()
	want("no consent", "none", "consent_required")
	want("none beside consent", "consent none", "invalid_request")
	p.code(demoApp)
	want("signed in, with consent", "none", "")
}
