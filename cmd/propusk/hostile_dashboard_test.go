package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostileDashboard holds the cases of propusk's own pages and of the REST API, which do the same.
var hostileDashboard = map[string]func(*testing.T){
	"HC-078": dashboardForeignApp,
	"HC-079": dashboardGreedyForms,
	"HC-083": dashboardSecretsOnce,
}

// appForms are the forms of an app's pages, each of which would change something, and the status that a
// developer of the app and a viewer of it get for them.
var appForms = []struct {
	path              string // below /apps/{id}
	fields            []string
	developer, viewer int
}{
	{"", []string{"section", "general", "name", "Demo", "redirects", "https://demo.example/cb"}, 303, 403},
	{"", []string{"section", "documents", "policy_uri", "https://docs.example/"}, 303, 403},
	{"", []string{"add", "https://evil.example/cb"}, 422, 403},
	{"", []string{"add_logout", "https://evil.example/"}, 422, 403},
	{"", []string{"section", "delete", "confirm", "Demo"}, 403, 403},
	{"/authorization", []string{"section", "switches", "enabled", "on", "delegated", "on"}, 303, 403},
	{"/authorization", []string{"section", "scopes"}, 303, 403},
	{"/authorization", []string{"section", "grants", "grant", "authorization_code"}, 303, 403},
	{"/settings", []string{"section", "methods", "method", "client_secret_post"}, 303, 403},
	{"/settings", []string{"section", "tokens", "format", "opaque", "alg", "RS256", "ttl", "600"}, 303, 403},
	{"/settings", []string{"section", "network", "networks", "10.0.0.0/8"}, 303, 403},
	{"/protocol", []string{"section", "people", "subject_type", "public", "default_max_age", "60"}, 303, 403},
	{"/developers", []string{"section", "invite", "login", "carol", "role", "developer"}, 403, 403},
	{"/developers", []string{"section", "change", "user", "BOB", "role", "owner"}, 403, 403},
	{"/developers", []string{"section", "hand_over", "login", "bob", "user", "BOB", "confirm", "Demo"}, 403, 403},
	{"/developers", []string{"section", "remove", "user", "ALICE"}, 403, 403},
	{"/keys", []string{"section", "new", "label", "stolen"}, 200, 403},
	{"/keys", []string{"section", "delete", "key", "KEY"}, 303, 403},
	{"/setup", nil, 405, 405},
	{"/notices", nil, 405, 405},
	{"/events", nil, 405, 405},
	{"/developers", []string{"section", "leave"}, 303, 303},
}

// apiBodies are good bodies for the operations of an app, by method and path.
var apiBodies = map[string]string{
	"PATCH /apps/{client_id}":                  `{"description":"stolen"}`,
	"POST /apps/{client_id}/keys":              `{"label":"stolen"}`,
	"POST /apps/{client_id}/developers":        `{"login":"bob","role":"owner"}`,
	"PATCH /apps/{client_id}/developers/{sub}": `{"role":"viewer"}`,
}

// dashboardForeignApp: to a developer of one app another one does not exist: no route of the pages and no
// operation of the API tells it from an id that nobody has.
func dashboardForeignApp(t *testing.T) {
	w := newWorld(t)
	bob := w.office("bob")
	script := w.script(bob, storage.ScopeAppsRead, storage.ScopeAppsWrite, storage.ScopeMeRead, storage.ScopeMeWrite)
	missing := flipped("plain") // of the same length: so that the answers are
	ids := strings.NewReplacer("ALICE", w.userID("alice"), "BOB", w.userID("bob"), "KEY", w.app("plain").Keys[0].ID)
	before := w.app("plain")

	forms := map[string]bool{}
	for _, f := range appForms {
		forms["/apps/{id}"+f.path] = true
		fields := strings.Split(ids.Replace(strings.Join(f.fields, "\x00")), "\x00")
		post := func(id string) *reply { return bob.press("/apps/"+id+f.path, fields...) }
		want := http.StatusNotFound
		if f.developer == http.StatusMethodNotAllowed {
			want = f.developer
		}
		wantNobody(t, fmt.Sprintf("POST %s %v", f.path, f.fields), want, post("plain"), post(missing), "plain", missing)
	}
	pages := 0
	for _, route := range w.officeRoutes() {
		if !strings.HasPrefix(route, "/apps/{id}") {
			continue
		}
		pages++
		if !forms[route] {
			t.Errorf("route %s is new: say in appForms what its form would change", route)
		}
		get := func(id string) *reply { return bob.get(filled(route, map[string]string{"id": id})) }
		wantNobody(t, "GET "+route, http.StatusNotFound, get("plain"), get(missing), "plain", missing)
		if got := get("demo"); got.status != http.StatusOK {
			t.Errorf("GET %s of an app where bob has a role: %d", route, got.status)
		}
	}
	asked := 0
	for _, op := range w.apiOperations() {
		if !strings.HasPrefix(op.path, "/apps/{client_id}") {
			continue
		}
		asked++
		body := apiBodies[op.method+" "+op.path]
		if body == "" && (op.method == http.MethodPost || op.method == http.MethodPatch) {
			t.Errorf("%s %s is new: give it a good body", op.method, op.path)
		}
		ask := func(id string) *reply {
			path := filled(op.path, map[string]string{"client_id": id, "sub": w.userID("alice"), "id": before.Keys[0].ID})
			return w.call(script, op.method, path, body)
		}
		wantNobody(t, op.method+" "+op.path, http.StatusNotFound, ask("plain"), ask(missing), "plain", missing)
	}
	if pages < 8 || asked < 10 {
		t.Errorf("%d pages and %d operations of apps were asked", pages, asked)
	}
	for _, list := range []string{bob.get("/apps").body, bob.get("/apps?q=plain").body, w.call(script, http.MethodGet, "/apps", "").body,
		w.call(script, http.MethodGet, "/apps?q=plain&owner="+w.userID("alice"), "").body} {
		if strings.Contains(list, "/apps/plain") || strings.Contains(list, `"client_id":"plain"`) {
			t.Errorf("the list names an app that bob must not know:\n%s", clipLog(list))
		}
	}
	if diff := cmp.Diff(before.UpdatedAt, w.app("plain").UpdatedAt); diff != "" || len(w.app("plain").Keys) != len(before.Keys) {
		t.Errorf("plain was changed: %s", diff)
	}
	if list := w.audit("app.keys"); len(list) == 0 || list[0].Actor.ID != w.userID("bob") || list[0].Result != "not_found" {
		t.Errorf("the audit log does not tell of the attempts: %+v", list)
	}
	dashboardRoles(t)
	dashboardForeignPeople(t)
}

// dashboardRoles: what a developer and a viewer of an app may do there, and that a role which is taken
// is gone at once.
func dashboardRoles(t *testing.T) {
	t.Helper()
	for _, role := range []storage.Role{storage.RoleDeveloper, storage.RoleViewer} {
		w := newWorld(t)
		w.developer("demo", "bob", role)
		bob := w.office("bob")
		script := w.script(bob, storage.ScopeAppsRead, storage.ScopeAppsWrite)
		w.changeApp("demo", func(a *storage.App) { a.AnyLoopback = false }) // as apps are that no seed made
		ids := strings.NewReplacer("ALICE", w.userID("alice"), "BOB", w.userID("bob"), "KEY", "none")
		before := w.app("demo")
		for _, f := range appForms {
			want := f.developer
			if role == storage.RoleViewer {
				want = f.viewer
			}
			fields := strings.Split(ids.Replace(strings.Join(f.fields, "\x00")), "\x00")
			if len(fields) > 1 && fields[1] == "leave" {
				continue // at the end
			}
			if got := bob.press("/apps/demo"+f.path, fields...); got.status != want {
				t.Errorf("%s: POST %s %v: got %d, want %d", role, f.path, f.fields, got.status, want)
			}
		}
		for op, body := range apiBodies {
			method, path, _ := strings.Cut(op, " ")
			want := map[string]int{"PATCH /apps/{client_id}": 200, "POST /apps/{client_id}/keys": 201}[op]
			if want == 0 || role == storage.RoleViewer {
				want = http.StatusForbidden
			}
			path = filled(path, map[string]string{"client_id": "demo", "sub": w.userID("alice")})
			if got := w.call(script, method, path, body); got.status != want {
				t.Errorf("%s: %s: got %d %s, want %d", role, op, got.status, got.body, want)
			}
		}
		if got := w.call(script, http.MethodDelete, "/apps/demo", ""); got.status != http.StatusForbidden {
			t.Errorf("%s: DELETE: got %d", role, got.status)
		}
		after := w.app("demo")
		if after.OwnerID() != w.userID("alice") || after.Role(w.userID("bob")) != role || role == storage.RoleViewer && after.UpdatedAt != before.UpdatedAt {
			t.Errorf("%s: the app was changed: %+v", role, after)
		}
		w.must("leave", bob.press("/apps/demo/developers", "section", "leave"), http.StatusSeeOther)
		for what, got := range map[string]*reply{"page": bob.get("/apps/demo"), "form": bob.press("/apps/demo/keys", "section", "new", "label", "x"),
			"API": w.call(script, http.MethodGet, "/apps/demo", "")} {
			if got.status != http.StatusNotFound {
				t.Errorf("%s who left, %s: got %d, want 404", role, what, got.status)
			}
		}
	}
}

// dashboardForeignPeople: nobody but administrators reaches another person's data, sessions, apps or
// tokens, by whatever id.
func dashboardForeignPeople(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	alice, bob := w.office("alice"), w.office("bob")
	w.login(alice, demoApp)
	pat := w.script(alice, storage.ScopeMeRead)
	script := w.script(bob, storage.ScopeAppsRead, storage.ScopeAppsWrite, storage.ScopeMeRead, storage.ScopeMeWrite)
	id := w.userID("alice")
	sessions, err := w.db.Sessions(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := w.db.PersonalTokens(context.Background(), id)
	if err != nil || len(sessions) == 0 || len(tokens) != 1 {
		t.Fatalf("%d sessions, %d tokens: %v", len(sessions), len(tokens), err)
	}
	things := map[string]string{"sessions": sessions[0].ID, "tokens": tokens[0].ID, "apps": "demo", "grants": "demo"}
	for _, route := range w.officeRoutes() {
		if strings.HasPrefix(route, "/apps") || strings.HasPrefix(route, "/scopes") || !strings.Contains(route, "{") {
			continue
		}
		own := map[string]string{"sub": id}
		for kind, thing := range things {
			if strings.Contains(route, "/"+kind+"/{id}") {
				own["id"] = thing
			}
		}
		nobody := maps.Clone(own)
		name := "sub"
		if strings.HasPrefix(route, "/account") {
			name = "id"
		}
		nobody[name] = flipped(own[name])
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			ask := func(values map[string]string) *reply {
				if method == http.MethodGet {
					return bob.get(filled(route, values))
				}
				return bob.press(filled(route, values), "access", "full", "password", "a password of the thief", "login", "bob2")
			}
			got, none := ask(own), ask(nobody)
			if got.status == http.StatusMethodNotAllowed && none.status == got.status {
				continue
			}
			wantNobody(t, method+" "+route+" of alice by bob", http.StatusNotFound, got, none, own[name], nobody[name])
		}
	}
	for _, op := range w.apiOperations() {
		kind := strings.Split(op.path+"///", "/")
		if thing := things[kind[2]]; kind[1] == "me" && strings.Contains(op.path, "{id}") {
			ask := func(id string) *reply {
				return w.call(script, op.method, filled(op.path, map[string]string{"id": id}), "")
			}
			wantNobody(t, op.method+" "+op.path, http.StatusNotFound, ask(thing), ask(flipped(thing)), thing, flipped(thing))
		}
	}
	if w.call(pat, http.MethodGet, "/me", "").status != http.StatusOK || alice.get("/account").status != http.StatusOK {
		t.Error("alice's token or session has ended")
	}
	u, err := w.db.User(context.Background(), id)
	if err != nil || u.Login != "alice" || u.Access != storage.Full {
		t.Errorf("alice is %+v, %v", u, err)
	}
}
