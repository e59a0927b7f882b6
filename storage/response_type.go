package storage

import (
	"slices"
	"strings"
)

// ResponseTypes are all that OpenID Connect has with a code or an id_token, code first (OAuth 2.0 Multiple
// Response Types §3); "token" alone proves nobody's identity and is not among them.
var ResponseTypes = []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}

// CanonicalResponseType writes a response type as it is advertised and stored: its words are a set, their
// order says nothing (OAuth 2.0 Multiple Response Types §3). What is none of those there are comes back as
// it was, one with a repeated word too.
func CanonicalResponseType(text string) string {
	words := strings.Fields(text)
	slices.Sort(words)
	for _, known := range ResponseTypes {
		sorted := strings.Fields(known)
		slices.Sort(sorted)
		if slices.Equal(words, sorted) {
			return known
		}
	}
	return text
}

// ResponseTypes are the response types the app is registered for (OpenID Connect Dynamic Registration
// §2), as they are advertised: code alone where nothing is said.
func (a *App) ResponseTypes() []string {
	if len(a.Registration.ResponseTypes) == 0 {
		return ResponseTypes[:1:1]
	}
	return a.Registration.ResponseTypes
}

// Answers tells whether the app is registered for a response type, in any order of its words.
func (a *App) Answers(responseType string) bool {
	return slices.Contains(a.ResponseTypes(), CanonicalResponseType(responseType))
}

// FrontChannel tells whether the app is registered for a response type that hands out a token in a URL: of
// the implicit or the hybrid flow.
func (a *App) FrontChannel() bool {
	return slices.ContainsFunc(a.Registration.ResponseTypes, func(kind string) bool { return kind != "code" })
}

// withCode tells whether a response type yields a code.
func withCode(kind string) bool { return slices.Contains(strings.Fields(kind), "code") }

// tidyResponseTypes brings the response types to the form they are compared in; code alone, which is what
// an app has that names none, is kept as none.
func tidyResponseTypes(r *Registration) {
	var list []string
	for _, kind := range r.ResponseTypes {
		kind = CanonicalResponseType(kind)
		if !slices.Contains(list, kind) {
			list = append(list, kind)
		}
	}
	r.ResponseTypes = list
}

// checkResponseTypes: registration_value, response_type_grant (a type with code, without the grant type
// authorization_code), grant_response_type (the other way round), implicit_redirect (field redirect_uris:
// what comes in a URL is sent over https and not to this machine, OpenID Connect Dynamic Registration §2;
// native apps are excused, and those of dev that may be anywhere on this machine).
func checkResponseTypes(a *App) error {
	r := &a.Registration
	tidyResponseTypes(r)
	for _, kind := range r.ResponseTypes {
		switch {
		case !slices.Contains(ResponseTypes, kind):
			return &Invalid{Field: "response_types", Reason: "registration_value", Value: clip(kind, 100)}
		case withCode(kind) && !a.Allows(GrantCode):
			return &Invalid{Field: "response_types", Reason: "response_type_grant", Value: kind}
		}
	}
	if len(r.ResponseTypes) > 0 && a.Allows(GrantCode) && !slices.ContainsFunc(r.ResponseTypes, withCode) {
		return &Invalid{Field: "response_types", Reason: "grant_response_type"}
	}
	if slices.Equal(r.ResponseTypes, ResponseTypes[:1]) {
		r.ResponseTypes = nil
	}
	if !a.FrontChannel() || a.Type == AppNative || a.AnyLoopback {
		return nil
	}
	for _, uri := range a.RedirectURIs {
		authority, _, _ := splitAuthority(uri)
		if !strings.HasPrefix(uri, "https://") || isLoopback(strings.ToLower(authority)) {
			return &Invalid{Field: "redirect_uris", Reason: "implicit_redirect", Value: clip(uri, 200)}
		}
	}
	return nil
}
