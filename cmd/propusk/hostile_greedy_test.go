package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// greedyFields are what a developer would like to be part of any form.
var greedyFields = []string{
	"role", "owner", "owner_id", "BOB", "owner", "BOB", "trusted", "on", "skip_consent", "on", "preset", "openid", "preset_scope", "openid profile", "offline_without_consent", "on", "first_party", "1", "any_loopback", "on",
	"insecure_redirect", "on", "access", "full", "admin", "true", "client_id", "stolen", "id", "stolen", "sub", "ALICE", "user", "ALICE",
	"disabled", "false", "scope.users.write", "required", "more", "users.write", "email_verified", "on",
}

// dashboardGreedyForms: a field that a form does not have is nothing, and one that its sender may not set
// stays as it was.
func dashboardGreedyForms(t *testing.T) {
	w := newWorld(t)
	bob := w.office("bob")
	script := w.script(bob, storage.ScopeAppsRead, storage.ScopeAppsWrite, storage.ScopeMeRead, storage.ScopeMeWrite)
	ids := strings.NewReplacer("ALICE", w.userID("alice"), "BOB", w.userID("bob"))
	privileges := func() []any {
		a := w.app("demo")
		u, err := w.db.UserByName(context.Background(), "bob")
		if err != nil {
			t.Fatal(err)
		}
		_, mighty := a.Scope(storage.ScopeUsersWrite)
		return []any{a.ID, a.Trusted, a.SkipConsent, a.PresetScopes, a.OfflineWithoutConsent, a.AnyLoopback, a.InsecureRedirect,
			a.OwnerID(), a.Role(u.ID), mighty, u.Access, u.ID, u.Login, u.EmailVerified}
	}
	before := privileges()
	forms := map[string][]string{
		"/account/profile": {"name", "Bob"}, "/account/look": {"locale", "en"}, "/apps/new": {"name", "Mine", "type", "web"},
		"/users/new": {"login", "bob2", "access", "full"}, "/scopes/new": {"name", "mine"},
		"/users/" + w.userID("bob") + "/access": nil, "/users/" + w.userID("bob") + "/profile": nil,
	}
	for _, f := range appForms {
		if len(f.fields) > 1 && f.fields[1] != "leave" {
			forms["/apps/demo"+f.path+"#"+f.fields[1]] = f.fields
		}
	}
	for path, fields := range forms {
		path, _, _ = strings.Cut(path, "#")
		fields = strings.Split(ids.Replace(strings.Join(fields, "\x00")), "\x00")
		for i := 0; i < len(greedyFields); i += 2 {
			name, value := greedyFields[i], ids.Replace(greedyFields[i+1])
			if slices.Contains(fields, name) {
				continue
			}
			got := bob.press(path, append([]string{name, value}, fields...)...)
			if got.status >= 500 || got.status == http.StatusBadRequest {
				t.Errorf("%s with %s: got %d", path, name, got.status)
			}
		}
		if diff := cmp.Diff(before, privileges()); diff != "" {
			t.Fatalf("%s: bob took what is not his (-before +after):\n%s", path, diff)
		}
	}
	for body, want := range map[string]int{
		`{"trusted":true}`: 403, `{"skip_consent":true}`: 403, `{"preset_scope":"openid"}`: 403, `{"offline_without_consent":true}`: 403,
		`{"trusted":false}`: 403, `{"owner_id":"BOB"}`: 422, `{"owner":"BOB"}`: 422, `{"first_party":1}`: 422, `{"any_loopback":true}`: 422,
		`{"insecure_redirect":true}`: 422, `{"client_id":"stolen"}`: 422, `{"client_secret":"chosen"}`: 422, `{"Trusted":true}`: 422,
		`{"developers":[]}`: 422, `{"scopes":[{"name":"openid"},{"name":"users.write"}]}`: 403,
	} {
		if got := w.call(script, http.MethodPatch, "/apps/demo", ids.Replace(body)); got.status != want {
			t.Errorf("PATCH /apps/demo %s: got %d %s, want %d", body, got.status, got.body, want)
		}
		if got := w.call(script, http.MethodPost, "/apps", `{"client_name":"Mine",`+ids.Replace(body)[1:]); got.status != 403 && got.status != 422 {
			t.Errorf("POST /apps %s: got %d %s", body, got.status, got.body)
		}
	}
	for body, path := range map[string]string{
		`{"access":"full"}`: "/me", `{"disabled":false,"access":"full"}`: "/me", `{"sub":"ALICE"}`: "/me", `{"login":"root"}`: "/me",
		`{"email_verified":true}`: "/me", `{"access":"full" }`: "/users/" + w.userID("bob"),
	} {
		if got := w.call(script, http.MethodPatch, path, ids.Replace(body)); got.status != 403 && got.status != 422 {
			t.Errorf("PATCH %s %s: got %d %s", path, body, got.status, got.body)
		}
	}
	// A wider token than its maker.
	wide := bob.press("/account/tokens/new", "for", "", "name", "wide", "expires", "30", "scope", storage.ScopeUsersWrite, "scope", storage.ScopeMeRead)
	if patPattern.MatchString(wide.body) || wide.status == http.StatusOK {
		t.Errorf("a token with users.write for a person with partial access: %d", wide.status)
	}
	if diff := cmp.Diff(before, privileges()); diff != "" {
		t.Errorf("bob took what is not his (-before +after):\n%s", diff)
	}
	if _, err := w.db.UserByName(context.Background(), "bob2"); err == nil {
		t.Error("bob has made a person")
	}
	for _, form := range []url.Values{{"q": {"Mine"}}, {"q": {"stolen"}}} {
		if list := w.office("alice").get("/apps?" + form.Encode()).body; strings.Contains(list, `href="/apps/app_`) {
			t.Error("bob has made an app")
		}
	}
}
