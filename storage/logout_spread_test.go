package storage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// leavers gives demo tokens in n sessions of alice and lets it be told of logouts. One further session has
// ended, and one got no tokens; of these nobody is to be told.
func leavers(t *testing.T, db *storage.DB, n int) {
	t.Helper()
	ctx := t.Context()
	_, err := db.UpdateApp(ctx, storage.Command, "demo", func(a *storage.App) error {
		a.Registration.BackchannelLogoutURI = "https://demo.example/out"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	alice, err := db.UserByName(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO sessions (id, user_id, secret_hash, auth_time, acr, amr, created_at, seen_at, expires_at, ended_at, address, user_agent)
			SELECT printf('%%026d', i), '%s', printf('%%043d', i), 0, '1', '[]', 0, 0, 9000000000000, i = %d, '', '' FROM n`, n+1, alice.ID, n),
		fmt.Sprintf(`INSERT INTO session_apps (session_id, app_id) SELECT id, 'demo' FROM sessions WHERE id <> printf('%%026d', %d)`, n+1),
	} {
		err = db.Exec(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
	}
}

func switchOff(t *testing.T, db *storage.DB) {
	t.Helper()
	_, err := db.UpdateApp(t.Context(), storage.Command, "demo", func(a *storage.App) error { a.Enabled = false; return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// claimAll claims until nothing is due before a lease of a minute ends, and counts how often each session
// came. A process that finds the file locked by another for too long tries again, as the courier does.
func claimAll(ctx context.Context, db *storage.DB, limit int, count func(sessionID string)) error {
	for range 2000 {
		list, next, err := db.ClaimLogouts(ctx, limit)
		if errors.Is(err, storage.ErrUnavailable) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return err
		}
		if len(list) == 0 && (next.IsZero() || next.After(db.Now())) {
			return nil
		}
		for _, n := range list {
			count(n.SessionID)
		}
	}
	return errors.New("claims without end")
}

func wantSessions(n int) map[string]int {
	want := map[string]int{}
	for i := range n {
		want[fmt.Sprintf("%026d", i)] = 1
	}
	return want
}

// TestDisabledAppTold: an app that is switched off is told of every session it got tokens in, however many
// there are: more than are written in one transaction.
func TestDisabledAppTold(t *testing.T) {
	for _, n := range []int{0, 1, storage.SweepBatch - 1, storage.SweepBatch, 2*storage.SweepBatch + 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			db := storagetest.SeededAt(t, storagetest.NewClock())
			leavers(t, db, n)
			switchOff(t, db)
			got := map[string]int{}
			err := claimAll(t.Context(), db, 100, func(id string) { got[id]++ })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantSessions(n), got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLogoutsTwoProcesses: of two processes that work on one outbox, and of several workers in each, one
// gets a notice.
func TestLogoutsTwoProcesses(t *testing.T) {
	server, other := openTwice(t)
	const sessions = storage.SweepBatch + 200
	leavers(t, server, sessions)
	switchOff(t, server)
	var mu sync.Mutex
	got := map[string]int{}
	count := func(id string) {
		mu.Lock()
		defer mu.Unlock()
		got[id]++
	}
	for _, db := range []*storage.DB{server, other, server, other} { // in turns: each gets something
		list, _, err := db.ClaimLogouts(t.Context(), 5)
		if err != nil || len(list) != 5 {
			t.Fatalf("claimed %d, %v", len(list), err)
		}
		for _, n := range list {
			count(n.SessionID)
		}
	}
	var wait sync.WaitGroup
	for _, db := range []*storage.DB{server, other, server, other} { // and at once, while those are on their way
		wait.Go(func() {
			err := claimAll(t.Context(), db, 5, count)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if diff := cmp.Diff(wantSessions(sessions), got); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// TestDeletedAppNotTold: with the app go the notices that wait, also those of its being switched off; no
// delivery fails over it.
func TestDeletedAppNotTold(t *testing.T) {
	clock := storagetest.NewClock()
	db := storagetest.SeededAt(t, clock)
	ctx := t.Context()
	leavers(t, db, storage.SweepBatch+1)
	switchOff(t, db)
	claimed, _, err := db.ClaimLogouts(ctx, 1)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	err = db.DeleteApp(ctx, storage.Command, "demo")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.LogoutUndelivered(ctx, claimed[0], "unreachable")
	if err != nil {
		t.Errorf("report of a notice that is gone: %v", err)
	}
	clock.Advance(time.Hour)
	list, next, err := db.ClaimLogouts(ctx, 100)
	if err != nil || len(list) != 0 || !next.IsZero() {
		t.Errorf("still to be told: %d, next %v, %v", len(list), next, err)
	}
	troubles, err := db.LogoutTroubles(ctx)
	if err != nil || len(troubles) != 0 {
		t.Errorf("troubles %v, %v", troubles, err)
	}
	_, err = db.App(ctx, "demo")
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the app: %v", err)
	}
}

// TestDeleteAloneTellsNobody: deleting an app that was never switched off makes no notices on its way.
func TestDeleteAloneTellsNobody(t *testing.T) {
	db := storagetest.SeededAt(t, storagetest.NewClock())
	leavers(t, db, 3)
	err := db.DeleteApp(t.Context(), storage.Command, "demo")
	if err != nil {
		t.Fatal(err)
	}
	list, next, err := db.ClaimLogouts(t.Context(), 100)
	if err != nil || len(list) != 0 || !next.IsZero() {
		t.Errorf("to be told: %d, next %v, %v", len(list), next, err)
	}
	select {
	case <-db.LogoutWake():
		t.Error("the worker was woken")
	default:
	}
}
