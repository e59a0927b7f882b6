package storage

import (
	"context"
	"fmt"
	"time"
)

const appColumns = `SELECT id, name, names, description, type, enabled, trusted, without_pkce,
	any_loopback, insecure_redirect, redirect_uris, post_logout_uris, grant_types, auth_methods, id_token_alg,
	id_token_claims, access_token_format, access_token_ttl, policy_uri, tos_uri,
	delegated, skip_consent, preset_scopes, offline_without_consent, trusted_domains, network_addresses, registration,
	created_at, updated_at FROM apps`

func scanApp(row scanner) (*App, error) {
	var a App
	var names, redirects, logouts, grants, methods, preset, domains, networks, registration string
	var ttl, created, updated int64
	err := row.Scan(&a.ID, &a.Name, &names, &a.Description, &a.Type, &a.Enabled, &a.Trusted, &a.WithoutPKCE,
		&a.AnyLoopback, &a.InsecureRedirect, &redirects, &logouts, &grants, &methods, &a.IDTokenAlg,
		&a.IDTokenClaims, &a.AccessTokenFormat, &ttl, &a.PolicyURI, &a.TosURI,
		&a.Delegated, &a.SkipConsent, &preset, &a.OfflineWithoutConsent, &domains, &networks, &registration,
		&created, &updated)
	if err != nil {
		return nil, err
	}
	a.AccessTokenTTL = time.Duration(ttl) * time.Millisecond
	a.CreatedAt, a.UpdatedAt = instant(created), instant(updated)
	for _, column := range []struct {
		text string
		dest any
	}{{names, &a.Names}, {redirects, &a.RedirectURIs}, {logouts, &a.PostLogoutURIs}, {grants, &a.GrantTypes}, {methods, &a.AuthMethods},
		{preset, &a.PresetScopes}, {domains, &a.TrustedDomains}, {networks, &a.NetworkAddresses}, {registration, &a.Registration}} {
		err = fromJSON(column.text, column.dest)
		if err != nil {
			return nil, fmt.Errorf("app %q: %w", a.ID, err)
		}
	}
	return &a, nil
}

const appScopeColumns = `SELECT scope, required, offline FROM app_scopes WHERE app_id = $1 ORDER BY position, scope`

func scanAppScope(row scanner) (AppScope, error) {
	var s AppScope
	err := row.Scan(&s.Name, &s.Required, &s.Offline)
	return s, err
}

const (
	appKeyFields  = `id, label, prefix, hash, sealed, created_at, expires_at, last_used_at FROM app_keys`
	appKeyColumns = `SELECT ` + appKeyFields + ` WHERE app_id = $1 ORDER BY id`
)

func scanAppKey(row scanner) (AppKey, error) {
	var k AppKey
	var created, expires, used int64
	err := row.Scan(&k.ID, &k.Label, &k.Prefix, &k.hash, &k.sealed, &created, &expires, &used)
	k.CreatedAt, k.ExpiresAt, k.LastUsedAt = instant(created), instant(expires), instant(used)
	return k, err
}

// Developers are read the owner first, then by role and age.
const (
	developerFields  = `user_id, role, phone, created_at FROM app_developers`
	developerOrder   = `CASE role WHEN 'owner' THEN 0 WHEN 'developer' THEN 1 ELSE 2 END, created_at, user_id`
	developerColumns = `SELECT ` + developerFields + ` WHERE app_id = $1 ORDER BY ` + developerOrder
)

func scanDeveloper(row scanner) (Developer, error) {
	var d Developer
	var created int64
	err := row.Scan(&d.UserID, &d.Role, &d.Phone, &created)
	d.CreatedAt = instant(created)
	return d, err
}

// App returns the app with that client_id (cached, shared), enabled or not, or ErrNotFound. It asks nobody's
// rights: see [DB.AppFor].
func (db *DB) App(ctx context.Context, id string) (*App, error) {
	a, ok := db.caches.apps.get(id)
	if ok {
		return a, nil
	}
	if len(id) > clientIDMax {
		return nil, ErrNotFound
	}
	return db.caches.apps.load(id, func() (*App, error) {
		a, err := readRow(ctx, db, scanApp, appColumns+` WHERE id = $1`, id)
		if err != nil {
			return nil, err
		}
		return a, db.complete(ctx, a)
	})
}

// complete reads an app's scopes and keys. They are rows of their own; a change between the reads moves
// the generation, so what is cached is of one time.
func (db *DB) complete(ctx context.Context, a *App) error {
	var err error
	a.Scopes, err = readAll(ctx, db, scanAppScope, appScopeColumns, a.ID)
	if err != nil {
		return err
	}
	a.Keys, err = readAll(ctx, db, scanAppKey, appKeyColumns, a.ID)
	if err != nil {
		return err
	}
	a.Developers, err = readAll(ctx, db, scanDeveloper, developerColumns, a.ID)
	return err
}

// app reads an app with its scopes and keys inside the transaction.
func (t *tx) app(id string) (*App, error) {
	a, err := readOne(t, scanApp, appColumns+` WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("app %q: %w", id, err)
	}
	a.Scopes, err = readMany(t, scanAppScope, appScopeColumns, id)
	if err != nil {
		return nil, err
	}
	a.Keys, err = readMany(t, scanAppKey, appKeyColumns, id)
	if err != nil {
		return nil, err
	}
	a.Developers, err = readMany(t, scanDeveloper, developerColumns, id)
	return a, err
}

// appChanged forgets what is cached of an app.
func (db *DB) appChanged(id string) {
	db.caches.apps.drop(id)
	db.caches.lists.drop("origins", "token_apps")
}

// DevOnlyApps lists the client_ids whose any_loopback or insecure_redirect is on: serve refuses them by
// name.
func (db *DB) DevOnlyApps(ctx context.Context) ([]string, error) {
	return readAll(ctx, db, scanText, `SELECT id FROM apps WHERE any_loopback OR insecure_redirect ORDER BY id`)
}
