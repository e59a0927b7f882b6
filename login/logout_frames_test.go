package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// An app with pairwise subjects knows a session by a sid of its own: that ends the session at once and is
// what its frame is told; the sid that other apps know does neither.
func TestLogoutPairwise(t *testing.T) {
	w := newWorld(t, production)
	app, err := w.db.UpdateApp(t.Context(), storage.System, "shop", func(a *storage.App) error {
		a.Registration.FrontchannelLogoutURI, a.Registration.FrontchannelSession = "https://shop.example/out", true
		a.Registration.SubjectType = storage.SubjectPairwise
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	s := b.session()
	w.shopGrant(s)
	wantPage(t, b.endsession(storage.LogoutRequest{AppID: "shop", SessionID: s.ID, Sub: "x"}), http.StatusOK, "logout-yes")
	a := b.endsession(storage.LogoutRequest{AppID: "shop", SessionID: w.db.SessionName(app, s.ID), Sub: "x"})
	if b.session() != nil {
		t.Error("its own sid does not end the session")
	}
	if !strings.Contains(a.body, "sid="+w.db.SessionName(app, s.ID)+`"`) || strings.Contains(a.body, s.ID) {
		t.Errorf("frames of\n%s", a.body)
	}
}

// shopGrant lets the app shop get tokens in a session.
func (w *world) shopGrant(s *storage.Session) {
	w.t.Helper()
	err := w.db.Decide(w.t.Context(), storage.Actor{Kind: storage.ActorUser, ID: s.UserID}, "shop", []storage.Consent{{Scope: "openid", Granted: true, DecidedAt: w.clock.Now()}})
	if err != nil {
		w.t.Fatal(err)
	}
	outcome, err := w.db.RedeemCode(w.t.Context(), &storage.Grant{ID: "grant-of-the-shop", UserID: s.UserID, AppID: "shop", SessionID: s.ID,
		Scopes: []string{"openid"}, AuthTime: w.clock.Now(), ACR: "1", EndsAt: w.clock.Now().Add(time.Hour)}, false)
	if err != nil || outcome != storage.Redeemed {
		w.t.Fatalf("grant: %v, %v", outcome, err)
	}
}

// The signed-out page holds a frame for each app that got tokens in the session, and no other.
func TestLogoutFrames(t *testing.T) {
	w := newWorld(t, production)
	for _, app := range []string{"shop", "stranger"} {
		_, err := w.db.UpdateApp(t.Context(), storage.System, app, func(a *storage.App) error {
			a.Registration.FrontchannelLogoutURI, a.Registration.FrontchannelSession = "https://"+app+".example/out?x=1", true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	s := b.session()
	if got, want := b.cookies["__Host-propusk_state"], w.db.BrowserState(s.ID); got != want {
		t.Errorf("state of the browser %q, want %q", got, want)
	}
	w.shopGrant(s)
	a := b.endsession(storage.LogoutRequest{AppID: "shop", SessionID: s.ID, Sub: s.UserID, RedirectURI: "https://shop.example/bye", State: "s 1"})
	wantPage(t, a, http.StatusOK, "logout-next")
	if got, want := a.header.Get("Refresh"), "2; url=https://shop.example/bye?state=s+1"; got != want {
		t.Errorf("Refresh %q, want %q", got, want)
	}
	frame := `<iframe src="https://shop.example/out?x=1&amp;iss=https%3A%2F%2F`
	if !strings.Contains(a.body, frame) || !strings.Contains(a.body, "sid="+s.ID+`"`) || strings.Contains(a.body, "stranger") {
		t.Errorf("frames of\n%s", a.body)
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; frame-src https://shop.example") {
		t.Errorf("policy %q", policy)
	}
	if b.cookies["__Host-propusk_state"] != "" || b.session() != nil {
		t.Error("still signed in")
	}
}
