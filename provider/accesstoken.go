package provider

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

const purposeAccess = "access_token"

// accessToken is what an access token says. An opaque one is this, sealed; a JWT one (RFC 9068) says
// the same in claims. Neither leaves a row behind when it is issued.
type accessToken struct {
	id      string // jti
	grantID string // empty for client_credentials
	appID   string
	scopes  []string
	issued  time.Time
	expires time.Time

	audience []string // as a JWT one says it; nil: by its scopes
}

// accessClaims are the claims of a JWT access token (RFC 9068 §2.2).
type accessClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience []string `json:"aud"`
	ClientID string   `json:"client_id"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	ID       string   `json:"jti"` // id and, behind a dot, the grant
	Scope    string   `json:"scope,omitempty"`
	AuthTime int64    `json:"auth_time,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
}

// newAccessToken makes the access token of a grant, or of an app by itself when g is nil.
func (p *Provider) newAccessToken(ctx context.Context, app *storage.App, g *storage.Grant, scopes []string) (string, error) {
	now := p.now()
	t := accessToken{id: rand.Text(), appID: app.ID, scopes: scopes, issued: now, expires: now.Add(app.AccessTokenTTL)}
	if g != nil {
		t.grantID = g.ID
	}
	if app.AccessTokenFormat == storage.TokenJWT {
		return p.signAccessToken(ctx, app, g, t)
	}
	b := pack{make([]byte, 0, 256)}
	b.text(t.id)
	b.text(t.grantID)
	b.text(t.appID)
	b.list(t.scopes)
	b.time(t.issued)
	b.time(t.expires)
	return p.db.Seal(purposeAccess, b.b), nil
}

func (p *Provider) signAccessToken(ctx context.Context, app *storage.App, g *storage.Grant, t accessToken) (string, error) {
	audience, err := p.audience(ctx, t.scopes)
	if err != nil {
		return "", err
	}
	claims := accessClaims{
		Issuer: p.issuer, Subject: app.ID, Audience: audience, ClientID: app.ID, ID: t.id + "." + t.grantID,
		Scope: strings.Join(t.scopes, " "), Issued: t.issued.Unix(), Expires: t.expires.Unix(),
	}
	if g != nil {
		claims.Subject, claims.AuthTime, claims.ACR, claims.AMR = p.db.Subject(app, g.UserID), g.AuthTime.Unix(), g.ACR, g.AMR
	}
	sign, err := p.keys.signer(p, app.IDTokenAlg)
	if err != nil {
		return "", err
	}
	return signJSON(sign.accessToken, claims)
}

// audience is where an access token with these scopes is meant for: the audiences of the scopes, and
// propusk itself for those that have none (its userinfo endpoint).
func (p *Provider) audience(ctx context.Context, scopes []string) ([]string, error) {
	var audience []string
	for _, name := range scopes {
		s, err := p.db.Scope(ctx, name)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		aud := s.Audience
		if aud == "" {
			aud = p.issuer
		}
		if !slices.Contains(audience, aud) {
			audience = append(audience, aud)
		}
	}
	if len(audience) == 0 {
		audience = []string{p.issuer}
	}
	return audience, nil
}

// bearer is a living access token and what stands behind it; grant and user are nil for
// client_credentials.
type bearer struct {
	accessToken
	grant *storage.Grant
	user  *storage.User
	app   *storage.App
}

var errToken = errors.New("access token does not stand")

// readAccessToken opens an access token and makes sure that it, its grant, its user and its app still
// stand. Whatever is wrong is errToken; other errors are the database's.
func (p *Provider) readAccessToken(ctx context.Context, text string) (*bearer, error) {
	t, err := p.parseAccessToken(text)
	if err != nil {
		return nil, err
	}
	b := &bearer{accessToken: t}
	if !p.now().Before(t.expires) {
		return nil, errToken
	}
	revoked, err := p.db.TokenRevoked(ctx, t.id)
	switch {
	case err != nil:
		return nil, err
	case revoked:
		return nil, errToken
	case t.grantID == "":
		b.app, err = p.db.App(ctx, t.appID)
	default:
		b.grant, b.user, b.app, err = p.db.LiveGrant(ctx, t.grantID)
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked) {
		return nil, errToken
	}
	if err != nil {
		return nil, err
	}
	if !b.app.Enabled || b.app.ID != t.appID || b.user != nil && !admits(b.app, b.user.ID) {
		return nil, errToken
	}
	var consents []storage.Consent
	if b.grant != nil && b.grant.SessionEnded {
		consents, err = p.db.Consents(ctx, b.grant.UserID, b.grant.AppID)
		if err != nil {
			return nil, err
		}
	}
	b.scopes = b.effective(consents)
	return b, nil
}

func (p *Provider) parseAccessToken(text string) (accessToken, error) {
	if strings.Contains(text, ".") {
		return p.parseJWTAccessToken(text)
	}
	if len(text) > maxJWT {
		return accessToken{}, errToken
	}
	plain, err := p.db.Unseal(purposeAccess, text)
	if err != nil {
		return accessToken{}, errToken
	}
	u := unpack{b: plain}
	t := accessToken{id: u.text(), grantID: u.text(), appID: u.text(), scopes: u.list(), issued: u.time(), expires: u.time()}
	if u.end() != nil {
		return accessToken{}, errToken
	}
	return t, nil
}

func (p *Provider) parseJWTAccessToken(text string) (accessToken, error) {
	payload, err := p.verifyJWT(text, typeAccessToken)
	if errors.Is(err, errJWT) {
		return accessToken{}, errToken
	}
	if err != nil {
		return accessToken{}, err
	}
	var c accessClaims
	err = json.Unmarshal(payload, &c)
	if err != nil || c.Issuer != p.issuer {
		return accessToken{}, errToken
	}
	id, grant, _ := strings.Cut(c.ID, ".")
	return accessToken{
		id: id, grantID: grant, appID: c.ClientID, scopes: strings.Fields(c.Scope),
		issued: time.Unix(c.Issued, 0), expires: time.Unix(c.Expires, 0), audience: c.Audience,
	}, nil
}
