package login

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// guessOnce makes one guess and returns how long the sender must wait, 0 if the guess was let through.
func guessOnce(l *limiter, name, addr string, wrong bool) time.Duration {
	g, wait := l.reserve(context.Background(), signInKeys(name, netip.MustParseAddr(addr)))
	if g == nil {
		return wait
	}
	g.settle(wrong)
	return 0
}

func TestLimitOfOneName(t *testing.T) {
	clock := storagetest.NewClock()
	l := newLimiter(clock.Now, limitWindow)
	for i := range limitName {
		if wait := guessOnce(l, "alice", "192.0.2.1", true); wait != 0 {
			t.Fatalf("guess %d: wait %s", i+1, wait)
		}
		clock.Advance(time.Second)
	}
	steps := []struct {
		name string
		user string
		addr string
		want time.Duration
	}{
		{"the eleventh waits for the window's end", "alice", "192.0.2.1", limitWindow - 10*time.Second},
		{"mapped into IPv6", "alice", "::ffff:192.0.2.1", limitWindow - 10*time.Second},
		{"another name", "bob", "192.0.2.1", 0},
		{"another address", "alice", "192.0.2.2", 0},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			if got := guessOnce(l, s.user, s.addr, false); got != s.want {
				t.Errorf("wait %s, want %s", got, s.want)
			}
		})
	}
	clock.Advance(limitWindow)
	if wait := guessOnce(l, "alice", "192.0.2.1", true); wait != 0 {
		t.Errorf("after the window: wait %s", wait)
	}
}

func TestLimitOfOneAddress(t *testing.T) {
	tests := []struct {
		name  string
		addr  func(i int) string
		other string // another address, which still gets in
	}{
		{"IPv4", func(int) string { return "192.0.2.1" }, "192.0.2.2"},
		{"IPv6 by /64", func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }, "2001:db8:0:1::1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLimiter(storagetest.NewClock().Now, limitWindow)
			for i := range limitAddress {
				if wait := guessOnce(l, fmt.Sprint("user", i), tt.addr(i), true); wait != 0 {
					t.Fatalf("guess %d: wait %s", i+1, wait)
				}
			}
			if wait := guessOnce(l, "new", tt.addr(1000), false); wait != limitWindow {
				t.Errorf("guess %d: wait %s, want %s", limitAddress+1, wait, limitWindow)
			}
			if wait := guessOnce(l, "new", tt.other, false); wait != 0 {
				t.Errorf("another address: wait %s", wait)
			}
		})
	}
}

func TestLimitForgetsSuccesses(t *testing.T) {
	l := newLimiter(storagetest.NewClock().Now, limitWindow)
	for i := range 3 * limitAddress {
		if wait := guessOnce(l, "alice", "192.0.2.1", false); wait != 0 {
			t.Fatalf("sign-in %d: wait %s", i+1, wait)
		}
	}
	if n := len(l.windows); n != 0 {
		t.Errorf("%d windows are left after successes", n)
	}
}

// Fifty guesses at once count as fifty: no more than the limit are let through, whatever the order.
func TestLimitInParallel(t *testing.T) {
	l := newLimiter(storagetest.NewClock().Now, limitWindow)
	var group sync.WaitGroup
	var mu sync.Mutex
	through, refused := 0, 0
	for range 50 {
		group.Go(func() {
			g, wait := l.reserve(context.Background(), signInKeys("alice", netip.MustParseAddr("192.0.2.1")))
			mu.Lock()
			defer mu.Unlock()
			if g == nil {
				refused++
				if wait != limitWindow {
					t.Errorf("wait %s, want %s", wait, limitWindow)
				}
				return
			}
			through++
			g.settle(true)
		})
	}
	group.Wait()
	if through != limitName || refused != 50-limitName {
		t.Errorf("%d through and %d refused, want %d and %d", through, refused, limitName, 50-limitName)
	}
}

// Right passwords at once are not failures: those beyond the limit wait for the first to settle.
func TestLimitWaitsForUnsettled(t *testing.T) {
	l := newLimiter(storagetest.NewClock().Now, limitWindow)
	ctx, cancel := context.WithCancel(context.Background())
	addr := netip.MustParseAddr("192.0.2.1")
	var guesses []*guess
	for range limitName {
		g, _ := l.reserve(ctx, signInKeys("alice", addr))
		guesses = append(guesses, g)
	}
	late := make(chan *guess)
	go func() {
		g, _ := l.reserve(ctx, signInKeys("alice", addr))
		late <- g
	}()
	guesses[0].settle(false)
	g := <-late
	if g == nil {
		t.Fatal("the eleventh was refused although no guess was wrong")
	}
	cancel()
	g, wait := l.reserve(ctx, signInKeys("alice", addr))
	if g != nil || wait != time.Second {
		t.Errorf("with nothing left to wait for: guess %v, wait %s; want none and 1s", g, wait)
	}
}

func TestLimitMemoryIsBounded(t *testing.T) {
	clock := storagetest.NewClock()
	l := newLimiter(clock.Now, limitWindow)
	for i := range limitName {
		if wait := guessOnce(l, "victim", "192.0.2.1", true); wait != 0 {
			t.Fatalf("guess %d: wait %s", i+1, wait)
		}
	}
	for i := range limitEntries {
		ip := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		guessOnce(l, "someone", ip.String(), true)
	}
	if n := len(l.windows); n > limitEntries {
		t.Errorf("%d windows, want at most %d", n, limitEntries)
	}
	if n, m := len(l.windows), l.order.Len(); n != m {
		t.Errorf("%d windows but %d in order", n, m)
	}
}

// An address that is shut out cannot push its own window out by ever new names.
func TestLimitKeepsWhoIsShutOut(t *testing.T) {
	l := newLimiter(storagetest.NewClock().Now, limitWindow)
	for i := range limitAddress {
		guessOnce(l, fmt.Sprint("user", i), "192.0.2.1", true)
	}
	before := len(l.windows)
	for i := range 1000 {
		if wait := guessOnce(l, fmt.Sprint("other", i), "192.0.2.1", true); wait == 0 {
			t.Fatalf("guess %d got through", i)
		}
	}
	if after := len(l.windows); after != before {
		t.Errorf("%d windows became %d", before, after)
	}
}

func TestAdmission(t *testing.T) {
	a := newAdmission(2, 3, time.Minute)
	ctx, cancel := context.WithCancel(context.Background())
	var leave []func()
	for range 2 {
		f, err := a.enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, f)
	}
	results := make(chan error, 10)
	for range 10 {
		go func() {
			f, err := a.enter(ctx)
			if err == nil {
				f()
			}
			results <- err
		}()
	}
	for range 7 { // the queue holds three of the ten
		if err := <-results; err != errBusy {
			t.Errorf("beyond the queue: %v, want %v", err, errBusy)
		}
	}
	for _, f := range leave {
		f()
	}
	for range 3 {
		if err := <-results; err != nil {
			t.Errorf("in the queue: %v", err)
		}
	}
	f, err := a.enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	g, err := a.enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := a.enter(ctx); err != errBusy {
		t.Errorf("with the caller gone: %v, want %v", err, errBusy)
	}
	f()
	g()
	if n, m := len(a.slots), len(a.queue); n != 0 || m != 0 {
		t.Errorf("%d slots and %d places in the queue are still taken", n, m)
	}
}

// TestLimitEndsWithANewPassword: an administrator who sets another password lets the person in at once.
func TestLimitEndsWithANewPassword(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	for range limitName {
		b.signIn(b.get("/login"), "alice", "wrong")
	}
	wantPage(t, b.signIn(b.get("/login"), "alice", "alice"), http.StatusTooManyRequests, "login-submit")
	err := w.db.SetPassword(t.Context(), storage.System, w.user("alice").ID, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	b.signIn(b.get("/login"), "alice", "correct horse battery")
	if b.session() == nil {
		t.Error("the person is still shut out")
	}
}
