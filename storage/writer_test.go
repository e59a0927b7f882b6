package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// entry is an audit row that names itself.
func entry(target any) storage.AuditEntry {
	return storage.AuditEntry{Action: "test.write", Target: fmt.Sprint(target)}
}

// written counts them.
func written(t *testing.T, db *storage.DB) int {
	t.Helper()
	var count int
	err := db.ReadPool().QueryRowContext(t.Context(), `SELECT count(*) FROM audit WHERE action = 'test.write'`).Scan(&count)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// waitFor ends when the queue holds n jobs.
func waitFor(t *testing.T, db *storage.DB, n int) {
	t.Helper()
	for db.Waiting() < n {
		if t.Context().Err() != nil {
			t.Fatal("the jobs never came")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestGroupCommit(t *testing.T) {
	db := storagetest.New(t)
	release := db.Block(t.Context())
	const callers = 100
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			err := db.Audit(t.Context(), entry(i))
			if err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, db, callers)
	commits, jobs := db.Commits()
	release()
	wait.Wait()
	after, ran := db.Commits()
	if got := after - commits; got != 1 {
		t.Errorf("%d waiting jobs: got %d commits, want 1", callers, got)
	}
	if ran-jobs != callers || written(t, db) != callers {
		t.Errorf("got %d jobs and %d rows, want %d", ran-jobs, written(t, db), callers)
	}
}

func TestFailingJobIsAlone(t *testing.T) {
	db := storagetest.New(t)
	err := db.Exec(t.Context(), `CREATE TRIGGER fault BEFORE INSERT ON audit WHEN NEW.target = 'fault'
		BEGIN SELECT RAISE(ABORT, 'injected'); END`)
	if err != nil {
		t.Fatal(err)
	}
	release := db.Block(t.Context())
	errs := map[string]error{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	run := func(name string, f func() error) {
		wait.Go(func() {
			err := f()
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	insert := func(id int) string {
		return fmt.Sprintf(`INSERT INTO audit (id, time, actor_kind, actor_id, address, action, target, result, detail)
			VALUES ('%026d', 0, '', '', '', 'test.write', '', '', '')`, id)
	}
	run("good", func() error { return db.Audit(t.Context(), entry("good")) })
	run("fault", func() error { return db.Audit(t.Context(), entry("fault")) })
	run("half", func() error { return db.WriteSteps(t.Context(), insert(1), insert(2), insert(1)) })
	run("panic", func() error { return db.WritePanic(t.Context(), insert(3)) })
	run("syntax", func() error { return db.WriteText(t.Context(), "SELEKT") })
	run("steps", func() error { return db.WriteSteps(t.Context(), insert(4), insert(5)) })
	waitFor(t, db, 6)
	release()
	wait.Wait()
	for name, want := range map[string]bool{"good": true, "steps": true, "fault": false, "half": false, "panic": false, "syntax": false} {
		if got := errs[name] == nil; got != want {
			t.Errorf("%s: got %v, want success %t", name, errs[name], want)
		}
	}
	if !errors.Is(errs["half"], storage.ErrConflict) {
		t.Errorf("half: got %v, want %v", errs["half"], storage.ErrConflict)
	}
	if got := written(t, db); got != 3 {
		t.Errorf("got %d rows, want those of good and steps: 3", got)
	}
}

// TestFaultUndoesChange injects a failure into the audit row: the change it tells of must not hold, and
// the same call works once the fault is gone.
func TestFaultUndoesChange(t *testing.T) {
	db := storagetest.Seeded(t)
	ctx := t.Context()
	bob, err := db.UserByName(ctx, "bob")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := db.StartSession(ctx, storage.NewSession{UserID: bob.ID})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Exec(ctx, `CREATE TRIGGER fault BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'injected'); END`)
	if err != nil {
		t.Fatal(err)
	}
	if err = db.SetUserDisabled(ctx, storage.Command, bob.ID, true); err == nil {
		t.Fatal("the fault was not injected")
	}
	if _, _, err = db.SessionBySecret(ctx, secret); err != nil {
		t.Errorf("after a change that failed: %v", err)
	}
	if err = db.Exec(ctx, `DROP TRIGGER fault`); err != nil {
		t.Fatal(err)
	}
	if err = db.SetUserDisabled(ctx, storage.Command, bob.ID, true); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if _, _, err = db.SessionBySecret(ctx, secret); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("after the change: got %v, want %v", err, storage.ErrNotFound)
	}
}

func TestWriterBounds(t *testing.T) {
	db := storagetest.New(t)
	release := db.Block(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var left atomic.Int64
	for i := range storage.WriterQueue {
		wait.Go(func() {
			err := db.Audit(ctx, entry(i))
			if errors.Is(err, storage.ErrUnavailable) && errors.Is(err, context.Canceled) {
				left.Add(1)
			}
		})
	}
	waitFor(t, db, storage.WriterQueue)
	err := db.Audit(t.Context(), entry("too much"))
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("full queue: got %v, want %v", err, storage.ErrUnavailable)
	}
	cancel()
	wait.Wait() // those that wait can go although the writer is busy
	release()
	for db.Waiting() > 0 { // the writer passes over what was left
		time.Sleep(time.Millisecond)
	}
	if got := left.Load(); got != storage.WriterQueue {
		t.Errorf("got %d callers gone, want %d", got, storage.WriterQueue)
	}
	if err = db.Audit(t.Context(), entry("next")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if got := written(t, db); got != 1 {
		t.Errorf("got %d rows, want 1: jobs whose callers left must not run", got)
	}
}

func TestDiskFull(t *testing.T) {
	db := storagetest.New(t)
	pages, err := db.Pragma(t.Context(), "page_count")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = db.Pragma(t.Context(), "max_page_count = "+pages); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for i := range 5000 {
		err = db.Audit(t.Context(), entry(i))
		if err != nil {
			break
		}
		acknowledged++
	}
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("got %v after %d rows, want %v", err, acknowledged, storage.ErrUnavailable)
	}
	if err = db.Health(t.Context()); err != nil {
		t.Errorf("reading a full disk: %v", err)
	}
	if _, err = db.Pragma(t.Context(), "max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if err = db.Audit(t.Context(), entry("room")); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if got := written(t, db); got != acknowledged+1 {
		t.Errorf("got %d rows, want the %d acknowledged", got, acknowledged+1)
	}
}

// TestLocked lets another process hold the write lock: callers are told so, all of them together, and
// the writer works on afterwards.
func TestLocked(t *testing.T) {
	config := storagetest.Config(t, false)
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err = errors.Join(db.Exec(t.Context(), "PRAGMA busy_timeout = 50"), other.Exec(t.Context(), "BEGIN IMMEDIATE")); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			err := db.Audit(t.Context(), entry(i))
			if !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("locked: got %v, want %v", err, storage.ErrUnavailable)
			}
		})
	}
	wait.Wait()
	if err = other.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err = db.Audit(t.Context(), entry("free")); err != nil {
		t.Errorf("free again: %v", err)
	}
}
