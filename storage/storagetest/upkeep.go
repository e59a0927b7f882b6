package storagetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// published returns the published keys of an alg as "signs", "waits" or "retired".
func (w *world) published(alg string) []string {
	w.Helper()
	keys, _, err := w.db.SigningKeys(w.ctx)
	w.must(err)
	now, states := w.clock.Now(), []string{}
	for _, k := range keys {
		switch {
		case k.Alg != alg:
		case now.Before(k.ActiveAt):
			states = append(states, "waits")
		case !k.RetiredAt.IsZero() && !now.Before(k.RetiredAt):
			states = append(states, "retired")
		default:
			states = append(states, "signs")
		}
	}
	return states
}

func testKeyRotation(t *testing.T, w *world) {
	expect := func(alg string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.published(alg)); diff != "" {
			t.Errorf("keys of %s (-want +got):\n%s", alg, diff)
		}
	}
	for _, alg := range storage.SigningAlgs {
		expect(alg, "signs")
	}
	version := w.db.KeysVersion()
	_, err := w.db.RotateKeys(w.ctx, storage.Command, "ES256", false)
	w.must(err)
	if w.db.KeysVersion() == version {
		t.Error("the version of the keys has not changed")
	}
	expect("ES256", "signs", "waits")
	expect("RS256", "signs")
	w.clock.Advance(storage.KeyPublishAhead)
	expect("ES256", "retired", "signs")
	w.clock.Advance(storage.KeyKeepAfter - time.Second)
	expect("ES256", "retired", "signs")
	w.clock.Advance(time.Second)
	expect("ES256", "signs")
	_, err = w.db.RotateKeys(w.ctx, storage.Command, "EdDSA", true)
	w.must(err)
	expect("EdDSA", "retired", "signs")
	_, err = w.db.RotateKeys(w.ctx, storage.Command, "HS256", true)
	w.reason(err, "alg_unknown")
	swept, err := w.db.Sweep(w.ctx)
	w.must(err)
	if swept == 0 {
		t.Error("the removed key was not swept")
	}
	expect("ES256", "signs")
}

func testAudit(t *testing.T, w *world) {
	bob := w.user("bob")
	by := storage.Actor{Kind: storage.ActorUser, ID: w.user("alice").ID, Address: "192.0.2.7"}
	w.must(w.db.SetUserDisabled(w.ctx, by, bob.ID, true))
	w.must(w.db.SetUserDisabled(w.ctx, by, bob.ID, true)) // no change, no entry
	list, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Target: bob.ID, Actor: by.ID})
	w.must(err)
	want := []storage.AuditEntry{{Time: w.clock.Now(), Actor: by, Action: "user.disable", Target: bob.ID, Result: "ok"}}
	if len(list) == 1 {
		want[0].ID = list[0].ID
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	broken := errors.New("broken off")
	_, err = w.db.UpdateUser(w.ctx, by, bob.ID, func(*storage.User) error { return broken })
	w.category(err, broken)
	for i := range 5 {
		w.clock.Advance(time.Second)
		w.must(w.db.Audit(w.ctx, storage.AuditEntry{Actor: by, Action: "test.page", Target: fmt.Sprint(i)}))
	}
	var got []string
	for after := ""; ; {
		page, next, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "test.page", Limit: 2, After: after})
		w.must(err)
		for _, e := range page {
			got = append(got, e.Target)
		}
		if next == "" {
			break
		}
		after = next
	}
	if diff := cmp.Diff([]string{"4", "3", "2", "1", "0"}, got); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	list, _, err = w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "user.update"})
	if err != nil || len(list) != 0 {
		t.Errorf("a change that did not happen is in the log: %v, %v", list, err)
	}
}

func testSweep(t *testing.T, w *world) {
	g := w.redeemed(storage.ScopeOpenID)
	w.must(w.db.RevokeToken(w.ctx, "one", w.clock.Now().Add(time.Hour)))
	w.must(w.db.PutCode(w.ctx, "short", "sealed", w.clock.Now().Add(time.Minute)))
	for range 3 {
		w.signIn("bob")
	}
	sweep := func() int {
		t.Helper()
		n, err := w.db.Sweep(w.ctx)
		w.must(err)
		return n
	}
	if n := sweep(); n != 0 {
		t.Errorf("fresh rows: got %d swept, want 0", n)
	}
	w.lives(g.ID, true)
	w.must(w.db.RevokeGrant(w.ctx, storage.System, g.ID, "test"))
	w.clock.Advance(3 * time.Hour)
	if n := sweep(); n != 2 {
		t.Errorf("token and code: got %d swept, want 2", n)
	}
	w.redeem(g, storage.Replayed) // the consumed code is still known
	w.clock.Advance(storage.SessionAbsolute)
	if n := sweep(); n != 5 { // four sessions end, the grant goes
		t.Errorf("sessions and grant: got %d swept, want 5", n)
	}
	w.clock.Advance(25 * time.Hour)
	if n := sweep(); n != 4 {
		t.Errorf("ended sessions: got %d swept, want 4", n)
	}
	if n := sweep(); n != 0 {
		t.Errorf("the second time: got %d swept, want 0", n)
	}
	w.clock.Advance(storage.AuditKeep)
	sweep()
	list, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{})
	if err != nil || len(list) != 0 {
		t.Errorf("old audit rows: got %d, %v, want none", len(list), err)
	}
}
