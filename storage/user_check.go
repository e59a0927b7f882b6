package storage

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what is kept about a person, in bytes.
const (
	loginMax  = 128
	nameMax   = 400
	emailMax  = 254
	claimsMax = 16 << 10
)

// protocolClaims are set by the protocol alone.
var protocolClaims = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "auth_time", "acr", "amr", "azp", "at_hash",
	"c_hash", "s_hash", "sid", "scope", "client_id", "active", "token_type", "act", "cnf", "events", "toe",
	"txn", "username", "_claim_names", "_claim_sources",
}

// fieldClaims are kept in fields of their own, never in [User.Claims].
var fieldClaims = []string{"name", "email", "email_verified", "updated_at"}

// checkUser validates and normalizes what a person or an administrator typed. Reasons: login_missing,
// login_at, login_invalid, name_invalid, email_invalid, access_invalid, claim_reserved, claim_name,
// claim_type, claims_too_large.
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

// claimTypes are the claims of OpenID Connect Core §5.1 that are no strings.
var claimTypes = map[string]func(any) bool{
	"phone_number_verified": func(v any) bool { _, ok := v.(bool); return ok },
	"address":               func(v any) bool { _, ok := v.(map[string]any); return ok },
}

// textClaims are the standard claims that must be strings.
var textClaims = []string{
	"given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
	"gender", "birthdate", "zoneinfo", "locale", "phone_number",
}

func checkClaims(claims map[string]any) error {
	for name, value := range claims {
		base, tag, tagged := strings.Cut(name, "#")
		if len(name) > 64 || base == "" || (tagged && tag == "") || strings.ContainsFunc(name, badClaimRune) {
			return &Invalid{Field: "claims", Reason: "claim_name", Value: clip(name, 64)}
		}
		localName := tagged && base == "name"
		if slices.Contains(protocolClaims, base) || (slices.Contains(fieldClaims, base) && !localName) {
			return &Invalid{Field: "claims", Reason: "claim_reserved", Value: name}
		}
		_, text := value.(string)
		isType := claimTypes[base]
		if (isType != nil && !isType(value)) || (slices.Contains(textClaims, base) && !text) || value == nil {
			return &Invalid{Field: "claims", Reason: "claim_type", Value: name}
		}
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return &Invalid{Field: "claims", Reason: "claim_type"}
	}
	if len(text) > claimsMax {
		return &Invalid{Field: "claims", Reason: "claims_too_large"}
	}
	return nil
}

// badClaimRune tells whether r may not stand in the name of a claim.
func badClaimRune(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.:/#", r))
}
