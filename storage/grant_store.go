package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const grantColumns = `SELECT id, user_id, app_id, session_id, scopes, offline, auth_time, acr, amr, claims, created_at,
	ends_at, revoked_at, refresh_gen, refresh_key, refreshed_at FROM grants`

func scanGrant(row scanner) (*Grant, error) {
	var g Grant
	var scopes, amr, claims string
	var authTime, created, ends, revoked, refreshed int64
	err := row.Scan(&g.ID, &g.UserID, &g.AppID, &g.SessionID, &scopes, &g.Offline, &authTime, &g.ACR, &amr, &claims,
		&created, &ends, &revoked, &g.RefreshGen, &g.RefreshKey, &refreshed)
	if err != nil {
		return nil, err
	}
	g.AuthTime, g.CreatedAt, g.EndsAt = instant(authTime), instant(created), instant(ends)
	g.RevokedAt, g.RefreshedAt = instant(revoked), instant(refreshed)
	if claims != "" {
		g.Claims = &Claims{}
		err = json.Unmarshal([]byte(claims), g.Claims)
	}
	return &g, errors.Join(err, fromJSON(scopes, &g.Scopes), fromJSON(amr, &g.AMR))
}

// claimsColumn is the text of the claims parameter, "" for none.
func claimsColumn(c *Claims) string {
	if c == nil {
		return ""
	}
	return toJSON(c)
}

// stands tells whether the grant itself has neither been revoked nor ended.
func (g *Grant) stands(now time.Time) bool { return g.RevokedAt.IsZero() && now.Before(g.EndsAt) }

// grant returns the row (cached, shared) as it is, revoked or not, or ErrNotFound.
func (db *DB) grant(ctx context.Context, id string) (*Grant, error) {
	g, ok := db.caches.grants.get(id)
	if ok {
		return g, nil
	}
	return db.caches.grants.load(id, func() (*Grant, error) {
		return readRow(ctx, db, scanGrant, grantColumns+` WHERE id = $1`, id)
	})
}

// LiveGrant returns grant, user and app (cached, shared) if grant, user and app still stand, else
// ErrRevoked, or ErrNotFound for an unknown id. A grant without Offline also needs its session; for one
// with it, SessionEnded tells whether the session is over. Everything is judged by the clock now, not by
// what the sweeper has done.
func (db *DB) LiveGrant(ctx context.Context, id string) (*Grant, *User, *App, error) {
	g, err := db.grant(ctx, id)
	if err != nil {
		return nil, nil, nil, err
	}
	now := db.now()
	if !g.stands(now) {
		return nil, nil, nil, fmt.Errorf("grant: %w", ErrRevoked)
	}
	u, err := db.User(ctx, g.UserID)
	if err == nil && u.Disabled() {
		err = fmt.Errorf("user: %w", ErrRevoked)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	a, err := db.App(ctx, g.AppID)
	if err == nil && !a.Enabled {
		err = fmt.Errorf("app: %w", ErrRevoked)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := db.sessionByID(ctx, g.SessionID)
	if err != nil {
		return nil, nil, nil, err
	}
	if s.stands(now) {
		return g, u, a, nil
	}
	if !g.Offline {
		return nil, nil, nil, fmt.Errorf("session: %w", ErrRevoked)
	}
	ended := *g
	ended.SessionEnded = true
	return &ended, u, a, nil
}

// RevokeGrant ends a grant and every token of it. Ending one that has ended, or never was, changes
// nothing.
func (db *DB) RevokeGrant(ctx context.Context, by Actor, id, reason string) error {
	return db.write(ctx, func(tx *tx) error { return db.revokeGrant(tx, by, id, "grant.revoke", reason) })
}

// revokeGrant ends one grant and tells the audit log, once.
func (db *DB) revokeGrant(tx *tx, by Actor, id, action, reason string) error {
	ids, err := db.endGrants(tx, action, `id = $3`, id)
	if err != nil || len(ids) == 0 {
		return err
	}
	return tx.audit(by, action, id, "ok", reason)
}

// revokeGrants ends the grants for which a condition holds; the change that causes it is audited.
func (db *DB) revokeGrants(tx *tx, reason, where string, args ...any) error {
	_, err := db.endGrants(tx, reason, where, args...)
	return err
}

// endGrants marks grants as revoked and lowers their end, which is all that expiry looks at. where is a
// constant whose parameters begin at $3.
func (db *DB) endGrants(tx *tx, reason, where string, args ...any) ([]string, error) {
	ids, err := tx.texts(`UPDATE grants SET revoked_at = $1, revoke_reason = $2,
			ends_at = CASE WHEN ends_at > $1 THEN $1 ELSE ends_at END
		WHERE revoked_at = 0 AND `+where+` RETURNING id`, append([]any{tx.nowMS, clip(reason, 100)}, args...)...)
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		tx.then(func() { db.caches.grants.drop(ids...) })
	}
	return ids, nil
}

// readGrant reads a grant inside the transaction.
func (t *tx) readGrant(id string) (*Grant, error) {
	g, err := readOne(t, scanGrant, grantColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("grant: %w", err)
	}
	return g, nil
}
