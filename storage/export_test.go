package storage

import (
	"context"
	"database/sql"
)

// What tests of this package look at from outside.

// Commits returns how many transactions were committed and how many jobs ran in them.
func (db *DB) Commits() (commits, jobs int64) {
	return db.writer.commits.Load(), db.writer.jobs.Load()
}

// ReadPool is the pool of readers.
func (db *DB) ReadPool() *sql.DB { return db.read }

// Pragma reads a pragma on the writing connection.
func (db *DB) Pragma(ctx context.Context, name string) (string, error) {
	var value string
	err := db.writer.outside(ctx, func() error {
		return db.writer.conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	})
	return value, err
}

// Exec runs SQL on the writing connection, outside the groups.
func (db *DB) Exec(ctx context.Context, query string) error {
	return db.writer.outside(ctx, func() error {
		_, err := db.writer.conn.ExecContext(ctx, query)
		return err
	})
}

// Block keeps the writer's goroutine busy until release is called.
func (db *DB) Block(ctx context.Context) (release func()) {
	started, free := make(chan struct{}), make(chan struct{})
	go db.writer.outside(ctx, func() error {
		close(started)
		<-free
		return nil
	})
	<-started
	return func() { close(free) }
}

// Waiting is the number of jobs in the queue.
func (db *DB) Waiting() int { return len(db.writer.queue) }

// WriteText runs one statement as one job.
func (db *DB) WriteText(ctx context.Context, query string, args ...any) error {
	return db.writeOne(ctx, func(tx *tx) error {
		_, err := tx.exec(query, args...)
		return err
	})
}

// WriteSteps runs statements as one job.
func (db *DB) WriteSteps(ctx context.Context, queries ...string) error {
	return db.write(ctx, func(tx *tx) error {
		for _, query := range queries {
			_, err := tx.exec(query)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// WritePanic is a job that panics after a change.
func (db *DB) WritePanic(ctx context.Context, query string) error {
	return db.write(ctx, func(tx *tx) error {
		_, err := tx.exec(query)
		if err != nil {
			return err
		}
		panic("test")
	})
}

// Bounds of the writer and of the sweep.
const (
	WriterQueue = writerQueue
	SweepBatch  = sweepBatch
)

// SetPasswordHash puts any text in place of a user's hash.
func SetPasswordHash(u *User, hash string) *User {
	c := *u
	c.passwordHash = hash
	return &c
}

// CheckNewPassword is the rule for new passwords.
func CheckNewPassword(login, email, password string) error {
	return checkNewPassword(login, email, password)
}

// ParsesHash tells whether a stored password hash is within the caps.
func ParsesHash(text string) bool {
	_, ok := parseArgon(text)
	return ok
}

// RedeemStatement is the statement that redeems a code with n scopes.
func RedeemStatement(n int) string { return redeemStatements[n]() }

// Cursor is the text of a place in a list.
func Cursor(key, id string) string { return cursor{key, id}.String() }

// AuditLook is how many rows a page of the audit log looks at.
const AuditLook = auditLook

// AuditStatements are the statements that read the audit log by the index each is to use.
func AuditStatements() map[string]string {
	list := map[string]string{}
	for index, way := range map[string]auditWay{"audit_target": auditByTarget, "audit_actor": auditByActor,
		"audit_address": auditByAddress, "audit_action": auditByAction, "audit_refused": auditByRefusal, "sqlite_autoindex_audit_1": auditByTime} {
		list[index] = way.statement()
	}
	return list
}

// ForgetAll empties every cache, as after a write of another process.
func (db *DB) ForgetAll() { db.forget() }
