package provider

import (
	"context"
	"net/url"
	"strings"

	"github.com/propusk/propusk/storage"
)

// clientCredentials gives an app a token of its own (RFC 6749 §4.4): no person, no refresh token, no
// row. Scopes that speak of a person mean nothing here and are left out.
func (p *Provider) clientCredentials(ctx context.Context, app *storage.App, form url.Values) (*tokenResponse, error) {
	switch {
	case app.Public():
		return nil, refuse(errInvalidClient, descriptionClient)
	case !app.Allows(storage.GrantClientCredentials):
		return nil, unauthorizedGrant(app, storage.GrantClientCredentials)
	case badScopes(form.Get("scope")):
		return nil, refuse(errInvalidScope, "scope holds characters it may not have, or more than 50 names")
	}
	text := form.Get("scope")
	if strings.TrimSpace(text) == "" {
		for _, s := range app.Scopes {
			text += " " + s.Name
		}
	}
	asked, foreign, err := p.splitScopes(ctx, app, text)
	if err != nil {
		return nil, err
	}
	if len(foreign) > 0 {
		return nil, refuse(errInvalidScope, "the app %s does not have the scope %s", app.ID, strings.Join(foreign, " "))
	}
	var scopes []string
	for _, name := range asked {
		s, err := p.db.Scope(ctx, name)
		if err != nil {
			return nil, err
		}
		if !s.Builtin {
			scopes = append(scopes, name)
		}
	}
	return p.newTokens(ctx, app, nil, scopes, "")
}
