package page

import "time"

// Device asks for the code on the screen of a device (RFC 8628 §3.3, template device): field user_code,
// button device-submit, POST /device.
type Device struct {
	Stub   Stub
	Hidden Hidden
	Code   string // as it came in the address, or was typed
	Wrong  bool   // no device waits under that code
	Wait   int    // seconds: too many wrong codes; shown instead of Wrong
}

func (Device) template() string        { return "device" }
func (d Device) frame() (Stub, Hidden) { return d.Stub, d.Hidden }

// DeviceConfirm shows what asks under the code, before anybody signs in for it (template device-confirm):
// field confirm = yes, button device-submit, POST /device.
type DeviceConfirm struct {
	Stub    Stub // of the app
	Hidden  Hidden
	Code    string // "WDJB-MJHT"
	Agent   string // the device's User-Agent, see [Agent]
	Address string // of the device
	Near    bool   // the person's own address, or its neighbour's
	At      time.Time
}

func (DeviceConfirm) template() string        { return "device-confirm" }
func (d DeviceConfirm) frame() (Stub, Hidden) { return d.Stub, d.Hidden }

// DeviceDone says what was decided (template device-done).
type DeviceDone struct {
	Stub    Stub // of the app
	Granted bool
	Why     DeviceWhy // of a refusal
	Person  Person
	May     []ConsentRow
	Until   time.Time // zero: until the session ends
	At      time.Time
}

// DeviceWhy is why a device was refused.
type DeviceWhy string

// The person denied; only the app's developers may sign in; nothing that was asked for can be granted.
const (
	DeviceByPerson   DeviceWhy = ""
	DeviceDevelopers DeviceWhy = "developers"
	DeviceNothing    DeviceWhy = "nothing"
)

func (DeviceDone) template() string        { return "device-done" }
func (d DeviceDone) frame() (Stub, Hidden) { return d.Stub, Hidden{} }

// DeviceOver says that a code is worth nothing any more: it has expired, or somebody decided (template
// device-over).
type DeviceOver struct{ Stub Stub }

func (DeviceOver) template() string        { return "device-over" }
func (d DeviceOver) frame() (Stub, Hidden) { return d.Stub, Hidden{} }
