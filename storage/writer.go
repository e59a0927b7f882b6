package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
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

// batch runs first and all that waits behind it in one transaction, then answers.
func (w *writer) batch(first *job) {
	err := w.begin()
	if err != nil {
		w.refuse(first, err)
		return
	}
	now := w.db.now()
	ran := make([]*job, 0, 16)
	for j := first; j != nil; j = w.next(len(ran)) {
		if !j.state.CompareAndSwap(jobWaiting, jobTaken) {
			continue
		}
		ran = append(ran, j)
		err = w.run(j, now)
		if err != nil { // the transaction is gone
			w.exec("ROLLBACK")
			answerAll(ran, err)
			return
		}
	}
	w.commit(ran)
}

// next returns a job that waits already. When none does it yields once, so that callers which are about
// to ask can join: on one processor nothing would ever be grouped otherwise. There is no timer, which
// would make a lone caller wait.
func (w *writer) next(have int) *job {
	if have >= writerBatch {
		return nil
	}
	select {
	case j := <-w.queue:
		return j
	default:
	}
	runtime.Gosched()
	select {
	case j := <-w.queue:
		return j
	default:
		return nil
	}
}

// begin opens the transaction and empties the caches if another process has written since the last.
func (w *writer) begin() error {
	if w.conn == nil {
		err := w.connect(context.Background())
		if err != nil {
			return err
		}
	}
	err := w.exec("BEGIN IMMEDIATE")
	if err != nil {
		if !unavailable(err) { // not SQLite's refusal: the connection itself is broken
			w.conn.Close()
			w.conn = nil
		}
		return fmt.Errorf("%w: begin: %w", ErrUnavailable, err)
	}
	return w.compareVersion()
}

// run lets one job work. Its error stays its own unless the transaction is lost: that is returned.
func (w *writer) run(j *job, now time.Time) error {
	w.jobs.Add(1)
	j.tx = tx{w: w, now: now, nowMS: millis(now)}
	if !j.single {
		err := w.exec("SAVEPOINT job")
		if err != nil {
			return translate(err)
		}
	}
	j.tx.err = protect(j.run, &j.tx)
	if j.tx.err != nil && unavailable(j.tx.err) {
		return translate(j.tx.err)
	}
	if j.single {
		return nil
	}
	if j.tx.err != nil {
		err := w.exec("ROLLBACK TO job")
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	err := w.exec("RELEASE job")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// protect turns a panic of one job into its error: the writer serves everybody.
func protect(run func(*tx) error, tx *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a write: %v", r)
		}
	}()
	return run(tx)
}

// commit makes the batch durable, changes the caches in commit order, and only then answers.
func (w *writer) commit(ran []*job) {
	if len(ran) == 0 {
		w.exec("ROLLBACK")
		return
	}
	err := w.exec("COMMIT")
	if err != nil {
		w.exec("ROLLBACK")
		answerAll(ran, fmt.Errorf("%w: commit: %w", ErrUnavailable, err))
		return
	}
	w.commits.Add(1)
	for _, j := range ran {
		if j.tx.err != nil {
			continue
		}
		for _, effect := range j.tx.effects {
			effect()
		}
	}
	for _, j := range ran {
		j.done <- j.tx.err
	}
}

// refuse answers first and everything that waited while begin failed: each of them waiting for the lock
// in turn would take queue times two seconds.
func (w *writer) refuse(first *job, err error) {
	if first.state.CompareAndSwap(jobWaiting, jobTaken) {
		first.done <- err
	}
	for range len(w.queue) {
		select {
		case j := <-w.queue:
			if j.state.CompareAndSwap(jobWaiting, jobTaken) {
				j.done <- err
			}
		default:
			return
		}
	}
}

func answerAll(jobs []*job, err error) {
	for _, j := range jobs {
		j.done <- err
	}
}

// lookAround notices other processes' changes while this one is idle.
func (w *writer) lookAround() {
	if w.conn == nil { // the next batch opens one
		return
	}
	err := w.compareVersion()
	if err != nil {
		w.db.logger.Debug("database version", "error", err)
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
