package provider

import (
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/propusk/propusk/storage"
)

// refreshPrefix begins every refresh token, so that scanners can tell one that leaked.
const refreshPrefix = "propusk_rt_"

// Widths of the parts of a refresh token, in characters.
const (
	grantWidth = 26
	keyWidth   = 11
	macWidth   = 43
)

// A refresh token is "propusk_rt_", the grant's id, the id of a derivation key, a MAC, the generation in
// decimal, and a checksum. It is derived, not stored: the grant's row counts generations, and the one
// token of the live generation is good. A family cannot fork, because a counter cannot; a lost answer
// can be asked for again, because the same generation derives the same token.
type refreshToken struct {
	grantID string
	gen     int64
	keyID   string
}

// newRefreshToken derives the token of the grant's live generation with the key the grant's row names.
func (p *Provider) newRefreshToken(g *storage.Grant) (string, error) {
	t := refreshToken{grantID: g.ID, gen: g.RefreshGen, keyID: g.RefreshKey}
	mac, err := p.refreshMAC(t)
	if err != nil {
		return "", err
	}
	return storage.AddChecksum(refreshPrefix + t.grantID + t.keyID + mac + strconv.FormatInt(t.gen, 10)), nil
}

func (p *Provider) refreshMAC(t refreshToken) (string, error) {
	if t.keyID == "" {
		return "", errPacked
	}
	sum, _, err := p.db.MAC(t.keyID, purposeRefresh, t.grantID, strconv.FormatInt(t.gen, 10))
	return base64.RawURLEncoding.EncodeToString(sum), err
}

const purposeRefresh = "refresh_token"

// parseRefreshToken checks that a token was made here; whether it is the live one, the grant knows.
func (p *Provider) parseRefreshToken(text string) (refreshToken, bool) {
	body, ok := storage.CutChecksum(text)
	if !ok || !strings.HasPrefix(body, refreshPrefix) {
		return refreshToken{}, false
	}
	body = body[len(refreshPrefix):]
	if len(body) <= grantWidth+keyWidth+macWidth {
		return refreshToken{}, false
	}
	key, mac, digits := body[grantWidth:], body[grantWidth+keyWidth:], body[grantWidth+keyWidth+macWidth:]
	gen, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || gen < 0 || strconv.FormatInt(gen, 10) != digits {
		return refreshToken{}, false
	}
	t := refreshToken{grantID: body[:grantWidth], gen: gen, keyID: key[:keyWidth]}
	want, err := p.refreshMAC(t)
	if err != nil || subtle.ConstantTimeCompare([]byte(want), []byte(mac[:macWidth])) != 1 {
		return refreshToken{}, false
	}
	return t, true
}
