package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// tx is a caller's part of the writer's transaction. Everything in it happens at one time.
type tx struct {
	w       *writer
	now     time.Time // milliseconds, UTC
	nowMS   int64
	effects []func()
	err     error
}

// exec runs one statement and returns how many rows it changed. Its text must be a constant.
func (t *tx) exec(query string, args ...any) (int64, error) {
	stmt, err := t.w.prepare(query)
	if err != nil {
		return 0, translate(err)
	}
	result, err := stmt.Exec(args...)
	if err != nil {
		return 0, translate(err)
	}
	n, err := result.RowsAffected()
	return n, translate(err)
}

// row reads one row into dest; none is ErrNotFound.
func (t *tx) row(query string, args []any, dest ...any) error {
	stmt, err := t.w.prepare(query)
	if err != nil {
		return translate(err)
	}
	return translate(stmt.QueryRow(args...).Scan(dest...))
}

// query reads rows inside the transaction.
func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.w.prepare(query)
	if err != nil {
		return nil, translate(err)
	}
	rows, err := stmt.Query(args...)
	return rows, translate(err)
}

// readMany reads all rows of a query inside the transaction.
func readMany[T any](t *tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.query(query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// readOne reads the row of a query inside the transaction; none is ErrNotFound.
func readOne[T any](t *tx, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var none T
	list, err := readMany(t, scan, query, args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return none, err
	}
	return list[0], nil
}

// texts returns the only column of a query.
func (t *tx) texts(query string, args ...any) ([]string, error) {
	return readMany(t, scanText, query, args...)
}

// then adds a change of the caches, made after the commit and before the caller gets its answer.
func (t *tx) then(effect func()) { t.effects = append(t.effects, effect) }

// write hands a change of several statements to the writer and returns when it is durable, or undone.
// An error means that nothing of it holds. A caller whose ctx ends while the change is still waiting
// takes it back; once it is being made the true outcome is waited for, so an answer is never a lie.
func (db *DB) write(ctx context.Context, run func(*tx) error) error {
	return db.submit(ctx, run, false)
}

// writeOne is write for a change that is one statement, which needs no savepoint.
func (db *DB) writeOne(ctx context.Context, run func(*tx) error) error {
	return db.submit(ctx, run, true)
}

func (db *DB) submit(ctx context.Context, run func(*tx) error, single bool) error {
	if db.writer.closed.Load() {
		return fmt.Errorf("%w: closed", ErrUnavailable)
	}
	err := ctx.Err()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	j := &job{ctx: ctx, run: run, single: single, done: make(chan error, 1)}
	select {
	case db.writer.queue <- j:
	default:
		return fmt.Errorf("%w: too many writes are waiting", ErrUnavailable)
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobLeft) {
			return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	case <-db.writer.stopped:
		if j.state.CompareAndSwap(jobWaiting, jobLeft) {
			return fmt.Errorf("%w: closed", ErrUnavailable)
		}
	}
	return <-j.done
}

// collect reads all rows with scan and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var list []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, translate(rows.Err())
}
