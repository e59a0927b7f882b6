package main_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/provider/providertest"
	"golang.org/x/oauth2"
)

// TestClientRefusedAtApp: mistakes that are told to the app by redirect, before any page.
func TestClientRefusedAtApp(t *testing.T) {
	s := startDev(t)
	tests := []struct {
		name, client string
		change       url.Values // replaces parameters; an empty value removes one
		want         string
	}{
		{"no PKCE, public app", "spa", url.Values{"code_challenge": {""}, "code_challenge_method": {""}}, "invalid_request"},
		{"no PKCE, confidential app", "demo", url.Values{"code_challenge": {""}, "code_challenge_method": {""}}, "invalid_request"},
		{"PKCE plain", "demo", url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
		{"PKCE without method", "demo", url.Values{"code_challenge_method": {""}}, "invalid_request"},
		{"PKCE challenge too short", "demo", url.Values{"code_challenge": {"abc"}}, "invalid_request"},
		{"implicit", "demo", url.Values{"response_type": {"id_token"}}, "unsupported_response_type"},
		{"no response_type", "demo", url.Values{"response_type": {""}}, "invalid_request"},
		{"request object", "demo", url.Values{"request": {"e30.e30."}}, "invalid_request_object"},
		{"request_uri", "demo", url.Values{"request_uri": {"https://app.example/r"}}, "invalid_request_uri"},
		{"unknown prompt", "demo", url.Values{"prompt": {"dance"}}, "invalid_request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, s.Issuer, tt.client, "")
			at := a.attempt()
			alice := providertest.NewPerson(t, s.Issuer, "alice")
			wantError(t, at, alice.Walk(changed(t, at.URL, tt.change)), tt.want)
			wantPages(t, alice)
		})
	}
}

// TestClientRefusedOnPage: mistakes that are shown where they happen, because nobody can be trusted with
// the answer.
func TestClientRefusedOnPage(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	tests := []struct {
		name   string
		change url.Values
		word   string
	}{
		{"unknown client", url.Values{"client_id": {"nobody"}}, "client_id"},
		{"no client", url.Values{"client_id": {""}}, "client_id"},
		{"foreign redirect_uri", url.Values{"redirect_uri": {"https://evil.example/"}}, "https://evil.example/"},
		{"no redirect_uri", url.Values{"redirect_uri": {""}}, "redirect_uri"},
		{"riderect_uri", url.Values{"redirect_uri": {""}, "riderect_uri": {callback}}, "riderect_uri"},
		{"script in redirect_uri", url.Values{"redirect_uri": {`javascript:alert("x")`}}, "redirect_uri"},
		{"two redirect_uris", url.Values{"redirect_uri": {callback, "https://evil.example/"}}, "redirect_uri"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := newApp(t, s.Issuer, "demo", "demo-secret").attempt()
			got := providertest.NewPerson(t, s.Issuer, "alice").Walk(changed(t, at.URL, tt.change))
			if got.Page == nil {
				t.Fatalf("redirected to %s", got.URL)
			}
			if got.Page.Status != http.StatusBadRequest || got.Page.Header.Get("Location") != "" {
				t.Errorf("status %d, Location %q: want 400 and none", got.Page.Status, got.Page.Header.Get("Location"))
			}
			if !strings.Contains(got.Page.HTML, tt.word) {
				t.Errorf("the page does not say %q:\n%s", tt.word, got.Page.HTML)
			}
			if strings.Contains(got.Page.HTML, `href="javascript:`) {
				t.Errorf("the page links to a script")
			}
		})
	}
}

// changed returns the URL with parameters replaced; an empty value removes one.
func changed(t *testing.T, target string, change url.Values) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for name, values := range change {
		query.Del(name)
		for _, value := range values {
			if value != "" {
				query.Add(name, value)
			}
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// TestClientRefusedToken: what the token endpoint refuses, seen by x/oauth2.
func TestClientRefusedToken(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	alice := providertest.NewPerson(t, s.Issuer, "alice")
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	code := func(t *testing.T) (attempt, string) {
		t.Helper()
		at := demo.attempt()
		return at, alice.Walk(at.URL).Values.Get("code")
	}
	t.Run("no verifier", func(t *testing.T) {
		_, c := code(t)
		_, err := demo.Exchange(t.Context(), c)
		if got := oauthError(err); got != "invalid_grant" {
			t.Errorf("error: got %q (%v), want invalid_grant", got, err)
		}
	})
	t.Run("verifier of another request", func(t *testing.T) {
		_, c := code(t)
		_, err := demo.Exchange(t.Context(), c, oauth2.VerifierOption(oauth2.GenerateVerifier()))
		if got := oauthError(err); got != "invalid_grant" {
			t.Errorf("error: got %q (%v), want invalid_grant", got, err)
		}
	})
	t.Run("code of another app, which keeps it", func(t *testing.T) {
		at, c := code(t)
		plain := newApp(t, s.Issuer, "plain", "plain-secret")
		_, err := plain.Exchange(t.Context(), c, oauth2.VerifierOption(at.Verifier))
		if got := oauthError(err); got != "invalid_grant" {
			t.Errorf("error: got %q (%v), want invalid_grant", got, err)
		}
		_, err = demo.Exchange(t.Context(), c, oauth2.VerifierOption(at.Verifier))
		if err != nil {
			t.Errorf("the app itself: %v", err)
		}
	})
	t.Run("another redirect_uri", func(t *testing.T) {
		at, c := code(t)
		_, err := demo.Exchange(t.Context(), c, oauth2.VerifierOption(at.Verifier),
			oauth2.SetAuthURLParam("redirect_uri", callback+"/"))
		if got := oauthError(err); got != "invalid_grant" {
			t.Errorf("error: got %q (%v), want invalid_grant", got, err)
		}
	})
	t.Run("a code twice", func(t *testing.T) {
		at, c := code(t)
		token, err := demo.Exchange(t.Context(), c, oauth2.VerifierOption(at.Verifier))
		if err != nil {
			t.Fatal(err)
		}
		_, err = demo.Exchange(t.Context(), c, oauth2.VerifierOption(at.Verifier))
		if got := oauthError(err); got != "invalid_grant" {
			t.Errorf("error: got %q (%v), want invalid_grant", got, err)
		}
		_, state := demo.call("/connect/introspect", url.Values{"token": {token.AccessToken}})
		if state["active"] != false {
			t.Errorf("the first answer after the replay: got %v, want inactive", state)
		}
	})
	t.Run("unknown grant type", func(t *testing.T) {
		status, body := demo.call("/connect/token", url.Values{"grant_type": {"password"}, "username": {"alice"}})
		if status != http.StatusBadRequest || body["error"] != "unsupported_grant_type" {
			t.Errorf("got %d %v, want 400 unsupported_grant_type", status, body)
		}
	})
}
