package storage

import (
	"context"
	"crypto"
	"slices"
	"time"
)

// keyRow is a row of signing_keys.
type keyRow struct {
	SigningKey
	sealed string
}

const keyColumns = `SELECT id, alg, sealed, created_at, active_at, retired_at, remove_at FROM signing_keys`

func scanKey(row scanner) (keyRow, error) {
	var k keyRow
	var created, active, retired, remove int64
	err := row.Scan(&k.ID, &k.Alg, &k.sealed, &created, &active, &retired, &remove)
	k.CreatedAt, k.ActiveAt, k.RetiredAt, k.RemoveAt = instant(created), instant(active), instant(retired), instant(remove)
	return k, err
}

// SigningKeys returns every key still published, the oldest first, and the number that [DB.KeysVersion]
// had before they were read. The list is cached and shared.
func (db *DB) SigningKeys(ctx context.Context) ([]SigningKey, int64, error) {
	version := db.keysVersion.Load()
	list, err := listOf(db, "keys", func() ([]SigningKey, error) { return db.readKeys(ctx) })
	if err != nil {
		return nil, 0, err
	}
	now := db.now()
	gone := func(k SigningKey) bool { return !k.RemoveAt.IsZero() && !now.Before(k.RemoveAt) }
	if slices.ContainsFunc(list, gone) {
		list = slices.DeleteFunc(slices.Clone(list), gone)
	}
	return list, version, nil
}

// readKeys reads and opens the keys. Opened private keys are kept by id: a row's key never changes, and
// opening an RSA key anew whenever another process wrote something would cost milliseconds.
func (db *DB) readKeys(ctx context.Context) ([]SigningKey, error) {
	rows, err := readAll(ctx, db, scanKey, keyColumns+` ORDER BY created_at, id`)
	if err != nil {
		return nil, err
	}
	list := make([]SigningKey, 0, len(rows))
	for _, row := range rows {
		opened, ok := db.opened.Load(row.ID)
		if !ok {
			opened, err = db.openKey(row.ID, row.sealed)
			if err != nil {
				return nil, err
			}
			db.opened.Store(row.ID, opened)
		}
		row.Private = opened.(crypto.Signer)
		list = append(list, row.SigningKey)
	}
	return list, nil
}

// KeysVersion changes whenever the signing keys do, or may have; it is one atomic read.
func (db *DB) KeysVersion() int64 { return db.keysVersion.Load() }

// createKeys stores the first keys, which sign at once.
func (db *DB) createKeys(ctx context.Context, keys map[string]crypto.Signer) error {
	return db.write(ctx, func(tx *tx) error {
		for _, alg := range SigningAlgs {
			_, err := db.insertKey(tx, alg, keys[alg], tx.now)
			if err != nil {
				return err
			}
		}
		db.keysChanged(tx)
		return nil
	})
}

// insertKey publishes a key that signs from active on.
func (db *DB) insertKey(tx *tx, alg string, key crypto.Signer, active time.Time) (SigningKey, error) {
	id := NewTimeID(tx.now)
	sealed, err := db.sealKey(id, key)
	if err != nil {
		return SigningKey{}, err
	}
	_, err = tx.exec(`INSERT INTO signing_keys (id, alg, sealed, created_at, active_at, retired_at, remove_at)
		VALUES ($1, $2, $3, $4, $5, 0, 0)`, id, alg, sealed, tx.nowMS, millis(active))
	return SigningKey{ID: id, Alg: alg, Private: key, CreatedAt: tx.now, ActiveAt: active}, err
}

// keysChanged makes the next reader see the new keys.
func (db *DB) keysChanged(tx *tx) {
	tx.then(func() {
		db.caches.lists.drop("keys")
		db.keysVersion.Add(1)
	})
}

// RotateKeys publishes a successor of the current key of alg ("": of every alg). It signs from
// [KeyPublishAhead] on, so that clients which cache the JWKS know it before they meet it, or at once if
// now is set (a key that leaked). The former key stays published [KeyKeepAfter] longer. It returns the
// new keys. *Invalid for an unknown alg.
func (db *DB) RotateKeys(ctx context.Context, by Actor, alg string, now bool) ([]SigningKey, error) {
	algs := SigningAlgs
	if alg != "" {
		algs = []string{alg}
	}
	for _, a := range algs {
		if !slices.Contains(SigningAlgs, a) {
			return nil, &Invalid{Field: "alg", Reason: "alg_unknown", Value: a}
		}
	}
	keys, err := generateKeys(algs)
	if err != nil {
		return nil, err
	}
	var made []SigningKey
	err = db.write(ctx, func(tx *tx) error {
		made = nil
		active := tx.now
		if !now {
			active = active.Add(KeyPublishAhead)
		}
		for _, a := range algs {
			key, err := db.succeed(tx, by, a, keys[a], active)
			if err != nil {
				return err
			}
			made = append(made, key)
		}
		db.keysChanged(tx)
		return nil
	})
	return made, err
}

// succeed retires every key of alg at the moment the new one becomes active. A key that was to become
// active later than that never signs.
func (db *DB) succeed(tx *tx, by Actor, alg string, key crypto.Signer, active time.Time) (SigningKey, error) {
	made, err := db.insertKey(tx, alg, key, active)
	if err != nil {
		return SigningKey{}, err
	}
	_, err = tx.exec(`UPDATE signing_keys SET retired_at = $1, remove_at = $2
		WHERE alg = $3 AND id <> $4 AND (retired_at = 0 OR retired_at > $1)`,
		millis(active), millis(active.Add(KeyKeepAfter)), alg, made.ID)
	if err != nil {
		return SigningKey{}, err
	}
	return made, tx.audit(by, "key.rotate", made.ID, "ok", alg)
}

// rotateDue publishes successors so early that they sign when [KeyLifetime] ends, though it is called
// only every rotateEvery. It tells how many.
func (db *DB) rotateDue(ctx context.Context) (int, error) {
	list, _, err := db.SigningKeys(ctx)
	if err != nil {
		return 0, err
	}
	now, count := db.now(), 0
	for _, alg := range SigningAlgs {
		due := true // also an alg without any key gets one
		for _, k := range list {
			if k.Alg == alg && k.RetiredAt.IsZero() && now.Before(k.ActiveAt.Add(KeyLifetime-KeyPublishAhead-rotateEvery)) {
				due = false
			}
		}
		if !due {
			continue
		}
		_, err = db.RotateKeys(ctx, System, alg, false)
		if err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}
