package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// hostileRequestObject holds the cases of requests that came as a signed JWT.
var hostileRequestObject = map[string]func(*testing.T){
	"HC-110": requestAlgs,
	"HC-111": requestShape,
	"HC-112": requestOutside,
	"HC-113": requestURIs,
	"HC-114": requestHosts,
}

// requestObject are the good claims of an app's request object, with changes.
func (w *world) requestObject(a party, changes ...any) map[string]any {
	claims := map[string]any{"iss": a.id, "aud": w.issuer, "exp": w.clock.Now().Unix() + 60}
	for name, values := range a.asking("state", "inner", "nonce", "inner-nonce") {
		claims[name] = values[0]
	}
	return with(claims, changes...)
}

// object signs the good claims of an app's request, with changes.
func (w *world) object(a party, k rpKey, changes ...any) string {
	w.t.Helper()
	return k.seal(w.t, k.head(), string(toJSON(w.t, w.requestObject(a, changes...))))
}

// carrying is an authorization request that says little but its object, with changes.
func (a party) carrying(object string, pairs ...string) url.Values {
	return changed(url.Values{"client_id": {a.id}, "response_type": {"code"}, "scope": {"openid"}, "request": {object}}, pairs...)
}

// wantNoRequest: none of the objects is believed, in anything: there is a page, by GET and POST; the app hears of it only at
// an address that came outside and is registered, with what stood outside. code is the error.
func (w *world) wantNoRequest(a party, code string, asked map[string]url.Values) {
	w.t.Helper()
	before := w.stored()
	for what, form := range asked {
		wantRefusedHere(w.t, what, w.get(authorizePath(form)))
		wantRefusedHere(w.t, what+", by POST", w.post("/connect/authorize", form))
		evil := changed(form, "redirect_uri", "https://evil.example/cb", "state", "outer")
		wantRefusedHere(w.t, what+", an unregistered address outside", w.get(authorizePath(evil)))
		got := w.get(authorizePath(changed(form, "redirect_uri", a.redirect, "state", "outer", "prompt", "none")))
		wantErrorRedirect(w.t, what+", the registered address outside", a, got, code)
		if to := got.location(); to != nil && (to.Query().Get("state") != "outer" || to.Query().Get("iss") != w.issuer) {
			w.t.Errorf("%s: the app is told %s", what, to)
		}
	}
	w.wantUnchanged("requests that were refused", before)
}

// wantRequest: the object leads to a code and its own state.
func (w *world) wantRequest(p *person, a party, form url.Values) {
	w.t.Helper()
	to := p.walk(authorizePath(form)).location()
	if to == nil || !strings.HasPrefix(to.String(), a.redirect+"?") || to.Query().Get("code") == "" || to.Query().Get("state") != "inner" {
		w.t.Fatalf("an honest request object: %v", to)
	}
	got := w.token(changed(asserting(""), "grant_type", "authorization_code", "scope", "", "code", to.Query().Get("code"), "redirect_uri", a.redirect,
		"code_verifier", verifier, "client_assertion", w.assert(a, rsaOwner())))
	if claims := claimsOf(w.t, w.granted(got).id); claims["nonce"] != "inner-nonce" {
		w.t.Errorf("nonce %v", claims["nonce"])
	}
}

// objects makes requests of objects.
func (a party) objects(objects map[string]string) map[string]url.Values {
	asked := map[string]url.Values{}
	for what, object := range objects {
		asked[what] = a.carrying(object)
	}
	return asked
}

// requestAlgs: a request object is verified by what is registered, whatever it says; there is no unsigned one.
func requestAlgs(t *testing.T) {
	evil := newTrap(t)
	w := newWorld(t, inProduction)
	owner, attacker := rsaOwner(), rsaAttacker()
	a, other := w.signs("signer", owner), w.signs("other", attacker)
	good := string(toJSON(t, w.requestObject(a)))
	rows := map[string]string{
		"another key under our kid": attacker.seal(t, attacker.head(), good), "another app's": w.object(other, attacker), "signed by RS384": rpKey{"one", "RS384", owner.private}.seal(t, `{"alg":"RS384","kid":"one"}`, good),
		"embedded jwk":  attacker.seal(t, `{"alg":"RS256","jwk":`+string(toJSON(t, attacker.jwk()))+`}`, good),
		"jku":           attacker.seal(t, attacker.head("jku", `"`+evil.at("/")+`"`), good),
		"x5u":           attacker.seal(t, attacker.head("x5u", `"`+evil.at("/")+`"`), good),
		"kid as an URL": owner.seal(t, `{"alg":"RS256","kid":"`+evil.at("/")+`"}`, good), "kid as a path": owner.seal(t, `{"alg":"RS256","kid":"../../one"}`, good),
		"empty secret": mac(nil, `{"alg":"HS256"}`, good), "own client_id as a secret": mac([]byte(a.id), `{"alg":"HS256"}`, good), "none, without a word": "e30.e30.",
	}
	for _, alg := range []string{`"none"`, `"None"`, `"NONE"`, `"HS256"`, `"PS256"`, `"ES256"`, `""`, `null`, `["none"]`} {
		rows["alg "+alg] = b64(`{"alg":`+alg+`,"kid":"one"}`) + "." + b64(good) + "."
		rows["alg "+alg+" over a signature of RS256"] = owner.seal(t, `{"alg":`+alg+`,"kid":"one"}`, good)
	}
	for form, secret := range owner.publicForms(t) {
		rows["public key as a secret, "+form] = mac(secret, `{"alg":"HS256","kid":"one"}`, good)
	}
	w.wantNoRequest(a, "invalid_request_object", a.objects(rows))
	secret := w.addApp(storage.App{ID: "by-secret", RedirectURIs: []string{"https://by-secret.example/cb"}, AuthMethods: []string{storage.AuthSecretJWT}})
	mine := string(toJSON(t, w.requestObject(secret)))
	w.wantNoRequest(secret, "invalid_request_object", secret.objects(map[string]string{"its secret": mac([]byte(secret.secret), `{"alg":"HS256"}`, mine), "no keys": owner.seal(t, owner.head(), mine)}))
	w.wantRequest(w.person("alice"), a, a.carrying(w.object(a, owner)))
	w.changeApp(a.id, func(app *storage.App) { app.Registration.RequestObjectAlg = "PS256" })
	w.wantNoRequest(a, "invalid_request_object", a.objects(map[string]string{"not the registered algorithm": w.object(a, owner)}))
	evil.wantNobody(t)
}

// requestShape: what is no JWS of one plain object is none, and no other kind of JWT is a request.
func requestShape(t *testing.T) {
	s := newSite(t)
	w := newWorld(t, s.reached)
	owner := rsaOwner()
	a := w.signs("signer", owner)
	rows := hostileShapesOf(t, owner, func() string { return string(toJSON(t, w.requestObject(a))) })
	for what, payload := range hostilePayloads(string(toJSON(t, w.requestObject(a)))) {
		rows[what] = owner.seal(t, owner.head(), payload)
	}
	rows["10,000 levels"] = owner.seal(t, owner.head(), `{"x":`+strings.Repeat("[", 10050)+strings.Repeat("]", 10050)+"}")
	rows["typ of assertions"] = owner.seal(t, owner.head("typ", `"client-authentication+jwt"`), string(toJSON(t, w.requestObject(a))))
	rows["an assertion"] = w.assert(a, owner)
	rows["an assertion with a redirect_uri"] = w.object(a, owner, "sub", a.id)
	all := w.login(w.person("alice"), demoApp)
	rows["our id_token"], rows["our logout token"], rows["our access token"] = all.id, w.logoutToken(s), w.ownToken()
	w.wantNoRequest(a, "invalid_request_object", a.objects(rows))
	w.wantRequest(w.person("alice"), a, a.carrying(w.object(a, owner)))
}
