package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// as is a seeded person at a page.
func (w *world) as(login string) storage.Actor {
	w.Helper()
	return storage.UserActor(w.user(login), "192.0.2.9")
}

// audited lists "action result" of what the log tells of a target, the latest first.
func (w *world) audited(target string) []string {
	w.Helper()
	list, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Target: target})
	w.must(err)
	var lines []string
	for _, e := range list {
		lines = append(lines, e.Action+" "+e.Result)
	}
	return lines
}

// attempts are all that can be tried with an app; each is told who and which.
var attempts = []struct {
	action string
	try    func(w *world, by storage.Actor, id string) error
}{
	{"app.read", func(w *world, by storage.Actor, id string) error {
		_, err := w.db.AppFor(w.ctx, by, storage.AppRead, id)
		return err
	}},
	{"app.keys", func(w *world, by storage.Actor, id string) error {
		_, err := w.db.AppFor(w.ctx, by, storage.AppKeys, id)
		return err
	}},
	{"app.update", func(w *world, by storage.Actor, id string) error {
		_, err := w.db.UpdateApp(w.ctx, by, id, func(a *storage.App) error { a.Name = "Taken over"; return nil })
		return err
	}},
	{"app_key.create", func(w *world, by storage.Actor, id string) error {
		_, secret, err := w.db.AddAppKey(w.ctx, by, id, "mine", time.Time{})
		if err != nil && secret != "" {
			w.Error("a refused attempt yields a secret")
		}
		return err
	}},
	{"app_key.create", func(w *world, by storage.Actor, id string) error {
		_, err := w.db.RotateAppSecret(w.ctx, by, id)
		return err
	}},
	{"app_key.delete", func(w *world, by storage.Actor, id string) error {
		return w.db.RemoveAppKey(w.ctx, by, id, w.app("plain").Keys[0].ID)
	}},
	{"developer.set", func(w *world, by storage.Actor, id string) error {
		return w.db.SetDeveloper(w.ctx, by, id, storage.Developer{UserID: by.ID, Role: storage.RoleOwner})
	}},
	{"developer.delete", func(w *world, by storage.Actor, id string) error {
		return w.db.RemoveDeveloper(w.ctx, by, id, w.user("alice").ID)
	}},
	{"developer.delete", func(w *world, by storage.Actor, id string) error {
		return w.db.RemoveDeveloper(w.ctx, by, id, by.ID)
	}},
	{"app.delete", func(w *world, by storage.Actor, id string) error { return w.db.DeleteApp(w.ctx, by, id) }},
}

// testForeignApp is HC-078: what is not one's own is as if it did not exist, and the log tells of it.
func testForeignApp(t *testing.T, w *world) {
	bob := w.as("bob") // develops demo, has nothing to do with plain
	before := w.app("plain")
	for _, a := range attempts {
		foreign, missing := a.try(w, bob, "plain"), a.try(w, bob, "plaim")
		for _, err := range []error{foreign, missing} {
			if !errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrForbidden) {
				t.Errorf("%s: got %v, want %v", a.action, err, storage.ErrNotFound)
			}
		}
		if foreign != nil && missing != nil && len(foreign.Error()) != len(missing.Error()) {
			t.Errorf("%s: %q can be told from %q", a.action, foreign, missing)
		}
		for _, target := range []string{"plain", "plaim"} {
			if got := w.audited(target); len(got) == 0 || got[0] != a.action+" not_found" {
				t.Errorf("%s of %s: the log tells %v", a.action, target, got)
			}
		}
	}
	if diff := cmp.Diff(before, w.app("plain"), ignoreHash); diff != "" {
		t.Errorf("the foreign app has changed (-before +after):\n%s", diff)
	}
}

// ignoreHash compares apps without what only storage sees.
var ignoreHash = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".hash" || p.Last().String() == ".sealed" }, cmp.Ignore())

// testRoles tries everything in each role: what a role lacks is forbidden, and the log tells of it.
func testRoles(t *testing.T, w *world) {
	developer := []string{"app.read", "app.keys", "app.update", "app_key.create", "app_key.delete"}
	for _, c := range []struct {
		role storage.Role
		may  []string
	}{
		{storage.RoleViewer, []string{"app.read"}},
		{storage.RoleDeveloper, developer},
	} {
		a, _, err := w.db.CreateApp(w.ctx, w.as("alice"), storage.NewApp{App: storage.App{Name: "Of alice"}})
		w.must(err)
		w.must(w.db.SetDeveloper(w.ctx, w.as("alice"), a.ID, storage.Developer{UserID: w.user("bob").ID, Role: c.role}))
		for i, attempt := range attempts {
			if i == 8 { // giving up one's own role
				continue
			}
			err := attempt.try(w, w.as("bob"), a.ID)
			may := slices.Contains(c.may, attempt.action)
			if got := errors.Is(err, storage.ErrForbidden); got == may {
				t.Errorf("%s: %s: got %v, may %t", c.role, attempt.action, err, may)
			}
			if got := w.audited(a.ID); !may && got[0] != attempt.action+" forbidden" {
				t.Errorf("%s: %s: the log tells %v", c.role, attempt.action, got[0])
			}
		}
		w.must(w.db.RemoveDeveloper(w.ctx, w.as("bob"), a.ID, w.user("bob").ID))
		_, err = w.db.AppFor(w.ctx, w.as("bob"), storage.AppRead, a.ID)
		w.category(err, storage.ErrNotFound)
	}
}

// testRightsAtUse lets people act with rights they have no longer.
func testRightsAtUse(t *testing.T, w *world) {
	bob, alice := w.as("bob"), w.as("alice")
	rename := func(by storage.Actor, name string) error {
		_, err := w.db.UpdateApp(w.ctx, by, "demo", func(a *storage.App) error { a.Name = name; return nil })
		return err
	}
	w.must(rename(bob, "Of bob"))
	bob.Access = storage.Full // as an old session, or a lie, would have it
	_, _, err := w.db.CreateApp(w.ctx, bob, storage.NewApp{App: storage.App{Name: "x"}})
	w.category(err, storage.ErrForbidden)
	_, err = w.db.AppFor(w.ctx, bob, storage.AppRead, "plain")
	w.category(err, storage.ErrNotFound)

	scoped := alice
	scoped.Scoped, scoped.Scopes = true, []string{storage.ScopeAppsRead}
	w.category(rename(scoped, "By a token"), storage.ErrForbidden)
	scoped.Scopes = []string{storage.ScopeAppsWrite, storage.ScopeAppsRead}
	w.must(rename(scoped, "By a token"))
	scoped.Scopes = nil
	w.category(rename(scoped, "By a token"), storage.ErrNotFound)

	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob.ID, true))
	w.category(rename(bob, "Of a ghost"), storage.ErrNotFound)
	_, err = w.db.AppFor(w.ctx, bob, storage.AppRead, "demo")
	w.category(err, storage.ErrNotFound)
	w.category(w.db.RemoveDeveloper(w.ctx, bob, "demo", bob.ID), storage.ErrNotFound)
	nobody := storage.Actor{Kind: storage.ActorUser, ID: storage.NewID(), Access: storage.Full}
	w.category(rename(nobody, "Of nobody"), storage.ErrNotFound)
	w.category(rename(storage.Actor{Kind: storage.ActorApp, ID: "demo", Access: storage.Full}, "Of an app"), storage.ErrNotFound)
	if got := w.app("demo").Name; got != "By a token" {
		t.Errorf("got name %q", got)
	}
}

// testTrust is HC-079: a developer raises nothing.
func testTrust(t *testing.T, w *world) {
	alice := w.as("alice")
	a, _, err := w.db.CreateApp(w.ctx, alice, storage.NewApp{App: storage.App{Name: "Handed over"}})
	w.must(err)
	if a.OwnerID() != alice.ID {
		t.Errorf("got owner %q, want who created it", a.OwnerID())
	}
	w.must(w.db.SetDeveloper(w.ctx, alice, a.ID, storage.Developer{UserID: w.user("bob").ID, Role: storage.RoleOwner}))
	before := w.app(a.ID)
	for name, raise := range map[string]func(*storage.App){
		"trusted":                 func(a *storage.App) { a.Trusted = true },
		"skip_consent":            func(a *storage.App) { a.SkipConsent = true },
		"preset_scope":            func(a *storage.App) { a.PresetScopes = []string{"openid"} },
		"offline_without_consent": func(a *storage.App) { a.OfflineWithoutConsent = true },
		"a scope of the API":      func(a *storage.App) { a.Scopes = append(a.Scopes, storage.AppScope{Name: storage.ScopeUsersWrite}) },
		"with something allowed":  func(a *storage.App) { a.Name, a.Trusted = "Other", true },
	} {
		_, err := w.db.UpdateApp(w.ctx, w.as("bob"), a.ID, func(a *storage.App) error { raise(a); return nil })
		if !errors.Is(err, storage.ErrForbidden) {
			t.Errorf("%s: got %v, want %v", name, err, storage.ErrForbidden)
		}
	}
	after, err := w.db.UpdateApp(w.ctx, w.as("bob"), a.ID, func(a *storage.App) error {
		a.ID, a.Developers, a.Keys = "other", nil, nil // ignored
		return nil
	})
	w.must(err)
	if diff := cmp.Diff(before, after, ignoreHash); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	refused, _, err := w.db.CreateApp(w.ctx, w.as("bob"), storage.NewApp{OwnerID: alice.ID, App: storage.App{ID: "of-bob", Name: "Of bob", Trusted: true}})
	w.category(err, storage.ErrForbidden)
	if got := w.audited("of-bob"); refused != nil || !slices.Equal(got, []string{"app.create forbidden"}) {
		t.Errorf("got %v, and in the log %v", refused, got)
	}
}

// testTrustRules moves the switches as an administrator.
func testTrustRules(t *testing.T, w *world) {
	alice := w.as("alice")
	change := func(f func(*storage.App)) error {
		_, err := w.db.UpdateApp(w.ctx, alice, "demo", func(a *storage.App) error { f(a); return nil })
		return err
	}
	w.must(change(func(a *storage.App) { a.OfflineWithoutConsent = true })) // demo is trusted
	w.reason(change(func(a *storage.App) { a.Trusted = false }), "offline_untrusted")
	w.must(change(func(a *storage.App) { a.Trusted, a.OfflineWithoutConsent = false, false }))
	w.reason(change(func(a *storage.App) { a.OfflineWithoutConsent = true }), "offline_untrusted")
	w.reason(change(func(a *storage.App) { a.PresetScopes = []string{"me.read"} }), "preset_unassigned")
	w.must(change(func(a *storage.App) { a.SkipConsent, a.PresetScopes = true, []string{"phone", "openid", "phone"} }))
	if diff := cmp.Diff([]string{"phone", "openid"}, w.app("demo").PresetScopes); diff != "" {
		t.Errorf("presets (-want +got):\n%s", diff)
	}
	if list, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Target: "demo"}); err != nil || list[0].Detail != "skip_consent=true, preset_scope=phone openid" {
		t.Errorf("the log tells %v, %v", list, err)
	}
	drop := func(name string) func(*storage.App) error {
		return func(a *storage.App) error {
			a.Scopes = slices.DeleteFunc(a.Scopes, func(s storage.AppScope) bool { return s.Name == name })
			return nil
		}
	}
	_, err := w.db.UpdateApp(w.ctx, w.as("bob"), "demo", drop("phone")) // narrows the presets
	w.must(err)
	if diff := cmp.Diff([]string{"openid"}, w.app("demo").PresetScopes); diff != "" {
		t.Errorf("presets without the scope (-want +got):\n%s", diff)
	}
	w.must(change(func(a *storage.App) { a.Scopes = append(a.Scopes, storage.AppScope{Name: "me.read"}) }))
	_, err = w.db.UpdateApp(w.ctx, w.as("bob"), "demo", func(a *storage.App) error { a.Description = "kept"; return nil })
	w.must(err) // a scope of the API that is there already asks for nothing
	w.must(change(func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal) }))
}
