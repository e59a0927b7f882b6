package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// tokenResponse answers the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). scope is
// always there: it says what was given, which may be less than was asked.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope"`
}

// newTokens makes the tokens of a grant for the scopes given now, which may be fewer than the grant's.
func (p *Provider) newTokens(ctx context.Context, app *storage.App, g *storage.Grant, scopes []string, nonce string) (*tokenResponse, error) {
	scopes, err := p.allowedScopes(ctx, g, scopes)
	if err != nil {
		return nil, err
	}
	access, err := p.newAccessToken(ctx, app, g, scopes)
	if err != nil {
		return nil, err
	}
	t := &tokenResponse{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int64(app.AccessTokenTTL.Seconds()), Scope: strings.Join(scopes, " "),
	}
	if !slices.Contains(scopes, storage.ScopeOpenID) {
		return t, nil
	}
	t.IDToken, err = p.newIDToken(ctx, app, g, idTokenExtras{scopes: scopes, nonce: nonce, access: access})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// splitScopes holds the scopes of a request against the app: assigned ones are asked, known ones that
// are not assigned are foreign, the rest is ignored (RFC 6749 §3.3: scope in the answer says what was
// given). offline_access that the app may not have is ignored too (OpenID Connect Core §11).
func (p *Provider) splitScopes(ctx context.Context, app *storage.App, text string) (asked, foreign []string, err error) {
	for _, name := range strings.Fields(text) {
		if slices.Contains(asked, name) {
			continue
		}
		if _, ok := app.Scope(name); ok {
			asked = append(asked, name)
			continue
		}
		_, err = p.db.Scope(ctx, name)
		switch {
		case errors.Is(err, storage.ErrNotFound), name == storage.ScopeOffline:
			continue
		case err != nil:
			return nil, nil, err
		}
		foreign = append(foreign, name)
	}
	return asked, foreign, nil
}

// maxScopes bounds how many scopes one request may name.
const maxScopes = 50

func badScopes(text string) bool {
	return len(strings.Fields(text)) > maxScopes || strings.ContainsFunc(text, func(c rune) bool {
		return c != ' ' && (c < 0x21 || c > 0x7e || c == '"' || c == '\\')
	})
}

func unauthorizedGrant(app *storage.App, grantType string) *refusal {
	return refuse(errUnauthorizedClient, "the app %s does not have the grant type %s", app.ID, grantType)
}
