package storage

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"
)

// AuditKeep is how long audit entries are kept unless [Config.AuditKeep] says otherwise.
const AuditKeep = 400 * 24 * time.Hour

const (
	detailMax    = 500 // bytes
	auditVia     = 150 // of them for the token that was acted by
	auditViaText = " by token "
)

// audit writes an entry in the transaction of the change it tells of. Where the actor acts by a token, the
// detail ends in its id.
func (t *tx) audit(by Actor, action, target, result, detail string) error {
	return t.auditEntry(AuditEntry{Actor: by, Action: action, Target: target, Result: result, Detail: detail})
}

func (t *tx) auditEntry(e AuditEntry) error {
	if e.Result == "" {
		e.Result = "ok"
	}
	if e.Actor.Via != "" {
		e.Detail = strings.TrimPrefix(clip(e.Detail, detailMax-auditVia)+auditViaText+clip(e.Actor.Via, auditVia/2), " ")
	}
	_, err := t.exec(`INSERT INTO audit (id, time, actor_kind, actor_id, address, action, target, result, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.w.db.auditIDs.next(t.now), t.nowMS,
		string(e.Actor.Kind), e.Actor.ID, clip(e.Actor.Address, 100), e.Action, clip(e.Target, 200), clip(e.Result, 100), clip(e.Detail, detailMax))
	return err
}

// orderedIDs makes ids that sort in the order in which they are made, also within a millisecond. Only the
// writer's goroutine uses it.
type orderedIDs struct {
	last  int64
	count uint16
}

// next is NewTimeID with a count in its first 16 random bits.
func (o *orderedIDs) next(now time.Time) string {
	ms := now.UnixMilli()
	if ms != o.last {
		o.last, o.count = ms, 0
	}
	o.count++ // more than the writer does in a millisecond, unless the clock stands still
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(ms)<<16|uint64(o.count))
	rand.Read(b[8:])
	return idEncoding.EncodeToString(b[:])
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
