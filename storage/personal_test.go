package storage_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestNoTokenInFiles is HC-056 for what people are shown once: neither tokens nor links nor new passwords
// are in the files of the database or in a backup.
func TestNoTokenInFiles(t *testing.T) {
	config := storagetest.Config(t, true)
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	bob, err := db.UserByName(ctx, "bob")
	if err != nil {
		t.Fatal(err)
	}
	by := storage.UserActor(bob, "192.0.2.1")
	made, token, err := db.CreatePersonalToken(ctx, by, storage.NewPersonalToken{UserID: bob.ID, Name: "a witness", Scopes: []string{storage.ScopeMeRead}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = db.PersonalTokenBySecret(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	used, _, err := db.CreateLink(ctx, storage.Command, bob.ID, storage.LinkInvite)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.UseLink(ctx, used, "the password of a link", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	link, _, err := db.CreateLink(ctx, storage.Command, bob.ID, storage.LinkRecover)
	if err != nil {
		t.Fatal(err)
	}
	err = db.ChangePassword(ctx, by, bob.ID, "the password of a link", "the password of a change", "")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "backup.db")
	err = db.Backup(ctx, copied)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"token": token[len(made.Prefix):], "used link": used[20:], "link": link[20:],
		"password of the link": "the password of a link", "changed password": "the password of a change"}
	for _, path := range []string{file(config), file(config) + "-wal", copied} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("the %s is in %s", name, filepath.Base(path))
			}
		}
	}
	if !bytes.Contains(mustRead(t, copied), []byte("a witness")) {
		t.Error("the search found not even the name of the token")
	}
}

// TestPersonalOtherProcess: what a command does to a token, its user or a search is seen by the server.
func TestPersonalOtherProcess(t *testing.T) {
	server, command := openTwice(t)
	ctx := t.Context()
	bob, err := server.UserByName(ctx, "bob")
	if err != nil {
		t.Fatal(err)
	}
	made, secret, err := command.CreatePersonalToken(ctx, storage.Command,
		storage.NewPersonalToken{UserID: bob.ID, Name: "ci", Scopes: []string{storage.ScopeMeRead}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = server.PersonalTokenBySecret(ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	found := func(query string) int {
		t.Helper()
		list, _, err := server.Users(ctx, storage.UserFilter{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if got := found("orlov"); got != 1 {
		t.Errorf("before: got %d people, want 1", got)
	}
	_, err = command.UpdateUser(ctx, storage.Command, bob.ID, func(u *storage.User) error { u.Name = "Bob Щукин"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	_, err = command.CreateUser(ctx, storage.Command, storage.NewUser{Login: "dora", Name: "Dora Щукина"})
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "another name and another person", func() bool { return found("щукин") == 2 && found("orlov") == 0 })
	err = command.RemovePersonalToken(ctx, storage.Command, bob.ID, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "revoked token", func() bool {
		_, _, err := server.PersonalTokenBySecret(ctx, secret)
		return errors.Is(err, storage.ErrNotFound)
	})
}

// TestSearchAfterImport: more changes than a search remembers, and a clock that is put back.
func TestSearchAfterImport(t *testing.T) {
	clock := storagetest.NewClock()
	db := storagetest.SeededAt(t, clock)
	ctx := t.Context()
	count := func() int {
		t.Helper()
		n, err := db.CountUsers(ctx, storage.UserFilter{Query: "imported"})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := count(); got != 0 {
		t.Fatalf("before: got %d, want 0", got)
	}
	err := db.Exec(ctx, `INSERT INTO users SELECT printf('%026d', n), 'i' || n, 'i' || n, 'Imported', 'imported', '', NULL, FALSE, 'partial', '', 0, '{}', 0, 1, 1
		FROM (WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000) SELECT n FROM c)`)
	if err != nil {
		t.Fatal(err)
	}
	db.ForgetAll() // as after another process; its rows are older than all that is known
	if got := count(); got != 3000 {
		t.Errorf("after an import of old rows: got %d, want 3000", got)
	}
	clock.Advance(-1000 * 24 * 3600 * 1e9)
	err = db.Exec(ctx, `UPDATE users SET name_key = 'x', updated_at = 5 WHERE login = 'i7'`)
	if err != nil {
		t.Fatal(err)
	}
	db.ForgetAll()
	if got := count(); got != 2999 {
		t.Errorf("after a change with the clock put back: got %d, want 2999", got)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	db.ForgetAll()
	_, err = db.CountUsers(cancelled, storage.UserFilter{Query: "imported"})
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("a search that was broken off: got %v, want %v", err, storage.ErrUnavailable)
	}
	if got := count(); got != 2999 {
		t.Errorf("after a search that was broken off: got %d, want 2999", got)
	}
}
