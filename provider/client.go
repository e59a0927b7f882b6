package provider

import (
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// client shows an app to the library. A missing app is returned as a literal nil, never as a nil
// *client: the library's nil checks would not see it.
type client struct {
	app *storage.App
	// core: the core decides about grant types itself, and says more than the library would.
	core bool
}

var _ op.Client = (*client)(nil)

func (c *client) GetID() string                    { return c.app.ID }
func (c *client) RedirectURIs() []string           { return c.app.RedirectURIs }
func (c *client) PostLogoutRedirectURIs() []string { return c.app.PostLogoutURIs }
func (c *client) LoginURL(id string) string        { return "/login?request=" + id }
func (c *client) IDTokenLifetime() time.Duration   { return idTokenLifetime }
func (c *client) ClockSkew() time.Duration         { return 0 }

// DevMode would let http redirect URIs through that the app did not register for.
func (c *client) DevMode() bool { return false }

func (c *client) ApplicationType() op.ApplicationType {
	switch {
	case c.app.Type == storage.AppNative:
		return op.ApplicationTypeNative
	case c.app.Public():
		return op.ApplicationTypeUserAgent
	}
	return op.ApplicationTypeWeb
}

// AuthMethod is the first registered one; the gate, not the library, holds a request against the list.
func (c *client) AuthMethod() oidc.AuthMethod { return oidc.AuthMethod(c.app.AuthMethods[0]) }

func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

func (c *client) GrantTypes() []oidc.GrantType {
	names := c.app.GrantTypes
	if c.core {
		names = offeredGrants
	}
	grants := make([]oidc.GrantType, len(names))
	for i, g := range names {
		grants[i] = oidc.GrantType(g)
	}
	return grants
}

func (c *client) AccessTokenType() op.AccessTokenType {
	if c.app.AccessTokenFormat == storage.TokenJWT {
		return op.AccessTokenTypeJWT
	}
	return op.AccessTokenTypeBearer
}

func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string { return c.assigned }

func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return c.assigned }

func (c *client) assigned(scopes []string) []string {
	var kept []string
	for _, s := range scopes {
		if c.IsScopeAllowed(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

func (c *client) IsScopeAllowed(scope string) bool {
	_, ok := c.app.Scope(scope)
	return ok
}

func (c *client) IDTokenUserinfoClaimsAssertion() bool { return c.app.IDTokenClaims }
