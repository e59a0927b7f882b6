package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// ofApp is every operation on one app, with a body that would do something.
var ofApp = []struct {
	method, path string
	body         any
}{
	{http.MethodGet, "/apps/{id}", nil},
	{http.MethodPatch, "/apps/{id}", map[string]any{"client_name": "taken"}},
	{http.MethodPatch, "/apps/{id}", map[string]any{"trusted": true}},
	{http.MethodDelete, "/apps/{id}", nil},
	{http.MethodGet, "/apps/{id}/events", nil},
	{http.MethodGet, "/apps/{id}/keys", nil},
	{http.MethodPost, "/apps/{id}/keys", map[string]any{"label": "mine"}},
	{http.MethodGet, "/apps/{id}/keys/{key}", nil},
	{http.MethodDelete, "/apps/{id}/keys/{key}", nil},
	{http.MethodGet, "/apps/{id}/developers", nil},
	{http.MethodPost, "/apps/{id}/developers", map[string]any{"login": "bob", "role": "owner"}},
	{http.MethodGet, "/apps/{id}/developers/" + alice, nil},
	{http.MethodPatch, "/apps/{id}/developers/" + alice, map[string]any{"role": "viewer"}},
	{http.MethodDelete, "/apps/{id}/developers/" + alice, nil},
	{http.MethodDelete, "/apps/{id}/developers/" + bob, nil},
}

// TestHostileOtherApp is HC-078: to bob, who has no role in plain, it is on every route as if there were
// no such app, and the audit log has the attempt.
func TestHostileOtherApp(t *testing.T) {
	w, clock := newWorldAt(t)
	token := w.token(bob)
	plain, err := w.db.App(t.Context(), "plain")
	if err != nil {
		t.Fatal(err)
	}
	key := plain.Keys[0].ID
	path := func(pattern, id string) string { return strings.NewReplacer("{id}", id, "{key}", key).Replace(pattern) }
	for _, op := range ofApp {
		clock.Advance(time.Minute) // the log bounds refusals of a minute
		t.Run(op.method+op.path, func(t *testing.T) {
			there := w.call(token, op.method, path(op.path, "plain"), op.body).want(http.StatusNotFound)
			missing := w.call(token, op.method, path(op.path, "nonesuch"), op.body).want(http.StatusNotFound)
			if diff := cmp.Diff(missing.text, there.text); diff != "" {
				t.Errorf("another app is told from a missing one (-missing +other):\n%s", diff)
			}
			there.header.Del("Date")
			missing.header.Del("Date")
			if diff := cmp.Diff(missing.header, there.header); diff != "" {
				t.Errorf("another app is told from a missing one (-missing +other):\n%s", diff)
			}
		})
	}
	after, err := w.db.App(t.Context(), "plain")
	if err != nil {
		t.Fatal(err)
	}
	if after.Name != plain.Name || len(after.Keys) != 1 || len(after.Developers) != len(plain.Developers) {
		t.Errorf("the app has changed: %+v", after)
	}
	yes := true
	entries, _, err := w.db.AuditLog(t.Context(), storage.AuditFilter{Target: "plain", Actor: bob, Refused: &yes, Limit: 100})
	if err != nil || len(entries) != len(ofApp) {
		t.Errorf("%d refusals in the audit log, want %d: %v", len(entries), len(ofApp), err)
	}
	for _, e := range entries {
		if e.Actor.Address != "127.0.0.1" || e.Result != "not_found" {
			t.Errorf("entry %+v", e)
		}
	}
}

// TestRoles holds what each role may do through the API: 404 where the app is unknown to the person, 403
// where it is known.
func TestRoles(t *testing.T) {
	const ok, no, unknown = "yes", "403", "404"
	tests := []struct {
		role string
		want []string // in the order of the calls below
	}{
		{"", []string{unknown, unknown, unknown, unknown, unknown}},
		{"viewer", []string{ok, no, no, no, no}},
		{"developer", []string{ok, ok, ok, no, no}},
		{"owner", []string{ok, ok, ok, ok, ok}},
	}
	for _, test := range tests {
		t.Run("role "+test.role, func(t *testing.T) {
			w := newWorld(t)
			if test.role != "" {
				err := w.db.SetDeveloper(t.Context(), storage.Command, "plain", storage.Developer{UserID: carol, Role: storage.Role(test.role)})
				if err != nil {
					t.Fatal(err)
				}
			}
			token := w.token(carol)
			got := []string{}
			for _, a := range []answer{
				w.call(token, http.MethodGet, "/apps/plain", nil),
				w.call(token, http.MethodPatch, "/apps/plain", map[string]any{"description": "mine"}),
				w.call(token, http.MethodPost, "/apps/plain/keys", map[string]any{"label": "mine"}),
				w.call(token, http.MethodPost, "/apps/plain/developers", map[string]any{"login": "bob", "role": "viewer"}),
				w.call(token, http.MethodDelete, "/apps/plain", nil),
			} {
				switch {
				case a.status < 300:
					got = append(got, ok)
				case a.status == http.StatusForbidden:
					got = append(got, no)
				case a.status == http.StatusNotFound:
					got = append(got, unknown)
				default:
					t.Errorf("%s: %d %s", a.call, a.status, a.text)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPartialAccess holds that a person with partial access sees what they were given, and nothing of
// administrators' things.
func TestPartialAccess(t *testing.T) {
	w := newWorld(t)
	token := w.token(bob)
	items, _ := w.call(token, http.MethodGet, "/apps", nil).want(http.StatusOK).items()
	if diff := cmp.Diff([]any{"demo"}, column(items, "client_id")); diff != "" {
		t.Errorf("bob's apps (-want +got):\n%s", diff)
	}
	none, _ := w.call(token, http.MethodGet, "/apps?owner="+alice+"&q=plain", nil).want(http.StatusOK).items()
	if len(none) != 0 {
		t.Errorf("a filter shows %v", none)
	}
	w.call(token, http.MethodGet, "/scopes", nil).want(http.StatusOK)
	w.call(token, http.MethodPost, "/scopes", map[string]any{"name": "x", "title": map[string]any{"en": "x", "ru": "x"},
		"text": map[string]any{"en": "x", "ru": "x"}}).want(http.StatusForbidden)
	w.call(token, http.MethodPatch, "/scopes/profile", map[string]any{"title": map[string]any{"en": "x"}}).want(http.StatusForbidden)
	w.call(token, http.MethodDelete, "/scopes/extern.api", nil).want(http.StatusForbidden)
	for _, path := range []string{"/users", "/users/" + alice, "/users/" + bob, "/audit"} {
		w.call(token, http.MethodGet, path, nil).want(http.StatusForbidden)
	}
	w.call(token, http.MethodPatch, "/users/"+bob, map[string]any{"access": "full"}).want(http.StatusForbidden)
	w.call(token, http.MethodPatch, "/me", map[string]any{"access": "full"}).want(http.StatusForbidden)
	w.call(token, http.MethodPost, "/users", map[string]any{"login": "eve"}).want(http.StatusForbidden)
}

// TestHostileTokens is HC-057: a token that has ended, was deleted, or whose person may not any more
// fails at the next call.
func TestHostileTokens(t *testing.T) {
	w := newWorld(t)
	admin := w.token(alice)
	t.Run("deleted", func(t *testing.T) {
		token, id := w.tokenAndID(bob)
		w.call(token, http.MethodGet, "/me", nil).want(http.StatusOK)
		w.call(token, http.MethodDelete, "/me/tokens/"+id, nil).want(http.StatusNoContent)
		w.call(token, http.MethodGet, "/me", nil).want(http.StatusUnauthorized)
	})
	t.Run("role taken", func(t *testing.T) {
		token := w.token(bob)
		w.call(token, http.MethodGet, "/apps/demo", nil).want(http.StatusOK)
		w.call(admin, http.MethodPatch, "/apps/demo/developers/"+bob, map[string]any{"role": "viewer"}).want(http.StatusOK)
		w.call(token, http.MethodPatch, "/apps/demo", map[string]any{"description": "x"}).want(http.StatusForbidden)
		w.call(admin, http.MethodDelete, "/apps/demo/developers/"+bob, nil).want(http.StatusNoContent)
		w.call(token, http.MethodGet, "/apps/demo", nil).want(http.StatusNotFound)
		items, _ := w.call(token, http.MethodGet, "/apps", nil).want(http.StatusOK).items()
		if len(items) != 0 {
			t.Errorf("still sees %v", items)
		}
	})
	t.Run("access lowered", func(t *testing.T) {
		w.call(admin, http.MethodPatch, "/users/"+carol, map[string]any{"access": "full"}).want(http.StatusOK)
		token := w.token(carol)
		w.call(token, http.MethodGet, "/users", nil).want(http.StatusOK)
		w.call(token, http.MethodGet, "/apps/plain", nil).want(http.StatusOK)
		w.call(admin, http.MethodPatch, "/users/"+carol, map[string]any{"access": "partial"}).want(http.StatusOK)
		for _, path := range []string{"/users", "/audit", "/users/" + alice} {
			w.call(token, http.MethodGet, path, nil).want(http.StatusForbidden)
		}
		w.call(token, http.MethodGet, "/apps/plain", nil).want(http.StatusNotFound)
		w.call(token, http.MethodPost, "/apps", map[string]any{"client_name": "x"}).want(http.StatusForbidden)
		w.call(token, http.MethodGet, "/me", nil).want(http.StatusOK)
	})
	t.Run("disabled", func(t *testing.T) {
		token := w.token(carol)
		w.call(admin, http.MethodPatch, "/users/"+carol, map[string]any{"disabled": true}).want(http.StatusOK)
		w.call(token, http.MethodGet, "/me", nil).want(http.StatusUnauthorized)
	})
	t.Run("of an app", func(t *testing.T) {
		_, err := w.db.UpdateApp(t.Context(), storage.Command, "demo", func(a *storage.App) error {
			a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		u, err := w.db.User(t.Context(), alice)
		if err != nil {
			t.Fatal(err)
		}
		_, token, err := w.db.CreatePersonalToken(t.Context(), storage.UserActor(u, ""), storage.NewPersonalToken{UserID: alice, AppID: "demo", Name: "x", Scopes: []string{"profile"}})
		if err != nil {
			t.Fatal(err)
		}
		w.call(token, http.MethodGet, "/me", nil).want(http.StatusForbidden)
	})
}

func TestTokenExpires(t *testing.T) {
	w, clock := newWorldAt(t)
	token := w.token(bob)
	w.call(token, http.MethodGet, "/me", nil).want(http.StatusOK)
	clock.Advance(time.Hour)
	w.call(token, http.MethodGet, "/me", nil).want(http.StatusUnauthorized)
}

// TestScopes holds for each operation that the scope it names is needed and is enough to be let in.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	tokens := map[string]string{}
	for _, op := range operations(t, w) {
		scope := op.scope
		all := storage.APIScopes(storage.Full)
		if tokens[scope] == "" {
			tokens[scope] = w.token(alice, scope)
			tokens["not "+scope] = w.token(alice, slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == scope })...)
		}
		path := strings.NewReplacer("{client_id}", "nonesuch", "{id}", "nonesuch", "{sub}", "nonesuch", "{name}", "nonesuch").Replace(op.path)
		without := w.call(tokens["not "+scope], op.method, path, map[string]any{})
		if without.status != http.StatusForbidden || !strings.Contains(without.header.Get("WWW-Authenticate"), `scope="`+scope+`"`) {
			t.Errorf("%s without %s: %d %v", without.call, scope, without.status, without.header)
		}
		with := w.call(tokens[scope], op.method, path, map[string]any{})
		if with.status == http.StatusForbidden || with.status == http.StatusUnauthorized || with.status >= 500 {
			t.Errorf("%s with %s: %d %s", with.call, scope, with.status, with.text)
		}
	}
}
