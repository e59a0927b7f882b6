package storage

import (
	"time"
)

// Bounds of the delivery of logout notices.
const (
	logoutNoticeAge   = 24 * time.Hour     // how long delivery is tried
	logoutLease       = time.Minute        // a claim nobody reports on is made again after it
	logoutFirstRetry  = time.Second        // doubles with each attempt
	logoutLastRetry   = time.Hour          // up to this
	logoutFailedKeep  = 7 * 24 * time.Hour // how long a failed notice is told to the app's developers
	logoutErrorMax    = 200                // bytes of last_error
	frontLogoutsMost  = 20                 // frames of one signed-out page
	logoutClaimsMost  = 100                // notices claimed at once
	logoutStateFailed = "failed"
)

// LogoutNotice is one logout an app is to be told of (OpenID Connect Back-Channel Logout 1.0): a row of the
// outbox that was claimed for one attempt.
type LogoutNotice struct {
	ID        string
	AppID     string
	UserID    string // the person's own id, not yet the sub the app knows
	SessionID string // sid
	CreatedAt time.Time
	Attempts  int // this one included
}

// logoutRetry is the time between an attempt and the next.
func logoutRetry(attempts int) time.Duration {
	wait := logoutFirstRetry
	for ; attempts > 1 && wait < logoutLastRetry; attempts-- {
		wait *= 2
	}
	return min(wait, logoutLastRetry)
}

// LogoutWake receives after a commit that may have made notices due: the worker need not ask the clock.
func (db *DB) LogoutWake() <-chan struct{} { return db.logoutWake }

// wakeLogouts never waits: one signal that nobody has taken yet is enough.
func (db *DB) wakeLogouts() {
	select {
	case db.logoutWake <- struct{}{}:
	default:
	}
}

// wantsLogout tells whether the app is to be remembered with the sessions that give it tokens.
func (a *App) wantsLogout() bool {
	return a.Registration.BackchannelLogoutURI != "" || a.Registration.FrontchannelLogoutURI != ""
}

// Where the JSON of a registration has a URI for logout. A quote inside a value is escaped, so no other
// value can look like it; what is read is checked once more all the same.
const (
	hasBackLogout  = `a.enabled AND a.registration LIKE '%"backchannel_logout_uri":"%'`
	hasFrontLogout = `a.enabled AND a.registration LIKE '%"frontchannel_logout_uri":"%'`
)

// appsOfSession are the apps that got tokens in the session $1 of the user $2. The grants are asked too: an
// app may have asked for notices only after it got them.
const appsOfSession = `SELECT a.id FROM apps a WHERE a.id IN (
	SELECT app_id FROM session_apps WHERE session_id = $1
	UNION SELECT app_id FROM grants WHERE user_id = $2 AND session_id = $1) AND `

// noteSessionApp remembers that an app got tokens in a session.
func (t *tx) noteSessionApp(sessionID, appID string) error {
	_, err := t.exec(`INSERT INTO session_apps (session_id, app_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, sessionID, appID)
	return err
}

// noticeSession writes the notices of a session that has just ended.
func (db *DB) noticeSession(tx *tx, sessionID string) error {
	s, err := tx.session(sessionID)
	if err != nil {
		return err
	}
	apps, err := tx.texts(appsOfSession+hasBackLogout+` ORDER BY a.id`, s.ID, s.UserID)
	if err != nil {
		return err
	}
	list := make([]ending, 0, len(apps))
	for _, app := range apps {
		list = append(list, ending{app, s.UserID, s.ID})
	}
	return db.putNotices(tx, list)
}

// noticeStanding writes the notices of the grants of a user that have outlived their session, whose end the
// apps were told of before: with the user they end too. Sessions that end in this transaction have theirs.
func (db *DB) noticeStanding(tx *tx, userID string) error {
	list, err := readMany(tx, scanEnding, `SELECT DISTINCT g.app_id, g.user_id, g.session_id FROM grants g JOIN apps a ON a.id = g.app_id
		WHERE g.user_id = $1 AND g.revoked_at = 0 AND g.ends_at > $2 AND `+hasBackLogout+`
		  AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = g.session_id AND s.ended_at IN (0, $2))
		ORDER BY g.app_id, g.session_id`, userID, tx.nowMS)
	if err != nil {
		return err
	}
	return db.putNotices(tx, list)
}

// ending is what an app is told of: a session of a user that is over for it.
type ending struct{ app, user, session string }

func scanEnding(row scanner) (ending, error) {
	var e ending
	err := row.Scan(&e.app, &e.user, &e.session)
	return e, err
}

// putNotices writes notices that are due at once.
func (db *DB) putNotices(tx *tx, list []ending) error {
	for _, e := range list {
		err := db.putNotice(tx, e.app, e.user, e.session, "waiting")
		if err != nil {
			return err
		}
	}
	return nil
}

// noticeApp lets an app that was switched off be told of all sessions it got tokens in. They may be many,
// so the row only says that they are to be made.
func (db *DB) noticeApp(tx *tx, appID string) error { return db.putNotice(tx, appID, "", "", "spread") }

func (db *DB) putNotice(tx *tx, appID, userID, sessionID, state string) error {
	tx.then(db.wakeLogouts)
	_, err := tx.exec(`INSERT INTO logout_notices (id, app_id, user_id, session_id, created_at, next_at, state)
		VALUES ($1, $2, $3, $4, $5, $5, $6)`, NewTimeID(tx.now), appID, userID, sessionID, tx.nowMS, state)
	return err
}
