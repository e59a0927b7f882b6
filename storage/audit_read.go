package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of reading the audit log.
const (
	auditLook    = 5_000     // rows one page looks at for what only few of them match
	auditCount   = 1_000     // rows counted to find the most selective filter
	auditActions = 200       // actions that begin with one noun
	auditLast    = "~"       // sorts behind every id
	auditPart    = 500       // rows of one part of an export
	auditTo      = 1<<47 - 1 // milliseconds: the last time an id can hold
)

const auditColumns = `SELECT id, time, actor_kind, actor_id, address, action, target, result, detail FROM audit`

func scanAudit(row scanner) (AuditEntry, error) {
	var e AuditEntry
	var at int64
	err := row.Scan(&e.ID, &at, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Address, &e.Action, &e.Target, &e.Result, &e.Detail)
	e.Time = instant(at)
	return e, err
}

// AuditLog returns one page, newest first, and the cursor of the next, "" at the end. A page looks at a
// bounded number of rows: where few of a million match it may be short or empty and still have a next.
func (db *DB) AuditLog(ctx context.Context, f AuditFilter) ([]AuditEntry, string, error) {
	return db.auditPage(ctx, f, pageSize(f.Limit))
}

// AuditEach calls each with at most limit entries that match (0: all), newest first, as they are read in
// parts: f.Limit does not count. It stops at the first error, which it returns as it is.
func (db *DB) AuditEach(ctx context.Context, f AuditFilter, limit int, each func(AuditEntry) error) error {
	for given := 0; ; {
		part := auditPart
		if limit > 0 {
			part = min(part, limit-given)
		}
		list, next, err := db.auditPage(ctx, f, part)
		if err != nil {
			return err
		}
		for _, e := range list {
			err = each(e)
			if err != nil {
				return err
			}
		}
		given += len(list)
		if next == "" || limit > 0 && given >= limit {
			return nil
		}
		f.After = next
	}
}

// AuditActions returns the actions that are in the log, sorted: what its filter offers.
func (db *DB) AuditActions(ctx context.Context) ([]string, error) { return db.auditActions(ctx, "") }

// auditActions finds the actions that begin with a noun, by jumping from each to the next in the index.
func (db *DB) auditActions(ctx context.Context, noun string) ([]string, error) {
	return readAll(ctx, db, scanText, `WITH RECURSIVE known (action) AS (
			SELECT min(action) FROM audit WHERE action >= $1 AND action < $2
			UNION ALL
			SELECT (SELECT min(action) FROM audit WHERE action > known.action AND action < $2) FROM known WHERE known.action IS NOT NULL
		)
		SELECT action FROM known WHERE action IS NOT NULL LIMIT $3`, noun, noun+auditLast, auditActions)
}

// auditQuery is a filter as the statements take it: bounds of ids, which sort by time, and what is left to
// be compared row by row.
type auditQuery struct {
	AuditFilter
	low, high string // id >= low and id < high
}

func newAuditQuery(f AuditFilter) auditQuery {
	q := auditQuery{AuditFilter: f, high: auditLast}
	if !f.From.IsZero() {
		q.low = auditFloor(f.From)
	}
	if !f.To.IsZero() {
		q.high = auditFloor(f.To)
	}
	if f.After != "" && f.After < q.high {
		q.high = f.After
	}
	return q
}

// auditFloor is timeIDFloor for any time a person may type.
func auditFloor(t time.Time) string {
	return timeIDFloor(time.UnixMilli(min(max(t.UnixMilli(), 0), auditTo)))
}

// auditPage reads one page by the most selective of the filters.
func (db *DB) auditPage(ctx context.Context, f AuditFilter, limit int) ([]AuditEntry, string, error) {
	q := newAuditQuery(f)
	way, values, err := db.auditWay(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("audit log: %w", err)
	}
	var list []AuditEntry
	end := "" // below it nothing has been looked at
	for _, value := range values {
		part, low, err := db.auditAlong(ctx, q, way, value, limit+1)
		if err != nil {
			return nil, "", fmt.Errorf("audit log: %w", err)
		}
		list, end = append(list, part...), max(end, low)
	}
	slices.SortFunc(list, func(a, b AuditEntry) int { return strings.Compare(b.ID, a.ID) })
	list = slices.DeleteFunc(list, func(e AuditEntry) bool { return e.ID < end })
	if len(list) > limit {
		return list[:limit], list[limit-1].ID, nil
	}
	return list, end, nil
}

// auditAlong reads at most n matching rows along one way, newest first, and the id below which it has not
// looked, "" when there is nothing more. Where other filters remain, it looks at auditLook rows at most.
func (db *DB) auditAlong(ctx context.Context, q auditQuery, way auditWay, value string, n int) ([]AuditEntry, string, error) {
	low := q.low
	stopped := false
	if q.remains(way) {
		floor, err := readAll(ctx, db, scanText, `SELECT id FROM audit WHERE `+way.where+`
			AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT 1 OFFSET $4`, value, q.low, q.high, auditLook-1)
		if err != nil {
			return nil, "", err
		}
		if len(floor) == 1 {
			low, stopped = floor[0], true
		}
	}
	refused := ""
	if q.Refused != nil {
		refused = fmt.Sprint(*q.Refused)
	}
	exact, noun := q.Action, ""
	if strings.HasSuffix(q.Action, ".") {
		exact, noun = "", q.Action
	}
	list, err := readAll(ctx, db, scanAudit, way.statement(),
		value, low, q.high, q.Target, q.Actor, q.Address, exact, noun, noun+auditLast, refused, n)
	switch {
	case err != nil:
		return nil, "", err
	case len(list) == n:
		return list, list[n-1].ID, nil
	case stopped:
		return list, low, nil
	}
	return list, "", nil
}
