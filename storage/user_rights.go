package storage

import (
	"errors"
	"fmt"
	"slices"
)

// allowPerson asks whether the actor may change what belongs to a person: one's own account needs me.write
// of a token, another's [UserWrite]. ErrNotFound where the actor may not look at people at all, else
// ErrForbidden.
func (t *tx) allowPerson(by Actor, userID string) error {
	if by.Kind == ActorUser && by.ID == userID {
		return t.allow(by, MeWrite, nil)
	}
	return t.allowUser(by, userID)
}

// allowUser asks for [UserWrite].
func (t *tx) allowUser(by Actor, userID string) error {
	err := t.allow(by, UserWrite, nil)
	var d *denied
	if !errors.As(err, &d) {
		return err
	}
	own := by.Kind == ActorUser && by.ID == userID
	if hidden := t.allow(by, UserRead, nil); errors.As(hidden, &d) && !own {
		return &denied{"not_found", fmt.Errorf("user %q: %w", clip(userID, 64), ErrNotFound)}
	}
	return err
}

// notByToken refuses who acts by a token: a token never makes or widens a credential.
func notByToken(by Actor, do string) error {
	if by.Scoped {
		return &denied{"forbidden", fmt.Errorf("%s by a token: %w", do, ErrForbidden)}
	}
	return nil
}

// notWidened refuses a token that makes an administrator, new or of somebody, without holding every scope
// that an administrator may have: whoever it makes could do by password what the token may not.
func notWidened(by Actor, before, after Access) error {
	if !by.Scoped || after != Full || before == Full {
		return nil
	}
	for _, scope := range APIScopes(Full) {
		if !slices.Contains(by.Scopes, scope) {
			return &denied{"forbidden", fmt.Errorf("full access by a token without %s: %w", scope, ErrForbidden)}
		}
	}
	return nil
}
