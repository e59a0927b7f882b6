package provider

import (
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestPairwiseSID: by the sid of one browser session apps of two sectors would know that they see the same
// person, so each sector has its own; within a sector it is the same.
func TestPairwiseSID(t *testing.T) {
	w := newWorld(t)
	sid := func(redirect string) any {
		w.change("demo", func(a *storage.App) {
			a.GrantTypes, a.RedirectURIs = []string{storage.GrantCode}, []string{redirect}
			a.Registration.SubjectType = storage.SubjectPairwise
		})
		form := codeForm(w.code(request("demo", "redirect_uri", redirect)))
		form.Set("redirect_uri", redirect)
		got := w.token(form, basic("demo", "demo-secret")...)
		return payload(t, got.IDToken)["sid"]
	}
	one, same, other := sid("https://one.example/cb"), sid("https://one.example/again"), sid("https://two.example/cb")
	if one == nil || one == w.session.ID || one != same || one == other {
		t.Errorf("sid %v and %v in one sector, %v in another, the session is %s", one, same, other, w.session.ID)
	}
}
