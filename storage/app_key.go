package storage

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"hash/crc32"
	"math/big"
	"slices"
	"strings"
	"time"
)

// appKeyPrefix begins the secrets we make, so that people and scanners know what they see.
const appKeyPrefix = "propusk_key_"

const (
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	secretDigits  = 43 // 62^43 > 2^256
	checkDigits   = 6  // 62^6 > 2^32
	appSecretMin  = 8
	appSecretMax  = 256
	appKeyPurpose = "app_key"
)

// CheckedSecret returns prefix, 256 random bits in base62 and a checksum of six characters, by which a
// scanner can tell a secret from noise without asking us.
func CheckedSecret(prefix string) string {
	var b [32]byte
	rand.Read(b[:])
	body := prefix + toBase62(new(big.Int).SetBytes(b[:]), secretDigits)
	return body + checksum(body)
}

// ValidChecksum tells whether a text ends in the checksum of what stands before it.
func ValidChecksum(secret string) bool {
	if len(secret) <= checkDigits {
		return false
	}
	body := secret[:len(secret)-checkDigits]
	return secret[len(body):] == checksum(body)
}

// checksum is CRC-32 (IEEE) in base62.
func checksum(body string) string {
	return toBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checkDigits)
}

// toBase62 writes n in the given number of digits.
func toBase62(n *big.Int, digits int) string {
	text, base, digit := make([]byte, digits), big.NewInt(int64(len(base62))), new(big.Int)
	for i := digits - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		text[i] = base62[digit.Int64()]
	}
	return string(text)
}

// checkChosenSecret refuses a client secret that clients could not send (RFC 6749 appendix A.2) or that
// is too short to be one.
func checkChosenSecret(secret string) error {
	notVisible := func(r rune) bool { return r < 0x20 || r > 0x7e }
	switch {
	case len(secret) < appSecretMin:
		return &Invalid{Field: "client_secret", Reason: "secret_short"}
	case len(secret) > appSecretMax:
		return &Invalid{Field: "client_secret", Reason: "secret_long"}
	case strings.ContainsFunc(secret, notVisible):
		return &Invalid{Field: "client_secret", Reason: "secret_characters"}
	}
	return nil
}

// AddAppKey makes a further secret, valid until expires (zero: for ever) and shown once. *Invalid:
// secret_public (a public app has none), secret_too_many, label_invalid, expires_past; ErrForbidden or
// ErrNotFound.
func (db *DB) AddAppKey(ctx context.Context, by Actor, appID, label string, expires time.Time) (AppKey, string, error) {
	secret := CheckedSecret(appKeyPrefix)
	var key AppKey
	err := db.change(ctx, by, "app_key.create", appID, func(tx *tx) error {
		app, err := tx.confidential(by, appID)
		if err != nil {
			return err
		}
		key, err = db.insertAppKey(tx, by, app, label, secret, expires)
		tx.then(func() { db.appChanged(appID) })
		return err
	})
	if err != nil {
		return AppKey{}, "", err
	}
	return key, secret, nil
}

// RotateAppSecret makes a new secret and ends all others at once.
func (db *DB) RotateAppSecret(ctx context.Context, by Actor, appID string) (string, error) {
	secret := CheckedSecret(appKeyPrefix)
	err := db.change(ctx, by, "app_key.create", appID, func(tx *tx) error {
		app, err := tx.confidential(by, appID)
		if err != nil {
			return err
		}
		_, err = tx.exec(`DELETE FROM app_keys WHERE app_id = $1`, appID)
		if err != nil {
			return err
		}
		_, err = db.insertAppKey(tx, by, app, "", secret, time.Time{})
		tx.then(func() { db.appChanged(appID) })
		return err
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// RemoveAppKey deletes one key of a confidential app, also its last one; requests with it fail at once.
// ErrNotFound for a key that is none of this app's; *Invalid secret_public, ErrForbidden.
func (db *DB) RemoveAppKey(ctx context.Context, by Actor, appID, keyID string) error {
	return db.change(ctx, by, "app_key.delete", appID, func(tx *tx) error {
		_, err := tx.confidential(by, appID)
		if err != nil {
			return err
		}
		count, err := tx.exec(`DELETE FROM app_keys WHERE id = $1 AND app_id = $2`, keyID, appID)
		if err == nil && count == 0 {
			err = fmt.Errorf("key of app %q: %w", appID, ErrNotFound)
		}
		if err != nil {
			return err
		}
		tx.then(func() {
			db.appChanged(appID)
			db.keyUses.Delete(keyID)
		})
		return tx.audit(by, "app_key.delete", appID, "ok", keyID)
	})
}

// confidential refuses an app whose keys the actor may not change, or that keeps no secret.
func (t *tx) confidential(by Actor, appID string) (*App, error) {
	app, err := t.appFor(by, AppKeys, appID)
	if err == nil && !app.KeepsSecret() {
		err = &Invalid{Field: "client_secret", Reason: "secret_public", Value: appID}
	}
	return app, err
}

// appKeysMax bounds the live secrets of an app: each check compares with all of them.
const appKeysMax = 20

func (db *DB) insertAppKey(tx *tx, by Actor, app *App, label, secret string, expires time.Time) (AppKey, error) {
	label, appID := tidy(label), app.ID
	if len(label) > 100 || !printable(label) {
		return AppKey{}, &Invalid{Field: "label", Reason: "label_invalid", Value: clip(label, 100)}
	}
	if !expires.IsZero() && !expires.After(tx.now) {
		return AppKey{}, &Invalid{Field: "expires_at", Reason: "expires_past", Value: expires.UTC().Format(time.RFC3339)}
	}
	_, err := tx.exec(`DELETE FROM app_keys WHERE app_id = $1 AND expires_at <> 0 AND expires_at <= $2`, appID, tx.nowMS)
	if err != nil {
		return AppKey{}, err
	}
	var count int
	err = tx.row(`SELECT count(*) FROM app_keys WHERE app_id = $1`, []any{appID}, &count)
	if err == nil && count >= appKeysMax {
		err = &Invalid{Field: "client_secret", Reason: "secret_too_many", Value: appID}
	}
	if err != nil {
		return AppKey{}, err
	}
	key := AppKey{ID: NewTimeID(tx.now), Label: label, Prefix: secretPrefix(secret), CreatedAt: tx.now,
		ExpiresAt: instant(millis(expires)), hash: db.Hash(appKeyPurpose, secret)}
	if slices.Contains(app.AuthMethods, AuthSecretJWT) {
		key.sealed = db.Seal(appKeyPurpose, []byte(key.ID+" "+secret))
	}
	_, err = tx.exec(`INSERT INTO app_keys (id, app_id, label, prefix, hash, sealed, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, key.ID, appID, label, key.Prefix, key.hash, key.sealed, tx.nowMS, millis(expires))
	if err != nil {
		return AppKey{}, fmt.Errorf("key of app %q: %w", appID, err)
	}
	return key, tx.audit(by, "app_key.create", appID, "ok", key.ID)
}

// secretPrefix is what may be shown of a secret: of ours the prefix and four of 43 digits; of a chosen
// one nothing, because it may be short.
func secretPrefix(secret string) string {
	if !strings.HasPrefix(secret, appKeyPrefix) || !ValidChecksum(secret) {
		return ""
	}
	return secret[:len(appKeyPrefix)+4]
}

// CheckAppSecret tells whether secret is one of the app's live keys; app may be nil (an unknown
// client): the same work is done. All keys are compared, in constant time. The use is noted in memory.
func (db *DB) CheckAppSecret(app *App, secret string) bool {
	key := db.matchKey(app, secret)
	if key == "" {
		return false
	}
	db.noteKeyUse(app.ID, key, db.now())
	return true
}

// IsAppSecret is CheckAppSecret without a use: for whoever only wants to know.
func (db *DB) IsAppSecret(app *App, secret string) bool { return db.matchKey(app, secret) != "" }

// matchKey returns the id of the app's live key with that secret, or "".
func (db *DB) matchKey(app *App, secret string) string {
	if len(secret) > appSecretMax {
		return ""
	}
	hash, now, ok, match := []byte(db.Hash(appKeyPurpose, secret)), db.now(), 0, 0
	if app == nil {
		subtle.ConstantTimeCompare(hash, hash)
		return ""
	}
	for i, key := range app.Keys {
		if key.ExpiresAt.IsZero() || now.Before(key.ExpiresAt) {
			equal := subtle.ConstantTimeCompare(hash, []byte(key.hash))
			match = subtle.ConstantTimeSelect(equal, i, match)
			ok |= equal
		}
	}
	if ok != 1 {
		return ""
	}
	return app.Keys[match].ID
}

// Signs tells whether client_secret_jwt can go by the key: it was made while the app had that method, and is
// kept sealed beside its hash.
func (k AppKey) Signs() bool { return k.sealed != "" }

// CheckAppSigned tells whether good accepts one of the app's live secrets that are kept sealed: those made
// while it had client_secret_jwt. good is called for each until it says yes, and must not keep the secret.
// The use is noted in memory.
func (db *DB) CheckAppSigned(app *App, good func(secret []byte) bool) bool {
	now := db.now()
	for _, key := range app.Keys {
		if !key.Signs() || !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt) {
			continue
		}
		text, err := db.Unseal(appKeyPurpose, key.sealed)
		secret, ok := strings.CutPrefix(string(text), key.ID+" ")
		if err == nil && ok && good([]byte(secret)) {
			db.noteKeyUse(app.ID, key.ID, now)
			return true
		}
	}
	return false
}
