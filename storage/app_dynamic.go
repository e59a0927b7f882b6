package storage

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Apps that register themselves (RFC 7591) have ids of their own, so that they are counted and swept by
// the table's key.
const (
	dynamicPrefix = "app_dyn_"
	dynamicEnd    = "app_dyn`" // sorts right behind all of them
	dynamicMax    = 5000       // of them without owner
	dynamicUnused = 24 * time.Hour
)

// The registration access token (RFC 7592) and the purpose of its hash.
const (
	registrationTokenPrefix  = "propusk_rat_"
	registrationTokenPurpose = "registration_token"
)

// ErrTooManyApps says that no further app may register itself without an owner.
var ErrTooManyApps = errors.New("too many registered apps")

// RegisterApp is [DB.CreateApp] for an app that registers itself: by is [System] with the address, or the
// person whose token was shown and who will own it. token is the registration access token, which like the
// secret is kept as a hash only. ErrTooManyApps.
func (db *DB) RegisterApp(ctx context.Context, by Actor, n NewApp) (app *App, secret, token string, err error) {
	token = CheckedSecret(registrationTokenPrefix)
	n.ID = dynamicPrefix + NewID()
	n.Registration.Dynamic, n.Registration.TokenHash = true, db.Hash(registrationTokenPurpose, token)
	if by.Kind == ActorSystem {
		var count int
		err = db.read.QueryRowContext(ctx, `SELECT count(*) FROM apps WHERE id >= $1 AND id < $2
			AND NOT EXISTS (SELECT 1 FROM app_developers d WHERE d.app_id = apps.id)`, dynamicPrefix, dynamicEnd).Scan(&count)
		if err != nil {
			return nil, "", "", translate(err)
		}
		if count >= dynamicMax {
			return nil, "", "", fmt.Errorf("%d apps: %w", count, ErrTooManyApps)
		}
	}
	app, secret, err = db.CreateApp(ctx, by, n)
	if err != nil {
		return nil, "", "", err
	}
	return app, secret, token, nil
}

// CheckRegistrationToken tells whether token is the registration access token of the app, in constant
// time; app may be nil, which takes as long and is false.
func (db *DB) CheckRegistrationToken(app *App, token string) bool {
	kept := ""
	if app != nil && app.Registration.Dynamic {
		kept = app.Registration.TokenHash
	}
	sum := db.Hash(registrationTokenPurpose, token)
	return subtle.ConstantTimeCompare([]byte(sum), []byte(kept)) == 1 && strings.HasPrefix(token, registrationTokenPrefix)
}

const unusedAppsQuery = `SELECT id FROM apps WHERE id >= $1 AND id < $2 AND created_at < $3
	AND NOT EXISTS (SELECT 1 FROM app_developers d WHERE d.app_id = apps.id)
	AND NOT EXISTS (SELECT 1 FROM app_keys k WHERE k.app_id = apps.id AND k.last_used_at <> 0)
	AND NOT EXISTS (SELECT 1 FROM consents c WHERE c.app_id = apps.id)
	ORDER BY id LIMIT $4`

// sweepApps deletes apps that registered themselves a day ago, belong to nobody, and were never used: no
// key proved itself and nobody consented.
func (db *DB) sweepApps(ctx context.Context) (int, error) {
	ids, err := readAll(ctx, db, scanText, unusedAppsQuery, dynamicPrefix, dynamicEnd, millis(db.now().Add(-dynamicUnused)), sweepBatch)
	for i, id := range ids {
		err = db.DeleteApp(ctx, System, id)
		if err != nil {
			return i, err
		}
	}
	return len(ids), err
}
