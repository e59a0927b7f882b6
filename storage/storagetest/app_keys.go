package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func testAppKeys(t *testing.T, w *world) {
	bob := w.as("bob") // develops demo
	next := w.clock.Now().Add(time.Hour)
	key, secret, err := w.db.AddAppKey(w.ctx, bob, "demo", " next ", next)
	w.must(err)
	if key.Label != "next" || !key.ExpiresAt.Equal(next) || !w.db.CheckAppSecret(w.app("demo"), secret) {
		t.Errorf("got %+v", key)
	}
	for _, past := range []time.Time{w.clock.Now(), w.clock.Now().Add(-time.Second), time.Unix(0, 1)} {
		_, secret, err := w.db.AddAppKey(w.ctx, bob, "demo", "", past)
		w.reason(err, "expires_past")
		if secret != "" {
			t.Error("a refused key has a secret")
		}
	}
	_, _, err = w.db.AddAppKey(w.ctx, bob, "demo", "\x00", time.Time{})
	w.reason(err, "label_invalid")
	_, _, err = w.db.AddAppKey(w.ctx, storage.Command, "spa", "", time.Time{})
	w.reason(err, "secret_public")
	w.reason(w.db.RemoveAppKey(w.ctx, storage.Command, "spa", key.ID), "secret_public")

	w.category(w.db.RemoveAppKey(w.ctx, storage.Command, "plain", key.ID), storage.ErrNotFound) // of another app
	w.must(w.db.RemoveAppKey(w.ctx, bob, "demo", key.ID))
	w.category(w.db.RemoveAppKey(w.ctx, bob, "demo", key.ID), storage.ErrNotFound)
	demo := w.app("demo")
	if w.db.CheckAppSecret(demo, secret) || !w.db.CheckAppSecret(demo, "demo-secret") {
		t.Error("the deleted key works, or the other does not")
	}
	w.must(w.db.RemoveAppKey(w.ctx, bob, "demo", demo.Keys[0].ID)) // the last one
	demo = w.app("demo")
	if len(demo.Keys) != 0 || w.db.CheckAppSecret(demo, "demo-secret") {
		t.Errorf("got %d keys", len(demo.Keys))
	}
	want := []storage.Notice{{Kind: storage.NoticeNoKey}}
	if diff := cmp.Diff(want, demo.Notices(w.db.Events("demo"), w.clock.Now())); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// maintained ends maintenance, which stores what is known in memory alone.
func (w *world) maintained() {
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	w.db.Maintain(ctx)
}

// testKeyUses follows the use of a key from the memory to the row.
func testKeyUses(t *testing.T, w *world) {
	_, second, err := w.db.AddAppKey(w.ctx, storage.Command, "demo", "second", time.Time{})
	w.must(err)
	uses := func(app *storage.App) []time.Time {
		t.Helper()
		var list []time.Time
		for _, key := range app.Keys {
			list = append(list, key.LastUsedAt)
		}
		return list
	}
	expect := func(what string, want ...time.Time) {
		t.Helper()
		app, err := w.db.AppFor(w.ctx, storage.Command, storage.AppRead, "demo")
		w.must(err)
		if diff := cmp.Diff(want, uses(app)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		rows, _, err := w.db.AppRows(w.ctx, storage.AppFilter{Query: "demo"})
		w.must(err)
		for _, row := range rows {
			if row.ID == "demo" && !row.LastUsedAt.Equal(want[1]) {
				t.Errorf("%s: the list tells %s, want %s", what, row.LastUsedAt, want[1])
			}
		}
	}
	never := time.Time{}
	expect("never used", never, never)
	w.db.CheckAppSecret(w.app("demo"), "wrong-secret")
	expect("a wrong secret", never, never)
	first := w.clock.Now()
	w.db.CheckAppSecret(w.app("demo"), second)
	expect("used", never, first)
	if diff := cmp.Diff([]time.Time{never, never}, uses(w.app("demo"))); diff != "" {
		t.Errorf("the shared app (-want +got):\n%s", diff)
	}
	w.maintained()
	w.clock.Advance(time.Minute)
	later := w.clock.Now()
	w.db.CheckAppSecret(w.app("demo"), second)
	expect("used again", never, later)
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, w.user("carol").ID, true))
	expect("after another write", never, later)
}
