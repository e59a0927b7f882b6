package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// codeLimit bounds a user code as it is typed, with all the blanks and hyphens people add.
const codeLimit = 32

// showDevice is GET /device: the form for the code on a device's screen (RFC 8628 §3.3). A code in the
// address (§3.3.1) fills the form in and does nothing else. With "done" it is what was decided.
func (l *Login) showDevice(w http.ResponseWriter, r *http.Request) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	query := r.URL.Query()
	if query.Has("done") {
		l.showDeviceDone(w, r, v, query.Get("done"))
		return
	}
	typed := query.Get("user_code")
	if len(typed) > codeLimit || strings.ContainsFunc(typed, unicode.IsControl) {
		typed = ""
	}
	l.showDeviceForm(w, r, v, http.StatusOK, page.Device{Code: typed})
}

// showDeviceForm renders the form for a code.
func (l *Login) showDeviceForm(w http.ResponseWriter, r *http.Request, v visitor, status int, d page.Device) {
	d.Stub = page.Stub{Office: true}
	d.Hidden.CSRF = l.browserToken(w, r, v, "")
	l.pages.Show(w, r, page.View{Status: status}, d)
}

// postDevice is POST /device: a code, or the person's word that the device is theirs. Neither decides
// anything: that is done behind the sign-in and the consent.
func (l *Login) postDevice(w http.ResponseWriter, r *http.Request) {
	form, ok := l.pages.Form(w, r)
	if !ok {
		return
	}
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	asked, ok := l.checkBrowser(r, form, v)
	if !ok {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	if form.Get("confirm") != "" {
		l.confirmDevice(w, r, asked)
		return
	}
	l.findDevice(w, r, v, form.Get("user_code"))
}

// findDevice looks the code up and shows what asks under it.
func (l *Login) findDevice(w http.ResponseWriter, r *http.Request, v visitor, typed string) {
	typed = clip(strings.TrimSpace(typed), codeLimit)
	d, wait, err := l.deviceByCode(r, v, typed)
	switch {
	case err != nil:
		l.failure(w, r, err)
		return
	case wait > 0:
		seconds := retryAfter(w, wait)
		l.showDeviceForm(w, r, v, http.StatusTooManyRequests, page.Device{Code: typed, Wait: seconds})
		return
	case d == nil:
		l.showDeviceForm(w, r, v, http.StatusOK, page.Device{Code: typed, Wrong: true})
		return
	}
	app, err := l.deviceApp(r, d.AppID)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	code := spell(typed)
	l.pages.Show(w, r, page.View{}, page.DeviceConfirm{
		Stub:    l.deviceStub(r, app, code),
		Hidden:  page.Hidden{CSRF: l.browserToken(w, r, v, deviceAsked(d.ID, code))},
		Code:    code,
		Agent:   page.Agent(d.UserAgent),
		Address: d.Address,
		Near:    near(d.Address, page.Peer(r)),
		At:      d.CreatedAt,
	})
}

// deviceByCode returns the device code that waits under what was typed, nil for none. Wrong ones are
// counted, per browser and per address, before they are looked at, and for the instance after that; wait
// is how long to stay away when there were too many.
func (l *Login) deviceByCode(r *http.Request, v visitor, typed string) (*storage.DeviceCode, time.Duration, error) {
	browser := formHolder(l.names.formSecret(r))
	if v.session != nil {
		browser = sessionHolder(v.session)
	}
	ctx, cancel := context.WithTimeout(r.Context(), l.hashing.patience)
	defer cancel()
	g, wait := l.codes.reserve(ctx, codeKeys(browser, page.Peer(r)))
	if g == nil {
		l.log.LogAttrs(r.Context(), slog.LevelInfo, "user code refused",
			slog.String("reason", "too many failures"), slog.String("address", page.PeerText(r)))
		return nil, wait, nil
	}
	wrong := true
	defer func() { g.settle(wrong) }()
	d, err := l.db.DeviceCodeByUserCode(r.Context(), typed)
	if errors.Is(err, storage.ErrNotFound) {
		l.log.LogAttrs(r.Context(), slog.LevelInfo, "user code refused",
			slog.String("reason", "unknown"), slog.String("address", page.PeerText(r)))
		return nil, l.countCrowd(ctx, r), nil
	}
	wrong = false
	if err != nil {
		return nil, 0, fmt.Errorf("user code: %w", err)
	}
	return d, 0, nil
}

// countCrowd counts a wrong code of anybody, and tells how long to stay away when the whole instance has had
// too many.
func (l *Login) countCrowd(ctx context.Context, r *http.Request) time.Duration {
	g, wait := l.crowd.reserve(ctx, crowdKeys())
	if g == nil {
		l.log.LogAttrs(r.Context(), slog.LevelWarn, "user codes refused",
			slog.String("reason", "too many failures of all together"), slog.Duration("wait", wait))
		return wait
	}
	g.settle(true)
	return 0
}

// confirmDevice begins the sign-in for a device whose code the person compared. From here on the request is
// bound to the browser by its cookie, which nothing but this makes: what follows may happen by GET.
func (l *Login) confirmDevice(w http.ResponseWriter, r *http.Request, asked string) {
	id, code, ok := readDeviceAsked(asked)
	if !ok {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	d, err := l.db.DeviceCode(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !l.deviceStands(d) {
		l.showDeviceOver(w, r)
		return
	}
	if err != nil {
		l.failure(w, r, fmt.Errorf("device code: %w", err))
		return
	}
	l.start(w, r, &storage.AuthRequest{
		ID:        storage.NewID(),
		AppID:     d.AppID,
		State:     code, // for the pages; no app gets it back
		Scopes:    d.Scopes,
		Claims:    d.Claims,
		Device:    d.ID,
		CreatedAt: l.now(),
	})
}

// deviceStands tells whether the code can still be decided.
func (l *Login) deviceStands(d *storage.DeviceCode) bool {
	return d.State == storage.DevicePending && l.now().Before(d.ExpiresAt)
}

// deviceApp returns the app of a device code; errApp when it is switched off, or devices are no longer its
// business.
func (l *Login) deviceApp(r *http.Request, id string) (*storage.App, error) {
	app, err := l.db.App(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errApp
	}
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	if !app.Enabled || !app.Allows(storage.GrantDeviceCode) {
		return nil, errApp
	}
	return app, nil
}

// deviceStub is the stub of an app that asks from a device.
func (l *Login) deviceStub(r *http.Request, app *storage.App, code string) page.Stub {
	s := l.pages.AppStub(app.DisplayName(l.pages.Lang(r, nil)), "", app.Trusted)
	s.Host = app.ID
	s.Serial = code
	return s
}

// deviceAsked is what the form of the confirmation asks about, in its sealed token.
func deviceAsked(id, code string) string { return "device " + id + " " + code }

func readDeviceAsked(asked string) (id, code string, ok bool) {
	rest, ok := strings.CutPrefix(asked, "device ")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, " ")
}

// spell writes a code that was found as its device shows it: "WDJB-MJHT".
func spell(typed string) string {
	var letters []rune
	for _, c := range strings.ToUpper(typed) {
		if unicode.IsLetter(c) {
			letters = append(letters, c)
		}
	}
	if len(letters) != 8 {
		return string(letters)
	}
	return string(letters[:4]) + "-" + string(letters[4:])
}

// near tells whether the address of a device and another one are one person's, as far as addresses tell: of
// one block, or both of this machine.
func near(device string, other netip.Addr) bool {
	addr, _ := netip.ParseAddr(device)
	return addressBlock(addr) == addressBlock(other) || addr.Unmap().IsLoopback() && other.IsLoopback()
}
