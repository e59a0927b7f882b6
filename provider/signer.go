package provider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
)

// signer signs JWTs of one kind with one key. Their header is always the same, so it is encoded once;
// the library would encode it twice and parse it for every token.
type signer struct {
	head string // base64url of the header, and the dot behind it
	sign func(input []byte) ([]byte, error)
}

// newSigner refuses a key that does not belong to its algorithm.
func newSigner(key storage.SigningKey, typ string) (signer, error) {
	header, err := json.Marshal(struct {
		Alg string `json:"alg"`
		KID string `json:"kid"`
		Typ string `json:"typ,omitempty"`
	}{key.Alg, key.ID, typ})
	if err != nil {
		return signer{}, fmt.Errorf("header of key %s: %w", key.ID, err)
	}
	sign := signature(key)
	if sign == nil {
		return signer{}, fmt.Errorf("key %s is not one of algorithm %s", key.ID, key.Alg)
	}
	return signer{base64.RawURLEncoding.EncodeToString(header) + ".", sign}, nil
}

// signature returns the signature algorithm of a key (RFC 7518 §3.3, §3.4, §3.5; RFC 8037 §3.1), nil for
// a key that does not fit it.
func signature(key storage.SigningKey) func([]byte) ([]byte, error) {
	switch private := key.Private.(type) {
	case *rsa.PrivateKey:
		var options crypto.SignerOpts
		switch jose.SignatureAlgorithm(key.Alg) {
		case jose.RS256:
			options = crypto.SHA256
		case jose.PS256:
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
		default:
			return nil
		}
		return func(input []byte) ([]byte, error) {
			sum := sha256.Sum256(input)
			return private.Sign(rand.Reader, sum[:], options)
		}
	case *ecdsa.PrivateKey:
		if key.Alg != string(jose.ES256) || private.Curve.Params().BitSize != 256 {
			return nil
		}
		return func(input []byte) ([]byte, error) {
			sum := sha256.Sum256(input)
			r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
			if err != nil {
				return nil, err
			}
			var both [64]byte
			r.FillBytes(both[:32])
			s.FillBytes(both[32:])
			return both[:], nil
		}
	case ed25519.PrivateKey:
		if key.Alg != string(jose.EdDSA) {
			return nil
		}
		return func(input []byte) ([]byte, error) { return ed25519.Sign(private, input), nil }
	}
	return nil
}

// signJSON returns the JWT of claims in compact form (RFC 7515 §7.1).
func signJSON(s signer, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	const longestSignature = 512 // bytes: RSA with 4096 bits
	size := base64.RawURLEncoding.EncodedLen
	text := make([]byte, 0, len(s.head)+size(len(payload))+1+size(longestSignature))
	text = append(text, s.head...)
	text = base64.RawURLEncoding.AppendEncode(text, payload)
	signed, err := s.sign(text)
	if err != nil {
		return "", fmt.Errorf("signature: %w", err)
	}
	text = append(text, '.')
	return string(base64.RawURLEncoding.AppendEncode(text, signed)), nil
}
