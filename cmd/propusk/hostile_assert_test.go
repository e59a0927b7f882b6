package main

import (
	"crypto"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// hostileAssertion holds the cases of apps that prove themselves by a JWT.
var hostileAssertion = map[string]func(*testing.T){
	"HC-101": assertionAlgs,
	"HC-102": assertionKeys,
	"HC-103": assertionKeyAddress,
	"HC-104": assertionShape,
	"HC-105": assertionPayload,
	"HC-106": assertionClaims,
	"HC-107": assertionOnce,
	"HC-108": assertionBeside,
	"HC-109": assertionOfOtherKinds,
}

// assertion are the good claims of an app's assertion, with changes; each has a jti of its own.
func (w *world) assertion(a party, changes ...any) map[string]any {
	now := w.clock.Now().Unix()
	return with(map[string]any{"iss": a.id, "sub": a.id, "aud": w.issuer, "jti": storage.NewID(), "iat": now, "exp": now + 60}, changes...)
}

// assert signs the good claims of an app as an honest client does, with changes.
func (w *world) assert(a party, k rpKey, changes ...any) string {
	w.t.Helper()
	return k.seal(w.t, k.head(), string(toJSON(w.t, w.assertion(a, changes...))))
}

// wantNoClient: every one of the assertions is refused in the very same words, nothing of them is used up,
// and the app is let in afterwards by an honest one.
func (w *world) wantNoClient(a party, k rpKey, assertions map[string]string) {
	w.t.Helper()
	before := w.stored()
	answers := map[string]string{}
	for what, assertion := range assertions {
		got := w.token(asserting(assertion))
		wantError(w.t, what, got, http.StatusUnauthorized, "invalid_client")
		answers[got.body+got.header.Get("WWW-Authenticate")] = what
	}
	if len(answers) != 1 {
		w.t.Errorf("refusals tell what was wrong: %v", answers)
	}
	w.wantUnchanged("assertions that were refused", before)
	w.granted(w.token(asserting(w.assert(a, k))))
}

// assertionAlgs: nothing in a JWT chooses how it is verified.
func assertionAlgs(t *testing.T) {
	w := newWorld(t, inProduction)
	owner, elliptic := rsaOwner(), ecKey(t, "ec")
	a := w.signs("signer", owner, elliptic)
	good := string(toJSON(t, w.assertion(a)))
	sealed := strings.Split(owner.seal(t, owner.head(), good), ".")
	der, err := elliptic.private.Sign(rand.Reader, make([]byte, 32), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{
		"signed by RS384": rpKey{"one", "RS384", owner.private}.seal(t, `{"alg":"RS384","kid":"one"}`, good),
		"signed by RS512": rpKey{"one", "RS512", owner.private}.seal(t, `{"alg":"RS512","kid":"one"}`, good),
		"PS256 said RS":   rpKey{"one", "PS256", owner.private}.seal(t, owner.head(), good),
		"zero signature":  b64(elliptic.head()) + "." + b64(good) + "." + b64(string(make([]byte, 64))),
		"no signature":    b64(elliptic.head()) + "." + b64(good) + ".",
		"DER signature":   b64(elliptic.head()) + "." + b64(good) + "." + b64(string(der)),
		"EC kid, RSA alg": owner.seal(t, `{"alg":"RS256","kid":"ec"}`, good),
		"own client_id":   mac([]byte(a.id), `{"alg":"HS256"}`, good),
		"empty secret":    mac(nil, `{"alg":"HS256"}`, good),
	}
	for _, alg := range []string{`"none"`, `"None"`, `"nOnE"`, `"HS256"`, `"PS256"`, `"ES256"`, `"EdDSA"`, `"RS1"`, `"rs256"`, `"RS256 "`, `"dir"`, `"RSA-OAEP"`, `""`, `null`, `0`, `["RS256"]`} {
		head := `{"alg":` + alg + `,"kid":"one"}`
		rows["alg "+alg+" over an RS256 signature"] = owner.seal(t, head, good)
		rows["alg "+alg+" with the signature of RS256"] = b64(head) + "." + sealed[1] + "." + sealed[2]
		rows["alg "+alg+" without a signature"] = b64(head) + "." + b64(good) + "."
	}
	rows["alg missing"] = owner.seal(t, `{"kid":"one"}`, good)
	for _, k := range []rpKey{owner, elliptic} {
		for form, secret := range k.publicForms(t) {
			rows["public "+k.alg+" key as a secret, "+form] = mac(secret, `{"alg":"HS256","kid":"`+k.kid+`"}`, good)
		}
	}
	w.wantNoClient(a, owner, rows)
	// One algorithm is registered: the others of the same keys are none of the app's.
	w.changeApp(a.id, func(app *storage.App) { app.Registration.AuthSigningAlg = "ES256" })
	w.wantNoClient(a, elliptic, map[string]string{"RS256": w.assert(a, owner), "PS256": w.assert(a, rpKey{"one", "PS256", owner.private})})
	w.assertionBySecret(owner)
}

// assertionBySecret is the same the other way round: an app that signs by its secret.
func (w *world) assertionBySecret(stranger rpKey) {
	w.t.Helper()
	a := w.addApp(storage.App{
		ID: "by-secret", RedirectURIs: []string{"https://by-secret.example/cb"}, AuthMethods: []string{storage.AuthSecretJWT},
		GrantTypes: []string{storage.GrantClientCredentials}, Registration: storage.Registration{JWKS: rpSet(w.t, stranger)},
	})
	good := func() string { return string(toJSON(w.t, w.assertion(a))) }
	head := `{"alg":"HS256"}`
	before := w.stored()
	for what, assertion := range map[string]string{
		"by a registered key": stranger.seal(w.t, stranger.head(), good()), "said HS256, by the key": stranger.seal(w.t, head, good()),
		"HS384": mac([]byte(a.secret), `{"alg":"HS384"}`, good()), "HS512": mac([]byte(a.secret), `{"alg":"HS512"}`, good()),
		"none": b64(`{"alg":"none"}`) + "." + b64(good()) + ".", "another app's secret": mac([]byte("demo-secret"), head, good()),
		"empty": mac(nil, head, good()), "with a line end": mac([]byte(a.secret+"\n"), head, good()), "in base64": mac([]byte(b64(a.secret)), head, good()),
		"public key": mac(stranger.publicForms(w.t)["PEM"], head, good()),
	} {
		wantError(w.t, "client_secret_jwt, "+what, w.token(asserting(assertion)), http.StatusUnauthorized, "invalid_client")
	}
	plain := a.signed(asserting("", "client_assertion", "", "client_assertion_type", ""))
	wantError(w.t, "the secret itself", w.token(plain), http.StatusUnauthorized, "invalid_client")
	w.wantUnchanged("client_secret_jwt", before)
	w.granted(w.token(asserting(mac([]byte(a.secret), head, good()))))
}

// assertionKeys: which key counts, the registration says; the JWT can only name one of these.
func assertionKeys(t *testing.T) {
	evil := newTrap(t)
	w := newWorld(t, inProduction)
	owner, attacker := rsaOwner(), rsaAttacker()
	a, other := w.signs("signer", owner), w.signs("other", attacker)
	claims := func() string { return string(toJSON(t, w.assertion(a))) }
	rows := map[string]string{
		"another key under our kid":  attacker.seal(t, attacker.head(), claims()),
		"another app's assertion":    attacker.seal(t, attacker.head(), string(toJSON(t, w.assertion(other, "sub", a.id)))),
		"another app's iss":          attacker.seal(t, attacker.head(), string(toJSON(t, w.assertion(other, "iss", a.id)))),
		"our assertion for another":  owner.seal(t, owner.head(), string(toJSON(t, w.assertion(other)))),
		"an app without keys":        owner.seal(t, owner.head(), string(toJSON(t, w.assertion(demoApp)))),
		"an app that is not there":   owner.seal(t, owner.head(), string(toJSON(t, w.assertion(party{id: "nobody"})))),
		"embedded jwk of a stranger": attacker.seal(t, `{"alg":"RS256","jwk":`+string(toJSON(t, attacker.jwk()))+`}`, claims()),
		"embedded jwk, kid beside":   attacker.seal(t, attacker.head("jwk", string(toJSON(t, attacker.jwk()))), claims()),
		"x5c of a stranger":          attacker.seal(t, attacker.head("x5c", `["MIIB"]`), claims()),
	}
	for _, name := range []string{"jku", "x5u"} {
		for _, uri := range []string{evil.at("/keys"), strings.Replace(evil.at("/keys"), "https", "http", 1), "file:///etc/passwd", "https://signer.example@127.0.0.1:" + evil.port + "/"} {
			rows[name+" "+uri+" by a stranger"] = attacker.seal(t, attacker.head(name, `"`+uri+`"`), claims())
			rows[name+" "+uri+" by ourselves"] = owner.seal(t, owner.head(name, `"`+uri+`"`), claims())
		}
	}
	for _, kid := range []string{
		`"../../one"`, `"one/../one"`, `"..\\one"`, `"/etc/passwd"`, `"/dev/null"`, `"one' OR '1'='1"`, `"one'; DROP TABLE apps; --"`, `"one\u0000"`, `"one%00"`,
		`"` + evil.at("/key") + `"`, `"ONE"`, `"one "`, `" one"`, `"оne"`, `"*"`, `"%"`, `""`, `null`, `1`, `true`, `["one"]`, `{"kid":"one"}`, `"` + strings.Repeat("k", 300) + `"`,
	} {
		rows["kid "+kid] = owner.seal(t, `{"alg":"RS256","kid":`+kid+`}`, claims())
	}
	w.wantNoClient(a, owner, rows)
	huge := owner.seal(t, `{"alg":"RS256","kid":"`+strings.Repeat("k", 10<<10)+`"}`, claims())
	wantError(t, "kid of 10 KB", w.token(asserting(huge)), http.StatusBadRequest, "invalid_request")
	assertionKid(t, w)
	evil.wantNobody(t)
}

// assertionKid: without a kid, and under one that several keys have, a few keys are tried and no more.
func assertionKid(t *testing.T, w *world) {
	t.Helper()
	var keys []rpKey
	for range 8 {
		keys = append(keys, ecKey(t, "same"))
	}
	a := w.signs("many", keys...)
	for i, k := range keys {
		for what, head := range map[string]string{"without kid": `{"alg":"ES256"}`, "under the kid of all": k.head()} {
			got := w.token(asserting(k.seal(t, head, string(toJSON(t, w.assertion(a))))))
			if good := got.status == http.StatusOK; good != (i < 4) {
				t.Errorf("key %d of %d %s: got %d", i, len(keys), what, got.status)
			}
		}
	}
	var private map[string]any
	_ = json.Unmarshal(toJSON(t, keys[0].jwk()), &private)
	if private["d"] != nil || private["kid"] != "same" {
		t.Errorf("the test's own keys: %v", private)
	}
}
