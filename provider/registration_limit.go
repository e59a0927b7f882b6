package provider

import (
	"cmp"
	"net/netip"
	"sync"
	"time"
)

// Bounds of open registration.
const (
	registrationLimit   = 100 // of one address in a window, unless configured
	registrationWindow  = time.Minute
	registrationWindows = 10_000
)

// registrationRate counts registrations by address; it is one process's memory of bounded size.
type registrationRate struct {
	limit   int // 0: registrationLimit
	mu      sync.Mutex
	began   time.Time
	windows map[netip.Prefix]int
}

// allow counts one registration from the address, of IPv6 from its /64, and tells whether it is within the
// limit. All windows begin together; too many addresses in one stop everybody until the next.
func (l *registrationRate) allow(addr netip.Addr, now time.Time) bool {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	block, err := addr.Prefix(bits)
	if err != nil {
		block = netip.Prefix{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.windows == nil || now.Sub(l.began).Abs() >= registrationWindow {
		l.began, l.windows = now, map[netip.Prefix]int{}
	}
	count, known := l.windows[block]
	if count >= cmp.Or(l.limit, registrationLimit) || !known && len(l.windows) >= registrationWindows {
		return false
	}
	l.windows[block] = count + 1
	return true
}
