package storage

import (
	"errors"
	"fmt"
)

// The categories of failure. They are wrapped with detail for the log; provider/error.go and
// page.Error turn them into answers, and nothing else does.
var (
	// ErrNotFound: there is no such row, or the caller may not know of it.
	ErrNotFound = errors.New("not found")
	// ErrForbidden: the actor may know of it but not do that (see [May]).
	ErrForbidden = errors.New("not allowed")
	// ErrConflict: the value must be unique and is taken.
	ErrConflict = errors.New("already exists")
	// ErrRevoked: a session, grant, user or app no longer stands.
	ErrRevoked = errors.New("no longer stands")
	// ErrSealed: a sealed value was not made by us for this purpose, or was changed.
	ErrSealed = errors.New("sealed value does not open")
	// ErrUnavailable: the database cannot write just now (busy, disk full, read only). Try later.
	ErrUnavailable = errors.New("database unavailable")
)

// Invalid says which field of an input is wrong and why. Reason is a locale key without arguments
// (for example "redirect_fragment"); Value is the offending text, for the person who sent it.
type Invalid struct {
	Field  string
	Reason string
	Value  string
}

// Error returns "field: reason (value)", for logs and the command line.
func (e *Invalid) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %s", e.Field, e.Reason)
	}
	return fmt.Sprintf("%s: %s: %q", e.Field, e.Reason, e.Value)
}
