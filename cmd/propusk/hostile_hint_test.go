package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// hostileHint holds the cases of id_tokens that are sent back to us.
var hostileHint = map[string]func(*testing.T){
	"HC-115": hintAtAuthorize,
	"HC-116": hintAtLogout,
}

// ownKey is our own signing key of an algorithm, to make JWTs that we would never make.
func (w *world) ownKey() rpKey {
	w.t.Helper()
	keys, _, err := w.db.SigningKeys(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range keys {
		if k.Alg == "RS256" {
			return rpKey{k.ID, k.Alg, k.Private}
		}
	}
	w.t.Fatal("no RSA key")
	return rpKey{}
}

// otherKid is the kid of a key of ours of another algorithm.
func (w *world) otherKid() string {
	set, _ := w.jwks()
	for _, k := range set.Keys {
		if k.Algorithm != "RS256" {
			return k.KeyID
		}
	}
	w.t.Fatal("no second algorithm")
	return ""
}

// falseHints are JWTs that are no id_token of ours, though much of them is genuine. good is one.
func (w *world) falseHints(t *testing.T, evil *trap, s *site, good string) map[string]string {
	t.Helper()
	ours, stranger := w.ownKey(), rsaAttacker()
	claims := claimsOf(t, good)
	text := string(toJSON(t, claims))
	head := ours.head("typ", `"JWT"`)
	part := strings.Split(good, ".")
	foreign := newWorld(t, inProduction)
	rows := map[string]string{
		"of another provider": foreign.login(foreign.person("alice"), demoApp).id, "an access token": w.ownToken(), "a logout token": w.logoutToken(s), "no typ, as userinfo answers": ours.seal(t, ours.head(), text),
		"another iss": ours.seal(t, head, string(toJSON(t, with(claims, "iss", "https://evil.example")))), "iss with a slash": ours.seal(t, head, string(toJSON(t, with(claims, "iss", w.issuer+"/")))),
		"iss missing": ours.seal(t, head, string(toJSON(t, with(claims, "iss", nil)))), "sub missing": ours.seal(t, head, string(toJSON(t, with(claims, "sub", nil)))), "sub a number": ours.seal(t, head, string(toJSON(t, with(claims, "sub", 7)))),
		"sub a list": ours.seal(t, head, string(toJSON(t, with(claims, "sub", []string{"x"})))), "aud a list": ours.seal(t, head, string(toJSON(t, with(claims, "aud", []string{demoApp.id, "evil"})))),
		"payload null": ours.seal(t, head, "null"), "payload a list": ours.seal(t, head, "[]"), "payload empty": ours.seal(t, head, ""), "payload deep": ours.seal(t, head, strings.Repeat("[", 2000)+strings.Repeat("]", 2000)),
		"a stranger's key, our kid": stranger.seal(t, head, text), "a stranger's kid": stranger.seal(t, stranger.head("typ", `"JWT"`), text), "an embedded key": stranger.seal(t, stranger.head("typ", `"JWT"`, "jwk", string(toJSON(t, stranger.jwk()))), text),
		"jku": stranger.seal(t, stranger.head("typ", `"JWT"`, "jku", `"`+evil.at("/")+`"`), text), "our kid, jku": stranger.seal(t, ours.head("typ", `"JWT"`, "jku", `"`+evil.at("/")+`"`, "x5u", `"`+evil.at("/")+`"`), text),
		"no kid": ours.seal(t, `{"alg":"RS256","typ":"JWT"}`, text), "kid as a path": ours.seal(t, `{"alg":"RS256","typ":"JWT","kid":"../`+ours.kid+`"}`, text), "kid of another algorithm": ours.seal(t, `{"alg":"RS256","typ":"JWT","kid":"`+w.otherKid()+`"}`, text),
		"kid null": ours.seal(t, `{"alg":"RS256","typ":"JWT","kid":null}`, text), "crit": ours.seal(t, ours.head("typ", `"JWT"`, "crit", `["x"]`, "x", "1"), text), "alg PS256 over RS256": ours.seal(t, `{"alg":"PS256","typ":"JWT","kid":"`+ours.kid+`"}`, text),
		"payload changed": part[0] + "." + b64(string(toJSON(t, with(claims, "sub", w.userID("bob"))))) + "." + part[2], "signature cut": good[:len(good)-4], "no signature": part[0] + "." + part[1] + ".", "two parts": part[0] + "." + part[1],
		"a JWE": part[0] + ".." + part[1] + "." + part[2] + ".x", "JSON": `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `"}`, "dots": "..", "null": "null", "a code": "x", "the sub itself": w.userID("alice"),
	}
	for _, alg := range []string{"none", "None", "NONE", "HS256", "HS512", ""} {
		rows["alg "+alg] = b64(`{"alg":"`+alg+`","typ":"JWT","kid":"`+ours.kid+`"}`) + "." + part[1] + "."
		rows["alg "+alg+", the old signature"] = b64(`{"alg":"`+alg+`","typ":"JWT","kid":"`+ours.kid+`"}`) + "." + part[1] + "." + part[2]
	}
	for form, secret := range ours.publicForms(t) {
		rows["our public key as a secret, "+form] = mac(secret, `{"alg":"HS256","typ":"JWT","kid":"`+ours.kid+`"}`, text)
	}
	rows["the app's secret"] = mac([]byte(demoApp.secret), `{"alg":"HS256","typ":"JWT"}`, text)
	return rows
}

// hintAtAuthorize: an id_token_hint says whom the app means, and only we can have said so before.
func hintAtAuthorize(t *testing.T) {
	evil, s := newTrap(t), newSite(t)
	w := newWorld(t, s.reached)
	p := w.person("alice")
	all := w.login(p, demoApp)
	for what, hint := range w.falseHints(t, evil, s, all.id) {
		asked := demoApp.asking("prompt", "none", "id_token_hint", hint)
		wantErrorRedirect(t, what, demoApp, p.get(authorizePath(asked)), "invalid_request")
		wantErrorRedirect(t, what+", by POST", demoApp, p.post("/connect/authorize", asked), "invalid_request")
	}
	wantErrorRedirect(t, "9 KB", demoApp, p.get(authorizePath(demoApp.asking("id_token_hint", strings.Repeat("x", 9<<10)))), "invalid_request")
	none := func(a party, hint string) *reply {
		return p.get(authorizePath(a.asking("prompt", "none", "id_token_hint", hint)))
	}
	p.wantCode("a good hint", none(demoApp, all.id))
	// Somebody else is meant: no answer for the person who happens to be signed in.
	bob := w.login(w.person("bob"), demoApp)
	wantErrorRedirect(t, "bob is meant", demoApp, none(demoApp, bob.id), "login_required")
	w.hintSectors(p, all.id)
	// It says whom, not when: an expired one still names the person.
	w.clock.Advance(25 * time.Hour)
	p = w.person("alice")
	p.code(demoApp)
	p.wantCode("an expired hint", none(demoApp, all.id))
	evil.wantNobody(t)
}

// wantCode checks for a redirect with a code.
func (p *person) wantCode(what string, got *reply) {
	p.w.t.Helper()
	if to := got.location(); to == nil || to.Query().Get("code") == "" {
		p.w.t.Errorf("%s: got %d %s", what, got.status, got.header.Get("Location"))
	}
}

// hintSectors: the subjects of two sectors cannot be compared, so no app may try with another one's hint.
func (w *world) hintSectors(p *person, public string) {
	w.t.Helper()
	var apps []party
	var hints []string
	for _, id := range []string{"first", "second"} {
		a := w.addApp(storage.App{ID: id, RedirectURIs: []string{"https://" + id + ".example/cb"}, PostLogoutURIs: []string{"https://" + id + ".example/out"},
			Registration: storage.Registration{SubjectType: storage.SubjectPairwise, Sector: id + ".example"}})
		apps, hints = append(apps, a), append(hints, w.login(p, a).id)
	}
	if a, b := claimsOf(w.t, hints[0])["sub"], claimsOf(w.t, hints[1])["sub"]; a == b || a == w.userID("alice") {
		w.t.Fatalf("subjects of two sectors: %v, %v", a, b)
	}
	none := func(a party, hint string) *reply {
		return p.get(authorizePath(a.asking("prompt", "none", "id_token_hint", hint)))
	}
	p.wantCode("its own pairwise hint", none(apps[0], hints[0]))
	wantErrorRedirect(w.t, "a hint of another sector", apps[0], none(apps[0], hints[1]), "invalid_request")
	wantErrorRedirect(w.t, "a public hint at a pairwise app", apps[0], none(apps[0], public), "invalid_request")
	wantErrorRedirect(w.t, "a pairwise hint at a public app", demoApp, none(demoApp, hints[0]), "invalid_request")
	got := p.get(endSessionPath("id_token_hint", hints[0], "client_id", "second", "post_logout_redirect_uri", "https://second.example/out"))
	wantPage(w.t, "a logout of another sector", got, http.StatusBadRequest)
}

// hintAtLogout: a false hint ends nothing and leads nowhere; a true one may be old.
func hintAtLogout(t *testing.T) {
	evil, s := newTrap(t), newSite(t)
	w := newWorld(t, s.reached)
	p := w.person("alice")
	all := w.login(p, demoApp)
	session := p.cookie("session")
	for what, hint := range w.falseHints(t, evil, s, all.id) {
		for _, pairs := range [][]string{
			{"id_token_hint", hint, "post_logout_redirect_uri", afterLogout}, {"id_token_hint", hint, "client_id", demoApp.id, "post_logout_redirect_uri", afterLogout},
		} {
			wantPage(t, what, p.get(endSessionPath(pairs...)), http.StatusBadRequest)
			wantPage(t, what+", by POST", p.post("/connect/endsession", changed(nil, pairs...)), http.StatusBadRequest)
		}
	}
	for what, pairs := range map[string][]string{
		"9 KB":               {"id_token_hint", strings.Repeat("x", 9<<10)},
		"another client_id":  {"id_token_hint", all.id, "client_id", plainApp.id, "post_logout_redirect_uri", afterLogout},
		"an unknown client":  {"id_token_hint", all.id, "client_id", "nobody"},
		"an app not for it":  {"id_token_hint", all.id, "client_id", serviceApp.id},
		"client_id as a sub": {"id_token_hint", all.id, "client_id", w.userID("alice")},
	} {
		wantPage(t, what, p.get(endSessionPath(pairs...)), http.StatusBadRequest)
	}
	// Genuine, but of a session that is not this browser's: the person is asked.
	old := w.login(w.person("alice"), demoApp)
	wantPage(t, "of another session", p.get(endSessionPath("id_token_hint", old.id, "post_logout_redirect_uri", afterLogout)), http.StatusOK)
	if w.sessionGone(session) {
		t.Fatal("the session was ended by a false hint or without a word")
	}
	w.clock.Advance(26 * time.Hour) // id_tokens live for one; the session for longer
	got := p.get(endSessionPath("id_token_hint", all.id, "post_logout_redirect_uri", afterLogout))
	if to := got.header.Get("Location"); to != afterLogout+"?state=st" || !w.sessionGone(session) {
		t.Errorf("an expired hint of this very session: got %d to %q", got.status, to)
	}
	evil.wantNobody(t)
}
