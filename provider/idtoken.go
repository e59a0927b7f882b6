package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// idTokenLifetime: an id_token says who signed in, once; it is not a session.
const idTokenLifetime = time.Hour

// idToken are the claims of an id_token (OpenID Connect Core §2). The library's struct always carries
// client_id, which nobody asked for.
type idToken struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"nonce,omitempty"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr,omitempty"`
	SID      string   `json:"sid,omitempty"`
	ATHash   string   `json:"at_hash,omitempty"`
	CHash    string   `json:"c_hash,omitempty"`
}

// idTokenExtras are what an id_token says beside its grant: the scopes given now, the nonce of the
// authorization request (empty on refresh, OpenID Connect Core §12.2), the access token and the code it comes
// with, and whether the claims of the scopes go into it because no access token ever fetches them (§5.4).
type idTokenExtras struct {
	scopes              []string
	nonce, access, code string
	scopeClaims         bool
}

// newIDToken signs the id_token of a grant.
func (p *Provider) newIDToken(ctx context.Context, app *storage.App, g *storage.Grant, with idTokenExtras) (string, error) {
	sign, err := p.keys.signer(p, app.IDTokenAlg)
	if err != nil {
		return "", err
	}
	atHash, err := halfHash(with.access, app.IDTokenAlg)
	if err != nil {
		return "", fmt.Errorf("at_hash: %w", err)
	}
	cHash, err := halfHash(with.code, app.IDTokenAlg)
	if err != nil {
		return "", fmt.Errorf("c_hash: %w", err)
	}
	now := p.now()
	claims := idToken{
		Issuer: p.issuer, Subject: p.db.Subject(app, g.UserID), Audience: app.ID, Issued: now.Unix(), Expires: now.Add(idTokenLifetime).Unix(),
		AuthTime: g.AuthTime.Unix(), Nonce: with.nonce, ACR: g.ACR, AMR: g.AMR, SID: p.db.SessionName(app, g.SessionID), ATHash: atHash, CHash: cHash,
	}
	extra, err := p.idTokenClaims(ctx, app, g, with.scopes, with.scopeClaims || app.IDTokenClaims)
	if err != nil {
		return "", err
	}
	if len(extra) == 0 {
		return signJSON(sign.idToken, claims)
	}
	merged, err := merge(claims, extra)
	if err != nil {
		return "", err
	}
	return signJSON(sign.idToken, merged)
}

// halfHash is the value of at_hash and c_hash (OpenID Connect Core §3.1.3.6, §3.3.2.11), "" for nothing.
func halfHash(text, alg string) (string, error) {
	if text == "" {
		return "", nil
	}
	return oidc.ClaimHash(text, jose.SignatureAlgorithm(alg))
}

// merge adds claims of the person to those of the protocol, which win.
func merge(own idToken, extra map[string]any) (map[string]any, error) {
	text, err := json.Marshal(own)
	if err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	var protocol map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	err = decoder.Decode(&protocol)
	if err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	all := maps.Clone(extra)
	maps.Copy(all, protocol)
	return all, nil
}

// idTokenClaims are the person's claims that go into the id_token: those the claims parameter asks for
// there, and, if byScope, all of the scopes given now (OpenID Connect Core §5.4).
func (p *Provider) idTokenClaims(ctx context.Context, app *storage.App, g *storage.Grant, scopes []string, byScope bool) (map[string]any, error) {
	asked := g.Claims != nil && len(g.Claims.IDToken) > 0
	if !asked && !byScope {
		return nil, nil
	}
	user, err := p.db.User(ctx, g.UserID)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	if byScope {
		err = p.scopeClaims(ctx, scopes, names)
		if err != nil {
			return nil, err
		}
	}
	if asked {
		err = p.askedClaims(ctx, app, g, scopes, g.Claims.IDToken, names)
		if err != nil {
			return nil, err
		}
	}
	return userClaims(user, names, locales(g.Claims)), nil
}
