package storage

import (
	"context"
	"time"
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

// RemoveAppKey deletes one key; requests with it fail at once. ErrNotFound.
func (db *DB) RemoveAppKey(ctx context.Context, by Actor, appID, keyID string) error { panic("stub") }

// SetDeveloper gives a user a role in the app, or changes role and phone. Giving the role owner hands the
// app over: the former owner becomes a developer. *Invalid (role, owner_needed, phone).
func (db *DB) SetDeveloper(ctx context.Context, by Actor, appID string, d Developer) error {
	panic("stub")
}

// RemoveDeveloper takes a user's role. The owner's cannot be taken: *Invalid owner_needed. Everybody may
// give up their own role otherwise.
func (db *DB) RemoveDeveloper(ctx context.Context, by Actor, appID, userID string) error {
	panic("stub")
}

// UpdateScope changes title, text, claims and audience; built-in scopes keep claims and audience.
func (db *DB) UpdateScope(ctx context.Context, by Actor, name string, change func(*Scope) error) (*Scope, error) {
	panic("stub")
}

// DeleteScope removes a scope that no app is assigned: *Invalid scope_in_use, scope_builtin.
func (db *DB) DeleteScope(ctx context.Context, by Actor, name string) error { panic("stub") }

// CreatePersonalToken makes a token, shown once. Scopes must be among what the user may have.
func (db *DB) CreatePersonalToken(ctx context.Context, by Actor, n NewPersonalToken) (*PersonalToken, string, error) {
	panic("stub")
}

// PersonalTokens lists a user's tokens that stand, newest first.
func (db *DB) PersonalTokens(ctx context.Context, userID string) ([]*PersonalToken, error) {
	panic("stub")
}

// RemovePersonalToken revokes one: by its owner or an administrator. ErrNotFound.
func (db *DB) RemovePersonalToken(ctx context.Context, by Actor, userID, id string) error {
	panic("stub")
}

// PersonalTokenBySecret returns a token that stands and its user (both cached, shared), and notes its use.
// ErrNotFound, or ErrRevoked when expired, or when user or app is disabled.
func (db *DB) PersonalTokenBySecret(ctx context.Context, secret string) (*PersonalToken, *User, error) {
	panic("stub")
}

// TokenApps lists the enabled apps for which the user may make tokens.
func (db *DB) TokenApps(ctx context.Context, userID string) ([]*App, error) { panic("stub") }

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

// CreateDeviceCode stores a device's request; ID, CreatedAt, ExpiresAt, Interval and State are set here.
// It returns both codes: the user code as people see it (XXXX-XXXX).
func (db *DB) CreateDeviceCode(ctx context.Context, d *DeviceCode) (deviceCode, userCode string, err error) {
	panic("stub")
}

// DeviceCodeByUserCode finds what a person typed: any case, with or without hyphen and blanks. ErrNotFound
// for unknown, expired or decided ones alike.
func (db *DB) DeviceCodeByUserCode(ctx context.Context, userCode string) (*DeviceCode, error) {
	panic("stub")
}

// DeviceCode returns a device code by id, as it stands, or ErrNotFound.
func (db *DB) DeviceCode(ctx context.Context, id string) (*DeviceCode, error) { panic("stub") }

// DecideDeviceCode records the person's decision, once: granted nil is a denial. ErrNotFound when it is
// not pending any more.
func (db *DB) DecideDeviceCode(ctx context.Context, id string, s *Session, granted []string) error {
	panic("stub")
}

// PollDeviceCode answers a device's poll. On DeviceRedeemed the code is used up and the grant was written
// in the same transaction, after the same checks as RedeemCode; endsAt gives the grant's end.
func (db *DB) PollDeviceCode(ctx context.Context, app *App, deviceCode string, endsAt func(*DeviceCode) time.Time) (*Grant, *DeviceCode, DevicePoll, error) {
	panic("stub")
}
