package storage

import (
	"encoding/json"
	"maps"
	"net/mail"
	"net/url"
	"slices"
)

// Subject types (OpenID Connect Core §8).
const (
	SubjectPublic   = "public"
	SubjectPairwise = "pairwise"
)

// Registration is what OpenID Connect Dynamic Registration 1.0 and RFC 7591 know of a client beside what
// [App] has fields for. It is stored as JSON in apps.registration.
type Registration struct {
	ResponseTypes         []string        `json:"response_types,omitempty"` // empty: ["code"]
	JWKS                  json.RawMessage `json:"jwks,omitempty"`           // a JWK set by value
	JWKSURI               string          `json:"jwks_uri,omitempty"`       // or where it is
	AuthSigningAlg        string          `json:"token_endpoint_auth_signing_alg,omitempty"`
	RequestObjectAlg      string          `json:"request_object_signing_alg,omitempty"`
	RequestURIs           []string        `json:"request_uris,omitempty"`
	SubjectType           string          `json:"subject_type,omitempty"` // SubjectPublic (default) or SubjectPairwise
	SectorIdentifierURI   string          `json:"sector_identifier_uri,omitempty"`
	Sector                string          `json:"sector,omitempty"` // the host that sector_identifier_uri or the redirect URIs resolved to
	UserinfoAlg           string          `json:"userinfo_signed_response_alg,omitempty"`
	DefaultMaxAge         *int64          `json:"default_max_age,omitempty"` // seconds
	RequireAuthTime       bool            `json:"require_auth_time,omitempty"`
	DefaultACRValues      []string        `json:"default_acr_values,omitempty"`
	InitiateLoginURI      string          `json:"initiate_login_uri,omitempty"`
	BackchannelLogoutURI  string          `json:"backchannel_logout_uri,omitempty"`
	BackchannelSession    bool            `json:"backchannel_logout_session_required,omitempty"`
	FrontchannelLogoutURI string          `json:"frontchannel_logout_uri,omitempty"`
	FrontchannelSession   bool            `json:"frontchannel_logout_session_required,omitempty"`
	LogoURI               string          `json:"logo_uri,omitempty"`
	ClientURI             string          `json:"client_uri,omitempty"`
	Contacts              []string        `json:"contacts,omitempty"`
	SoftwareID            string          `json:"software_id,omitempty"`
	SoftwareVersion       string          `json:"software_version,omitempty"`
	// RefreshTokenTTL is the absolute life of the refresh tokens of one grant in seconds, from the sign-in on;
	// 0: [RefreshAbsolute]. See [App.RefreshLife].
	RefreshTokenTTL int64 `json:"refresh_token_ttl,omitempty"`
	// Localized has logo_uri, client_uri, policy_uri and tos_uri in other languages by the member's name with
	// the language tag, "tos_uri#ru" (RFC 7591 §2.2); [App.Names] has those of client_name.
	Localized map[string]string `json:"localized,omitempty"`
	Dynamic   bool              `json:"dynamic,omitempty"`    // made by the registration endpoint
	TokenHash string            `json:"token_hash,omitempty"` // keyed hash of the registration access token
}

// Bounds of a registration.
const (
	jwksMax     = 32 << 10
	contactsMax = 20
	acrsMax     = 20
	maxAgeMax   = 10 * 365 * 24 * 3600
)

// ClientSigningAlgs are the algorithms with which clients may sign assertions and request objects by
// their own keys.
var ClientSigningAlgs = []string{"RS256", "PS256", "ES256", "EdDSA"}

// SecretSigningAlg is the algorithm of client_secret_jwt.
const SecretSigningAlg = "HS256"

// responseTypes are all that OpenID Connect has with a code or an id_token (OAuth 2.0 Multiple Response
// Types §3); "token" alone proves nobody's identity and is not among them.
var responseTypes = []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}

func (r *Registration) copy() Registration {
	c := *r
	c.ResponseTypes, c.JWKS, c.RequestURIs = slices.Clone(r.ResponseTypes), slices.Clone(r.JWKS), slices.Clone(r.RequestURIs)
	c.DefaultACRValues, c.Contacts = slices.Clone(r.DefaultACRValues), slices.Clone(r.Contacts)
	c.Localized = maps.Clone(r.Localized)
	if r.DefaultMaxAge != nil {
		age := *r.DefaultMaxAge
		c.DefaultMaxAge = &age
	}
	return c
}

// checkRegistration: keys_missing, keys_twice, keys_invalid, registration_value and uri_invalid, each with the field
// as RFC 7591 names it. Whether the values suit each other and what is fetched is good, the provider says.
func checkRegistration(a *App) error {
	r := &a.Registration
	switch {
	case len(r.JWKS) > 0 && r.JWKSURI != "":
		return &Invalid{Field: "jwks", Reason: "keys_twice"}
	case len(r.JWKS) > 0 && !validJWKS(r.JWKS):
		return &Invalid{Field: "jwks", Reason: "keys_invalid"}
	case slices.Contains(a.AuthMethods, AuthPrivateKeyJWT) && len(r.JWKS) == 0 && r.JWKSURI == "":
		return &Invalid{Field: "jwks", Reason: "keys_missing"}
	}
	err := checkRegistrationURIs(r)
	if err != nil {
		return err
	}
	for _, check := range []struct {
		field, value string
		good         bool
	}{
		{"token_endpoint_auth_signing_alg", r.AuthSigningAlg, r.AuthSigningAlg == "" || r.AuthSigningAlg == SecretSigningAlg || slices.Contains(ClientSigningAlgs, r.AuthSigningAlg)},
		{"request_object_signing_alg", r.RequestObjectAlg, r.RequestObjectAlg == "" || slices.Contains(ClientSigningAlgs, r.RequestObjectAlg)},
		{"userinfo_signed_response_alg", r.UserinfoAlg, r.UserinfoAlg == "" || slices.Contains(SigningAlgs, r.UserinfoAlg)},
		{"subject_type", r.SubjectType, slices.Contains([]string{"", SubjectPublic, SubjectPairwise}, r.SubjectType)},
		{"software_id", r.SoftwareID, len(r.SoftwareID) <= nameMax && printable(r.SoftwareID)},
		{"software_version", r.SoftwareVersion, len(r.SoftwareVersion) <= nameMax && printable(r.SoftwareVersion)},
		{"default_max_age", "", r.DefaultMaxAge == nil || *r.DefaultMaxAge >= 0 && *r.DefaultMaxAge <= maxAgeMax},
		{"default_acr_values", "", shortTexts(r.DefaultACRValues, acrsMax)},
		{"contacts", "", shortTexts(r.Contacts, contactsMax) && !slices.ContainsFunc(r.Contacts, notMail)},
	} {
		if !check.good {
			return &Invalid{Field: check.field, Reason: "registration_value", Value: clip(check.value, 100)}
		}
	}
	for _, kind := range r.ResponseTypes {
		if !slices.Contains(responseTypes, kind) {
			return &Invalid{Field: "response_types", Reason: "registration_value", Value: clip(kind, 100)}
		}
	}
	return nil
}

// validJWKS tells whether a text is a JWK set in shape (RFC 7517 §5); the provider reads the keys.
func validJWKS(text json.RawMessage) bool {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	return len(text) <= jwksMax && json.Unmarshal(text, &set) == nil && len(set.Keys) > 0
}

// checkRegistrationURIs: uri_invalid, redirect_too_many.
func checkRegistrationURIs(r *Registration) error {
	if len(r.RequestURIs) > urisMax {
		return &Invalid{Field: "request_uris", Reason: "redirect_too_many"}
	}
	type one struct{ field, uri string }
	list := []one{
		{"jwks_uri", r.JWKSURI}, {"sector_identifier_uri", r.SectorIdentifierURI}, {"initiate_login_uri", r.InitiateLoginURI},
		{"backchannel_logout_uri", r.BackchannelLogoutURI}, {"frontchannel_logout_uri", r.FrontchannelLogoutURI},
		{"logo_uri", r.LogoURI}, {"client_uri", r.ClientURI},
	}
	for _, uri := range r.RequestURIs {
		list = append(list, one{"request_uris", uri})
	}
	for _, x := range list {
		u, err := url.Parse(x.uri)
		if x.uri != "" && (err != nil || len(x.uri) > uriMax || !visibleASCII(x.uri) || u.User != nil || u.Host == "" ||
			(u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Host))) ||
			(u.Fragment != "" && x.field != "request_uris")) {
			return &Invalid{Field: x.field, Reason: "uri_invalid", Value: clip(x.uri, 200)}
		}
	}
	return nil
}

func shortTexts(list []string, most int) bool {
	return len(list) <= most && !slices.ContainsFunc(list, func(s string) bool { return s == "" || len(s) > nameMax || !printable(s) })
}

func notMail(s string) bool {
	_, err := mail.ParseAddress(s)
	return err != nil
}
