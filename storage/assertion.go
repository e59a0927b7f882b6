package storage

import (
	"context"
	"time"
)

const assertionPurpose = "assertion"

// UseAssertion notes that an app has used up the JWT ID jti, and tells whether this was the first time
// (RFC 7523 §3). The note is kept until expires, the moment from which the assertion is refused anyway.
func (db *DB) UseAssertion(ctx context.Context, appID, jti string, expires time.Time) (bool, error) {
	first := false
	err := db.writeOne(ctx, func(tx *tx) error {
		count, err := tx.exec(`INSERT INTO assertions (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
			db.Hash(assertionPurpose, appID+" "+jti), millis(expires))
		first = err == nil && count == 1
		return err
	})
	return first, err
}
