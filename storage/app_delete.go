package storage

import (
	"context"
	"errors"
	"fmt"
)

// DeleteApp removes the app with everything that belongs to it: keys, developers, consents, grants, tokens
// and the scopes it owns. It is switched off first, so its tokens stop at once, however long the rest takes.
// A deletion that breaks off leaves the app disabled, to be deleted again.
//
// No logout is told of it, and notices that still wait go with the app: a logout token names a client_id that
// its receiver would have to know, and after this nobody answers for it, nor could a failure be shown to
// anybody. Whoever wants people out of the app as well disables it first, which tells it of every session,
// and deletes it when that is delivered. *Invalid app_owns_scopes (Value is
// one of them) while another app may ask for a scope of its; ErrForbidden or ErrNotFound.
func (db *DB) DeleteApp(ctx context.Context, by Actor, id string) error {
	err := db.change(ctx, by, "app.delete", id, func(tx *tx) error {
		app, err := tx.appFor(by, AppDelete, id)
		if err == nil {
			err = tx.ownsNoScopes(id)
		}
		if err != nil || !app.Enabled {
			return err
		}
		_, err = tx.exec(`UPDATE apps SET enabled = FALSE, updated_at = $2 WHERE id = $1`, id, tx.nowMS)
		if err != nil {
			return err
		}
		tx.then(func() { db.appChanged(id) })
		return tx.audit(by, "app.disable", id, "ok", "app.delete")
	})
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err = db.deleteGrants(ctx, id)
	if err != nil {
		return fmt.Errorf("grants of app %q: %w", id, err)
	}
	err = db.change(ctx, by, "app.delete", id, func(tx *tx) error {
		_, err := tx.appFor(by, AppDelete, id)
		if err == nil {
			err = tx.ownsNoScopes(id)
		}
		if err != nil {
			return err
		}
		return db.deleteApp(tx, by, id)
	})
	if errors.Is(err, ErrNotFound) {
		return nil // somebody else has finished it
	}
	return err
}

// ownsNoScopes refuses while another app may ask for a scope of this one.
func (t *tx) ownsNoScopes(id string) error {
	used, err := t.texts(`SELECT s.name FROM scopes s JOIN app_scopes a ON a.scope = s.name
		WHERE s.app_id = $1 AND a.app_id <> $1 ORDER BY s.name LIMIT 1`, id)
	if err == nil && len(used) > 0 {
		err = &Invalid{Field: "client_id", Reason: "app_owns_scopes", Value: used[0]}
	}
	return err
}

const grantUsersQuery = `SELECT DISTINCT user_id FROM grants WHERE app_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3`

// deleteGrants removes the grants and consents of an app in bounded transactions. Whose grants they are is
// read from the index of grants, which is by user; there is none by app, because every login would pay for
// it.
func (db *DB) deleteGrants(ctx context.Context, id string) error {
	for after := ""; ; {
		users, err := readAll(ctx, db, scanText, grantUsersQuery, id, after, sweepBatch)
		if err != nil {
			return err
		}
		if len(users) == 0 {
			break
		}
		after = users[len(users)-1]
		for len(users) > 0 {
			err = db.write(ctx, func(tx *tx) error {
				left, err := db.deleteGrantsOf(tx, id, users)
				users = left
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	for {
		count := int64(0)
		err := db.writeOne(ctx, func(tx *tx) error {
			var err error
			count, err = tx.exec(`DELETE FROM consents WHERE app_id = $1
				AND user_id IN (SELECT user_id FROM consents WHERE app_id = $1 LIMIT $2)`, id, sweepBatch)
			return err
		})
		if err != nil || count == 0 {
			return err
		}
	}
}

// deleteGrantsOf removes at most sweepBatch grants and returns the users who may have more.
func (db *DB) deleteGrantsOf(tx *tx, appID string, users []string) ([]string, error) {
	room := sweepBatch
	for i, user := range users {
		ids, err := tx.texts(`DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE user_id = $1 AND app_id = $2 LIMIT $3)
			RETURNING id`, user, appID, room)
		if err != nil {
			return nil, err
		}
		tx.then(func() { db.caches.grants.drop(ids...) })
		room -= len(ids)
		if room <= 0 {
			return users[i:], nil
		}
	}
	return nil, nil
}

// deleteApp removes what is left. Keys, developers, consents, personal tokens and device codes go with the
// app's row.
func (db *DB) deleteApp(tx *tx, by Actor, id string) error {
	_, err := tx.exec(`DELETE FROM app_scopes WHERE app_id = $1`, id)
	if err != nil {
		return err
	}
	owned, err := tx.texts(`SELECT name FROM scopes WHERE app_id = $1 ORDER BY name`, id)
	if err != nil {
		return err
	}
	for _, name := range owned {
		err = db.deleteScope(tx, name)
		if err == nil {
			err = tx.audit(by, "scope.delete", name, "ok", id)
		}
		if err != nil {
			return err
		}
	}
	_, err = tx.exec(`DELETE FROM apps WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("app %q: %w", id, err)
	}
	tx.then(func() {
		db.forgetApp(id)
		db.events.drop(id)
	})
	return tx.audit(by, "app.delete", id, "ok", "")
}

// forgetApp empties every cache that may know something of a deleted app; it happens rarely.
func (db *DB) forgetApp(id string) {
	db.appChanged(id)
	db.caches.lists.drop("scopes")
	db.caches.grants.clear()
	db.caches.consents.clear()
	db.caches.personal.clear()
	db.people.drop(id)
}
