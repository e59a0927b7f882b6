package storage

import (
	"context"
	"slices"
	"time"
)

// ClaimLogouts takes up to limit notices that are due, oldest first, for one attempt each: of any number of
// nodes one gets a notice. Whoever does not report on it ([DB.LogoutDelivered], [DB.LogoutUndelivered])
// loses the claim after a minute, and it is made again: delivery is at least once. next is when to ask
// again though nothing was committed meanwhile; zero: nothing waits.
func (db *DB) ClaimLogouts(ctx context.Context, limit int) (claimed []LogoutNotice, next time.Time, err error) {
	now := db.now()
	wait, err := db.logoutsDue(ctx)
	if err != nil || wait.IsZero() || now.Before(wait) {
		return nil, wait, err // most of the time nothing waits, and the writer is left alone
	}
	err = db.write(ctx, func(tx *tx) error {
		err := db.spreadLogouts(tx)
		if err != nil {
			return err
		}
		claimed, err = readMany(tx, scanLogoutNotice, `UPDATE logout_notices SET attempts = attempts + 1, next_at = $2
			WHERE state = 'waiting' AND next_at <= $1 AND id IN (
				SELECT id FROM logout_notices WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT $3)
			RETURNING id, app_id, user_id, session_id, created_at, attempts`,
			tx.nowMS, tx.nowMS+logoutLease.Milliseconds(), min(limit, logoutClaimsMost))
		return err
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	next, err = db.logoutsDue(ctx)
	return claimed, next, err
}

func scanLogoutNotice(row scanner) (LogoutNotice, error) {
	var n LogoutNotice
	var created int64
	err := row.Scan(&n.ID, &n.AppID, &n.UserID, &n.SessionID, &created, &n.Attempts)
	n.CreatedAt = instant(created)
	return n, err
}

// logoutsDue is when the next notice is due; zero: none waits.
func (db *DB) logoutsDue(ctx context.Context) (time.Time, error) {
	list, err := readAll(ctx, db, func(row scanner) (int64, error) {
		var at int64
		err := row.Scan(&at)
		return at, err
	}, `SELECT CAST(COALESCE(MIN(next_at), 0) AS BIGINT) FROM logout_notices WHERE state = 'waiting'
		UNION ALL SELECT CAST(COALESCE(MIN(next_at), 0) AS BIGINT) FROM logout_notices WHERE state = 'spread'`)
	list = slices.DeleteFunc(list, func(at int64) bool { return at == 0 })
	if err != nil || len(list) == 0 {
		return time.Time{}, err
	}
	return instant(slices.Min(list)), nil
}

// spreadLogouts makes the next notices of one app that was switched off: one for each session that stands.
func (db *DB) spreadLogouts(tx *tx) error {
	ids, err := tx.texts(`SELECT id FROM logout_notices WHERE state = 'spread' ORDER BY next_at LIMIT 1`)
	if err != nil || len(ids) == 0 {
		return err
	}
	var app, after string
	err = tx.row(`SELECT app_id, session_id FROM logout_notices WHERE id = $1`, []any{ids[0]}, &app, &after)
	if err != nil {
		return err
	}
	list, err := readMany(tx, scanEnding, `SELECT x.app_id, s.user_id, x.session_id FROM session_apps x JOIN sessions s ON s.id = x.session_id
		WHERE x.app_id = $1 AND x.session_id > $2 AND s.ended_at = 0 ORDER BY x.session_id LIMIT $3`, app, after, sweepBatch)
	if err == nil {
		err = db.putNotices(tx, list)
	}
	if err != nil {
		return err
	}
	if len(list) < sweepBatch {
		_, err = tx.exec(`DELETE FROM logout_notices WHERE id = $1`, ids[0])
		return err
	}
	_, err = tx.exec(`UPDATE logout_notices SET session_id = $2 WHERE id = $1`, ids[0], list[len(list)-1].session)
	return err
}

// LogoutDelivered removes a notice that the app has taken, or that nobody is to be told of any more.
func (db *DB) LogoutDelivered(ctx context.Context, n LogoutNotice) error {
	return db.writeOne(ctx, func(tx *tx) error {
		_, err := tx.exec(`DELETE FROM logout_notices WHERE id = $1`, n.ID)
		return err
	})
}

// LogoutUndelivered records why an attempt failed and tells whether it was the last: then the notice is
// kept as failed for a week. Else it is tried again after a time that doubles from a second to an hour, and
// what else waits for the app is not tried before: one that does not answer must not keep the others
// waiting. A claim that was lost meanwhile changes nothing.
func (db *DB) LogoutUndelivered(ctx context.Context, n LogoutNotice, reason string) (last bool, err error) {
	err = db.write(ctx, func(tx *tx) error {
		next := tx.now.Add(logoutRetry(n.Attempts))
		last = next.After(n.CreatedAt.Add(logoutNoticeAge))
		state := "waiting"
		if last {
			state = logoutStateFailed
		}
		count, err := tx.exec(`UPDATE logout_notices SET state = $3, next_at = $4, last_error = $5
			WHERE id = $1 AND attempts = $2 AND state = 'waiting'`, n.ID, n.Attempts, state, millis(next), clip(reason, logoutErrorMax))
		if err != nil || count == 0 || last {
			return err
		}
		tx.then(db.wakeLogouts) // the next attempt may be earlier than what the worker waits for
		_, err = tx.exec(`UPDATE logout_notices SET next_at = $2 WHERE app_id = $1 AND state = 'waiting' AND next_at < $2 AND attempts < $3`,
			n.AppID, millis(tx.now.Add(min(logoutRetry(n.Attempts), time.Minute))), n.Attempts)
		return err
	})
	return last, err
}

// LogoutTrouble is what an app could not be told.
type LogoutTrouble struct {
	AppID string
	Count int       // notices that were tried in vain, those given up included
	Since time.Time // of the oldest
	Error string    // of one of them
}

// LogoutTroubles lists the apps with notices that were tried in vain, 1,000 at most.
func (db *DB) LogoutTroubles(ctx context.Context) ([]LogoutTrouble, error) {
	return readAll(ctx, db, func(row scanner) (LogoutTrouble, error) {
		var t LogoutTrouble
		var since int64
		err := row.Scan(&t.AppID, &t.Count, &since, &t.Error)
		t.Since = instant(since)
		return t, err
	}, `SELECT app_id, COUNT(*), MIN(created_at), MAX(last_error) FROM logout_notices
		WHERE last_error <> '' GROUP BY app_id ORDER BY app_id LIMIT 1000`)
}

// UndeliveredLogouts counts the notices of one app that were tried in vain, those given up included.
func (db *DB) UndeliveredLogouts(ctx context.Context, appID string) (int, error) {
	counts, err := readAll(ctx, db, func(row scanner) (int, error) {
		var n int
		err := row.Scan(&n)
		return n, err
	}, `SELECT COUNT(*) FROM logout_notices WHERE app_id = $1 AND last_error <> ''`, appID)
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}

// FrontLogouts returns the apps with a frontchannel_logout_uri that got tokens in a session, ended or not
// (OpenID Connect Front-Channel Logout 1.0): 20 at most, by id.
func (db *DB) FrontLogouts(ctx context.Context, s *Session) ([]*App, error) {
	ids, err := readAll(ctx, db, scanText, appsOfSession+hasFrontLogout+` ORDER BY a.id LIMIT $3`, s.ID, s.UserID, frontLogoutsMost)
	if err != nil {
		return nil, err
	}
	var apps []*App
	for _, id := range ids {
		a, err := db.App(ctx, id)
		if err != nil {
			return nil, err
		}
		if a.Enabled && a.Registration.FrontchannelLogoutURI != "" {
			apps = append(apps, a)
		}
	}
	return apps, nil
}

// BrowserState is what the page of OpenID Connect Session Management 1.0 compares: it changes with the
// session and says nothing about it.
func (db *DB) BrowserState(sessionID string) string { return db.Hash("browser_state", sessionID) }
