package dashboard

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestPreview holds that the page asks what userinfo answers for the person who looks and the scopes they
// chose, and shows that.
func TestPreview(t *testing.T) {
	w := newWorld(t)
	w.board.config.UserInfo = func(_ context.Context, app *storage.App, user *storage.User, scopes []string) (json.RawMessage, error) {
		return json.Marshal(map[string]string{"asked": app.ID + " " + user.Login + " " + strings.Join(scopes, "+")})
	}
	w.change("demo", func(a *storage.App) {
		a.Scopes = []storage.AppScope{{Name: "openid", Required: true}, {Name: "profile", Required: true}, {Name: "email"}, {Name: "phone"}, {Name: "offline_access"}}
	})
	bob := w.as("bob")
	for query, asked := range map[string]string{
		"":                                "demo bob openid+profile+email+phone",
		"?preview=1":                      "demo bob openid+profile",
		"?preview=1&scope=phone":          "demo bob openid+profile+phone",
		"?preview=1&scope=address&scope=": "demo bob openid+profile",
	} {
		got := bob.get("/apps/demo/setup" + query)
		want(t, got, http.StatusOK, "What the app learns about you", "&#34;asked&#34;: &#34;"+strings.ReplaceAll(asked, "+", "&#43;")+"&#34;")
	}
	w.board.config.UserInfo = nil
	wantNot(t, bob.get("/apps/demo/setup"), "What the app learns about you")
}
