package provider

import (
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestSigner holds our signatures and headers against the library's: it must verify them, and say the
// same of them as of its own.
func TestSigner(t *testing.T) {
	for _, key := range signingKeys(t) {
		t.Run(key.Alg, func(t *testing.T) {
			own, err := newSigner(key, typeAccessToken)
			if err != nil {
				t.Fatal(err)
			}
			text, err := signJSON(own, map[string]string{"sub": "<я>"})
			if err != nil {
				t.Fatal(err)
			}
			payload, got := verified(t, text, key)
			if want := `{"sub":"\u003cя\u003e"}`; payload != want {
				t.Errorf("payload %s, want %s", payload, want)
			}
			library, err := jose.NewSigner(jose.SigningKey{
				Algorithm: jose.SignatureAlgorithm(key.Alg), Key: jose.JSONWebKey{Key: key.Private, KeyID: key.ID},
			}, (&jose.SignerOptions{}).WithType(typeAccessToken))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := library.Sign([]byte(payload))
			if err != nil {
				t.Fatal(err)
			}
			compact, err := theirs.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			_, want := verified(t, compact, key)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("header (-want +got)\n%s", d)
			}
		})
	}
}

// TestSignerRefuses: a key signs by its own algorithm only.
func TestSignerRefuses(t *testing.T) {
	rsa := map[string]bool{"RS256": true, "PS256": true}
	for _, key := range signingKeys(t) {
		for _, alg := range append([]string{"none", "HS256", "RS512"}, storage.SigningAlgs...) {
			other := storage.SigningKey{ID: key.ID, Alg: alg, Private: key.Private}
			_, err := newSigner(other, typeIDToken)
			if want := alg != key.Alg && !(rsa[alg] && rsa[key.Alg]); (err != nil) != want {
				t.Errorf("key of %s as %s: %v, want an error: %t", key.Alg, alg, err, want)
			}
		}
	}
}

func signingKeys(t *testing.T) []storage.SigningKey {
	t.Helper()
	keys, _, err := storagetest.Seeded(t).SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != len(storage.SigningAlgs) {
		t.Fatalf("%d keys, want one of each algorithm", len(keys))
	}
	return keys
}

// verified returns payload and header of a JWT once the library has verified it.
func verified(t *testing.T, text string, key storage.SigningKey) (string, map[string]any) {
	t.Helper()
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(key.Alg)})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := jws.Verify(key.Private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(payload), header(t, text)
}
