package main

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestInspect: dev-only settings that came into a production database by whatever way are named.
func TestInspect(t *testing.T) {
	where := storagetest.Config(t, false)
	where.Dir, where.Issuer, where.Dev, where.AnyIssuer = t.TempDir(), "https://id.example.com", false, false
	db, err := storage.Create(t.Context(), where, func(ctx context.Context, db *storage.DB) error {
		for _, id := range []string{"loop", "plainhttp", "good"} {
			_, _, err := db.CreateApp(ctx, storage.Command, storage.NewApp{App: storage.App{ID: id, Name: id, Type: storage.AppWeb,
				Enabled: true, RedirectURIs: []string{"https://app.example.com/cb"}}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Close()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", filepath.Join(where.Dir, "propusk.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = raw.Exec(`UPDATE apps SET any_loopback = (id = 'loop'), insecure_redirect = (id = 'plainhttp')`)
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Close()
	if err != nil {
		t.Fatal(err)
	}
	found := &problems{config: &config{}}
	db = inspect(t.Context(), where, found)
	if db == nil {
		t.Fatalf("the database was not opened: %v", found.lines)
	}
	defer db.Close()
	want := []string{
		`app "loop": has any_loopback or insecure_redirect, which only dev knows`,
		`app "plainhttp": has any_loopback or insecure_redirect, which only dev knows`,
	}
	if diff := cmp.Diff(want, found.lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
