package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"github.com/propusk/propusk/provider/providertest"
	"golang.org/x/oauth2"
)

const callback = "http://127.0.0.1:3000/callback"

var allScopes = []string{"openid", "profile", "email", "phone", "address", "extern.api", "offline_access"}

// app is a relying party written with coreos/go-oidc and x/oauth2.
type app struct {
	oauth2.Config
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	t        testing.TB
}

// login is what an app has after a login.
type login struct {
	Token  *oauth2.Token
	ID     *oidc.IDToken
	Raw    string         // the id_token
	Claims map[string]any // of the id_token
	Answer *providertest.Answer
}

func newApp(t testing.TB, issuer, id, secret string, scopes ...string) *app {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	if len(scopes) == 0 {
		scopes = []string{"openid", "profile", "email"}
	}
	return &app{
		Config: oauth2.Config{
			ClientID: id, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: callback, Scopes: scopes,
		},
		provider: provider,
		verifier: provider.Verifier(&oidc.Config{ClientID: id}),
		t:        t,
	}
}

// attempt is one authorization request of an app.
type attempt struct {
	URL, Verifier, State, Nonce string
}

func (a *app) attempt(parameters ...string) attempt {
	at := attempt{Verifier: oauth2.GenerateVerifier(), State: "st-" + oauth2.GenerateVerifier(), Nonce: "no-" + oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(at.Verifier), oidc.Nonce(at.Nonce)}
	for i := 0; i < len(parameters); i += 2 {
		options = append(options, oauth2.SetAuthURLParam(parameters[i], parameters[i+1]))
	}
	at.URL = a.AuthCodeURL(at.State, options...)
	return at
}

// login sends the person through the provider and redeems the code.
func (a *app) login(p *providertest.Person, parameters ...string) *login {
	a.t.Helper()
	at := a.attempt(parameters...)
	return a.redeem(at, p.Walk(at.URL))
}

// redeem checks the answer to an attempt and exchanges its code.
func (a *app) redeem(at attempt, got *providertest.Answer) *login {
	a.t.Helper()
	if got.Page != nil {
		a.t.Fatalf("the walk ended at %s (%d):\n%s", got.Page.URL, got.Page.Status, got.Page.HTML)
	}
	if got.URL.String() != a.RedirectURL {
		a.t.Errorf("redirect: got %s, want %s", got.URL, a.RedirectURL)
	}
	issuer := strings.TrimSuffix(a.Endpoint.AuthURL, "/connect/authorize")
	if got.Values.Get("state") != at.State || got.Values.Get("iss") != issuer || got.Values.Get("code") == "" {
		a.t.Fatalf("answer %v: want a code, state %s and iss %s", got.Values, at.State, issuer)
	}
	token, err := a.Exchange(context.Background(), got.Values.Get("code"), oauth2.VerifierOption(at.Verifier))
	if err != nil {
		a.t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := a.verifier.Verify(context.Background(), raw)
	if err != nil {
		a.t.Fatalf("id_token: %v", err)
	}
	if id.Nonce != at.Nonce {
		a.t.Errorf("nonce: got %q, want %q", id.Nonce, at.Nonce)
	}
	l := &login{Token: token, ID: id, Raw: raw, Answer: got}
	err = id.Claims(&l.Claims)
	if err != nil {
		a.t.Fatal(err)
	}
	return l
}

// userInfo returns the claims at the userinfo endpoint.
func (a *app) userInfo(token *oauth2.Token) map[string]any {
	a.t.Helper()
	info, err := a.provider.UserInfo(context.Background(), oauth2.StaticTokenSource(token))
	if err != nil {
		a.t.Fatal(err)
	}
	claims := map[string]any{}
	err = info.Claims(&claims)
	if err != nil {
		a.t.Fatal(err)
	}
	return claims
}

// call posts a form to an endpoint with the app's secret in the header and returns status and JSON.
func (a *app) call(path string, values url.Values) (int, map[string]any) {
	a.t.Helper()
	endpoint := strings.TrimSuffix(a.Endpoint.TokenURL, "/connect/token") + path
	request, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(values.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(a.ClientID), url.QueryEscape(a.ClientSecret))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	body := map[string]any{}
	err = json.NewDecoder(response.Body).Decode(&body)
	if err != nil && response.ContentLength > 0 {
		a.t.Fatal(err)
	}
	return response.StatusCode, body
}

// oauthError is the error code of a refused token request, "" when it was not refused that way.
func oauthError(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return ""
}

func TestClientCodeFlow(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	alice := providertest.NewPerson(t, s.Issuer, "alice")
	alice.Tick = []string{"*"}
	demo := newApp(t, s.Issuer, "demo", "demo-secret", allScopes...)

	first := demo.login(alice)
	if diff := cmp.Diff([]string{"sign-in", "consent"}, alice.Kinds()); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	t.Run("token response", func(t *testing.T) {
		if got := first.Token.Type(); got != "Bearer" {
			t.Errorf("token_type: got %s, want Bearer", got)
		}
		if got := first.Token.ExpiresIn; got != 3600 {
			t.Errorf("expires_in: got %d, want 3600", got)
		}
		if !strings.HasPrefix(first.Token.RefreshToken, "propusk_rt_") {
			t.Errorf("refresh token does not begin with propusk_rt_")
		}
	})
	t.Run("id_token", func(t *testing.T) {
		got := slices.Sorted(maps.Keys(first.Claims))
		want := []string{"acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("claims (-want +got):\n%s", diff)
		}
		err := first.ID.VerifyAccessToken(first.Token.AccessToken)
		if err != nil {
			t.Errorf("at_hash: %v", err)
		}
	})
	t.Run("userinfo", func(t *testing.T) {
		claims := demo.userInfo(first.Token)
		for name, want := range map[string]string{
			"sub": "string", "name": "string", "given_name": "string", "family_name": "string", "birthdate": "string",
			"updated_at": "number", "email": "string", "email_verified": "bool", "phone_number": "string",
			"phone_number_verified": "bool", "address": "object", "locale": "string", "zoneinfo": "string",
		} {
			if got := jsonType(claims[name]); got != want {
				t.Errorf("%s: got %s (%v), want %s", name, got, claims[name], want)
			}
		}
		if claims["sub"] != first.ID.Subject {
			t.Errorf("sub: got %v, want %s", claims["sub"], first.ID.Subject)
		}
	})
	t.Run("refresh by x/oauth2", func(t *testing.T) {
		expired := *first.Token
		expired.Expiry = expired.Expiry.AddDate(-1, 0, 0)
		next, err := demo.TokenSource(t.Context(), &expired).Token()
		if err != nil {
			t.Fatal(err)
		}
		if next.RefreshToken == first.Token.RefreshToken || next.AccessToken == first.Token.AccessToken {
			t.Errorf("refresh gave the tokens that were sent")
		}
		if got := demo.userInfo(next)["sub"]; got != first.ID.Subject {
			t.Errorf("sub after refresh: got %v, want %s", got, first.ID.Subject)
		}
	})
	t.Run("introspection and revocation", func(t *testing.T) {
		status, state := demo.call("/connect/introspect", url.Values{"token": {first.Token.AccessToken}})
		if status != http.StatusOK || state["active"] != true || state["sub"] != first.ID.Subject || state["client_id"] != "demo" {
			t.Errorf("introspection: got %d %v, want an active token of demo", status, state)
		}
		status, _ = demo.call("/connect/revocation", url.Values{"token": {first.Token.AccessToken}})
		if status != http.StatusOK {
			t.Errorf("revocation: got %d, want 200", status)
		}
		_, state = demo.call("/connect/introspect", url.Values{"token": {first.Token.AccessToken}})
		if diff := cmp.Diff(map[string]any{"active": false}, state); diff != "" {
			t.Errorf("after revocation (-want +got):\n%s", diff)
		}
	})
}

func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	case map[string]any:
		return "object"
	case nil:
		return "absent"
	}
	return "array"
}
