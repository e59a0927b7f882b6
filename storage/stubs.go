package storage

import (
	"context"
)

// Signatures agreed on; each moves to its own file as it is built.

// AppRows is Apps with what lists show beside.
func (db *DB) AppRows(ctx context.Context, f AppFilter) ([]AppRow, string, error) { panic("stub") }

// CountApps says how many apps match, up to 10,000 (and what People counts in the app).
func (db *DB) CountApps(ctx context.Context, f AppFilter) (int, error) { panic("stub") }

// AppPeople counts the people who gave the app access and the grants that stand.
func (db *DB) AppPeople(ctx context.Context, appID string) (people, grants int, err error) {
	panic("stub")
}

// DeleteApp removes the app with everything that belongs to it; its tokens stop at once.
func (db *DB) DeleteApp(ctx context.Context, by Actor, id string) error { panic("stub") }

// UpdateScope changes title, text, claims and audience; built-in scopes keep claims and audience.
func (db *DB) UpdateScope(ctx context.Context, by Actor, name string, change func(*Scope) error) (*Scope, error) {
	panic("stub")
}

// DeleteScope removes a scope that no app is assigned: *Invalid scope_in_use, scope_builtin.
func (db *DB) DeleteScope(ctx context.Context, by Actor, name string) error { panic("stub") }

// Passes lists the apps with access to the user's account, by name.
func (db *DB) Passes(ctx context.Context, userID string) ([]Pass, error) { panic("stub") }

// Sessions lists a user's sessions that stand, newest first.
func (db *DB) Sessions(ctx context.Context, userID string) ([]*Session, error) { panic("stub") }

// EndSessions ends all of a user's sessions but keep ("" for all) and says how many.
func (db *DB) EndSessions(ctx context.Context, by Actor, userID, keep string) (int, error) {
	panic("stub")
}

// CountUsers says how many users match, up to 100,000.
func (db *DB) CountUsers(ctx context.Context, f UserFilter) (int, error) { panic("stub") }

// CreateLink makes a one-time link and returns its secret; earlier links of the user and purpose end.
func (db *DB) CreateLink(ctx context.Context, by Actor, userID string, purpose LinkPurpose) (string, *Link, error) {
	panic("stub")
}

// LinkBySecret returns a link that can still be used, and its user. ErrNotFound.
func (db *DB) LinkBySecret(ctx context.Context, secret string) (*Link, *User, error) { panic("stub") }

// UseLink uses the link up and sets the password, in one transaction; a recovery link also enables the
// user and ends all sessions. ErrNotFound when it was used or has expired; *Invalid for the password,
// which leaves the link as it is.
func (db *DB) UseLink(ctx context.Context, secret, password, address string) (*User, error) {
	panic("stub")
}
