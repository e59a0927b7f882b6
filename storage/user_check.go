package storage

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what is kept about a person, in bytes.
const (
	loginMax = 128
	nameMax  = 400
	emailMax = 254
)

// checkUser validates and normalizes what a person or an administrator typed. Reasons: login_missing,
// login_at, login_invalid, name_invalid, email_invalid, access_invalid, and those of checkClaims.
func checkUser(u *User) error {
	u.Login, u.Name, u.Email = tidy(u.Login), tidy(u.Name), tidy(u.Email)
	switch {
	case u.Login == "":
		return &Invalid{Field: "login", Reason: "login_missing"}
	case strings.Contains(Fold(u.Login), "@"): // also the full-width one, which folds to it
		return &Invalid{Field: "login", Reason: "login_at", Value: u.Login}
	case len(u.Login) > loginMax || !printable(u.Login) || strings.ContainsFunc(u.Login, unicode.IsSpace):
		return &Invalid{Field: "login", Reason: "login_invalid", Value: clip(u.Login, 100)}
	case len(u.Name) > nameMax || !printable(u.Name):
		return &Invalid{Field: "name", Reason: "name_invalid", Value: clip(u.Name, 100)}
	case !validEmail(u.Email):
		return &Invalid{Field: "email", Reason: "email_invalid", Value: clip(u.Email, 100)}
	case u.Access != Full && u.Access != Partial:
		return &Invalid{Field: "access", Reason: "access_invalid", Value: string(u.Access)}
	}
	if u.Email == "" {
		u.EmailVerified = false
	}
	return checkClaims(u.Claims)
}

// tidy brings text to NFC without blanks around it.
func tidy(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// printable tells whether s is UTF-8 without control and format characters, which would disguise it.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r != ' ' && !unicode.IsPrint(r)
	})
}

// validEmail accepts no address at all, or one '@' with something on either side and no blanks.
func validEmail(s string) bool {
	if s == "" {
		return true
	}
	local, domain, ok := strings.Cut(Fold(s), "@")
	return ok && local != "" && domain != "" && len(s) <= emailMax && !strings.Contains(domain, "@") &&
		printable(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]\,;:"`, r) })
}
