package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// decided is what the address of the last page says, sealed: it can be opened again, in another language
// too, after the request is gone.
type decided struct {
	Device string         `json:"d"`
	Code   string         `json:"c"`
	Why    page.DeviceWhy `json:"w,omitempty"`
	At     int64          `json:"t"` // unix seconds
}

// decideDevice tells the device what was decided, once, and shows it. Where nobody is signed in there is
// nobody to decide: a request that cannot be granted to anyone.
func (l *Login) decideDevice(w http.ResponseWriter, r *http.Request, in input, s step) {
	if in.session == nil {
		l.forget(w, in.req)
		l.showDeviceOver(w, r)
		return
	}
	var granted []string
	if s.kind == stepDone {
		granted = s.scopes
	}
	err := l.db.DecideDeviceCode(r.Context(), in.req.Device, in.session, granted)
	if errors.Is(err, storage.ErrNotFound) {
		// Expired, or somebody else was faster: one person per code.
		l.forget(w, in.req)
		l.showDeviceOver(w, r)
		return
	}
	if err != nil {
		l.failure(w, r, fmt.Errorf("decide device code: %w", err))
		return
	}
	l.forget(w, in.req)
	l.toDeviceDone(w, r, in.req, deviceWhy(s))
}

// deviceWhy is why a step refuses a device.
func deviceWhy(s step) page.DeviceWhy {
	switch {
	case s.kind == stepDone, s.code == "access_denied" && !s.developers:
		return page.DeviceByPerson
	case s.developers:
		return page.DeviceDevelopers
	}
	return page.DeviceNothing
}

// toDeviceDone sends the browser to the page that says what was decided.
func (l *Login) toDeviceDone(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, why page.DeviceWhy) {
	plain, _ := json.Marshal(decided{Device: req.Device, Code: req.State, Why: why, At: l.now().Unix()}) // strings and a number
	http.Redirect(w, r, "/device?done="+url.QueryEscape(l.db.Seal("device", plain)), http.StatusSeeOther)
}

// deviceWaits tells whether the device of the request still waits for a decision; if not it has answered:
// the person who decided sees again what, others that it is over.
func (l *Login) deviceWaits(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, v visitor) bool {
	d, err := l.db.DeviceCode(r.Context(), req.Device)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		l.failure(w, r, fmt.Errorf("device code: %w", err))
		return false
	}
	if err == nil && l.deviceStands(d) {
		return true
	}
	l.forget(w, req)
	if err == nil && v.session != nil && d.UserID == v.user.ID {
		l.toDeviceDone(w, r, req, page.DeviceByPerson)
		return false
	}
	l.showDeviceOver(w, r)
	return false
}

// showDeviceDone is GET /device?done=: what was decided, to the person who did.
func (l *Login) showDeviceDone(w http.ResponseWriter, r *http.Request, v visitor, sealed string) {
	var said decided
	plain, err := l.db.Unseal("device", sealed)
	if err == nil {
		err = json.Unmarshal(plain, &said)
	}
	if err != nil || v.session == nil {
		http.Redirect(w, r, "/device", http.StatusSeeOther)
		return
	}
	d, err := l.db.DeviceCode(r.Context(), said.Device)
	if errors.Is(err, storage.ErrNotFound) || err == nil && d.UserID != v.user.ID {
		l.showDeviceOver(w, r)
		return
	}
	if err != nil {
		l.failure(w, r, fmt.Errorf("device code: %w", err))
		return
	}
	done, err := l.deviceDone(r, d, v.user)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	done.Stub.Serial, done.Why, done.At = said.Code, said.Why, time.Unix(said.At, 0)
	l.pages.Show(w, r, page.View{}, done)
}

// deviceDone describes a decided device code; errApp when its app is gone.
func (l *Login) deviceDone(r *http.Request, d *storage.DeviceCode, u *storage.User) (page.DeviceDone, error) {
	app, err := l.db.App(r.Context(), d.AppID)
	if errors.Is(err, storage.ErrNotFound) {
		return page.DeviceDone{}, errApp
	}
	if err != nil {
		return page.DeviceDone{}, fmt.Errorf("app: %w", err)
	}
	known, err := l.db.Scopes(r.Context())
	if err != nil {
		return page.DeviceDone{}, fmt.Errorf("scopes: %w", err)
	}
	consents, err := l.db.Consents(r.Context(), u.ID, app.ID)
	if err != nil {
		return page.DeviceDone{}, fmt.Errorf("consents: %w", err)
	}
	done := page.DeviceDone{
		Stub:    l.deviceStub(r, app, ""),
		Granted: d.State == storage.DeviceApproved || d.State == storage.DeviceUsed,
		Person:  person(u),
	}
	in := input{user: u, app: app, known: known}
	for _, name := range d.Granted {
		switch {
		case name == storage.ScopeOpenID, in.scope(name) == nil:
		case name == storage.ScopeOffline:
			i := slices.IndexFunc(consents, func(c storage.Consent) bool { return c.Scope == name && c.Granted })
			if i >= 0 {
				done.Until = consents[i].Until
			}
		default:
			done.May = append(done.May, row(in, name))
		}
	}
	return done, nil
}

// showDeviceOver says that a code is worth nothing any more, and what to do.
func (l *Login) showDeviceOver(w http.ResponseWriter, r *http.Request) {
	l.pages.Show(w, r, page.View{Status: http.StatusGone}, page.DeviceOver{Stub: page.Stub{Office: true}})
}
