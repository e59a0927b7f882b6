package provider

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// hostFetches is how many fetches from one host are under way at once: one that lets its callers wait must
// not take all places, because anybody can have a request_uri fetched.
const hostFetches = 8

// lanes bound the fetches from each host.
type lanes struct {
	mu   sync.Mutex
	host map[string]*lane
}

type lane struct {
	slots chan struct{}
	users int // those who hold a slot or wait for one
}

// enter waits for a place among the fetches from a host; leave gives it back.
func (l *lanes) enter(ctx context.Context, host string) (leave func(), err error) {
	host = strings.ToLower(host)
	l.mu.Lock()
	if l.host == nil {
		l.host = map[string]*lane{}
	}
	one, ok := l.host[host]
	if !ok {
		one = &lane{slots: make(chan struct{}, hostFetches)}
		l.host[host] = one
	}
	one.users++
	l.mu.Unlock()
	gone := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		one.users--
		if one.users == 0 {
			delete(l.host, host)
		}
	}
	select {
	case one.slots <- struct{}{}:
		return func() { <-one.slots; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, fmt.Errorf("%w: too many calls to one host under way", errFetch)
	}
}
