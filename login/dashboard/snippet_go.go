package dashboard

import "github.com/propusk/propusk/login/page"

// golang is a program with golang.org/x/oauth2 and github.com/coreos/go-oidc.
func (s snippets) golang() []page.SnippetFile {
	more := when(s.Signs != "", " github.com/go-jose/go-jose/v4")
	if s.Service {
		return []page.SnippetFile{
			{Text: "go mod init example.com/client\ngo get golang.org/x/oauth2" + more + "\nset -a; . ./.env; go run .\n"},
			{Name: "main.go", Text: s.fillGo(goService)},
		}
	}
	return []page.SnippetFile{
		{Text: "go mod init example.com/client\ngo get golang.org/x/oauth2 github.com/coreos/go-oidc/v3/oidc" + more + "\nset -a; . ./.env; go run .\n"},
		{Name: "main.go", Text: s.fillGo(goCode)},
	}
}

func (s snippets) fillGo(text string) string {
	style := "oauth2.AuthStyleInHeader"
	if s.Post || s.Public {
		style = "oauth2.AuthStyleInParams"
	}
	secret := s.Signs == "" && !s.Public
	if s.Signs != "" {
		text += goSigned
	}
	return fill(text, append(s.signedGo(),
		"issuer", quoted(s.Issuer), "id", quoted(s.ID), "redirect", quoted(s.Redirect), "scopes", quotedList(s.Scopes), "style", style,
		"listen", quoted(s.Listen), "start", quoted(s.Start), "path", quoted(s.Path), "token", quoted(s.Issuer+"/connect/token"),
		"os", when(!s.Public, "\n\t\"os\""), "secure", when(len(s.Redirect) > 5 && s.Redirect[:5] == "https", "Secure: true, "),
		"secret", when(secret, "\n\t\tClientSecret: os.Getenv(\"OIDC_CLIENT_SECRET\"),"),
		"pad", when(secret, " "), "wide", when(secret, "   "),
	)...)
}

const goCode = `
package main

import (
	"context"
	"crypto/rand"«x509»
	"encoding/json"«pem»
	"log"
	"net/http"«os»«time»

	"github.com/coreos/go-oidc/v3/oidc"«jose»
	"golang.org/x/oauth2"
)

func main() {
	provider, err := oidc.NewProvider(context.Background(), «issuer»)
	if err != nil {
		log.Fatal(err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = «style»
	config := &oauth2.Config{
		ClientID:    «pad»«id»,«secret»
		RedirectURL: «pad»«redirect»,
		Endpoint:    «pad»endpoint,
		Scopes:      «pad»[]string{«scopes»},
	}
	idTokens := provider.Verifier(&oidc.Config{ClientID: config.ClientID})

	http.HandleFunc(«start», func(w http.ResponseWriter, r *http.Request) {
		state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
		keep(w, "state", state)
		keep(w, "nonce", nonce)
		keep(w, "verifier", verifier)
		http.Redirect(w, r, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusFound)
	})

	http.HandleFunc(«path», func(w http.ResponseWriter, r *http.Request) {
		if state := kept(r, "state"); state == "" || r.FormValue("state") != state {
			http.Error(w, "this sign-in was not started here", http.StatusBadRequest)
			return
		}
		if refused := r.FormValue("error"); refused != "" {
			http.Error(w, refused+": "+r.FormValue("error_description"), http.StatusForbidden)
			return
		}
		token, err := config.Exchange(r.Context(), r.FormValue("code"), oauth2.VerifierOption(kept(r, "verifier"))«proof»)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		idToken, err := idTokens.Verify(r.Context(), raw)
		if err != nil || idToken.Nonce != kept(r, "nonce") {
			http.Error(w, "the id_token is not for this sign-in", http.StatusBadGateway)
			return
		}
		person, err := provider.UserInfo(r.Context(), config.TokenSource(r.Context(), token))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		var claims map[string]any
		_ = person.Claims(&claims)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(claims)
	})

	log.Fatal(http.ListenAndServe(«listen», nil))
}

func keep(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 600, HttpOnly: true, «secure»SameSite: http.SameSiteLaxMode})
}

func kept(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
`

const goService = `
package main

import (
	"context"«rand»«x509»«pem»
	"log"«url»
	"os"«time»
«jose»
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	config := &clientcredentials.Config{
		ClientID:  «wide»«id»,«secret»
		TokenURL:  «wide»«token»,
		Scopes:    «wide»[]string{«scopes»},
		AuthStyle: «wide»«style»,«serviceProof»
	}
	token, err := config.Token(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("a token until %s", token.Expiry)
	«renew»
}
`
