package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/storage"
)

// office is somebody signed in at propusk's own pages.
func (w *world) office(login string) *person {
	w.t.Helper()
	p := w.person(login)
	p.signIn()
	if p.cookie("session") == "" {
		w.t.Fatalf("%s is not signed in", login)
	}
	return p
}

// token is the hidden token of the pages this person sees.
func (p *person) token() string {
	p.w.t.Helper()
	if p.csrf != "" && p.csrfOf == p.cookie("session") {
		return p.csrf
	}
	got := p.get("/account")
	for _, s := range sheets(got.body) {
		if s.fields.Get("csrf") != "" {
			p.csrf, p.csrfOf = s.fields.Get("csrf"), p.cookie("session")
			return p.csrf
		}
	}
	p.w.t.Fatalf("/account: %d, no form with a token", got.status)
	return ""
}

// press sends a form to a page of propusk's own; fields are name, value pairs, and a name may come again.
func (p *person) press(path string, fields ...string) *reply {
	p.w.t.Helper()
	form := url.Values{"csrf": {p.token()}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	p.csrf = "" // a form that makes something is taken once
	return p.post(path, form)
}

// must fails the test unless the answer has that status.
func (w *world) must(what string, got *reply, status int) *reply {
	w.t.Helper()
	if got.status != status {
		w.t.Fatalf("%s: got %d to %q, want %d\n%s", what, got.status, got.header.Get("Location"), status, clipLog(got.body))
	}
	return got
}

// script is a personal access token of the person for propusk's own API, made on the page.
func (w *world) script(p *person, scopes ...string) string {
	w.t.Helper()
	return w.scriptFor(p, "", scopes...)
}

// patPattern is a personal access token (see design.md).
var patPattern = regexp.MustCompile(`propusk_pat_[0-9A-Za-z_-]+`)

// scriptFor is a personal access token of the person for an app.
func (w *world) scriptFor(p *person, app string, scopes ...string) string {
	w.t.Helper()
	fields := []string{"for", app, "name", "script", "expires", "30"}
	for _, scope := range scopes {
		fields = append(fields, "scope", scope)
	}
	made := w.must("make a token", p.press("/account/tokens/new", fields...), http.StatusOK)
	token := patPattern.FindString(made.body)
	if token == "" {
		w.t.Fatalf("no token on the page:\n%s", clipLog(made.body))
	}
	return token
}

// call asks the REST API with a bearer token; body "" is none.
func (w *world) call(token, method, path, body string) *reply {
	w.t.Helper()
	r := w.request(method, "/api/v1"+path, body, "Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return w.send(r)
}

// app is an app as it is stored.
func (w *world) app(id string) *storage.App {
	w.t.Helper()
	a, err := w.db.App(context.Background(), id)
	if err != nil {
		w.t.Fatalf("app %s: %v", id, err)
	}
	return a
}

// developer gives a person a role on an app, "" takes it away.
func (w *world) developer(app, login string, role storage.Role) {
	w.t.Helper()
	var err error
	if role == "" {
		err = w.db.RemoveDeveloper(context.Background(), storage.System, app, w.userID(login))
	} else {
		err = w.db.SetDeveloper(context.Background(), storage.System, app, storage.Developer{UserID: w.userID(login), Role: role})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// routePatterns are all routes of the server, in order.
func (w *world) routePatterns() []string {
	w.t.Helper()
	seen := map[string]bool{}
	err := chi.Walk(w.server.http.Handler.(chi.Routes), func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		seen[route] = true
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for route := range seen {
		list = append(list, route)
	}
	slices.Sort(list)
	return list
}

// officeRoutes are the routes of propusk's own pages for signed-in people.
func (w *world) officeRoutes() []string {
	w.t.Helper()
	return slices.DeleteFunc(w.routePatterns(), func(route string) bool {
		return !regexp.MustCompile(`^/(account|apps|scopes|users|audit)(/|$)`).MatchString(route)
	})
}

// apiOperation is one operation as the API describes itself.
type apiOperation struct{ method, path string }

// apiOperations reads them from the OpenAPI document that is served.
func (w *world) apiOperations() []apiOperation {
	w.t.Helper()
	paths, _ := w.get("/api/v1/openapi.json").json()["paths"].(map[string]any)
	var list []apiOperation
	for path, methods := range paths {
		for method := range methods.(map[string]any) {
			list = append(list, apiOperation{strings.ToUpper(method), strings.TrimPrefix(path, "/api/v1")})
		}
	}
	if len(list) < 30 {
		w.t.Fatalf("the document describes %d operations", len(list))
	}
	slices.SortFunc(list, func(a, b apiOperation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return list
}

// filled is a path with its wildcards filled in by name.
func filled(path string, values map[string]string) string {
	for name, value := range values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// numbered is what makes two pages about the same thing differ: the number of a refusal, the time, the
// hidden tokens.
var numbered = regexp.MustCompile(`E-[0-9A-Z]{4}-[0-9A-Z]{4}|name="csrf" value="[^"]*"|"id":"[^"]*"`)

// shown is all of an answer that tells about the thing its path names: what names the thing itself is
// taken out.
func (r *reply) shown(id string) string {
	text := numbered.ReplaceAllString(r.told(), "N")
	return strings.ReplaceAll(strings.ReplaceAll(text, url.QueryEscape(id), "ID"), id, "ID")
}

// wantNobody checks that an answer about a thing that must not be known is that about one that does not
// exist.
func wantNobody(t testing.TB, what string, status int, foreign, missing *reply, foreignID, missingID string) {
	t.Helper()
	a, b := foreign.shown(foreignID), missing.shown(missingID)
	if foreign.status != status || a != b {
		t.Errorf("%s: got %d, want %d as for one that does not exist\nforeign: %s\nmissing: %s", what, foreign.status, status, clipLog(a), clipLog(b))
	}
}
