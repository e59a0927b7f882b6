package provider

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// The pair of RFC 7636 Appendix B, as it is printed there.
const (
	verifierB  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challengeB = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// TestRFC7636AppendixB: the challenge is taken and its verifier alone redeems the code.
func TestRFC7636AppendixB(t *testing.T) {
	w := rfcWorld(t)
	code := func() string {
		rec := w.example("GET /connect/authorize?response_type=code&client_id=s6BhdRkqt3&scope=read&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb" +
			"&code_challenge=" + challengeB + "&code_challenge_method=S256 HTTP/1.1\nHost: server.example.com")
		u, err := url.Parse(rec.Header().Get("Location"))
		if err != nil || u.Query().Get("code") == "" {
			t.Fatalf("%d %v", rec.Code, rec.Header())
		}
		return u.Query().Get("code")
	}
	redeem := func(code, verifier string) tokens {
		form := url.Values{"grant_type": {storage.GrantCode}, "code": {code}, "redirect_uri": {rfcCallback}}
		if verifier != "" {
			form.Set("code_verifier", verifier)
		}
		return w.token(form, basic(rfcClient, "gX1fBat3bV")...)
	}
	if got := redeem(code(), verifierB); got.status != http.StatusOK {
		t.Errorf("the verifier: %+v", got)
	}
	for name, bad := range map[string]string{ // §4.6: invalid_grant
		"another":       strings.Repeat("a", 43),
		"one bit off":   verifierB[:42] + "l",
		"longer":        verifierB + "A",
		"the challenge": challengeB,
		"lower-case":    strings.ToLower(verifierB),
	} {
		if got := redeem(code(), bad); got.status != http.StatusBadRequest || got.Error != errInvalidGrant || got.AccessToken != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := redeem(code(), ""); got.status != http.StatusBadRequest || got.Error != errInvalidGrant {
		t.Errorf("none: %+v", got)
	}
}

// TestRFC7636Errors is §4.4.1: no challenge where one is needed, and methods that are not offered. plain is
// not (§7.2, RFC 9700 §2.1.1), and it is what a request without a method would mean (§4.3).
func TestRFC7636Errors(t *testing.T) {
	w := rfcWorld(t)
	ask := func(params ...string) url.Values {
		q := url.Values{"response_type": {"code"}, "client_id": {rfcClient}, "redirect_uri": {rfcCallback}, "scope": {"read"}}
		for i := 0; i+1 < len(params); i += 2 {
			q.Set(params[i], params[i+1])
		}
		return w.authorize(q)
	}
	for name, params := range map[string][]string{
		"plain":              {"code_challenge", verifierB, "code_challenge_method", "plain"},
		"no method":          {"code_challenge", challengeB},
		"unknown method":     {"code_challenge", challengeB, "code_challenge_method", "S512"},
		"method lower-case":  {"code_challenge", challengeB, "code_challenge_method", "s256"},
		"method alone":       {"code_challenge_method", "S256"},
		"too short":          {"code_challenge", challengeB[1:], "code_challenge_method", "S256"},
		"too long":           {"code_challenge", challengeB + "A", "code_challenge_method", "S256"},
		"padded":             {"code_challenge", challengeB[:42] + "=", "code_challenge_method", "S256"},
		"base64, not of URL": {"code_challenge", strings.ReplaceAll(challengeB, "-", "+"), "code_challenge_method", "S256"},
	} {
		if got := ask(params...); got.Get("error") != errInvalidRequest || got.Has("code") {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := ask(); got.Get("code") == "" {
		t.Errorf("an app that is excused: %v", got)
	}
	w.change(rfcClient, func(a *storage.App) { a.WithoutPKCE = false })
	if got := ask(); got.Get("error") != errInvalidRequest || !strings.HasPrefix(got.Get("error_description"), "code_challenge is missing") {
		t.Errorf("an app that is not: %v", got)
	}
}

// TestRFC7636Downgrade: a verifier without a challenge is no proof of anything (RFC 9700 §2.1.1).
func TestRFC7636Downgrade(t *testing.T) {
	w := rfcWorld(t)
	q := url.Values{"response_type": {"code"}, "client_id": {rfcClient}, "redirect_uri": {rfcCallback}, "scope": {"read"}}
	form := url.Values{"grant_type": {storage.GrantCode}, "code": {w.code(q)}, "redirect_uri": {rfcCallback}, "code_verifier": {verifierB}}
	if got := w.token(form, basic(rfcClient, "gX1fBat3bV")...); got.status != http.StatusBadRequest || got.Error != errInvalidGrant {
		t.Errorf("%+v", got)
	}
}
