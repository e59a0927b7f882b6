// Package storagetest gives tests a real database in a temporary directory, and holds the suite of what
// every database must do.
//
// Making RSA keys takes longer than most tests, so one template of each kind is made in a process and
// its file is copied: keys and master key are the same in all databases of one test binary.
package storagetest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// Issuer is the issuer of every test database.
const Issuer = "http://localhost:9998"

// Clock is a clock that stands still until it is moved. It may be used by many goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Start is where a new clock stands. Fixed rows of the template are older.
var Start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// NewClock returns a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock; a negative d moves it back.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// New returns an empty dev database (keys and builtin scopes only) on the real clock. It is closed when
// the test ends.
func New(t testing.TB) *storage.DB {
	t.Helper()
	return open(t, &empty, nil)
}

// NewAt is New with a clock of the test's own.
func NewAt(t testing.TB, clock *Clock) *storage.DB {
	t.Helper()
	return open(t, &empty, clock)
}

// Seeded returns a dev database with the contract's people and apps on the real clock.
func Seeded(t testing.TB) *storage.DB {
	t.Helper()
	return open(t, &seeded, nil)
}

// SeededAt is Seeded with a clock of the test's own.
func SeededAt(t testing.TB, clock *Clock) *storage.DB {
	t.Helper()
	return open(t, &seeded, clock)
}

// Config returns the configuration of a fresh copy of the template, to be opened by the test itself.
func Config(t testing.TB, withSeed bool) storage.Config {
	t.Helper()
	kind := &empty
	if withSeed {
		kind = &seeded
	}
	return kind.copy(t, nil)
}

// template is a closed database file in memory.
type template struct {
	once sync.Once
	fill func(context.Context, *storage.DB) error
	file []byte
	key  []byte
	err  error
}

var (
	empty  = template{}
	seeded = template{fill: storage.Seed}
)

// build makes the file. Its clock stands a day before Start, so that signing keys are active already.
func (m *template) build() {
	dir, err := os.MkdirTemp("", "propusk-template-")
	if err != nil {
		m.err = err
		return
	}
	defer os.RemoveAll(dir)
	m.key = storage.NewMasterKey()
	past := func() time.Time { return Start.Add(-24 * time.Hour) }
	db, err := storage.Create(context.Background(), storage.Config{Dir: dir, MasterKey: m.key, Issuer: Issuer, Dev: true, Now: past}, m.fill)
	if err == nil {
		err = db.Close()
	}
	if err == nil {
		m.file, err = os.ReadFile(filepath.Join(dir, "propusk.db"))
	}
	m.err = err
}

// copy puts the file into a directory of the test.
func (m *template) copy(t testing.TB, clock *Clock) storage.Config {
	t.Helper()
	m.once.Do(m.build)
	if m.err != nil {
		t.Fatalf("template database: %v", m.err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "propusk.db"), m.file, 0o600)
	}
	if err != nil {
		t.Fatalf("database file: %v", err)
	}
	c := storage.Config{Dir: dir, MasterKey: m.key, Issuer: Issuer, Dev: true, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if clock != nil {
		c.Now = clock.Now
	}
	return c
}

func open(t testing.TB, m *template, clock *Clock) *storage.DB {
	t.Helper()
	db, err := storage.Open(context.Background(), m.copy(t, clock))
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		err := db.Close()
		if err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}
