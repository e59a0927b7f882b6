package storage

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// allowUpdate asks who may change a user's fields; own says that only those of [ownChange] may change.
func (t *tx) allowUpdate(by Actor, id string) (own bool, err error) {
	err = t.allowUser(by, id)
	var d *denied
	if errors.As(err, &d) && by.Kind == ActorUser && by.ID == id {
		return true, t.allow(by, MeWrite, nil)
	}
	return false, err
}

// ownChange refuses, as ErrForbidden, what people may not change of themselves: apps and propusk rely on
// login, e-mail, access and free-form claims, and nobody confirms their own phone number. What may change
// is the name and the standard claims of OpenID Connect Core §5.1, in any language. A new phone number is
// not confirmed any more.
func ownChange(before, after *User) error {
	refuse := func(field string) error {
		return &denied{"forbidden", fmt.Errorf("%s of one's own account: %w", field, ErrForbidden)}
	}
	switch {
	case before.Login != after.Login:
		return refuse("login")
	case before.Email != after.Email || before.EmailVerified != after.EmailVerified:
		return refuse("email")
	case before.Access != after.Access:
		return refuse("access")
	case before.Disabled() != after.Disabled():
		return refuse("disabled")
	}
	for _, name := range changedClaims(before.Claims, after.Claims) {
		base, _, _ := strings.Cut(name, "#")
		if base != "name" && base != "address" && !slices.Contains(textClaims, base) {
			return refuse("claim " + name)
		}
		if name == "phone_number" {
			delete(after.Claims, "phone_number_verified")
		}
	}
	return nil
}

// changedClaims returns the names of claims that were added, changed or removed, sorted.
func changedClaims(before, after map[string]any) []string {
	var names []string
	for name, value := range after {
		old, had := before[name]
		if !had || !reflect.DeepEqual(old, value) {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, has := after[name]; !has {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// userDiff says for the audit log which fields changed, never to what, except the access.
func userDiff(before, after *User) string {
	var list []string
	for _, f := range []struct {
		name    string
		changed bool
	}{
		{"login", before.Login != after.Login},
		{"name", before.Name != after.Name},
		{"email", before.Email != after.Email},
		{"email_verified", before.EmailVerified != after.EmailVerified},
		{"access " + string(after.Access), before.Access != after.Access},
	} {
		if f.changed {
			list = append(list, f.name)
		}
	}
	return strings.Join(append(list, changedClaims(before.Claims, after.Claims)...), ", ")
}

// keepsAdmin refuses a change of an administrator after which there would be none: whoever acts, and also
// when two act at once, because the writer runs one after the other. One who could sign in leaves only where
// another can: somebody invited who has no password yet does not count. propusk itself is asked by nobody.
func (t *tx) keepsAdmin(by Actor, before *User) error {
	if by.Kind == ActorSystem || before.Access != Full || before.Disabled() {
		return nil
	}
	left, err := t.texts(`SELECT id FROM users WHERE access = 'full' AND disabled_at = 0
		AND (password_hash <> '' OR $1 = 'any') LIMIT 1`, map[bool]string{true: "password", false: "any"}[before.HasPassword()])
	if err == nil && len(left) == 0 {
		err = &Invalid{Field: "access", Reason: "last_admin", Value: before.Login}
	}
	return err
}
