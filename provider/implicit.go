package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// What the authorization endpoint hands out beside a code rests on a grant, like everything else: one
// durable write, by the same statement that redeems a code, so no token is made of which user, app,
// session or consent no longer stands. The grant's id is derived from the request's, so a request
// answers once.
//
// In the hybrid flow code and token share that grant: redeeming the code advances it instead of making
// another. So a code that is presented twice ends whatever came of the request, the token that went
// through the browser included (RFC 6749 §4.1.2), and so does withdrawing the app's access; two grants
// would have to be found and ended together every time.

// answerFields are the parameters of a successful authorization response (OpenID Connect Core §3.1.2.5,
// §3.2.2.5, §3.3.2.5).
func (p *Provider) answerFields(ctx context.Context, req *storage.AuthRequest, c *code) ([]field, error) {
	if !frontChannel(req.ResponseType) {
		text, err := p.newCode(ctx, c)
		return []field{{"code", text}}, err
	}
	app, err := p.db.App(ctx, req.AppID)
	if err != nil {
		return nil, err
	}
	f := p.checkStillAnswers(app, req.ResponseType)
	if f != nil {
		return nil, f
	}
	g, err := p.openGrant(ctx, app, c)
	if err != nil {
		return nil, err
	}
	var fields []field
	extras := idTokenExtras{scopes: g.Scopes, nonce: req.Nonce, scopeClaims: req.ResponseType == "id_token"}
	if yields(req.ResponseType, "code") {
		c.opened = true
		extras.code, err = p.newCode(ctx, c)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field{"code", extras.code})
	}
	if yields(req.ResponseType, "token") {
		scopes, err := p.allowedScopes(ctx, g, g.Scopes)
		if err != nil {
			return nil, err
		}
		extras.access, err = p.newAccessToken(ctx, app, g, scopes)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field{"access_token", extras.access}, field{"token_type", "Bearer"},
			field{"expires_in", strconv.FormatInt(int64(app.AccessTokenTTL.Seconds()), 10)}, field{"scope", strings.Join(scopes, " ")})
	}
	if yields(req.ResponseType, "id_token") {
		text, err := p.newIDToken(ctx, app, g, extras)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field{"id_token", text})
	}
	return fields, nil
}

// checkStillAnswers holds the app as it is now against the response type, which it had when the request
// came: the pages may have taken half an hour.
func (p *Provider) checkStillAnswers(app *storage.App, kind string) *refusal {
	if !p.implicit || !app.Answers(kind) || yields(kind, "code") && !app.Allows(storage.GrantCode) {
		return refuse(errUnauthorizedClient, "the app %s is not registered for response_type %s", app.ID, kind)
	}
	return nil
}

// openGrant makes the grant of a response that hands out tokens. It lasts as long as its access token;
// redeeming a code prolongs it.
func (p *Provider) openGrant(ctx context.Context, app *storage.App, c *code) (*storage.Grant, error) {
	if !admits(app, c.userID) {
		f := refuseStranger(app)
		f.code = errAccessDenied
		return nil, f
	}
	_, refreshKey, err := p.db.MAC("", purposeRefresh)
	if err != nil {
		return nil, err
	}
	now := p.now()
	g := c.grant(now, now.Add(app.AccessTokenTTL).Add(storage.RefreshGrace), refreshKey)
	outcome, err := p.db.OpenGrant(ctx, g)
	switch {
	case err != nil:
		return nil, err
	case outcome == storage.Replayed:
		return nil, refuse(errAccessDenied, "this request was answered before: ask again").because(errors.New("approved twice"))
	case outcome != storage.Redeemed:
		return nil, refuse(errAccessDenied, "the person, the session or the permission behind this request no longer stands")
	}
	return g, nil
}

// grant is the grant of an approved request.
func (c *code) grant(now, ends time.Time, refreshKey string) *storage.Grant {
	return &storage.Grant{
		ID: c.grantID, UserID: c.userID, AppID: c.appID, SessionID: c.sessionID, Scopes: c.scopes,
		Offline: c.offline(), AuthTime: c.authTime, ACR: c.acr, AMR: c.amr,
		Claims: c.claims, CreatedAt: now, EndsAt: ends, RefreshKey: refreshKey, RefreshedAt: now,
	}
}
