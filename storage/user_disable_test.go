package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestUpdateDisables: disabling beside other fields is one change, with all that disabling does.
func TestUpdateDisables(t *testing.T) {
	db, ctx := storagetest.Seeded(t), t.Context()
	alice, bob := storage.UserActor(person(t, db, "alice"), ""), person(t, db, "bob")
	_, token, err := db.CreatePersonalToken(ctx, storage.UserActor(bob, ""), storage.NewPersonalToken{UserID: bob.ID, Name: "x", Scopes: []string{storage.ScopeMeRead}})
	check(t, "token", err, nil)
	_, cookie, err := db.StartSession(ctx, storage.NewSession{UserID: bob.ID, ACR: "1", AMR: []string{"pwd"}})
	check(t, "session", err, nil)
	disable := func(name, login string) func(*storage.User) error {
		return func(u *storage.User) error { u.Name, u.Login, u.DisabledAt = name, login, time.Unix(1, 0); return nil }
	}
	_, err = db.UpdateUser(ctx, alice, bob.ID, disable("Robert", "carol"))
	check(t, "a login that is taken", err, storage.ErrConflict)
	_, _, err = db.SessionBySecret(ctx, cookie)
	check(t, "the session after a refusal", err, nil)
	_, err = db.UpdateUser(ctx, storage.UserActor(bob, ""), bob.ID, disable("Robert", "bob"))
	check(t, "oneself", err, storage.ErrForbidden)
	_, err = db.UpdateUser(ctx, alice, alice.ID, disable("Alicia", "alice"))
	var invalid *storage.Invalid
	if !errors.As(err, &invalid) || invalid.Reason != "last_admin" || person(t, db, "alice").Name == "Alicia" {
		t.Errorf("the last administrator: got %v", err)
	}

	u, err := db.UpdateUser(ctx, alice, bob.ID, disable("Robert", "bob"))
	check(t, "disable", err, nil)
	if stored := person(t, db, "bob"); !u.Disabled() || !u.DisabledAt.Equal(u.UpdatedAt) || !stored.Disabled() || stored.Name != "Robert" {
		t.Errorf("got %+v", u)
	}
	_, _, err = db.SessionBySecret(ctx, cookie)
	check(t, "the session", err, storage.ErrNotFound)
	_, _, err = db.PersonalTokenBySecret(ctx, token)
	check(t, "the token", err, storage.ErrNotFound)
	_, err = db.UpdateUser(ctx, alice, bob.ID, func(u *storage.User) error { u.DisabledAt = time.Time{}; return nil })
	check(t, "enable", err, nil)
	ok := false
	list, _, err := db.AuditLog(ctx, storage.AuditFilter{Target: bob.ID, Action: "user.", Refused: &ok})
	check(t, "audit", err, nil)
	var told []string
	for _, e := range list[:3] {
		told = append(told, e.Action+" "+e.Detail)
	}
	if diff := cmp.Diff([]string{"user.enable ", "user.update name", "user.disable "}, told); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}

// TestCreateDisabled: a person may be added who cannot sign in yet.
func TestCreateDisabled(t *testing.T) {
	db, ctx := storagetest.Seeded(t), t.Context()
	u, err := db.CreateUser(ctx, storage.Command, storage.NewUser{Login: "dora", Disabled: true})
	check(t, "create", err, nil)
	if stored := person(t, db, "dora"); !u.Disabled() || !u.DisabledAt.Equal(u.CreatedAt) || !stored.Disabled() {
		t.Errorf("got %+v", u)
	}
	_, _, err = db.InviteUser(ctx, storage.Command, storage.NewUser{Login: "erin", Disabled: true})
	var invalid *storage.Invalid
	if !errors.As(err, &invalid) || invalid.Reason != "user_disabled" {
		t.Errorf("invite: got %v", err)
	}
}
