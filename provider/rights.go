package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// apiScopes are all scopes of the REST API.
var apiScopes = storage.APIScopes(storage.Full)

// admits tells whether the app is for that person at all: one that is not delegated to end users is for
// those who have a role in it.
func admits(app *storage.App, userID string) bool { return app.Delegated || app.Role(userID) != "" }

func refuseStranger(app *storage.App) *refusal {
	return refuse(errInvalidGrant, "the app %s is not open to everybody: only its developers sign in", app.ID)
}

// effective returns the scopes of a token that count at this moment: those the app is still assigned and
// the grant still holds, for offline use once the session is over (consents are those of person and app),
// and of the API's scopes those the person may have with the access they have now. It is the list itself
// while nothing is lost.
func (b *bearer) effective(consents []storage.Consent) []string {
	lost := func(name string) bool {
		assigned, ok := b.app.Scope(name)
		switch {
		case !ok:
			return true
		case b.grant == nil:
			return false
		case !slices.Contains(b.grant.Scopes, name):
			return true
		case b.grant.SessionEnded && !away(assigned, consents):
			return true
		}
		return !withinAccess(b.user, name)
	}
	if !slices.ContainsFunc(b.scopes, lost) {
		return b.scopes
	}
	return slices.DeleteFunc(slices.Clone(b.scopes), lost)
}

// withinAccess tells whether the person may have the scope: only those of the API depend on it.
func withinAccess(user *storage.User, scope string) bool {
	return !slices.Contains(apiScopes, scope) || slices.Contains(storage.APIScopes(user.Access), scope)
}

// allowedScopes leaves out what the person may not have, so that scope in a token response says what
// was given.
func (p *Provider) allowedScopes(ctx context.Context, g *storage.Grant, scopes []string) ([]string, error) {
	api := func(name string) bool { return slices.Contains(apiScopes, name) }
	if g == nil || !slices.ContainsFunc(scopes, api) {
		return scopes, nil
	}
	user, err := p.db.User(ctx, g.UserID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(scopes), func(name string) bool { return !withinAccess(user, name) }), nil
}

// Actor returns who acts by a token at the REST API, with what they may do now: a personal access token
// of the API, or an access token of a person that is meant for the API. [storage.ErrRevoked] for a token
// that is unknown, expired, revoked or meant for something else, [storage.ErrForbidden] for one that an
// app was given for itself. The caller adds the address.
func (p *Provider) Actor(ctx context.Context, token string) (storage.Actor, error) {
	if strings.HasPrefix(token, storage.PersonalTokenPrefix) {
		return p.personalActor(ctx, token)
	}
	b, err := p.readAccessToken(ctx, token)
	switch {
	case errors.Is(err, errToken):
		return storage.Actor{}, fmt.Errorf("access token: %w", storage.ErrRevoked)
	case err != nil:
		return storage.Actor{}, err
	}
	audience := b.audience
	if audience == nil {
		audience, err = p.audience(ctx, b.scopes)
		if err != nil {
			return storage.Actor{}, err
		}
	}
	switch {
	case b.grant == nil:
		return storage.Actor{}, fmt.Errorf("an app's own token: %w", storage.ErrForbidden)
	case !slices.Contains(audience, storage.APIAudience):
		return storage.Actor{}, fmt.Errorf("access token for another audience: %w", storage.ErrRevoked)
	}
	return actor(b.user, b.scopes, b.grant.ID), nil
}

func (p *Provider) personalActor(ctx context.Context, token string) (storage.Actor, error) {
	t, user, err := p.db.PersonalTokenBySecret(ctx, token)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Actor{}, fmt.Errorf("personal token: %w", storage.ErrRevoked)
	case err != nil:
		return storage.Actor{}, err
	case t.AppID != "":
		return storage.Actor{}, fmt.Errorf("personal token of an app: %w", storage.ErrRevoked)
	}
	return actor(user, t.Scopes, t.ID), nil
}

// actor is a person who acts by a token, within the API's scopes of it.
func actor(user *storage.User, scopes []string, via string) storage.Actor {
	own := slices.DeleteFunc(slices.Clone(scopes), func(name string) bool {
		return !slices.Contains(apiScopes, name) || !withinAccess(user, name)
	})
	return storage.Actor{Kind: storage.ActorUser, ID: user.ID, Access: user.Access, Scoped: true, Scopes: own, Via: via}
}
