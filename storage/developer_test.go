package storage_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestOwnersParallel lets an owner and an administrator hand an app over, step down and remove each other
// at once, in two processes on one file. After every round there is one owner.
func TestOwnersParallel(t *testing.T) {
	server, command := openTwice(t)
	ctx := t.Context()
	people := map[string]*storage.User{}
	for _, login := range []string{"alice", "bob", "carol"} {
		u, err := server.UserByName(ctx, login)
		if err != nil {
			t.Fatal(err)
		}
		people[login] = u
	}
	owner := func(login string) func(*storage.DB, storage.Actor) error {
		return func(db *storage.DB, by storage.Actor) error {
			return db.SetDeveloper(ctx, by, "demo", storage.Developer{UserID: people[login].ID, Role: storage.RoleOwner})
		}
	}
	developer := func(login string) func(*storage.DB, storage.Actor) error {
		return func(db *storage.DB, by storage.Actor) error {
			return db.SetDeveloper(ctx, by, "demo", storage.Developer{UserID: people[login].ID, Role: storage.RoleDeveloper})
		}
	}
	remove := func(login string) func(*storage.DB, storage.Actor) error {
		return func(db *storage.DB, by storage.Actor) error {
			return db.RemoveDeveloper(ctx, by, "demo", people[login].ID)
		}
	}
	steps := []func(*storage.DB, storage.Actor) error{owner("bob"), owner("carol"), owner("alice"), remove("alice"), remove("bob"),
		remove("carol"), developer("bob"), developer("alice")}
	actors := []storage.Actor{storage.UserActor(people["alice"], ""), storage.UserActor(people["bob"], ""), storage.UserActor(people["carol"], ""), storage.Command}
	for round := range 15 {
		var wg sync.WaitGroup
		for i, step := range steps {
			db, by := server, actors[(i+round)%len(actors)]
			if i%2 == 1 {
				db = command
			}
			wg.Go(func() {
				err := step(db, by)
				var invalid *storage.Invalid
				if err != nil && !errors.As(err, &invalid) && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrForbidden) {
					t.Errorf("step %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		var owners int
		err := server.ReadPool().QueryRowContext(ctx, `SELECT count(*) FROM app_developers WHERE app_id = 'demo' AND role = 'owner'`).Scan(&owners)
		if err != nil || owners != 1 {
			t.Fatalf("round %d: got %d owners, %v, want one", round, owners, err)
		}
	}
	var want string
	err := server.ReadPool().QueryRowContext(ctx, `SELECT user_id FROM app_developers WHERE app_id = 'demo' AND role = 'owner'`).Scan(&want)
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "the owner", func() bool {
		app, err := server.App(ctx, "demo")
		return err == nil && app.OwnerID() == want
	})
}

// TestSeedPeople holds who is what in the seeded apps.
func TestSeedPeople(t *testing.T) {
	db := storagetest.Seeded(t)
	list, _, err := db.Apps(t.Context(), storage.AppFilter{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range list {
		for _, d := range a.Developers {
			u, err := db.User(t.Context(), d.UserID)
			if err != nil {
				t.Fatal(err)
			}
			got[a.ID] += fmt.Sprintf("%s %s %s; ", u.Login, d.Role, d.Phone)
		}
	}
	alice := "alice owner +7 921 555-01-42; "
	want := map[string]string{"demo": alice + "bob developer +7 921 555-01-77; ", "plain": alice, "spa": alice, "cli": alice, "yourClientId": alice, "service": alice}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
