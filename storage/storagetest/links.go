package storagetest

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

const newPassword = "seven brass kettles"

// link makes a link of a person by command.
func (w *world) link(login string, purpose storage.LinkPurpose) string {
	w.Helper()
	secret, _, err := w.db.CreateLink(w.ctx, storage.Command, w.user(login).ID, purpose)
	w.must(err)
	return secret
}

func testLinkInvite(t *testing.T, w *world) {
	n, err := w.db.CreateUser(w.ctx, w.actor("alice"), storage.NewUser{Login: "dora"})
	w.must(err)
	earlier := w.link("dora", storage.LinkInvite)
	secret, made, err := w.db.CreateLink(w.ctx, w.actor("alice"), n.ID, storage.LinkInvite)
	w.must(err)
	if !strings.HasPrefix(secret, "propusk_link_") || !storage.ValidChecksum(secret) || !made.ExpiresAt.Equal(w.clock.Now().Add(storage.LinkInviteTTL)) {
		t.Errorf("got a secret of %d characters, %+v", len(secret), made)
	}
	for _, bad := range []string{"", "x", earlier, secret[:len(secret)-1], secret + "x", strings.ToUpper(secret)} {
		_, _, err = w.db.LinkBySecret(w.ctx, bad)
		w.category(err, storage.ErrNotFound)
		_, err = w.db.UseLink(w.ctx, bad, newPassword, "")
		w.category(err, storage.ErrNotFound)
	}
	found, u, err := w.db.LinkBySecret(w.ctx, secret)
	w.must(err)
	if found.Purpose != storage.LinkInvite || u.Login != "dora" {
		t.Errorf("got %+v of %s", found, u.Login)
	}
	_, err = w.db.UseLink(w.ctx, secret, "short", "192.0.2.4")
	w.reason(err, "password_short")
	used, err := w.db.UseLink(w.ctx, secret, newPassword, "192.0.2.4")
	w.must(err)
	if ok, _ := w.db.CheckPassword(used, newPassword); !ok {
		t.Error("the password that was set does not work")
	}
	if ok, _ := w.db.CheckPassword(w.user("dora"), newPassword); !ok {
		t.Error("what is cached has another password")
	}
	_, err = w.db.UseLink(w.ctx, secret, newPassword, "")
	w.category(err, storage.ErrNotFound)
	entries, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "link.", Target: n.ID})
	w.must(err)
	if len(entries) != 3 || entries[0].Action != "link.use" || entries[0].Actor.Address != "192.0.2.4" || entries[0].Actor.ID != n.ID {
		t.Errorf("audit: got %+v", entries)
	}
}

func testLinkRecover(t *testing.T, w *world) {
	alice := w.user("alice")
	_, cookie := w.signIn("alice")
	g := w.redeemed(storage.ScopeOpenID, storage.ScopeOffline)
	w.must(w.db.SetUserDisabled(w.ctx, storage.System, alice.ID, true))
	_, _, err := w.db.CreateLink(w.ctx, storage.Command, alice.ID, storage.LinkInvite)
	w.reason(err, "user_disabled")
	_, _, err = w.db.CreateLink(w.ctx, storage.Command, alice.ID, "enter")
	w.reason(err, "link_purpose")
	_, _, err = w.db.CreateLink(w.ctx, storage.Command, storage.NewID(), storage.LinkRecover)
	w.category(err, storage.ErrNotFound)
	secret := w.link("alice", storage.LinkRecover)
	_, err = w.db.UseLink(w.ctx, secret, newPassword, "192.0.2.4")
	w.must(err)
	if u := w.user("alice"); u.Disabled() || u.Access != storage.Full {
		t.Errorf("after recovery: disabled %t, access %s", u.Disabled(), u.Access)
	}
	_, _, err = w.db.SessionBySecret(w.ctx, cookie)
	w.category(err, storage.ErrNotFound)
	w.lives(g.ID, false)

	_, cookie = w.signIn("alice")
	_, token := w.token("alice", "", storage.ScopeMeRead)
	secret = w.link("alice", storage.LinkRecover)
	_, err = w.db.UseLink(w.ctx, secret, newPassword+"!", "")
	w.must(err)
	_, _, err = w.db.SessionBySecret(w.ctx, cookie) // of an enabled user too
	w.category(err, storage.ErrNotFound)
	w.tokenFails(token, storage.ErrNotFound)

	secret = w.link("alice", storage.LinkRecover)
	w.clock.Advance(storage.LinkRecoverTTL)
	_, err = w.db.UseLink(w.ctx, secret, newPassword, "")
	w.category(err, storage.ErrNotFound)
	w.clock.Advance(time.Hour + time.Second)
	swept, err := w.db.Sweep(w.ctx)
	if err != nil || swept != 1 {
		t.Errorf("old links: got %d swept, %v, want 1", swept, err)
	}
}

// testLinkActors: who could make links for others would enter their accounts.
func testLinkActors(t *testing.T, w *world) {
	bob := w.user("bob").ID
	for name, c := range map[string]struct {
		by   storage.Actor
		want error
	}{
		"somebody":                 {w.actor("carol"), storage.ErrNotFound},
		"the person":               {w.actor("bob"), storage.ErrForbidden},
		"an administrator's token": {w.byToken("alice", storage.ScopeUsersWrite, storage.ScopeUsersRead), storage.ErrForbidden},
		"a token that reads":       {w.byToken("alice", storage.ScopeUsersRead), storage.ErrForbidden},
		"a token of other things":  {w.byToken("alice", storage.ScopeAppsWrite), storage.ErrNotFound},
	} {
		_, _, err := w.db.CreateLink(w.ctx, c.by, bob, storage.LinkInvite)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: link: got %v, want %v", name, err, c.want)
		}
		err = w.db.SetPassword(w.ctx, c.by, bob, newPassword)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: password: got %v, want %v", name, err, c.want)
		}
	}
	invite := w.link("bob", storage.LinkInvite)
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob, true))
	_, _, err := w.db.LinkBySecret(w.ctx, invite)
	w.category(err, storage.ErrNotFound)
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob, false))
	_, err = w.db.UseLink(w.ctx, invite, newPassword, "") // it ended with the disabling
	w.category(err, storage.ErrNotFound)
	invite = w.link("bob", storage.LinkInvite)
	w.must(w.db.SetPassword(w.ctx, w.actor("alice"), bob, newPassword))
	_, err = w.db.UseLink(w.ctx, invite, newPassword+"!", "") // and with another password
	w.category(err, storage.ErrNotFound)
}

// testLinkParallel: one of many.
func testLinkParallel(t *testing.T, w *world) {
	secret := w.link("bob", storage.LinkInvite)
	var used atomic.Int32
	parallel(8, func() {
		_, err := w.db.UseLink(w.ctx, secret, newPassword, "")
		switch {
		case err == nil:
			used.Add(1)
		case !errors.Is(err, storage.ErrNotFound):
			t.Error(err)
		}
	})
	if got := used.Load(); got != 1 {
		t.Errorf("the link was used %d times, want 1", got)
	}
}
