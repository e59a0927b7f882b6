package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// rsaKey is the provider's own key, the only one both sides know.
func (w *world) rsaKey() *rsa.PrivateKey {
	w.t.Helper()
	keys, _, err := w.db.SigningKeys(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range keys {
		if private, ok := k.Private.(*rsa.PrivateKey); ok && k.Alg == "RS256" {
			return private
		}
	}
	w.t.Fatal("no RSA key")
	return nil
}

// hostileAssertions: an app proves itself by the method it is registered for, whatever else is offered;
// jwt-bearer is no grant here.
func hostileAssertions(t *testing.T) {
	w := newWorld(t)
	for name, at := range w.authenticatedForms(w.person("alice")) {
		for what, assertion := range w.assertions() {
			form := changed(at.form, "client_secret", "", "client_assertion", assertion, "client_assertion_type", assertionType)
			wantError(t, name+" with an assertion, "+what, w.post(at.path, form), http.StatusUnauthorized, "invalid_client")
			without := changed(form, "client_id", "")
			wantError(t, name+" with an assertion alone, "+what, w.post(at.path, without), http.StatusUnauthorized, "invalid_client")
		}
	}
	const bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	for what, assertion := range w.assertions() {
		form := changed(url.Values{}, "grant_type", bearer, "assertion", assertion, "scope", "openid")
		wantError(t, bearer+" by nobody, "+what, w.token(form), http.StatusUnauthorized, "invalid_client")
		wantError(t, bearer+", "+what, w.token(demoApp.signed(form)), http.StatusBadRequest, "unsupported_grant_type")
	}
	discovery := w.get("/.well-known/openid-configuration")
	if strings.Contains(discovery.body, "jwt-bearer") {
		t.Error("discovery lists jwt-bearer")
	}
	for _, method := range []string{"client_secret_basic", "client_secret_jwt", "private_key_jwt"} {
		if !strings.Contains(discovery.body, `"`+method+`"`) {
			t.Errorf("discovery lists no %s: %d %s", method, discovery.status, discovery.body)
		}
	}
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertions are client assertions (RFC 7523 §2.2) by what is wrong with them; "good" is good for an app that signs.
func (w *world) assertions() map[string]string {
	w.t.Helper()
	aud := w.issuer + "/connect/token"
	now := w.clock.Now().Unix()
	claims := func(exp any, aud string) string {
		text, _ := json.Marshal(map[string]any{"iss": "demo", "sub": "demo", "aud": aud, "jti": "once", "iat": now, "exp": exp})
		return base64.RawURLEncoding.EncodeToString(text)
	}
	header := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) + "." }
	key := w.rsaKey()
	rs256 := func(input string) string {
		sum := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, 5, sum[:]) // crypto.SHA256
		if err != nil {
			w.t.Fatal(err)
		}
		return input + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	hs256 := func(input string, secret []byte) string {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		w.t.Fatal(err)
	}
	soon := now + 60
	return map[string]string{
		"good":              rs256(header(`{"alg":"RS256"}`) + claims(soon, aud)),
		"good once more":    rs256(header(`{"alg":"RS256"}`) + claims(soon, aud)),
		"no exp":            rs256(header(`{"alg":"RS256"}`) + claims(nil, aud)),
		"exp in ten years":  rs256(header(`{"alg":"RS256"}`) + claims(now+10*365*86400, aud)),
		"wrong aud":         rs256(header(`{"alg":"RS256"}`) + claims(soon, "https://evil.example")),
		"alg none":          header(`{"alg":"none"}`) + claims(soon, aud) + ".",
		"public key as MAC": hs256(header(`{"alg":"HS256"}`)+claims(soon, aud), public),
		"secret as MAC":     hs256(header(`{"alg":"HS256"}`)+claims(soon, aud), []byte("demo-secret")),
		"empty":             "",
	}
}
