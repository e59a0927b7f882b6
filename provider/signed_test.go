package provider

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
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
)

// clientKey is a client's key, under the kid and alg it signs with.
type clientKey struct {
	kid, alg string
	private  crypto.Signer
}

var (
	rsaOnce sync.Once
	rsaTwo  [2]*rsa.PrivateKey
)

// rsaKeys are two RSA keys, made once: they cost a second.
func rsaKeys(t testing.TB) [2]*rsa.PrivateKey {
	t.Helper()
	rsaOnce.Do(func() {
		for i := range rsaTwo {
			rsaTwo[i], _ = rsa.GenerateKey(rand.Reader, 2048)
		}
	})
	return rsaTwo
}

func newClientKey(t testing.TB, kid, alg string) clientKey {
	t.Helper()
	switch alg {
	case "RS256", "PS256":
		return clientKey{kid, alg, rsaKeys(t)[0]}
	case "ES256":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return clientKey{kid, alg, key}
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return clientKey{kid, "EdDSA", key}
}

// set is the JWK set of public keys.
func set(t testing.TB, keys ...clientKey) json.RawMessage {
	t.Helper()
	var out jose.JSONWebKeySet
	for _, k := range keys {
		out.Keys = append(out.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Use: "sig"})
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign makes a JWT with go-jose's client side; head adds members to the header.
func (k clientKey) sign(t testing.TB, claims map[string]any, head ...string) string {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return k.signText(t, string(text), head...)
}

func (k clientKey) signText(t testing.TB, payload string, head ...string) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	for i := 0; i+1 < len(head); i += 2 {
		opts.WithHeader(jose.HeaderKey(head[i]), head[i+1])
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: jose.JSONWebKey{Key: k.private, KeyID: k.kid}}, opts)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// raw signs with RS256 under any header at all.
func (k clientKey) raw(t testing.TB, header, payload string) string {
	t.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.private.(*rsa.PrivateKey), crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// mac signs with HS256 under any header.
func mac(secret []byte, header, payload string) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// publicForms are the ways a public key might serve as a MAC's secret.
func (k clientKey) publicForms(t testing.TB) map[string][]byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	pem := "-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PUBLIC KEY-----\n"
	return map[string][]byte{"DER": der, "PEM": []byte(pem), "JWK set": set(t, k)}
}

// assertionClaims are good claims of demo's assertion with some changed; nil leaves one out.
func (w *world) assertionClaims(changes ...any) map[string]any {
	now := w.clock.Now()
	return changedClaims(map[string]any{
		"iss": "demo", "sub": "demo", "aud": w.p.issuer, "jti": storage.NewID(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}, changes...)
}

// objectClaims are a good request object of demo.
func (w *world) objectClaims(changes ...any) map[string]any {
	claims := map[string]any{"iss": "demo", "aud": w.p.issuer, "exp": w.clock.Now().Add(time.Minute).Unix()}
	for name, values := range request("demo", "state", "inner", "nonce", "inner-n") {
		claims[name] = values[0]
	}
	return changedClaims(claims, changes...)
}

func changedClaims(claims map[string]any, changes ...any) map[string]any {
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(claims, changes[i].(string))
			continue
		}
		claims[changes[i].(string)] = changes[i+1]
	}
	return claims
}

func assertionForm(assertion string) url.Values {
	return url.Values{"grant_type": {storage.GrantClientCredentials}, "client_assertion_type": {assertionType}, "client_assertion": {assertion}}
}

// keyed registers demo for private_key_jwt with the keys.
func (w *world) keyed(keys ...clientKey) {
	w.t.Helper()
	w.change("demo", func(a *storage.App) {
		a.AuthMethods = []string{storage.AuthPrivateKeyJWT}
		a.Registration.JWKS = set(w.t, keys...)
	})
}

// host serves what a client would, on TLS; what it answers can be changed while it runs.
type host struct {
	*httptest.Server
	mutex sync.Mutex
	body  string
	calls int
	slow  func() // what happens while it thinks
}

func (h *host) answer(body string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.body = body
}

func (h *host) called() int {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.calls
}

// newHost starts a host that the world's provider may talk to, as app.test.
func (w *world) newHost() *host {
	h := &host{}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h.mutex.Lock()
		defer h.mutex.Unlock()
		h.calls++
		if h.slow != nil {
			h.slow()
		}
		switch {
		case r.URL.Path == "/redirect":
			http.Redirect(rw, r, "/keys", http.StatusFound)
		case h.body == "":
			rw.WriteHeader(http.StatusNotFound)
		default:
			_, _ = rw.Write([]byte(h.body))
		}
	}))
	w.t.Cleanup(h.Close)
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	w.p.out = newOutgoing(Config{AllowHosts: []string{"example.com"}, Roots: roots})
	w.p.out.lookup = loopbackOnly
	return h
}

// at is an address on the host, by the name in its certificate.
func (h *host) at(path string) string {
	_, port, _ := strings.Cut(strings.TrimPrefix(h.URL, "https://"), ":")
	return "https://example.com:" + port + path
}

func loopbackList() []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} }
