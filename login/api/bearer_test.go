package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestBearer(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice, storage.ScopeMeRead)
	none := `Bearer realm="propusk"`
	invalid := `Bearer realm="propusk", error="invalid_token", error_description="the token is unknown, has expired or was revoked"`
	tests := []struct {
		name   string
		header http.Header
		path   string
		status int
		want   string // WWW-Authenticate
	}{
		{"right", http.Header{"Authorization": {"Bearer " + token}}, "/me", http.StatusOK, ""},
		{"lower case", http.Header{"Authorization": {"bearer " + token}}, "/me", http.StatusOK, ""},
		{"none", http.Header{}, "/me", http.StatusUnauthorized, none},
		{"empty", http.Header{"Authorization": {"Bearer "}}, "/me", http.StatusUnauthorized, none},
		{"twice", http.Header{"Authorization": {"Bearer " + token, "Bearer " + token}}, "/me", http.StatusUnauthorized, none},
		{"Basic", http.Header{"Authorization": {"Basic ZGVtbzpkZW1vLXNlY3JldA=="}}, "/me", http.StatusUnauthorized, none},
		{"in the query", http.Header{}, "/me?access_token=" + token, http.StatusUnauthorized, none},
		{"in a cookie", http.Header{"Cookie": {"token=" + token + "; propusk=" + token}}, "/me", http.StatusUnauthorized, none},
		{"unknown", http.Header{"Authorization": {"Bearer nonesuch"}}, "/me", http.StatusUnauthorized, invalid},
		{"cut", http.Header{"Authorization": {"Bearer " + token[:len(token)-1]}}, "/me", http.StatusUnauthorized, invalid},
		{"huge", http.Header{"Authorization": {"Bearer " + strings.Repeat("x", 9000)}}, "/me", http.StatusUnauthorized, none},
		{"other scope", http.Header{"Authorization": {"Bearer " + token}}, "/apps", http.StatusForbidden,
			`Bearer realm="propusk", error="insufficient_scope", error_description="the token needs the scope apps.read", scope="apps.read"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.send(http.MethodGet, test.path, test.header, nil).want(test.status)
			if diff := cmp.Diff(test.want, got.header.Get("WWW-Authenticate")); diff != "" {
				t.Errorf("WWW-Authenticate (-want +got):\n%s", diff)
			}
			if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Set-Cookie") != "" || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("headers %v", got.header)
			}
			if strings.Contains(got.text, token) {
				t.Error("the answer repeats the token")
			}
		})
	}
}

// TestActorErrors holds what is said of each way not to know who asks.
func TestActorErrors(t *testing.T) {
	someone := storage.Actor{Kind: storage.ActorUser, ID: alice, Access: storage.Full, Scoped: true, Scopes: []string{storage.ScopeMeRead}}
	app, nobody := someone, someone
	app.Kind, nobody.Access = storage.ActorApp, ""
	tests := []struct {
		name      string
		by        storage.Actor
		err       error
		status    int
		challenge string
	}{
		{"revoked", storage.Actor{}, storage.ErrRevoked, http.StatusUnauthorized, `error="invalid_token"`},
		{"unknown", storage.Actor{}, storage.ErrNotFound, http.StatusUnauthorized, `error="invalid_token"`},
		{"for another audience", storage.Actor{}, storage.ErrForbidden, http.StatusForbidden, `scope="me.read"`},
		{"database away", storage.Actor{}, storage.ErrUnavailable, http.StatusServiceUnavailable, ""},
		{"broken", storage.Actor{}, errors.New("secret inner text"), http.StatusInternalServerError, ""},
		{"an app", app, nil, http.StatusUnauthorized, `error="invalid_token"`},
		{"no rights", nobody, nil, http.StatusUnauthorized, `error="invalid_token"`},
		{"a command", storage.Command, nil, http.StatusUnauthorized, `error="invalid_token"`},
		{"right", someone, nil, http.StatusOK, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := startWorld(t, func(context.Context, string) (storage.Actor, error) { return test.by, test.err })
			got := w.call("t", http.MethodGet, "/me", nil).want(test.status)
			if challenge := got.header.Get("WWW-Authenticate"); !strings.Contains(challenge, test.challenge) {
				t.Errorf("WWW-Authenticate %q, want %s", challenge, test.challenge)
			}
			switch test.status {
			case http.StatusServiceUnavailable:
				if got.header.Get("Retry-After") != "1" {
					t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
				}
			case http.StatusInternalServerError:
				id, _ := got.object()["instance"].(string)
				id, ok := strings.CutPrefix(id, "urn:propusk:problem:")
				if !ok || strings.Contains(got.text, "inner") || !strings.Contains(w.log.String(), id) || !strings.Contains(w.log.String(), "secret inner text") {
					t.Errorf("answer %s, log %s", got.text, w.log)
				}
			}
		})
	}
}

// TestPanic holds that a panic is an inner error, told to the log alone.
func TestPanic(t *testing.T) {
	w := startWorld(t, func(context.Context, string) (storage.Actor, error) { panic("secret inner text") })
	got := w.call("t", http.MethodGet, "/me", nil).want(http.StatusInternalServerError)
	if strings.Contains(got.text, "inner text") || !strings.Contains(w.log.String(), "secret inner text") {
		t.Errorf("answer %s, log %s", got.text, w.log)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	tests := []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "", http.StatusNotFound, ""},
		{http.MethodGet, "/", http.StatusNotFound, ""},
		{http.MethodGet, "/nonesuch", http.StatusNotFound, ""},
		{http.MethodGet, "/apps/", http.StatusNotFound, ""},
		{http.MethodGet, "/apps/demo/nonesuch", http.StatusNotFound, ""},
		{http.MethodPut, "/apps/demo", http.StatusMethodNotAllowed, "GET, HEAD, PATCH, DELETE"},
		{http.MethodPost, "/me/tokens", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodGet, "/me/tokens/x", http.StatusMethodNotAllowed, "DELETE"},
		{http.MethodDelete, "/users/" + bob, http.StatusMethodNotAllowed, "GET, HEAD, PATCH"},
		{http.MethodDelete, "/audit", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodOptions, "/apps", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{http.MethodHead, "/apps/demo", http.StatusOK, ""},
	}
	for _, test := range tests {
		got := w.call(token, test.method, test.path, nil).want(test.status)
		if got.header.Get("Allow") != test.allow {
			t.Errorf("%s: Allow %q, want %q", got.call, got.header.Get("Allow"), test.allow)
		}
		if test.status != http.StatusOK && got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: Content-Type %q", got.call, got.header.Get("Content-Type"))
		}
	}
}

func TestContentType(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	tests := []struct {
		method, path, kind string
		status             int
	}{
		{http.MethodPatch, "/apps/demo", "application/merge-patch+json", http.StatusOK},
		{http.MethodPatch, "/apps/demo", "application/json", http.StatusOK},
		{http.MethodPatch, "/apps/demo", "application/json; charset=UTF-8", http.StatusOK},
		{http.MethodPatch, "/apps/demo", "application/json; charset=latin1", http.StatusUnsupportedMediaType},
		{http.MethodPatch, "/apps/demo", "application/json-patch+json", http.StatusUnsupportedMediaType},
		{http.MethodPatch, "/apps/demo", "text/plain", http.StatusUnsupportedMediaType},
		{http.MethodPatch, "/apps/demo", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
		{http.MethodPatch, "/apps/demo", "", http.StatusUnsupportedMediaType},
		{http.MethodPost, "/apps/demo/keys", "application/merge-patch+json", http.StatusUnsupportedMediaType},
	}
	for _, test := range tests {
		header := http.Header{"Authorization": {"Bearer " + token}}
		if test.kind != "" {
			header.Set("Content-Type", test.kind)
		}
		w.send(test.method, test.path, header, `{}`).want(test.status)
	}
}
