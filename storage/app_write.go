package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// CreateApp adds an app; secret is the new or chosen client secret, "" for public apps. Zero fields get
// the defaults of the type; the app is enabled. *Invalid, ErrConflict, or ErrNotFound for an unknown
// owner.
func (db *DB) CreateApp(ctx context.Context, by Actor, n NewApp) (*App, string, error) {
	a := copyApp(&n.App)
	if a.ID == "" {
		a.ID = "app_" + NewID()
	}
	setDefaults(a)
	a.Enabled, a.Delegated, a.Keys, a.Developers = true, true, nil, nil
	err := db.checkNewApp(by, a)
	if err != nil {
		return nil, "", err
	}
	secret := n.Secret
	switch {
	case a.Public() && secret != "":
		return nil, "", &Invalid{Field: "client_secret", Reason: "secret_public", Value: a.ID}
	case !a.Public() && secret == "":
		secret = CheckedSecret(appKeyPrefix)
	case secret != "":
		err = checkChosenSecret(secret)
	}
	if err != nil {
		return nil, "", err
	}
	err = db.write(ctx, func(tx *tx) error { return db.insertApp(tx, by, a, n.OwnerID, secret) })
	if err != nil {
		return nil, "", err
	}
	return a, secret, nil
}

// checkNewApp validates an app that is to be stored; only the dev seed may set what serve refuses.
func (db *DB) checkNewApp(by Actor, a *App) error {
	err := checkApp(a)
	switch {
	case err != nil:
		return err
	case db.config.Dev || by.Kind == ActorSystem:
		return nil
	case a.AnyLoopback:
		return &Invalid{Field: "any_loopback", Reason: "dev_only"}
	case a.InsecureRedirect:
		return &Invalid{Field: "insecure_redirect", Reason: "dev_only"}
	}
	return nil
}

func (db *DB) insertApp(tx *tx, by Actor, a *App, owner, secret string) error {
	a.CreatedAt, a.UpdatedAt = tx.now, tx.now
	err := tx.freeID(`SELECT id FROM users WHERE id = $1`, a.ID)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO apps (id, name, name_key, names, description, type, enabled, trusted,
			without_pkce, any_loopback, insecure_redirect, redirect_uris, post_logout_uris, grant_types, auth_methods,
			id_token_alg, id_token_claims, access_token_format, access_token_ttl, policy_uri, tos_uri,
			delegated, skip_consent, preset_scopes, offline_without_consent, trusted_domains, network_addresses, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
			$26, $27, $28, $29)`,
		append(appValues(a), tx.nowMS, tx.nowMS)...)
	if err != nil {
		return fmt.Errorf("app %q: %w", a.ID, err)
	}
	err = tx.setAppScopes(a)
	if err != nil {
		return err
	}
	if owner != "" {
		d := Developer{UserID: owner, Role: RoleOwner, CreatedAt: tx.now}
		_, err = tx.exec(`INSERT INTO app_developers (app_id, user_id, role, phone, created_at) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, d.UserID, string(d.Role), d.Phone, tx.nowMS)
		if err != nil {
			return fmt.Errorf("owner of app %q: %w", a.ID, err)
		}
		a.Developers = []Developer{d}
	}
	if secret != "" {
		key, err := db.insertAppKey(tx, by, a.ID, "", secret, time.Time{})
		if err != nil {
			return err
		}
		a.Keys = []AppKey{key}
	}
	tx.then(func() { db.appChanged(a.ID) })
	return tx.audit(by, "app.create", a.ID, "ok", a.Name)
}

// appValues are the columns that creating and updating share, in the order of the table.
func appValues(a *App) []any {
	return []any{a.ID, a.Name, Fold(a.Name), toJSON(a.Names), a.Description, string(a.Type), a.Enabled, a.Trusted,
		a.WithoutPKCE, a.AnyLoopback, a.InsecureRedirect, toJSON(a.RedirectURIs), toJSON(a.PostLogoutURIs),
		toJSON(a.GrantTypes), toJSON(a.AuthMethods), a.IDTokenAlg, a.IDTokenClaims, a.AccessTokenFormat,
		a.AccessTokenTTL.Milliseconds(), a.PolicyURI, a.TosURI,
		a.Delegated, a.SkipConsent, toJSON(a.PresetScopes), a.OfflineWithoutConsent, toJSON(a.TrustedDomains), toJSON(a.NetworkAddresses)}
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

// UpdateApp changes a copy of the app, validates and stores it. change must be quick and must not call
// the database; its error is returned as it is. ID, Keys and CreatedAt cannot be changed this way. With
// Enabled off nobody signs in and every token stops at once; on again, they work again until they end.
func (db *DB) UpdateApp(ctx context.Context, by Actor, id string, change func(*App) error) (*App, error) {
	var changed *App
	err := db.write(ctx, func(tx *tx) error {
		before, err := tx.app(id)
		if err != nil {
			return err
		}
		a := copyApp(before)
		err = change(a)
		if err != nil {
			return err
		}
		a.ID, a.Keys, a.Developers, a.CreatedAt, a.UpdatedAt = before.ID, before.Keys, before.Developers, before.CreatedAt, tx.now
		setTokenDefaults(a)
		err = db.checkNewApp(by, a)
		if err != nil {
			return err
		}
		err = tx.updateApp(a)
		if err != nil {
			return err
		}
		changed = a
		tx.then(func() { db.appChanged(id) })
		return tx.audit(by, appAction(before, a), id, "ok", "")
	})
	return changed, err
}

func (t *tx) updateApp(a *App) error {
	_, err := t.exec(`UPDATE apps SET name = $2, name_key = $3, names = $4, description = $5, type = $6,
			enabled = $7, trusted = $8, without_pkce = $9, any_loopback = $10, insecure_redirect = $11, redirect_uris = $12,
			post_logout_uris = $13, grant_types = $14, auth_methods = $15, id_token_alg = $16, id_token_claims = $17,
			access_token_format = $18, access_token_ttl = $19, policy_uri = $20, tos_uri = $21, delegated = $22,
			skip_consent = $23, preset_scopes = $24, offline_without_consent = $25, trusted_domains = $26,
			network_addresses = $27, updated_at = $28
		WHERE id = $1`, append(appValues(a), t.nowMS)...)
	if err != nil {
		return fmt.Errorf("app %q: %w", a.ID, err)
	}
	if a.Public() { // a secret that no method uses must not come back to life with another method
		_, err = t.exec(`DELETE FROM app_keys WHERE app_id = $1`, a.ID)
		if err != nil {
			return err
		}
		a.Keys = nil
	}
	return t.setAppScopes(a)
}

// appAction names the master switch in the audit log.
func appAction(before, after *App) string {
	switch {
	case before.Enabled && !after.Enabled:
		return "app.disable"
	case !before.Enabled && after.Enabled:
		return "app.enable"
	}
	return "app.update"
}

// copyApp returns a copy that shares nothing with a.
func copyApp(a *App) *App {
	b := *a
	b.Names = maps.Clone(a.Names)
	b.RedirectURIs, b.PostLogoutURIs = slices.Clone(a.RedirectURIs), slices.Clone(a.PostLogoutURIs)
	b.GrantTypes, b.AuthMethods = slices.Clone(a.GrantTypes), slices.Clone(a.AuthMethods)
	b.Scopes, b.Keys = slices.Clone(a.Scopes), slices.Clone(a.Keys)
	b.Developers, b.PresetScopes = slices.Clone(a.Developers), slices.Clone(a.PresetScopes)
	b.TrustedDomains, b.NetworkAddresses = slices.Clone(a.TrustedDomains), slices.Clone(a.NetworkAddresses)
	return &b
}
