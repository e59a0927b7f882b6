package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestUserInfoFor holds that the preview says what the endpoint then answers, the sub of the app among it.
func TestUserInfoFor(t *testing.T) {
	w := newWorld(t)
	for _, subjects := range []string{storage.SubjectPublic, storage.SubjectPairwise} {
		w.change("demo", func(a *storage.App) {
			a.RedirectURIs, a.GrantTypes = []string{callback}, []string{storage.GrantCode}
			a.Registration.SubjectType = subjects
		})
		for _, scope := range []string{"openid", "openid profile", "openid email phone address"} {
			rec := w.get("/connect/userinfo", "Authorization", "Bearer "+w.login("scope", scope).AccessToken)
			said, err := w.p.UserInfoFor(context.Background(), w.app("demo"), w.user("alice"), strings.Fields(scope))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rec.Body.String(), string(said)); diff != "" || rec.Code != 200 {
				t.Errorf("%s, %s: %d (-endpoint +preview):\n%s", subjects, scope, rec.Code, diff)
			}
		}
	}
}
