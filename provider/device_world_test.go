package provider

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/propusk/propusk/storage"
)

// device is a device that has asked for its codes.
type device struct {
	deviceResponse
	status      int
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// askDevice asks for the codes.
func (w *world) askDevice(form url.Values, header ...string) device {
	w.t.Helper()
	rec := w.post(PathDevice, form, header...)
	d := device{status: rec.Code}
	err := json.Unmarshal(rec.Body.Bytes(), &d)
	if err != nil {
		w.t.Fatalf("device: %d %s", rec.Code, rec.Body)
	}
	return d
}

// demoDevice asks for the codes of demo, which must succeed.
func (w *world) demoDevice(scope string) device {
	w.t.Helper()
	d := w.askDevice(url.Values{"scope": {scope}, "nonce": {"n-d"}}, demoBasic...)
	if d.status != http.StatusOK {
		w.t.Fatalf("device: %+v", d)
	}
	return d
}

// decide does what the page does with what the person typed.
func (w *world) decide(d device, granted ...string) {
	w.t.Helper()
	found, err := w.db.DeviceCodeByUserCode(w.t.Context(), d.UserCode)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.db.DecideDeviceCode(w.t.Context(), found.ID, w.session, granted)
	if err != nil {
		w.t.Fatal(err)
	}
}

func pollForm(d device) url.Values {
	return url.Values{"grant_type": {storage.GrantDeviceCode}, "device_code": {d.DeviceCode}}
}

// poll lets the interval pass and polls as demo.
func (w *world) poll(d device) tokens {
	w.t.Helper()
	w.clock.Advance(storage.DevicePollInterval)
	return w.token(pollForm(d), demoBasic...)
}
