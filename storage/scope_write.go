package storage

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// CreateScope adds a scope; *Invalid (scope_name, scope_title, scope_text, scope_claim, scope_audience),
// ErrConflict, ErrForbidden, or ErrNotFound for an unknown app.
func (db *DB) CreateScope(ctx context.Context, by Actor, s Scope) error {
	return db.change(ctx, by, "scope.create", s.Name, func(tx *tx) error {
		err := tx.allow(by, ScopeWrite, nil)
		if err != nil {
			return err
		}
		s.Builtin = false
		err = checkScope(&s)
		if err != nil {
			return err
		}
		err = db.insertScope(tx, &s)
		if err != nil {
			return err
		}
		return tx.audit(by, "scope.create", s.Name, "ok", s.Audience)
	})
}

func (db *DB) insertScope(tx *tx, s *Scope) error {
	var owner any
	if s.AppID != "" {
		owner = s.AppID
	}
	_, err := tx.exec(`INSERT INTO scopes (name, app_id, title, text, claims, audience, builtin) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		s.Name, owner, toJSON(s.Title), toJSON(s.Text), toJSON(s.Claims), s.Audience, s.Builtin)
	if err != nil {
		return fmt.Errorf("scope %q: %w", s.Name, err)
	}
	tx.then(func() { db.caches.lists.drop("scopes") })
	return nil
}

// UpdateScope changes a copy of a scope, validates and stores it: title, text, claims and audience. Name,
// owner and Builtin cannot be changed this way; a built-in scope keeps claims and audience too, another
// value is *Invalid scope_builtin. change must be quick and must not call the database; its error is
// returned as it is. *Invalid as for [DB.CreateScope], ErrForbidden or ErrNotFound.
func (db *DB) UpdateScope(ctx context.Context, by Actor, name string, change func(*Scope) error) (*Scope, error) {
	var changed *Scope
	err := db.change(ctx, by, "scope.update", name, func(tx *tx) error {
		err := tx.allow(by, ScopeWrite, nil)
		if err != nil {
			return err
		}
		before, err := tx.scope(name)
		if err != nil {
			return err
		}
		s := *before
		s.Title, s.Text, s.Claims = maps.Clone(before.Title), maps.Clone(before.Text), slices.Clone(before.Claims)
		err = change(&s)
		if err != nil {
			return err
		}
		s.Name, s.AppID, s.Builtin = before.Name, before.AppID, before.Builtin
		err = checkScopeChange(before, &s)
		if err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE scopes SET title = $2, text = $3, claims = $4, audience = $5 WHERE name = $1`,
			name, toJSON(s.Title), toJSON(s.Text), toJSON(s.Claims), s.Audience)
		if err != nil {
			return err
		}
		changed = &s
		tx.then(func() { db.caches.lists.drop("scopes") })
		return tx.audit(by, "scope.update", name, "ok", s.Audience)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// checkScopeChange: scope_builtin and the reasons of checkScope.
func checkScopeChange(before, after *Scope) error {
	switch {
	case !before.Builtin:
	case before.Audience != after.Audience:
		return &Invalid{Field: "audience", Reason: "scope_builtin", Value: before.Name}
	case !slices.Equal(before.Claims, after.Claims):
		return &Invalid{Field: "claims", Reason: "scope_builtin", Value: before.Name}
	}
	return checkScope(after)
}

// DeleteScope removes a scope that no app is assigned, and what people decided about it, so that a later
// scope of the same name starts from nothing: *Invalid scope_in_use (Value names an app), scope_builtin;
// ErrForbidden or ErrNotFound.
func (db *DB) DeleteScope(ctx context.Context, by Actor, name string) error {
	return db.change(ctx, by, "scope.delete", name, func(tx *tx) error {
		err := tx.allow(by, ScopeWrite, nil)
		if err != nil {
			return err
		}
		s, err := tx.scope(name)
		if err != nil {
			return err
		}
		if s.Builtin {
			return &Invalid{Field: "name", Reason: "scope_builtin", Value: name}
		}
		apps, err := tx.texts(`SELECT app_id FROM app_scopes WHERE scope = $1 ORDER BY app_id LIMIT 1`, name)
		if err == nil && len(apps) > 0 {
			err = &Invalid{Field: "name", Reason: "scope_in_use", Value: apps[0]}
		}
		if err == nil {
			err = db.deleteScope(tx, name)
		}
		if err != nil {
			return err
		}
		return tx.audit(by, "scope.delete", name, "ok", "")
	})
}

// deleteScope removes a scope and its consents. There is no index for them: it happens once in a blue
// moon, and every login would pay for it.
func (db *DB) deleteScope(tx *tx, name string) error {
	_, err := tx.exec(`DELETE FROM consents WHERE scope = $1`, name)
	if err == nil {
		_, err = tx.exec(`DELETE FROM scopes WHERE name = $1 AND NOT builtin`, name)
	}
	if err != nil {
		return fmt.Errorf("scope %q: %w", name, err)
	}
	tx.then(func() {
		db.caches.lists.drop("scopes")
		db.caches.consents.clear()
	})
	return nil
}

// scope reads a scope inside the transaction.
func (t *tx) scope(name string) (*Scope, error) {
	s, err := readOne(t, scanScope, scopeColumns+` WHERE name = $1`, name)
	if err != nil {
		return nil, fmt.Errorf("scope %q: %w", clip(name, scopeNameMax), err)
	}
	return s, nil
}
