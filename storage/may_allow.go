package storage

import (
	"context"
	"errors"
	"fmt"
)

// denied is a refusal of [tx.allow]. It is told to the audit log after the change was undone, see
// [DB.change].
type denied struct {
	result string // of the audit entry
	err    error
}

func (d *denied) Error() string { return d.err.Error() }

func (d *denied) Unwrap() error { return d.err }

// allow asks [May] inside the transaction with the rights as they are in it: access and whether the user
// is disabled are read here, whatever the actor says of itself; the app is to be read in the transaction
// too. The scopes of a token are kept. ErrNotFound where the actor may not even know of the app, else
// ErrForbidden.
func (t *tx) allow(by Actor, do Action, app *App) error {
	if by.Kind == ActorUser {
		u, err := t.rights(by.ID)
		if err != nil {
			return err
		}
		by.Access = u
	}
	switch {
	case May(by, do, app):
		return nil
	case app != nil && !May(by, AppRead, app):
		return appUnknown(app.ID)
	}
	return &denied{"forbidden", fmt.Errorf("%s: %w", do, ErrForbidden)}
}

// appUnknown is the same whether an app does not exist or may not be known.
func appUnknown(id string) error {
	return &denied{"not_found", fmt.Errorf("app %q: %w", clip(id, clientIDMax), ErrNotFound)}
}

// rights returns what a user may do at this moment: nothing when disabled or unknown.
func (t *tx) rights(userID string) (Access, error) {
	var access Access
	err := t.row(`SELECT access FROM users WHERE id = $1 AND disabled_at = 0`, []any{userID}, &access)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return access, err
}

// appFor reads an app inside the transaction and asks allow.
func (t *tx) appFor(by Actor, do Action, id string) (*App, error) {
	app, err := t.app(id)
	if errors.Is(err, ErrNotFound) {
		err = appUnknown(id)
	}
	if err == nil {
		err = t.allow(by, do, app)
	}
	if err != nil {
		return nil, err
	}
	return app, nil
}

// change is write for what an actor asks for: where allow refused, an audit entry with the name of the
// action and the result "forbidden" or "not_found" remains though the change is undone.
func (db *DB) change(ctx context.Context, by Actor, action, target string, run func(*tx) error) error {
	return db.refused(ctx, by, action, target, db.write(ctx, run))
}

// refused tells the audit log of an attempt that allow refused (see [DB.RefusedAttempt]) and returns err.
// Commands and apps cannot be refused here, so only people leave an entry.
func (db *DB) refused(ctx context.Context, by Actor, action, target string, err error) error {
	var d *denied
	if !errors.As(err, &d) {
		return err
	}
	lost := db.RefusedAttempt(ctx, by, action, target, d.result)
	if lost == nil {
		return err
	}
	return errors.Join(err, lost)
}

// AppFor returns the app (shared, its keys with their latest use) if the actor may do that with it:
// ErrNotFound where the actor may not even know of it, just as if there were none; else ErrForbidden.
// Both leave an audit entry with the action as its name.
func (db *DB) AppFor(ctx context.Context, by Actor, do Action, id string) (*App, error) {
	app, err := db.mayApp(ctx, by, do, id)
	if err != nil {
		return nil, db.refused(ctx, by, string(do), id, err)
	}
	return db.withUses(app), nil
}

// mayApp asks May about an app as it is cached.
func (db *DB) mayApp(ctx context.Context, by Actor, do Action, id string) (*App, error) {
	app, err := db.App(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, appUnknown(id)
	}
	if err != nil {
		return nil, err
	}
	by, err = db.current(ctx, by)
	switch {
	case err != nil:
		return nil, err
	case May(by, do, app):
		return app, nil
	case !May(by, AppRead, app):
		return nil, appUnknown(id)
	}
	return nil, &denied{"forbidden", fmt.Errorf("%s: %w", do, ErrForbidden)}
}

// current is the actor with what the user may do now, not when the actor was made.
func (db *DB) current(ctx context.Context, by Actor) (Actor, error) {
	if by.Kind != ActorUser {
		return by, nil
	}
	u, err := db.User(ctx, by.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		by.Access = ""
	case err != nil:
		return by, err
	case u.Disabled():
		by.Access = ""
	default:
		by.Access = u.Access
	}
	return by, nil
}
