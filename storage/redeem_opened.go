package storage

import (
	"context"
	"errors"
)

// codeUnused is the RefreshKey of a grant that the authorization endpoint made, before the code that
// belongs to it is redeemed: there can be no refresh token of it.
const codeUnused = ""

// OpenGrant inserts the grant of an authorization response that hands out tokens at once (OpenID Connect
// Core §3.2, §3.3): the same statement as [DB.RedeemCode]'s, so that nothing is handed out of which
// user, app, session or consent no longer stands (Stale). A code in the same response is redeemed on this
// grant by [DB.RedeemOpened].
//
// A request answers once. A browser that sends the person's decision twice (a double click) gets the
// second answer within [RefreshGrace], on the same grant, while its code is unused: Redeemed again. Any
// later one is Replayed; unlike a code's that revokes nothing, because only the person's own browser can
// send it. CreatedAt, RefreshedAt and RefreshKey are set here, EndsAt must be set.
func (db *DB) OpenGrant(ctx context.Context, g *Grant) (Redemption, error) {
	row, err := db.newGrantRow(g)
	if err != nil {
		return 0, err
	}
	row.withKey(codeUnused)
	outcome := Stale
	err = db.write(ctx, func(tx *tx) error {
		inserted, err := row.insert(tx)
		if err != nil {
			return err
		}
		outcome = Redeemed
		if inserted {
			return nil
		}
		outcome, err = tx.openedBefore(g)
		return err
	})
	if err != nil {
		return 0, err
	}
	return outcome, nil
}

// openedBefore says what it means that a grant could not be inserted.
func (t *tx) openedBefore(g *Grant) (Redemption, error) {
	known, err := t.readGrant(g.ID)
	if errors.Is(err, ErrNotFound) {
		return Stale, nil
	}
	if err != nil {
		return 0, err
	}
	same := known.UserID == g.UserID && known.AppID == g.AppID && known.SessionID == g.SessionID && toJSON(known.Scopes) == toJSON(g.Scopes)
	if !same || known.RefreshKey != codeUnused || !known.stands(t.now) || !t.now.Before(known.CreatedAt.Add(RefreshGrace)) {
		return Replayed, nil
	}
	stands, err := t.groundStands(known)
	if err != nil || !stands {
		return Stale, err
	}
	return Redeemed, nil
}

// openedStatement gives an opened grant its refresh family, if everything it rests on stands. That is the
// consumption of the code.
const openedStatement = `UPDATE grants SET refresh_key = $2, refreshed_at = $3, ends_at = $4
	WHERE id = $1 AND refresh_key = '' AND revoked_at = 0 AND ends_at > $3
	  AND EXISTS (SELECT 1 FROM users u WHERE u.id = grants.user_id AND u.disabled_at = 0)
	  AND EXISTS (SELECT 1 FROM apps a WHERE a.id = grants.app_id AND a.enabled)
	  AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = grants.session_id AND s.user_id = grants.user_id
		AND s.ended_at = 0 AND s.expires_at > $3 AND s.seen_at > $5)`

// RedeemOpened redeems a code whose grant [DB.OpenGrant] made. As with [DB.RedeemCode], of any number of
// callers at most one gets Redeemed, and a second use is Replayed and ends the grant: the tokens of both
// endpoints with it. expired says the code is past its lifetime. g.EndsAt and g.RefreshKey are written.
func (db *DB) RedeemOpened(ctx context.Context, g *Grant, expired bool) (Redemption, error) {
	key := g.RefreshKey
	if key == "" {
		key = db.keys.deriveID
	}
	outcome := Stale
	err := db.write(ctx, func(tx *tx) error {
		outcome = Stale
		if !expired {
			n, err := tx.exec(openedStatement, g.ID, key, tx.nowMS, millis(g.EndsAt), tx.nowMS-SessionIdle.Milliseconds())
			if err != nil {
				return err
			}
			if n == 1 {
				outcome = Redeemed
				tx.then(func() { db.caches.grants.drop(g.ID) })
				return nil
			}
		}
		known, err := tx.readGrant(g.ID)
		if errors.Is(err, ErrNotFound) || err == nil && known.RefreshKey == codeUnused {
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

// withKey sets the key of the row, whatever the grant says.
func (r *grantRow) withKey(id string) { r.key, r.args[10] = id, id }
