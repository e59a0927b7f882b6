package main_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/propusk/propusk/provider/providertest"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func TestClientClaimsParameter(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret", "openid")
	alice := providertest.NewPerson(t, s.Issuer, "alice")

	t.Run("userinfo without being asked", func(t *testing.T) {
		l := demo.login(alice)
		want := map[string]any{"sub": l.ID.Subject}
		if diff := cmp.Diff(want, demo.userInfo(l.Token)); diff != "" {
			t.Errorf("userinfo (-want +got):\n%s", diff)
		}
	})
	t.Run("id_token and userinfo", func(t *testing.T) {
		// E-mail is essential; the name is on the person's choice.
		alice.Tick = []string{"profile"}
		l := demo.login(alice, "claims",
			`{"id_token":{"email":{"essential":true}},"userinfo":{"given_name":null}}`)
		wantPages(t, alice, "consent")
		if got, ok := l.Claims["email"].(string); !ok || !strings.Contains(got, "@") {
			t.Errorf("email in the id_token: got %v", l.Claims["email"])
		}
		if l.Claims["given_name"] != nil {
			t.Errorf("given_name in the id_token: got %v, asked only at userinfo", l.Claims["given_name"])
		}
		info := demo.userInfo(l.Token)
		if jsonType(info["given_name"]) != "string" {
			t.Errorf("given_name at userinfo: got %v", info["given_name"])
		}
		if info["family_name"] != nil {
			t.Errorf("family_name at userinfo: got %v, nobody asked", info["family_name"])
		}
	})
	t.Run("acr that cannot be had", func(t *testing.T) {
		at := demo.attempt("claims", `{"id_token":{"acr":{"essential":true,"values":["urn:gold"]}}}`)
		wantError(t, at, alice.Walk(at.URL), "unmet_authentication_requirements")
	})
	t.Run("acr that would be nice", func(t *testing.T) {
		l := demo.login(alice, "acr_values", "urn:gold 1")
		if l.Claims["acr"] != "1" {
			t.Errorf("acr: got %v, want 1", l.Claims["acr"])
		}
	})
	t.Run("not JSON", func(t *testing.T) {
		at := demo.attempt("claims", `{"id_token":`)
		wantError(t, at, alice.Walk(at.URL), "invalid_request")
	})
}

// TestClientScopes: the answer says what was given when that is not what was asked.
func TestClientScopes(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	tests := []struct {
		name  string
		asked []string
		tick  []string
		want  string
	}{
		{"as asked", []string{"openid", "email"}, nil, "openid email"},
		{"unknown left out", []string{"openid", "no.such.scope"}, nil, "openid"},
		{"optional declined", []string{"openid", "phone"}, nil, "openid"},
		{"optional ticked", []string{"openid", "address"}, []string{"address"}, "openid address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			alice := providertest.NewPerson(t, s.Issuer, "alice")
			alice.Tick = tt.tick
			demo := newApp(t, s.Issuer, "demo", "demo-secret", tt.asked...)
			for _, again := range []bool{false, true} {
				l := demo.login(alice)
				if got := l.Token.Extra("scope"); got != tt.want {
					t.Errorf("scope: got %v, want %s", got, tt.want)
				}
				if again {
					wantPages(t, alice)
				}
			}
		})
	}
	t.Run("known but not the app's", func(t *testing.T) {
		kontur := newApp(t, s.Issuer, "yourClientId", "yourClientSecret", "openid", "profile")
		kontur.RedirectURL = "http://www.example.com/"
		at := kontur.attempt()
		wantError(t, at, providertest.NewPerson(t, s.Issuer, "alice").Walk(at.URL), "invalid_scope")
	})
}

func TestClientPublic(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	tests := []struct{ client, redirect string }{
		{"spa", "http://localhost:5173/callback"},
		{"cli", "http://127.0.0.1:1/"},
		{"cli", "http://127.0.0.1:65535"},
		{"cli", "http://[::1]:8080/done"},
	}
	alice := providertest.NewPerson(t, s.Issuer, "alice")
	for _, tt := range tests {
		t.Run(tt.client+" "+tt.redirect, func(t *testing.T) {
			public := newApp(t, s.Issuer, tt.client, "")
			public.RedirectURL = tt.redirect
			l := public.login(alice)
			expired := *l.Token
			expired.Expiry = expired.Expiry.AddDate(-1, 0, 0)
			next, err := public.TokenSource(t.Context(), &expired).Token()
			if err != nil {
				t.Fatal(err)
			}
			if next.RefreshToken == l.Token.RefreshToken {
				t.Errorf("the refresh token of a public app is not rotated")
			}
		})
	}
}

func TestClientCredentials(t *testing.T) {
	s := startDev(t)
	tests := []struct {
		client, secret, scope string
		style                 oauth2.AuthStyle
		want                  string // error code
	}{
		{"service", "service-secret", "extern.api", oauth2.AuthStyleInHeader, ""},
		{"demo", "demo-secret", "extern.api", oauth2.AuthStyleInParams, ""},
		{"demo", "demo-secret", "extern.api", oauth2.AuthStyleInHeader, ""},
		{"service", "service-secret", "extern.api", oauth2.AuthStyleInParams, "invalid_client"},
		{"service", "wrong", "extern.api", oauth2.AuthStyleInHeader, "invalid_client"},
		{"nobody", "service-secret", "extern.api", oauth2.AuthStyleInHeader, "invalid_client"},
		{"service", "service-secret", "email", oauth2.AuthStyleInHeader, "invalid_scope"},
		{"yourClientId", "yourClientSecret", "extern.api", oauth2.AuthStyleInParams, "unauthorized_client"},
	}
	for _, tt := range tests {
		t.Run(tt.client+" "+tt.secret+" "+tt.scope+" "+styleName(tt.style), func(t *testing.T) {
			config := clientcredentials.Config{
				ClientID: tt.client, ClientSecret: tt.secret, TokenURL: s.Issuer + "/connect/token",
				Scopes: []string{tt.scope}, AuthStyle: tt.style,
			}
			token, err := config.Token(t.Context())
			if got := oauthError(err); got != tt.want {
				t.Fatalf("error: got %q (%v), want %q", got, err, tt.want)
			}
			if tt.want != "" {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if token.AccessToken == "" || token.RefreshToken != "" || token.Extra("id_token") != nil {
				t.Errorf("want an access token and nothing else, got %v", token)
			}
		})
	}
}

func styleName(style oauth2.AuthStyle) string {
	if style == oauth2.AuthStyleInHeader {
		return "by header"
	}
	return "by body"
}
