package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CreateApp adds an app; secret is the new or chosen client secret, "" for public apps. Zero fields get
// the defaults of the type; the app is enabled. A person owns what they create unless OwnerID names
// somebody else. *Invalid, ErrConflict, ErrForbidden, or ErrNotFound for an unknown or disabled owner.
func (db *DB) CreateApp(ctx context.Context, by Actor, n NewApp) (*App, string, error) {
	var a *App
	var secret string
	if n.OwnerID == "" && by.Kind == ActorUser {
		n.OwnerID = by.ID
	}
	err := db.withSector(ctx, func(sector sectorList) error {
		return db.change(ctx, by, "app.create", n.ID, func(tx *tx) error {
			err := tx.allow(by, AppCreate, nil)
			if err != nil {
				return err
			}
			a, secret, err = db.newApp(by, n, sector)
			if err != nil {
				return err
			}
			err = tx.allowApp(by, &App{}, a, nil)
			if err != nil {
				return err
			}
			return db.insertApp(tx, by, a, n, secret)
		})
	})
	if err != nil {
		return nil, "", err
	}
	return a, secret, nil
}

// newApp makes the app that is to be stored, and its secret.
func (db *DB) newApp(by Actor, n NewApp, sector sectorList) (*App, string, error) {
	a := copyApp(&n.App)
	if a.ID == "" {
		a.ID = "app_" + NewID()
	}
	setDefaults(a)
	a.Enabled, a.Delegated, a.Keys, a.Developers = true, true, nil, nil
	err := db.checkNewApp(by, a)
	if err == nil {
		err = checkSector(nil, a, sector)
	}
	if err != nil {
		return nil, "", err
	}
	secret := n.Secret
	switch {
	case !a.KeepsSecret() && secret != "":
		return nil, "", &Invalid{Field: "client_secret", Reason: "secret_public", Value: a.ID}
	case a.KeepsSecret() && secret == "":
		secret = CheckedSecret(appKeyPrefix)
	case secret != "":
		err = checkChosenSecret(secret)
	}
	return a, secret, err
}

// reservedIDs would be another page's path, or none, in the addresses of an app's pages.
var reservedIDs = []string{"new", ".", ".."}

// checkNewApp validates an app that is to be stored: client_id_reserved; only the dev seed may set what serve
// refuses (dev_only).
func (db *DB) checkNewApp(by Actor, a *App) error {
	err := checkApp(a)
	if err == nil && slices.Contains(reservedIDs, a.ID) {
		err = &Invalid{Field: "client_id", Reason: "client_id_reserved", Value: a.ID}
	}
	if err != nil || db.config.Dev {
		return err
	}
	err = checkServedURIs(a)
	switch {
	case err != nil:
		return err
	case by.Kind == ActorSystem:
	case a.AnyLoopback:
		return &Invalid{Field: "any_loopback", Reason: "dev_only"}
	case a.InsecureRedirect:
		return &Invalid{Field: "insecure_redirect", Reason: "dev_only"}
	}
	return checkLoopbackDomains(a)
}

func (db *DB) insertApp(tx *tx, by Actor, a *App, n NewApp, secret string) error {
	a.CreatedAt, a.UpdatedAt = tx.now, tx.now
	err := tx.freeID(`SELECT id FROM users WHERE id = $1`, a.ID)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO apps (id, name, name_key, names, description, type, enabled, trusted,
			without_pkce, any_loopback, insecure_redirect, redirect_uris, post_logout_uris, grant_types, auth_methods,
			id_token_alg, id_token_claims, access_token_format, access_token_ttl, policy_uri, tos_uri,
			delegated, skip_consent, preset_scopes, offline_without_consent, trusted_domains, network_addresses, registration,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
			$26, $27, $28, $29, $30)`,
		append(appValues(a), tx.nowMS, tx.nowMS)...)
	if err != nil {
		return fmt.Errorf("app %q: %w", a.ID, err)
	}
	err = tx.setAppScopes(a)
	if err != nil {
		return err
	}
	if n.OwnerID != "" {
		owner := Developer{UserID: n.OwnerID, Role: RoleOwner, Phone: n.OwnerPhone, CreatedAt: tx.now}
		err = tx.firstOwner(a.ID, &owner)
		if err != nil {
			return err
		}
		a.Developers = []Developer{owner}
	}
	if secret != "" {
		key, err := db.insertAppKey(tx, by, a, "", secret, time.Time{})
		if err != nil {
			return err
		}
		a.Keys = []AppKey{key}
	}
	tx.then(func() { db.appChanged(a.ID) })
	return tx.audit(by, "app.create", a.ID, "ok", newAppDetail(a))
}

// appValues are the columns that creating and updating share, in the order of the table.
func appValues(a *App) []any {
	return []any{a.ID, a.Name, Fold(a.Name), toJSON(a.Names), a.Description, string(a.Type), a.Enabled, a.Trusted,
		a.WithoutPKCE, a.AnyLoopback, a.InsecureRedirect, toJSON(a.RedirectURIs), toJSON(a.PostLogoutURIs),
		toJSON(a.GrantTypes), toJSON(a.AuthMethods), a.IDTokenAlg, a.IDTokenClaims, a.AccessTokenFormat,
		a.AccessTokenTTL.Milliseconds(), a.PolicyURI, a.TosURI,
		a.Delegated, a.SkipConsent, toJSON(a.PresetScopes), a.OfflineWithoutConsent, toJSON(a.TrustedDomains), toJSON(a.NetworkAddresses), toJSON(a.Registration)}
}

// setAppScopes replaces the assignment of scopes; an unknown scope is *Invalid with scope_unknown.
func (t *tx) setAppScopes(a *App) error {
	_, err := t.exec(`DELETE FROM app_scopes WHERE app_id = $1`, a.ID)
	if err != nil {
		return err
	}
	for i, s := range a.Scopes {
		_, err = t.exec(`INSERT INTO app_scopes (app_id, scope, position, required, offline) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, s.Name, i, s.Required, s.Offline)
		if errors.Is(err, ErrNotFound) {
			return &Invalid{Field: "scopes", Reason: "scope_unknown", Value: clip(s.Name, 100)}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// UpdateApp changes a copy of the app, validates and stores it. change must be quick, must not call the
// database, and is called again with a fresh copy where a sector_identifier_uri had to be read first; its
// error is returned as it is. ID, Keys, Developers and CreatedAt cannot be changed this way. Trusted,
// SkipConsent, PresetScopes, OfflineWithoutConsent and new scopes of the REST API ask for AppTrust besides
// AppWrite, and so does a new scope of another app that the actor may not change; a token gives no scope of
// the API that it has not itself. With Enabled off nobody signs in and every token stops at once; on again,
// they work again until they end. *Invalid, ErrForbidden or ErrNotFound.
func (db *DB) UpdateApp(ctx context.Context, by Actor, id string, change func(*App) error) (*App, error) {
	var changed *App
	err := db.withSector(ctx, func(sector sectorList) error {
		return db.change(ctx, by, "app.update", id, func(tx *tx) error {
			before, err := tx.appFor(by, AppWrite, id)
			if err != nil {
				return err
			}
			a := copyApp(before)
			err = change(a)
			if err != nil {
				return err
			}
			a.ID, a.Keys, a.Developers, a.CreatedAt, a.UpdatedAt = before.ID, before.Keys, before.Developers, before.CreatedAt, tx.now
			err = db.checkChange(tx, by, before, a, sector)
			if err != nil {
				return err
			}
			changed = a
			return db.storeChange(tx, by, before, a)
		})
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// checkChange asks whether the app may become so, and normalizes it.
func (db *DB) checkChange(tx *tx, by Actor, before, a *App, sector sectorList) error {
	err := tx.allowApp(by, before, a, before)
	if err != nil {
		return err
	}
	narrowPresets(before, a)
	setTokenDefaults(a)
	err = db.checkNewApp(by, a)
	if err != nil {
		return blameDomains(before, err)
	}
	return checkSector(before, a, sector)
}

// storeChange writes what has become of an app, and what follows from it.
func (db *DB) storeChange(tx *tx, by Actor, before, a *App) error {
	err := tx.updateApp(a)
	if err == nil && before.Enabled && !a.Enabled && before.Registration.BackchannelLogoutURI != "" {
		err = db.noticeApp(tx, a.ID)
	}
	if err != nil {
		return err
	}
	tx.then(func() { db.appChanged(a.ID) })
	return tx.audit(by, appAction(before, a), a.ID, "ok", appDetail(before, a))
}

func (t *tx) updateApp(a *App) error {
	_, err := t.exec(`UPDATE apps SET name = $2, name_key = $3, names = $4, description = $5, type = $6,
			enabled = $7, trusted = $8, without_pkce = $9, any_loopback = $10, insecure_redirect = $11, redirect_uris = $12,
			post_logout_uris = $13, grant_types = $14, auth_methods = $15, id_token_alg = $16, id_token_claims = $17,
			access_token_format = $18, access_token_ttl = $19, policy_uri = $20, tos_uri = $21, delegated = $22,
			skip_consent = $23, preset_scopes = $24, offline_without_consent = $25, trusted_domains = $26,
			network_addresses = $27, registration = $28, updated_at = $29
		WHERE id = $1`, append(appValues(a), t.nowMS)...)
	if err != nil {
		return fmt.Errorf("app %q: %w", a.ID, err)
	}
	if !slices.Contains(a.AuthMethods, AuthSecretJWT) { // nobody signs with a secret any more
		_, err = t.exec(`UPDATE app_keys SET sealed = '' WHERE app_id = $1 AND sealed <> ''`, a.ID)
		if err != nil {
			return err
		}
	}
	if !a.KeepsSecret() { // a secret that no method uses must not come back to life with another method
		_, err = t.exec(`DELETE FROM app_keys WHERE app_id = $1`, a.ID)
		if err != nil {
			return err
		}
		a.Keys = nil
	}
	return t.setAppScopes(a)
}
