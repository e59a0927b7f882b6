package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostileRedirect holds the cases of redirect URIs.
var hostileRedirect = map[string]func(*testing.T){
	"HC-010": hostileErrorRedirect,
}

// hostileErrorRedirect: what is wrong behind a good redirect URI goes back to the app, and there alone.
func hostileErrorRedirect(t *testing.T) {
	w := newWorld(t)
	const state = `s&iss=https://evil.example "<b>`
	got := w.get(authorizePath(demoApp.asking("state", state, "scope", `openid "><b>\`)))
	to := got.location()
	if got.status != http.StatusSeeOther || to == nil {
		t.Fatalf("got %d, Location %q", got.status, got.header.Get("Location"))
	}
	if bare, _, _ := strings.Cut(got.header.Get("Location"), "?"); bare != demoApp.redirect {
		t.Errorf("redirected to %q, want %q", bare, demoApp.redirect)
	}
	description := to.Query().Get("error_description")
	want := url.Values{
		"error": {"invalid_scope"}, "error_description": {description}, "state": {state}, "iss": {w.issuer},
	}
	if diff := cmp.Diff(want, to.Query()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if description == "" || strings.ContainsAny(description, `"\<>`) {
		t.Errorf("error_description %q is empty or repeats the request", description)
	}
}
