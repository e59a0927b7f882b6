package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// otherText is another text that a lax decoder reads as the same bytes: the spare bits of its last
// character are set. Nothing where there are none.
func otherText(part string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(part)%4 == 0 || part == "" {
		return ""
	}
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last|1])
}

// spared is a JSON text, filled up so that its base64 has spare bits.
func spared(text string) string {
	for len(text)%3 != 1 {
		text += " "
	}
	return text
}

// hostileShapes are JWS of the owner, good but for their shape. good makes a payload that is used once.
func hostileShapesOf(t testing.TB, k rpKey, good func() string) map[string]string {
	t.Helper()
	whole := k.seal(t, k.head(), good())
	part := strings.Split(whole, ".")
	head, body := b64(spared(k.head())), b64(spared(good()))
	general := fmt.Sprintf(`{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]}`, part[1], part[0], part[2])
	flat := fmt.Sprintf(`{"payload":"%s","protected":"%s","signature":"%s"}`, part[1], part[0], part[2])
	rows := map[string]string{
		"JSON, two signatures": strings.Replace(general, `"signatures":[`, `"signatures":[{"protected":"e30","signature":""},`, 1),
		"JSON, general":        general, "JSON, flattened": flat, "four parts": whole + "." + part[2], "two parts": part[0] + "." + part[1],
		"JWE of five parts": part[0] + ".." + part[1] + "." + part[2] + ".x", "only dots": "..", "200 dots": strings.Repeat(".", 200), "nothing": ".",
		"dot behind": whole + ".", "dot before": "." + whole, "blank behind": whole + " ", "blank before": " " + whole, "blank inside": part[0] + ". " + part[1] + "." + part[2],
		"quoted": `"` + whole + `"`, "Bearer before": "Bearer " + whole, "twice": whole + " " + whole, "in base64 once more": b64(whole),
		"padded header": k.signed(t, part[0]+"=."+part[1]), "padded payload": k.signed(t, part[0]+"."+part[1]+"=="), "padded signature": whole + "==",
		"other bits in the header": k.signed(t, otherText(head)+"."+body), "other bits in the payload": k.signed(t, head+"."+otherText(body)),
		"other bits in the signature": part[0] + "." + part[1] + "." + otherText(part[2]),
		"base64 of mail":              k.signed(t, base64.RawStdEncoding.EncodeToString([]byte(k.head("x5t", `"~~~???>>>???~~~"`)))+"."+part[1]),
		"payload detached":            part[0] + ".." + part[2], "header empty": k.signed(t, "."+part[1]), "a nested JWS": k.seal(t, k.head("cty", `"JWT"`), `"`+whole+`"`),
		"a nested JWS in a claim": k.seal(t, k.head("cty", `"JWT"`), good()), "a JWS as it is for a payload": k.seal(t, k.head(), whole),
		"unencoded payload": k.signed(t, b64(k.head("b64", "false", "crit", `["b64"]`))+"."+part[1]),
	}
	for _, header := range []string{
		`{"alg":"RS256","alg":"RS256","kid":"one"}`, `{"alg":"none","kid":"one","alg":"RS256"}`, `{"alg":"RS256","kid":"one","kid":"one"}`, `{"alg":"RS256","kid":"one","\u006bid":"one"}`,
		`{"alg":"RS256","kid":"one"}{}`, `[{"alg":"RS256"}]`, `null`, `"RS256"`, `{"alg":"RS256","kid":"one",}`, "\ufeff" + k.head(), "{\"alg\":\"RS256\",\"kid\":\"one\",\"typ\":\"\xff\"}",
		k.head("x", strings.Repeat("[", 300)+strings.Repeat("]", 300)), k.head("typ", `"`+strings.Repeat("x", 2000)+`"`),
	} {
		rows["header "+header] = k.seal(t, header, good())
	}
	for name, value := range map[string]string{
		"crit": `["exp"]`, "crit ": `[]`, "crit  ": `["x"],"x":1`, "crit   ": `["alg","kid"]`, "crit    ": `null`, "crit     ": `["b64"],"b64":true`,
		"b64": "true", "b64 ": "false", "zip": `"DEF"`, "cty": `"JWT"`, "enc": `"A128GCM"`, "epk": `{}`, "p2c": `1000000000`, "iss": `"signer"`, "Alg": `"none"`, "ALG": `"none"`, "act": `{"sub":"x"}`,
	} {
		rows["header with "+name+" "+value] = k.seal(t, k.head(strings.TrimSpace(name), value), good())
	}
	for _, typ := range []string{`"at+jwt"`, `"application/at+jwt"`, `"AT+JWT"`, `"logout+jwt"`, `"dpop+jwt"`, `"token-introspection+jwt"`, `"secevent+jwt"`, `"JWE"`, `"JWT "`, `""`, `null`, `7`, `["JWT"]`} {
		rows["typ "+typ] = k.seal(t, k.head("typ", typ), good())
	}
	return rows
}

// assertionShape: there is one way to write a JWS, and no second reading of it.
func assertionShape(t *testing.T) {
	w := newWorld(t, inProduction)
	owner := rsaOwner()
	a := w.signs("signer", owner)
	rows := hostileShapesOf(t, owner, func() string { return string(toJSON(t, w.assertion(a))) })
	rows["typ of request objects"] = owner.seal(t, owner.head("typ", `"oauth-authz-req+jwt"`), string(toJSON(t, w.assertion(a))))
	w.wantNoClient(a, owner, rows)
	whole := w.assert(a, owner)
	for what, assertion := range map[string]string{"line end behind": whole + "\n", "line end inside": strings.Replace(whole, ".", ".\r\n", 1), "NUL behind": whole + "\x00", "invalid UTF-8": whole + "\xff"} {
		wantError(t, what, w.token(asserting(assertion)), http.StatusBadRequest, "invalid_request")
	}
	w.granted(w.token(asserting(whole)))
}

// hostilePayloads are payloads that are no object, or none that two readers would read alike; good is the
// text of an object.
func hostilePayloads(good string) map[string]string {
	rows := map[string]string{
		"invalid UTF-8": strings.Replace(good, `"iss":"`, "\"x\":\"\xff\xfe\",\"iss\":\"", 1), "UTF-16": "\xff\xfe{\x00}\x00", "a BOM before": "\ufeff" + good,
		"a tail": good + "{}", "a letter behind": good + "x", "cut": good[:len(good)-1], "two objects": good + good, "comma behind": good[:len(good)-1] + ",}",
		"a comment": "/**/" + good, "single quotes": strings.ReplaceAll(good, `"`, `'`), "NaN": good[:len(good)-1] + `,"x":NaN}`, "a number in hex": good[:len(good)-1] + `,"x":0x1}`,
		"iss twice": `{"iss":"signer",` + good[1:], "iss twice, once escaped": `{"\u0069ss":"signer",` + good[1:], "a stranger's iss before": `{"iss":"other",` + good[1:],
		"exp twice": good[:len(good)-1] + `,"exp":1}`, "200 members": `{` + manyMembers(200) + good[1:], "not closed": strings.Repeat("[", 5500), "an array of it": "[" + good + "]",
		"it as a string": string(toJSONText(good)), "deep arrays": strings.Repeat("[", 2500) + strings.Repeat("]", 2500), "deep objects": strings.Repeat(`{"a":`, 900) + "1" + strings.Repeat("}", 900),
	}
	for _, text := range []string{"null", "[]", "{}", "0", "-1", "1e999", "true", `""`, `"text"`, "", " ", "undefined", "\x00"} {
		rows["payload "+text] = text
	}
	return rows
}

// manyMembers are n members, each of its own name.
func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%d":1,`, i)
	}
	return b.String()
}

// assertionPayload: what is signed must be one JSON object of a bounded size; what nobody asked for in it
// has no effect.
func assertionPayload(t *testing.T) {
	w := newWorld(t, inProduction)
	owner := rsaOwner()
	a := w.signs("signer", owner)
	rows := map[string]string{}
	for what, payload := range hostilePayloads(string(toJSON(t, w.assertion(a)))) {
		rows[what] = owner.seal(t, owner.head(), payload)
	}
	w.wantNoClient(a, owner, rows)
	for what, size := range map[string]int{"9 KB": 9 << 10, "50 KB": 40 << 10} {
		wantError(t, what, w.token(asserting(w.assert(a, owner, "pad", strings.Repeat("x", size)))), http.StatusBadRequest, "invalid_request")
	}
	wantError(t, "1 MB", w.token(asserting(w.assert(a, owner, "pad", strings.Repeat("x", 1<<20)))), http.StatusRequestEntityTooLarge, "invalid_request")
	// Claims that say for whom or how it is, nested however deep, are not even looked at.
	deep := strings.Repeat(`{"act":`, 300) + `{"sub":"alice"}` + strings.Repeat("}", 300)
	text := string(toJSON(t, w.assertion(a, "scope", "openid users.write", "may_act", map[string]any{"sub": "demo"}, "client_id", "demo", "cnf", nil)))
	got := w.granted(w.token(asserting(owner.seal(t, owner.head(), `{"act":`+deep+","+text[1:]))))
	told := w.post("/connect/introspect", asserting(w.assert(a, owner), "grant_type", "", "scope", "", "token", got.access))
	if about := told.json(); about["active"] != true || about["client_id"] != a.id || about["scope"] != "extern.api" || about["act"] != nil || about["may_act"] != nil {
		t.Errorf("what an assertion claims besides: %d %s", told.status, told.body)
	}
	wantError(t, "token exchange", w.token(asserting(w.assert(a, owner), "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", got.access)),
		http.StatusBadRequest, "unsupported_grant_type")
}

// assertionKeyAddress: what stands at a jwks_uri is bounded, believed only if it is public keys, and not asked
// for at a stranger's pace.
func assertionKeyAddress(t *testing.T) {
	evil := newTrap(t)
	s := newSite(t)
	w := newWorld(t, inProduction, s.reached)
	owner, attacker := rsaOwner(), rsaAttacker()
	a := w.signs("signer", owner)
	w.changeApp(a.id, func(app *storage.App) { app.Registration.JWKS, app.Registration.JWKSURI = nil, s.at("/keys") })
	secret := toJSON(t, map[string]any{"keys": []any{map[string]any{"kty": "oct", "k": b64("secret")}}})
	private := strings.Replace(string(rpSet(t, owner)), `"kty"`, `"d":"AQAB","kty"`, 1)
	wide := strings.Replace(string(rpSet(t, owner)), `{"keys":[`, `{"keys":[`+strings.Repeat(`{"kty":"OKP","crv":"X25519","x":"AA"},`, 999), 1)
	for what, answer := range map[string]http.HandlerFunc{
		"symmetric keys": text(string(secret)), "private keys": text(private), "1000 keys": text(wide), "HTML": text("<html>"), "null": text("null"), "an array": text("[]"), "nothing": text(""),
		"keys of a number": text(`{"keys":7}`), "keys twice": text(`{"keys":[],"keys":[]}`), "deep": text(`{"keys":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`),
		"65 KB": text(string(rpSet(t, owner)) + strings.Repeat(" ", 65<<10)), "endless": endlessAnswer, "a redirect to keys": leadingTo(s.at("/good")), "a redirect to the attacker": leadingTo(evil.at("/")),
		"404 with keys": withStatus(http.StatusNotFound, string(rpSet(t, owner))), "500": withStatus(http.StatusInternalServerError, ""), "cut off": cutOff, "a bomb": bomb(string(rpSet(t, owner))), "a stranger's keys": text(string(rpSet(t, attacker))),
	} {
		s.answers(answer)
		w.clock.Advance(10 * time.Minute)
		wantError(t, what, w.token(asserting(w.assert(a, owner))), http.StatusUnauthorized, "invalid_client")
	}
	s.answers(text(string(rpSet(t, owner))))
	w.clock.Advance(10 * time.Minute)
	w.granted(w.token(asserting(w.assert(a, owner))))
	// 300 made-up kids in ten seconds, from anybody: the app's server hears little of it.
	before := s.calls()
	for i := range 100 {
		k := rpKey{fmt.Sprint("made-up-", i), "RS256", attacker.private}
		wantError(t, "made-up kid", w.token(asserting(w.assert(a, k))), http.StatusUnauthorized, "invalid_client")
		w.clock.Advance(100 * time.Millisecond)
	}
	if n := s.calls() - before; n > 6 {
		t.Errorf("%d calls to a jwks_uri within ten seconds", n)
	}
	evil.wantNobody(t)
}
