package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostilePKCE holds the cases of RFC 7636.
var hostilePKCE = map[string]func(*testing.T){
	"HC-011": hostileNoChallenge,
	"HC-012": hostileChallengeMethod,
	"HC-013": hostileShapes,
	"HC-014": hostileVerifierLeftOut,
	"HC-015": hostileVerifierUnasked,
	"HC-017": hostileVerifierSwapped,
}

// wantErrorRedirect: the app is told at once, before any page, and nothing is kept.
func wantErrorRedirect(t testing.TB, what string, a party, got *reply, code string) {
	t.Helper()
	to := got.location()
	if got.status != http.StatusSeeOther || to == nil || !strings.HasPrefix(to.String(), a.redirect+"?") || to.Query().Get("error") != code {
		t.Errorf("%s: got %d %q, want 303 to the app with %s", what, got.status, got.header.Get("Location"), code)
		return
	}
	if to.Query().Has("code") || got.header.Get("Set-Cookie") != "" {
		t.Errorf("%s: a code or a cookie beside the error", what)
	}
}

func hostileNoChallenge(t *testing.T) {
	w := newWorld(t, inProduction)
	before := w.stored()
	for _, app := range []party{spaApp, {id: "cli", redirect: "http://127.0.0.1/callback", scope: "openid"}, demoApp} {
		got := w.get(authorizePath(app.asking("code_challenge", "", "code_challenge_method", "")))
		wantErrorRedirect(t, app.id, app, got, "invalid_request")
	}
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

// hostileChallengeMethod: S256 and nothing else, also for the app that may leave PKCE out.
func hostileChallengeMethod(t *testing.T) {
	w := newWorld(t, inProduction)
	for _, app := range []party{spaApp, demoApp, plainApp} {
		for _, method := range []string{"plain", "", "s256", "S512", "S256 ", "none"} {
			got := w.get(authorizePath(app.asking("code_challenge_method", method)))
			wantErrorRedirect(t, app.id+" with method "+method, app, got, "invalid_request")
		}
		twice := w.get(authorizePath(app.asking()) + "&code_challenge_method=plain")
		wantErrorRedirect(t, app.id+" with two methods", app, twice, "invalid_request")
		alone := w.get(authorizePath(app.asking("code_challenge", "")))
		wantErrorRedirect(t, app.id+" with a method alone", app, alone, "invalid_request")
	}
}

// hostileShapes: what no SHA-256 yields is no challenge, and a verifier that RFC 7636 does not allow is
// refused even where its hash is the challenge.
func hostileShapes(t *testing.T) {
	w := newWorld(t)
	good := challengeOf(verifier)
	for name, challenge := range map[string]string{
		"42 characters": good[:42], "44 characters": good + "A", "padded": good[:42] + "=", "plus": good[:42] + "+",
		"dot": good[:42] + ".", "not ASCII": good[:41] + "ü", "hexadecimal": strings.Repeat("0123456789abcdef", 4),
	} {
		got := w.get(authorizePath(spaApp.asking("code_challenge", challenge)))
		wantErrorRedirect(t, "challenge "+name, spaApp, got, "invalid_request")
	}
	p := w.person("bob")
	for name, bad := range map[string]string{
		"42 characters": strings.Repeat("v", 42), "129 characters": strings.Repeat("v", 129),
		"a blank": strings.Repeat("v", 25) + " " + strings.Repeat("v", 25), "a plus": strings.Repeat("v", 50) + "+",
		"not ASCII": strings.Repeat("v", 50) + "ü",
	} {
		code := p.code(spaApp, "code_challenge", challengeOf(bad))
		wantError(t, "verifier with "+name, w.token(spaApp.redeeming(code, "code_verifier", bad)), http.StatusBadRequest, "invalid_grant")
	}
	for _, length := range []int{43, 128} {
		edge := strings.Repeat("v", length)
		w.granted(w.token(spaApp.redeeming(p.code(spaApp, "code_challenge", challengeOf(edge)), "code_verifier", edge)))
	}
}

// hostileVerifierLeftOut: a secret is no replacement for the verifier.
func hostileVerifierLeftOut(t *testing.T) {
	w := newWorld(t)
	p := w.person("bob")
	for _, app := range []party{demoApp, plainApp, spaApp} {
		code := p.code(app)
		wantError(t, app.id, w.token(app.redeeming(code, "code_verifier", "")), http.StatusBadRequest, "invalid_grant")
		got := w.send(w.request(http.MethodPost, "/connect/token", app.redeeming(code, "code_verifier", "").Encode()+"&code_verifier="))
		wantError(t, app.id+" with an empty one", got, http.StatusBadRequest, "invalid_grant")
		w.granted(w.token(app.redeeming(code)))
	}
}

// hostileVerifierUnasked: a verifier without a challenge is the trace of a downgrade (RFC 9700 §2.1.1).
func hostileVerifierUnasked(t *testing.T) {
	w := newWorld(t)
	p := w.person("bob")
	code := p.code(plainApp, "code_challenge", "", "code_challenge_method", "")
	wantError(t, "verifier unasked", w.token(plainApp.redeeming(code)), http.StatusBadRequest, "invalid_grant")
	if n := w.stored()["grants"]; n != 0 {
		t.Errorf("%d grants, want none", n)
	}
	w.granted(w.token(plainApp.redeeming(code, "code_verifier", "")))
}

func hostileVerifierSwapped(t *testing.T) {
	w := newWorld(t)
	p := w.person("bob")
	verifiers := []string{strings.Repeat("a", 50), strings.Repeat("b", 50)}
	var codes []string
	for _, v := range verifiers {
		codes = append(codes, p.code(spaApp, "code_challenge", challengeOf(v)))
	}
	for i, code := range codes {
		wantError(t, "swapped", w.token(spaApp.redeeming(code, "code_verifier", verifiers[1-i])), http.StatusBadRequest, "invalid_grant")
	}
	for i, code := range codes {
		w.granted(w.token(spaApp.redeeming(code, "code_verifier", verifiers[i])))
	}
}
