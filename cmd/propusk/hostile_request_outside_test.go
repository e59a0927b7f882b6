package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// requestOutside: what a browser could have changed on the way does not get into a signed request.
func requestOutside(t *testing.T) {
	w := newWorld(t, inProduction)
	owner := rsaOwner()
	a, other := w.signs("signer", owner), w.signs("other", owner)
	now := w.clock.Now().Unix()
	rows := map[string]url.Values{
		"client_id of another outside": other.carrying(w.object(a, owner), "client_id", a.id, "request", w.object(other, owner)),
		"another response_type inside": a.carrying(w.object(a, owner, "response_type", "id_token")), "another outside": a.carrying(w.object(a, owner), "response_type", "code id_token"),
		"response_type only outside": a.carrying(w.object(a, owner, "response_type", nil)), "nobody's": a.carrying(w.object(a, owner, "iss", nil, "client_id", nil)),
	}
	null := json.RawMessage("null")
	for name, list := range map[string][]any{
		"client_id": {other.id, null, 7, []string{a.id}, "SIGNER", ""}, "iss": {other.id, w.issuer, null, 7, []string{a.id}, ""}, "sub": {a.id},
		"aud": {"https://evil.example", w.issuer + "/", w.issuer + ".evil.example", w.issuer + "/connect/token", null, 7, []string{}, []any{7}, map[string]any{}},
		"exp": {now - 31, 0, -1, null, "soon", json.RawMessage("1e300"), []int64{now + 60}}, "nbf": {now + 60, null, "x", json.RawMessage("1e300")}, "iat": {now + 60, null, "x"},
		"request": {"x", "", null, w.object(a, owner), map[string]any{}}, "request_uri": {"https://signer.example/r", "", null}, "redirect_uri": {7, null, []string{a.redirect}, map[string]any{}, strings.Repeat("x", 3000)},
		"state": {7, null, []string{"x"}, "a\nb", strings.Repeat("s", 4097)}, "nonce": {7, null, "a\x00b", strings.Repeat("n", 600)}, "scope": {[]string{"openid"}, null, 7, strings.Repeat("s", 2000)},
		"prompt": {[]string{"none"}, null, 0}, "max_age": {1.5, null, "x\n", []int{1}, json.RawMessage("1e300"), true}, "claims": {7, null, []string{}, strings.Repeat("x", 9000)},
		"code_challenge": {null, 7}, "login_hint": {map[string]any{}, 7}, "response_mode": {null, 7}, "registration": {7},
	} {
		for _, value := range list {
			rows[name+" inside as "+string(toJSON(t, value))] = a.carrying(w.object(a, owner, name, value))
		}
	}
	delete(rows, "client_id of another outside")
	w.wantNoRequest(a, "invalid_request_object", rows)
	w.wantNoRequest(other, "invalid_request_object", map[string]url.Values{"a request of another client": other.carrying(w.object(a, owner))})
	requestAlone(t, w, a, owner)
}

// requestAlone: parameters outside a verified object are as if they had not come.
func requestAlone(t *testing.T, w *world, a party, owner rpKey) {
	t.Helper()
	p := w.person("alice")
	p.code(demoApp) // signed in; the app itself is not known yet
	outer := []string{"state", "outer", "nonce", "outer-nonce", "redirect_uri", "https://evil.example/cb", "code_challenge", challengeOf("evil"), "code_challenge_method", "S256",
		"scope", "openid profile email phone address offline_access", "prompt", "none", "login_hint", "bob", "response_mode", "form_post", "max_age", "0"}
	got := p.get(authorizePath(a.carrying(w.object(a, owner), outer...)))
	if got.status != http.StatusSeeOther || strings.Contains(got.header.Get("Location"), "error") {
		t.Errorf("prompt none outside is in force: %d %s", got.status, got.header.Get("Location"))
	}
	w.wantRequest(p, a, a.carrying(w.object(a, owner), outer...))
	// The other way round what stands inside is in force, and what is missing inside is missing.
	stranger := w.person("bob")
	for what, tt := range map[string]struct {
		form  url.Values
		error string
	}{
		"prompt none inside":       {a.carrying(w.object(a, owner, "prompt", "none"), "prompt", "login"), "login_required"},
		"PKCE only outside":        {a.carrying(w.object(a, owner, "code_challenge", nil, "code_challenge_method", nil), outer...), "invalid_request"},
		"the challenge outside":    {a.carrying(w.object(a, owner, "code_challenge", nil), outer...), "invalid_request"},
		"scope only outside":       {a.carrying(w.object(a, owner, "scope", nil), outer...), "invalid_scope"},
		"a foreign scope":          {a.carrying(w.object(a, owner, "scope", "openid users.write"), outer...), "invalid_scope"},
		"registration as an extra": {a.carrying(w.object(a, owner, "registration", map[string]any{"jwks": 1})), "registration_not_supported"},
		"prompt of two":            {a.carrying(w.object(a, owner, "prompt", "none login")), "invalid_request"},
		"response_mode of tokens":  {a.carrying(w.object(a, owner, "response_mode", "fragment")), "invalid_request"},
	} {
		got := stranger.get(authorizePath(tt.form))
		wantErrorRedirect(t, what, a, got, tt.error)
		if to := got.location(); to != nil && to.Query().Get("state") != "inner" {
			t.Errorf("%s: state of %s", what, to)
		}
	}
	for what, form := range map[string]url.Values{
		"redirect_uri only outside":    a.carrying(w.object(a, owner, "redirect_uri", nil), "redirect_uri", a.redirect),
		"an unregistered one inside":   a.carrying(w.object(a, owner, "redirect_uri", "https://evil.example/cb"), "redirect_uri", a.redirect),
		"a script inside":              a.carrying(w.object(a, owner, "redirect_uri", "javascript:alert(1)"), "redirect_uri", a.redirect),
		"client_id twice":              {"client_id": {a.id, "other"}, "request": {w.object(a, owner)}},
		"request twice":                {"client_id": {a.id}, "request": {w.object(a, owner), w.object(a, owner)}},
		"no client_id":                 {"request": {w.object(a, owner)}},
		"a client that does not exist": {"client_id": {"nobody"}, "request": {w.object(a, owner)}},
	} {
		wantRefusedHere(t, what, w.get(authorizePath(form)))
		wantRefusedHere(t, what+", by POST", w.post("/connect/authorize", form))
	}
}
