package storage_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// person finds a seeded person.
func person(t *testing.T, db *storage.DB, login string) *storage.User {
	t.Helper()
	u, err := db.UserByName(t.Context(), login)
	if err != nil {
		t.Fatalf("%s: %v", login, err)
	}
	return u
}

// scoped is a seeded person by a token with those scopes.
func scoped(t *testing.T, db *storage.DB, login string, scopes ...string) storage.Actor {
	t.Helper()
	by := storage.UserActor(person(t, db, login), "192.0.2.9")
	by.Scoped, by.Scopes, by.Via = true, scopes, "the-token"
	return by
}

// check compares the category of an error; nil is none.
func check(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestTokenMakesNoAdministrator: an administrator's token gives full access only where it could do all
// that an administrator can by tokens.
func TestTokenMakesNoAdministrator(t *testing.T) {
	every := storage.APIScopes(storage.Full)
	for _, c := range []struct {
		name   string
		scopes []string
		want   error
	}{
		{"users alone", []string{storage.ScopeUsersRead, storage.ScopeUsersWrite}, storage.ErrForbidden},
		{"all but one", slices.DeleteFunc(slices.Clone(every), func(s string) bool { return s == storage.ScopeAuditRead }), storage.ErrForbidden},
		{"all", every, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, ctx := storagetest.Seeded(t), t.Context()
			by := scoped(t, db, "alice", c.scopes...)
			_, err := db.CreateUser(ctx, by, storage.NewUser{Login: "dora", Access: storage.Full, Password: "seven brass kettles"})
			check(t, "create", err, c.want)
			_, secret, err := db.InviteUser(ctx, by, storage.NewUser{Login: "erin", Access: storage.Full})
			check(t, "invite", err, c.want)
			if c.want != nil && secret != "" {
				t.Error("a refused invitation has a link")
			}
			full := func(u *storage.User) error { u.Access = storage.Full; return nil }
			_, err = db.UpdateUser(ctx, by, person(t, db, "bob").ID, full)
			check(t, "update", err, c.want)
			rename := func(u *storage.User) error { u.Name = "Still full"; return nil }
			_, err = db.UpdateUser(ctx, by, by.ID, rename)
			check(t, "another field of an administrator", err, nil)
			_, err = db.CreateUser(ctx, by, storage.NewUser{Login: "fred"})
			check(t, "partial access", err, nil)
			list, _, err := db.Users(ctx, storage.UserFilter{Access: storage.Full})
			want := 1
			if c.want == nil {
				want = 4
			}
			if err != nil || len(list) != want {
				t.Errorf("got %d administrators, %v, want %d", len(list), err, want)
			}
		})
	}
}
