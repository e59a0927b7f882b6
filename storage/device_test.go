package storage_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/propusk/propusk/storage"
)

func TestDeviceCodeForms(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, userCode := w.ask()
	if !regexp.MustCompile(`^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`).MatchString(userCode) {
		t.Errorf("user code %q", userCode)
	}
	if !strings.HasPrefix(deviceCode, "propusk_dc_") || !storage.ValidChecksum(deviceCode) {
		t.Errorf("device code %q", deviceCode)
	}
	bare := strings.ReplaceAll(userCode, "-", "")
	for name, typed := range map[string]string{
		"as shown": userCode, "small": strings.ToLower(userCode), "bare": bare, "blanks": " " + bare[:3] + " " + bare[3:] + "\t",
		"a dash of a phone": bare[:4] + "–" + bare[4:], "in Cyrillic": strings.NewReplacer("B", "В", "C", "с", "H", "Н", "K", "к", "M", "М", "P", "р", "T", "т", "X", "х").Replace(bare),
	} {
		got, err := w.db.DeviceCodeByUserCode(t.Context(), typed)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(d, got, cmpopts.IgnoreUnexported(storage.DeviceCode{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, typed := range map[string]string{
		"empty": "", "short": bare[:7], "long": bare + "B", "vowel": "A" + bare[1:], "huge": strings.Repeat("-", 1000) + bare, "another": "BBBB-BBBB",
	} {
		_, err := w.db.DeviceCodeByUserCode(t.Context(), typed)
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: got %v, want not found", name, err)
		}
	}
	for table, column := range map[string]string{deviceCode: "hash", bare: "user_code_hash", userCode: "user_code_hash"} {
		var rows int
		w.must(w.db.ReadPool().QueryRowContext(t.Context(), `SELECT count(*) FROM device_codes WHERE `+column+` LIKE '%' || $1 || '%'`, table).Scan(&rows))
		if rows != 0 {
			t.Errorf("%s holds the code itself", column)
		}
	}
}

func TestDeviceCodeApproved(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, userCode := w.ask()
	w.wantPoll(deviceCode, storage.DeviceWaiting)
	w.decide(d, "email", "openid", "address")
	w.wait()
	g, polled, poll := w.poll(deviceCode)
	if poll != storage.DeviceRedeemed {
		t.Fatalf("got %d, want the grant", poll)
	}
	if polled.Nonce != "n" {
		t.Errorf("nonce %q", polled.Nonce)
	}
	live, _, _, err := w.db.LiveGrant(t.Context(), d.ID)
	w.must(err)
	want := &storage.Grant{ID: d.ID, UserID: w.session.UserID, AppID: "demo", SessionID: w.session.ID, Scopes: []string{"openid", "email"},
		AuthTime: w.session.AuthTime, ACR: "1", AMR: []string{"pwd"}, CreatedAt: w.clock.Now(), RefreshedAt: w.clock.Now(),
		EndsAt: w.clock.Now().Add(time.Hour), RefreshKey: live.RefreshKey}
	for name, got := range map[string]*storage.Grant{"returned": g, "stored": live} {
		if diff := cmp.Diff(want, got); diff != "" || got.RefreshKey == "" {
			t.Errorf("%s grant (-want +got):\n%s", name, diff)
		}
	}
	_, err = w.db.DeviceCodeByUserCode(t.Context(), userCode)
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a decided code is still found: %v", err)
	}
	w.wait()
	w.wantPoll(deviceCode, storage.DeviceUnknown)
	if w.stands(d.ID) {
		t.Error("a second redemption left the grant alive")
	}
}

func TestDeviceCodeEnds(t *testing.T) {
	for name, c := range map[string]struct {
		happen func(*deviceWorld, *storage.DeviceCode)
		want   storage.DevicePoll
	}{
		"denied":                          {func(w *deviceWorld, d *storage.DeviceCode) { w.decide(d) }, storage.DeviceRefused},
		"granted only what was not asked": {func(w *deviceWorld, d *storage.DeviceCode) { w.decide(d, "address") }, storage.DeviceRefused},
		"expired":                         {func(w *deviceWorld, _ *storage.DeviceCode) { w.clock.Advance(storage.DeviceCodeTTL) }, storage.DeviceExpired},
		"expired although approved": {func(w *deviceWorld, d *storage.DeviceCode) {
			w.decide(d, "openid")
			w.clock.Advance(storage.DeviceCodeTTL)
		}, storage.DeviceExpired},
		"consent withdrawn": {func(w *deviceWorld, d *storage.DeviceCode) {
			w.decide(d, "openid")
			w.must(w.db.WithdrawApp(w.Context(), storage.System, w.session.UserID, "demo"))
		}, storage.DeviceStale},
		"session ended": {func(w *deviceWorld, d *storage.DeviceCode) {
			w.decide(d, "openid")
			w.must(w.db.EndSession(w.Context(), storage.System, w.session.ID))
		}, storage.DeviceStale},
		"user disabled": {func(w *deviceWorld, d *storage.DeviceCode) {
			w.decide(d, "openid")
			w.must(w.db.SetUserDisabled(w.Context(), storage.System, w.session.UserID, true))
		}, storage.DeviceStale},
		"app disabled": {func(w *deviceWorld, d *storage.DeviceCode) {
			w.decide(d, "openid")
			_, err := w.db.UpdateApp(w.Context(), storage.System, "demo", func(a *storage.App) error { a.Enabled = false; return nil })
			w.must(err)
		}, storage.DeviceStale},
	} {
		t.Run(name, func(t *testing.T) {
			w := newDeviceWorld(t)
			d, deviceCode, _ := w.ask()
			c.happen(w, d)
			w.wantPoll(deviceCode, c.want)
			if w.stands(d.ID) {
				t.Error("there is a grant")
			}
			w.wait()
			_, _, again := w.poll(deviceCode)
			if again != c.want && again != storage.DeviceUnknown {
				t.Errorf("second poll: got %d", again)
			}
		})
	}
}

func TestDeviceCodeStrangers(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, _ := w.ask()
	w.decide(d, "openid")
	plain, err := w.db.App(t.Context(), "plain")
	w.must(err)
	_, got, poll := w.pollAs(plain, deviceCode)
	if poll != storage.DeviceUnknown || got != nil {
		t.Errorf("another app: got %d, %v", poll, got)
	}
	for name, code := range map[string]string{
		"empty": "", "unknown": storage.CheckedSecret("propusk_dc_"), "checksum": deviceCode[:len(deviceCode)-1] + "_", "other prefix": storage.CheckedSecret("propusk_rt_"),
	} {
		_, _, poll := w.poll(code)
		if poll != storage.DeviceUnknown {
			t.Errorf("%s: got %d, want unknown", name, poll)
		}
	}
	w.wantPoll(deviceCode, storage.DeviceRedeemed)
	w.pollAs(plain, deviceCode)
	if !w.stands(d.ID) {
		t.Error("another app's poll ended the grant")
	}
}

func TestDeviceSweep(t *testing.T) {
	w := newDeviceWorld(t)
	d, deviceCode, _ := w.ask()
	w.ask()
	w.decide(d, "openid")
	w.wantPoll(deviceCode, storage.DeviceRedeemed)
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{time.Hour, 2}, {time.Hour, 1}, {24 * time.Hour, 0}} {
		w.clock.Advance(c.after)
		_, err := w.db.Sweep(t.Context())
		w.must(err)
		var rows int
		w.must(w.db.ReadPool().QueryRowContext(t.Context(), `SELECT count(*) FROM device_codes`).Scan(&rows))
		if rows != c.want {
			t.Errorf("%v later: got %d rows, want %d", c.after, rows, c.want)
		}
	}
}

func TestDeviceAudit(t *testing.T) {
	w := newDeviceWorld(t)
	d, _, _ := w.ask()
	w.decide(d, "openid")
	d, _, _ = w.ask()
	w.decide(d)
	for _, action := range []string{"device.approve", "device.deny"} {
		list, _, err := w.db.AuditLog(t.Context(), storage.AuditFilter{Action: action})
		w.must(err)
		if len(list) != 1 || list[0].Target != "demo" || list[0].Actor.ID != w.session.UserID || !strings.Contains(list[0].Detail, "192.0.2.7") {
			t.Errorf("%s: got %+v", action, list)
		}
	}
}
