package storage_test

import (
	"errors"
	"testing"
	"time"

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
