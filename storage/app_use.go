package storage

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// Uses of keys are noted in memory, because no token request may write, and stored by maintenance.
const (
	keyUseEvery = 10 * time.Minute // how often the use of one key is stored
	keyUseIdle  = time.Hour        // when a key that is not used any more leaves the memory
	keyUseBatch = 500              // rows of one transaction
)

// keyUse is the latest use of one key, in milliseconds.
type keyUse struct {
	appID  string
	at     atomic.Int64
	stored atomic.Int64 // the use that was stored last
	wrote  atomic.Int64 // when
}

// noteKeyUse remembers that a key was used.
func (db *DB) noteKeyUse(appID, keyID string, now time.Time) {
	known, ok := db.keyUses.Load(keyID)
	if !ok {
		known, _ = db.keyUses.LoadOrStore(keyID, &keyUse{appID: appID})
	}
	use, ms := known.(*keyUse), millis(now)
	if ms-use.at.Load() >= 1000 { // within a second nobody sees the difference, and the cores need not talk
		use.at.Store(ms)
	}
}

// withUses returns the app with the latest use of its keys; a copy where that is newer than what the
// database knows.
func (db *DB) withUses(a *App) *App {
	fresh := a
	for i, key := range a.Keys {
		known, ok := db.keyUses.Load(key.ID)
		if !ok {
			continue
		}
		at := instant(known.(*keyUse).at.Load())
		if !at.After(key.LastUsedAt) {
			continue
		}
		if fresh == a {
			c := *a
			c.Keys = slices.Clone(a.Keys)
			fresh = &c
		}
		fresh.Keys[i].LastUsedAt = at
	}
	return fresh
}

// storeKeyUses writes what is newer than what is stored: each key at most every ten minutes, or all of
// them when the process ends. It tells how many.
func (db *DB) storeKeyUses(ctx context.Context, all bool) (int, error) {
	type due struct {
		id  string
		use *keyUse
		at  int64
	}
	var list []due
	now := millis(db.now())
	db.keyUses.Range(func(id, value any) bool {
		use := value.(*keyUse)
		at := use.at.Load()
		switch {
		case at > use.stored.Load() && (all || now-use.wrote.Load() >= keyUseEvery.Milliseconds()):
			list = append(list, due{id.(string), use, at})
		case at == use.stored.Load() && now-at >= keyUseIdle.Milliseconds():
			db.keyUses.Delete(id)
			db.caches.apps.drop(use.appID) // what is cached may hold an older use than the row
		}
		return true
	})
	for part := range slices.Chunk(list, keyUseBatch) {
		err := db.write(ctx, func(tx *tx) error {
			for _, d := range part {
				_, err := tx.exec(`UPDATE app_keys SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2`, d.id, d.at)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		for _, d := range part {
			d.use.stored.Store(d.at)
			d.use.wrote.Store(now)
		}
	}
	return len(list), nil
}
