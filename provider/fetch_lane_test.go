package provider

import (
	"context"
	"errors"
	"testing"
)

// TestLanes: a host that does not answer takes its own places and no others.
func TestLanes(t *testing.T) {
	var l lanes
	var leaves []func()
	for range hostFetches {
		leave, err := l.enter(t.Context(), "slow.example:443")
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.enter(gone, "SLOW.example:443")
	if !errors.Is(err, errFetch) {
		t.Errorf("one too many: %v", err)
	}
	leave, err := l.enter(t.Context(), "other.example:443")
	if err != nil {
		t.Fatalf("another host: %v", err)
	}
	leave()
	for _, leave := range leaves {
		leave()
	}
	leave, err = l.enter(t.Context(), "slow.example:443")
	if err != nil {
		t.Fatalf("afterwards: %v", err)
	}
	leave()
	if len(l.host) != 0 {
		t.Errorf("%d hosts are kept", len(l.host))
	}
}
