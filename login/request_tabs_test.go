package login

import (
	"net/http"
	"testing"

	"github.com/propusk/propusk/storage"
)

// Two tabs of one browser, the back button, and a restart in the middle.
func TestTabsBackAndRestart(t *testing.T) {
	t.Run("both tabs show the form, then one signs in", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		one, two := b.authorize(w.request("shop", nil)), b.authorize(w.request("shop", nil))
		wantAway(t, b.allow(b.signIn(one, "alice", "alice"), "email"), "scope", "openid profile email")
		first := b.session()
		wantAway(t, b.signIn(two, "alice", "alice"), "scope", "openid profile email")
		if s := b.session(); s == nil || s.ID != first.ID {
			t.Errorf("session %v became %v", first, s)
		}
	})
	t.Run("the second tab is reloaded", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		one, two := b.authorize(w.request("shop", nil)), b.authorize(w.request("shop", nil))
		b.allow(b.signIn(one, "alice", "alice"), "email")
		wantAway(t, b.get(two.path), "scope", "openid profile email")
	})
	t.Run("another person in the second tab", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		one, two := b.authorize(w.request("shop", nil)), b.authorize(w.request("shop", nil))
		consent := b.signIn(one, "alice", "alice")
		b.signIn(two, "bob", "bob")
		wantPage(t, b.open(http.MethodPost, "/consent", consent.with("decision", "allow")), http.StatusForbidden, "")
		if got := w.approvals(); len(got) != 0 {
			t.Errorf("the app was given %v", got)
		}
	})
	t.Run("back to the sign-in form", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		form := b.authorize(w.request("shop", nil))
		b.signIn(form, "alice", "alice")
		a := b.signIn(form, "alice", "alice")
		wantAway(t, b.allow(a), "scope", "openid profile")
	})
	t.Run("back when all is done", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		form := b.authorize(w.request("shop", nil))
		b.allow(b.signIn(form, "alice", "alice"))
		wantPage(t, b.get(form.path), http.StatusForbidden, "")
	})
	t.Run("restart at every step", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		a := b.authorize(w.request("shop", nil))
		w.restart()
		a = b.signIn(a, "alice", "alice")
		w.restart()
		wantAway(t, b.allow(a), "scope", "openid profile")
	})
}

// HC-075: one form twice, the form of another request, and by GET.
func TestConsentTwice(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	req := w.request("shop", nil)
	form := b.signIn(b.authorize(req), "alice", "alice")
	kept := b.copy()
	wantAway(t, b.allow(form), "code", req.ID)
	wantPage(t, b.allow(form), http.StatusForbidden, "")

	// A kept cookie leads to the same request once more: its codes redeem once, because the grant's id
	// is derived from the request's.
	wantAway(t, kept.allow(form), "code", req.ID)

	other := w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"consent"} })
	b.authorize(other)
	wantPage(t, b.allow(form), http.StatusForbidden, "")
	stolen := form.with("decision", "allow")
	stolen.Set("request", other.ID)
	wantPage(t, b.open(http.MethodPost, "/consent", stolen), http.StatusForbidden, "")

	before := len(w.approvals())
	wantPage(t, b.get("/consent?"+form.with("decision", "allow").Encode()), http.StatusForbidden, "")
	wantPage(t, b.get("/consent?decision=allow&request="+other.ID), http.StatusOK, "consent-allow")
	if n := len(w.approvals()); n != before {
		t.Errorf("a GET approved: %d, want %d", n, before)
	}
}
