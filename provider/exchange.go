package provider

import (
	"context"
	"net/url"
	"time"

	"github.com/propusk/propusk/storage"
)

// exchangeCode redeems a code (RFC 6749 §4.1.3). Everything a stranger could get wrong is checked
// first, so that nobody burns a code that is not theirs; then one statement makes the grant and so
// consumes the code; then the tokens are signed. Should signing fail after that, the person signs in
// again: a code that can be redeemed twice would be worse.
func (p *Provider) exchangeCode(ctx context.Context, app *storage.App, form url.Values) (*tokenResponse, error) {
	if !app.Allows(storage.GrantCode) {
		return nil, unauthorizedGrant(app, storage.GrantCode)
	}
	c, err := p.openCode(ctx, form.Get("code"))
	if err != nil {
		return nil, err
	}
	if c.appID != app.ID {
		return nil, badCode("it was issued to the app " + c.appID)
	}
	concerns(ctx, c.userID)
	if c.redirect != redirectDigest(form.Get("redirect_uri")) {
		return nil, refuse(errInvalidGrant, "redirect_uri differs from the one the code was asked for with")
	}
	f := c.checkVerifier(form.Get("code_verifier"))
	if f != nil {
		return nil, f
	}
	_, err = p.keys.signer(p, app.IDTokenAlg)
	if err != nil {
		return nil, err
	}
	g, err := p.redeem(ctx, app, c)
	if err != nil {
		return nil, err
	}
	t, err := p.newTokens(ctx, app, g, g.Scopes, c.nonce)
	if err != nil {
		return nil, err
	}
	if app.Allows(storage.GrantRefreshToken) {
		t.RefreshToken, err = p.newRefreshToken(g)
	}
	return t, err
}

// redeem makes the grant of a code; the row is the consumption of the code.
func (p *Provider) redeem(ctx context.Context, app *storage.App, c *code) (*storage.Grant, error) {
	if !admits(app, c.userID) {
		return nil, refuseStranger(app)
	}
	now := p.now()
	ends, err := p.grantEnds(ctx, app, c, now)
	if err != nil {
		return nil, err
	}
	_, refreshKey, err := p.db.MAC("", purposeRefresh)
	if err != nil {
		return nil, err
	}
	g := c.grant(now, ends, refreshKey)
	consume := p.db.RedeemCode
	if c.opened {
		consume = p.db.RedeemOpened
	}
	expired := !now.Before(c.expires)
	outcome, err := consume(ctx, g, expired)
	switch {
	case err != nil:
		return nil, err
	case outcome == storage.Replayed:
		return nil, badCode("it was used before: its grant is revoked now")
	case expired:
		return nil, badCode("it expired at " + c.expires.UTC().Format(time.RFC3339))
	case outcome != storage.Redeemed:
		return nil, refuse(errInvalidGrant, "the person, the session or the permission behind this code no longer stands")
	}
	return g, nil
}

// grantEnds is when everything of a grant is over: with the last access token, or with the refresh
// family, or with the consent to offline access.
func (p *Provider) grantEnds(ctx context.Context, app *storage.App, c *code, now time.Time) (time.Time, error) {
	if !app.Allows(storage.GrantRefreshToken) {
		return now.Add(app.AccessTokenTTL), nil
	}
	if !c.offline() {
		return storage.RefreshEnds(app, now, time.Time{}), nil
	}
	consents, err := p.db.Consents(ctx, c.userID, c.appID)
	if err != nil {
		return now, err
	}
	var until time.Time
	for _, consent := range consents {
		if consent.Scope == storage.ScopeOffline {
			until = consent.Until
		}
	}
	return storage.RefreshEnds(app, now, until), nil
}
