package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostilePAT holds the cases of personal access tokens and of rights at the moment of use.
var hostilePAT = map[string]func(*testing.T){
	"HC-057": patGroundGone,
}

// patAsks are requests to the API, with what a person with partial access and the role developer on demo
// is answered while everything stands.
var patAsks = []struct{ name, method, path, body string }{
	{"own account", http.MethodGet, "/me", ""},
	{"app with a role", http.MethodGet, "/apps/demo", ""},
	{"change of that app", http.MethodPatch, "/apps/demo", `{"description":"x"}`},
	{"people", http.MethodGet, "/users", ""},
	{"any app", http.MethodGet, "/apps/plain", ""},
	{"a new app", http.MethodPost, "/apps", `{"client_name":"New"}`},
}

// patGone are ways in which the ground of a token goes away, and what the very next calls of patAsks are
// answered. The person has full access and, on demo, the role developer.
var patGone = []struct {
	name   string
	change func(w *world, admin *person, user *storage.User, token string) error
	want   []int
}{
	{"nothing", func(*world, *person, *storage.User, string) error { return nil }, []int{200, 200, 200, 200, 200, 201}},
	{"expired", func(w *world, _ *person, _ *storage.User, _ string) error {
		w.clock.Advance(30 * 24 * time.Hour)
		return nil
	}, []int{401, 401, 401, 401, 401, 401}},
	{"revoked by an administrator", func(w *world, admin *person, u *storage.User, _ string) error {
		list, err := w.db.PersonalTokens(context.Background(), u.ID)
		if err == nil {
			w.must("revoke", admin.press("/users/"+u.ID+"/tokens/"+list[0].ID+"/revoke"), http.StatusSeeOther)
		}
		return err
	}, []int{401, 401, 401, 401, 401, 401}},
	{"deleted by itself", func(w *world, _ *person, u *storage.User, token string) error {
		list, err := w.db.PersonalTokens(context.Background(), u.ID)
		if err == nil {
			w.must("delete", w.call(token, http.MethodDelete, "/me/tokens/"+list[0].ID, ""), http.StatusNoContent)
		}
		return err
	}, []int{401, 401, 401, 401, 401, 401}},
	{"revoked by a command", func(w *world, _ *person, u *storage.User, _ string) error {
		return w.commanded("token", "revoke", "script", "--user", u.Login)
	}, []int{401, 401, 401, 401, 401, 401}},
	{"person disabled on the page", func(w *world, admin *person, u *storage.User, _ string) error {
		w.must("disable", admin.press("/users/"+u.ID+"/disable"), http.StatusSeeOther)
		return nil
	}, []int{401, 401, 401, 401, 401, 401}},
	{"person disabled by the API", func(w *world, admin *person, u *storage.User, _ string) error {
		w.must("disable", w.call(w.script(admin, storage.ScopeUsersWrite), http.MethodPatch, "/users/"+u.ID, `{"disabled":true}`), http.StatusOK)
		return nil
	}, []int{401, 401, 401, 401, 401, 401}},
	{"access lowered on the page", func(w *world, admin *person, u *storage.User, _ string) error {
		w.must("access", admin.press("/users/"+u.ID+"/access", "access", "partial"), http.StatusSeeOther)
		return nil
	}, []int{200, 200, 200, 403, 404, 403}},
	{"access lowered by the API, role lowered to viewer", func(w *world, admin *person, u *storage.User, _ string) error {
		script := w.script(admin, storage.ScopeUsersWrite, storage.ScopeAppsRead, storage.ScopeAppsWrite)
		w.must("access", w.call(script, http.MethodPatch, "/users/"+u.ID, `{"access":"partial"}`), http.StatusOK)
		w.must("role", w.call(script, http.MethodPatch, "/apps/demo/developers/"+u.ID, `{"role":"viewer"}`), http.StatusOK)
		return nil
	}, []int{200, 200, 403, 403, 404, 403}},
	{"access lowered by a command, role taken", func(w *world, admin *person, u *storage.User, _ string) error {
		w.must("role", admin.press("/apps/demo/developers", "section", "remove", "user", u.ID), http.StatusSeeOther)
		return w.commanded("user", "edit", u.Login, "--access", "partial")
	}, []int{200, 404, 404, 403, 404, 403}},
	{"app disabled", func(w *world, admin *person, u *storage.User, _ string) error {
		// A developer still sees an app that is off, to put it right.
		w.must("switch off", admin.press("/apps/demo/authorization", "section", "switches", "delegated", "on"), http.StatusSeeOther)
		return nil
	}, []int{200, 200, 200, 200, 200, 201}},
	{"password changed", func(w *world, _ *person, u *storage.User, _ string) error {
		// A token has a life of its own: pipelines do not stop when somebody renews a password.
		return w.db.SetPassword(context.Background(), storage.System, u.ID, "quite another password")
	}, []int{200, 200, 200, 200, 200, 201}},
}

// commanded runs a command line beside the server and waits until the server has noticed.
func (w *world) commanded(args ...string) error {
	w.t.Helper()
	before := w.db.KeysVersion()
	code, _, talk := w.command("", args...)
	if code != 0 {
		return fmt.Errorf("%v: %s", args, talk)
	}
	for range 1000 {
		if w.db.KeysVersion() != before {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("%v: the server has not noticed it within ten seconds", args)
}

// patGroundGone: what a token reaches is decided when it is used.
func patGroundGone(t *testing.T) {
	for _, gone := range patGone {
		w := newWorld(t)
		admin := w.office("alice")
		user, err := w.db.CreateUser(context.Background(), storage.System,
			storage.NewUser{Login: "eve", Password: "eve", AnyPassword: true, Access: storage.Full})
		if err != nil {
			t.Fatal(err)
		}
		w.developer("demo", "eve", storage.RoleDeveloper)
		token := w.script(w.office("eve"), storage.APIScopes(storage.Full)...)
		w.must("before", w.call(token, http.MethodGet, "/users", ""), http.StatusOK)
		err = gone.change(w, admin, user, token)
		if err != nil {
			t.Fatalf("%s: %v", gone.name, err)
		}
		var got []int
		for _, ask := range patAsks {
			answer := w.call(token, ask.method, ask.path, ask.body)
			got = append(got, answer.status)
			if refused := answer.status == 401; refused != strings.Contains(answer.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("%s: %s: %d with WWW-Authenticate %q", gone.name, ask.name, answer.status, answer.header.Get("WWW-Authenticate"))
			}
		}
		if diff := cmp.Diff(gone.want, got); diff != "" {
			t.Errorf("%s: statuses of %v (-want +got):\n%s", gone.name, patAsks, diff)
		}
	}
	patOfApps(t)
	patShapes(t)
	patRightsOfApps(t)
}

// patOfApps: a token made for an app is that app's, and ends with what the app gives.
func patOfApps(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	alice := w.office("alice")
	w.changeApp("demo", func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal) })
	ofDemo, ofAPI := w.scriptFor(alice, "demo", "profile", "extern.api"), w.script(alice, storage.ScopeMeRead, storage.ScopeAppsRead)
	oauth := w.login(alice, plainApp).access
	for what, token := range map[string]string{"made for an app": ofDemo, "access token of an app": oauth} {
		if got := w.call(token, http.MethodGet, "/me", ""); got.status != http.StatusUnauthorized {
			t.Errorf("a token %s at the API: got %d %s", what, got.status, got.body)
		}
	}
	if !w.active(demoApp, ofDemo) {
		t.Fatal("demo is told that its own token is inactive")
	}
	for what, told := range map[string]*reply{
		"demo about a token of the API": w.introspect(demoApp, ofAPI), "plain about a token of demo": w.introspect(plainApp, ofDemo),
	} {
		if told.status != http.StatusOK || strings.TrimSpace(told.body) != `{"active":false}` {
			t.Errorf("%s: %d %s", what, told.status, told.body)
		}
	}
	if got := w.introspect(serviceApp, ofDemo); got.text("scope") != "extern.api" {
		t.Errorf("the owner of a scope about a token of demo: %s", got.body)
	}
	for what, token := range map[string]string{"made for an app": ofDemo, "of the API": ofAPI} {
		if got := w.userinfo(token); got.status != http.StatusForbidden && got.status != http.StatusUnauthorized {
			t.Errorf("a token %s at userinfo: %d %s", what, got.status, got.body)
		}
		wantError(t, "as a refresh token", w.token(demoApp.refreshing(token)), http.StatusBadRequest, "invalid_grant")
	}
	w.changeApp("demo", func(a *storage.App) { a.Enabled = false })
	if got := w.introspect(serviceApp, ofDemo); got.json()["active"] != false {
		t.Errorf("the app is disabled, its token: %s", got.body)
	}
	w.changeApp("demo", func(a *storage.App) { a.Enabled = true })
	if !w.active(demoApp, ofDemo) {
		t.Fatal("the app is enabled again, its token is not")
	}
	w.changeApp("demo", func(a *storage.App) {
		a.Scopes = slices.DeleteFunc(a.Scopes, func(s storage.AppScope) bool { return s.Name == "extern.api" })
	})
	if got := w.introspect(demoApp, ofDemo); got.text("scope") != "profile" {
		t.Errorf("a scope was taken from the app: %s", got.body)
	}
	w.changeApp("demo", func(a *storage.App) { a.GrantTypes = []string{storage.GrantCode} })
	if w.active(demoApp, ofDemo) {
		t.Error("the app gives no tokens any more, and its token is active")
	}
	if got := w.call(ofAPI, http.MethodGet, "/me", ""); got.status != http.StatusOK {
		t.Errorf("the token of the API meanwhile: %d", got.status)
	}
}

// patShapes: what only looks like a token, or comes by another way, is none; and a token makes no token.
func patShapes(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	alice := w.office("alice")
	token := w.script(alice, storage.APIScopes(storage.Full)...)
	body := strings.TrimPrefix(token, "propusk_pat_")
	shapes := []string{"", "propusk_pat_", body, token[:len(token)-1], token + "A", strings.ToUpper(token), flipped(token), "propusk_key_" + body,
		"propusk_rt_" + body, storage.CheckedSecret(storage.PersonalTokenPrefix), token + "," + token, strings.Repeat("A", 7<<10)}
	for _, shape := range shapes {
		if got := w.call(shape, http.MethodGet, "/me", ""); got.status != http.StatusUnauthorized {
			t.Errorf("%.60q: got %d", shape, got.status)
		}
	}
	for what, got := range map[string]*reply{
		"no token":           w.get("/api/v1/me"),
		"in the query":       w.get("/api/v1/me?access_token=" + url.QueryEscape(token)),
		"as Basic":           w.get("/api/v1/me", "Authorization", "Basic "+token),
		"two headers":        w.get("/api/v1/me", "Authorization", "Bearer "+token, "Authorization", "Bearer "+token),
		"the person's page":  alice.get("/api/v1/me"),
		"as session, a page": w.get("/account", "Authorization", "Bearer "+token),
	} {
		want := http.StatusUnauthorized
		if strings.HasSuffix(what, "a page") {
			want = http.StatusSeeOther
		}
		if got.status != want {
			t.Errorf("%s: got %d, want %d", what, got.status, want)
		}
	}
	if strings.Contains(w.log.String(), body) {
		t.Error("the log knows the token")
	}
	before := w.stored()["personal_tokens"]
	for _, path := range []string{"/me/tokens", "/me/tokens/new", "/users/" + w.userID("alice") + "/tokens"} {
		got := w.call(token, http.MethodPost, path, `{"name":"more","scopes":["me.write"]}`)
		if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: got %d", path, got.status)
		}
	}
	if before != 1 || w.stored()["personal_tokens"] != before {
		t.Errorf("%d tokens before, %d after", before, w.stored()["personal_tokens"])
	}
}

// patRightsOfApps: an app's access token that holds scopes of the API is bound by the rights of its person
// in the same way, and by those of its app.
func patRightsOfApps(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	alice := w.office("alice")
	scopes := []storage.AppScope{{Name: "openid", Required: true}, {Name: "me.read"}, {Name: "apps.read"}, {Name: "users.read"}}
	console := w.addApp(storage.App{ID: "console", RedirectURIs: []string{"https://console.example/cb"}, Scopes: scopes})
	console.scope = "openid me.read apps.read users.read"
	eve, err := w.db.CreateUser(context.Background(), storage.System,
		storage.NewUser{Login: "eve", Password: "eve", AnyPassword: true, Access: storage.Full})
	if err != nil {
		t.Fatal(err)
	}
	p := w.office("eve")
	p.tick = []string{"me.read", "apps.read", "users.read"}
	all := w.login(p, console)
	statuses := func() []int {
		var list []int
		for _, path := range []string{"/me", "/apps/plain", "/users"} {
			list = append(list, w.call(all.access, http.MethodGet, path, "").status)
		}
		return list
	}
	want := func(what string, want ...int) {
		t.Helper()
		if diff := cmp.Diff(want, statuses()); diff != "" {
			t.Errorf("%s: /me, /apps/plain, /users (-want +got):\n%s", what, diff)
		}
	}
	want("full access", 200, 200, 200)
	w.must("access", alice.press("/users/"+eve.ID+"/access", "access", "partial"), http.StatusSeeOther)
	want("access lowered", 200, 404, 403)
	if got := w.token(console.refreshing(all.refresh)); all.refresh != "" && strings.Contains(got.text("scope"), "users.read") {
		t.Errorf("a refresh after that: %s", got.body)
	}
	w.must("scope taken", alice.press("/apps/console/authorization", "section", "scopes", "scope.me.read", ""), http.StatusSeeOther)
	want("a scope taken from the app", 403, 404, 403)
	w.must("app off", alice.press("/apps/console/authorization", "section", "switches", "delegated", "on"), http.StatusSeeOther)
	want("app disabled", 401, 401, 401)
	w.must("app on", alice.press("/apps/console/authorization", "section", "switches", "delegated", "on", "enabled", "on"), http.StatusSeeOther)
	want("app enabled", 403, 404, 403)
	w.must("person disabled", alice.press("/users/"+eve.ID+"/disable"), http.StatusSeeOther)
	want("person disabled", 401, 401, 401)
}
