package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestOfflineScopes: a person grants access for when they are away and ends the session on the account
// page of another browser. From then on the app gets what its offline column says and is told so; an app
// without offline access gets nothing.
func TestOfflineScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.addApp(storage.App{ID: "mailer", RedirectURIs: []string{"https://mailer.example/cb"}, Scopes: []storage.AppScope{
		{Name: "openid", Required: true, Offline: true}, {Name: "profile"}, {Name: "email", Offline: true}, {Name: storage.ScopeOffline},
	}})
	app.scope = "openid profile email offline_access"
	phone := w.office("bob")
	phone.tick = []string{"profile", "email", "offline_access"}
	away := w.login(phone, app)
	if got := w.introspect(app, away.access).text("scope"); got != app.scope {
		t.Fatalf("granted %q, want %q", got, app.scope)
	}
	here := w.login(phone, demoApp) // without offline access
	sid, _ := claimsOf(t, away.id)["sid"].(string)

	desk := w.office("bob")
	page := desk.get("/account")
	if !strings.Contains(page.body, `action="/account/sessions/`+sid+`/end"`) || !strings.Contains(page.body, `href="/account/apps/mailer/remove"`) {
		t.Fatalf("the account page does not show the session and the app:\n%s", clipLog(page.body))
	}
	w.must("end the session", desk.press("/account/sessions/"+sid+"/end"), http.StatusSeeOther)
	if to := phone.get("/account").header.Get("Location"); !strings.HasPrefix(to, "/login") {
		t.Errorf("the ended session at its next request: to %q, want the sign-in", to)
	}
	w.wantDead(demoApp, here)
	const left = "openid email offline_access"
	if got := w.introspect(app, away.access).text("scope"); got != left {
		t.Errorf("the access token of before: scope %q, want %q", got, left)
	}
	got := w.token(app.refreshing(away.refresh))
	next := w.granted(got)
	info := w.userinfo(next.access).json()
	if diff := cmp.Diff([]any{left, left, "bob@example.com", nil}, []any{got.text("scope"), w.introspect(app, next.access).text("scope"), info["email"], info["name"]}); diff != "" {
		t.Errorf("after the session: scope of the answer, of introspection, email and name at userinfo (-want +got):\n%s", diff)
	}
	wantError(t, "the scope that was lost", w.token(app.refreshing(next.refresh, "scope", "openid profile")), http.StatusBadRequest, "invalid_scope")
	// Signing in again gives nothing back to the grant: it is narrowed for good.
	w.office("bob")
	last := w.token(app.refreshing(next.refresh))
	if last.text("scope") != left {
		t.Errorf("after another sign-in: scope %q, want %q", last.text("scope"), left)
	}
	w.must("remove the app", desk.press("/account/apps/mailer/remove"), http.StatusSeeOther)
	w.wantDead(app, w.granted(last))
}

// TestRolesAtOnce: an app that is not delegated is for its developers, and a role that is taken counts at
// the next request of each of its tokens.
func TestRolesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.office("alice")
	app := w.addApp(storage.App{ID: "closed", RedirectURIs: []string{"https://closed.example/cb"}})
	w.developer("closed", "bob", storage.RoleDeveloper)
	w.must("close", alice.press("/apps/closed/authorization", "section", "switches", "enabled", "on"), http.StatusSeeOther)
	bob, carol := w.office("bob"), w.office("carol")
	if to := carol.walk(authorizePath(app.asking())).location(); to == nil || to.Query().Get("error") != "access_denied" || to.Query().Has("code") {
		t.Errorf("somebody without a role is led to %v, want access_denied", to)
	}
	all := w.login(bob, app)
	unused := bob.code(app)
	if !w.active(app, all.access) {
		t.Fatal("the developer's token is not active")
	}
	w.must("take the role", alice.press("/apps/closed/developers", "section", "remove", "user", w.userID("bob")), http.StatusSeeOther)
	w.wantDead(app, all)
	wantError(t, "a code of before", w.token(app.redeeming(unused)), http.StatusBadRequest, "invalid_grant")
	if to := bob.walk(authorizePath(app.asking())).location(); to == nil || to.Query().Get("error") != "access_denied" {
		t.Errorf("after the role was taken bob is led to %v, want access_denied", to)
	}
}

// TestDisabledAtOnce: a person who is disabled on the page is out of every browser, app and device with
// the next request; the last administrator stays.
func TestDisabledAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice, bob := w.office("alice"), w.office("bob")
	all := w.login(bob, demoApp)
	waiting := w.device(demoApp, "openid profile email")
	bob.approve(waiting)
	script := w.script(bob, storage.ScopeMeRead)
	w.must("disable", alice.press("/users/"+w.userID("bob")+"/disable"), http.StatusSeeOther)
	w.wantDead(demoApp, all)
	wantError(t, "the device that was approved", w.poll(waiting), http.StatusBadRequest, "invalid_grant")
	if got := w.call(script, http.MethodGet, "/me", ""); got.status != http.StatusUnauthorized {
		t.Errorf("the script: %d", got.status)
	}
	if to := bob.get("/account").header.Get("Location"); !strings.HasPrefix(to, "/login") {
		t.Errorf("the browser is led to %q, want the sign-in", to)
	}
	admin := w.script(alice, storage.ScopeUsersWrite, storage.ScopeUsersRead, storage.ScopeMeRead)
	own := w.call(admin, http.MethodPatch, "/users/"+w.userID("alice"), `{"access":"partial"}`)
	if own.status != http.StatusForbidden { // a token does not change what it rests on
		t.Errorf("one's own access by the API: got %d, want 403", own.status)
	}
	for what, got := range map[string]*reply{
		"disable by page": alice.press("/users/" + w.userID("alice") + "/disable"), "access by page": alice.press("/users/"+w.userID("alice")+"/access", "access", "partial"),
		"disable by API": w.call(admin, http.MethodPatch, "/users/"+w.userID("alice"), `{"disabled":true}`),
	} {
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("the last administrator, %s: got %d, want 422", what, got.status)
		}
	}
	u, err := w.db.UserByName(context.Background(), "alice")
	if err != nil || u.Disabled() || u.Access != storage.Full {
		t.Errorf("the last administrator is %+v, %v", u, err)
	}
	// Two administrators lower each other at the same moment: one of them remains.
	w.must("a second administrator by a token", w.call(admin, http.MethodPatch, "/users/"+w.userID("carol"), `{"access":"full"}`), http.StatusForbidden)
	w.must("second administrator", alice.press("/users/"+w.userID("carol")+"/access", "access", "full"), http.StatusSeeOther)
	carol := w.office("carol")
	carol.token()
	alice.token()
	together(2, func(i int) {
		if i == 0 {
			alice.press("/users/"+w.userID("carol")+"/access", "access", "partial")
		} else {
			carol.press("/users/"+w.userID("alice")+"/access", "access", "partial")
		}
	})
	full := 0
	for _, login := range []string{"alice", "carol"} {
		u, err := w.db.UserByName(context.Background(), login)
		if err != nil {
			t.Fatal(err)
		}
		if u.Access == storage.Full {
			full++
		}
	}
	if full != 1 {
		t.Errorf("%d administrators remain, want 1", full)
	}
}
