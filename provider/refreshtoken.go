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

// A refresh token is "propusk_rt_" grant "_" generation "_" key id "_" MAC, and a checksum. It is
// derived, not stored: the grant's row counts generations, and the one token of the live generation is
// good. A family cannot fork, because a counter cannot; a lost answer can be asked for again, because
// the same generation derives the same token.
type refreshToken struct {
	grantID string
	gen     int64
	keyID   string
}

// newRefreshToken derives the token of the grant's live generation with the key the grant's row names.
func (p *Provider) newRefreshToken(g *storage.Grant) (string, error) {
	t := refreshToken{grantID: g.ID, gen: g.RefreshGen}
	mac, keyID, err := p.refreshMAC(t, g.RefreshKey)
	if err != nil {
		return "", err
	}
	body := refreshPrefix + t.grantID + "_" + strconv.FormatInt(t.gen, 10) + "_" + keyID + "_" + mac
	return storage.AddChecksum(body), nil
}

func (p *Provider) refreshMAC(t refreshToken, keyID string) (mac, usedKey string, err error) {
	sum, usedKey, err := p.db.MAC(keyID, "refresh_token", t.grantID, strconv.FormatInt(t.gen, 10))
	if err != nil {
		return "", "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), usedKey, nil
}

// parseRefreshToken checks that a token was made here; whether it is the live one, the grant knows.
func (p *Provider) parseRefreshToken(text string) (refreshToken, bool) {
	if !strings.HasPrefix(text, refreshPrefix) || !storage.ValidChecksum(text) {
		return refreshToken{}, false
	}
	body := storage.WithoutChecksum(text)
	parts := strings.SplitN(strings.TrimPrefix(body, refreshPrefix), "_", 4)
	if len(parts) != 4 {
		return refreshToken{}, false
	}
	gen, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || gen < 0 || strconv.FormatInt(gen, 10) != parts[1] {
		return refreshToken{}, false
	}
	t := refreshToken{grantID: parts[0], gen: gen, keyID: parts[2]}
	mac, _, err := p.refreshMAC(t, t.keyID)
	if err != nil || t.keyID == "" || subtle.ConstantTimeCompare([]byte(mac), []byte(parts[3])) != 1 {
		return refreshToken{}, false
	}
	return t, true
}
