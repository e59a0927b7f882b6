package provider

import (
	"context"
	"errors"
	"slices"

	"github.com/propusk/propusk/storage"
)

// userInfo answers what the person agreed to share (OpenID Connect Core §5.3.2): the claims of the
// token's scopes and those the claims parameter asked for.
func (p *Provider) userInfo(ctx context.Context, token string) (map[string]any, error) {
	b, err := p.readAccessToken(ctx, token)
	switch {
	case errors.Is(err, errToken):
		return nil, refuse(errInvalidToken, descriptionInvalidToken)
	case err != nil:
		return nil, err
	case b.grant == nil || !slices.Contains(b.scopes, storage.ScopeOpenID):
		return nil, refuse(errInsufficientScope, "the access token lacks the scope openid")
	}
	names := make(map[string]bool, 24)
	err = p.scopeClaims(ctx, b.scopes, names)
	if err != nil {
		return nil, err
	}
	if b.grant.Claims != nil {
		err = p.askedClaims(ctx, b.grant, b.grant.Claims.UserInfo, names)
		if err != nil {
			return nil, err
		}
	}
	claims := userClaims(b.user, names, locales(b.grant.Claims))
	claims["sub"] = b.user.ID
	return claims, nil
}
