package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// PersonalTokenPrefix begins every personal access token, so that people and scanners know what they see.
	PersonalTokenPrefix = "propusk_pat_"

	personalPurpose = "personal_token"
	personalShown   = len(PersonalTokenPrefix) + 4 // of a token, to tell it from others
	personalMax     = 50                           // that stand, of one user
	personalName    = 100                          // characters of a name
	personalKeep    = 30 * 24 * time.Hour          // after its end, before the row goes
)

const personalColumns = `SELECT id, user_id, COALESCE(app_id, ''), name, scopes, prefix, hash, created_at, expires_at, last_used_at
	FROM personal_tokens`

func scanPersonal(row scanner) (*PersonalToken, error) {
	var t PersonalToken
	var scopes string
	var created, expires, used int64
	err := row.Scan(&t.ID, &t.UserID, &t.AppID, &t.Name, &scopes, &t.Prefix, &t.hash, &created, &expires, &used)
	if err != nil {
		return nil, err
	}
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = instant(created), instant(expires), instant(used)
	return &t, fromJSON(scopes, &t.Scopes)
}

// CreatePersonalToken makes a token and returns it with its secret, which is shown once and stored as a
// keyed hash. Only the user themself may, signed in and not by a token, or a command: else ErrForbidden.
// Scopes must be among what the user may have: without an app [APIScopes], with one what [TokenScopes]
// says of it. ErrNotFound for an unknown user, ErrRevoked for a disabled one, *Invalid with the reasons
// name_missing, name_invalid, token_expired, token_expires_late, token_too_many, token_app,
// token_scope_missing, token_scope.
func (db *DB) CreatePersonalToken(ctx context.Context, by Actor, n NewPersonalToken) (*PersonalToken, string, error) {
	secret := CheckedSecret(PersonalTokenPrefix)
	var made *PersonalToken
	err := db.change(ctx, by, "token.create", n.UserID, func(tx *tx) error {
		err := tx.allowToken(by, n.UserID)
		if err != nil {
			return err
		}
		u, err := tx.user(n.UserID)
		if err == nil && u.Disabled() {
			err = fmt.Errorf("user: %w", ErrRevoked)
		}
		if err != nil {
			return err
		}
		made, err = tx.newPersonalToken(u, n)
		if err != nil {
			return err
		}
		made.Prefix, made.hash = secret[:personalShown], db.Hash(personalPurpose, secret)
		return tx.insertPersonalToken(by, made)
	})
	if err != nil {
		return nil, "", err
	}
	return made, secret, nil
}

// allowToken lets people make tokens for themselves alone: whoever could make one for another, or by a
// token, would act with rights nobody gave.
func (t *tx) allowToken(by Actor, userID string) error {
	err := t.allow(by, TokenCreate, nil)
	if err == nil && by.Kind == ActorUser && by.ID != userID {
		err = &denied{"forbidden", fmt.Errorf("%s: %w", TokenCreate, ErrForbidden)}
	}
	return err
}

// newPersonalToken checks what was asked for and returns the token without its secret.
func (t *tx) newPersonalToken(u *User, n NewPersonalToken) (*PersonalToken, error) {
	name, expires := tidy(n.Name), instant(millis(n.ExpiresAt))
	if expires.IsZero() {
		expires = t.now.Add(PersonalTokenTTL)
	}
	switch {
	case name == "":
		return nil, &Invalid{Field: "name", Reason: "name_missing"}
	case len([]rune(name)) > personalName || !printable(name):
		return nil, &Invalid{Field: "name", Reason: "name_invalid", Value: clip(name, 100)}
	case !expires.After(t.now):
		return nil, &Invalid{Field: "expires_at", Reason: "token_expired"}
	case expires.After(t.now.Add(PersonalTokenMax)):
		return nil, &Invalid{Field: "expires_at", Reason: "token_expires_late"}
	}
	offered := APIScopes(u.Access)
	if n.AppID != "" {
		app, err := t.appForTokens(u, n.AppID)
		if err != nil {
			return nil, err
		}
		offered = TokenScopes(app)
	}
	scopes := slices.Compact(slices.Sorted(slices.Values(n.Scopes)))
	if len(scopes) == 0 {
		return nil, &Invalid{Field: "scopes", Reason: "token_scope_missing"}
	}
	for _, s := range scopes {
		if !slices.Contains(offered, s) {
			return nil, &Invalid{Field: "scopes", Reason: "token_scope", Value: clip(s, scopeNameMax)}
		}
	}
	return &PersonalToken{ID: NewTimeID(t.now), UserID: u.ID, AppID: n.AppID, Name: name, Scopes: scopes,
		CreatedAt: t.now, ExpiresAt: expires}, nil
}

// insertPersonalToken stores a token if its user has not too many that stand.
func (t *tx) insertPersonalToken(by Actor, p *PersonalToken) error {
	var app any
	if p.AppID != "" {
		app = p.AppID
	}
	n, err := t.exec(`INSERT INTO personal_tokens (id, user_id, app_id, name, scopes, prefix, hash, created_at, expires_at)
		SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT),
			CAST($7 AS TEXT), CAST($8 AS BIGINT), CAST($9 AS BIGINT)
		WHERE (SELECT count(*) FROM personal_tokens WHERE user_id = $2 AND expires_at > $8) < $10`,
		p.ID, p.UserID, app, p.Name, toJSON(p.Scopes), p.Prefix, p.hash, t.nowMS, millis(p.ExpiresAt), personalMax)
	if err == nil && n == 0 {
		err = &Invalid{Field: "token", Reason: "token_too_many"}
	}
	if err != nil {
		return fmt.Errorf("personal token: %w", err)
	}
	return t.audit(by, "token.create", p.ID, "ok", p.describe(by))
}

// describe is what the audit log says of a token: whose it is when somebody else acted, what for, its
// name and scopes.
func (p *PersonalToken) describe(by Actor) string {
	var parts []string
	if by.Kind != ActorUser || by.ID != p.UserID {
		parts = append(parts, "user "+p.UserID)
	}
	if p.AppID != "" {
		parts = append(parts, "app "+p.AppID)
	}
	return strings.Join(append(parts, p.Name, strings.Join(p.Scopes, " ")), ", ")
}

// PersonalTokens lists a user's tokens that have not expired, newest first, with their latest use and the
// scopes they were made with. An unknown user has none.
func (db *DB) PersonalTokens(ctx context.Context, userID string) ([]*PersonalToken, error) {
	list, err := readAll(ctx, db, scanPersonal, personalColumns+`
		WHERE user_id = $1 AND expires_at > $2 ORDER BY id DESC LIMIT $3`, userID, millis(db.now()), personalMax)
	for _, t := range list {
		used := instant(db.personalUses.at(t.ID))
		if used.After(t.LastUsedAt) {
			t.LastUsedAt = used
		}
	}
	return list, err
}

// RemovePersonalToken revokes a token, which fails from the next use on: by its owner or an
// administrator. ErrNotFound when that user has no such token.
func (db *DB) RemovePersonalToken(ctx context.Context, by Actor, userID, id string) error {
	return db.change(ctx, by, "token.revoke", id, func(tx *tx) error {
		err := tx.allowPerson(by, userID)
		if err != nil {
			return err
		}
		list, err := db.deletePersonalTokens(tx, `user_id = $1 AND id = $2`, userID, id)
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("personal token: %w", ErrNotFound)
		}
		if err != nil {
			return err
		}
		return tx.audit(by, "token.revoke", id, "ok", list[0].describe(by))
	})
}

// deletePersonalTokens removes the tokens for which a condition holds and forgets them.
func (db *DB) deletePersonalTokens(tx *tx, where string, args ...any) ([]*PersonalToken, error) {
	list, err := readMany(tx, scanPersonal, `DELETE FROM personal_tokens WHERE `+where+` RETURNING id, user_id, COALESCE(app_id, ''), name,
		scopes, prefix, hash, created_at, expires_at, last_used_at`, args...)
	if err == nil && len(list) > 0 {
		tx.then(func() {
			for _, t := range list {
				db.caches.personal.drop(t.hash)
				db.personalUses.forget(t.ID)
			}
		})
	}
	return list, err
}
