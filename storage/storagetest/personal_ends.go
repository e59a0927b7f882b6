package storagetest

import (
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// testPersonalFalls is HC-057: what a token rests on is asked at each use.
func testPersonalFalls(t *testing.T, w *world) {
	w.personalDemo()
	bob := w.user("bob")
	_, api := w.token("bob", "", storage.ScopeMeRead)
	_, forDemo := w.token("bob", "demo", "email", "extern.api")
	w.tokenScopes(api, storage.ScopeMeRead)
	w.tokenScopes(forDemo, "email", "extern.api")
	for _, bad := range []string{"", "propusk_pat_", api[:len(api)-1], api + "x", strings.ToUpper(api), "propusk_key_" + api[12:], api[:20] + "x" + api[21:]} {
		w.tokenFails(bad, storage.ErrNotFound)
	}

	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob.ID, true))
	w.tokenFails(api, storage.ErrNotFound)
	w.tokenFails(forDemo, storage.ErrNotFound)
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob.ID, false))
	w.tokenFails(api, storage.ErrNotFound) // they do not come back

	_, full := w.token("alice", "", storage.ScopeUsersRead, storage.ScopeMeRead)
	_, err := w.db.UpdateUser(w.ctx, storage.Command, bob.ID, func(u *storage.User) error { u.Access = storage.Full; return nil })
	w.must(err)
	_, err = w.db.UpdateUser(w.ctx, storage.Command, w.user("alice").ID, func(u *storage.User) error { u.Access = storage.Partial; return nil })
	w.must(err)
	w.tokenScopes(full, storage.ScopeMeRead)
}

// testPersonalApp: a token for an app yields what the app may ask for now, to whom may use it now.
func testPersonalApp(t *testing.T, w *world) {
	w.personalDemo()
	bob := w.user("bob")
	_, forDemo := w.token("bob", "demo", "email", "extern.api")
	w.changeDemo(func(a *storage.App) { a.Enabled = false })
	w.tokenFails(forDemo, storage.ErrRevoked)
	w.changeDemo(func(a *storage.App) { a.Enabled, a.GrantTypes = true, []string{storage.GrantCode} })
	w.tokenFails(forDemo, storage.ErrRevoked)
	w.personalDemo()
	var all []storage.AppScope
	w.changeDemo(func(a *storage.App) {
		all = a.Scopes
		a.Scopes = []storage.AppScope{{Name: storage.ScopeOpenID}, {Name: "email"}}
	})
	w.tokenScopes(forDemo, "email")
	w.changeDemo(func(a *storage.App) { a.Scopes = all })
	w.tokenScopes(forDemo, "email", "extern.api")

	w.must(w.db.SetDeveloper(w.ctx, storage.Command, "demo", storage.Developer{UserID: bob.ID, Role: storage.RoleDeveloper}))
	w.changeDemo(func(a *storage.App) { a.Delegated = false })
	w.tokenScopes(forDemo, "email", "extern.api")
	w.must(w.db.RemoveDeveloper(w.ctx, storage.Command, "demo", bob.ID))
	w.tokenFails(forDemo, storage.ErrRevoked)
}

func testPersonalExpired(t *testing.T, w *world) {
	w.personalDemo()
	_, api := w.token("bob", "", storage.ScopeMeRead)
	w.token("bob", "demo", "email")
	w.token("alice", "", storage.ScopeUsersRead)
	w.tokenScopes(api, storage.ScopeMeRead)
	w.clock.Advance(storage.PersonalTokenTTL)
	w.tokenFails(api, storage.ErrRevoked)
	list, err := w.db.PersonalTokens(w.ctx, w.user("bob").ID)
	if err != nil || len(list) != 0 {
		t.Errorf("after the end of all: got %d tokens, %v", len(list), err)
	}
	swept := func() int {
		n, err := w.db.Sweep(w.ctx)
		w.must(err)
		return n
	}
	if n := swept(); n != 0 {
		t.Errorf("expired tokens: got %d swept, want them kept", n)
	}
	w.clock.Advance(30*24*time.Hour + time.Second)
	if n := swept(); n != 3 {
		t.Errorf("tokens that ended 30 days ago: got %d swept, want 3", n)
	}
	w.tokenFails(api, storage.ErrNotFound)
}

func testPersonalRemove(t *testing.T, w *world) {
	bob := w.user("bob")
	made, secret := w.token("bob", "", storage.ScopeMeRead)
	w.tokenScopes(secret, storage.ScopeMeRead)
	w.category(w.db.RemovePersonalToken(w.ctx, w.actor("carol"), bob.ID, made.ID), storage.ErrNotFound)
	w.category(w.db.RemovePersonalToken(w.ctx, w.byToken("alice", storage.ScopeUsersRead), bob.ID, made.ID), storage.ErrForbidden)
	w.category(w.db.RemovePersonalToken(w.ctx, w.byToken("bob", storage.ScopeMeRead), bob.ID, made.ID), storage.ErrForbidden)
	w.category(w.db.RemovePersonalToken(w.ctx, w.actor("alice"), w.user("carol").ID, made.ID), storage.ErrNotFound)
	w.tokenScopes(secret, storage.ScopeMeRead)
	for _, by := range []storage.Actor{w.actor("bob"), w.byToken("bob", storage.ScopeMeWrite), w.actor("alice"), storage.Command} {
		made, secret := w.token("bob", "", storage.ScopeMeRead)
		w.tokenScopes(secret, storage.ScopeMeRead)
		w.must(w.db.RemovePersonalToken(w.ctx, by, bob.ID, made.ID))
		w.tokenFails(secret, storage.ErrNotFound)
		w.category(w.db.RemovePersonalToken(w.ctx, by, bob.ID, made.ID), storage.ErrNotFound)
		no := false
		entries, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "token.", Target: made.ID, Refused: &no})
		w.must(err)
		if len(entries) != 2 || entries[0].Action != "token.revoke" || entries[0].Actor.Kind != by.Kind || entries[1].Action != "token.create" {
			t.Errorf("audit of one token: got %+v", entries)
			continue
		}
		if by.Via != "" != strings.Contains(entries[0].Detail, "by token the-token") {
			t.Errorf("detail: got %q by token %q", entries[0].Detail, by.Via)
		}
	}
}
