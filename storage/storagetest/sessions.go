package storagetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func testSessionCookie(t *testing.T, w *world) {
	s, secret := w.signIn("alice")
	got, u, err := w.db.SessionBySecret(w.ctx, secret)
	w.must(err)
	if got.ID != s.ID || u.Login != "alice" || !got.AuthTime.Equal(w.clock.Now()) {
		t.Errorf("got session %+v of %s", got, u.Login)
	}
	for _, bad := range []string{"", "x", secret[:42], secret + "A", s.ID, "' OR 1=1 --" + secret[11:]} {
		_, _, err = w.db.SessionBySecret(w.ctx, bad)
		w.category(err, storage.ErrNotFound)
	}
	w.must(w.db.EndSession(w.ctx, storage.System, s.ID))
	_, _, err = w.db.SessionBySecret(w.ctx, secret)
	w.category(err, storage.ErrNotFound)
	w.must(w.db.EndSession(w.ctx, storage.System, s.ID))
	w.must(w.db.EndSession(w.ctx, storage.System, "nothing"))
	_, secret = w.signIn("alice")
	w.must(w.db.SetUserDisabled(w.ctx, storage.System, u.ID, true)) // a command would be told that alice is the last administrator
	_, _, err = w.db.SessionBySecret(w.ctx, secret)
	w.category(err, storage.ErrNotFound)
	_, _, err = w.db.StartSession(w.ctx, storage.NewSession{UserID: u.ID})
	w.category(err, storage.ErrRevoked)
	_, _, err = w.db.StartSession(w.ctx, storage.NewSession{UserID: storage.NewID()})
	w.category(err, storage.ErrNotFound)
	w.must(w.db.SetUserDisabled(w.ctx, storage.System, u.ID, false))
	_, _, err = w.db.SessionBySecret(w.ctx, secret)
	w.category(err, storage.ErrNotFound) // enabling does not bring it back
}

func testSessionExpiry(t *testing.T, w *world) {
	_, idle := w.signIn("alice")
	w.clock.Advance(storage.SessionIdle - time.Second)
	s, _, err := w.db.SessionBySecret(w.ctx, idle) // in time: its use is recorded
	w.must(err)
	for range 200 { // in the background
		s, _, err = w.db.SessionBySecret(w.ctx, idle)
		w.must(err)
		if s.SeenAt.Equal(w.clock.Now()) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !s.SeenAt.Equal(w.clock.Now()) {
		t.Fatalf("seen at: got %v, want %v", s.SeenAt, w.clock.Now())
	}
	w.clock.Advance(storage.SessionIdle - time.Second)
	_, _, err = w.db.SessionBySecret(w.ctx, idle)
	w.must(err)
	w.clock.Advance(storage.SessionIdle)
	_, _, err = w.db.SessionBySecret(w.ctx, idle) // beyond idle and absolute; nothing has swept
	w.category(err, storage.ErrNotFound)
}

func testSessionReplace(t *testing.T, w *world) {
	first, old := w.signIn("alice")
	g := w.newGrant(storage.ScopeOpenID)
	g.SessionID = first.ID
	w.redeem(g, storage.Redeemed)
	w.clock.Advance(time.Minute)
	again, secret, err := w.db.StartSession(w.ctx, storage.NewSession{UserID: first.UserID, Replaces: first.ID})
	w.must(err)
	if again.ID != first.ID || secret == old || !again.AuthTime.Equal(w.clock.Now()) || !again.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("re-authentication: got %+v after %+v", again, first)
	}
	_, _, err = w.db.SessionBySecret(w.ctx, old)
	w.category(err, storage.ErrNotFound)
	got, _, err := w.db.SessionBySecret(w.ctx, secret)
	w.must(err)
	if diff := cmp.Diff(again.ID, got.ID); diff != "" {
		t.Error(diff)
	}
	w.lives(g.ID, true)
	other, _, err := w.db.StartSession(w.ctx, storage.NewSession{UserID: w.user("bob").ID, Replaces: first.ID})
	w.must(err)
	if other.ID == first.ID {
		t.Error("another person took over the session id")
	}
	_, _, err = w.db.SessionBySecret(w.ctx, secret)
	w.category(err, storage.ErrNotFound)
	w.lives(g.ID, false)
}

func testConsents(t *testing.T, w *world) {
	alice := w.user("alice").ID
	list, err := w.db.Consents(w.ctx, alice, "demo")
	if err != nil || len(list) != 0 {
		t.Fatalf("got %v, %v, want none", list, err)
	}
	now := w.clock.Now()
	w.must(w.db.Decide(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: alice}, "demo", []storage.Consent{
		{Scope: "openid", Granted: true, Offline: true}, {Scope: "phone", Offline: true}, {Scope: "offline_access", Granted: true, Until: now.Add(time.Hour)}}))
	w.must(w.db.Decide(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: alice}, "demo", []storage.Consent{{Scope: "phone", Granted: true}}))
	list, err = w.db.Consents(w.ctx, alice, "demo")
	w.must(err)
	want := []storage.Consent{
		{Scope: "offline_access", Granted: true, Until: now.Add(time.Hour), DecidedAt: now},
		{Scope: "openid", Granted: true, Offline: true, DecidedAt: now},
		{Scope: "phone", Granted: true, DecidedAt: now},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
	w.clock.Advance(time.Hour)
	list, err = w.db.Consents(w.ctx, alice, "demo")
	w.must(err)
	if diff := cmp.Diff(want[1:], list); diff != "" {
		t.Errorf("after the end of the offline consent (-want +got):\n%s", diff)
	}
	g := w.redeemed(storage.ScopeOpenID, storage.ScopeOffline)
	w.must(w.db.WithdrawApp(w.ctx, storage.Command, alice, "demo"))
	w.lives(g.ID, false)
	list, err = w.db.Consents(w.ctx, alice, "demo")
	if err != nil || len(list) != 0 {
		t.Errorf("after withdrawing: got %v, %v, want none", list, err)
	}
	w.category(w.db.Decide(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: alice}, "demo", []storage.Consent{{Scope: "nothing", Granted: true}}), storage.ErrNotFound)
}

// testSessionPassword: a password that was compared before another was set opens nothing.
func testSessionPassword(t *testing.T, w *world) {
	u := w.user("alice")
	start := storage.NewSession{UserID: u.ID, Proved: u, ACR: "1"}
	w.clock.Advance(time.Second)
	w.must(w.db.RehashPassword(w.ctx, u, "alice"))
	_, _, err := w.db.StartSession(w.ctx, start)
	if err != nil {
		t.Errorf("after the hash was renewed: %v", err)
	}
	w.must(w.db.SetPassword(w.ctx, storage.System, u.ID, "correct horse battery"))
	_, _, err = w.db.StartSession(w.ctx, start)
	w.category(err, storage.ErrRevoked)
}
