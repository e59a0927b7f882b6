package storage

import (
	"errors"
	"fmt"
)

// Why a database or key file is refused. [Open], [Create], [Restore] and the master key functions wrap
// one of them in a [*Refusal].
var (
	ErrNoDatabase  = errors.New("there is no database")
	ErrExists      = errors.New("there is a database already")
	ErrEmptyFile   = errors.New("the database file is empty")
	ErrNotDatabase = errors.New("the file is not a database, or its header is damaged")
	ErrForeign     = errors.New("the database belongs to another program")
	ErrDamaged     = errors.New("the database is damaged")
	ErrNewer       = errors.New("the database was written by a newer propusk")
	ErrMasterKey   = errors.New("the master key does not fit")
	ErrIssuer      = errors.New("the database belongs to another issuer")
	ErrDevOnly     = errors.New("the database was made by propusk dev")
	ErrNotDev      = errors.New("the database was not made by propusk dev")
	ErrMode        = errors.New("other users of this machine can reach the file")
	ErrReadOnly    = errors.New("the database cannot be written")
	ErrInUse       = errors.New("the database is in use")
)

// Refusal says why a file is refused, which one, and what to do about it. Neither text holds a secret.
type Refusal struct {
	Reason error  // one of the errors above
	Path   string // the file or directory
	Detail string // what was found, may be empty
	Hint   string // what the person at the command line can do
}

// Error returns "path: reason (detail)".
func (r *Refusal) Error() string {
	if r.Detail == "" {
		return fmt.Sprintf("%s: %v", r.Path, r.Reason)
	}
	return fmt.Sprintf("%s: %v (%s)", r.Path, r.Reason, r.Detail)
}

// Unwrap lets errors.Is find the reason.
func (r *Refusal) Unwrap() error { return r.Reason }
