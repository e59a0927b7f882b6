package storage

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
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
	IntrospectionAlg      string          `json:"introspection_signed_response_alg,omitempty"`
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
	// 0: [RefreshAbsolute]. Grants that stand keep the end they got.
	RefreshTokenTTL int64 `json:"refresh_token_ttl,omitempty"`
	// Localized has logo_uri, client_uri, policy_uri and tos_uri in other languages by the member's name with
	// the language tag, "tos_uri#ru" (RFC 7591 §2.2); [App.Names] has those of client_name.
	Localized map[string]string `json:"localized,omitempty"`
	Dynamic   bool              `json:"dynamic,omitempty"`    // made by the registration endpoint
	TokenHash string            `json:"token_hash,omitempty"` // keyed hash of the registration access token
}

// Bounds of a registration.
const (
	jwksMax       = 32 << 10
	jwksKeysMax   = 50 // no more are read when a signature is verified
	contactsMax   = 20
	acrsMax       = 20
	maxAgeMax     = 10 * 365 * 24 * 3600
	languagesMax  = 50
	refreshTTLMin = time.Minute
	refreshTTLMax = 10 * 365 * 24 * time.Hour
)

// ClientSigningAlgs are the algorithms with which clients may sign assertions and request objects by
// their own keys.
var ClientSigningAlgs = []string{"RS256", "PS256", "ES256", "EdDSA"}

// SecretSigningAlg is the algorithm of client_secret_jwt.
const SecretSigningAlg = "HS256"

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

// RefreshLife is how long the refresh tokens of one grant live, counted from the first.
func (a *App) RefreshLife() time.Duration {
	if a.Registration.RefreshTokenTTL == 0 {
		return RefreshAbsolute
	}
	return time.Duration(a.Registration.RefreshTokenTTL) * time.Second
}
