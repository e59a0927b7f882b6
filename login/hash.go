package login

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// How many passwords may be looked at. One hash takes some 40 ms of a core and 19 MiB, so a handful at
// once is what the machine can give without starving the token endpoint.
const (
	hashQueue    = 32
	hashPatience = 3 * time.Second
)

// errBusy says that too many people are signing in just now.
var errBusy = errors.New("too many sign-ins at once")

// admission lets a few goroutines at a time through, holds a few more, and turns the rest away.
type admission struct {
	slots    chan struct{}
	queue    chan struct{}
	patience time.Duration
}

// newAdmission admits at most slots at once and holds at most queue more.
func newAdmission(slots, queue int, patience time.Duration) *admission {
	return &admission{
		slots:    make(chan struct{}, slots),
		queue:    make(chan struct{}, queue),
		patience: patience,
	}
}

// hashSlots is how many passwords are hashed at once: two, more only where there are cores to spare.
func hashSlots() int {
	return min(max(2, runtime.GOMAXPROCS(0)/2), 8)
}

// enter waits for a slot; leave must be called once. errBusy when the queue is full or patience ends.
func (a *admission) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-a.slots }
	select {
	case a.slots <- struct{}{}:
		return leave, nil
	default:
	}
	select {
	case a.queue <- struct{}{}:
		defer func() { <-a.queue }()
	default:
		return nil, errBusy
	}
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	select {
	case a.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, errBusy
	}
}
