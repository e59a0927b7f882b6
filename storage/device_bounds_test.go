package storage_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

func TestDeviceBounds(t *testing.T) {
	w := newDeviceWorld(t)
	ask := func(app, address string) error {
		_, _, err := w.db.CreateDeviceCode(t.Context(), &storage.DeviceCode{AppID: app, Scopes: []string{"openid"}, Address: address})
		return err
	}
	for range storage.DeviceCodesPerAddress {
		w.must(ask("demo", "192.0.2.1"))
		w.must(ask("demo", "2001:db8::1"))
	}
	for name, c := range map[string]struct {
		app, address string
		want         error
	}{
		"the same address":       {"demo", "192.0.2.1", storage.ErrDeviceCodes},
		"the same, mapped":       {"demo", "::ffff:192.0.2.1", storage.ErrDeviceCodes},
		"another address":        {"demo", "192.0.2.10", nil},
		"another app":            {"cli", "192.0.2.1", nil},
		"the same /64":           {"demo", "2001:db8::ffff:0:1", storage.ErrDeviceCodes},
		"another /64":            {"demo", "2001:db8:0:1::1", nil},
		"an app that is not one": {"nobody", "192.0.2.1", storage.ErrNotFound},
	} {
		err := ask(c.app, c.address)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	w.clock.Advance(storage.DeviceCodeTTL)
	w.must(ask("demo", "192.0.2.1"))
}

// TestDeviceBlocks compares whole addresses: none counts for one whose text it begins with.
func TestDeviceBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		asked, other string // how the many are asked for; %d counts
		times        int
		want         error
	}{
		"longer than the other":   {"127.0.0.10", "127.0.0.1", storage.DeviceCodesPerAddress, nil},
		"shorter than the other":  {"127.0.0.1", "127.0.0.10", storage.DeviceCodesPerAddress, nil},
		"no address":              {"", "127.0.0.1", storage.DeviceCodesPerAddress, nil},
		"the /48, full":           {"2001:db8:7:%d::1", "2001:db8:7:ffff::1", storage.DeviceCodesPerSite, storage.ErrDeviceCodes},
		"the /48, not yet full":   {"2001:db8:7:%d::1", "2001:db8:7:ffff::1", storage.DeviceCodesPerSite - 1, nil},
		"another /48":             {"2001:db8:7:%d::1", "2001:db8:70::1", storage.DeviceCodesPerSite, nil},
		"IPv4 has no wider block": {"192.0.2.%d", "192.0.2.222", storage.DeviceCodesPerSite, nil},
	} {
		w := newDeviceWorld(t)
		for i := range c.times {
			d := &storage.DeviceCode{AppID: "cli", Scopes: []string{"openid"}, Address: strings.ReplaceAll(c.asked, "%d", strconv.Itoa(i))}
			_, _, err := w.db.CreateDeviceCode(t.Context(), d)
			w.must(err)
		}
		_, _, err := w.db.CreateDeviceCode(t.Context(), &storage.DeviceCode{AppID: "cli", Scopes: []string{"openid"}, Address: c.other})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestDeviceShares: a public app cannot take the others' share, and all together not a confidential one's.
func TestDeviceShares(t *testing.T) {
	const crowd = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO device_codes (hash, user_code_hash, id, app_id, scopes, claims, nonce, address, block, site, public, user_agent,
			created_at, expires_at, poll_interval, state)
		SELECT printf('%%043d', i), printf('%%043d', i), printf('%%026d', i), '%s', '[]', '', '', '', i, i, %t, '', 0, 4000000000000, 5000, '%s' FROM n`
	for name, c := range map[string]struct {
		count       int
		app         string
		public      bool
		state       string
		cli, others error // public ones: cli itself and spa
		demo        error // confidential
	}{
		"one public app, full":       {storage.DeviceCodesPerPublic, "cli", true, "pending", storage.ErrDeviceCodes, nil, nil},
		"one public app, decided":    {storage.DeviceCodesPerPublic, "cli", true, "approved", nil, nil, nil},
		"one public app, not full":   {storage.DeviceCodesPerPublic - 1, "cli", true, "pending", nil, nil, nil},
		"all public apps, full":      {storage.DeviceCodesMax, "plain", true, "pending", storage.ErrDeviceCodes, storage.ErrDeviceCodes, nil},
		"another confidential, full": {storage.DeviceCodesMax, "plain", false, "pending", nil, nil, nil},
		"a confidential app, full":   {storage.DeviceCodesMax, "demo", false, "pending", nil, nil, storage.ErrDeviceCodes},
	} {
		w := newDeviceWorld(t)
		w.must(w.db.Exec(t.Context(), fmt.Sprintf(crowd, c.count, c.app, c.public, c.state)))
		for app, want := range map[string]error{"cli": c.cli, "spa": c.others, "demo": c.demo} {
			_, _, err := w.db.CreateDeviceCode(t.Context(), &storage.DeviceCode{AppID: app, Scopes: []string{"openid"}, Address: "192.0.2.1"})
			if !errors.Is(err, want) {
				t.Errorf("%s: %s: got %v, want %v", name, app, err, want)
			}
		}
	}
}
