package provider

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

var errRefresh = refuse(errInvalidGrant, "the refresh token is wrong, expired, revoked, used before, or was issued to another app")

// refresh exchanges a refresh token (RFC 6749 §6). The tokens are signed before the rotation is
// written: if signing fails, the token that was presented still works.
func (p *Provider) refresh(ctx context.Context, app *storage.App, form url.Values) (*tokenResponse, error) {
	presented, ok := p.parseRefreshToken(form.Get("refresh_token"))
	if !ok {
		if !app.Allows(storage.GrantRefreshToken) {
			return nil, unauthorizedGrant(app, storage.GrantRefreshToken)
		}
		return nil, errRefresh
	}
	g, _, _, err := p.db.LiveGrant(ctx, presented.grantID)
	switch {
	case errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked):
		return nil, errRefresh
	case err != nil:
		return nil, err
	case g.AppID != app.ID || !app.Allows(storage.GrantRefreshToken):
		return nil, errRefresh
	}
	concerns(ctx, g.UserID)
	if !admits(app, g.UserID) {
		return nil, refuseStranger(app)
	}
	standing, narrowed, err := p.standingScopes(ctx, app, g)
	if err != nil {
		return nil, err
	}
	given, f := narrow(standing, form.Get("scope"))
	if f != nil {
		return nil, f
	}
	if p.surelyReused(presented, g) {
		// Nothing needs to be signed to know that.
		_, _, err = p.db.RotateRefresh(ctx, g.ID, app.ID, presented.gen, nil)
		return nil, errors.Join(errRefresh, err)
	}
	t, err := p.newTokens(ctx, app, g, given, "")
	if err != nil {
		return nil, err
	}
	after, outcome, err := p.db.RotateRefresh(ctx, g.ID, app.ID, presented.gen, narrowed)
	switch {
	case err != nil:
		return nil, err
	case outcome != storage.Rotated && outcome != storage.Repeated:
		return nil, errRefresh
	}
	t.RefreshToken, err = p.newRefreshToken(after)
	return t, err
}

// surelyReused tells that a token was used before and is past the grace; a race decides the rest.
func (p *Provider) surelyReused(t refreshToken, g *storage.Grant) bool {
	return t.gen < g.RefreshGen-1 || t.gen == g.RefreshGen-1 && p.now().Sub(g.RefreshedAt) > storage.RefreshGrace
}

// standingScopes are the scopes of a grant that still stand: assigned to the app, consented to, and,
// once the session has ended, for offline use. narrowed is nil while nothing was lost.
func (p *Provider) standingScopes(ctx context.Context, app *storage.App, g *storage.Grant) (standing, narrowed []string, err error) {
	consents, err := p.db.Consents(ctx, g.UserID, g.AppID)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range g.Scopes {
		assigned, ok := app.Scope(name)
		consented := slices.ContainsFunc(consents, func(c storage.Consent) bool { return c.Scope == name && c.Granted })
		if ok && consented && (!g.SessionEnded || away(assigned, consents)) {
			standing = append(standing, name)
		}
	}
	if len(standing) == 0 || g.SessionEnded && !slices.Contains(standing, storage.ScopeOffline) {
		return nil, nil, errRefresh // the person is gone, and nothing may be done without them
	}
	if len(standing) < len(g.Scopes) {
		narrowed = standing
	}
	return standing, narrowed, nil
}

// away tells whether a scope is yielded while the person is away: the app is assigned it for offline use
// now, and that is what the person allowed. A developer who widens it later widens no earlier consent.
func away(assigned storage.AppScope, consents []storage.Consent) bool {
	if assigned.Name == storage.ScopeOffline {
		return true
	}
	return assigned.Offline && slices.ContainsFunc(consents, func(c storage.Consent) bool {
		return c.Scope == assigned.Name && c.Granted && c.Offline
	})
}

// narrow takes the scopes a refresh asks for out of those that stand: never more (RFC 6749 §6), and
// only for the access token made now.
func narrow(standing []string, text string) ([]string, *refusal) {
	asked := strings.Fields(text)
	if len(asked) == 0 {
		return standing, nil
	}
	var given []string
	for _, name := range asked {
		if !slices.Contains(standing, name) {
			return nil, refuse(errInvalidScope, "the scope %s was not granted, or is no longer", name)
		}
		if !slices.Contains(given, name) {
			given = append(given, name)
		}
	}
	return given, nil
}
