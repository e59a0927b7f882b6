package storagetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func testRedeemOnce(t *testing.T, w *world) {
	g := w.newGrant(storage.ScopeOpenID, "email")
	g.Claims = &storage.Claims{UserInfo: map[string]*storage.ClaimRequest{"name": {Essential: true}, "zoneinfo": nil}}
	w.redeem(g, storage.Redeemed)
	got, u, a, err := w.db.LiveGrant(w.ctx, g.ID)
	w.must(err)
	want := *g
	want.CreatedAt, want.RefreshedAt, want.RefreshKey = w.clock.Now(), w.clock.Now(), got.RefreshKey
	if diff := cmp.Diff(&want, got); diff != "" || got.RefreshKey == "" {
		t.Errorf("grant (-want +got):\n%s", diff)
	}
	if u.Login != "alice" || a.ID != "demo" {
		t.Errorf("got %s and %s", u.Login, a.ID)
	}
	w.redeem(g, storage.Replayed)
	w.lives(g.ID, false)
	w.redeem(g, storage.Replayed)
	entries, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "grant.replay"})
	w.must(err)
	if len(entries) != 1 || entries[0].Target != g.ID {
		t.Errorf("got %d audit rows of replays, want 1", len(entries))
	}
	_, _, _, err = w.db.LiveGrant(w.ctx, storage.NewID())
	w.category(err, storage.ErrNotFound)
}

func testRedeemParallel(t *testing.T, w *world) {
	g := w.newGrant(storage.ScopeOpenID)
	outcomes := make(chan storage.Redemption, 32)
	parallel(cap(outcomes), func() {
		got, err := w.db.RedeemCode(w.ctx, g, false)
		if err != nil {
			t.Error(err)
		}
		outcomes <- got
	})
	close(outcomes)
	count := map[storage.Redemption]int{}
	for o := range outcomes {
		count[o]++
	}
	if diff := cmp.Diff(map[storage.Redemption]int{storage.Redeemed: 1, storage.Replayed: 31}, count); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	w.lives(g.ID, false)
}

// parallel runs f n times behind one starting line.
func parallel(n int, f func()) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wait.Go(func() {
			<-start
			f()
		})
	}
	close(start)
	wait.Wait()
}

func testRedeemStale(t *testing.T, w *world) {
	offline := func(w *world) *storage.Grant { return w.newGrant(storage.ScopeOpenID, storage.ScopeOffline) }
	for name, fell := range map[string]func(w *world, g *storage.Grant){
		"user":       func(w *world, g *storage.Grant) { w.must(w.db.SetUserDisabled(w.ctx, storage.System, g.UserID, true)) },
		"session":    func(w *world, g *storage.Grant) { w.must(w.db.EndSession(w.ctx, storage.System, g.SessionID)) },
		"no session": func(_ *world, g *storage.Grant) { g.SessionID = storage.NewID() },
		"another's session": func(w *world, g *storage.Grant) {
			s, _ := w.signIn("bob")
			g.SessionID = s.ID
		},
		"withdrawn":    func(w *world, g *storage.Grant) { w.must(w.db.WithdrawApp(w.ctx, storage.System, g.UserID, "demo")) },
		"not asked":    func(_ *world, g *storage.Grant) { g.Scopes = append(g.Scopes, "address") },
		"unknown app":  func(_ *world, g *storage.Grant) { g.AppID = "nothing" },
		"expired":      func(w *world, _ *storage.Grant) { w.clock.Advance(storage.SessionIdle) },
		"consent over": func(w *world, _ *storage.Grant) { w.clock.Advance(storage.OfflineConsent) },
		"declined": func(w *world, g *storage.Grant) {
			w.must(w.db.Decide(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: g.UserID}, "demo", []storage.Consent{{Scope: storage.ScopeOpenID}}))
		},
		"app": func(w *world, _ *storage.Grant) { w.changeDemo(func(a *storage.App) { a.Enabled = false }) },
		"scope taken away": func(w *world, _ *storage.Grant) {
			w.changeDemo(func(a *storage.App) { a.Scopes = a.Scopes[:2] })
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			w := &world{T: t, db: SeededAt(t, clock), clock: clock, ctx: t.Context()}
			g := offline(w)
			fell(w, g)
			w.redeem(g, storage.Stale)
			_, _, _, err := w.db.LiveGrant(w.ctx, g.ID)
			w.category(err, storage.ErrNotFound)
		})
	}
}

func (w *world) changeDemo(change func(*storage.App)) {
	w.Helper()
	_, err := w.db.UpdateApp(w.ctx, storage.System, "demo", func(a *storage.App) error { change(a); return nil })
	w.must(err)
}

func testRedeemExpired(t *testing.T, w *world) {
	g := w.newGrant(storage.ScopeOpenID)
	got, err := w.db.RedeemCode(w.ctx, g, true)
	if err != nil || got != storage.Stale {
		t.Fatalf("expired: got %d, %v, want %d", got, err, storage.Stale)
	}
	w.redeem(g, storage.Redeemed) // an expired try consumes nothing
	got, err = w.db.RedeemCode(w.ctx, g, true)
	if err != nil || got != storage.Replayed {
		t.Fatalf("expired replay: got %d, %v, want %d", got, err, storage.Replayed)
	}
	w.lives(g.ID, false)
}

func testGrantFalls(t *testing.T, w *world) {
	revoked := w.redeemed(storage.ScopeOpenID)
	w.must(w.db.RevokeGrant(w.ctx, storage.System, revoked.ID, "test"))
	w.must(w.db.RevokeGrant(w.ctx, storage.System, revoked.ID, "test"))
	w.must(w.db.RevokeGrant(w.ctx, storage.System, "nothing at all", "test"))
	w.lives(revoked.ID, false)
	log, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Target: revoked.ID})
	if err != nil || len(log) != 1 {
		t.Errorf("got %d audit rows, %v, want 1", len(log), err)
	}
	logout := w.redeemed(storage.ScopeOpenID)
	w.must(w.db.EndSession(w.ctx, storage.System, logout.SessionID))
	w.lives(logout.ID, false)
	disabled := w.redeemed(storage.ScopeOpenID)
	w.must(w.db.SetUserDisabled(w.ctx, storage.System, disabled.UserID, true))
	w.lives(disabled.ID, false)
	w.must(w.db.SetUserDisabled(w.ctx, storage.System, disabled.UserID, false))
	w.lives(disabled.ID, false)
	ending := w.newGrant(storage.ScopeOpenID)
	ending.EndsAt = w.clock.Now().Add(time.Minute)
	w.redeem(ending, storage.Redeemed)
	w.clock.Advance(time.Minute)
	w.lives(ending.ID, false)
	idle := w.redeemed(storage.ScopeOpenID)
	w.clock.Advance(storage.SessionIdle)
	w.lives(idle.ID, false)
}

func testGrantOffline(t *testing.T, w *world) {
	g := w.redeemed(storage.ScopeOpenID, storage.ScopeOffline)
	got, _, _, err := w.db.LiveGrant(w.ctx, g.ID)
	if err != nil || got.SessionEnded {
		t.Fatalf("in its session: got %+v, %v", got, err)
	}
	w.must(w.db.EndSession(w.ctx, storage.System, g.SessionID))
	got, _, _, err = w.db.LiveGrant(w.ctx, g.ID)
	if err != nil || !got.SessionEnded {
		t.Fatalf("after its session: got %+v, %v", got, err)
	}
	narrowed, outcome, err := w.db.RotateRefresh(w.ctx, g.ID, "demo", 0, []string{storage.ScopeOpenID})
	if err != nil || outcome != storage.Rotated {
		t.Fatalf("rotation: got %d, %v", outcome, err)
	}
	if diff := cmp.Diff([]string{storage.ScopeOpenID}, narrowed.Scopes); diff != "" {
		t.Errorf("narrowed (-want +got):\n%s", diff)
	}
	got, _, _, err = w.db.LiveGrant(w.ctx, g.ID)
	w.must(err)
	if diff := cmp.Diff([]string{storage.ScopeOpenID}, got.Scopes); diff != "" {
		t.Errorf("narrowed for good (-want +got):\n%s", diff)
	}
	w.must(w.db.WithdrawApp(w.ctx, storage.System, g.UserID, "demo"))
	w.lives(g.ID, false)
}
