package storage_test

import (
	"errors"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestLastAdminWithPassword: an administrator who was only invited does not let the last one go who can
// sign in.
func TestLastAdminWithPassword(t *testing.T) {
	db, ctx := storagetest.Seeded(t), t.Context()
	alice := person(t, db, "alice").ID
	invited, secret, err := db.InviteUser(ctx, storage.Command, storage.NewUser{Login: "dora", Access: storage.Full})
	check(t, "invite", err, nil)
	lower := func(id string) error {
		_, err := db.UpdateUser(ctx, storage.Command, id, func(u *storage.User) error { u.Access = storage.Partial; return nil })
		return err
	}
	for what, err := range map[string]error{"lower": lower(alice), "disable": db.SetUserDisabled(ctx, storage.Command, alice, true)} {
		var invalid *storage.Invalid
		if !errors.As(err, &invalid) || invalid.Reason != "last_admin" {
			t.Errorf("%s: got %v, want last_admin", what, err)
		}
	}
	other, err := db.CreateUser(ctx, storage.Command, storage.NewUser{Login: "erin", Access: storage.Full})
	check(t, "another without a password", err, nil)
	check(t, "lower one who cannot sign in", lower(other.ID), nil)
	_, err = db.UseLink(ctx, secret, "seven brass kettles", "")
	check(t, "link", err, nil)
	check(t, "lower where the invited one can", lower(alice), nil)
	if u, err := db.User(ctx, invited.ID); err != nil || u.Access != storage.Full {
		t.Errorf("got %+v, %v", u, err)
	}
}
