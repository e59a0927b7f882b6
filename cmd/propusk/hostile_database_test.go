package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// openDatabase opens a fresh copy of the seeded database.
func (w *world) openDatabase(production bool) {
	w.t.Helper()
	c := storagetest.Config(w.t, true)
	c.AnyIssuer = true
	if production {
		c = productionConfig(w.t)
	}
	c.Now, c.Logger = w.clock.Now, w.logger()
	db, err := storage.Open(context.Background(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db, w.dir, w.key = db, c.Dir, c.MasterKey
}

const productionIssuer = "https://id.example"

// productionTemplate is a database as serve keeps one, with the contract's people and apps but without
// the switches that only dev knows.
var productionTemplate struct {
	once sync.Once
	file []byte
	key  []byte
	err  error
}

func productionConfig(t testing.TB) storage.Config {
	t.Helper()
	m := &productionTemplate
	m.once.Do(func() {
		m.key = storage.NewMasterKey()
		dir := filepath.Join(t.TempDir(), "template")
		past := func() time.Time { return storagetest.Start.Add(-24 * time.Hour) }
		var db *storage.DB
		db, m.err = storage.Create(context.Background(),
			storage.Config{Dir: dir, MasterKey: m.key, Issuer: productionIssuer, Now: past}, seedProduction)
		if m.err == nil {
			m.err = db.Close()
		}
		if m.err == nil {
			m.file, m.err = os.ReadFile(filepath.Join(dir, "propusk.db"))
		}
	})
	if m.err != nil {
		t.Fatalf("template database: %v", m.err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "propusk.db"), m.file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return storage.Config{Dir: dir, MasterKey: m.key, Issuer: productionIssuer}
}

func seedProduction(ctx context.Context, db *storage.DB) error {
	err := storage.Seed(ctx, db)
	if err != nil {
		return err
	}
	apps, err := db.DevOnlyApps(ctx)
	if err != nil {
		return err
	}
	for _, id := range apps {
		_, err = db.UpdateApp(ctx, storage.System, id, func(a *storage.App) error {
			if a.InsecureRedirect {
				a.RedirectURIs = []string{"https://www.example.com/"}
			}
			a.AnyLoopback, a.InsecureRedirect = false, false
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// connect opens the database file beside the running server, as another process would.
func (w *world) connect() *sql.DB {
	w.t.Helper()
	beside, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "propusk.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = beside.Close() })
	return beside
}

// meddle really changes the file (SQLite skips a write of what is there already) beside the running server and
// returns when the server has noticed.
func (w *world) meddle(statement string, args ...any) {
	w.t.Helper()
	before := w.db.KeysVersion()
	beside := w.connect()
	_, err := beside.Exec(statement, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
	_ = beside.Close()
	for range 1000 {
		if w.db.KeysVersion() != before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("the server has not noticed %q within ten seconds", statement)
}

// stored counts the rows of every table.
func (w *world) stored() map[string]int {
	w.t.Helper()
	beside := w.connect()
	defer beside.Close()
	rows, err := beside.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		err = rows.Scan(&name)
		if err == nil {
			err = beside.QueryRow(`SELECT count(*) FROM "` + name + `"`).Scan(&n)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		counts[name] = n
	}
	return counts
}

// audit lists the entries of one action, newest first.
func (w *world) audit(action string) []storage.AuditEntry {
	w.t.Helper()
	list, _, err := w.db.AuditLog(context.Background(), storage.AuditFilter{Action: action})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// files returns the bytes of everything in the data directory, the write-ahead log included.
func (w *world) files() map[string][]byte {
	w.t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(w.dir, entry.Name()))
		if err != nil {
			w.t.Fatal(err)
		}
		files[entry.Name()] = content
	}
	return files
}
