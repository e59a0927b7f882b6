package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/propusk/propusk/storage"
)

// userInfoEndpoint answers with JSON, or with a JWT where the app is registered for one (OpenID Connect Core
// §5.3.2). It is no endpoint of the library, which writes JSON only.
func (p *Provider) userInfoEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		text, kind, err := p.userInfo(r.Context(), c.token)
		if err != nil {
			p.answer(w, r, c, asRefusal(err))
			return
		}
		w.Header()["Content-Type"] = kind
		_, _ = w.Write(text)
	})
}

var jwtDocument = []string{"application/jwt"}

// signUserInfo wraps an answer in a JWT with iss and aud.
func (p *Provider) signUserInfo(app *storage.App, text json.RawMessage) ([]byte, error) {
	sign, err := p.keys.signer(p, app.Registration.UserinfoAlg)
	if err != nil {
		return nil, err
	}
	var claims map[string]json.RawMessage
	err = json.Unmarshal(text, &claims)
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	for name, value := range map[string]string{"iss": p.issuer, "aud": app.ID} {
		claims[name], err = json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("userinfo: %w", err)
		}
	}
	token, err := signJSON(sign.userInfo, claims)
	return []byte(token), err
}

// userInfo answers what the person agreed to share (OpenID Connect Core §5.3.2), and the type of the answer.
func (p *Provider) userInfo(ctx context.Context, token string) ([]byte, []string, error) {
	if strings.HasPrefix(token, storage.PersonalTokenPrefix) {
		return nil, nil, p.userInfoPersonal(ctx, token)
	}
	b, err := p.readAccessToken(ctx, token)
	switch {
	case errors.Is(err, errToken):
		return nil, nil, refuse(errInvalidToken, descriptionInvalidToken)
	case err != nil:
		return nil, nil, err
	case b.audience != nil && !slices.Contains(b.audience, p.issuer): // RFC 9068 §4: meant for other resources
		called(ctx, b.app)
		return nil, nil, refuse(errInvalidToken, descriptionInvalidToken)
	case b.grant == nil || !slices.Contains(b.scopes, storage.ScopeOpenID):
		called(ctx, b.app)
		return nil, nil, refuseOpenID
	}
	text, err := p.userInfoText(ctx, b)
	if err != nil || b.app.Registration.UserinfoAlg == "" {
		return text, jsonDocument, err
	}
	text, err = p.signUserInfo(b.app, text)
	return text, jwtDocument, err
}

// userInfoText is the answer as JSON, made or kept.
func (p *Provider) userInfoText(ctx context.Context, b *bearer) (json.RawMessage, error) {
	if b.grant.Claims != nil {
		return p.userInfoJSON(ctx, b)
	}
	set, err := p.documents(ctx)
	if err != nil {
		return nil, err
	}
	key := infoKey{b.user, p.db.Subject(b.app, b.user.ID), strings.Join(b.scopes, " "), set}
	text, ok := p.infos.get(key)
	if ok {
		return text, nil
	}
	text, err = p.userInfoJSON(ctx, b)
	if err == nil {
		p.infos.put(key, text)
	}
	return text, err
}

// userInfoJSON makes the answer: the claims of the token's scopes and those the claims parameter asked
// for.
func (p *Provider) userInfoJSON(ctx context.Context, b *bearer) (json.RawMessage, error) {
	names := make(map[string]bool, 24)
	err := p.scopeClaims(ctx, b.scopes, names)
	if err != nil {
		return nil, err
	}
	if b.grant.Claims != nil {
		err = p.askedClaims(ctx, b.app, b.grant, b.scopes, b.grant.Claims.UserInfo, names)
		if err != nil {
			return nil, err
		}
	}
	claims := userClaims(b.user, names, locales(b.grant.Claims))
	claims["sub"] = p.db.Subject(b.app, b.user.ID)
	return json.Marshal(claims)
}

// infoKey is what an answer depends on. A user's row and the documents are replaced when they change,
// never altered, so their addresses stand for their contents.
type infoKey struct {
	user   *storage.User
	sub    string
	scopes string
	set    *documentSet
}

// maxInfos bounds the answers kept.
const maxInfos = 4096

// infoCache keeps answers of userinfo as they were encoded: most calls ask for what was just answered.
type infoCache struct {
	mu   sync.RWMutex
	text map[infoKey]json.RawMessage
}

func (c *infoCache) get(key infoKey) (json.RawMessage, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	text, ok := c.text[key]
	return text, ok
}

// put keeps an answer; when there are too many, all go, those of changed people among them.
func (c *infoCache) put(key infoKey, text json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text == nil || len(c.text) >= maxInfos {
		c.text = map[infoKey]json.RawMessage{}
	}
	c.text[key] = text
}
