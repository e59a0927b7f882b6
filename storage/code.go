package storage

import (
	"context"
	"fmt"
	"time"
)

const codePurpose = "code"

// PutCode keeps the sealed content of a code that is too long for a URL, under the keyed hash of the
// short code that stands for it.
func (db *DB) PutCode(ctx context.Context, code, sealed string, expires time.Time) error {
	if len(sealed) > sealMax {
		return fmt.Errorf("code: %w", &Invalid{Field: "code", Reason: "code_too_large"})
	}
	return db.writeOne(ctx, func(tx *tx) error {
		_, err := tx.exec(`INSERT INTO codes (hash, sealed, expires_at) VALUES ($1, $2, $3)`,
			db.Hash(codePurpose, code), sealed, millis(expires))
		return err
	})
}

// Code reads what PutCode kept, or ErrNotFound. Redeeming is [DB.RedeemCode]'s business, also whether
// the code has expired: a replay of an expired code must still be seen.
func (db *DB) Code(ctx context.Context, code string) (string, error) {
	if len(code) > 512 {
		return "", ErrNotFound
	}
	return readRow(ctx, db, scanText, `SELECT sealed FROM codes WHERE hash = $1`, db.Hash(codePurpose, code))
}
