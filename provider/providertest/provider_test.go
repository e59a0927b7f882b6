package providertest_test

import (
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/propusk/propusk/provider/providertest"
)

// TestStart signs somebody in with a foreign client, as a user of this package would.
func TestStart(t *testing.T) {
	p := providertest.Start(t)
	issuer, err := oidc.NewProvider(t.Context(), p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	app := oauth2.Config{ClientID: "demo", ClientSecret: "demo-secret", Endpoint: issuer.Endpoint(),
		RedirectURL: "http://localhost:8080/callback", Scopes: []string{"openid", "email"}}
	verifier := oauth2.GenerateVerifier()
	person := p.Person("alice")
	answer := person.Walk(app.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)))
	if answer.Values.Get("state") != "s" || answer.Values.Get("iss") != p.Issuer {
		t.Fatalf("answer: %+v", answer)
	}
	token, err := app.Exchange(t.Context(), answer.Values.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := issuer.Verifier(&oidc.Config{ClientID: "demo"}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	alice, err := p.DB.UserByName(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if idToken.Subject != alice.ID {
		t.Errorf("sub = %q, want %q", idToken.Subject, alice.ID)
	}
	if got := person.Kinds(); len(got) != 2 {
		t.Errorf("pages shown: %v, want sign-in and consent", got)
	}
}
