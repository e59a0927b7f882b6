package storage

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

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
