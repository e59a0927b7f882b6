package api_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestRefusalsRecorded: what the API refuses before storage is asked is in the audit log as well.
func TestRefusalsRecorded(t *testing.T) {
	type entry struct{ Actor, Address, Action, Target, Result string }
	of := func(who, action, target, result string) []entry {
		return []entry{{who, "127.0.0.1", action, target, result}}
	}
	for _, c := range []struct {
		name         string
		user         string
		scopes       []string
		method, path string
		body         any
		want         []entry
	}{
		{"people", bob, nil, http.MethodGet, "/users", nil, of(bob, "token.use", "users.read", "insufficient_scope")},
		{"a token that only reads", alice, []string{storage.ScopeUsersRead}, http.MethodPatch, "/users/" + bob, map[string]any{"name": "x"}, of(alice, "token.use", "users.write", "insufficient_scope")},
		{"a new app", bob, nil, http.MethodPost, "/apps", map[string]any{"client_name": "x"}, of(bob, "app.create", "", "forbidden")},
		{"a scope", bob, nil, http.MethodDelete, "/scopes/extern.api", nil, of(bob, "scope.write", "", "forbidden")},
		{"one's access", bob, nil, http.MethodPatch, "/me", map[string]any{"access": "full"}, of(bob, "me.write", "", "forbidden")},
		{"one's access by the way of people", alice, nil, http.MethodPatch, "/users/" + alice, map[string]any{"access": "partial"}, of(alice, "user.write", "", "forbidden")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.call(w.token(c.user, c.scopes...), c.method, c.path, c.body).want(http.StatusForbidden)
			refused := true
			list, _, err := w.db.AuditLog(t.Context(), storage.AuditFilter{Refused: &refused})
			if err != nil {
				t.Fatal(err)
			}
			var got []entry
			for _, e := range list {
				got = append(got, entry{e.Actor.ID, e.Actor.Address, e.Action, e.Target, e.Result})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
