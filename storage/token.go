package storage

import (
	"context"
	"time"
)

// tokenSet is the set of revoked access tokens in memory. A set too large to keep is left out: then the
// database is asked.
type tokenSet struct {
	ids      map[string]bool
	complete bool
}

const tokenSetMax = 100_000

// RevokeToken records one access token as revoked until it would have expired. Doing it twice changes
// nothing.
func (db *DB) RevokeToken(ctx context.Context, tokenID string, expires time.Time) error {
	return db.writeOne(ctx, func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO revoked_tokens (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`,
			tokenID, millis(expires))
		tx.then(func() { db.tokenRevoked(tokenID) })
		return err
	})
}

// tokenRevoked renews the set: it is shared, so a revocation makes a new one. Revocations are rare
// beside look-ups.
func (db *DB) tokenRevoked(id string) {
	set, ok := db.caches.revoked.get("all")
	if !ok || !set.complete || len(set.ids) > 1000 {
		db.caches.revoked.clear() // read again when asked
		return
	}
	ids := make(map[string]bool, len(set.ids)+1)
	for known := range set.ids {
		ids[known] = true
	}
	ids[id] = true
	db.caches.revoked.put("all", &tokenSet{ids: ids, complete: true})
}

// TokenRevoked tells whether the access token was revoked: a look-up in memory.
func (db *DB) TokenRevoked(ctx context.Context, tokenID string) (bool, error) {
	set, ok := db.caches.revoked.get("all")
	if !ok {
		var err error
		set, err = db.caches.revoked.load("all", func() (*tokenSet, error) { return db.readRevoked(ctx) })
		if err != nil {
			return false, err
		}
	}
	if set.complete {
		return set.ids[tokenID], nil
	}
	found, err := readAll(ctx, db, scanText, `SELECT id FROM revoked_tokens WHERE id = $1`, tokenID)
	return len(found) > 0, err
}

// readRevoked reads the ids of all revoked tokens, if they are not too many to keep.
func (db *DB) readRevoked(ctx context.Context) (*tokenSet, error) {
	ids, err := readAll(ctx, db, scanText, `SELECT id FROM revoked_tokens LIMIT $1`, tokenSetMax+1)
	if err != nil || len(ids) > tokenSetMax {
		return new(tokenSet), err
	}
	set := &tokenSet{complete: true, ids: make(map[string]bool, len(ids))}
	for _, id := range ids {
		set.ids[id] = true
	}
	return set, nil
}

// scanText reads a row of one text.
func scanText(row scanner) (string, error) {
	var text string
	err := row.Scan(&text)
	return text, err
}
