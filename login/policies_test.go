package login

import (
	"net/http"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestPoliciesByLanguage: sign-in and consent lead to the app's documents in the language of the page, and to
// the only ones there are where it has none in it.
func TestPoliciesByLanguage(t *testing.T) {
	w := newWorld(t, production)
	_, err := w.db.UpdateApp(t.Context(), storage.Command, "shop", func(a *storage.App) error {
		a.PolicyURI, a.TosURI = "https://docs.example/privacy", "https://docs.example/terms"
		a.Registration.Localized = map[string]string{"policy_uri#RU-ru": "https://docs.example/ru/privacy"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"ru": "https://docs.example/ru/privacy", "en": "https://docs.example/privacy"} {
		b := w.browser()
		a := b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.UILocales = []string{lang} }))
		consent := b.signIn(a, "alice", "alice")
		wantPage(t, consent, http.StatusOK, "consent-allow")
		for name, body := range map[string]string{"sign-in": a.body, "consent": consent.body} {
			for _, link := range []string{want, "https://docs.example/terms"} {
				if !strings.Contains(body, `href="`+link+`"`) {
					t.Errorf("%s in %s does not lead to %s", name, lang, link)
				}
			}
		}
	}
}
