package storage

import (
	"context"
	"slices"
	"time"
)

const consentColumns = `SELECT scope, granted, offline, until, decided_at FROM consents WHERE user_id = $1 AND app_id = $2 ORDER BY scope`

func scanConsent(row scanner) (Consent, error) {
	var c Consent
	var until, decided int64
	err := row.Scan(&c.Scope, &c.Granted, &c.Offline, &until, &decided)
	c.Until, c.DecidedAt = instant(until), instant(decided)
	return c, err
}

// stands tells whether the decision has not ended.
func (c Consent) stands(now time.Time) bool { return c.Until.IsZero() || now.Before(c.Until) }

// Consents returns what the person decided about the app (cached, shared), ordered by scope; decisions
// that have ended are left out.
func (db *DB) Consents(ctx context.Context, userID, appID string) ([]Consent, error) {
	key := pair{userID, appID}
	list, ok := db.caches.consents.get(key)
	if !ok {
		var err error
		list, err = db.caches.consents.load(key, func() ([]Consent, error) {
			return readAll(ctx, db, scanConsent, consentColumns, userID, appID)
		})
		if err != nil {
			return nil, err
		}
	}
	now := db.now()
	ended := func(c Consent) bool { return !c.stands(now) }
	if slices.ContainsFunc(list, ended) {
		list = slices.DeleteFunc(slices.Clone(list), ended)
	}
	return list, nil
}

// Decide stores what the person by decided, replacing earlier decisions about the same scopes. DecidedAt is
// set here. ErrNotFound for an unknown user, app or scope. Tokens already given are not touched: see
// [DB.WithdrawApp].
func (db *DB) Decide(ctx context.Context, by Actor, appID string, decisions []Consent) error {
	userID := by.ID
	return db.write(ctx, func(tx *tx) error {
		var granted, declined string
		for _, c := range decisions {
			_, err := tx.exec(`INSERT INTO consents (user_id, app_id, scope, granted, offline, until, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (user_id, app_id, scope) DO UPDATE
				SET granted = excluded.granted, offline = excluded.offline, until = excluded.until, decided_at = excluded.decided_at`,
				userID, appID, c.Scope, c.Granted, c.Granted && c.Offline, millis(c.Until), tx.nowMS)
			if err != nil {
				return err
			}
			if c.Granted {
				granted += " " + c.Scope
			} else {
				declined += " " + c.Scope
			}
		}
		tx.then(func() { db.caches.consents.drop(pair{userID, appID}) })
		var err error
		if granted != "" {
			err = tx.audit(by, "consent.grant", appID, "ok", granted[1:])
		}
		if err == nil && declined != "" {
			err = tx.audit(by, "consent.deny", appID, "ok", declined[1:])
		}
		return err
	})
}

// WithdrawApp takes from an app all access to the person's account, at once: their consents for it, all
// grants of the two, offline ones included, and the person's tokens of that app. By the person or an
// administrator. Withdrawing what there is not changes nothing.
func (db *DB) WithdrawApp(ctx context.Context, by Actor, userID, appID string) error {
	return db.change(ctx, by, "consent.withdraw", appID, func(tx *tx) error {
		err := tx.allowPerson(by, userID)
		if err != nil {
			return err
		}
		consents, err := tx.exec(`DELETE FROM consents WHERE user_id = $1 AND app_id = $2`, userID, appID)
		if err != nil {
			return err
		}
		tx.then(func() { db.caches.consents.drop(pair{userID, appID}) })
		grants, err := db.endGrants(tx, "consent.withdraw", `user_id = $3 AND app_id = $4`, userID, appID)
		if err != nil {
			return err
		}
		tokens, err := db.deletePersonalTokens(tx, `user_id = $1 AND app_id = $2`, userID, appID)
		if err != nil || consents == 0 && len(grants) == 0 && len(tokens) == 0 {
			return err
		}
		for _, t := range tokens {
			err = tx.audit(by, "token.revoke", t.ID, "ok", t.describe(by))
			if err != nil {
				return err
			}
		}
		return tx.audit(by, "consent.withdraw", appID, "ok", userID)
	})
}
