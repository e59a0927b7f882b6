package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// libraryRefresh is a refresh token as the library sees it. It must not look like an authorization
// request, or the library would delete one.
type libraryRefresh struct {
	grant  *storage.Grant
	gen    int64
	scopes []string
}

var _ op.RefreshTokenRequest = (*libraryRefresh)(nil)

func (r *libraryRefresh) GetAMR() []string                 { return r.grant.AMR }
func (r *libraryRefresh) GetAudience() []string            { return []string{r.grant.AppID} }
func (r *libraryRefresh) GetAuthTime() time.Time           { return r.grant.AuthTime }
func (r *libraryRefresh) GetClientID() string              { return r.grant.AppID }
func (r *libraryRefresh) GetScopes() []string              { return r.scopes }
func (r *libraryRefresh) GetSubject() string               { return r.grant.UserID }
func (r *libraryRefresh) SetCurrentScopes(scopes []string) { r.scopes = scopes }

// libraryApp is a client_credentials request.
type libraryApp struct {
	app    *storage.App
	scopes []string
}

func (r *libraryApp) GetSubject() string    { return r.app.ID }
func (r *libraryApp) GetAudience() []string { return []string{r.app.ID} }
func (r *libraryApp) GetScopes() []string   { return r.scopes }

func (a *adapter) ClientCredentialsTokenRequest(ctx context.Context, id string, scopes []string) (op.TokenRequest, error) {
	app, err := a.app(ctx, id)
	if err != nil {
		return nil, adapted(err)
	}
	asked, foreign, err := a.p.splitScopes(ctx, app, oidc.SpaceDelimitedArray(scopes).String())
	if err == nil && len(foreign) > 0 {
		err = refuse(errInvalidScope, "the app does not have one of the scopes")
	}
	if err != nil {
		return nil, adapted(err)
	}
	return &libraryApp{app, asked}, nil
}

func (a *adapter) CreateAccessToken(ctx context.Context, r op.TokenRequest) (string, time.Time, error) {
	id, _, expires, err := a.CreateAccessAndRefreshTokens(ctx, r, "")
	return id, expires, err
}

// CreateAccessAndRefreshTokens is where a code is consumed and a refresh token rotated: one conditional
// statement each, whatever the library does before and after.
func (a *adapter) CreateAccessAndRefreshTokens(ctx context.Context, r op.TokenRequest, _ string) (id, refresh string, expires time.Time, err error) {
	var app *storage.App
	var g *storage.Grant
	switch r := r.(type) {
	case *libraryApp:
		app = r.app
	case *libraryRequest:
		app, g, err = a.redeem(ctx, r)
	case *libraryRefresh:
		app, g, err = a.rotate(ctx, r)
	default:
		err = refuse(errUnsupportedGrant, "this grant type is not offered")
	}
	if err != nil {
		return "", "", time.Time{}, adapted(err)
	}
	id, err = a.p.newAccessToken(ctx, opaque(app), g, r.GetScopes())
	if err == nil && g != nil {
		refresh, err = a.p.newRefreshToken(g)
	}
	return id, refresh, a.p.now().Add(app.AccessTokenTTL), adapted(err)
}

// opaque is the app with the token format whose text serves the library as a token id.
func opaque(app *storage.App) *storage.App {
	plain := *app
	plain.AccessTokenFormat = storage.TokenOpaque
	return &plain
}

func (a *adapter) redeem(ctx context.Context, r *libraryRequest) (*storage.App, *storage.Grant, error) {
	app, err := a.app(ctx, r.Request.AppID)
	if err != nil {
		return nil, nil, err
	}
	g, err := a.p.redeem(ctx, app, &code{
		grantID: grantID(&r.Request), appID: app.ID, userID: r.UserID, sessionID: r.SessionID, scopes: r.Request.Scopes,
		authTime: r.AuthTime, acr: r.ACR, amr: r.AMR, claims: r.Request.Claims, expires: r.DoneAt.Add(codeLifetime),
	})
	return app, g, err
}

func (a *adapter) rotate(ctx context.Context, r *libraryRefresh) (*storage.App, *storage.Grant, error) {
	app, err := a.app(ctx, r.grant.AppID)
	if err != nil {
		return nil, nil, err
	}
	g, outcome, err := a.p.db.RotateRefresh(ctx, r.grant.ID, app.ID, r.gen, nil)
	if err == nil && outcome != storage.Rotated && outcome != storage.Repeated {
		err = errRefresh
	}
	return app, g, err
}

func (a *adapter) TokenRequestByRefreshToken(ctx context.Context, text string) (op.RefreshTokenRequest, error) {
	t, ok := a.p.parseRefreshToken(text)
	if !ok {
		return nil, adapted(errRefresh)
	}
	g, _, _, err := a.p.db.LiveGrant(ctx, t.grantID)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked) {
		return nil, adapted(errRefresh)
	}
	if err != nil {
		return nil, adapted(err)
	}
	return &libraryRefresh{g, t.gen, g.Scopes}, nil
}

func (a *adapter) GetRefreshTokenInfo(ctx context.Context, _ string, text string) (userID, tokenID string, err error) {
	t, ok := a.p.parseRefreshToken(text)
	if !ok {
		return "", "", op.ErrInvalidRefreshToken
	}
	g, _, _, err := a.p.db.LiveGrant(ctx, t.grantID)
	if err != nil {
		return "", "", op.ErrInvalidRefreshToken
	}
	return g.UserID, text, nil
}

// RevokeToken returns a literal nil: a nil *oidc.Error would not be one as an error.
func (a *adapter) RevokeToken(ctx context.Context, token, _, clientID string) *oidc.Error {
	app, err := a.app(ctx, clientID)
	if err == nil {
		err = a.p.revoke(ctx, app, token)
	}
	if err != nil {
		e, _ := adapted(err).(*oidc.Error)
		return e
	}
	return nil
}

// SetUserinfoFromScopes is deprecated in the library and empty, as it asks.
func (a *adapter) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromRequest fills the id_token: the subject always, or the library would sign an empty one.
func (a *adapter) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	info.Subject = r.GetSubject()
	return nil
}

func (a *adapter) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, _ string) error {
	text, _, err := a.p.userInfo(ctx, tokenID)
	if err != nil {
		return adapted(err)
	}
	var claims map[string]any
	err = json.Unmarshal(text, &claims)
	if err == nil && claims["sub"] != subject {
		err = refuse(errInvalidToken, descriptionInvalidToken)
	}
	if err != nil {
		return adapted(err)
	}
	info.Subject = subject
	for name, value := range claims {
		if name != "sub" {
			info.AppendClaims(name, value)
		}
	}
	return nil
}

func (a *adapter) SetIntrospectionFromToken(ctx context.Context, out *oidc.IntrospectionResponse, tokenID, subject, clientID string) error {
	app, err := a.app(ctx, clientID)
	if err != nil {
		return adapted(err)
	}
	answer, err := a.p.introspect(ctx, app, tokenID)
	if err == nil && (!answer.Active || answer.Subject != subject) {
		err = refuse(errInvalidToken, descriptionInvalidToken)
	}
	if err != nil {
		return adapted(err)
	}
	out.Subject, out.ClientID, out.Scope = answer.Subject, answer.ClientID, oidc.SpaceDelimitedArray{answer.Scope}
	out.Audience, out.Issuer = slices.Clone(answer.Audience), answer.Issuer
	return nil
}

func (a *adapter) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{}, nil
}
