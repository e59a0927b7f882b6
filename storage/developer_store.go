package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of an app's developers.
const (
	developersMax = 100
	phoneMax      = 40
)

// SetDeveloper gives a user a role in the app, or changes role and phone. Giving the role owner hands the
// app over: the former owner becomes a developer in the same transaction. Whoever gets another role must
// exist and not be disabled. *Invalid: role_invalid, phone_invalid, developer_unknown, developer_too_many,
// owner_needed (the owner's role can only be handed over); ErrForbidden or ErrNotFound for the app.
func (db *DB) SetDeveloper(ctx context.Context, by Actor, appID string, d Developer) error {
	return db.change(ctx, by, "developer.set", appID, func(tx *tx) error {
		app, err := tx.appFor(by, AppDevelopers, appID)
		if err != nil {
			return err
		}
		return db.setDeveloper(tx, by, app, d)
	})
}

// UpdateDeveloper changes role and phone of a developer as they are at that moment, by the rules of
// [DB.SetDeveloper]; it never gives a role to whoever has none (any more): ErrNotFound. change must be quick
// and must not call the database; its error is returned as it is.
func (db *DB) UpdateDeveloper(ctx context.Context, by Actor, appID, userID string, change func(*Developer) error) error {
	return db.change(ctx, by, "developer.set", appID, func(tx *tx) error {
		app, err := tx.appFor(by, AppDevelopers, appID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(app.Developers, func(d Developer) bool { return d.UserID == userID })
		if i < 0 {
			return fmt.Errorf("developer of app %q: %w", appID, ErrNotFound)
		}
		d := app.Developers[i]
		err = change(&d)
		if err != nil {
			return err
		}
		d.UserID = userID
		return db.setDeveloper(tx, by, app, d)
	})
}

// setDeveloper is the transaction of SetDeveloper; app is as it is stored.
func (db *DB) setDeveloper(tx *tx, by Actor, app *App, d Developer) error {
	err := checkDeveloper(app, &d)
	if err != nil {
		return err
	}
	if app.Role(d.UserID) != d.Role {
		err = tx.canDevelop(d.UserID)
	}
	if err == nil && d.Role == RoleOwner {
		_, err = tx.exec(`UPDATE app_developers SET role = 'developer' WHERE app_id = $1 AND role = 'owner' AND user_id <> $2`, app.ID, d.UserID)
	}
	if err != nil {
		return err
	}
	err = tx.putDeveloper(app.ID, &d)
	if err != nil {
		return err
	}
	tx.then(func() { db.appChanged(app.ID) })
	return tx.audit(by, "developer.set", app.ID, "ok", d.UserID+" "+string(d.Role))
}

// putDeveloper stores a developer. A row that is the owner's is only changed by handing over, also by
// statements that know of no check before.
func (t *tx) putDeveloper(appID string, d *Developer) error {
	count, err := t.exec(`INSERT INTO app_developers (app_id, user_id, role, phone, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (app_id, user_id) DO UPDATE SET role = excluded.role, phone = excluded.phone
		WHERE app_developers.role <> 'owner' OR excluded.role = 'owner'`,
		appID, d.UserID, string(d.Role), d.Phone, t.nowMS)
	if err != nil {
		return fmt.Errorf("developer of app %q: %w", appID, err)
	}
	if count == 0 {
		return &Invalid{Field: "role", Reason: "owner_needed"}
	}
	return nil
}

// RemoveDeveloper takes a user's role. The owner's cannot be taken: *Invalid owner_needed. Everybody may
// give up their own role otherwise; by a token only with the scope to change apps. ErrNotFound for a user
// without a role, ErrForbidden.
func (db *DB) RemoveDeveloper(ctx context.Context, by Actor, appID, userID string) error {
	return db.change(ctx, by, "developer.delete", appID, func(tx *tx) error {
		do := AppDevelopers
		if by.Kind == ActorUser && by.ID == userID && (!by.Scoped || slices.Contains(by.Scopes, ScopeAppsWrite)) {
			do = AppRead // one's own
		}
		app, err := tx.appFor(by, do, appID)
		if err != nil {
			return err
		}
		if userID != "" && app.OwnerID() == userID {
			return &Invalid{Field: "role", Reason: "owner_needed"}
		}
		count, err := tx.exec(`DELETE FROM app_developers WHERE app_id = $1 AND user_id = $2 AND role <> 'owner'`, appID, userID)
		if err == nil && count == 0 {
			err = fmt.Errorf("developer of app %q: %w", appID, ErrNotFound)
		}
		if err != nil {
			return err
		}
		tx.then(func() { db.appChanged(appID) })
		return tx.audit(by, "developer.delete", appID, "ok", userID)
	})
}

// checkDeveloper: role_invalid, phone_invalid, owner_needed, developer_too_many.
func checkDeveloper(app *App, d *Developer) error {
	d.Phone = tidy(d.Phone)
	former := app.Role(d.UserID)
	switch {
	case byRole[d.Role] == nil:
		return &Invalid{Field: "role", Reason: "role_invalid", Value: clip(string(d.Role), 40)}
	case !validPhone(d.Phone):
		return &Invalid{Field: "phone", Reason: "phone_invalid", Value: clip(d.Phone, phoneMax)}
	case former == RoleOwner && d.Role != RoleOwner:
		return &Invalid{Field: "role", Reason: "owner_needed"}
	case former == "" && len(app.Developers) >= developersMax:
		return &Invalid{Field: "login", Reason: "developer_too_many"}
	}
	return nil
}

// validPhone accepts no number, or digits with blanks, brackets and hyphens, "+" in front.
func validPhone(phone string) bool {
	rest := strings.TrimPrefix(phone, "+")
	return len(phone) <= phoneMax && strings.Trim(rest, "0123456789 ()-") == "" &&
		(phone == "" || strings.ContainsAny(rest, "0123456789"))
}

// canDevelop refuses people who cannot sign in. Unknown and disabled ones are the same to whoever asks.
func (t *tx) canDevelop(userID string) error {
	access, err := t.rights(userID)
	if err == nil && access == "" {
		return &Invalid{Field: "login", Reason: "developer_unknown"}
	}
	return err
}

// firstOwner gives a new app its owner, or ErrNotFound where nobody of that id can sign in.
func (t *tx) firstOwner(appID string, d *Developer) error {
	d.Phone = tidy(d.Phone)
	if !validPhone(d.Phone) {
		return &Invalid{Field: "phone", Reason: "phone_invalid", Value: clip(d.Phone, phoneMax)}
	}
	err := t.canDevelop(d.UserID)
	var invalid *Invalid
	if errors.As(err, &invalid) {
		return fmt.Errorf("owner of app %q: %w", appID, ErrNotFound)
	}
	if err != nil {
		return err
	}
	return t.putDeveloper(appID, d)
}
