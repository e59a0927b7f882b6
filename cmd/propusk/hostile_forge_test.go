package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// officeWork are forms of propusk's own pages, each of which does something, by the pattern of their route.
// DEMO is an app, BOB a person.
var officeWork = map[string][]string{
	"/account/profile":                {"name", "Forged"},
	"/account/password":               {"old", "alice", "password", "forged password", "again", "forged password"},
	"/account/look":                   {"lang", "ru", "theme", "dark"},
	"/account/apps/{id}/remove":       {"press", "yes"},
	"/account/sessions/end":           {"press", "yes"},
	"/account/sessions/{id}/end":      {"press", "yes"},
	"/account/tokens/new":             {"for", "", "name", "forged", "expires", "30", "scope", "me.read"},
	"/account/tokens/{id}/revoke":     {"press", "yes"},
	"/apps/new":                       {"name", "Forged", "type", "web", "redirects", "https://evil.example/cb"},
	"/apps/{id}":                      {"section", "delete", "confirm", "Demo"},
	"/apps/{id}/authorization":        {"section", "switches"},
	"/apps/{id}/settings":             {"section", "network", "networks", "10.0.0.0/8"},
	"/apps/{id}/protocol":             {"section", "people", "subject_type", "public", "default_max_age", "60"},
	"/apps/{id}/developers":           {"section", "invite", "login", "carol", "role", "developer"},
	"/apps/{id}/keys":                 {"section", "new", "label", "forged"},
	"/scopes/new":                     {"name", "forged", "title_en", "Forged", "title_ru", "Ф", "text_en", "F", "text_ru", "Ф"},
	"/scopes/edit":                    {"section", "delete", "confirm", "extern.api"},
	"/users/new":                      {"login", "forged", "access", "full", "sign_in", "invite"},
	"/users/{sub}/profile":            {"login", "forged"},
	"/users/{sub}/access":             {"access", "full"},
	"/users/{sub}/password":           {"password", "forged password"},
	"/users/{sub}/link":               {"press", "yes"},
	"/users/{sub}/disable":            {"press", "yes"},
	"/users/{sub}/enable":             {"press", "yes"},
	"/users/{sub}/sessions/end":       {"press", "yes"},
	"/users/{sub}/sessions/{id}/end":  {"press", "yes"},
	"/users/{sub}/apps/{id}/remove":   {"press", "yes"},
	"/users/{sub}/tokens/{id}/revoke": {"press", "yes"},
}

// officeForgedForms: no form of propusk's own pages does anything without the token of its session, and
// none by GET.
func officeForgedForms(t *testing.T) {
	t.Helper()
	w := newWorld(t, inProduction)
	p, stranger := w.office("alice"), w.office("alice")
	w.login(p, demoApp)
	w.script(p, "me.read")
	own, foreign := p.token(), stranger.token()
	values := map[string]string{"id": "demo", "sub": w.userID("bob")}
	sent := 0
	for _, route := range w.officeRoutes() {
		path := filled(route, values)
		if got := p.post(path, url.Values{"csrf": {own}, "section": {"none"}, "none": {"1"}}); got.status == http.StatusMethodNotAllowed {
			continue // has no form
		}
		if _, known := officeWork[route]; !known {
			t.Errorf("POST %s is new: say in officeWork what it does", route)
		}
	}
	before, app := w.stored(), w.app("demo").UpdatedAt
	for route, fields := range officeWork {
		path := filled(route, values)
		if route == "/scopes/edit" {
			path += "?name=extern.api"
		}
		form := url.Values{"csrf": {own}}
		for i := 0; i+1 < len(fields); i += 2 {
			form.Add(fields[i], fields[i+1])
		}
		for _, f := range forgeries {
			forged := changed(form)
			if f.csrf != nil {
				forged = changed(form, "csrf", f.csrf(own, foreign))
			}
			sent++
			wantPage(t, "POST "+path+", "+f.name, p.post(path, forged, f.headers...), http.StatusForbidden)
		}
		wantPage(t, "POST "+path+", signed out", w.person("alice").post(path, form), http.StatusForbidden)
		got := p.get(path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + form.Encode())
		if got.status >= 500 || got.status == http.StatusSeeOther {
			t.Errorf("GET %s with the form in the address: got %d to %q", path, got.status, got.header.Get("Location"))
		}
	}
	w.wantUnchanged("all forged forms", before)
	if !w.app("demo").UpdatedAt.Equal(app) || w.userID("bob") != values["sub"] || p.get("/account").status != http.StatusOK {
		t.Error("a forged form has changed something")
	}
	if sent < 200 {
		t.Errorf("%d forms were sent", sent)
	}
	// They would all have worked: the genuine ones do.
	for _, route := range []string{"/apps/{id}/keys", "/users/{sub}/access", "/account/tokens/new", "/apps/new", "/users/{sub}/disable"} {
		p.csrf = "" // forms that make something are taken once
		if got := p.press(filled(route, values), officeWork[route]...); got.status != http.StatusOK && got.status != http.StatusSeeOther {
			t.Errorf("the genuine form of %s: got %d", route, got.status)
		}
	}
}
