package provider

import (
	"context"
	"encoding/json"

	"github.com/propusk/propusk/storage"
)

// UserInfoFor is what userinfo answers the app about a person who gave it these scopes and was asked for no
// single claims (OpenID Connect Core §5.3.2), as JSON even where the app gets a JWT. It is made by what answers
// at the endpoint, so that a page may promise it; whether the person would give the scopes it does not ask.
func (p *Provider) UserInfoFor(ctx context.Context, app *storage.App, user *storage.User, scopes []string) (json.RawMessage, error) {
	return p.userInfoJSON(ctx, &bearer{accessToken: accessToken{scopes: scopes}, grant: &storage.Grant{}, user: user, app: app})
}
