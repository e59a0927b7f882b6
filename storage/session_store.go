package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Lifetimes of a session.
const (
	SessionIdle     = 14 * 24 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour
	sessionTouch    = time.Hour // use is recorded at most this often
	sessionPurpose  = "session"
)

const sessionColumns = `SELECT id, user_id, secret_hash, auth_time, acr, amr, created_at, seen_at, expires_at, ended_at,
	address, user_agent FROM sessions`

func scanSession(row scanner) (*Session, error) {
	var s Session
	var amr string
	var authTime, created, seen, expires, ended int64
	err := row.Scan(&s.ID, &s.UserID, &s.hash, &authTime, &s.ACR, &amr, &created, &seen, &expires, &ended, &s.Address, &s.UserAgent)
	if err != nil {
		return nil, err
	}
	s.AuthTime, s.CreatedAt, s.SeenAt = instant(authTime), instant(created), instant(seen)
	s.ExpiresAt, s.endedAt = instant(expires), instant(ended)
	return &s, fromJSON(amr, &s.AMR)
}

// stands tells whether the session is neither ended nor expired.
func (s *Session) stands(now time.Time) bool {
	return s.endedAt.IsZero() && now.Before(s.ExpiresAt) && now.Before(s.SeenAt.Add(SessionIdle))
}

// StartSession signs a person in and returns the session and the secret for its cookie. The session the
// browser had before keeps its id, with a new secret and auth_time, when it is the same person's and
// still stands; another person's ends. ErrRevoked for a disabled user or one whose
// password was set anew since it was compared, ErrNotFound for an unknown one.
func (db *DB) StartSession(ctx context.Context, n NewSession) (*Session, string, error) {
	secret := newSecret()
	var started *Session
	err := db.write(ctx, func(tx *tx) error {
		u, err := tx.user(n.UserID)
		if err != nil {
			return err
		}
		if u.Disabled() || n.Proved != nil && n.Proved.passwordAt != u.passwordAt {
			return fmt.Errorf("user: %w", ErrRevoked)
		}
		started = &Session{ID: NewTimeID(tx.now), UserID: n.UserID, CreatedAt: tx.now}
		if n.Replaces != "" {
			err = db.replaceSession(tx, n, started)
		}
		if err != nil {
			return err
		}
		started.hash = db.Hash(sessionPurpose, secret)
		started.AuthTime, started.SeenAt, started.ExpiresAt = tx.now, tx.now, tx.now.Add(SessionAbsolute)
		started.ACR, started.AMR = n.ACR, n.AMR
		started.Address, started.UserAgent = clip(n.Address, 100), clip(n.UserAgent, 300)
		_, err = tx.exec(`INSERT INTO sessions (id, user_id, secret_hash, auth_time, acr, amr, created_at, seen_at,
				expires_at, ended_at, address, user_agent)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $4, $8, 0, $9, $10)
			ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, auth_time = excluded.auth_time,
				acr = excluded.acr, amr = excluded.amr, seen_at = excluded.seen_at, expires_at = excluded.expires_at,
				address = excluded.address, user_agent = excluded.user_agent`,
			started.ID, n.UserID, started.hash, tx.nowMS, n.ACR, toJSON(n.AMR), millis(started.CreatedAt),
			millis(started.ExpiresAt), started.Address, started.UserAgent)
		if err != nil {
			return err
		}
		session := started
		tx.then(func() {
			db.caches.sessions.put(session.ID, session)
			db.caches.sessionKeys.add(session.hash, session.ID)
		})
		by := Actor{Kind: ActorUser, ID: n.UserID, Address: n.Address}
		return tx.audit(by, "session.start", session.ID, "ok", started.UserAgent)
	})
	if err != nil {
		return nil, "", err
	}
	return started, secret, nil
}

// replaceSession lets the started session take the place of the browser's former one, or ends that.
func (db *DB) replaceSession(tx *tx, n NewSession, started *Session) error {
	old, err := tx.session(n.Replaces)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !old.stands(tx.now) {
		return nil
	}
	if old.UserID == n.UserID {
		started.ID, started.CreatedAt = old.ID, old.CreatedAt
		return nil
	}
	by := Actor{Kind: ActorUser, ID: n.UserID, Address: n.Address}
	return db.endSession(tx, by, old.ID)
}

// session reads a session inside the transaction.
func (t *tx) session(id string) (*Session, error) {
	s, err := readOne(t, scanSession, sessionColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return s, nil
}

// SessionBySecret returns the live session of a cookie and its user (both cached, shared), or
// ErrNotFound: no such session, ended, expired, or the user is disabled. It records use at most once an
// hour, in the background.
func (db *DB) SessionBySecret(ctx context.Context, secret string) (*Session, *User, error) {
	if len(secret) != len(newSecretExample) {
		return nil, nil, ErrNotFound
	}
	s, err := db.sessionByHash(ctx, db.Hash(sessionPurpose, secret))
	if err != nil {
		return nil, nil, err
	}
	now := db.now()
	if !s.stands(now) {
		return nil, nil, ErrNotFound
	}
	u, err := db.User(ctx, s.UserID)
	if err != nil {
		return nil, nil, err
	}
	if u.Disabled() {
		return nil, nil, ErrNotFound
	}
	if now.Sub(s.SeenAt) >= sessionTouch {
		db.touch(s)
	}
	return s, u, nil
}

// newSecretExample has the length of every secret made by newSecret.
const newSecretExample = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// sessionByHash finds a session by the hash of its present secret.
func (db *DB) sessionByHash(ctx context.Context, hash string) (*Session, error) {
	id, ok := db.caches.sessionKeys.get(hash)
	if ok {
		s, ok := db.caches.sessions.get(id)
		if ok && s.hash == hash {
			return s, nil
		}
	}
	generation, generationOfKeys := db.caches.sessions.before(), db.caches.sessionKeys.before()
	s, err := readRow(ctx, db, scanSession, sessionColumns+` WHERE secret_hash = $1`, hash)
	if err != nil {
		return nil, err
	}
	db.caches.sessions.fill(generation, s.ID, s)
	db.caches.sessionKeys.fill(generationOfKeys, hash, s.ID)
	return s, nil
}

// sessionByID finds a session for a grant. One whose row is gone has ended, and ending is final, so that
// is kept too (ids come from grants, not from strangers).
func (db *DB) sessionByID(ctx context.Context, id string) (*Session, error) {
	s, ok := db.caches.sessions.get(id)
	if ok {
		return s, nil
	}
	return db.caches.sessions.load(id, func() (*Session, error) {
		s, err := readRow(ctx, db, scanSession, sessionColumns+` WHERE id = $1`, id)
		if errors.Is(err, ErrNotFound) {
			return &Session{ID: id, endedAt: instant(1)}, nil
		}
		return s, err
	})
}

// touch records in the background that a session is used; one write at a time for each.
func (db *DB) touch(s *Session) {
	_, busy := db.touching.LoadOrStore(s.ID, true)
	if busy {
		return
	}
	go func() {
		defer db.touching.Delete(s.ID)
		err := db.writeOne(context.Background(), func(tx *tx) error {
			n, err := tx.exec(`UPDATE sessions SET seen_at = $2 WHERE id = $1 AND ended_at = 0 AND seen_at < $2`, s.ID, tx.nowMS)
			if err == nil && n == 1 {
				tx.then(func() { db.caches.sessions.drop(s.ID) })
			}
			return err
		})
		if err != nil && !errors.Is(err, ErrUnavailable) { // the next use tries again
			db.logger.Error("session use", "error", err)
		}
	}()
}

// grantsOfSession are the grants that end with a session. They are found by its user: an index of
// sessions on grants would cost every login a page.
const grantsOfSession = `user_id = (SELECT user_id FROM sessions WHERE id = $3) AND session_id = $3 AND NOT offline`

func (db *DB) endSession(tx *tx, by Actor, id string) error {
	n, err := tx.exec(`UPDATE sessions SET ended_at = $2, expires_at = $2 WHERE id = $1 AND ended_at = 0`, id, tx.nowMS)
	if err != nil || n == 0 {
		return err
	}
	err = db.sessionsEnded(tx, []string{id})
	if err != nil {
		return err
	}
	err = db.revokeGrants(tx, "session.end", grantsOfSession, id)
	if err != nil {
		return err
	}
	return tx.audit(by, "session.end", id, "ok", "")
}

// sessionsEnded forgets sessions (that they have ended is read again when asked) and lets the apps that got
// tokens in them be told.
func (db *DB) sessionsEnded(tx *tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	tx.then(func() { db.caches.sessions.drop(ids...) })
	for _, id := range ids {
		err := db.noticeSession(tx, id)
		if err != nil {
			return err
		}
	}
	return nil
}
