package provider

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// introspection answers RFC 7662 §2.2. An inactive token has nothing but active, whatever the reason.
type introspection struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Username  string   `json:"username,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	Expires   int64    `json:"exp,omitempty"`
	Issued    int64    `json:"iat,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	ID        string   `json:"jti,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	ACR       string   `json:"acr,omitempty"`
}

// introspect tells an app about a token that was issued to it, or whose audience is a scope it owns; of
// the latter it sees only its own scopes. The answer is filled after that check and not before.
func (p *Provider) introspect(ctx context.Context, app *storage.App, token string) (*introspection, error) {
	switch {
	case strings.HasPrefix(token, refreshPrefix):
		return p.introspectRefresh(ctx, app, token)
	case strings.HasPrefix(token, storage.PersonalTokenPrefix):
		return p.introspectPersonal(ctx, app, token)
	}
	b, err := p.readAccessToken(ctx, token)
	if errors.Is(err, errToken) {
		return &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	scopes := b.scopes
	if b.app.ID != app.ID {
		scopes, err = p.ownScopes(ctx, app, b.scopes)
		if err != nil || len(scopes) == 0 {
			return &introspection{}, err
		}
	}
	audience, err := p.audience(ctx, scopes)
	if err != nil {
		return nil, err
	}
	answer := &introspection{
		Active: true, Scope: strings.Join(scopes, " "), ClientID: b.app.ID, TokenType: "Bearer", Issuer: p.issuer, ID: b.id,
		Issued: b.issued.Unix(), Expires: b.expires.Unix(), Subject: b.app.ID, Audience: audience,
	}
	if b.user != nil {
		answer.Subject, answer.Username = p.known(b.app, b.user)
		answer.AuthTime, answer.ACR = b.grant.AuthTime.Unix(), b.grant.ACR
	}
	return answer, nil
}

// known is whom introspection names: the person as the token's app knows them. The login would tell apps
// of two sectors that they speak of the same one.
func (p *Provider) known(app *storage.App, user *storage.User) (sub, name string) {
	sub = p.db.Subject(app, user.ID)
	if sub == user.ID {
		name = user.Login
	}
	return sub, name
}

// ownScopes keeps the scopes that the app owns as a resource server.
func (p *Provider) ownScopes(ctx context.Context, app *storage.App, scopes []string) ([]string, error) {
	var own []string
	for _, name := range scopes {
		s, err := p.db.Scope(ctx, name)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		if err == nil && s.AppID == app.ID {
			own = append(own, name)
		}
	}
	return slices.Clip(own), nil
}

func (p *Provider) introspectRefresh(ctx context.Context, app *storage.App, token string) (*introspection, error) {
	t, ok := p.parseRefreshToken(token)
	if !ok {
		return &introspection{}, nil
	}
	g, user, _, err := p.db.LiveGrant(ctx, t.grantID)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked) {
		return &introspection{}, nil
	}
	if err != nil {
		return nil, err
	}
	idle := g.RefreshedAt.Add(storage.RefreshIdle)
	if g.AppID != app.ID || t.gen != g.RefreshGen || !p.now().Before(idle) || !admits(app, g.UserID) {
		return &introspection{}, nil
	}
	expires := g.EndsAt
	if idle.Before(expires) {
		expires = idle
	}
	sub, name := p.known(app, user)
	return &introspection{
		Active: true, Scope: strings.Join(g.Scopes, " "), ClientID: app.ID, TokenType: "refresh_token", Issuer: p.issuer,
		Issued: g.RefreshedAt.Unix(), Expires: expires.Unix(), Subject: sub, Username: name,
	}, nil
}
