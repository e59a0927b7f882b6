package dashboard

import (
	"net/http"
	"testing"
)

// TestRefusedPages: a page that is not for the person leaves an entry in the audit log.
func TestRefusedPages(t *testing.T) {
	w := newWorld(t)
	bob := w.as("bob")
	for _, c := range []struct {
		path           string
		status         int
		action, result string
	}{
		{"/users", http.StatusNotFound, "user.read", "not_found"},
		{"/users/new", http.StatusNotFound, "user.write", "not_found"},
		{"/audit", http.StatusNotFound, "audit.read", "not_found"},
		{"/scopes", http.StatusForbidden, "scope.write", "forbidden"},
		{"/apps/new", http.StatusForbidden, "app.create", "forbidden"},
	} {
		t.Run(c.path, func(t *testing.T) {
			want(t, bob.get(c.path), c.status)
			if got := w.audited(c.action, "", c.result); got != 1 {
				t.Errorf("%d entries, want 1", got)
			}
		})
	}
}
