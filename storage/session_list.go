package storage

import (
	"context"
	"errors"
	"fmt"
)

// sessionsShown bounds the sessions of one user in a list.
const sessionsShown = 200

// Sessions lists a user's sessions that stand, newest first, 200 at most. An unknown user has none.
func (db *DB) Sessions(ctx context.Context, userID string) ([]*Session, error) {
	now := db.now()
	return readAll(ctx, db, scanSession, sessionColumns+`
		WHERE user_id = $1 AND ended_at = 0 AND expires_at > $2 AND seen_at > $3
		ORDER BY id DESC LIMIT $4`, userID, millis(now), millis(now.Add(-SessionIdle)), sessionsShown)
}

// EndSession ends a session and the grants that do not outlive it: the person's own, or by an
// administrator. Ending one that has ended, or never was, changes nothing; somebody else's is ErrNotFound
// where the actor may not know of people.
func (db *DB) EndSession(ctx context.Context, by Actor, id string) error {
	return db.change(ctx, by, "session.end", id, func(tx *tx) error {
		s, err := tx.session(id)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil {
			err = tx.allowSessions(by, s.UserID)
		}
		if err != nil {
			return err
		}
		return db.endSession(tx, by, id)
	})
}

// EndSessions ends all of a user's sessions but keep ("" for all), with the grants that do not outlive
// them, and says how many stood: one's own, or by an administrator.
func (db *DB) EndSessions(ctx context.Context, by Actor, userID, keep string) (int, error) {
	count := 0
	err := db.change(ctx, by, "session.end_all", userID, func(tx *tx) error {
		err := tx.allowSessions(by, userID)
		if err != nil {
			return err
		}
		count, err = db.endOthers(tx, userID, keep, "session.end", false)
		if err != nil || count == 0 {
			return err
		}
		return tx.audit(by, "session.end_all", userID, "ok", fmt.Sprintf("%d", count))
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// allowSessions lets people sign out whatever else they may do now; a token needs me.write for that.
func (t *tx) allowSessions(by Actor, userID string) error {
	if by.Kind == ActorUser && by.ID == userID && userID != "" && !by.Scoped {
		return nil
	}
	return t.allowPerson(by, userID)
}

// endOthers ends a user's sessions but keep and the grants of others than it: with offline those too that
// outlive their session. It says how many sessions stood.
func (db *DB) endOthers(tx *tx, userID, keep, reason string, offline bool) (int, error) {
	ids, err := tx.texts(`UPDATE sessions SET ended_at = $2, expires_at = $2
		WHERE user_id = $1 AND id <> $3 AND ended_at = 0 AND expires_at > $2 AND seen_at > $4 RETURNING id`,
		userID, tx.nowMS, keep, tx.nowMS-SessionIdle.Milliseconds())
	if err != nil {
		return 0, err
	}
	err = db.sessionsEnded(tx, ids)
	if err != nil {
		return 0, err
	}
	where := `user_id = $3 AND session_id <> $4 AND NOT offline`
	if offline {
		where = `user_id = $3 AND session_id <> $4`
	}
	return len(ids), db.revokeGrants(tx, reason, where, userID, keep)
}
