package login

import (
	"container/list"
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/propusk/propusk/storage"
)

// Limits of failed sign-ins within a window that begins with the first failure.
const (
	limitName    = 10  // of one name from one address
	limitAddress = 100 // of one address
	limitWindow  = 5 * time.Minute
)

// Limits of wrong user codes (RFC 8628 §5.1). Two windows may touch, so at most 40 codes of one address are
// looked at while a device code lives: with as many of public apps waiting as storage lets wait (5,000 of
// 20^8), that is a chance of less than 1 in 100,000 to hit any; a confidential app with 5,000 of its own
// adds as much again. A crowd has that chance once for each of its addresses: 1,000 wrong codes, the limit of
// the instance in one window, are a chance of 1 in 5,000. Beyond it wrong codes are answered like too many of one address
// and the log says so; right ones still work, or a crowd could keep everybody's devices out. Who hits a
// stranger's code connects that device to their own account, no more.
const (
	limitBrowser      = 10 // of one browser
	limitCodeAddress  = 20 // of one address
	limitCodeInstance = 1000
	limitCodeWindow   = storage.DeviceCodeTTL
)

// Bounds of a limiter.
const (
	limitEntries = 50_000
	limitWaiting = 64
)

// limitKey is what failures are counted under, and how many are let through.
type limitKey struct {
	text  string
	limit int
}

// signInKeys are counted for a guess of the password of a name (folded, one for all spellings). The
// address comes first: one that is shut out makes no windows for ever new names, which would push out its
// own.
func signInKeys(name string, addr netip.Addr) []limitKey {
	block := addressBlock(addr)
	return []limitKey{{"address\x00" + block, limitAddress}, {"name\x00" + block + "\x00" + name, limitName}}
}

// codeKeys are counted for a guess of a user code by a browser, named by its session or pre-session
// cookie: a session is one wherever it calls from.
func codeKeys(browser string, addr netip.Addr) []limitKey {
	return []limitKey{{"address\x00" + addressBlock(addr), limitCodeAddress}, {"browser\x00" + browser, limitBrowser}}
}

// crowdKeys are counted for a wrong user code of anybody.
func crowdKeys() []limitKey { return []limitKey{{"instance", limitCodeInstance}} }

// limiter counts failures. A guess is reserved before any work is done for it and given back when
// it was right, so that fifty parallel guesses count as fifty, and successes count as nothing. It is one
// process's memory of bounded size: what must not be lost is in the passwords, not here.
type limiter struct {
	now    func() time.Time
	length time.Duration // of a window

	mu      sync.Mutex
	windows map[windowKey]*list.Element // of *window
	order   *list.List                  // the oldest window in front
	changed chan struct{}               // closed and replaced whenever a guess is settled
	waiting int
}

type windowKey [sha256.Size]byte

// window counts the failures of one key.
type window struct {
	key      windowKey
	limit    int
	start    time.Time // of the first failure, or of the first guess before there is one
	failures int
	inFlight int
}

// guess is a reserved attempt; it must be settled.
type guess struct {
	l       *limiter
	windows []*window
}

// newLimiter counts within windows of that length.
func newLimiter(now func() time.Time, length time.Duration) *limiter {
	return &limiter{now: now, length: length, windows: map[windowKey]*list.Element{}, order: list.New(), changed: make(chan struct{})}
}

// reserve counts a guess under the keys before it is looked at. wait is how long the sender must stay away
// when the limit is reached; then there is no guess. While unsettled guesses alone fill the limit it waits for
// them, until ctx ends.
func (l *limiter) reserve(ctx context.Context, keys []limitKey) (g *guess, wait time.Duration) {
	for {
		g, wait, changed := l.try(keys)
		if changed == nil {
			return g, wait
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
		l.mu.Lock()
		l.waiting--
		l.mu.Unlock()
		if ctx.Err() != nil {
			return nil, time.Second
		}
	}
}

// try is one round of reserve: a guess, or how long to wait. If only unsettled guesses stand in the way
// it returns what is closed when one of them is settled, and the caller counts as waiting.
func (l *limiter) try(keys []limitKey) (g *guess, wait time.Duration, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g = &guess{l: l}
	pending := false
	for _, k := range keys {
		w := l.window(sha256.Sum256([]byte(k.text)), k.limit)
		if w.failures >= w.limit {
			return nil, l.length - l.now().Sub(w.start), nil
		}
		pending = pending || w.failures+w.inFlight >= w.limit
		g.windows = append(g.windows, w)
	}
	if pending {
		if l.waiting >= limitWaiting {
			return nil, time.Second, nil
		}
		l.waiting++
		return nil, 0, l.changed
	}
	for _, w := range g.windows {
		w.inFlight++
	}
	return g, 0, nil
}

// window returns the live window of the key, making or renewing it; l.mu is held.
func (l *limiter) window(key windowKey, limit int) *window {
	now := l.now()
	e, ok := l.windows[key]
	if ok {
		w := e.Value.(*window)
		if now.Sub(w.start) >= l.length || now.Before(w.start) {
			w.start, w.failures = now, 0
			l.order.MoveToBack(e)
		}
		return w
	}
	for len(l.windows) >= limitEntries {
		oldest := l.order.Front()
		l.order.Remove(oldest)
		delete(l.windows, oldest.Value.(*window).key)
	}
	w := &window{key: key, limit: limit, start: now}
	l.windows[key] = l.order.PushBack(w)
	return w
}

// settle ends a guess: wrong makes it a failure, right gives it back.
func (g *guess) settle(wrong bool) {
	g.l.mu.Lock()
	defer g.l.mu.Unlock()
	for _, w := range g.windows {
		w.inFlight--
		if wrong {
			w.failures++
		}
		e, ok := g.l.windows[w.key]
		if ok && e.Value == w && w.failures == 0 && w.inFlight == 0 {
			g.l.order.Remove(e)
			delete(g.l.windows, w.key)
		}
	}
	close(g.l.changed)
	g.l.changed = make(chan struct{})
}

// addressBlock is what counts as one address: all of IPv4's, and the /64 a customer gets of IPv6's.
func addressBlock(addr netip.Addr) string {
	addr = addr.Unmap()
	if addr.Is6() {
		prefix, err := addr.WithZone("").Prefix(64)
		if err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
