package storagetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func testRotation(t *testing.T, w *world) {
	g := w.redeemed(storage.ScopeOpenID)
	one := w.rotate(g.ID, 0, storage.Rotated)
	if one.RefreshGen != 1 || one.RefreshKey == "" || !one.RefreshedAt.Equal(w.clock.Now()) {
		t.Errorf("got %+v", one)
	}
	w.clock.Advance(storage.RefreshGrace - time.Millisecond)
	again := w.rotate(g.ID, 0, storage.Repeated)
	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("repeated (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		app string
		gen int64
	}{"another app": {"plain", 1}, "another app, old": {"plain", 0}, "never given": {"demo", 2}, "negative": {"demo", -1}} {
		_, got, err := w.db.RotateRefresh(w.ctx, g.ID, c.app, c.gen, nil)
		if err != nil || got != storage.Ended {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, storage.Ended)
		}
	}
	w.lives(g.ID, true)
	w.rotate(g.ID, 1, storage.Rotated)
	w.rotate(g.ID, 1, storage.Repeated)
	w.rotate(g.ID, 0, storage.Reused) // a grandparent has no grace
	w.lives(g.ID, false)
	w.rotate(g.ID, 2, storage.Ended)
	w.rotate(g.ID, 0, storage.Ended)
	late := w.redeemed(storage.ScopeOpenID)
	w.rotate(late.ID, 0, storage.Rotated)
	w.clock.Advance(storage.RefreshGrace)
	w.rotate(late.ID, 0, storage.Reused)
	w.lives(late.ID, false)
	w.rotate(storage.NewID(), 0, storage.Ended)
	log, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "grant.reuse"})
	w.must(err)
	if len(log) != 2 {
		t.Errorf("got %d audit rows of reuse, want 2", len(log))
	}
}

func testRotationParallel(t *testing.T, w *world) {
	g := w.redeemed(storage.ScopeOpenID)
	outcomes := make(chan storage.Rotation, 32)
	generations := make(chan int64, 32)
	parallel(cap(outcomes), func() {
		after, got, err := w.db.RotateRefresh(w.ctx, g.ID, "demo", 0, nil)
		if err != nil {
			t.Error(err)
			return
		}
		outcomes <- got
		generations <- after.RefreshGen
	})
	close(outcomes)
	close(generations)
	count := map[storage.Rotation]int{}
	for o := range outcomes {
		count[o]++
	}
	if diff := cmp.Diff(map[storage.Rotation]int{storage.Rotated: 1, storage.Repeated: 31}, count); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	for gen := range generations {
		if gen != 1 {
			t.Errorf("fork: got generation %d, want 1", gen)
		}
	}
}

func testRotationLimits(t *testing.T, w *world) {
	offline := func() *storage.Grant { return w.redeemed(storage.ScopeOpenID, storage.ScopeOffline) }
	idle := offline()
	w.clock.Advance(storage.RefreshIdle)
	w.rotate(idle.ID, 0, storage.Ended)

	daily, days := offline(), int64(0)
	for ; days < 100; days++ {
		w.clock.Advance(24 * time.Hour)
		_, outcome, err := w.db.RotateRefresh(w.ctx, daily.ID, "demo", days, nil)
		w.must(err)
		if outcome != storage.Rotated {
			break
		}
	}
	if want := int64(storage.RefreshAbsolute/(24*time.Hour)) - 1; days != want {
		t.Errorf("daily refresh: got %d rotations, want %d", days, want)
	}

	for name, fell := range map[string]func(*storage.Grant){
		"user": func(g *storage.Grant) {
			w.must(w.db.SetUserDisabled(w.ctx, storage.System, g.UserID, true))
			w.must(w.db.SetUserDisabled(w.ctx, storage.System, g.UserID, false))
		},
		"withdrawn": func(g *storage.Grant) { w.must(w.db.WithdrawApp(w.ctx, storage.System, g.UserID, "demo")) },
		"password":  func(g *storage.Grant) { w.must(w.db.SetPassword(w.ctx, storage.System, g.UserID, "a new long one")) },
		"app":       func(*storage.Grant) { w.changeDemo(func(a *storage.App) { a.Enabled = false }) },
	} {
		t.Run(name, func(t *testing.T) {
			g := offline()
			w.rotate(g.ID, 0, storage.Rotated)
			fell(g)
			w.rotate(g.ID, 1, storage.Ended)
			w.rotate(g.ID, 0, storage.Ended) // nor does the grace help
			w.changeDemo(func(a *storage.App) { a.Enabled = true })
		})
	}
	bound := w.redeemed(storage.ScopeOpenID)
	w.must(w.db.EndSession(w.ctx, storage.System, bound.SessionID))
	w.rotate(bound.ID, 0, storage.Ended)
}

func testRevokedTokens(t *testing.T, w *world) {
	expect := func(id string, want bool) {
		t.Helper()
		got, err := w.db.TokenRevoked(w.ctx, id)
		if err != nil || got != want {
			t.Errorf("token %s: got %t, %v, want %t", id, got, err, want)
		}
	}
	expect("one", false)
	ends := w.clock.Now().Add(time.Hour)
	w.must(w.db.RevokeToken(w.ctx, "one", ends))
	w.must(w.db.RevokeToken(w.ctx, "one", ends))
	w.must(w.db.RevokeToken(w.ctx, "two", ends))
	expect("one", true)
	expect("two", true)
	expect("three", false)
}

func testCodes(t *testing.T, w *world) {
	w.must(w.db.PutCode(w.ctx, "short", "sealed content", w.clock.Now().Add(time.Minute)))
	got, err := w.db.Code(w.ctx, "short")
	if err != nil || got != "sealed content" {
		t.Errorf("got %q, %v", got, err)
	}
	_, err = w.db.Code(w.ctx, "other")
	w.category(err, storage.ErrNotFound)
	w.category(w.db.PutCode(w.ctx, "short", "again", w.clock.Now()), storage.ErrConflict)
}
