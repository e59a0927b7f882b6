package storage_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// deviceWorld is a seeded database in which alice is signed in and has given demo what it asks for.
type deviceWorld struct {
	*testing.T
	db      *storage.DB
	clock   *storagetest.Clock
	app     *storage.App
	session *storage.Session
}

func newDeviceWorld(t *testing.T) *deviceWorld {
	t.Helper()
	w := &deviceWorld{T: t, clock: storagetest.NewClock()}
	w.db = storagetest.SeededAt(t, w.clock)
	alice, err := w.db.UserByName(t.Context(), "alice")
	w.must(err)
	w.app, err = w.db.App(t.Context(), "demo")
	w.must(err)
	w.session, _, err = w.db.StartSession(t.Context(), storage.NewSession{UserID: alice.ID, ACR: "1", AMR: []string{"pwd"}})
	w.must(err)
	w.must(w.db.Decide(t.Context(), storage.Actor{Kind: storage.ActorUser, ID: alice.ID}, "demo", []storage.Consent{{Scope: "openid", Granted: true}, {Scope: "email", Granted: true}}))
	return w
}

func (w *deviceWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// ask makes a device code of demo.
func (w *deviceWorld) ask() (d *storage.DeviceCode, deviceCode, userCode string) {
	w.Helper()
	d = &storage.DeviceCode{AppID: "demo", Scopes: []string{"openid", "email"}, Nonce: "n", Address: "192.0.2.7", UserAgent: "tv"}
	deviceCode, userCode, err := w.db.CreateDeviceCode(w.Context(), d)
	w.must(err)
	return d, deviceCode, userCode
}

func (w *deviceWorld) decide(d *storage.DeviceCode, granted ...string) {
	w.Helper()
	w.must(w.db.DecideDeviceCode(w.Context(), d.ID, w.session, granted))
}

func (w *deviceWorld) poll(deviceCode string) (*storage.Grant, *storage.DeviceCode, storage.DevicePoll) {
	w.Helper()
	return w.pollAs(w.app, deviceCode)
}

func (w *deviceWorld) pollAs(app *storage.App, deviceCode string) (*storage.Grant, *storage.DeviceCode, storage.DevicePoll) {
	w.Helper()
	g, d, poll, err := w.db.PollDeviceCode(w.Context(), app, deviceCode, func(*storage.DeviceCode) (time.Time, error) {
		return w.clock.Now().Add(time.Hour), nil
	})
	w.must(err)
	return g, d, poll
}

// wait lets the interval pass.
func (w *deviceWorld) wait() { w.clock.Advance(storage.DevicePollInterval) }

func (w *deviceWorld) wantPoll(deviceCode string, want storage.DevicePoll) {
	w.Helper()
	_, _, got := w.poll(deviceCode)
	if got != want {
		w.Errorf("poll: got %d, want %d", got, want)
	}
}

// stands tells whether the grant of a device code stands.
func (w *deviceWorld) stands(id string) bool {
	w.Helper()
	_, _, _, err := w.db.LiveGrant(w.Context(), id)
	if err != nil && !errors.Is(err, storage.ErrRevoked) && !errors.Is(err, storage.ErrNotFound) {
		w.Fatal(err)
	}
	return err == nil
}

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
