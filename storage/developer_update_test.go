package storage_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestUpdateDeveloper changes a role as it is in the transaction, and gives none to who has none.
func TestUpdateDeveloper(t *testing.T) {
	db, ctx := storagetest.Seeded(t), t.Context()
	alice, bob, carol := person(t, db, "alice"), person(t, db, "bob"), person(t, db, "carol")
	roles := func() map[string]string {
		app, err := db.App(ctx, "demo")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, d := range app.Developers {
			got[d.UserID] = string(d.Role) + " " + d.Phone
		}
		return got
	}
	phone := func(number string) func(*storage.Developer) error {
		return func(d *storage.Developer) error { d.Phone, d.UserID = number, carol.ID; return nil }
	}
	role := func(r storage.Role) func(*storage.Developer) error {
		return func(d *storage.Developer) error { d.Role = r; return nil }
	}
	by := storage.UserActor(alice, "")
	check(t, "phone", db.UpdateDeveloper(ctx, by, "demo", bob.ID, phone("112")), nil)
	check(t, "role", db.UpdateDeveloper(ctx, by, "demo", bob.ID, role(storage.RoleViewer)), nil)
	want := map[string]string{alice.ID: "owner +7 921 555-01-42", bob.ID: "viewer 112"}
	if diff := cmp.Diff(want, roles()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	own := errors.New("of the caller")
	check(t, "its error", db.UpdateDeveloper(ctx, by, "demo", bob.ID, func(*storage.Developer) error { return own }), own)
	check(t, "by who may not", db.UpdateDeveloper(ctx, storage.UserActor(bob, ""), "demo", bob.ID, role(storage.RoleOwner)), storage.ErrForbidden)
	check(t, "by a stranger", db.UpdateDeveloper(ctx, storage.UserActor(carol, ""), "demo", bob.ID, role(storage.RoleOwner)), storage.ErrNotFound)
	check(t, "without a role", db.UpdateDeveloper(ctx, by, "demo", carol.ID, phone("112")), storage.ErrNotFound)
	var invalid *storage.Invalid
	err := db.UpdateDeveloper(ctx, by, "demo", alice.ID, role(storage.RoleViewer))
	if !errors.As(err, &invalid) || invalid.Reason != "owner_needed" {
		t.Errorf("the owner's role: got %v", err)
	}
	check(t, "hand over", db.UpdateDeveloper(ctx, by, "demo", bob.ID, role(storage.RoleOwner)), nil)
	want = map[string]string{alice.ID: "developer +7 921 555-01-42", bob.ID: "owner 112"}
	if diff := cmp.Diff(want, roles()); diff != "" {
		t.Errorf("handed over (-want +got):\n%s", diff)
	}
	check(t, "remove", db.RemoveDeveloper(ctx, by, "demo", alice.ID), nil)
	check(t, "a removed one", db.UpdateDeveloper(ctx, storage.Command, "demo", alice.ID, phone("112")), storage.ErrNotFound)
	if got := roles()[alice.ID]; got != "" {
		t.Errorf("a removed developer is back: %q", got)
	}
}
