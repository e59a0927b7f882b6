package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// personalUseEvery is how often the use of tokens is stored: no request may write, and nobody needs to
// know it to the second after a crash.
const personalUseEvery = 10 * time.Minute

// PersonalTokenBySecret returns the token with that secret and its user (both shared) if it stands now,
// and notes its use. What is no token of ours by prefix, length and checksum is refused without a look
// at the database. Scopes are those of the token that its user may still have: lowered access and scopes
// taken from the app narrow them at once, possibly to none. ErrNotFound for an unknown or revoked one,
// ErrRevoked when it has expired, its user or app is disabled, or the app gives that user no tokens now.
func (db *DB) PersonalTokenBySecret(ctx context.Context, secret string) (*PersonalToken, *User, error) {
	if len(secret) != len(PersonalTokenPrefix)+secretDigits+checkDigits || !strings.HasPrefix(secret, PersonalTokenPrefix) ||
		!ValidChecksum(secret) {
		return nil, nil, ErrNotFound
	}
	t, err := db.personalByHash(ctx, db.Hash(personalPurpose, secret))
	if err != nil {
		return nil, nil, err
	}
	now := db.now()
	if !now.Before(t.ExpiresAt) {
		return nil, nil, fmt.Errorf("personal token: %w", ErrRevoked)
	}
	u, err := db.User(ctx, t.UserID)
	if err == nil && u.Disabled() {
		err = fmt.Errorf("user: %w", ErrRevoked)
	}
	if err != nil {
		return nil, nil, err
	}
	offered, err := db.offered(ctx, u, t.AppID)
	if err != nil {
		return nil, nil, err
	}
	db.personalUses.note(t.ID, millis(now))
	return t.narrowed(offered), u, nil
}

// personalByHash returns a token (cached, shared).
func (db *DB) personalByHash(ctx context.Context, hash string) (*PersonalToken, error) {
	t, ok := db.caches.personal.get(hash)
	if ok {
		return t, nil
	}
	return db.caches.personal.load(hash, func() (*PersonalToken, error) {
		return readRow(ctx, db, scanPersonal, personalColumns+` WHERE hash = $1`, hash)
	})
}

// offered returns the scopes a token of the user may have at this moment, or ErrRevoked where the app
// gives them none.
func (db *DB) offered(ctx context.Context, u *User, appID string) ([]string, error) {
	if appID == "" {
		return APIScopes(u.Access), nil
	}
	app, err := db.App(ctx, appID)
	if errors.Is(err, ErrNotFound) || err == nil && !app.givesTokens(u.ID) {
		err = fmt.Errorf("app: %w", ErrRevoked)
	}
	if err != nil {
		return nil, err
	}
	return TokenScopes(app), nil
}

// narrowed returns the token with those of its scopes that are offered: itself when that is all of them.
func (t *PersonalToken) narrowed(offered []string) *PersonalToken {
	missing := func(s string) bool { return !slices.Contains(offered, s) }
	if !slices.ContainsFunc(t.Scopes, missing) {
		return t
	}
	c := *t
	c.Scopes = slices.DeleteFunc(slices.Clone(t.Scopes), missing)
	return &c
}

// storePersonalUses writes the uses that are known in memory alone and says how many.
func (db *DB) storePersonalUses(ctx context.Context) (int, error) {
	total := 0
	for part := range slices.Chunk(db.personalUses.all(), sweepBatch) {
		err := db.write(ctx, func(tx *tx) error {
			for _, use := range part {
				_, err := tx.exec(`UPDATE personal_tokens SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`, use.id, use.at)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		db.personalUses.stored(part)
		total += len(part)
	}
	return total, nil
}
