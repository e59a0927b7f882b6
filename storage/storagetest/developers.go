package storagetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// people lists the developers of an app as "login role phone".
func (w *world) people(appID string) []string {
	w.Helper()
	var list []string
	for _, d := range w.app(appID).Developers {
		u, err := w.db.User(w.ctx, d.UserID)
		w.must(err)
		list = append(list, fmt.Sprintf("%s %s %s", u.Login, d.Role, d.Phone))
	}
	return list
}

func testDevelopers(t *testing.T, w *world) {
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.people("demo")); diff != "" {
			t.Errorf("developers (-want +got):\n%s", diff)
		}
	}
	set := func(by storage.Actor, login string, role storage.Role, phone string) error {
		return w.db.SetDeveloper(w.ctx, by, "demo", storage.Developer{UserID: w.user(login).ID, Role: role, Phone: phone})
	}
	const alicePhone, bobPhone = "+7 921 555-01-42", "+7 921 555-01-77"
	alice, bob, carol := w.as("alice"), w.as("bob"), w.as("carol")
	expect("alice owner "+alicePhone, "bob developer "+bobPhone)
	w.must(set(alice, "carol", storage.RoleViewer, " +7 (921) 555-01-99 "))
	expect("alice owner "+alicePhone, "bob developer "+bobPhone, "carol viewer +7 (921) 555-01-99")
	w.must(set(alice, "carol", storage.RoleDeveloper, ""))
	expect("alice owner "+alicePhone, "bob developer "+bobPhone, "carol developer ")

	for _, c := range []struct{ want, login, role, phone string }{
		{"role_invalid", "carol", "admin", ""},
		{"role_invalid", "carol", "", ""},
		{"phone_invalid", "carol", "viewer", "call me"},
		{"phone_invalid", "carol", "viewer", "55+1"},
		{"phone_invalid", "carol", "viewer", "()"},
		{"phone_invalid", "carol", "viewer", "123456789012345678901234567890123456789012"},
		{"owner_needed", "alice", "developer", ""},
		{"owner_needed", "alice", "viewer", ""},
	} {
		w.reason(set(alice, c.login, storage.Role(c.role), c.phone), c.want)
	}
	w.reason(w.db.SetDeveloper(w.ctx, alice, "demo", storage.Developer{UserID: storage.NewID(), Role: storage.RoleViewer}), "developer_unknown")
	w.reason(w.db.SetDeveloper(w.ctx, alice, "demo", storage.Developer{Role: storage.RoleViewer}), "developer_unknown")
	w.reason(w.db.RemoveDeveloper(w.ctx, alice, "demo", alice.ID), "owner_needed")
	w.category(set(bob, "bob", storage.RoleOwner, ""), storage.ErrForbidden)

	// The owner hands over and keeps the role of a developer.
	w.must(set(alice, "bob", storage.RoleOwner, bobPhone))
	expect("bob owner "+bobPhone, "alice developer "+alicePhone, "carol developer ")
	w.must(w.db.RemoveDeveloper(w.ctx, bob, "demo", alice.ID))
	w.must(w.db.RemoveDeveloper(w.ctx, carol, "demo", carol.ID)) // their own
	expect("bob owner " + bobPhone)
	w.category(w.db.RemoveDeveloper(w.ctx, bob, "demo", carol.ID), storage.ErrNotFound)
	w.category(w.db.RemoveDeveloper(w.ctx, bob, "demo", ""), storage.ErrNotFound)

	// Who cannot sign in gets no role, but keeps one.
	w.must(set(bob, "carol", storage.RoleViewer, ""))
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, carol.ID, true))
	w.must(set(bob, "carol", storage.RoleViewer, "112"))
	w.reason(set(bob, "carol", storage.RoleOwner, ""), "developer_unknown")
	expect("bob owner "+bobPhone, "carol viewer 112")

	scoped := bob
	scoped.Scoped, scoped.Scopes = true, []string{storage.ScopeAppsRead}
	w.must(set(bob, "alice", storage.RoleOwner, ""))
	w.category(w.db.RemoveDeveloper(w.ctx, scoped, "demo", bob.ID), storage.ErrForbidden)
	scoped.Scopes = []string{storage.ScopeAppsWrite}
	w.category(w.db.RemoveDeveloper(w.ctx, scoped, "demo", bob.ID), storage.ErrNotFound) // may not read
	scoped.Scopes = []string{storage.ScopeAppsRead, storage.ScopeAppsWrite}
	w.must(w.db.RemoveDeveloper(w.ctx, scoped, "demo", bob.ID))
}

// testDevelopersMany fills an app with as many people as it may have.
func testDevelopersMany(t *testing.T, w *world) {
	for i := range 101 {
		u, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: fmt.Sprintf("helper%d", i)})
		w.must(err)
		err = w.db.SetDeveloper(w.ctx, storage.Command, "service", storage.Developer{UserID: u.ID, Role: storage.RoleViewer})
		want := ""
		if i >= 99 { // the owner is one of a hundred
			want = "developer_too_many"
		}
		w.reason(err, want)
	}
}

// testUnowned gives an app of the administrators its first owner.
func testUnowned(t *testing.T, w *world) {
	a, _, err := w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{App: storage.App{Name: "Nobody's"}})
	w.must(err)
	if a.OwnerID() != "" {
		t.Errorf("got owner %q, want none", a.OwnerID())
	}
	bob := w.user("bob")
	w.must(w.db.SetDeveloper(w.ctx, storage.Command, a.ID, storage.Developer{UserID: bob.ID, Role: storage.RoleDeveloper}))
	w.must(w.db.SetDeveloper(w.ctx, w.as("alice"), a.ID, storage.Developer{UserID: bob.ID, Role: storage.RoleOwner}))
	if got := w.app(a.ID).OwnerID(); got != bob.ID {
		t.Errorf("got owner %q, want bob", got)
	}
	_, _, err = w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{OwnerID: storage.NewID(), App: storage.App{Name: "x"}})
	w.category(err, storage.ErrNotFound)
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob.ID, true))
	_, _, err = w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{OwnerID: bob.ID, App: storage.App{Name: "x"}})
	w.category(err, storage.ErrNotFound)
}
