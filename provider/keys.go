package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
)

// maxJWT bounds every JWT and token a request may bring, in bytes.
const maxJWT = 8 << 10

// Types of our JWTs (the typ header): they keep one from passing as the other (RFC 8725 §3.11).
const (
	typeIDToken       = "JWT"
	typeAccessToken   = "at+jwt"                  // RFC 9068 §2.1
	typeLogoutToken   = "logout+jwt"              // OpenID Connect Back-Channel Logout 1.0 §2.4
	typeUserInfo      = ""                        // there is none for it; an id_token's would let it pass as one
	typeIntrospection = "token-introspection+jwt" // RFC 9701 §5
)

// keyRing holds the signing keys in memory. A request never reads them from the database: it compares
// one number and one time.
type keyRing struct {
	current atomic.Pointer[keySnapshot]
	loading sync.Mutex
}

// keySnapshot is the keys as they stand between two changes.
type keySnapshot struct {
	version int64
	until   time.Time // the next moment a key begins or ceases to sign; zero: none
	sign    map[string]signers
	verify  map[string]jose.JSONWebKey // public, by kid
	algs    []string
	jwks    []byte
}

// signers sign the kinds of JWT with one key.
type signers struct {
	idToken, accessToken, userInfo, logout, introspection signer
	activeAt                                              time.Time
}

var errNoKey = errors.New("no signing key for the algorithm")

// snapshot returns the keys as of now.
func (k *keyRing) snapshot(p *Provider) (*keySnapshot, error) {
	now := p.now()
	s := k.current.Load()
	if s != nil && s.version == p.db.KeysVersion() && (s.until.IsZero() || now.Before(s.until)) {
		return s, nil
	}
	k.loading.Lock()
	defer k.loading.Unlock()
	s = k.current.Load()
	if s != nil && s.version == p.db.KeysVersion() && (s.until.IsZero() || now.Before(s.until)) {
		return s, nil
	}
	list, version, err := p.db.SigningKeys(context.Background())
	if err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	s, err = newSnapshot(list, version, now)
	if err != nil {
		return nil, err
	}
	k.current.Store(s)
	return s, nil
}

func newSnapshot(list []storage.SigningKey, version int64, now time.Time) (*keySnapshot, error) {
	s := &keySnapshot{version: version, sign: map[string]signers{}, verify: map[string]jose.JSONWebKey{}}
	var public jose.JSONWebKeySet
	for _, key := range list {
		for _, change := range []time.Time{key.ActiveAt, key.RetiredAt, key.RemoveAt} {
			if change.After(now) && (s.until.IsZero() || change.Before(s.until)) {
				s.until = change
			}
		}
		if !key.RemoveAt.IsZero() && !key.RemoveAt.After(now) {
			continue
		}
		jwk := jose.JSONWebKey{Key: key.Private.Public(), KeyID: key.ID, Algorithm: key.Alg, Use: "sig"}
		s.verify[key.ID] = jwk
		public.Keys = append(public.Keys, jwk)
		if key.ActiveAt.After(now) || (!key.RetiredAt.IsZero() && !key.RetiredAt.After(now)) {
			continue
		}
		if have, ok := s.sign[key.Alg]; ok && have.activeAt.After(key.ActiveAt) {
			continue
		}
		made, err := newSigners(key)
		if err != nil {
			return nil, err
		}
		s.sign[key.Alg] = made
	}
	for _, alg := range storage.SigningAlgs {
		if _, ok := s.sign[alg]; ok {
			s.algs = append(s.algs, alg)
		}
	}
	var err error
	s.jwks, err = json.Marshal(public)
	if err != nil {
		return nil, fmt.Errorf("JWKS: %w", err)
	}
	return s, nil
}

func newSigners(key storage.SigningKey) (signers, error) {
	idToken, err := newSigner(key, typeIDToken)
	if err != nil {
		return signers{}, err
	}
	accessToken, err := newSigner(key, typeAccessToken)
	if err != nil {
		return signers{}, err
	}
	userInfo, err := newSigner(key, typeUserInfo)
	if err != nil {
		return signers{}, err
	}
	logout, err := newSigner(key, typeLogoutToken)
	if err != nil {
		return signers{}, err
	}
	introspection, err := newSigner(key, typeIntrospection)
	if err != nil {
		return signers{}, err
	}
	return signers{idToken, accessToken, userInfo, logout, introspection, key.ActiveAt}, nil
}

// signer returns the live signers of an algorithm.
func (k *keyRing) signer(p *Provider, alg string) (signers, error) {
	s, err := k.snapshot(p)
	if err != nil {
		return signers{}, err
	}
	made, ok := s.sign[alg]
	if !ok {
		return signers{}, fmt.Errorf("%w %s", errNoKey, alg)
	}
	return made, nil
}

var errJWT = errors.New("not a JWT of this provider")

// verifyJWT checks size, shape and signature of a JWT of ours before anything parses what it says, and
// returns the payload. typ keeps id_tokens and access tokens apart. Times are the caller's business.
func (p *Provider) verifyJWT(token, typ string) ([]byte, error) {
	if len(token) > maxJWT || strings.Count(token, ".") != 2 {
		return nil, errJWT
	}
	keys, err := p.keys.snapshot(p)
	if err != nil {
		return nil, err
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return nil, errJWT
	}
	header := jws.Signatures[0].Protected
	key, ok := keys.verify[header.KeyID]
	if !ok || key.Algorithm != header.Algorithm || header.ExtraHeaders[jose.HeaderType] != typ {
		return nil, errJWT
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return nil, errJWT
	}
	return payload, nil
}
