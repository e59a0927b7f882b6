package storagetest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// sessionIDs lists a person's sessions as the account page does.
func (w *world) sessionIDs(login string) []string {
	w.Helper()
	list, err := w.db.Sessions(w.ctx, w.user(login).ID)
	w.must(err)
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func testSessionList(t *testing.T, w *world) {
	alice := w.user("alice")
	first, _ := w.signIn("alice")
	w.clock.Advance(time.Second)
	second, _ := w.signIn("alice")
	w.clock.Advance(time.Second)
	third, secret := w.signIn("alice")
	bobs, _ := w.signIn("bob")
	expect := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.sessionIDs("alice")); diff != "" {
			t.Errorf("sessions (-want +got):\n%s", diff)
		}
	}
	expect(third.ID, second.ID, first.ID)

	w.category(w.db.EndSession(w.ctx, w.actor("bob"), first.ID), storage.ErrNotFound)
	w.category(w.db.EndSession(w.ctx, w.byToken("alice", storage.ScopeMeRead), first.ID), storage.ErrForbidden)
	_, err := w.db.EndSessions(w.ctx, w.actor("bob"), alice.ID, "")
	w.category(err, storage.ErrNotFound)
	expect(third.ID, second.ID, first.ID)
	w.must(w.db.EndSession(w.ctx, w.actor("alice"), first.ID))
	w.must(w.db.EndSession(w.ctx, w.actor("alice"), first.ID))
	w.must(w.db.EndSession(w.ctx, w.actor("alice"), "nothing"))
	expect(third.ID, second.ID)
	w.must(w.db.EndSession(w.ctx, w.actor("alice"), bobs.ID)) // an administrator
	if got := w.sessionIDs("bob"); len(got) != 0 {
		t.Errorf("bob: got %q", got)
	}

	inSecond, inThird := w.newGrant(storage.ScopeOpenID), w.newGrant(storage.ScopeOpenID)
	inSecond.SessionID, inThird.SessionID = second.ID, third.ID
	w.redeem(inSecond, storage.Redeemed)
	w.redeem(inThird, storage.Redeemed)
	n, err := w.db.EndSessions(w.ctx, w.actor("alice"), alice.ID, third.ID)
	if err != nil || n != 3 { // newGrant signs in as well
		t.Errorf("others: got %d, %v, want 3", n, err)
	}
	expect(third.ID)
	w.lives(inSecond.ID, false)
	w.lives(inThird.ID, true)
	n, err = w.db.EndSessions(w.ctx, storage.Command, alice.ID, "")
	if err != nil || n != 1 {
		t.Errorf("all: got %d, %v, want 1", n, err)
	}
	expect()
	_, _, err = w.db.SessionBySecret(w.ctx, secret)
	w.category(err, storage.ErrNotFound)
	w.signIn("alice")
	w.clock.Advance(storage.SessionIdle)
	expect() // expired, though nothing has swept
}

func testPasses(t *testing.T, w *world) {
	w.personalDemo()
	alice := w.user("alice").ID
	passes := func() []storage.Pass {
		w.Helper()
		list, err := w.db.Passes(w.ctx, alice)
		w.must(err)
		return list
	}
	if got := passes(); len(got) != 0 {
		t.Fatalf("before any consent: got %d", len(got))
	}
	start := w.clock.Now()
	w.consent(alice, "spa", storage.ScopeOpenID)
	w.clock.Advance(time.Minute)
	g := w.redeemed(storage.ScopeOpenID, "email", storage.ScopeOffline)
	decided := w.clock.Now()
	w.clock.Advance(time.Minute)
	w.rotate(g.ID, 0, storage.Rotated)
	rotated := w.clock.Now()
	second := w.redeemed(storage.ScopeOpenID)
	w.must(w.db.EndSession(w.ctx, storage.System, second.SessionID)) // that one does not stand, but was used last

	type row struct {
		App, Scopes        string
		Offline            bool
		Until, Since, Last time.Time
		Tokens             int
	}
	var got []row
	for _, p := range passes() {
		got = append(got, row{p.App.ID, strings.Join(p.Scopes, " "), p.Offline, p.Until, p.Since, p.LastUsedAt, p.Tokens})
	}
	want := []row{
		{"demo", "email offline_access openid", true, decided.Add(storage.OfflineConsent), decided, rotated, 1},
		{"spa", "openid", false, time.Time{}, start, time.Time{}, 0},
	}
	if want[0].App != got[0].App { // by name, whatever the seed calls them
		want[0], want[1] = want[1], want[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("passes (-want +got):\n%s", diff)
	}

	_, secret := w.token("alice", "demo", "email")
	_, api := w.token("alice", "", storage.ScopeMeRead)
	w.category(w.db.WithdrawApp(w.ctx, w.actor("bob"), alice, "demo"), storage.ErrNotFound)
	w.category(w.db.WithdrawApp(w.ctx, w.byToken("alice", storage.ScopeMeRead), alice, "demo"), storage.ErrForbidden)
	w.tokenScopes(secret, "email")
	w.must(w.db.WithdrawApp(w.ctx, w.actor("alice"), alice, "demo"))
	w.lives(g.ID, false)
	w.tokenFails(secret, storage.ErrNotFound)
	w.tokenScopes(api, storage.ScopeMeRead)
	if got := passes(); len(got) != 1 || got[0].App.ID != "spa" {
		t.Errorf("after withdrawing demo: got %d", len(got))
	}
	w.must(w.db.WithdrawApp(w.ctx, w.actor("alice"), alice, "nothing"))
}

func testChangePassword(t *testing.T, w *world) {
	alice := w.user("alice")
	kept, keptCookie := w.signIn("alice")
	_, other := w.signIn("alice")
	here, elsewhere := w.newGrant(storage.ScopeOpenID), w.redeemed(storage.ScopeOpenID, storage.ScopeOffline)
	here.SessionID = kept.ID
	w.redeem(here, storage.Redeemed)
	_, token := w.token("alice", "", storage.ScopeMeRead)
	for name, c := range map[string]struct {
		by   storage.Actor
		want error
	}{
		"another": {w.actor("bob"), storage.ErrForbidden},
		"a token": {w.byToken("alice", storage.ScopeMeWrite, storage.ScopeUsersWrite), storage.ErrForbidden},
		"command": {storage.Command, storage.ErrForbidden},
	} {
		t.Log(name)
		w.category(w.db.ChangePassword(w.ctx, c.by, alice.ID, "alice", newPassword, ""), c.want)
	}
	by := w.actor("alice")
	w.reason(w.db.ChangePassword(w.ctx, by, alice.ID, "Alice", newPassword, kept.ID), "password_wrong")
	w.reason(w.db.ChangePassword(w.ctx, by, alice.ID, "alice", "alice@example.com", kept.ID), "password_login")
	w.lives(elsewhere.ID, true)
	w.clock.Advance(time.Second)
	w.must(w.db.ChangePassword(w.ctx, by, alice.ID, "alice", newPassword, kept.ID))
	w.reason(w.db.ChangePassword(w.ctx, by, alice.ID, "alice", newPassword, kept.ID), "password_wrong")
	_, _, err := w.db.SessionBySecret(w.ctx, keptCookie)
	w.must(err)
	_, _, err = w.db.SessionBySecret(w.ctx, other)
	w.category(err, storage.ErrNotFound)
	w.lives(here.ID, true)
	w.lives(elsewhere.ID, false)
	w.tokenScopes(token, storage.ScopeMeRead)
	if ok, _ := w.db.CheckPassword(w.user("alice"), newPassword); !ok {
		t.Error("the new password does not work")
	}
}
