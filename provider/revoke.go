package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/propusk/propusk/storage"
)

var errForeignToken = refuse(errInvalidRequest, "the token was issued to another app")

// revoke ends a token of the app (RFC 7009 §2.1): an access token by itself, a refresh token with its
// whole grant. What is unknown or already over is fine; what belongs to another app is refused and
// stays as it is.
func (p *Provider) revoke(ctx context.Context, app *storage.App, token string) error {
	switch {
	case strings.HasPrefix(token, refreshPrefix):
		return p.revokeRefresh(ctx, app, token)
	case strings.HasPrefix(token, storage.PersonalTokenPrefix):
		return p.revokePersonal(ctx, app, token)
	}
	b, err := p.readAccessToken(ctx, token)
	switch {
	case errors.Is(err, errToken):
		return nil
	case err != nil:
		return err
	case b.app.ID != app.ID:
		return errForeignToken
	}
	if b.user != nil {
		concerns(ctx, b.user.ID)
	}
	return p.db.RevokeToken(ctx, b.id, b.expires)
}

func (p *Provider) revokeRefresh(ctx context.Context, app *storage.App, token string) error {
	t, ok := p.parseRefreshToken(token)
	if !ok {
		return nil
	}
	g, _, _, err := p.db.LiveGrant(ctx, t.grantID)
	switch {
	case errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked):
		return nil
	case err != nil:
		return err
	case g.AppID != app.ID:
		return errForeignToken
	}
	concerns(ctx, g.UserID)
	return p.db.RevokeGrant(ctx, storage.Actor{Kind: storage.ActorApp, ID: app.ID}, g.ID, "revoked by the app")
}
