package login

import (
	"net/http"
	"strings"

	"github.com/propusk/propusk/storage"
)

// device is a device that waits for a decision.
type device struct {
	w    *world
	id   string
	code string // for the person
}

// device asks for an app of the seed.
func (w *world) device(app string, scopes ...string) *device {
	w.t.Helper()
	if scopes == nil {
		scopes = []string{"openid", "profile", "email"}
	}
	d := &storage.DeviceCode{AppID: app, Scopes: scopes, Address: "198.51.100.7", UserAgent: "harbour-cli/1.2"}
	_, code, err := w.db.CreateDeviceCode(w.t.Context(), d)
	if err != nil {
		w.t.Fatal(err)
	}
	return &device{w: w, id: d.ID, code: code}
}

// state is how far the device has got, and what it was granted.
func (d *device) state() (storage.DeviceState, string) {
	d.w.t.Helper()
	got, err := d.w.db.DeviceCode(d.w.t.Context(), d.id)
	if err != nil {
		d.w.t.Fatal(err)
	}
	return got.State, strings.Join(got.Granted, " ")
}

// want fails unless the device has got as far.
func (d *device) want(state storage.DeviceState, granted string) {
	d.w.t.Helper()
	gotState, gotGranted := d.state()
	if gotState != state || gotGranted != granted {
		d.w.t.Errorf("the device is %s with %q, want %s with %q", gotState, gotGranted, state, granted)
	}
}

// typeCode opens /device and sends the code.
func (b *browser) typeCode(code string) answer {
	return b.open(http.MethodPost, "/device", b.get("/device").with("user_code", code))
}

// connect types the code and says that it is the one on the screen.
func (b *browser) connect(code string) answer {
	return b.confirm(b.typeCode(code))
}

func (b *browser) confirm(form answer) answer {
	b.w.t.Helper()
	wantPage(b.w.t, form, http.StatusOK, "device-submit")
	return b.open(http.MethodPost, "/device", form.hidden())
}

// change changes an app.
func (w *world) change(id string, change func(*storage.App)) {
	w.t.Helper()
	_, err := w.db.UpdateApp(w.t.Context(), storage.Command, id, func(a *storage.App) error { change(a); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}
