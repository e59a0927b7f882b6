package provider

import (
	"net/url"
	"slices"
	"strings"
)

// keptURI is what the log and the app's events hold of a URI that was refused, and whether that is all of
// it: scheme, host and path, and the query where no parameter looks like a credential; never userinfo or a
// fragment. It need not be a URI at all, so it is cut as text.
func keptURI(uri string) (kept string, whole bool) {
	place, _, _ := strings.Cut(uri, "#")
	place, query, asks := strings.Cut(place, "?")
	place = withoutUser(place)
	if asks && !holdsCredential(query) {
		place += "?" + query
	}
	return place, place == uri
}

// withoutUser cuts what stands before the host: up to the last @ of the authority, however many slashes of
// either kind lead to it, and where there is no scheme up to the last @ of the first part.
func withoutUser(place string) string {
	start := 0
	if colon := strings.IndexByte(place, ':'); colon >= 0 && colon+1 < len(place) && strings.IndexByte(`/\`, place[colon+1]) >= 0 {
		start = colon + 1
	}
	start = len(place) - len(strings.TrimLeft(place[start:], `/\`))
	end := len(place)
	if slash := strings.IndexAny(place[start:], `/\`); slash >= 0 {
		end = start + slash
	}
	authority := place[start:end]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if at := strings.LastIndex(authority, "%40"); at >= 0 {
		authority = authority[at+3:]
	}
	return place[:start] + authority + place[end:]
}

// credentialNames are found within the names of parameters that may hold a credential, credentialValues at
// the beginning of values: one too many costs a developer a query, one too few a person their account.
var (
	credentialNames = []string{
		"token", "code", "pass", "pwd", "secret", "key", "assertion", "auth", "credential", "session", "sid", "signature", "sig",
		"ticket", "jwt", "otp", "cookie", "saml", "hint", "bearer", "response",
	}
	credentialValues = []string{"propusk_", "eyJ", "Bearer ", "Basic "}
)

// holdsCredential tells whether a parameter of the query looks like a credential; a query that cannot be
// read does.
func holdsCredential(query string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(query, func(c rune) bool { return c == '&' || c == ';' || c == '?' }), func(pair string) bool {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return true
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return true
		}
		name = strings.ToLower(name)
		return strings.Contains(name, "%") ||
			slices.ContainsFunc(credentialNames, func(part string) bool { return strings.Contains(name, part) }) ||
			slices.ContainsFunc(credentialValues, func(start string) bool { return strings.HasPrefix(value, start) }) ||
			strings.ContainsAny(value, "=%") && holdsCredential(value) // an address within the address
	})
}
