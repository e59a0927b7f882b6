package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/propusk/propusk/storage"
)

// rpKey is the key of a relying party, with the kid and the alg it says.
type rpKey struct {
	kid, alg string
	private  crypto.Signer
}

// rpRSA makes the two RSA keys of these tests once: they take long.
var rpRSA = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	together(len(keys), func(i int) { keys[i], _ = rsa.GenerateKey(rand.Reader, 2048) })
	return keys
})

// The owner's key and the attacker's, who claims the same kid.
func rsaOwner() rpKey    { return rpKey{"one", "RS256", rpRSA()[0]} }
func rsaAttacker() rpKey { return rpKey{"one", "RS256", rpRSA()[1]} }

func ecKey(t testing.TB, kid string) rpKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return rpKey{kid, "ES256", key}
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// head is the header of an honest signer, with members (name, JSON value pairs) behind.
func (k rpKey) head(members ...string) string {
	text := `{"alg":"` + k.alg + `","kid":"` + k.kid + `"`
	for i := 0; i+1 < len(members); i += 2 {
		text += `,"` + members[i] + `":` + members[i+1]
	}
	return text + "}"
}

// seal signs any payload under any header, in the way alg says whatever the header claims.
func (k rpKey) seal(t testing.TB, header, payload string) string {
	t.Helper()
	return k.signed(t, b64(header)+"."+b64(payload))
}

// signed puts the signature behind a signing input.
func (k rpKey) signed(t testing.TB, input string) string {
	t.Helper()
	digest, options := []byte(input), crypto.SignerOpts(crypto.Hash(0))
	hash := map[string]crypto.Hash{"RS256": crypto.SHA256, "PS256": crypto.SHA256, "ES256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512}[k.alg]
	if hash != 0 {
		h := hash.New()
		h.Write([]byte(input))
		digest, options = h.Sum(nil), hash
	}
	if k.alg == "PS256" {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	var signature []byte
	var err error
	if private, ok := k.private.(*ecdsa.PrivateKey); ok {
		r, s, failed := ecdsa.Sign(rand.Reader, private, digest)
		signature, err = make([]byte, 64), failed
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
	} else {
		signature, err = k.private.Sign(rand.Reader, digest, options)
	}
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(string(signature))
}

// mac signs with HS256 under any header.
func mac(secret []byte, header, payload string) string {
	input := b64(header) + "." + b64(payload)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(input))
	return input + "." + b64(string(h.Sum(nil)))
}

// jwk is the public key as a JWK, set the set of several.
func (k rpKey) jwk() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Use: "sig"}
}

func rpSet(t testing.TB, keys ...rpKey) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, k.jwk())
	}
	return toJSON(t, set)
}

func toJSON(t testing.TB, value any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// publicForms are the ways in which a public key might be taken for a secret.
func (k rpKey) publicForms(t testing.TB) map[string][]byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string][]byte{
		"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"PEM without its last line end": []byte(strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))),
		"JWK":                           toJSON(t, k.jwk()), "JWK set": rpSet(t, k),
	}
	if public, ok := k.private.Public().(*rsa.PublicKey); ok {
		forms["PKCS #1"], forms["modulus"] = x509.MarshalPKCS1PublicKey(public), public.N.Bytes()
	}
	if public, ok := k.private.Public().(ed25519.PublicKey); ok {
		forms["raw"] = public
	}
	return forms
}

// with are the claims with some changed; nil leaves one out.
func with(claims map[string]any, changes ...any) map[string]any {
	out := map[string]any{}
	for name, value := range claims {
		out[name] = value
	}
	for i := 0; i+1 < len(changes); i += 2 {
		name, _ := changes[i].(string)
		out[name] = changes[i+1]
		if changes[i+1] == nil {
			delete(out, name)
		}
	}
	return out
}

// signs registers an app that proves itself by its keys, with everything that demo may do.
func (w *world) signs(id string, keys ...rpKey) party {
	w.t.Helper()
	return w.addApp(storage.App{
		ID: id, RedirectURIs: []string{"https://" + id + ".example/cb"}, PostLogoutURIs: []string{"https://" + id + ".example/out"},
		GrantTypes:  []string{storage.GrantCode, storage.GrantRefreshToken, storage.GrantClientCredentials, storage.GrantDeviceCode},
		AuthMethods: []string{storage.AuthPrivateKeyJWT}, Registration: storage.Registration{JWKS: rpSet(w.t, keys...)},
	})
}

// trap is a listener of the attacker that counts who comes.
type trap struct {
	port string
	came atomic.Int64
}

// newTrap listens on loopback, IPv6 too where there is any; whoever comes is cut off.
func newTrap(t testing.TB) *trap {
	t.Helper()
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &trap{}
	_, c.port, _ = net.SplitHostPort(first.Addr().String())
	listeners := []net.Listener{first}
	second, err := net.Listen("tcp", "[::1]:"+c.port)
	if err == nil {
		listeners = append(listeners, second)
	}
	for _, l := range listeners {
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				c.came.Add(1)
				_ = conn.Close()
			}
		}()
	}
	return c
}

// at is an address of the trap.
func (c *trap) at(path string) string { return "https://127.0.0.1:" + c.port + path }

// wantNobody checks that nobody has come.
func (c *trap) wantNobody(t testing.TB) {
	t.Helper()
	if n := c.came.Load(); n != 0 {
		t.Errorf("%d connections to an address of the attacker", n)
	}
}

// asserting is a token request of an app for itself by an assertion, with changes.
func asserting(assertion string, pairs ...string) url.Values {
	return changed(url.Values{
		"grant_type": {storage.GrantClientCredentials}, "scope": {"extern.api"},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion},
	}, pairs...)
}
