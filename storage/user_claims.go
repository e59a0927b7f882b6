package storage

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of the claims kept about a person.
const (
	claimsMax     = 16 << 10 // bytes of JSON, all together
	claimsCount   = 100
	claimNameMax  = 64   // bytes
	claimTextMax  = 2000 // bytes of a standard claim
	claimDepthMax = 5    // objects and lists within each other
)

// protocolClaims are set by the protocol alone.
var protocolClaims = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce", "auth_time", "acr", "amr", "azp", "at_hash",
	"c_hash", "s_hash", "sid", "scope", "client_id", "active", "token_type", "act", "cnf", "events", "toe",
	"txn", "username", "_claim_names", "_claim_sources",
}

// fieldClaims are kept in fields of their own, never in [User.Claims].
var fieldClaims = []string{"name", "email", "email_verified", "updated_at"}

// textClaims are the standard claims that must be strings (OpenID Connect Core §5.1).
var textClaims = []string{
	"given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
	"gender", "birthdate", "zoneinfo", "locale", "phone_number",
}

// addressMembers are the members of the address claim (OpenID Connect Core §5.1.1).
var addressMembers = []string{"formatted", "street_address", "locality", "region", "postal_code", "country"}

// checkClaims validates further claims; a standard claim that is an empty text is taken out, because a
// claim without a value is left out (OpenID Connect Core §5.3.2). Reasons: claim_name, claim_reserved,
// claim_type, claim_value, claims_too_large.
func checkClaims(claims map[string]any) error {
	if len(claims) > claimsCount {
		return &Invalid{Field: "claims", Reason: "claims_too_large"}
	}
	for name, value := range claims {
		base, tag, tagged := strings.Cut(name, "#")
		if len(name) > claimNameMax || base == "" || (tagged && tag == "") || strings.ContainsFunc(name, badClaimRune) {
			return &Invalid{Field: "claims", Reason: "claim_name", Value: clip(name, claimNameMax)}
		}
		localName := tagged && base == "name"
		if slices.Contains(protocolClaims, base) || (slices.Contains(fieldClaims, base) && !localName) {
			return &Invalid{Field: "claims", Reason: "claim_reserved", Value: name}
		}
		wrongType, wrongValue := claimFault(base, value)
		switch {
		case wrongType:
			return &Invalid{Field: "claims", Reason: "claim_type", Value: name}
		case wrongValue:
			return &Invalid{Field: "claims", Reason: "claim_value", Value: name}
		}
		if text, ok := value.(string); ok && text == "" && (localName || slices.Contains(textClaims, base)) {
			delete(claims, name)
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

// claimFault tells whether a value is not of the type of a claim, or not of its form. base is the claim's
// name without a language.
func claimFault(base string, value any) (wrongType, wrongValue bool) {
	switch {
	case base == "phone_number_verified":
		_, ok := value.(bool)
		return !ok, false
	case base == "address":
		return addressFault(value)
	case base == "name" || slices.Contains(textClaims, base):
		text, ok := value.(string)
		return !ok, len(text) > claimTextMax || !printable(text) || text != "" && !formedClaim(base, text)
	}
	return value == nil || tooDeep(value, claimDepthMax), false
}

// addressFault checks the one standard claim that is an object. Its lines may be broken.
func addressFault(value any) (wrongType, wrongValue bool) {
	members, ok := value.(map[string]any)
	if !ok {
		return true, false
	}
	for name, value := range members {
		text, ok := value.(string)
		if !ok || !slices.Contains(addressMembers, name) {
			return true, false
		}
		if len(text) > claimTextMax || !utf8.ValidString(text) || strings.ContainsFunc(text, badAddressRune) {
			wrongValue = true
		}
	}
	return false, wrongValue
}

func badAddressRune(r rune) bool { return r != '\n' && r != '\r' && r != ' ' && !unicode.IsPrint(r) }

// formedClaim checks the texts to which OpenID Connect Core §5.1 gives a form. Apps make links of the three
// URLs, so they must not be scripts.
func formedClaim(base, text string) bool {
	switch base {
	case "profile", "picture", "website":
		u, err := url.Parse(text)
		return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
	case "birthdate": // the year alone, the whole date, or 0000 for a year that is not told
		_, year := time.Parse("2006", text)
		_, date := time.Parse("2006-01-02", strings.Replace(text, "0000-", "2000-", 1))
		return year == nil || date == nil
	}
	return true
}

// tooDeep tells whether a free-form value holds more levels than depth.
func tooDeep(value any, depth int) bool {
	if depth < 0 {
		return true
	}
	deeper := func(v any) bool { return tooDeep(v, depth-1) }
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			if deeper(member) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, deeper)
	}
	return false
}

// badClaimRune tells whether r may not stand in the name of a claim.
func badClaimRune(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.:/#", r))
}
