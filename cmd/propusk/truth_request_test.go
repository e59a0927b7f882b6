package main

import (
	"fmt"
	"net/url"

	"github.com/propusk/propusk/storage"
)

// withKeys is an app whose keys are known, so that it can sign requests.
func (w *truthWorld) withKeys(change ...func(*storage.App)) party {
	w.t.Helper()
	return w.newApp(append(change, func(a *storage.App) { a.Registration.JWKS = truthJWKS() })...)
}

// object is a whole request of the app as the claims of a request object (RFC 9101 §4).
func (w *truthWorld) object(a party) map[string]any {
	claims := map[string]any{"iss": a.id, "aud": w.issuer, "exp": w.clock.Now().Unix() + 300}
	for name, values := range a.asking("state", "inside") {
		claims[name] = values[0]
	}
	return claims
}

// askBy walks a request that names its object and the least beside it.
func (w *truthWorld) askBy(a party, name, value string) heard {
	w.t.Helper()
	outer := url.Values{"client_id": {a.id}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {a.redirect}, name: {value}}
	return w.hear(a, w.alice.walk(w.at("authorization_endpoint")+"?"+outer.Encode()))
}

func (w *truthWorld) wantInside(a party, got heard) {
	w.t.Helper()
	if got.Get("state") != "inside" {
		w.t.Fatalf("got %v by %q (%d)\n%s", got.Values, got.mode, got.page.status, clipLog(got.page.body))
	}
	all := w.granted(w.token(a.redeeming(got.Get("code"))))
	if claimsOf(w.t, all.id)["nonce"] != "nonce-of-the-app" {
		w.t.Errorf("id_token %v", claimsOf(w.t, all.id))
	}
}

func useRequestParameter(w *truthWorld, _ string) {
	a := w.withKeys()
	w.wantInside(a, w.askBy(a, "request", w.sealed(a, "RS256", w.object(a))))
}

// useRequestAlg: of an app that registered nothing, and of one that registered just this.
func useRequestAlg(w *truthWorld, alg string) {
	for _, registered := range []string{"", alg} {
		a := w.withKeys(func(a *storage.App) { a.Registration.RequestObjectAlg = registered })
		w.wantInside(a, w.askBy(a, "request", w.sealed(a, alg, w.object(a))))
	}
}

func refuseRequestAlg(w *truthWorld, alg string) {
	a := w.withKeys(signing("HS256"))
	w.wantRefusal(w.askBy(a, "request", w.sealed(a, alg, w.object(a))), "invalid_request_object")
	w.wantInvalidApp("request_object_signing_alg", func(a *storage.App) { a.Registration.RequestObjectAlg = alg })
}

// hosted is an app with a request object at an address of its own.
func (w *truthWorld) hosted(register bool) (party, string) {
	w.t.Helper()
	var uri string
	a := w.withKeys()
	uri = w.site.serve("/object-of-"+a.id, w.sealed(a, "ES256", w.object(a)))
	if register {
		w.changeApp(a.id, func(a *storage.App) { a.Registration.RequestURIs = []string{uri} })
	}
	return a, uri
}

func useRequestURI(w *truthWorld, _ string) {
	a, uri := w.hosted(true)
	w.wantInside(a, w.askBy(a, "request_uri", uri))
}

func useRequestURIRegistration(w *truthWorld, _ string) {
	a, uri := w.hosted(false)
	w.wantRefusal(w.askBy(a, "request_uri", uri), "invalid_request_uri")
}

// keysAt moves an app's keys to an address of its own.
func (w *truthWorld) keysAt(a party) {
	w.t.Helper()
	uri := w.site.serve("/keys-of-"+a.id, string(truthJWKS()))
	w.changeApp(a.id, func(a *storage.App) { a.Registration.JWKS, a.Registration.JWKSURI = nil, uri })
}

// assertion are the claims by which an app proves itself (RFC 7523 §3).
func (w *truthWorld) assertion(a party) map[string]any {
	w.proofs++
	return map[string]any{"iss": a.id, "sub": a.id, "aud": w.issuer, "jti": fmt.Sprint(w.proofs), "exp": w.clock.Now().Unix() + 60}
}
