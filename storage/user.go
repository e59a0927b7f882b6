package storage

import "time"

// Access is what a user may do in propusk itself; there is no third level.
type Access string

// Full is an administrator. Partial manages only their own account and apps where they have a role.
const (
	Full    Access = "full"
	Partial Access = "partial"
)

// User is a person who signs in. ID is the public sub and never reused.
type User struct {
	ID            string
	Login         string // holds no '@'; unique after folding
	Name          string
	Email         string // unique after folding when not empty
	EmailVerified bool
	Access        Access
	DisabledAt    time.Time
	Claims        map[string]any // further standard claims (OpenID Connect Core §5.1) and free-form ones, "name#ru" included; never sub, iss, aud, …
	CreatedAt     time.Time
	UpdatedAt     time.Time

	passwordHash string // argon2id in PHC form; empty: no password sign-in
	passwordAt   int64  // when it was set, in milliseconds; a renewed hash of the same password leaves it
}

// Disabled tells whether the user may not sign in and all of their tokens are dead.
func (u *User) Disabled() bool { return !u.DisabledAt.IsZero() }

// PasswordAt is when the password was set: a new one begins a new count of failures.
func (u *User) PasswordAt() time.Time { return instant(u.passwordAt) }

// HasPassword tells whether the user can sign in by password.
func (u *User) HasPassword() bool { return u.passwordHash != "" }

// NewUser is the input of [DB.CreateUser]. ID may be given (seeds, import); Password may be empty.
type NewUser struct {
	ID            string
	Login         string
	Password      string
	Name          string
	Email         string
	EmailVerified bool
	Access        Access
	Claims        map[string]any
	Disabled      bool // cannot sign in until they are enabled
	// AnyPassword lets a password through that the rules refuse. Only the dev seed sets it.
	AnyPassword bool
}

// UserFilter selects users for a list, ordered by folded login, then id.
type UserFilter struct {
	Query    string // matched inside login, name and e-mail, folded; empty: all
	Access   Access // empty: any
	Disabled *bool
	Limit    int    // 1 to 100; 0 means 50
	After    string // cursor of the last page, empty for the first
}
