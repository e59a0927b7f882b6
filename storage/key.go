package storage

import (
	"crypto"
	"time"
)

// SigningKey is one key of the issuer. It is published from CreatedAt, signs from ActiveAt until a
// successor of the same Alg is active, and leaves the JWKS at RemoveAt.
type SigningKey struct {
	ID        string // kid
	Alg       string // RS256, PS256, ES256 or EdDSA
	Private   crypto.Signer
	CreatedAt time.Time
	ActiveAt  time.Time
	RetiredAt time.Time // zero while it signs or will sign
	RemoveAt  time.Time // zero while not retired
}

// SigningAlgs are the algorithms every instance holds a key for, the default first.
var SigningAlgs = []string{"RS256", "ES256", "PS256", "EdDSA"}

// KeyPublishAhead is how long a key stands in the JWKS before it signs: longer than clients may cache
// the JWKS. KeyKeepAfter is how long it stays there after the last signature.
const (
	KeyPublishAhead = 10 * time.Minute
	KeyKeepAfter    = 48 * time.Hour
	KeyLifetime     = 90 * 24 * time.Hour
)
