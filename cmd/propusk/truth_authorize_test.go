package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// carries tells whether a response type carries a word.
func carries(kind, word string) bool { return slices.Contains(strings.Fields(kind), word) }

// useResponseType asks for a response type in every mode; tokens never come in a query.
func useResponseType(w *truthWorld, kind string) {
	a := w.newApp(allTypes)
	usual := "query"
	if kind != "code" {
		usual = "fragment"
	}
	for _, mode := range append(w.list("response_modes_supported"), "") {
		got := w.ask(w.alice, a, "response_type", kind, "response_mode", mode)
		if mode == "query" && kind != "code" {
			w.wantRefusal(got, "invalid_request")
			continue
		}
		want := mode
		if mode == "" {
			want = usual
		}
		if got.mode != want {
			w.t.Errorf("answered by %q, want %q", got.mode, want)
		}
		w.wantAnswer(a, kind, got)
	}
}

// wantAnswer checks that an answer has exactly what its type says, and that each of it is good.
func (w *truthWorld) wantAnswer(a party, kind string, got heard) {
	w.t.Helper()
	for word, name := range map[string]string{"code": "code", "token": "access_token", "id_token": "id_token"} {
		if got.Has(name) != carries(kind, word) {
			w.t.Errorf("%s in the answer to %s: %v", name, kind, got.Values)
		}
	}
	if carries(kind, "code") {
		w.granted(w.token(a.redeeming(got.Get("code"))))
	}
	if carries(kind, "token") && w.userinfo(got.Get("access_token")).json()["sub"] != w.userID("alice") {
		w.t.Errorf("the access token of %s is not good", kind)
	}
	if carries(kind, "id_token") && w.opened(got.Get("id_token"), "RS256")["nonce"] != "nonce-of-the-app" {
		w.t.Errorf("id_token of %s: %v", kind, claimsOf(w.t, got.Get("id_token")))
	}
}

// refuseResponseType: even for an app that is registered for all there are (RFC 6749 §4.1.2.1).
func refuseResponseType(w *truthWorld, kind string) {
	w.wantRefusal(w.ask(w.alice, w.newApp(allTypes), "response_type", kind), "unsupported_response_type")
}

// appFor is an app that may be answered by the mode: a fragment is for those that have tokens in a URL.
func (w *truthWorld) appFor(mode string) party {
	if mode == "fragment" {
		return w.newApp(allTypes)
	}
	return w.newApp()
}

func useResponseMode(w *truthWorld, mode string) {
	got := w.ask(w.alice, w.appFor(mode), "response_mode", mode)
	if got.mode != mode || got.Get("code") == "" || got.Get("state") != "state-of-the-app" {
		w.t.Errorf("got %v by %q", got.Values, got.mode)
	}
	w.wantRefusal(w.ask(w.alice, w.appFor(mode), "response_mode", mode, "scope", "groups"), "invalid_scope")
}

func refuseResponseMode(w *truthWorld, mode string) {
	w.wantRefusal(w.ask(w.alice, w.newApp(allTypes), "response_mode", mode), "invalid_request")
}

// useChallenge: the method binds the code to its verifier (RFC 7636 §4.2, §4.6).
func useChallenge(w *truthWorld, method string) {
	challenge := map[string]string{"S256": challengeOf(verifier), "plain": verifier}[method]
	pairs := []string{"code_challenge_method", method, "code_challenge", challenge}
	a := w.newApp()
	code := w.alice.code(a, pairs...)
	wantError(w.t, "another verifier", w.token(a.redeeming(code, "code_verifier", strings.Repeat("x", 43))), http.StatusBadRequest, "invalid_grant")
	w.login(w.alice, a, pairs...)
}

// refuseChallenge: with the challenge in the way of either (RFC 7636 §4.4.1).
func refuseChallenge(w *truthWorld, method string) {
	for _, challenge := range []string{challengeOf(verifier), verifier} {
		w.wantRefusal(w.ask(w.alice, w.newApp(), "code_challenge_method", method, "code_challenge", challenge), "invalid_request")
	}
	// Left out it means plain (RFC 7636 §4.3).
	w.wantRefusal(w.ask(w.alice, w.newApp(), "code_challenge_method", "", "code_challenge", verifier), "invalid_request")
}

// useIssParameter: RFC 9207 §2, with codes and errors, in every mode.
func useIssParameter(w *truthWorld, _ string) {
	a := w.newApp()
	for _, mode := range w.list("response_modes_supported") {
		a := w.appFor(mode)
		good, bad := w.ask(w.alice, a, "response_mode", mode), w.ask(w.alice, a, "response_mode", mode, "prompt", "dance")
		if good.Get("iss") != w.issuer || !good.Has("code") || good.mode != mode || bad.Get("iss") != w.issuer || !bad.Has("error") || bad.mode != mode {
			w.t.Errorf("%s: %v, %v", mode, good.Values, bad.Values)
		}
	}
	refusal := w.ask(w.alice, a, "scope", "groups")
	if refusal.Get("iss") != w.issuer {
		w.t.Errorf("an error: %v", refusal.Values)
	}
}

// usePrompt: OpenID Connect Core §3.1.2.1, each by the page that is shown, or is not.
func usePrompt(w *truthWorld, prompt string) {
	a := w.newApp()
	w.alice.code(a) // signed in, and consented
	path := w.at("authorization_endpoint") + "?" + a.asking("prompt", prompt).Encode()
	if prompt == "none" {
		if got := w.hear(a, w.alice.get(path)); got.Get("code") == "" {
			w.t.Errorf("none: %v", got.Values)
		}
		w.wantRefusal(w.hear(a, w.person("bob").get(path)), "login_required")
		w.wantRefusal(w.hear(a, w.alice.get(w.at("authorization_endpoint")+"?"+w.newApp().asking("prompt", prompt,
			"client_id", w.unconsented(a), "redirect_uri", a.redirect).Encode())), "consent_required")
		return
	}
	marks := map[string]string{"login": `id="login-submit"`, "consent": `id="consent-allow"`, "select_account": `value="keep"`}
	_, page := w.alice.open(path)
	if page.status != http.StatusOK || !strings.Contains(page.body, marks[prompt]) || marks[prompt] == "" {
		w.t.Errorf("%s: %d\n%s", prompt, page.status, clipLog(page.body))
	}
	if got := w.ask(w.alice, a, "prompt", prompt); got.Get("code") == "" {
		w.t.Errorf("%s, answered: %v", prompt, got.Values)
	}
}

// unconsented is an app with the redirect URI of another that nobody has consented to.
func (w *truthWorld) unconsented(a party) string {
	w.t.Helper()
	return w.newApp(func(b *storage.App) { b.RedirectURIs = []string{a.redirect} }).id
}

func refusePrompt(w *truthWorld, prompt string) {
	a := w.newApp()
	w.wantRefusal(w.ask(w.alice, a, "prompt", prompt), "invalid_request")
	w.wantRefusal(w.ask(w.alice, a, "prompt", "login "+prompt), "invalid_request")
}

// wantsACR asks for an acr that must be (OpenID Connect Core §5.5.1.1).
func wantsACR(value string) string {
	text, _ := json.Marshal(map[string]any{"id_token": map[string]any{"acr": map[string]any{"essential": true, "values": []string{value}}}}) //nolint:errcheck // a map of texts
	return string(text)
}

func useACR(w *truthWorld, value string) {
	for name, pairs := range map[string][]string{
		"essential": {"claims", wantsACR(value)}, "voluntary": {"acr_values", "urn:unheard-of " + value},
	} {
		if got := claimsOf(w.t, w.login(w.alice, w.newApp(), pairs...).id)["acr"]; got != value {
			w.t.Errorf("%s: acr %v", name, got)
		}
	}
}

// refuseACR: what must be and cannot ends the login; what would be nice is passed over.
func refuseACR(w *truthWorld, value string) {
	w.wantRefusal(w.ask(w.alice, w.newApp(), "claims", wantsACR(value)), "unmet_authentication_requirements")
	got, _ := claimsOf(w.t, w.login(w.alice, w.newApp(), "acr_values", value).id)["acr"].(string)
	if !w.lists("acr_values_supported", got) {
		w.t.Errorf("acr %q", got)
	}
}

// signInPage is the page a stranger gets who comes with the request.
func (w *truthWorld) signInPage(pairs ...string) *reply {
	w.t.Helper()
	_, page := w.person("bob").open(w.at("authorization_endpoint") + "?" + w.newApp().asking(pairs...).Encode())
	if page.status != http.StatusOK || !strings.Contains(page.body, `id="login-submit"`) {
		w.t.Fatalf("no sign-in page: %d\n%s", page.status, clipLog(page.body))
	}
	return page
}

func useUILocale(w *truthWorld, lang string) {
	page := w.signInPage("ui_locales", "tlh "+lang)
	if !strings.Contains(page.body, `lang="`+lang+`"`) || page.header.Get("Content-Language") != "" && page.header.Get("Content-Language") != lang {
		w.t.Errorf("%s: %v\n%s", lang, page.header, clipLog(page.body))
	}
}

// refuseUILocale: no error comes of it (OpenID Connect Core §3.1.2.1), and no such page.
func refuseUILocale(w *truthWorld, lang string) {
	page := w.signInPage("ui_locales", lang)
	if strings.Contains(page.body, `<html lang="`+lang) || !strings.Contains(page.body, `lang="en"`) {
		w.t.Errorf("%s\n%s", lang, clipLog(page.body))
	}
}

// useDisplay: one page serves every kind of screen, without scripts, and fits it.
func useDisplay(w *truthWorld, display string) {
	if page := w.signInPage("display", display); !strings.Contains(page.body, `name="viewport"`) {
		w.t.Errorf("%s\n%s", display, clipLog(page.body))
	}
}

// ignoreDisplay: it is a wish (OpenID Connect Core §3.1.2.1), and no reason to send anybody away.
func ignoreDisplay(w *truthWorld, display string) { w.signInPage("display", display) }
