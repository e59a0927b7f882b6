package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // to be refused
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"slices"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/propusk/propusk/storage"
)

// truthKeys are private keys of apps, one for each kind, made once.
var truthKeys = sync.OnceValue(func() map[string]crypto.Signer {
	rsaKey, errRSA := rsa.GenerateKey(rand.Reader, 2048)
	p256, err256 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, err384 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p521, err521 := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	_, ed, errEd := ed25519.GenerateKey(rand.Reader)
	for _, err := range []error{errRSA, err256, err384, err521, errEd} {
		if err != nil {
			panic(err)
		}
	}
	return map[string]crypto.Signer{"RS": rsaKey, "PS": rsaKey, "ES256": p256, "ES384": p384, "ES512": p521, "EdDSA": ed}
})

// knownAlgs are the signature algorithms of the IANA registry that clients and libraries know (RFC 7518
// §3.1, RFC 8037), and RS1 of RFC 8812.
var knownAlgs = []string{"none", "HS256", "HS384", "HS512", "RS1", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA"}

func keyFor(alg string) crypto.Signer {
	if key, ok := truthKeys()[alg]; ok {
		return key
	}
	return truthKeys()[alg[:2]]
}

// truthJWKS are the public halves. They name no alg, so that only the provider's own lists decide.
func truthJWKS() json.RawMessage {
	var set jose.JSONWebKeySet
	for _, name := range []string{"RS", "ES256", "ES384", "ES512", "EdDSA"} {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: truthKeys()[name].Public(), KeyID: name, Use: "sig"})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err)
	}
	return text
}

func kidFor(alg string) string {
	if alg == "RS1" || strings.HasPrefix(alg, "PS") || strings.HasPrefix(alg, "RS") {
		return "RS"
	}
	return alg
}

// sealed signs claims as the app does, correctly for whichever algorithm.
func (w *truthWorld) sealed(a party, alg string, claims map[string]any) string {
	w.t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	if alg == "none" || alg == "RS1" || strings.HasPrefix(alg, "HS") {
		return sealedByHand(alg, a.secret, payload)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: keyFor(alg)},
		(&jose.SignerOptions{}).WithHeader("kid", kidFor(alg)))
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// sealedByHand is for what the library does not sign: at all, or by a secret of that length.
func sealedByHand(alg, secret string, payload []byte) string {
	raw := base64.RawURLEncoding
	input := raw.EncodeToString([]byte(`{"alg":"`+alg+`","kid":"RS"}`)) + "." + raw.EncodeToString(payload)
	if alg == "none" {
		return input + "."
	}
	if hash, ok := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[alg]; ok {
		mac := hmac.New(hash, []byte(secret))
		mac.Write([]byte(input))
		return input + "." + raw.EncodeToString(mac.Sum(nil))
	}
	key, _ := truthKeys()["RS"].(*rsa.PrivateKey)
	sum := sha1.Sum([]byte(input)) //nolint:gosec // to be refused
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA1, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + raw.EncodeToString(signature)
}

// opened is the payload of a JWT of the provider's that is signed with alg by a key it publishes.
func (w *truthWorld) opened(token, alg string) map[string]any {
	w.t.Helper()
	var set jose.JSONWebKeySet
	got := w.get(w.at("jwks_uri"))
	err := json.Unmarshal([]byte(got.body), &set)
	if err != nil {
		w.t.Fatalf("JWKS: %d %s", got.status, got.body)
	}
	parsed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		w.t.Fatalf("not signed with %s: %v", alg, err)
	}
	keys := set.Key(parsed.Signatures[0].Header.KeyID)
	if len(keys) != 1 || keys[0].Algorithm != alg {
		w.t.Fatalf("%d keys with the kid of the token, want one for %s", len(keys), alg)
	}
	payload, err := parsed.Verify(keys[0])
	if err != nil {
		w.t.Fatalf("%s by the published key: %v", alg, err)
	}
	var claims map[string]any
	err = json.Unmarshal(payload, &claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return claims
}

// signing makes an app prove itself by alg: with its keys, or for HMAC with its secret.
func signing(alg string) func(*storage.App) {
	return func(a *storage.App) {
		if strings.HasPrefix(alg, "HS") {
			a.AuthMethods = []string{storage.AuthSecretJWT}
			return
		}
		a.AuthMethods, a.Registration.JWKS = []string{storage.AuthPrivateKeyJWT}, truthJWKS()
	}
}

// others are the values of known that the document does not list.
func (w *truthWorld) others(name string, known []string) []string {
	return slices.DeleteFunc(slices.Clone(known), func(v string) bool { return w.lists(name, v) })
}
