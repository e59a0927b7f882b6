package storage_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

func TestDeviceCodeOnce(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, _ := w.ask()
	w.decide(d, "openid")
	err := w.db.DecideDeviceCode(t.Context(), d.ID, w.session, nil)
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("second decision: got %v, want not found", err)
	}
	var mu sync.Mutex
	outcomes := map[storage.DevicePoll]int{}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			_, _, poll := w.poll(deviceCode)
			mu.Lock()
			defer mu.Unlock()
			outcomes[poll]++
		})
	}
	all.Wait()
	if outcomes[storage.DeviceRedeemed] > 1 || outcomes[storage.DeviceWaiting] > 0 {
		t.Errorf("got %v, want at most one grant", outcomes)
	}
}

func TestDevicePace(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, _ := w.ask()
	w.wantPoll(deviceCode, storage.DeviceWaiting)
	before, _ := w.db.Commits()
	w.clock.Advance(storage.DevicePollInterval - 900*time.Millisecond) // the network's jitter
	w.wantPoll(deviceCode, storage.DeviceWaiting)
	after, _ := w.db.Commits()
	if after != before {
		t.Errorf("a poll that changes nothing wrote %d times", after-before)
	}
	for _, want := range []time.Duration{10 * time.Second, 15 * time.Second} {
		w.clock.Advance(time.Second)
		_, polled, poll := w.poll(deviceCode)
		if poll != storage.DeviceTooFast || polled.Interval != want {
			t.Errorf("got %d, interval %v; want too fast, %v", poll, polled.Interval, want)
		}
	}
	stored, err := w.db.DeviceCode(t.Context(), d.ID)
	w.must(err)
	if stored.Interval != 15*time.Second {
		t.Errorf("stored interval: got %v", stored.Interval)
	}
	w.clock.Advance(10 * time.Second) // the interval of before is not enough
	w.wantPoll(deviceCode, storage.DeviceTooFast)
	w.clock.Advance(20 * time.Second)
	w.wantPoll(deviceCode, storage.DeviceWaiting)
	w.decide(d, "openid")
	w.clock.Advance(time.Second)
	w.wantPoll(deviceCode, storage.DeviceTooFast)
	w.clock.Advance(25 * time.Second)
	w.wantPoll(deviceCode, storage.DeviceRedeemed)
}

func TestDeviceEndsAtFails(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, _ := w.ask()
	w.decide(d, "openid")
	broken := errors.New("broken")
	_, _, _, err := w.db.PollDeviceCode(t.Context(), w.app, deviceCode, func(*storage.DeviceCode) (time.Time, error) { return time.Time{}, broken })
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	w.wait()
	w.wantPoll(deviceCode, storage.DeviceRedeemed)
}

// TestDeviceRace: of two polls that both saw the approval one gets the grant, and the other ends it.
func TestDeviceRace(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, _ := w.ask()
	w.decide(d, "openid")
	_, _, poll, err := w.db.PollDeviceCode(t.Context(), w.app, deviceCode, func(*storage.DeviceCode) (time.Time, error) {
		w.wait()
		w.wantPoll(deviceCode, storage.DeviceRedeemed)
		if !w.stands(d.ID) {
			t.Error("the first poll has no grant")
		}
		return w.clock.Now().Add(time.Hour), nil
	})
	w.must(err)
	if poll != storage.DeviceUnknown || w.stands(d.ID) {
		t.Errorf("the second: got %d, grant stands: %t", poll, w.stands(d.ID))
	}
}
