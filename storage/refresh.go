package storage

import (
	"context"
	"errors"
	"time"
)

// rotateStatement advances the generation of a refresh family if the presented one is the live one and
// everything it rests on stands. One statement: of many callers exactly one advances it.
const rotateStatement = `UPDATE grants SET refresh_gen = refresh_gen + 1, refresh_key = $4, refreshed_at = $5,
		scopes = CASE WHEN $6 = '' THEN scopes ELSE $6 END
	WHERE id = $1 AND app_id = $2 AND refresh_gen = $3
	  AND revoked_at = 0 AND ends_at > $5 AND refreshed_at > $7
	  AND EXISTS (SELECT 1 FROM users u WHERE u.id = grants.user_id AND u.disabled_at = 0)
	  AND EXISTS (SELECT 1 FROM apps a WHERE a.id = grants.app_id AND a.enabled)
	  AND (offline OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = grants.session_id
		AND s.ended_at = 0 AND s.expires_at > $5 AND s.seen_at > $8))`

// RotateRefresh presents the refresh token of generation gen of the grant to the app; narrowed, if not
// nil, replaces the grant's scopes for good. The returned grant is as it stands afterwards (nil for
// Ended): the token of its RefreshGen, made with its RefreshKey, is the one to hand out.
//
// The generation before the live one may come back within [RefreshGrace], from a client that lost the
// answer: Repeated, with the same successor. Any older one, or that one later, means that two parties
// hold the family: Reused, and the grant ends. Another app's token, an unknown grant or a generation
// never given out is Ended and changes nothing.
func (db *DB) RotateRefresh(ctx context.Context, grantID, appID string, gen int64, narrowed []string) (*Grant, Rotation, error) {
	scopes := ""
	if narrowed != nil {
		scopes = toJSON(narrowed)
	}
	var outcome Rotation
	var grant *Grant
	err := db.write(ctx, func(tx *tx) error {
		n, err := tx.exec(rotateStatement, grantID, appID, gen, db.keys.deriveID, tx.nowMS, scopes,
			tx.nowMS-RefreshIdle.Milliseconds(), tx.nowMS-SessionIdle.Milliseconds())
		if err != nil {
			return err
		}
		grant, err = tx.readGrant(grantID)
		if errors.Is(err, ErrNotFound) {
			grant, outcome = nil, Ended
			return nil
		}
		if err != nil {
			return err
		}
		if n == 1 {
			outcome = Rotated
			row := grant
			tx.then(func() { db.caches.grants.put(row.ID, row) })
			return nil
		}
		outcome, err = db.judgeRefresh(tx, grant, appID, gen)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	if outcome == Ended {
		return nil, Ended, nil
	}
	return grant, outcome, nil
}

// judgeRefresh says what a refresh token means that did not advance its family.
func (db *DB) judgeRefresh(tx *tx, g *Grant, appID string, gen int64) (Rotation, error) {
	switch {
	case g.AppID != appID || gen >= g.RefreshGen || gen < 0:
		return Ended, nil
	case !g.stands(tx.now):
		return Ended, nil
	case gen == g.RefreshGen-1 && tx.now.Before(g.RefreshedAt.Add(RefreshGrace)):
		stands, err := tx.groundStands(g)
		if err != nil || !stands {
			return Ended, err
		}
		return Repeated, nil
	}
	g.RevokedAt = tx.now
	return Reused, db.revokeGrant(tx, Actor{Kind: ActorApp, ID: appID}, g.ID, "grant.reuse", "an old refresh token was presented")
}

// groundStands tells whether user, app and session of a grant still stand.
func (t *tx) groundStands(g *Grant) (bool, error) {
	var count int
	err := t.row(`SELECT count(*) FROM users u, apps a
		WHERE u.id = $1 AND u.disabled_at = 0 AND a.id = $2 AND a.enabled`, []any{g.UserID, g.AppID}, &count)
	if err != nil || count == 0 {
		return false, err
	}
	if g.Offline {
		return true, nil
	}
	s, err := t.session(g.SessionID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && s.stands(t.now), err
}

// RefreshEnds returns when a refresh family of the app that begins now must end: its absolute lifetime, or
// earlier where the consent to offline access ends. [RefreshIdle] holds within that: a family of an app
// whose lifetime is shorter ends before it could be idle for so long.
func RefreshEnds(app *App, now, consentUntil time.Time) time.Time {
	end := now.Add(app.RefreshLife())
	if !consentUntil.IsZero() && consentUntil.Before(end) {
		return consentUntil
	}
	return end
}
