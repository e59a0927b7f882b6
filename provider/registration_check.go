package provider

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// registrationChecks are what members must satisfy together, in order; each may fill in what was left out.
// What one member may hold by itself, storage checks.
var registrationChecks = []func(*Provider, context.Context, *proposal) *refusal{
	(*Provider).checkKind, (*Provider).checkFlows, (*Provider).checkRedirects, (*Provider).checkKeys,
	(*Provider).checkLinks, (*Provider).checkSector, (*Provider).checkScope,
}

// registrationScopes are what an app that registers itself may ask people for.
var registrationScopes = []string{storage.ScopeOpenID, "profile", "email", "address", "phone", storage.ScopeOffline}

// checkKind fills in how the app runs and authenticates.
func (p *Provider) checkKind(_ context.Context, m *proposal) *refusal {
	if m.method == "" {
		m.method = storage.AuthBasic
	}
	m.app.AuthMethods = []string{m.method}
	switch {
	case m.kind != "" && m.kind != "web" && m.kind != "native":
		return refuse(errInvalidMetadata, "application_type must be web or native")
	case m.kind == "native":
		m.app.Type = storage.AppNative
	case m.method == storage.AuthNone:
		m.app.Type = storage.AppBrowser
	default:
		m.app.Type = storage.AppWeb
	}
	alg := m.app.Registration.AuthSigningAlg
	switch {
	case alg == "":
	case m.method == storage.AuthSecretJWT && alg != storage.SecretSigningAlg, m.method == storage.AuthPrivateKeyJWT && alg == storage.SecretSigningAlg:
		return refuse(errInvalidMetadata, "token_endpoint_auth_signing_alg %s is none of token_endpoint_auth_method %s", alg, m.method)
	}
	m.app.WithoutPKCE = p.withoutPKCE && m.method != storage.AuthNone
	return nil
}

// checkFlows fills in grants and response types and holds them against each other (RFC 7591 §2.1).
func (p *Provider) checkFlows(_ context.Context, m *proposal) *refusal {
	needs := func(word, grant string) bool {
		return slices.ContainsFunc(m.responses, func(kind string) bool { return yields(kind, word) }) && !slices.Contains(m.grants, grant)
	}
	if len(m.grants) == 0 {
		m.grants = []string{storage.GrantCode}
		if len(m.responses) > 0 && !slices.ContainsFunc(m.responses, func(kind string) bool { return yields(kind, "code") }) {
			m.grants = nil
		}
		if slices.ContainsFunc(m.responses, frontChannel) {
			m.grants = append(m.grants, grantImplicit)
		}
	}
	if len(m.responses) == 0 && slices.Contains(m.grants, storage.GrantCode) {
		m.responses = []string{"code"}
	}
	switch {
	case needs("code", storage.GrantCode):
		return refuse(errInvalidMetadata, "response_types with code need authorization_code in grant_types")
	case needs("token", grantImplicit), needs("id_token", grantImplicit):
		return refuse(errInvalidMetadata, "response_types with id_token or token need implicit in grant_types")
	case slices.Contains(m.grants, grantImplicit) && !slices.ContainsFunc(m.responses, frontChannel):
		return refuse(errInvalidMetadata, "the grant type implicit needs a response type with id_token or token")
	case slices.Contains(m.grants, storage.GrantCode) && !slices.ContainsFunc(m.responses, func(kind string) bool { return yields(kind, "code") }):
		return refuse(errInvalidMetadata, "the grant type authorization_code needs a response type with code")
	}
	m.app.GrantTypes = slices.DeleteFunc(slices.Clone(m.grants), func(g string) bool { return g == grantImplicit })
	m.app.Registration.ResponseTypes = m.responses
	return nil
}

// checkRedirects wants redirect_uris where a browser comes back, and for tokens in a URL only https ones that
// lead off this machine (OpenID Connect Dynamic Registration §2). The rest storage checks at every use.
func (p *Provider) checkRedirects(_ context.Context, m *proposal) *refusal {
	if len(m.responses) > 0 && len(m.app.RedirectURIs) == 0 {
		return refuse(errInvalidRedirectURI, "redirect_uris are missing")
	}
	for _, uri := range m.app.RedirectURIs {
		err := storage.CheckRedirectURI(m.app, uri)
		if err != nil {
			return asMetadataRefusal(err)
		}
		u, err := url.Parse(uri)
		if err != nil {
			return refuse(errInvalidRedirectURI, "a redirect URI is no URI")
		}
		if m.kind != "native" && slices.Contains(m.grants, grantImplicit) && (u.Scheme != "https" || local(u.Hostname())) {
			return refuse(errInvalidRedirectURI, "for the grant type implicit every redirect URI of a web client begins with https and leads to no localhost")
		}
	}
	if m.app.Name == "" {
		m.app.Name = nameFor(m.app)
	}
	return nil
}

// nameFor names an app that has not named itself by where it is.
func nameFor(app *storage.App) string {
	for _, uri := range append([]string{app.Registration.ClientURI}, app.RedirectURIs...) {
		u, err := url.Parse(uri)
		if err == nil && u.Host != "" {
			return u.Host
		}
	}
	return "App"
}

// checkKeys refuses private keys: a client that sends one has lost it.
func (p *Provider) checkKeys(_ context.Context, m *proposal) *refusal {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if len(m.app.Registration.JWKS) == 0 {
		return nil
	}
	err := json.Unmarshal(m.app.Registration.JWKS, &set)
	if err != nil {
		return refuse(errInvalidMetadata, "jwks is not a JWK set").because(err)
	}
	for _, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, ok := key[private]; ok {
				return refuse(errInvalidMetadata, "jwks holds a private or symmetric key: make new ones, and send the public half")
			}
		}
	}
	return nil
}

// checkLinks: a login is begun by https only (OpenID Connect Dynamic Registration §2), also on this machine.
func (p *Provider) checkLinks(_ context.Context, m *proposal) *refusal {
	uri := m.app.Registration.InitiateLoginURI
	if uri != "" && !strings.HasPrefix(uri, "https://") {
		return refuse(errInvalidMetadata, "initiate_login_uri must begin with https://")
	}
	for _, uri := range []string{m.app.Registration.JWKSURI, m.app.Registration.SectorIdentifierURI} {
		if uri == "" {
			continue
		}
		_, err := p.out.checkTarget(uri)
		if err != nil {
			return refuse(errInvalidMetadata, "jwks_uri and sector_identifier_uri must be https URLs without user and fragment").because(err)
		}
	}
	return nil
}

// sectorLimit is how many bytes a list of redirect URIs may have.
const sectorLimit = 64 << 10

// checkSector finds the sector of the app (OpenID Connect Core §8.1, Dynamic Registration §5): the host of
// its sector_identifier_uri, at which a list must have all of its redirect URIs, or the one host of these.
func (p *Provider) checkSector(ctx context.Context, m *proposal) *refusal {
	r := &m.app.Registration
	r.Sector = ""
	if r.SectorIdentifierURI != "" {
		text, err := p.fetch(ctx, r.SectorIdentifierURI, "application/json", sectorLimit)
		if err != nil {
			return refuse(errInvalidMetadata, "sector_identifier_uri could not be fetched").because(err)
		}
		var list []string
		err = json.Unmarshal(text, &list)
		if err != nil {
			return refuse(errInvalidMetadata, "sector_identifier_uri leads to no list of URIs").because(err)
		}
		for _, uri := range m.app.RedirectURIs {
			if !slices.Contains(list, uri) {
				return refuse(errInvalidMetadata, "sector_identifier_uri does not list the redirect URI %s", clip(uri))
			}
		}
		r.Sector = hostOf(r.SectorIdentifierURI)
		return nil
	}
	if r.SubjectType != storage.SubjectPairwise {
		return nil
	}
	for _, uri := range m.app.RedirectURIs {
		host := hostOf(uri)
		if host == "" || r.Sector != "" && r.Sector != host {
			return refuse(errInvalidMetadata, "pairwise subjects of redirect URIs on several hosts, or on none, need a sector_identifier_uri")
		}
		r.Sector = host
	}
	if r.Sector == "" {
		return refuse(errInvalidMetadata, "pairwise subjects need redirect_uris or a sector_identifier_uri")
	}
	return nil
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// checkScope assigns scopes: those named that a registered app may have, or all of these. m.app.Scopes holds
// what an administrator assigned before, which may be named as well.
func (p *Provider) checkScope(_ context.Context, m *proposal) *refusal {
	had := m.app.Scopes
	names := strings.Fields(m.scope)
	if badScopes(m.scope) {
		return refuse(errInvalidMetadata, "scope holds characters it may not have, or more than %d names", maxScopes)
	}
	if len(names) == 0 {
		names = slices.Clone(registrationScopes)
		for _, s := range had {
			names = append(names, s.Name)
		}
	}
	m.app.Scopes = []storage.AppScope{}
	for _, name := range names {
		i := slices.IndexFunc(had, func(s storage.AppScope) bool { return s.Name == name })
		if _, twice := m.app.Scope(name); twice || i < 0 && !slices.Contains(registrationScopes, name) {
			continue
		}
		scope := storage.AppScope{Name: name, Required: name == storage.ScopeOpenID, Offline: true}
		if i >= 0 {
			scope = had[i]
		}
		m.app.Scopes = append(m.app.Scopes, scope)
	}
	return nil
}
