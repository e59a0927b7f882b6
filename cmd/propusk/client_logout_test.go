package main_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/provider/providertest"
)

func TestClientLogout(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret")
	const after = "http://127.0.0.1:3000/bye"
	end := func(parameters ...string) string {
		values := url.Values{}
		for i := 0; i < len(parameters); i += 2 {
			values.Set(parameters[i], parameters[i+1])
		}
		return s.Issuer + "/connect/endsession?" + values.Encode()
	}
	signedIn := func(t *testing.T, p *providertest.Person) bool {
		t.Helper()
		return p.Walk(demo.attempt("prompt", "none").URL).Values.Get("code") != ""
	}

	t.Run("with the hint of this session: no question", func(t *testing.T) {
		alice := providertest.NewPerson(t, s.Issuer, "alice")
		l := demo.login(alice)
		got := alice.Walk(end("id_token_hint", l.Raw, "post_logout_redirect_uri", after, "state", "a b&c"))
		if got.Page != nil || got.URL.String() != after || got.Values.Get("state") != "a b&c" {
			t.Errorf("got %+v, want %s with the state", got, after)
		}
		wantPages(t, alice)
		if signedIn(t, alice) {
			t.Errorf("still signed in")
		}
	})
	t.Run("without a hint: asked, then signed out here", func(t *testing.T) {
		alice := providertest.NewPerson(t, s.Issuer, "alice")
		demo.login(alice)
		got := alice.Walk(end())
		wantPages(t, alice, "logout", "")
		if got.Page == nil || got.Page.Status != http.StatusOK {
			t.Fatalf("got %+v, want a page that says it is done", got)
		}
		if signedIn(t, alice) {
			t.Errorf("still signed in")
		}
	})
	t.Run("the token of a session goes with it", func(t *testing.T) {
		alice := providertest.NewPerson(t, s.Issuer, "alice")
		l := demo.login(alice)
		alice.Walk(end("id_token_hint", l.Raw))
		_, state := demo.call("/connect/introspect", url.Values{"token": {l.Token.AccessToken}})
		if state["active"] != false {
			t.Errorf("introspection after logout: got %v, want inactive", state)
		}
	})
	t.Run("the hint of somebody else's session changes nothing", func(t *testing.T) {
		alice, bob := providertest.NewPerson(t, s.Issuer, "alice"), providertest.NewPerson(t, s.Issuer, "bob")
		hint := demo.login(alice).Raw
		demo.login(bob)
		bob.Browser.CheckRedirect = nil // follows, and presses nothing
		response, err := bob.Browser.Get(end("id_token_hint", hint, "post_logout_redirect_uri", s.Issuer+"/"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		bob.Browser.CheckRedirect = providertest.NewPerson(t, s.Issuer, "bob").Browser.CheckRedirect
		if !signedIn(t, bob) || !signedIn(t, alice) {
			t.Errorf("a session ended without its person's word")
		}
	})
	t.Run("an address that is not the app's", func(t *testing.T) {
		alice := providertest.NewPerson(t, s.Issuer, "alice")
		l := demo.login(alice)
		got := alice.Walk(end("id_token_hint", l.Raw, "post_logout_redirect_uri", "https://evil.example/"))
		if got.Page == nil {
			t.Errorf("redirected to %s", got.URL)
		}
	})
}

// TestClientDocuments: discovery and keys may be kept for a while, and are not sent again unchanged.
func TestClientDocuments(t *testing.T) {
	s := startDev(t)
	for _, path := range []string{
		"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration/jwks",
	} {
		t.Run(path, func(t *testing.T) {
			first, err := http.Get(s.Issuer + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = first.Body.Close()
			tag := first.Header.Get("ETag")
			if first.StatusCode != http.StatusOK || tag == "" || !strings.Contains(first.Header.Get("Cache-Control"), "max-age=") {
				t.Fatalf("got %d %v, want 200 with ETag and max-age", first.StatusCode, first.Header)
			}
			request, err := http.NewRequest(http.MethodGet, s.Issuer+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("If-None-Match", tag)
			second, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = second.Body.Close()
			if second.StatusCode != http.StatusNotModified {
				t.Errorf("with If-None-Match: got %d, want 304", second.StatusCode)
			}
		})
	}
}
