package storage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestRefusedAttempts: many refusals leave few entries, and none is hidden by others.
func TestRefusedAttempts(t *testing.T) {
	clock := storagetest.NewClock()
	db, ctx := storagetest.SeededAt(t, clock), t.Context()
	bob := storage.UserActor(person(t, db, "bob"), "192.0.2.9")
	told := func(actor string) map[string]int {
		t.Helper()
		refused := true
		list, _, err := db.AuditLog(ctx, storage.AuditFilter{Actor: actor, Refused: &refused, Limit: 100})
		check(t, "audit", err, nil)
		got := map[string]int{}
		for _, e := range list {
			got[fmt.Sprintf("%s %s %s", e.Action, e.Result, e.Detail)]++
		}
		return got
	}
	try := func(by storage.Actor, times int, action string) {
		t.Helper()
		for range times {
			check(t, action, db.RefusedAttempt(ctx, by, action, "", "forbidden"), nil)
		}
	}
	expect := func(what, actor string, want map[string]int) {
		t.Helper()
		if diff := cmp.Diff(want, told(actor)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	try(bob, 50, "scope.write")
	_, err := db.AppFor(ctx, bob, storage.AppRead, "plain") // another kind, though the minute is full
	check(t, "app", err, storage.ErrNotFound)
	_, err = db.AppFor(ctx, bob, storage.AppRead, "plain")
	check(t, "app", err, storage.ErrNotFound)
	expect("one minute", bob.ID, map[string]int{"scope.write forbidden ": 20, "app.read not_found ": 1})
	carol := storage.UserActor(person(t, db, "carol"), "")
	try(carol, 1, "scope.write")
	expect("another person", carol.ID, map[string]int{"scope.write forbidden ": 1})

	clock.Advance(time.Minute)
	try(bob, 3, "scope.write")
	want := map[string]int{"scope.write forbidden ": 22, "scope.write forbidden and 30 more before": 1, "app.read not_found ": 1}
	expect("the next minute", bob.ID, want)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	db.Maintain(ended) // ends at once and stores what nothing came after
	want["app.read not_found and 1 more before"] = 1
	expect("at the end", bob.ID, want)
	all := told("")
	try(storage.Command, 1, "scope.write")
	try(storage.Actor{Kind: storage.ActorUser}, 1, "scope.write")
	expect("nobody", "", all)
}
