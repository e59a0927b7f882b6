package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/migrations"
	"github.com/propusk/propusk/storage/storagetest"
)

// file is the database file of a configuration.
func file(c storage.Config) string { return filepath.Join(c.Dir, "propusk.db") }

// overwrite changes bytes of the database file.
func overwrite(t *testing.T, c storage.Config, offset int64, data []byte) {
	t.Helper()
	f, err := os.OpenFile(file(c), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(data, offset)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// foreign runs SQL on the file as another program would.
func foreign(t *testing.T, c storage.Config, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file(c))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), query)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, c *storage.Config)
		want   error
	}{
		{"missing", func(t *testing.T, c *storage.Config) { os.Remove(file(*c)) }, storage.ErrNoDatabase},
		{"empty file", func(t *testing.T, c *storage.Config) { os.Truncate(file(*c), 0) }, storage.ErrEmptyFile},
		{"text file", func(t *testing.T, c *storage.Config) { os.WriteFile(file(*c), []byte("hello"), 0o600) }, storage.ErrNotDatabase},
		{"damaged header", func(t *testing.T, c *storage.Config) { overwrite(t, *c, 0, make([]byte, 16)) }, storage.ErrNotDatabase},
		{"damaged pages", func(t *testing.T, c *storage.Config) { overwrite(t, *c, 3*4096, make([]byte, 6*4096)) }, storage.ErrDamaged},
		{"another program's", func(t *testing.T, c *storage.Config) { foreign(t, *c, "PRAGMA application_id = 77") }, storage.ErrForeign},
		{"newer schema", func(t *testing.T, c *storage.Config) { foreign(t, *c, "PRAGMA user_version = 99") }, storage.ErrNewer},
		{"no instance", func(t *testing.T, c *storage.Config) { foreign(t, *c, "DELETE FROM instance") }, storage.ErrDamaged},
		{"dev mark removed by hand", func(t *testing.T, c *storage.Config) {
			foreign(t, *c, "UPDATE instance SET dev = 0")
			c.Dev = false
		}, storage.ErrMasterKey},
		{"wrong master key", func(_ *testing.T, c *storage.Config) { c.MasterKey = storage.NewMasterKey() }, storage.ErrMasterKey},
		{"short master key", func(_ *testing.T, c *storage.Config) { c.MasterKey = c.MasterKey[:16] }, storage.ErrMasterKey},
		{"another issuer", func(_ *testing.T, c *storage.Config) { c.Issuer = "https://id.example" }, storage.ErrIssuer},
		{"dev under serve", func(_ *testing.T, c *storage.Config) { c.Dev = false }, storage.ErrDevOnly},
		{"readable by others", func(t *testing.T, c *storage.Config) { os.Chmod(file(*c), 0o640) }, storage.ErrMode},
		{"log readable by others", func(t *testing.T, c *storage.Config) { os.WriteFile(file(*c)+"-wal", nil, 0o604) }, storage.ErrMode},
		{"directory writable by others", func(t *testing.T, c *storage.Config) { os.Chmod(c.Dir, 0o777) }, storage.ErrMode},
		{"symbolic link", func(t *testing.T, c *storage.Config) {
			os.Rename(file(*c), file(*c)+".real")
			os.Symlink(file(*c)+".real", file(*c))
		}, storage.ErrMode},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := storagetest.Config(t, false)
			c.change(t, &config)
			before, _ := os.ReadFile(file(config))
			db, err := storage.Open(t.Context(), config)
			if err == nil {
				db.Close()
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			var refusal *storage.Refusal
			if !errors.Is(c.want, storage.ErrMasterKey) && (!errors.As(err, &refusal) || refusal.Hint == "" || refusal.Path == "") {
				t.Errorf("got %#v, want a refusal with a path and a hint", err)
			}
			after, _ := os.ReadFile(file(config))
			if string(before) != string(after) {
				t.Error("refusing has changed the file")
			}
		})
	}
}

func TestOpenAccepts(t *testing.T) {
	config := storagetest.Config(t, true)
	config.Issuer, config.AnyIssuer = "http://localhost:1", true
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatalf("another port in dev: %v", err)
	}
	first, _, err := db.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err = errors.Join(db.Health(t.Context()), db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err = db.Health(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("health after closing: got %v", err)
	}
	if err = db.Audit(t.Context(), storage.AuditEntry{Action: "test.x"}); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("write after closing: got %v", err)
	}
	db, err = storage.Open(t.Context(), config)
	if err != nil {
		t.Fatalf("second time: %v", err)
	}
	defer db.Close()
	second, _, err := db.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("signing keys over a restart (-want +got):\n%s", diff)
	}
}

func TestProductionDatabase(t *testing.T) {
	c := storage.Config{Dir: filepath.Join(t.TempDir(), "a", "b c?#%"), MasterKey: storage.NewMasterKey(), Issuer: "https://id.example"}
	db, err := storage.Create(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := db.Users(t.Context(), storage.UserFilter{})
	if err != nil || len(list) != 0 {
		t.Errorf("got %d people, %v, want none", len(list), err)
	}
	_, _, err = db.CreateApp(t.Context(), storage.Command, storage.NewApp{App: storage.App{Name: "x", AnyLoopback: true}})
	var invalid *storage.Invalid
	if !errors.As(err, &invalid) || invalid.Reason != "dev_only" {
		t.Errorf("any_loopback outside dev: got %v", err)
	}
	checkModes(t, c.Dir)
	if err = db.Close(); err != nil {
		t.Fatal(err)
	}
	c.Dev = true
	_, err = storage.Open(t.Context(), c)
	if !errors.Is(err, storage.ErrNotDev) {
		t.Errorf("production database under dev: got %v, want %v", err, storage.ErrNotDev)
	}
	_, err = storage.Create(t.Context(), c, nil)
	if !errors.Is(err, storage.ErrExists) {
		t.Errorf("created twice: got %v, want %v", err, storage.ErrExists)
	}
}

// checkModes finds every file of a data directory closed to others.
func checkModes(t *testing.T, dir string) {
	t.Helper()
	count := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(path), info.Mode())
		}
		count++
		return err
	})
	if err != nil || count < 4 { // the directory, database, log and shared memory
		t.Errorf("looked at %d files, %v", count, err)
	}
}

func TestCreateLeavesNothing(t *testing.T) {
	c := storage.Config{Dir: filepath.Join(t.TempDir(), "data"), MasterKey: storage.NewMasterKey(), Dev: true}
	broken := errors.New("broken off")
	_, err := storage.Create(t.Context(), c, func(ctx context.Context, db *storage.DB) error {
		_, err := db.CreateUser(ctx, storage.System, storage.NewUser{Login: "half"})
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v, want %v", err, broken)
	}
	if storage.Exists(c.Dir) {
		t.Error("there is a database")
	}
	os.WriteFile(file(c)+".new-crashed", []byte("half"), 0o600)
	db, err := storage.Create(t.Context(), c, nil)
	if err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	defer db.Close()
	names, err := os.ReadDir(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.Contains(name.Name(), ".new-") {
			t.Errorf("%s was left behind", name.Name())
		}
	}
}

func TestPragmas(t *testing.T) {
	db := storagetest.New(t)
	want := map[string]string{
		"foreign_keys": "1", "trusted_schema": "0", "busy_timeout": "2000", "temp_store": "2", "journal_mode": "wal",
	}
	writer := map[string]string{
		"synchronous": "2", "secure_delete": "1", "query_only": "0", "journal_size_limit": "8388608", "wal_autocheckpoint": "1000",
	}
	for name, value := range want {
		writer[name] = value
	}
	for name, value := range writer {
		got, err := db.Pragma(t.Context(), name)
		if err != nil || got != value {
			t.Errorf("writer %s: got %q, %v, want %q", name, got, err, value)
		}
	}
	want["query_only"] = "1"
	for range 8 { // each connection of the pool
		for name, value := range want {
			var got string
			err := db.ReadPool().QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got)
			if err != nil || got != value {
				t.Errorf("reader %s: got %q, %v, want %q", name, got, err, value)
			}
		}
	}
	_, err := db.ReadPool().ExecContext(t.Context(), "DELETE FROM users")
	if err == nil {
		t.Error("a reader may write")
	}
}

func TestMigrationsComplete(t *testing.T) {
	files, err := migrations.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	newest, seen := 0, map[int]bool{}
	for _, file := range files {
		number, _, _ := strings.Cut(file.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || seen[version] {
			t.Errorf("%s: no version of its own, %v", file.Name(), err)
		}
		seen[version] = true
		newest = max(newest, version)
	}
	if newest != migrations.Latest {
		t.Errorf("the newest file is %d, want %d as Latest says", newest, migrations.Latest)
	}
}
