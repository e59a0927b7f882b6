package storagetest

import (
	"testing"

	"github.com/propusk/propusk/storage"
)

// Run runs the suite: each subtest on a database of its own, opened by open, which must hold the
// contract's people and apps and follow the clock.
func Run(t *testing.T, open func(*testing.T, *Clock) *storage.DB) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"seed", testSeed},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := NewClock()
			c.test(t, &world{db: open(t, clock), clock: clock})
		})
	}
}

// world is what a test of the suite has.
type world struct {
	db    *storage.DB
	clock *Clock
}

func testSeed(t *testing.T, w *world) {
	list, _, err := w.db.Users(t.Context(), storage.UserFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Errorf("got %d people, want 3", len(list))
	}
	a, _, err := w.db.Apps(t.Context(), storage.AppFilter{})
	if err != nil || len(a) != 6 {
		t.Errorf("got %d apps, %v", len(a), err)
	}
	ks, _, err := w.db.SigningKeys(t.Context())
	if err != nil || len(ks) != 4 {
		t.Errorf("got %d keys, %v", len(ks), err)
	}
	u, err := w.db.UserByName(t.Context(), "ALICE@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if ok, re := w.db.CheckPassword(u, "alice"); !ok || re {
		t.Errorf("password %v %v", ok, re)
	}
	s := w.db.Seal("x", []byte("hello"))
	p, err := w.db.Unseal("x", s)
	if err != nil || string(p) != "hello" {
		t.Errorf("%q %v", p, err)
	}
}
