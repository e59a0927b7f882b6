package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// registrationChecks are what is asked of a registration alone, in order; each may fill in what was left
// out. What holds for every app, by whatever way it came, storage checks.
var registrationChecks = []func(*Provider, *proposal) *refusal{
	(*Provider).checkKind, (*Provider).checkFlows, (*Provider).checkRedirects, (*Provider).checkLinks, (*Provider).checkScope,
}

// registrationScopes are what an app that registers itself may ask people for.
var registrationScopes = []string{storage.ScopeOpenID, "profile", "email", "address", "phone", storage.ScopeOffline}

// checkKind fills in how the app runs and authenticates.
func (p *Provider) checkKind(m *proposal) *refusal {
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
	m.app.WithoutPKCE = p.withoutPKCE && m.method != storage.AuthNone
	return nil
}

// checkFlows fills in grants and response types, and holds the grant type implicit against them (RFC 7591
// §2.1), which an app does not keep: it follows from the response types.
func (p *Provider) checkFlows(m *proposal) *refusal {
	has := func(wanted func(string) bool) bool { return slices.ContainsFunc(m.responses, wanted) }
	code := func(kind string) bool { return yields(kind, "code") }
	if len(m.grants) == 0 {
		if len(m.responses) == 0 || has(code) {
			m.grants = []string{storage.GrantCode}
		}
		if has(frontChannel) {
			m.grants = append(m.grants, grantImplicit)
		}
	}
	if len(m.responses) == 0 && slices.Contains(m.grants, storage.GrantCode) {
		m.responses = []string{"code"}
	}
	implicit := slices.Contains(m.grants, grantImplicit)
	switch {
	case has(frontChannel) && !implicit:
		return refuse(errInvalidMetadata, "response_types with id_token or token need implicit in grant_types")
	case implicit && !has(frontChannel):
		return refuse(errInvalidMetadata, "the grant type implicit needs a response type with id_token or token")
	}
	m.app.GrantTypes = slices.DeleteFunc(slices.Clone(m.grants), func(g string) bool { return g == grantImplicit })
	m.app.Registration.ResponseTypes = m.responses
	return nil
}

// checkRedirects wants redirect_uris where a browser comes back (OpenID Connect Dynamic Registration §2).
func (p *Provider) checkRedirects(m *proposal) *refusal {
	if len(m.responses) > 0 && len(m.app.RedirectURIs) == 0 {
		return refuse(errInvalidRedirectURI, "redirect_uris are missing")
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

// checkLinks asks of jwks_uri what the way out will ask: an address that nothing is ever fetched from is
// refused now rather than at the first signature.
func (p *Provider) checkLinks(m *proposal) *refusal {
	if m.app.Registration.JWKSURI == "" {
		return nil
	}
	_, err := p.out.checkTarget(m.app.Registration.JWKSURI)
	if err != nil {
		return refuse(errInvalidMetadata, "jwks_uri must be an https URL without user and fragment").because(err)
	}
	return nil
}

// sectorLimit is how many bytes a list of redirect URIs may have.
const sectorLimit = 64 << 10

// readSector fetches what a sector_identifier_uri lists (OpenID Connect Core §8.1): one JSON array of URIs.
func (p *Provider) readSector(ctx context.Context, uri string) ([]string, error) {
	text, err := p.fetch(ctx, uri, "application/json", sectorLimit)
	if err != nil {
		return nil, err
	}
	var list []string
	err = json.Unmarshal(text, &list)
	if err != nil {
		return nil, fmt.Errorf("sector_identifier_uri: %w", err)
	}
	return list, nil
}

// SectorReader is [storage.SectorReader] for a process that has no provider, a command: of c it takes
// AllowHosts, InsecureHosts and Roots.
func SectorReader(c Config) storage.SectorReader {
	return (&Provider{out: newOutgoing(c)}).readSector
}

// checkScope assigns scopes: those named that a registered app may have, or all of these. m.app.Scopes holds
// what an administrator assigned before, which may be named as well.
func (p *Provider) checkScope(m *proposal) *refusal {
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
