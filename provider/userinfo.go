package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/propusk/propusk/storage"
)

// userInfo answers what the person agreed to share (OpenID Connect Core §5.3.2), as JSON.
func (p *Provider) userInfo(ctx context.Context, token string) (json.RawMessage, error) {
	if strings.HasPrefix(token, storage.PersonalTokenPrefix) {
		return nil, p.userInfoPersonal(ctx, token)
	}
	b, err := p.readAccessToken(ctx, token)
	switch {
	case errors.Is(err, errToken):
		return nil, refuse(errInvalidToken, descriptionInvalidToken)
	case err != nil:
		return nil, err
	case b.grant == nil || !slices.Contains(b.scopes, storage.ScopeOpenID):
		called(ctx, b.app)
		return nil, refuseOpenID
	}
	if b.grant.Claims != nil {
		return p.userInfoJSON(ctx, b)
	}
	set, err := p.documents(ctx)
	if err != nil {
		return nil, err
	}
	key := infoKey{b.user, strings.Join(b.scopes, " "), set}
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
	claims["sub"] = b.user.ID
	return json.Marshal(claims)
}

// infoKey is what an answer depends on. A user's row and the documents are replaced when they change,
// never altered, so their addresses stand for their contents.
type infoKey struct {
	user   *storage.User
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
