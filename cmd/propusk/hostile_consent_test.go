package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/propusk/propusk/provider"
)

// hostileConsent holds the cases of the consent page and of what all pages have in common.
var hostileConsent = map[string]func(*testing.T){
	"HC-075": consentTwice,
	"HC-077": consentFramed,
}

// consentTwice: one consent makes one grant, whoever sends its form again.
func consentTwice(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	p.signIn()
	path, page := p.open(authorizePath(demoApp.asking()))
	if !strings.HasPrefix(path, "/consent?request=") {
		t.Fatalf("led to %s", path)
	}
	form := changed(p.sheet(page, "/consent").fields, "decision", "allow")
	saved := w.person("alice") // the same browser, as it was before anything was sent
	at, _ := url.Parse(w.issuer)
	saved.jar.SetCookies(at, p.jar.Cookies(at))

	// By GET it is only looked at.
	before := w.stored()
	got := p.get("/consent?" + form.Encode())
	wantPage(t, "by GET", got, http.StatusOK)
	w.wantUnchanged("by GET", before)

	// By somebody else: with the request of alice but without her cookie, and with it.
	bob := w.person("bob")
	bob.signIn()
	before = w.stored()
	wantPage(t, "by another person", bob.post("/consent", form), http.StatusForbidden)
	thief := w.person("bob")
	for _, c := range saved.jar.Cookies(at) {
		if !strings.Contains(c.Name, "session") {
			thief.jar.SetCookies(at, []*http.Cookie{c})
		}
	}
	wantPage(t, "signed out, with the cookie of the request", thief.post("/consent", form), http.StatusForbidden)
	w.wantUnchanged("by another person", before)
	thief.signIn()
	before = w.stored()
	wantPage(t, "by another person with the cookie of the request", thief.post("/consent", form), http.StatusForbidden)
	w.wantUnchanged("by another person", before)

	// What was not asked cannot be approved, nor the request changed.
	_, first := p.follow("/consent", p.post("/consent", greedy(form)))
	_, second := saved.follow("/consent", saved.post("/consent", form))
	_, third := saved.follow("/consent", saved.post("/consent", form))
	var codes []string
	for i, got := range []*reply{first, second, third} {
		to := got.location()
		if to == nil {
			continue
		}
		if !strings.HasPrefix(to.String(), demoApp.redirect+"?") || to.Query().Get("state") != "state-of-the-app" {
			t.Errorf("approval %d leads to %s", i+1, to)
		}
		codes = append(codes, to.Query().Get("code"))
	}
	if len(codes) == 0 || codes[0] == "" {
		t.Fatalf("no code: %d", first.status)
	}
	given := w.granted(w.token(demoApp.redeeming(codes[0])))
	if scope := w.introspect(demoApp, given.access).text("scope"); scope != "openid profile email" {
		t.Errorf("scope %q was given, want what was asked", scope)
	}
	for _, code := range codes[1:] {
		wantError(t, "a further code of the same request", w.token(demoApp.redeeming(code)), http.StatusBadRequest, "invalid_grant")
	}
	if n := w.stored()["grants"]; n != 1 {
		t.Errorf("%d grants, want 1", n)
	}
}

// greedy is the consent form with what an attacker would like to be in it.
func greedy(form url.Values) url.Values {
	more := changed(form, "redirect_uri", "https://evil.example/", "client_id", "plain", "user", "bob", "state", "other")
	more["scope"] = []string{"offline_access", "extern.api", "users.write"}
	return more
}

// htmlRoutes are requests for every page, by the pattern of their route. A route that is no page says so.
var htmlRoutes = map[string][]string{
	"/":              {"/"},
	"/login":         {"/login", "/login?request=none"},
	"/consent":       {"/consent", "/consent?request=none"},
	"/logout":        {"/logout", "/logout?logout=none"},
	"/connect/*":     {"/connect/authorize", "/connect/authorize?client_id=none", "/connect/endsession", "/connect/endsession?client_id=none", "/connect/nothing"},
	"/.well-known/*": {"/.well-known/nothing", "/.well-known/openid-configuration"},
	"/device":        {"/device", "/device?user_code=WDJB-MJHT", "/device?done=none"},
	"/welcome":       {"/welcome", "/welcome?link=none"},
	"/docs":          {"/docs"},
	"/docs/{name}":   {"/docs/conformance", "/docs/none"},
	"/healthz":       nil,
	"/readyz":        nil,
}

// framedRoutes are htmlRoutes and all routes of propusk's own pages and of the API, filled in.
func (w *world) framedRoutes() map[string][]string {
	w.t.Helper()
	routes := maps.Clone(htmlRoutes)
	values := map[string]string{"id": "demo", "client_id": "demo", "sub": w.userID("bob"), "name": "email"}
	for _, route := range w.routePatterns() {
		if slices.Contains(w.officeRoutes(), route) || strings.HasPrefix(route, "/api/v1/") {
			path := filled(route, values)
			routes[route] = []string{path, strings.ReplaceAll(path, "demo", "none")}
		}
	}
	return routes
}

// consentFramed: no page may be framed, sniffed, rebased or loaded from; over TLS browsers are told to
// stay there.
func consentFramed(t *testing.T) {
	w := newWorld(t, inProduction)
	want := func(what string, got *reply) {
		t.Helper()
		always := got.header.Get("X-Content-Type-Options") == "nosniff" && got.header.Get("Strict-Transport-Security") == "max-age=31536000"
		if !always {
			t.Errorf("%s: %d without nosniff or HSTS: %v", what, got.status, got.header)
		}
		kind := got.header.Get("Content-Type")
		if strings.HasPrefix(kind, "text/plain") || strings.HasPrefix(kind, "application/json") || kind == "application/problem+json" || strings.HasPrefix(kind, "text/csv") {
			return // for programs: a browser shows nothing of it that could act
		}
		policy := got.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"} {
			if !slices.Contains(strings.Split(policy, "; "), part) {
				t.Errorf("%s: %d, Content-Security-Policy %q lacks %s", what, got.status, policy, part)
			}
		}
		for name, value := range map[string]string{"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s %q, want %q", what, name, got.header.Get(name), value)
			}
		}
	}
	routes, seen := w.framedRoutes(), w.routePatterns()
	for _, route := range seen {
		if _, ok := routes[route]; !ok && !strings.HasPrefix(route, "/static/") {
			t.Errorf("route %s is new: say here what of it is a page", route)
		}
	}
	p := w.person("alice")
	for _, signedIn := range []bool{false, true} {
		for route, paths := range routes {
			if !slices.Contains(seen, route) {
				t.Errorf("there is no route %s", route)
			}
			for _, path := range paths {
				want("GET "+path, p.get(path))
				want("PUT "+path, p.send(w.request(http.MethodPut, path, "")))
				want("POST "+path, p.post(path, url.Values{"csrf": {"none"}}))
			}
		}
		want("no such page", p.get("/nothing"))
		if !signedIn {
			p.signIn()
		}
	}
	path, page := p.open(authorizePath(demoApp.asking()))
	want("GET "+path, page)
	want("form_post", p.walk(authorizePath(demoApp.asking("response_mode", "form_post"))))
	want("redirect with a code", p.walk(authorizePath(demoApp.asking())))
	// The one page that may be framed (Session Management §3.3) shows nothing, has no form and runs one script.
	frame := w.get(provider.PathCheckSession)
	policy := frame.header.Get("Content-Security-Policy")
	if frame.status != http.StatusOK || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'sha256-") ||
		strings.Contains(frame.body, "<form") || strings.Contains(frame.body, "<a ") {
		t.Errorf("check_session_iframe: %d with the policy %q:\n%s", frame.status, policy, clipLog(frame.body))
	}
}
