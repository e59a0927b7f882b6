package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/storage"
)

func useAuthorization(w *truthWorld, _ string) {
	a := w.newApp()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		path, form := w.at("authorization_endpoint"), a.asking()
		var got *reply
		if method == http.MethodGet {
			got = w.alice.walk(path + "?" + form.Encode())
		} else {
			_, got = w.alice.follow(path, w.alice.post(path, form))
		}
		if answer := w.hear(a, got); answer.Get("code") == "" || answer.Get("state") != "state-of-the-app" {
			w.t.Errorf("%s: %v", method, answer.Values)
		}
	}
}

func useToken(w *truthWorld, _ string) {
	a := w.newApp()
	w.granted(w.post(w.at("token_endpoint"), a.redeeming(w.alice.code(a))))
}

func useUserInfo(w *truthWorld, _ string) {
	token := w.login(w.alice, w.newApp()).access
	for name, got := range map[string]*reply{
		"GET":  w.get(w.at("userinfo_endpoint"), "Authorization", "Bearer "+token),
		"POST": w.post(w.at("userinfo_endpoint"), url.Values{"access_token": {token}}),
	} {
		if got.status != http.StatusOK || got.json()["sub"] != w.userID("alice") {
			w.t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func useJWKS(w *truthWorld, _ string) {
	if claims := w.opened(w.login(w.alice, w.newApp()).id, "RS256"); claims["sub"] != w.userID("alice") {
		w.t.Errorf("id_token: %v", claims)
	}
}

func useIntrospection(w *truthWorld, _ string) {
	a := w.newApp()
	token := w.login(w.alice, a).access
	got := w.post(w.at("introspection_endpoint"), url.Values{"token": {token}}, "Authorization", a.basic())
	if got.json()["active"] != true || got.json()["client_id"] != a.id {
		w.t.Errorf("%d %s", got.status, got.body)
	}
}

func useRevocation(w *truthWorld, _ string) {
	a := w.newApp()
	token := w.login(w.alice, a).access
	got := w.post(w.at("revocation_endpoint"), url.Values{"token": {token}}, "Authorization", a.basic())
	if got.status != http.StatusOK || w.active(a, token) {
		w.t.Errorf("%d %s; active afterwards: %v", got.status, got.body, w.active(a, token))
	}
}

func useDevice(w *truthWorld, _ string) {
	a := w.newApp()
	got := w.post(w.at("device_authorization_endpoint"), a.signed(url.Values{"scope": {"openid email"}}))
	d := deviceCodes{a, got.text("device_code"), got.text("user_code")}
	wantError(w.t, "before the decision", w.poll(d), http.StatusBadRequest, "authorization_pending")
	w.alice.approve(d)
	if all := w.granted(w.poll(d)); w.opened(all.id, "RS256")["sub"] != w.userID("alice") {
		w.t.Errorf("id_token: %v", claimsOf(w.t, all.id))
	}
}

// useCheckSession: the page is there, to be framed, and every answer has what it compares.
func useCheckSession(w *truthWorld, _ string) {
	got := w.get(w.at("check_session_iframe"))
	if got.status != http.StatusOK || !strings.Contains(got.body, "<script>") || got.header.Get("X-Frame-Options") != "" {
		w.t.Errorf("%d %v\n%s", got.status, got.header, got.body)
	}
	answer := w.ask(w.alice, w.newApp())
	if state, salt, ok := strings.Cut(answer.Get("session_state"), "."); !ok || state == "" || salt == "" {
		w.t.Errorf("session_state %q", answer.Get("session_state"))
	}
}

func noCheckSession(w *truthWorld) {
	if got := w.get("/connect/checksession"); got.status != http.StatusNotFound {
		w.t.Errorf("got %d", got.status)
	}
	if answer := w.ask(w.alice, w.newApp()); answer.Get("code") == "" || answer.Has("session_state") {
		w.t.Errorf("answer %v", answer.Values)
	}
}

// wantNothingBesides: what other providers have and this one does not say of itself is not there either.
func (w *truthWorld) wantNothingBesides() {
	for _, path := range []string{"/connect/par", "/connect/ciba", "/connect/bcauthorize", "/.well-known/webfinger", "/connect/authorize/callback"} {
		if got := w.post(path, demoApp.asking()); got.status != http.StatusNotFound {
			w.t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	a := w.newApp(signing("RS256"))
	// OpenID Connect Core §7.2.1: registration by parameter.
	w.wantRefusal(w.ask(w.alice, a, "registration", `{"client_name":"x"}`), "registration_not_supported")
	// RFC 9126 §2.2: an address of a pushed request; JWE (five parts) where request objects are signed only.
	w.wantRefusal(w.ask(w.alice, a, "request_uri", "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"), "invalid_request_uri")
	w.wantRefusal(w.ask(w.alice, a, "request", "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d"), "invalid_request_object")
	// RFC 9449 §5: a proof of possession binds nothing, and the answer says so.
	b := w.newApp()
	form := b.signed(url.Values{"grant_type": {storage.GrantClientCredentials}, "scope": {"extern.api"}})
	proof := w.sealed(b, "ES256", map[string]any{"htm": "POST", "htu": w.issuer + "/connect/token", "jti": "1", "iat": w.clock.Now().Unix()})
	got := w.token(form, "DPoP", proof)
	if got.status != http.StatusOK || got.text("token_type") != "Bearer" {
		w.t.Errorf("with a DPoP proof: %d %s", got.status, got.body)
	}
}
