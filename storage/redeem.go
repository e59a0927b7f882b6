package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// redeemStatement inserts a grant if everything it rests on stands: one statement, so that nothing can
// happen between the check and the insertion. The primary key makes the first of many win. The consents
// are those of scopes the app is still assigned; each scope of the grant must be among them. They are
// told by a CASE, because SQLite would build a table of its own for an IN, each time.
//
// CASTs give PostgreSQL the types of parameters in a select list.
const redeemStatement = `INSERT INTO grants (id, user_id, app_id, session_id, scopes, offline, auth_time, acr, amr, claims,
		created_at, ends_at, revoked_at, revoke_reason, refresh_gen, refresh_key, refreshed_at)
	SELECT CAST($1 AS TEXT), u.id, a.id, s.id, CAST($2 AS TEXT), CAST($3 AS BOOLEAN), CAST($4 AS BIGINT), CAST($5 AS TEXT),
		CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), 0, '', CAST($10 AS BIGINT),
		CAST($11 AS TEXT), CAST($8 AS BIGINT)
	FROM users u, apps a, sessions s
	WHERE u.id = $12 AND u.disabled_at = 0
	  AND a.id = $13 AND a.enabled
	  AND s.id = $14 AND s.user_id = u.id AND s.ended_at = 0 AND s.expires_at > $8 AND s.seen_at > $15
	  AND (SELECT count(*) FROM consents c JOIN app_scopes x ON x.app_id = c.app_id AND x.scope = c.scope
		WHERE c.user_id = u.id AND c.app_id = a.id AND c.granted AND (c.until = 0 OR c.until > $8)
		  AND CASE c.scope `

const redeemStatementEnd = `ELSE FALSE END) = $16
	ON CONFLICT (id) DO NOTHING`

// redeemStatements holds the statement for each number of scopes.
var redeemStatements = func() [scopesMax + 1]func() string {
	var list [scopesMax + 1]func() string
	for n := range list {
		list[n] = sync.OnceValue(func() string {
			var cases strings.Builder
			for i := range n {
				fmt.Fprintf(&cases, "WHEN $%d THEN TRUE ", 17+i)
			}
			if n == 0 {
				cases.WriteString("WHEN '' THEN TRUE ")
			}
			return redeemStatement + cases.String() + redeemStatementEnd
		})
	}
	return list
}()

// RedeemCode inserts the grant; the row is the consumption of the code, so of any number of callers at
// most one gets Redeemed, on any node. A second use is Replayed and ends the grant, whoever presents it
// and whenever; nothing else is reported by an error. expired says the code is past its lifetime: nothing
// is inserted, but a replay is still found. g.EndsAt must be set; CreatedAt, RefreshedAt and an empty
// RefreshKey are set here.
func (db *DB) RedeemCode(ctx context.Context, g *Grant, expired bool) (Redemption, error) {
	_, used := db.caches.grants.get(g.ID)
	if used || expired {
		return db.replayed(ctx, g)
	}
	row, err := db.newGrantRow(g)
	if err != nil {
		return 0, err
	}
	inserted := false
	write := db.writeOne
	if row.noted {
		write = db.write
	}
	err = write(ctx, func(tx *tx) error {
		var err error
		inserted, err = row.insert(tx)
		return err
	})
	if err != nil {
		return 0, err
	}
	if inserted {
		return Redeemed, nil
	}
	return db.replayed(ctx, g)
}

// grantRow is a grant on its way into the table. Its columns are made outside the writer, for whom
// everybody waits.
type grantRow struct {
	db        *DB
	grant     *Grant
	key       string
	statement string
	args      []any
	noted     bool   // the app is to be told of the end of the session: insert runs a second statement
	inserted  *Grant // as the row stands, after insert
}

func (db *DB) newGrantRow(g *Grant) (*grantRow, error) {
	scopes := slices.Compact(slices.Sorted(slices.Values(g.Scopes)))
	if len(scopes) > scopesMax || g.EndsAt.IsZero() {
		return nil, fmt.Errorf("grant: %w", &Invalid{Field: "scope", Reason: "scope_too_many"})
	}
	key := g.RefreshKey
	if key == "" {
		key = db.keys.deriveID
	}
	args := make([]any, 0, 16+len(scopes))
	args = append(args, g.ID, toJSON(g.Scopes), g.Offline, millis(g.AuthTime), g.ACR, toJSON(g.AMR), claimsColumn(g.Claims),
		nil, millis(g.EndsAt), g.RefreshGen, key, g.UserID, g.AppID, g.SessionID, nil, len(scopes))
	for _, s := range scopes {
		args = append(args, s)
	}
	app, err := db.App(context.Background(), g.AppID)
	if err != nil && !errors.Is(err, ErrNotFound) { // of one that is gone nothing will be inserted
		return nil, err
	}
	noted := err == nil && app.wantsLogout()
	return &grantRow{db: db, grant: g, key: key, statement: redeemStatements[len(scopes)](), args: args, noted: noted}, nil
}

// insert runs the statement and tells whether it inserted.
func (r *grantRow) insert(tx *tx) (bool, error) {
	r.args[7], r.args[14] = tx.nowMS, tx.nowMS-SessionIdle.Milliseconds()
	n, err := tx.exec(r.statement, r.args...)
	if err != nil || n == 0 {
		return false, err
	}
	if r.noted {
		err = tx.noteSessionApp(r.grant.SessionID, r.grant.AppID)
		if err != nil {
			return false, err
		}
	}
	row := *r.grant
	row.RefreshKey, row.EndsAt = r.key, instant(millis(r.grant.EndsAt))
	row.CreatedAt, row.RefreshedAt = tx.now, tx.now
	r.inserted = &row
	tx.then(func() { r.db.caches.grants.add(row.ID, &row) })
	return true, nil
}

// replayed tells a replay from a code whose ground has gone, and ends the replayed grant. That it commits
// though the caller is refused is why it is no error.
func (db *DB) replayed(ctx context.Context, g *Grant) (Redemption, error) {
	outcome := Stale
	err := db.write(ctx, func(tx *tx) error {
		outcome = Stale
		known, err := tx.readGrant(g.ID)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		outcome = Replayed
		return db.endReplayed(tx, known)
	})
	if err != nil {
		return 0, err
	}
	return outcome, nil
}

// endReplayed ends the grant of a code that was presented again.
func (db *DB) endReplayed(tx *tx, g *Grant) error {
	return db.revokeGrant(tx, Actor{Kind: ActorApp, ID: g.AppID}, g.ID, "grant.replay", "the code was presented again")
}
