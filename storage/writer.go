package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Bounds of the writer.
const (
	writerQueue = 1024                   // jobs waiting; one more is refused
	writerBatch = 256                    // jobs committed together
	writerPoll  = 250 * time.Millisecond // how often an idle writer looks for other processes' changes
)

// writer owns the only writing connection. One goroutine commits everything that waits as one
// transaction, so an acknowledged write is durable and fifty concurrent writers cost one fsync.
type writer struct {
	db      *DB
	pool    *sql.DB
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt // prepared on conn, by text
	queue   chan *job
	tasks   chan func() // what cannot run inside a transaction
	stop    chan struct{}
	stopped chan struct{}
	closed  atomic.Bool
	version int64        // PRAGMA data_version seen last
	commits atomic.Int64 // transactions committed, for tests and benchmarks
	jobs    atomic.Int64 // jobs run
}

// job is one caller's change.
type job struct {
	ctx    context.Context
	run    func(*tx) error
	single bool         // one statement only: it undoes itself, no savepoint needed
	state  atomic.Int32 // waiting, then taken by the writer or left by the caller
	done   chan error
	tx     tx
}

const (
	jobWaiting = iota
	jobTaken
	jobLeft
)

// newWriter starts the goroutine; stop ends it.
func newWriter(ctx context.Context, db *DB, pool *sql.DB) (*writer, error) {
	w := &writer{
		db: db, pool: pool,
		queue:   make(chan *job, writerQueue),
		tasks:   make(chan func()),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	go w.loop()
	return w, nil
}

// connect takes the connection; after a failure that broke it, a new one.
func (w *writer) connect(ctx context.Context) error {
	w.stmts = map[string]*sql.Stmt{}
	conn, err := w.pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("writing connection: %w", translate(err))
	}
	w.conn = conn
	if w.version != 0 { // what was written in between is unknown
		w.version = 0
		w.db.forget()
	}
	return w.compareVersion()
}

// loop runs until stop is closed, then finishes what is queued.
func (w *writer) loop() {
	defer close(w.stopped)
	ticker := time.NewTicker(writerPoll)
	defer ticker.Stop()
	for {
		select {
		case j := <-w.queue:
			w.batch(j)
		case task := <-w.tasks:
			task()
		case <-ticker.C:
			w.lookAround()
		case <-w.stop:
			for {
				select {
				case j := <-w.queue:
					w.batch(j)
				default:
					return
				}
			}
		}
	}
}

// lookAround notices other processes' changes while this one is idle.
func (w *writer) lookAround() {
	if w.conn == nil { // the next batch opens one
		return
	}
	err := w.compareVersion()
	if err != nil {
		// Whether somebody else has written is unknown, so nothing remembered may be believed.
		w.db.forget()
		w.db.logger.Warn("database version", "error", err)
	}
}

// compareVersion empties the caches when the file was changed by another process.
func (w *writer) compareVersion() error {
	stmt, err := w.prepare("PRAGMA data_version")
	if err != nil {
		return translate(err)
	}
	var version int64
	err = stmt.QueryRow().Scan(&version)
	if err != nil {
		return translate(err)
	}
	if w.version != 0 && w.version != version {
		w.db.forget()
	}
	w.version = version
	return nil
}

// exec runs a statement that is prepared once.
func (w *writer) exec(query string, args ...any) error {
	stmt, err := w.prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.Exec(args...)
	return err
}

// prepare returns the statement with that text. All texts are constants, so there are few.
func (w *writer) prepare(query string) (*sql.Stmt, error) {
	stmt := w.stmts[query]
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = stmt
	return stmt, nil
}

// outside runs f on the writer's goroutine between two transactions.
func (w *writer) outside(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	select {
	case w.tasks <- func() { done <- f() }:
		return <-done
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stopped:
		return fmt.Errorf("%w: closed", ErrUnavailable)
	}
}

// close ends the goroutine after what is queued, folds the WAL into the file and closes the connection.
func (w *writer) close() error {
	if w.closed.Swap(true) {
		return nil
	}
	close(w.stop)
	<-w.stopped
	if w.conn == nil {
		return w.pool.Close()
	}
	_, err := w.conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	if unavailable(err) { // another process reads: it will do it
		err = nil
	}
	for _, stmt := range w.stmts {
		stmt.Close()
	}
	return errors.Join(err, w.conn.Close(), w.pool.Close())
}
