package api_test

import (
	"net/http"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestReadKeys: who reads an app's keys is who may work with them.
func TestReadKeys(t *testing.T) {
	for _, c := range []struct {
		role   storage.Role
		scopes []string
		status int
	}{
		{"", nil, http.StatusNotFound},
		{storage.RoleViewer, nil, http.StatusForbidden},
		{storage.RoleDeveloper, []string{storage.ScopeAppsRead}, http.StatusOK},
		{storage.RoleDeveloper, []string{storage.ScopeAppsWrite}, http.StatusForbidden},
		{storage.RoleOwner, nil, http.StatusOK},
	} {
		t.Run("role "+string(c.role), func(t *testing.T) {
			w := newWorld(t)
			if c.role != "" {
				err := w.db.SetDeveloper(t.Context(), storage.Command, "plain", storage.Developer{UserID: carol, Role: c.role})
				if err != nil {
					t.Fatal(err)
				}
			}
			app, err := w.db.App(t.Context(), "plain")
			if err != nil {
				t.Fatal(err)
			}
			token := w.token(carol, c.scopes...)
			w.call(token, http.MethodGet, "/apps/plain/keys", nil).want(c.status)
			w.call(token, http.MethodGet, "/apps/plain/keys/"+app.Keys[0].ID, nil).want(c.status)
		})
	}
}
