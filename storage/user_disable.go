package storage

import (
	"context"
	"time"
)

// SetUserDisabled disables, which ends sessions, grants, personal tokens and one-time links at once, or
// enables; they do not come back. By an administrator or a command: else ErrForbidden, or
// ErrNotFound where the actor may not know of people. Asking for the state there is changes nothing.
// ErrNotFound, or *Invalid last_admin.
func (db *DB) SetUserDisabled(ctx context.Context, by Actor, id string, disabled bool) error {
	action := "user.enable"
	if disabled {
		action = "user.disable"
	}
	return db.change(ctx, by, action, id, func(tx *tx) error {
		err := tx.allowUser(by, id)
		if err != nil {
			return err
		}
		before, err := tx.user(id)
		if err != nil || before.Disabled() == disabled {
			return err
		}
		u := *before
		u.UpdatedAt, u.DisabledAt = tx.now, time.Time{}
		if disabled {
			u.DisabledAt = tx.now
		}
		_, err = tx.exec(`UPDATE users SET disabled_at = $2, updated_at = $3 WHERE id = $1`, id, millis(u.DisabledAt), tx.nowMS)
		if err != nil {
			return err
		}
		db.userChanged(tx, before, &u)
		return db.disabledChanged(tx, by, before, &u)
	})
}

// disabledChanged does what belongs to disabling, and tells the audit log of that or of enabling.
func (db *DB) disabledChanged(tx *tx, by Actor, before, u *User) error {
	if !u.Disabled() {
		return tx.audit(by, "user.enable", u.ID, "ok", "")
	}
	err := db.endForDisabled(tx, by, before, "user.disable")
	if err != nil {
		return err
	}
	return tx.audit(by, "user.disable", u.ID, "ok", "")
}

// endForDisabled takes from a user what must not outlive their being disabled.
func (db *DB) endForDisabled(tx *tx, by Actor, u *User, reason string) error {
	err := tx.keepsAdmin(by, u)
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM links WHERE user_id = $1`, u.ID)
	if err != nil {
		return err
	}
	return db.endWithTokens(tx, u.ID, reason)
}

// endWithTokens is endEverything and deletes the personal tokens as well: whoever had the account may have
// made some, and they need no session.
func (db *DB) endWithTokens(tx *tx, userID, reason string) error {
	err := db.endEverything(tx, userID, reason)
	if err == nil {
		_, err = db.deletePersonalTokens(tx, `user_id = $1`, userID)
	}
	return err
}

// endEverything ends all sessions and grants of a user.
func (db *DB) endEverything(tx *tx, userID, reason string) error {
	ids, err := tx.texts(`UPDATE sessions SET ended_at = $2, expires_at = $2 WHERE user_id = $1 AND ended_at = 0 RETURNING id`, userID, tx.nowMS)
	if err != nil {
		return err
	}
	err = db.sessionsEnded(tx, ids)
	if err == nil {
		err = db.noticeStanding(tx, userID)
	}
	if err != nil {
		return err
	}
	return db.revokeGrants(tx, reason, `user_id = $3`, userID)
}
