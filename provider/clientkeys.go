package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
)

// Bounds of clients' keys.
const (
	jwksBytes     = 64 << 10
	jwksKeys      = 50
	rsaBitsMin    = 2048
	rsaBitsMax    = 8192
	keysWithout   = 4 // how many keys are tried for a JWS without kid
	keySetsMax    = 1000
	keysKeep      = 5 * time.Minute // how long a fetched set is used
	keysDoubt     = time.Minute     // from this age on a signature that does not fit has the set fetched anew
	keysRetry     = 2 * time.Second // between two calls to one jwks_uri, whatever comes in
	keysMediaType = "application/jwk-set+json, application/json;q=0.9"
)

// privateMembers are members of a JWK that nobody may publish (RFC 7518 §6.2.2, §6.3.2, §6.4).
var privateMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// readClientKeys reads a client's JWK set (RFC 7517): public keys with which signatures of ours kinds can
// be verified; others are left out, as §5 asks. A set that holds private or symmetric material is refused
// whole: whoever published it has lost its keys.
func readClientKeys(text []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if len(text) > jwksBytes {
		return nil, fmt.Errorf("larger than %d bytes", jwksBytes)
	}
	_, err := strictObject(text)
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil || set.Keys == nil || len(set.Keys) > jwksKeys {
		return nil, fmt.Errorf("not a JWK set with at most %d keys", jwksKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		members, err := strictObject(raw)
		if err != nil {
			return nil, errors.New("a key is not a JSON object")
		}
		for _, name := range privateMembers {
			if members[name] != nil {
				return nil, fmt.Errorf("a key holds the private member %s", name)
			}
		}
		if member(members, "kty") == "oct" {
			return nil, errors.New("a key is symmetric")
		}
		operations, listed := texts(members, "key_ops")
		if listed && !slices.Contains(operations, "verify") {
			continue
		}
		var key jose.JSONWebKey
		err = json.Unmarshal(raw, &key)
		if err != nil || (key.Use != "" && key.Use != "sig") || !verifies(&key) {
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// verifies tells whether a key is of a kind and size that verifies one of our algorithms.
func verifies(key *jose.JSONWebKey) bool {
	return slices.ContainsFunc(storage.ClientSigningAlgs, func(alg string) bool { return suits(key, alg) })
}

// suits tells whether a key may verify the algorithm: by its own alg and by its kind.
func suits(key *jose.JSONWebKey, alg string) bool {
	if key.Algorithm != "" && key.Algorithm != alg {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		return (alg == "RS256" || alg == "PS256") && bits >= rsaBitsMin && bits <= rsaBitsMax && public.E >= 3 && public.E&1 == 1
	case *ecdsa.PublicKey:
		return alg == "ES256" && public.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return alg == "EdDSA" && len(public) == ed25519.PublicKeySize
	}
	return false
}

// clientKeys are the key sets that were fetched, by their address.
type clientKeys struct {
	mutex sync.Mutex
	sets  map[string]*keySet
}

// keySet is what one jwks_uri last answered. Its own mutex is held over a fetch, so that many requests
// make one call.
type keySet struct {
	mutex   sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time // of keys; zero: there are none
	tried   time.Time
	failed  error
}

// set returns the place of an address, making room where there is none.
func (k *clientKeys) set(uri string) *keySet {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if s, ok := k.sets[uri]; ok {
		return s
	}
	if k.sets == nil || len(k.sets) >= keySetsMax {
		k.sets = map[string]*keySet{}
	}
	s := &keySet{}
	k.sets[uri] = s
	return s
}

// verifySignature tells by an error whether one of the app's registered keys made the signature. Keys at
// a jwks_uri are fetched when they are not there yet or too old, when the kid is none of them (the client
// has rotated), and when the signature does not fit a set that is not fresh.
func (p *Provider) verifySignature(ctx context.Context, app *storage.App, j *clientJWS) error {
	r := &app.Registration
	if len(r.JWKS) > 0 {
		keys, err := readClientKeys(r.JWKS)
		if err != nil {
			return fmt.Errorf("jwks of app %q: %w", app.ID, err)
		}
		known, good := j.madeBy(keys)
		return signatureFault(app, j, known, good)
	}
	if r.JWKSURI == "" {
		return fmt.Errorf("app %q has registered no keys", app.ID)
	}
	keys, age, err := p.fetchedKeys(ctx, r.JWKSURI, keysKeep)
	if err != nil {
		return fmt.Errorf("jwks_uri of app %q: %w", app.ID, err)
	}
	known, good := j.madeBy(keys)
	if good || known && age < keysDoubt {
		return signatureFault(app, j, known, good)
	}
	keys, _, err = p.fetchedKeys(ctx, r.JWKSURI, 0)
	if err != nil {
		return fmt.Errorf("jwks_uri of app %q: %w", app.ID, err)
	}
	known, good = j.madeBy(keys)
	return signatureFault(app, j, known, good)
}

func signatureFault(app *storage.App, j *clientJWS, known, good bool) error {
	switch {
	case good:
		return nil
	case known:
		return errors.New("the signature does not fit")
	case j.kid != "":
		return fmt.Errorf("app %q has no key %s for %s", app.ID, clip(j.kid), j.alg)
	}
	return fmt.Errorf("app %q has no key for %s, or the header needs a kid", app.ID, j.alg)
}

// madeBy tries the keys that kid and alg name; known tells whether there was one.
func (j *clientJWS) madeBy(keys []jose.JSONWebKey) (known, good bool) {
	tried := 0
	for i := range keys {
		if !suits(&keys[i], j.alg) || (j.kid != "" && keys[i].KeyID != j.kid) {
			continue
		}
		if tried == keysWithout {
			break
		}
		tried++
		if j.verify(keys[i].Key) {
			return true, true
		}
	}
	return tried > 0 && j.kid != "", false
}

// fetchedKeys returns the keys at an address that are at most as old as oldest, and their age; 0 wants
// them fetched now. Within keysRetry of the last try nothing is fetched: what is there has to do.
func (p *Provider) fetchedKeys(ctx context.Context, uri string, oldest time.Duration) ([]jose.JSONWebKey, time.Duration, error) {
	s := p.clientKeys.set(uri)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := p.now()
	age := now.Sub(s.fetched)
	if !s.fetched.IsZero() && age <= oldest {
		return s.keys, age, nil
	}
	if now.Sub(s.tried) < keysRetry {
		if s.failed == nil && age <= keysKeep {
			return s.keys, age, nil
		}
		return nil, 0, fmt.Errorf("asked a moment ago: %w", s.failed)
	}
	s.tried = now
	// Whoever waits for the same set must not fail because this request was given up.
	text, err := p.fetch(context.WithoutCancel(ctx), uri, keysMediaType, jwksBytes)
	var keys []jose.JSONWebKey
	if err == nil {
		keys, err = readClientKeys(text)
	}
	// From the end on, not the beginning: a call that took longer than keysRetry would else be made again by
	// each of those who waited for it, one after the other.
	s.tried, s.failed = p.now(), err
	if err != nil {
		return nil, 0, err
	}
	s.keys, s.fetched = keys, now
	return keys, 0, nil
}
