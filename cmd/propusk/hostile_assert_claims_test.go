package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// assertionClaims: an assertion is of one app, for this provider, for now.
func assertionClaims(t *testing.T) {
	w := newWorld(t, inProduction)
	owner := rsaOwner()
	a, other := w.signs("signer", owner), w.signs("other", rsaAttacker())
	now := w.clock.Now().Unix()
	var many []string
	for range 200 {
		many = append(many, "https://evil.example")
	}
	values := map[string][]any{
		"iss": {nil, json.RawMessage("null"), "", other.id, "nobody", w.issuer, "Signer", "signer ", "signer\x00", 7, []string{a.id}, map[string]any{"sub": a.id}, strings.Repeat("s", 3000)},
		"sub": {nil, json.RawMessage("null"), "", other.id, "nobody", w.userID("alice"), "SIGNER", " signer", 7, []string{a.id}, true, strings.Repeat("s", 3000)},
		"aud": {
			nil, json.RawMessage("null"), "", 7, true, map[string]any{}, []string{}, []string{""}, []any{nil}, []any{w.issuer, 7}, [][]string{{w.issuer}}, "https://evil.example",
			w.issuer + "/", w.issuer[:len(w.issuer)-1], w.issuer + ".evil.example", w.issuer + "@evil.example", w.issuer + ":443", strings.ToUpper(w.issuer), "http://id.example", "id.example", "//id.example",
			w.issuer + "/connect/token/", w.issuer + "/connect/token?x=1", w.issuer + "/connect/authorize", w.issuer + "//connect/token", w.issuer + " ", a.id,
			[]string{w.issuer, "https://evil.example"}, []string{"https://evil.example", w.issuer}, append(slices.Clone(many), w.issuer), many,
		},
		"exp": {
			nil, json.RawMessage("null"), "soon", "1e300", now - 30, now - 31, now - 86400, 0, -1, json.RawMessage("-1e300"), json.RawMessage("1e300"), json.RawMessage("1e18"), json.RawMessage("9223372036854775808"),
			now + 3700, now + 10*365*86400, now * 1000, true, []int64{now + 60}, map[string]any{}, float64(now) - 30.5, "", json.RawMessage(`"` + "1790000000" + `"`),
		},
		"nbf": {json.RawMessage("null"), now + 60, now + 86400, json.RawMessage("1e300"), -1, "now", []int64{now}, true},
		"iat": {json.RawMessage("null"), now + 60, json.RawMessage("1e300"), -1, "now", []int64{now}, false},
		"jti": {nil, json.RawMessage("null"), "", 7, json.RawMessage("1e300"), true, []string{"j"}, map[string]any{"j": 1}, strings.Repeat("j", 513), strings.Repeat("j", 3000)},
	}
	rows := map[string]string{}
	for name, list := range values {
		for _, value := range list {
			rows[name+" "+string(toJSON(t, value))] = w.assert(a, owner, name, value)
		}
	}
	w.wantNoClient(a, owner, rows)
	for what, assertion := range map[string]string{
		"for the token endpoint": w.assert(a, owner, "aud", w.issuer+"/connect/token"), "in a list": w.assert(a, owner, "aud", []string{w.issuer, w.issuer + "/connect/token"}),
		"a clock 8 seconds ahead": w.assert(a, owner, "nbf", now+8, "iat", now+8), "an hour": w.assert(a, owner, "exp", now+3600), "a long jti": w.assert(a, owner, "jti", strings.Repeat("j", 512)),
	} {
		if got := w.token(asserting(assertion)); got.status != http.StatusOK {
			t.Errorf("%s: got %d %s", what, got.status, got.body)
		}
	}
}

// assertionOnce: a jti is good once, whoever is first and however long it may be tried.
func assertionOnce(t *testing.T) {
	w := newWorld(t, inProduction)
	owner := ecKey(t, "one")
	a, other := w.signs("signer", owner), w.signs("other", owner)
	soon := w.clock.Now().Add(time.Hour).Unix()
	once := w.assert(a, owner, "jti", "same", "exp", soon)
	status := map[int]int{}
	for _, got := range atOnce(32, func() *reply { return w.token(asserting(once)) }) {
		status[got.status]++
	}
	if status[http.StatusOK] != 1 || status[http.StatusUnauthorized] != 31 {
		t.Errorf("the same assertion 32 times at once: %v", status)
	}
	anew := func() *reply { return w.token(asserting(w.assert(a, owner, "jti", "same", "exp", soon))) }
	for _, got := range append(atOnce(8, anew), anew(), w.token(asserting(w.assert(a, owner, "jti", "s\u0061me")))) {
		wantError(t, "the same jti signed anew", got, http.StatusUnauthorized, "invalid_client")
	}
	// The jti of one app is nothing to another; and where it was tried in vain it is not used up.
	w.granted(w.token(asserting(w.assert(other, owner, "jti", "same"))))
	spared := w.assert(a, owner, "jti", "spared")
	wantError(t, "beside another client_id", w.token(asserting(spared, "client_id", other.id)), http.StatusUnauthorized, "invalid_client")
	wantError(t, "beside a secret", w.token(asserting(spared, "client_secret", "x")), http.StatusBadRequest, "invalid_request")
	w.granted(w.token(asserting(spared)))
	// Another endpoint is no second chance, and neither is time, whatever is swept meanwhile.
	asking := asserting(once, "grant_type", "", "scope", "", "token", "x")
	for range 4 {
		for _, path := range []string{"/connect/introspect", "/connect/revocation", "/connect/deviceauthorization"} {
			wantError(t, "replayed at "+path, w.post(path, asking), http.StatusUnauthorized, "invalid_client")
		}
		wantError(t, "replayed", w.token(asserting(once)), http.StatusUnauthorized, "invalid_client")
		w.clock.Advance(20*time.Minute + 10*time.Second)
		_, err := w.db.Sweep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(time.Hour)
	_, err := w.db.Sweep(t.Context())
	if n := w.stored()["assertions"]; err != nil || n != 0 {
		t.Errorf("%d used assertions are kept after their time: %v", n, err)
	}
}

// assertionBeside: one method, the registered one, in the body of a POST.
func assertionBeside(t *testing.T) {
	w := newWorld(t, inProduction)
	owner := rsaOwner()
	a := w.signs("signer", owner)
	before := w.stored()
	good := func() string { return w.assert(a, owner) }
	for what, tt := range map[string]struct {
		form    url.Values
		headers []string
		status  int
		code    string
	}{
		"Basic beside":                 {asserting(good()), []string{"Authorization", demoApp.basic()}, 400, "invalid_request"},
		"empty Basic beside":           {asserting(good()), []string{"Authorization", "Basic Og=="}, 400, "invalid_request"},
		"Bearer beside":                {asserting(good()), []string{"Authorization", "Bearer x"}, 400, "invalid_request"},
		"a secret beside":              {asserting(good(), "client_secret", "demo-secret"), nil, 400, "invalid_request"},
		"an app with secret beside":    {demoApp.signed(asserting(good())), nil, 400, "invalid_request"},
		"another client_id":            {asserting(good(), "client_id", demoApp.id), nil, 401, "invalid_client"},
		"a public client_id":           {asserting(good(), "client_id", spaApp.id), nil, 401, "invalid_client"},
		"client_id in capitals":        {asserting(good(), "client_id", "SIGNER"), nil, 401, "invalid_client"},
		"type of SAML":                 {asserting(good(), "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), nil, 401, "invalid_client"},
		"type in capitals":             {asserting(good(), "client_assertion_type", strings.ToUpper(assertionType)), nil, 401, "invalid_client"},
		"no type":                      {asserting(good(), "client_assertion_type", ""), nil, 401, "invalid_client"},
		"type alone":                   {asserting("", "client_assertion", ""), nil, 401, "invalid_client"},
		"type alone, with a client_id": {asserting("", "client_assertion", "", "client_id", a.id), nil, 401, "invalid_client"},
		"nothing but the client_id":    {asserting("", "client_assertion", "", "client_assertion_type", "", "client_id", a.id), nil, 401, "invalid_client"},
		"a made-up secret":             {asserting("", "client_assertion", "", "client_assertion_type", "", "client_id", a.id, "client_secret", "x"), nil, 401, "invalid_client"},
		"the assertion as a secret":    {asserting("", "client_assertion", "", "client_assertion_type", "", "client_id", a.id, "client_secret", good()[:500]), nil, 401, "invalid_client"},
		"the assertion in Bearer":      {asserting("", "client_assertion", "", "client_assertion_type", ""), []string{"Authorization", "Bearer " + good()}, 401, "invalid_client"},
		"as assertion":                 {asserting("", "client_assertion", "", "assertion", good()), nil, 401, "invalid_client"},
		"at the seeded demo":           {asserting(owner.seal(t, owner.head(), string(toJSON(t, w.assertion(demoApp)))), "client_id", demoApp.id), nil, 401, "invalid_client"},
	} {
		wantError(t, what, w.token(tt.form, tt.headers...), tt.status, tt.code)
	}
	form := asserting(good())
	for _, name := range []string{"client_assertion", "client_assertion_type"} {
		twice := changed(form)
		twice[name] = []string{form.Get(name), form.Get(name)}
		wantError(t, name+" twice", w.token(twice), http.StatusBadRequest, "invalid_request")
		aside := changed(form, name, "")
		got := w.post("/connect/token?"+url.Values{name: form[name]}.Encode(), aside)
		wantError(t, name+" in the query", got, http.StatusBadRequest, "invalid_request")
	}
	wantError(t, "by GET", w.get("/connect/token?"+form.Encode()), http.StatusMethodNotAllowed, "invalid_request")
	w.wantUnchanged("all of them", before)
	if strings.Contains(w.log.String(), strings.Split(form.Get("client_assertion"), ".")[2]) {
		t.Error("the log knows an assertion")
	}
	w.granted(w.token(changed(form, "client_id", a.id)))
	w.changeApp(a.id, func(app *storage.App) { app.Enabled = false })
	wantError(t, "a disabled app", w.token(asserting(good())), http.StatusUnauthorized, "invalid_client")
}

// assertionOfOtherKinds: no other JWT that anybody signed for another purpose proves an app.
func assertionOfOtherKinds(t *testing.T) {
	s := newSite(t)
	w := newWorld(t, s.reached)
	owner := rsaOwner()
	jwt := w.addJWTApp()
	got := w.login(w.person("alice"), jwt)
	a := w.signs("signer", owner)
	w.changeApp(a.id, func(app *storage.App) { app.Registration.UserinfoAlg = "RS256" })
	rows := map[string]string{
		"an id_token": got.id, "an access token": got.access, "a refresh token": got.refresh, "a token of its own": w.ownToken(), "a logout token": w.logoutToken(s),
		"a request object":               owner.seal(t, owner.head(), string(toJSON(t, w.requestObject(a)))),
		"a request object with its typ":  owner.seal(t, owner.head("typ", `"oauth-authz-req+jwt"`), string(toJSON(t, w.requestObject(a, "sub", a.id, "jti", "j")))),
		"claims of an id_token, by RP":   owner.seal(t, owner.head(), string(toJSON(t, claimsOf(t, got.id)))),
		"a userinfo answer, by RP":       owner.seal(t, owner.head(), `{"sub":"`+a.id+`","iss":"`+a.id+`","aud":"`+w.issuer+`"}`),
		"a PAT, an app's key, a user id": "propusk_pat_x",
	}
	w.wantNoClient(a, owner, rows)
	// Not even where an app calls our keys its own.
	var keys json.RawMessage = []byte(w.get("/.well-known/openid-configuration/jwks").body)
	w.changeApp(a.id, func(app *storage.App) { app.Registration.JWKS = keys })
	for what, assertion := range rows {
		wantError(t, what+", our keys registered", w.token(asserting(assertion)), http.StatusUnauthorized, "invalid_client")
	}
}
