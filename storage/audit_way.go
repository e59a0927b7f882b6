package storage

import (
	"context"
	"math"
	"strings"
)

// auditWay is one index along which the log is read; where is a constant with the value as $1.
type auditWay struct {
	where  string
	filter func(auditQuery) string // the value, "" where that filter is not set
}

// Ways to read the audit log; the later comes into question only where none before is more selective. Each
// is forced by a condition that stands alone: the other filters are written so that no index serves them.
var (
	auditByTarget  = auditWay{`target = $1`, func(q auditQuery) string { return q.Target }}
	auditByActor   = auditWay{`actor_id = $1`, func(q auditQuery) string { return q.Actor }}
	auditByAddress = auditWay{`address = $1`, func(q auditQuery) string { return q.Address }}
	auditByAction  = auditWay{`action = $1`, func(q auditQuery) string { return q.Action }}
	auditByRefusal = auditWay{`result <> 'ok' AND $1 = 'true'`, func(q auditQuery) string {
		if q.Refused != nil && *q.Refused {
			return "true"
		}
		return ""
	}}
	auditByTime = auditWay{`$1 = ''`, func(auditQuery) string { return "" }}

	auditWays = []auditWay{auditByTarget, auditByActor, auditByAddress, auditByRefusal, auditByAction}
)

// statement reads along the way with all filters as parameters: the value, the bounds of ids, target, actor,
// address, action, noun and its end, refused ("true", "false" or ""), and how many rows.
func (w auditWay) statement() string {
	return auditColumns + ` WHERE ` + w.where + ` AND id >= $2 AND id < $3
		AND ($4 = '' OR target = $4) AND ($5 = '' OR actor_id = $5) AND ($6 = '' OR address = $6)
		AND ($7 = '' OR action = $7) AND ($8 = '' OR (action >= $8 AND action < $9))
		AND ($10 = '' OR ($10 = 'true' AND result <> 'ok') OR ($10 = 'false' AND result = 'ok'))
		ORDER BY id DESC LIMIT $11`
}

// auditWay chooses the way with the fewest rows, counted up to a bound, and the values to follow it with:
// several actions where the filter is a noun.
func (db *DB) auditWay(ctx context.Context, q auditQuery) (auditWay, []string, error) {
	best, values, fewest := auditByTime, []string{""}, math.MaxInt
	for _, way := range auditWays {
		value := way.filter(q)
		if value == "" {
			continue
		}
		list := []string{value}
		if way.where == auditByAction.where && strings.HasSuffix(value, ".") {
			var err error
			list, err = db.auditActions(ctx, value)
			if err != nil {
				return best, nil, err
			}
		}
		count := 0
		for _, v := range list {
			n, err := readRow(ctx, db, scanCount, `SELECT count(*) FROM (SELECT 1 FROM audit WHERE `+way.where+`
				AND id >= $2 AND id < $3 LIMIT $4) AS few`, v, q.low, q.high, auditCount)
			if err != nil {
				return best, nil, err
			}
			count += n
		}
		if count < fewest {
			best, values, fewest = way, list, count
		}
	}
	return best, values, nil
}

// remains tells whether filters are left to be compared row by row on that way. That most entries are "ok"
// needs no bound.
func (q auditQuery) remains(way auditWay) bool {
	for _, other := range auditWays {
		if other.where != way.where && other.filter(q) != "" {
			return true
		}
	}
	return q.Refused != nil && !*q.Refused && way.where != auditByTime.where
}
