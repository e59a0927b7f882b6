package storage

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// namedURI is a URI of a registration, by the name of its member.
type namedURI struct{ member, uri string }

// uris are all URIs of a registration but those for logout, in a fixed order.
func (r *Registration) uris() []namedURI {
	list := []namedURI{
		{"jwks_uri", r.JWKSURI}, {"sector_identifier_uri", r.SectorIdentifierURI}, {"initiate_login_uri", r.InitiateLoginURI},
		{"logo_uri", r.LogoURI}, {"client_uri", r.ClientURI},
	}
	for _, uri := range r.RequestURIs {
		list = append(list, namedURI{"request_uris", uri})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Localized)) {
		list = append(list, namedURI{name, r.Localized[name]})
	}
	return slices.DeleteFunc(list, func(x namedURI) bool { return x.uri == "" })
}

// isDocument tells whether a member is one of the documents of an app, in any language. They may be
// anywhere; all else of an app stays within its trusted domains.
func isDocument(member string) bool {
	member, _, _ = strings.Cut(member, "#")
	return member == "policy_uri" || member == "tos_uri"
}

// checkRegistrationURIs: redirect_too_many, uri_invalid, domain_excludes and those of checkLocalized. A login
// is begun by https only, also on this machine (OpenID Connect Dynamic Registration §2).
func checkRegistrationURIs(a *App) error {
	r := &a.Registration
	if len(r.RequestURIs) > urisMax {
		return &Invalid{Field: "request_uris", Reason: "redirect_too_many"}
	}
	err := checkLocalized(r)
	if err != nil {
		return err
	}
	for _, x := range r.uris() {
		switch {
		case !validLink(x.uri, x.member == "request_uris"), x.member == "initiate_login_uri" && !strings.HasPrefix(x.uri, "https://"):
			return &Invalid{Field: x.member, Reason: "uri_invalid", Value: clip(x.uri, 200)}
		case !isDocument(x.member) && !a.within(x.uri, true):
			return &Invalid{Field: x.member, Reason: "domain_excludes", Value: clip(x.uri, 200)}
		}
	}
	return nil
}

// checkServedURIs is for production: what propusk itself fetches is not on this machine, and not in clear.
func checkServedURIs(a *App) error {
	for _, x := range []namedURI{{"jwks_uri", a.Registration.JWKSURI}, {"sector_identifier_uri", a.Registration.SectorIdentifierURI}} {
		if x.uri != "" && !strings.HasPrefix(x.uri, "https://") {
			return &Invalid{Field: x.member, Reason: "uri_invalid", Value: clip(x.uri, 200)}
		}
	}
	return nil
}

// validLink accepts an absolute https URI, on this machine an http one, without user, and without a
// fragment unless that is the digest of a request object (OpenID Connect Core §6.2).
func validLink(uri string, fragment bool) bool {
	u, err := url.Parse(uri)
	return err == nil && len(uri) <= uriMax && visibleASCII(uri) && u.User == nil && u.Host != "" &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Host)) && (fragment || u.Fragment == "")
}

// LocalizedMembers are the members of Registration.Localized in front of "#".
var LocalizedMembers = []string{"logo_uri", "client_uri", "policy_uri", "tos_uri"}

// checkLocalized: language_invalid, language_too_many. An empty value is left out.
func checkLocalized(r *Registration) error {
	maps.DeleteFunc(r.Localized, func(_, uri string) bool { return uri == "" })
	if len(r.Localized) == 0 {
		r.Localized = nil
	}
	if len(r.Localized) > languagesMax*len(LocalizedMembers) {
		return &Invalid{Field: "client_name", Reason: "language_too_many"}
	}
	for name := range r.Localized {
		member, lang, _ := strings.Cut(name, "#")
		if !slices.Contains(LocalizedMembers, member) || !validLanguage(lang) {
			return &Invalid{Field: clip(name, 60), Reason: "language_invalid", Value: clip(lang, 35)}
		}
	}
	return nil
}

// validLanguage accepts what has the shape of a language tag (BCP 47): subtags of 1 to 8 letters and digits.
func validLanguage(tag string) bool {
	if len(tag) > 35 {
		return false
	}
	for _, part := range strings.Split(tag, "-") {
		if part == "" || len(part) > 8 || strings.ContainsFunc(part, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
		}) {
			return false
		}
	}
	return true
}

// localized finds the text of a member in a language: under the very tag, else under one of that language
// for a region or script (RFC 7591 §2.2), else "". Tags are the same in any letter case.
func localized(texts map[string]string, prefix, lang string) string {
	if text := texts[prefix+lang]; text != "" || len(texts) == 0 {
		return text
	}
	near := ""
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		tag, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		primary, _, regional := strings.Cut(tag, "-")
		switch {
		case !strings.EqualFold(primary, lang):
		case !regional:
			return texts[name]
		case near == "":
			near = texts[name]
		}
	}
	return near
}

// Policy and Terms are the app's documents in the language lang ("en", "ru"), or in the only one there is.
func (a *App) Policy(lang string) string { return a.document("policy_uri#", lang, a.PolicyURI) }

// Terms is tos_uri, see [App.Policy].
func (a *App) Terms(lang string) string { return a.document("tos_uri#", lang, a.TosURI) }

func (a *App) document(prefix, lang, only string) string {
	if uri := localized(a.Registration.Localized, prefix, lang); uri != "" {
		return uri
	}
	return only
}
