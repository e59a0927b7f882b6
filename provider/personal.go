package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// personalToken reads a personal access token; whatever is wrong with it is errToken.
func (p *Provider) personalToken(ctx context.Context, text string) (*storage.PersonalToken, *storage.User, error) {
	t, user, err := p.db.PersonalTokenBySecret(ctx, text)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked) {
		err = errToken
	}
	return t, user, err
}

// introspectPersonal tells an app about a personal access token of its own, or of one whose scopes it
// owns: of the latter only those. About a token of propusk's API nobody is told: the API itself reads it.
func (p *Provider) introspectPersonal(ctx context.Context, app *storage.App, text string) (*introspection, error) {
	t, user, err := p.personalToken(ctx, text)
	if errors.Is(err, errToken) {
		return &introspection{}, nil
	}
	if err != nil || t.AppID == "" {
		return &introspection{}, err
	}
	scopes := slices.DeleteFunc(slices.Clone(t.Scopes), func(name string) bool { return !withinAccess(user, name) })
	if t.AppID != app.ID {
		scopes, err = p.ownScopes(ctx, app, scopes)
		if err != nil || len(scopes) == 0 {
			return &introspection{}, err
		}
	}
	audience, err := p.audience(ctx, scopes)
	if err != nil {
		return nil, err
	}
	of := app
	if t.AppID != app.ID {
		of, err = p.db.App(ctx, t.AppID)
		if err != nil {
			return nil, err
		}
	}
	sub, name := p.known(of, user)
	return &introspection{
		Active: true, Scope: strings.Join(scopes, " "), ClientID: t.AppID, Username: name, TokenType: "Bearer",
		Issuer: p.issuer, ID: t.ID, Issued: t.CreatedAt.Unix(), Expires: t.ExpiresAt.Unix(), Subject: sub, Audience: audience,
	}, nil
}

var refuseOpenID = refuse(errInsufficientScope, "the access token lacks the scope openid")

// userInfoPersonal says why a personal access token opens no userinfo: it comes from no sign-in, so openid
// is never among its scopes.
func (p *Provider) userInfoPersonal(ctx context.Context, text string) error {
	_, _, err := p.personalToken(ctx, text)
	switch {
	case errors.Is(err, errToken):
		return refuse(errInvalidToken, descriptionInvalidToken)
	case err != nil:
		return err
	}
	return refuseOpenID
}

// revokePersonal ends a personal access token of the app that presents it; others stay as they are.
func (p *Provider) revokePersonal(ctx context.Context, app *storage.App, text string) error {
	t, user, err := p.personalToken(ctx, text)
	switch {
	case errors.Is(err, errToken):
		return nil
	case err != nil:
		return err
	case t.AppID != app.ID:
		return errForeignToken
	}
	concerns(ctx, user.ID)
	// An app may do nothing to people's accounts (storage.May): it is the provider that revokes, because
	// the app showed the secret. The audit row names the app all the same.
	err = p.db.RemovePersonalToken(ctx, storage.System, user.ID, t.ID)
	if errors.Is(err, storage.ErrNotFound) { // somebody was faster
		return nil
	}
	return err
}
