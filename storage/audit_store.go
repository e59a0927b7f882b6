package storage

import (
	"context"
	"time"
	"unicode/utf8"
)

// AuditKeep is how long audit entries are kept.
const AuditKeep = 400 * 24 * time.Hour

const detailMax = 500 // bytes

// audit writes an entry in the transaction of the change it tells of.
func (t *tx) audit(by Actor, action, target, result, detail string) error {
	return t.auditEntry(AuditEntry{Actor: by, Action: action, Target: target, Result: result, Detail: detail})
}

func (t *tx) auditEntry(e AuditEntry) error {
	if e.Result == "" {
		e.Result = "ok"
	}
	_, err := t.exec(`INSERT INTO audit (id, time, actor_kind, actor_id, address, action, target, result, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, NewTimeID(t.now), t.nowMS,
		string(e.Actor.Kind), e.Actor.ID, clip(e.Actor.Address, 100), e.Action, clip(e.Target, 200), clip(e.Result, 100), clip(e.Detail, detailMax))
	return err
}

// clip shortens s to at most n bytes, at the border of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Audit writes one entry by itself; changes write theirs in their own transaction. ID and Time are set
// here, long texts are cut.
func (db *DB) Audit(ctx context.Context, e AuditEntry) error {
	return db.writeOne(ctx, func(tx *tx) error { return tx.auditEntry(e) })
}

// AuditLog returns one page, newest first, and the cursor of the next, "" at the end.
func (db *DB) AuditLog(ctx context.Context, f AuditFilter) ([]AuditEntry, string, error) {
	limit := pageSize(f.Limit)
	after := f.After
	if after == "" {
		after = "~" // sorts behind every id
	}
	to := millis(f.To)
	if to == 0 {
		to = 1 << 62
	}
	list, err := readAll(ctx, db, scanAudit, `SELECT id, time, actor_kind, actor_id, address, action, target, result, detail
		FROM audit
		WHERE id < $1 AND time >= $2 AND time < $3
		  AND ($4 = '' OR action = $4) AND ($5 = '' OR actor_id = $5) AND ($6 = '' OR target = $6)
		ORDER BY id DESC LIMIT $7`, after, millis(f.From), to, f.Action, f.Actor, f.Target, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(list) <= limit {
		return list, "", nil
	}
	return list[:limit], list[limit-1].ID, nil
}

func scanAudit(row scanner) (AuditEntry, error) {
	var e AuditEntry
	var at int64
	err := row.Scan(&e.ID, &at, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Address, &e.Action, &e.Target, &e.Result, &e.Detail)
	e.Time = instant(at)
	return e, err
}
