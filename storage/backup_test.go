package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

func TestBackupAndRestore(t *testing.T) {
	config := storagetest.Config(t, true)
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { // writes go on
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			db.Audit(ctx, entry(i))
		}
	}()
	for written(t, db) < 20 {
	}
	before := written(t, db)
	dir := t.TempDir()
	path := filepath.Join(dir, "it's a backup?.db")
	if err = db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-done
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v, want the backup alone", entries, err)
	}
	content := mustRead(t, path)
	if err = db.Backup(t.Context(), path); !errors.Is(err, storage.ErrExists) {
		t.Errorf("over an existing file: got %v, want %v", err, storage.ErrExists)
	}
	if string(content) != string(mustRead(t, path)) {
		t.Error("the existing file has changed")
	}

	target := config
	target.Dir = filepath.Join(t.TempDir(), "new")
	if err = storage.Restore(t.Context(), target, path, false); err != nil {
		t.Fatal(err)
	}
	restored, err := storage.Open(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if got := written(t, restored); got < before {
		t.Errorf("restored: got %d rows, want the %d acknowledged before the backup", got, before)
	}
	checkModes(t, target.Dir)
	u, err := restored.UserByName(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := restored.CheckPassword(u, "alice"); !ok {
		t.Error("restored: alice cannot sign in")
	}
	if err = storage.Restore(t.Context(), target, path, true); !errors.Is(err, storage.ErrInUse) {
		t.Errorf("over an open database: got %v, want %v", err, storage.ErrInUse)
	}
	if err = restored.Close(); err != nil {
		t.Fatal(err)
	}
	if err = storage.Restore(t.Context(), target, path, false); !errors.Is(err, storage.ErrExists) {
		t.Errorf("over a database: got %v, want %v", err, storage.ErrExists)
	}
	if err = storage.Restore(t.Context(), target, path, true); err != nil {
		t.Errorf("over a closed database: %v", err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	source := storagetest.Config(t, false)
	good := mustRead(t, file(source))
	for _, c := range []struct {
		name   string
		backup []byte
		change func(*storage.Config)
		want   error
	}{
		{"empty", nil, nil, storage.ErrEmptyFile},
		{"text", []byte(strings.Repeat("not a database\n", 500)), nil, storage.ErrNotDatabase},
		{"cut", good[:len(good)/2], nil, storage.ErrDamaged},
		{"damaged", append(append(append([]byte{}, good[:8192]...), make([]byte, 16384)...), good[8192+16384:]...), nil, storage.ErrDamaged},
		{"wrong master key", good, func(c *storage.Config) { c.MasterKey = storage.NewMasterKey() }, storage.ErrMasterKey},
		{"another issuer", good, func(c *storage.Config) { c.Issuer = "https://id.example" }, storage.ErrIssuer},
		{"dev for serve", good, func(c *storage.Config) { c.Dev = false }, storage.ErrDevOnly},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := storagetest.Config(t, false)
			if c.change != nil {
				c.change(&target)
			}
			path := filepath.Join(t.TempDir(), "backup.db")
			if err := os.WriteFile(path, c.backup, 0o600); err != nil {
				t.Fatal(err)
			}
			before := mustRead(t, file(target))
			err := storage.Restore(t.Context(), target, path, true)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			var refusal *storage.Refusal
			if errors.As(err, &refusal) && refusal.Path != path {
				t.Errorf("the refusal names %s, want the backup", refusal.Path)
			}
			if string(before) != string(mustRead(t, file(target))) {
				t.Error("the database has changed")
			}
			entries, err := os.ReadDir(target.Dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.Contains(e.Name(), ".new-") {
					t.Errorf("%s was left behind", e.Name())
				}
			}
		})
	}
}

// TestSweepBounds finds no transaction of the sweep larger than a batch.
func TestSweepBounds(t *testing.T) {
	db := storagetest.New(t)
	rows := 2*storage.SweepBatch + 1
	err := db.Exec(t.Context(), fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)
		INSERT INTO revoked_tokens (id, expires_at) SELECT 'token' || i, 1 FROM n`, rows))
	if err != nil {
		t.Fatal(err)
	}
	commits, _ := db.Commits()
	swept, err := db.Sweep(t.Context())
	if err != nil || swept != rows {
		t.Fatalf("got %d swept, %v, want %d", swept, err, rows)
	}
	after, _ := db.Commits()
	if got := after - commits; got < 3 {
		t.Errorf("got %d commits for %d rows, want at least 3", got, rows)
	}
}
