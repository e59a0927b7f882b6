package storage

import (
	"context"
	"time"
)

// sweepBatch is how many rows a transaction removes: the writer serves others in between.
const sweepBatch = 500

// sweepKeep is how long ended grants stay: longer than any access token lives, and so long that a code
// presented again after its lifetime is still known.
const sweepKeep = tokenTTLMax + 24*time.Hour

// sweepStep removes what has ended; its statement takes the bound $1 and at most $2 rows and returns
// their ids.
type sweepStep struct {
	query  string
	bound  func(db *DB, now time.Time) any
	forget func(db *DB, ids []string)
}

var sweepSteps = []sweepStep{
	{`DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE ends_at < $1 ORDER BY ends_at LIMIT $2) RETURNING id`,
		ago(sweepKeep), func(db *DB, ids []string) { db.caches.grants.drop(ids...) }},
	{`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 AND ended_at <> 0 LIMIT $2) RETURNING id`,
		ago(24 * time.Hour), func(db *DB, ids []string) { db.caches.sessions.drop(ids...) }},
	{`DELETE FROM revoked_tokens WHERE id IN (SELECT id FROM revoked_tokens WHERE expires_at < $1 LIMIT $2) RETURNING id`,
		ago(time.Hour), func(db *DB, _ []string) { db.caches.revoked.clear() }},
	{`DELETE FROM codes WHERE hash IN (SELECT hash FROM codes WHERE expires_at < $1 LIMIT $2) RETURNING hash`,
		ago(time.Hour), func(*DB, []string) {}},
	{`DELETE FROM assertions WHERE hash IN (SELECT hash FROM assertions WHERE expires_at < $1 LIMIT $2) RETURNING hash`,
		ago(time.Minute), func(*DB, []string) {}},
	{`DELETE FROM logout_notices WHERE id IN (SELECT id FROM logout_notices WHERE state = 'failed' AND created_at < $1 LIMIT $2) RETURNING id`,
		ago(logoutNoticeAge + logoutFailedKeep), func(*DB, []string) {}},
	{`DELETE FROM device_codes WHERE id IN (SELECT id FROM device_codes
			WHERE expires_at < $1 AND (state <> 'used' OR expires_at < $1 - 86400000) LIMIT $2) RETURNING id`, // a used one is a replay for another day
		ago(time.Hour), func(*DB, []string) {}},
	{`DELETE FROM app_keys WHERE id IN (SELECT id FROM app_keys WHERE expires_at <> 0 AND expires_at < $1 LIMIT $2) RETURNING app_id`,
		ago(24 * time.Hour), func(db *DB, ids []string) { db.caches.apps.drop(ids...) }},
	{`DELETE FROM personal_tokens WHERE id IN (SELECT id FROM personal_tokens WHERE expires_at < $1 LIMIT $2) RETURNING hash`,
		ago(personalKeep), func(db *DB, hashes []string) { db.caches.personal.drop(hashes...) }},
	{`DELETE FROM links WHERE hash IN (SELECT hash FROM links WHERE expires_at < $1 LIMIT $2) RETURNING hash`,
		ago(time.Hour), func(*DB, []string) {}},
	{`DELETE FROM signing_keys WHERE id IN (SELECT id FROM signing_keys WHERE remove_at <> 0 AND remove_at <= $1 LIMIT $2) RETURNING id`,
		ago(0), func(db *DB, ids []string) { db.keysRemoved(ids) }},
	{`DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2) RETURNING id`,
		func(db *DB, now time.Time) any { return timeIDFloor(now.Add(-db.config.AuditKeep)) }, func(*DB, []string) {}},
}

func ago(d time.Duration) func(*DB, time.Time) any {
	return func(_ *DB, now time.Time) any { return millis(now.Add(-d)) }
}

// Sweep removes what has expired, at most 500 rows a transaction, and says how many. Nothing depends on
// it but the size of the file: expiry is checked at every use.
func (db *DB) Sweep(ctx context.Context) (int, error) {
	total, err := db.inBatches(ctx, db.endSessions)
	for _, step := range sweepSteps {
		if err != nil {
			break
		}
		var count int
		count, err = db.inBatches(ctx, func(tx *tx) (int, error) { return db.sweep(tx, step) })
		total += count
	}
	if err != nil {
		return total, err
	}
	count, err := db.sweepApps(ctx)
	return total + count, err
}

// inBatches repeats a change until it touches less than a full batch.
func (db *DB) inBatches(ctx context.Context, change func(*tx) (int, error)) (int, error) {
	total := 0
	for {
		count := 0
		err := db.write(ctx, func(tx *tx) error {
			var err error
			count, err = change(tx)
			return err
		})
		if err != nil {
			return total, err
		}
		total += count
		if count < sweepBatch {
			return total, nil
		}
	}
}

func (db *DB) sweep(tx *tx, step sweepStep) (int, error) {
	ids, err := tx.texts(step.query, step.bound(db, tx.now), sweepBatch)
	if err == nil && len(ids) > 0 {
		tx.then(func() { step.forget(db, ids) })
	}
	return len(ids), err
}

// endSessions gives sessions that have expired their end, and with them the grants that do not outlive
// them.
func (db *DB) endSessions(tx *tx) (int, error) {
	ids, err := tx.texts(`UPDATE sessions SET ended_at = $1, expires_at = $1
		WHERE id IN (SELECT id FROM sessions WHERE ended_at = 0 AND (expires_at <= $1 OR seen_at <= $2) LIMIT $3)
		RETURNING id`, tx.nowMS, tx.nowMS-SessionIdle.Milliseconds(), sweepBatch)
	if err != nil {
		return 0, err
	}
	err = db.sessionsEnded(tx, ids)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		err = db.revokeGrants(tx, "session.expire", grantsOfSession, id)
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// keysRemoved forgets signing keys for good.
func (db *DB) keysRemoved(ids []string) {
	for _, id := range ids {
		db.opened.Delete(id)
	}
	db.caches.lists.drop("keys")
	db.keysVersion.Add(1)
}
