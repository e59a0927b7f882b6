package storage

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"sync"
)

// rsaBits is the size of RSA keys: what OpenID Connect clients can verify everywhere.
const rsaBits = 2048

// generateKeys makes a private key for each alg; RSA keys take time, so all are made at once.
func generateKeys(algs []string) (map[string]crypto.Signer, error) {
	var wait sync.WaitGroup
	keys, failed := make([]crypto.Signer, len(algs)), make([]error, len(algs))
	for i, alg := range algs {
		wait.Go(func() { keys[i], failed[i] = generateKey(alg) })
	}
	wait.Wait()
	byAlg := make(map[string]crypto.Signer, len(algs))
	for i, alg := range algs {
		if failed[i] != nil {
			return nil, fmt.Errorf("signing key %s: %w", alg, failed[i])
		}
		byAlg[alg] = keys[i]
	}
	return byAlg, nil
}

func generateKey(alg string) (crypto.Signer, error) {
	switch alg {
	case "RS256", "PS256":
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, &Invalid{Field: "alg", Reason: "alg_unknown", Value: alg}
}

// sealKey returns the column of a private key: PKCS#8 under the master key, bound to its id.
func (db *DB) sealKey(id string, key crypto.Signer) (string, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("signing key %s: %w", id, err)
	}
	return db.master.wrap("signing key "+id, plain), nil
}

// openKey is the inverse of sealKey.
func (db *DB) openKey(id, sealed string) (crypto.Signer, error) {
	plain, err := db.master.unwrap("signing key "+id, sealed)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", id, ErrDamaged)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s: %w", id, ErrDamaged)
	}
	return signer, nil
}
