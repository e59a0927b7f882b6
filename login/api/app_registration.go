package api

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/propusk/propusk/storage"
)

// AppRegistration is what an app says of itself by the names of RFC 7591, OpenID Connect Dynamic
// Registration and the logout specifications, as clients that register themselves do.
type AppRegistration struct {
	ResponseTypes         []string       `json:"response_types" doc:"what it gets at the authorization endpoint, each in any order of its words; those beyond code are answered only where this instance has them switched on" example:"code"`
	JWKS                  map[string]any `json:"jwks" nullable:"true" doc:"its public keys, a JWK set (RFC 7517); not beside jwks_uri"`
	JWKSURI               string         `json:"jwks_uri" doc:"or where they are" example:"https://intranet.example.com/keys"`
	AuthSigningAlg        string         `json:"token_endpoint_auth_signing_alg" doc:"the only algorithm of private_key_jwt or client_secret_jwt; empty: any that suits"`
	RequestObjectAlg      string         `json:"request_object_signing_alg" doc:"the only algorithm of its request objects; empty: any"`
	RequestURIs           []string       `json:"request_uris" doc:"where its request objects are"`
	SubjectType           string         `json:"subject_type" enum:"public,pairwise" doc:"pairwise: a sub of its own for each person; a change gives everybody another sub"`
	SectorIdentifierURI   string         `json:"sector_identifier_uri" doc:"a list of all redirect_uris, for pairwise subjects over several hosts; it is read when they change"`
	UserinfoAlg           string         `json:"userinfo_signed_response_alg" doc:"userinfo as a JWT signed so; empty: JSON"`
	IntrospectionAlg      string         `json:"introspection_signed_response_alg" doc:"introspection as a JWT signed so, where it asks for one; empty: RS256"`
	DefaultMaxAge         *int64         `json:"default_max_age" nullable:"true" minimum:"0" doc:"seconds since the sign-in after which the person is asked again"`
	RequireAuthTime       bool           `json:"require_auth_time" doc:"auth_time in every id_token"`
	DefaultACRValues      []string       `json:"default_acr_values" doc:"acr asked for where a request names none"`
	InitiateLoginURI      string         `json:"initiate_login_uri" doc:"where others may begin a sign-in to it"`
	BackchannelLogoutURI  string         `json:"backchannel_logout_uri" doc:"told of logouts from server to server" example:"https://intranet.example.com/logged-out"`
	BackchannelSession    bool           `json:"backchannel_logout_session_required" doc:"with sid"`
	FrontchannelLogoutURI string         `json:"frontchannel_logout_uri" doc:"opened by the browser at logout; on the host of a redirect URI"`
	FrontchannelSession   bool           `json:"frontchannel_logout_session_required" doc:"with iss and sid"`
	LogoURI               string         `json:"logo_uri" doc:"its logo"`
	LogoURIEn             string         `json:"logo_uri#en,omitempty" doc:"in English, where it differs"`
	LogoURIRu             string         `json:"logo_uri#ru,omitempty" doc:"in Russian"`
	ClientURI             string         `json:"client_uri" doc:"its home page"`
	ClientURIEn           string         `json:"client_uri#en,omitempty" doc:"in English, where it differs"`
	ClientURIRu           string         `json:"client_uri#ru,omitempty" doc:"in Russian"`
	PolicyURIEn           string         `json:"policy_uri#en,omitempty" doc:"privacy policy in English, where it differs"`
	PolicyURIRu           string         `json:"policy_uri#ru,omitempty" doc:"privacy policy in Russian"`
	TosURIEn              string         `json:"tos_uri#en,omitempty" doc:"terms of use in English, where they differ"`
	TosURIRu              string         `json:"tos_uri#ru,omitempty" doc:"terms of use in Russian"`
	Contacts              []string       `json:"contacts" doc:"e-mail addresses of whoever is responsible"`
	SoftwareID            string         `json:"software_id" doc:"id of the software, the same for all its apps"`
	SoftwareVersion       string         `json:"software_version" doc:"its version"`
	RefreshTokenTTL       int64          `json:"refresh_token_ttl" minimum:"1" doc:"life of the refresh tokens of one grant in seconds, from the first; one unused for 30 days ends before" example:"7776000"`
}

// registrationOf is what is stored of an app.
func registrationOf(a *storage.App) AppRegistration {
	r := &a.Registration
	view := AppRegistration{
		ResponseTypes: texts(r.ResponseTypes), JWKSURI: r.JWKSURI, AuthSigningAlg: r.AuthSigningAlg,
		RequestObjectAlg: r.RequestObjectAlg, RequestURIs: texts(r.RequestURIs), SubjectType: r.SubjectType,
		SectorIdentifierURI: r.SectorIdentifierURI, UserinfoAlg: r.UserinfoAlg, IntrospectionAlg: r.IntrospectionAlg,
		DefaultMaxAge: r.DefaultMaxAge, RequireAuthTime: r.RequireAuthTime, DefaultACRValues: texts(r.DefaultACRValues),
		InitiateLoginURI: r.InitiateLoginURI, BackchannelLogoutURI: r.BackchannelLogoutURI, BackchannelSession: r.BackchannelSession,
		FrontchannelLogoutURI: r.FrontchannelLogoutURI, FrontchannelSession: r.FrontchannelSession, LogoURI: r.LogoURI,
		ClientURI: r.ClientURI, Contacts: texts(r.Contacts), SoftwareID: r.SoftwareID, SoftwareVersion: r.SoftwareVersion,
		RefreshTokenTTL: int64(a.RefreshLife() / time.Second),
	}
	if view.SubjectType == "" {
		view.SubjectType = storage.SubjectPublic
	}
	if a.Allows(storage.GrantCode) {
		view.ResponseTypes = texts(a.ResponseTypes())
	}
	_ = json.Unmarshal(r.JWKS, &view.JWKS) // storage has read it before; none stays nil
	for name, field := range view.localized() {
		*field = r.Localized[name]
	}
	return view
}

// localized are the members in a language that can be set here. Those in others, of clients that registered
// themselves, stay as they are.
func (s *AppRegistration) localized() map[string]*string {
	return map[string]*string{
		"logo_uri#en": &s.LogoURIEn, "logo_uri#ru": &s.LogoURIRu, "client_uri#en": &s.ClientURIEn, "client_uri#ru": &s.ClientURIRu,
		"policy_uri#en": &s.PolicyURIEn, "policy_uri#ru": &s.PolicyURIRu, "tos_uri#en": &s.TosURIEn, "tos_uri#ru": &s.TosURIRu,
	}
}

// apply writes the registration into an app; storage checks it. What sent does not hold and is shown in
// other words than it is stored stays as it was.
func (s AppRegistration) apply(a *storage.App, sent fields) error {
	r := &a.Registration
	if _, there := sent["response_types"]; there {
		r.ResponseTypes = s.ResponseTypes
	}
	if _, there := sent["jwks"]; there {
		r.JWKS = nil
		if s.JWKS != nil {
			text, err := json.Marshal(s.JWKS)
			if err != nil {
				return &fault{"body.jwks", "is not JSON"}
			}
			r.JWKS = text
		}
	}
	r.JWKSURI, r.AuthSigningAlg, r.RequestObjectAlg, r.RequestURIs = s.JWKSURI, s.AuthSigningAlg, s.RequestObjectAlg, s.RequestURIs
	r.SubjectType, r.SectorIdentifierURI = s.SubjectType, s.SectorIdentifierURI
	r.UserinfoAlg, r.IntrospectionAlg = s.UserinfoAlg, s.IntrospectionAlg
	r.DefaultMaxAge, r.RequireAuthTime, r.DefaultACRValues = s.DefaultMaxAge, s.RequireAuthTime, s.DefaultACRValues
	r.InitiateLoginURI = s.InitiateLoginURI
	r.BackchannelLogoutURI, r.BackchannelSession = s.BackchannelLogoutURI, s.BackchannelSession
	r.FrontchannelLogoutURI, r.FrontchannelSession = s.FrontchannelLogoutURI, s.FrontchannelSession
	r.LogoURI, r.ClientURI, r.Contacts = s.LogoURI, s.ClientURI, s.Contacts
	r.SoftwareID, r.SoftwareVersion, r.RefreshTokenTTL = s.SoftwareID, s.SoftwareVersion, s.RefreshTokenTTL
	r.Localized = maps.Clone(r.Localized)
	if r.Localized == nil {
		r.Localized = map[string]string{}
	}
	for name, field := range s.localized() {
		delete(r.Localized, name)
		if *field != "" {
			r.Localized[name] = *field
		}
	}
	return nil
}
