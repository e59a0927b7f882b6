package storage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestMaintainRotates lets maintenance publish successors before the lifetime of the keys ends.
func TestMaintainRotates(t *testing.T) {
	for _, c := range []struct {
		name string
		age  time.Duration
		want int
	}{
		{"young keys", storage.KeyLifetime - 48*time.Hour, len(storage.SigningAlgs)},
		{"old keys", storage.KeyLifetime - 24*time.Hour - storage.KeyPublishAhead, 2 * len(storage.SigningAlgs)}, // made a day before Start
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := storagetest.NewClock()
			db := storagetest.NewAt(t, clock)
			clock.Advance(c.age)
			if err := db.RevokeToken(t.Context(), "old", storagetest.Start); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				db.Maintain(ctx)
				close(done)
			}()
			soon(t, "the sweep that follows rotation", func() bool {
				revoked, err := db.TokenRevoked(t.Context(), "old")
				return err == nil && !revoked
			})
			cancel()
			<-done
			keys, _, err := db.SigningKeys(t.Context())
			if err != nil || len(keys) != c.want {
				t.Fatalf("got %d keys, %v, want %d", len(keys), err, c.want)
			}
			for _, k := range keys {
				if k.ActiveAt.After(clock.Now()) && k.ActiveAt.Before(clock.Now().Add(storage.KeyPublishAhead)) {
					t.Errorf("key %s of %s signs too soon after it was published", k.ID, k.Alg)
				}
			}
		})
	}
}

// TestRedeemPlan finds no scan in the one statement every login runs.
func TestRedeemPlan(t *testing.T) {
	db := storagetest.Seeded(t)
	args := make([]any, 20)
	for i := range args {
		args[i] = "x"
	}
	rows, err := db.ReadPool().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+storage.RedeemStatement(4), args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	steps := 0
	for rows.Next() {
		var id, parent, unused int
		var step string
		err = rows.Scan(&id, &parent, &unused, &step)
		if err != nil || strings.Contains(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
			t.Errorf("step %q, %v", step, err)
		}
		steps++
	}
	if err = rows.Err(); err != nil || steps < 5 {
		t.Errorf("got %d steps, %v", steps, err)
	}
}
