package provider

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

const (
	codeLifetime = time.Minute
	// maxCode is the longest code that goes into a URL as it is; a longer one is kept as a row.
	maxCode     = 500
	purposeCode = "code"
)

// code is what the token endpoint needs of an approved request. It is sealed and is the code itself:
// nothing is stored until it is redeemed, and then the grant's row is its consumption.
type code struct {
	grantID   string // derived from the request's id: two codes of one request redeem once
	appID     string
	userID    string
	sessionID string
	redirect  string // digest of the redirect URI
	challenge string
	scopes    []string
	nonce     string
	authTime  time.Time
	acr       string
	amr       []string
	claims    *storage.Claims
	opened    bool // the authorization endpoint made the grant already (see implicit.go)
	expires   time.Time
}

// grantID derives the id of the grant that redeeming a request's code makes: 48 bits of the request's time
// in milliseconds and 80 of the hash of its id. Ids that sort by time keep new rows together in the index,
// so that grants made at one time share its pages.
func grantID(req *storage.AuthRequest) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(req.CreatedAt.UnixMilli())<<16)
	sum := sha256.Sum256([]byte("propusk grant\x00" + req.ID))
	copy(b[6:], sum[:])
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// offline tells whether offline access was granted.
func (c *code) offline() bool { return slices.Contains(c.scopes, storage.ScopeOffline) }

// redirectDigest stands for a redirect URI in a code.
func redirectDigest(uri string) string {
	sum := sha256.Sum256([]byte(storage.RedirectKey(uri)))
	return string(sum[:16])
}

// newCode seals the code of an approved request.
func (p *Provider) newCode(ctx context.Context, c *code) (string, error) {
	b := pack{make([]byte, 0, 512)}
	for _, s := range []string{c.grantID, c.appID, c.userID, c.sessionID, c.redirect, c.challenge} {
		b.text(s)
	}
	b.list(c.scopes)
	b.text(c.nonce)
	b.time(c.authTime)
	b.text(c.acr)
	b.list(c.amr)
	var claims []byte
	if c.claims != nil {
		var err error
		claims, err = json.Marshal(c.claims)
		if err != nil {
			return "", fmt.Errorf("claims: %w", err)
		}
	}
	b.text(string(claims))
	var opened int64
	if c.opened {
		opened = 1
	}
	b.number(opened)
	b.number(c.expires.UnixMilli())
	sealed := p.db.Seal(purposeCode, b.b)
	if len(sealed) <= maxCode {
		return sealed, nil
	}
	handle := "row_" + rand.Text() + rand.Text()
	err := p.db.PutCode(ctx, handle, sealed, c.expires.Add(codeLifetime))
	if err != nil {
		return "", fmt.Errorf("long code: %w", err)
	}
	return handle, nil
}

// badCode is the one refusal for whatever is wrong with a code; which it was stands in the log.
func badCode(reason string) *refusal {
	return refuse(errInvalidGrant, "the code is wrong, expired, used before, or was issued to another app; the log of the provider says which").
		because(errors.New(reason))
}

// openCode opens a code; whatever is wrong with it is the same refusal.
func (p *Provider) openCode(ctx context.Context, text string) (*code, error) {
	if strings.HasPrefix(text, "row_") {
		sealed, err := p.db.Code(ctx, text)
		if errors.Is(err, storage.ErrNotFound) {
			return nil, badCode("it was never issued, or is long over")
		}
		if err != nil {
			return nil, err
		}
		text = sealed
	}
	plain, err := p.db.Unseal(purposeCode, text)
	if err != nil {
		return nil, badCode("it was not issued here, or was changed")
	}
	u := unpack{b: plain}
	c := &code{
		grantID: u.text(), appID: u.text(), userID: u.text(), sessionID: u.text(), redirect: u.text(), challenge: u.text(),
		scopes: u.list(), nonce: u.text(), authTime: u.time(), acr: u.text(), amr: u.list(),
	}
	claims := u.text()
	c.opened = u.number() == 1
	c.expires = time.UnixMilli(u.number())
	if u.end() != nil {
		return nil, badCode("it does not unpack")
	}
	if claims != "" {
		c.claims = &storage.Claims{}
		err = json.Unmarshal([]byte(claims), c.claims)
		if err != nil {
			return nil, badCode("it does not unpack")
		}
	}
	return c, nil
}

// checkVerifier holds a code_verifier against the challenge (RFC 7636 §4.6, S256 only). A challenge
// makes the verifier mandatory, and a verifier without a challenge is refused: no downgrade either way.
func (c *code) checkVerifier(verifier string) *refusal {
	switch {
	case c.challenge == "" && verifier == "":
		return nil
	case c.challenge == "":
		return refuse(errInvalidGrant, "code_verifier came, but the code was asked for without a code_challenge")
	case verifier == "":
		return refuse(errInvalidGrant, "code_verifier is missing: the code was asked for with a code_challenge")
	case !validVerifier(verifier):
		return refuse(errInvalidGrant, "code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
	}
	sum := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(c.challenge)) != 1 {
		return refuse(errInvalidGrant, "code_verifier does not match the code_challenge the code was asked for with")
	}
	return nil
}

func validVerifier(v string) bool {
	return len(v) >= 43 && len(v) <= 128 && !strings.ContainsFunc(v, func(c rune) bool { return !unreserved(c) })
}

// validChallenge tells whether s can be BASE64URL(SHA256(…)): 43 characters.
func validChallenge(s string) bool {
	return len(s) == 43 && !strings.ContainsFunc(s, func(c rune) bool { return !unreserved(c) || c == '.' || c == '~' })
}

func unreserved(c rune) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
