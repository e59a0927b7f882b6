package provider

import (
	"net/url"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

func trapDevicePace(t *testing.T, w *world) {
	d := w.demoDevice("openid")
	w.poll(d)
	w.clock.Advance(time.Second)
	if got := w.token(pollForm(d), demoBasic...); got.status != 400 || got.Error != "slow_down" {
		t.Errorf("after a second: %+v", got)
	}
	if got := w.poll(d); got.Error != "slow_down" {
		t.Errorf("after the old interval: %+v", got)
	}
	w.clock.Advance(10 * time.Second)
	if got := w.poll(d); got.Error != "authorization_pending" {
		t.Errorf("after the new interval: %+v", got)
	}
}

func trapDeviceOnce(t *testing.T, w *world) {
	d := w.demoDevice("openid")
	w.decide(d, "openid")
	first := w.poll(d)
	if first.status != 200 || !w.active(first.AccessToken) {
		t.Fatalf("first: %+v", first)
	}
	if got := w.poll(d); got.status != 400 || got.Error != errInvalidGrant {
		t.Errorf("second: %+v", got)
	}
	if w.active(first.AccessToken) || w.active(first.RefreshToken) {
		t.Error("the replay left the tokens alive")
	}
}

func trapDeviceExpiry(t *testing.T, w *world) {
	d := w.demoDevice("openid")
	w.decide(d, "openid")
	w.clock.Advance(storage.DeviceCodeTTL)
	if got := w.token(pollForm(d), demoBasic...); got.status != 400 || got.Error != "expired_token" {
		t.Errorf("got %+v", got)
	}
}

func trapDeviceScopes(t *testing.T, w *world) {
	form := url.Values{"client_id": {"yourClientId"}, "client_secret": {"yourClientSecret"}, "scope": {"openid phone"}}
	if got := w.askDevice(form); got.status != 400 || got.Error != errInvalidScope {
		t.Errorf("got %+v", got)
	}
}
