package main

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/storage"
)

// knownGrants are the grant types of the IANA registry (RFC 6749, 7522, 7523, 8628, 8693, CIBA), one of UMA,
// and the one that apps of propusk may have without it being a grant of the token endpoint.
var knownGrants = []string{"password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
	"urn:ietf:params:oauth:grant-type:token-exchange", "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:uma-ticket",
	"urn:ietf:params:oauth:grant-type:pre-authorized_code", "personal_access_token", "Authorization_Code"}

func useGrant(w *truthWorld, grant string) {
	a := w.newApp()
	switch grant {
	case storage.GrantCode:
		w.login(w.alice, a)
	case storage.GrantRefreshToken:
		again := w.granted(w.token(a.refreshing(w.login(w.alice, a).refresh)))
		if w.opened(again.id, "RS256")["sub"] != w.userID("alice") || !w.active(a, again.access) {
			w.t.Errorf("refreshed: %v", claimsOf(w.t, again.id))
		}
	case storage.GrantClientCredentials:
		all := w.granted(w.token(a.signed(url.Values{"grant_type": {grant}, "scope": {"extern.api"}})))
		if told := w.introspect(a, all.access); told.text("sub") != a.id || all.id != "" || all.refresh != "" {
			w.t.Errorf("introspection %s", told.body)
		}
	case storage.GrantDeviceCode:
		useDevice(w, "")
	case "implicit": // OpenID Connect Core §3.2: at the authorization endpoint
		b := w.newApp(func(a *storage.App) { a.GrantTypes, a.Registration.ResponseTypes = nil, []string{"id_token token"} })
		w.wantAnswer(b, "id_token token", w.ask(w.alice, b, "response_type", "id_token token"))
	default:
		w.t.Errorf("%s is advertised, and nothing here uses it", grant)
	}
}

// refuseGrant sends all that any of them may need (RFC 6749 §5.2).
func refuseGrant(w *truthWorld, grant string) {
	a := w.newApp()
	all := w.login(w.alice, a)
	form := a.signed(url.Values{"grant_type": {grant}, "scope": {"openid"}, "username": {"alice"}, "password": {"alice"}, "assertion": {all.id},
		"subject_token": {all.access}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "auth_req_id": {"1"},
		"code": {w.alice.code(a)}, "redirect_uri": {a.redirect}, "code_verifier": {verifier}})
	wantError(w.t, grant, w.token(form), http.StatusBadRequest, "unsupported_grant_type")
	if grant != "personal_access_token" && grant != "implicit" {
		w.wantInvalidApp("grant_types", func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, grant) })
	}
}

// useSubjectType: public is one sub for everybody, pairwise one for each sector, in all places alike
// (OpenID Connect Core §8).
func useSubjectType(w *truthWorld, kind string) {
	typed := func(a *storage.App) { // without the device grant, which proves no address to be the app's
		a.Registration.SubjectType, a.GrantTypes = kind, []string{storage.GrantCode}
	}
	subs := map[string]int{}
	for _, a := range []party{w.newApp(typed), w.newApp(typed)} {
		all := w.login(w.alice, a)
		sub, _ := w.opened(all.id, "RS256")["sub"].(string)
		subs[sub]++
		if told := w.userinfo(all.access).json()["sub"]; told != sub || w.introspect(a, all.access).text("sub") != sub {
			w.t.Errorf("%s: id_token %s, userinfo %v", kind, sub, told)
		}
	}
	own, public := subs[w.userID("alice")], map[string]int{"public": 2, "pairwise": 0}
	want, known := public[kind]
	if !known || own != want || kind == "pairwise" && len(subs) != 2 {
		w.t.Errorf("%s: %v", kind, subs)
	}
}

func refuseSubjectType(w *truthWorld, kind string) {
	w.wantInvalidApp("subject_type", func(a *storage.App) { a.Registration.SubjectType = kind })
}

// useIDTokenAlg: from the token endpoint, after a refresh, as a hint, and at the authorization endpoint.
func useIDTokenAlg(w *truthWorld, alg string) {
	a := w.newApp(allTypes, func(a *storage.App) { a.IDTokenAlg = alg })
	all := w.login(w.alice, a)
	again := w.granted(w.token(a.refreshing(all.refresh)))
	for _, token := range []string{all.id, again.id} {
		if claims := w.opened(token, alg); claims["sub"] != w.userID("alice") || claims["aud"] != a.id {
			w.t.Errorf("id_token %v", claims)
		}
	}
	if got := w.ask(w.alice, a, "id_token_hint", again.id, "prompt", "none"); !got.Has("code") {
		w.t.Errorf("as a hint: %v", got.Values)
	}
	if w.lists("response_types_supported", "id_token") {
		w.opened(w.ask(w.alice, a, "response_type", "id_token").Get("id_token"), alg)
	}
}

func refuseIDTokenAlg(w *truthWorld, alg string) {
	w.wantInvalidApp("id_token_signed_response_alg", func(a *storage.App) { a.IDTokenAlg = alg })
	// Nor does the provider take for its own what is signed so.
	a := w.withKeys(signing("HS256"))
	claims := claimsOf(w.t, w.login2(a))
	w.wantRefusal(w.ask(w.alice, a, "id_token_hint", w.sealed(a, alg, claims)), "invalid_request")
}

// login2 is an id_token of an app that proves itself by its secret's HMAC.
func (w *truthWorld) login2(a party) string {
	w.t.Helper()
	return w.granted(w.token(w.provingBy(a, "HS256", changed(a.redeeming(w.alice.code(a)), "client_id", "", "client_secret", "")))).id
}

// useUserInfoAlg: OpenID Connect Core §5.3.2.
func useUserInfoAlg(w *truthWorld, alg string) {
	a := w.newApp(func(a *storage.App) { a.Registration.UserinfoAlg = alg })
	got := w.userinfo(w.login(w.alice, a).access)
	claims := w.opened(got.body, alg)
	if got.header.Get("Content-Type") != "application/jwt" || claims["iss"] != w.issuer || claims["aud"] != a.id || claims["email"] != "alice@example.com" {
		w.t.Errorf("%s: %v", got.header.Get("Content-Type"), claims)
	}
}

func refuseUserInfoAlg(w *truthWorld, alg string) {
	w.wantInvalidApp("userinfo_signed_response_alg", func(a *storage.App) { a.Registration.UserinfoAlg = alg })
}

// useIntrospectionAlg: RFC 9701 §4 and §5.
func useIntrospectionAlg(w *truthWorld, alg string) {
	a := w.newApp(func(a *storage.App) { a.Registration.IntrospectionAlg = alg })
	token := w.login(w.alice, a).access
	const kind = "application/token-introspection+jwt"
	got := w.post(w.at("introspection_endpoint"), url.Values{"token": {token}}, "Authorization", a.basic(), "Accept", kind)
	claims := w.opened(strings.TrimSpace(got.body), alg)
	told, _ := claims["token_introspection"].(map[string]any)
	if got.header.Get("Content-Type") != kind || claims["aud"] != a.id || told["active"] != true || told["client_id"] != a.id {
		w.t.Errorf("%s: %v", got.header.Get("Content-Type"), claims)
	}
}

func refuseIntrospectionAlg(w *truthWorld, alg string) {
	w.wantInvalidApp("introspection_signed_response_alg", func(a *storage.App) { a.Registration.IntrospectionAlg = alg })
}
