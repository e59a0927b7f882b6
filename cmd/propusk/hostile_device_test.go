package main

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostileDevice holds the cases of devices without a browser of their own (RFC 8628).
var hostileDevice = map[string]func(*testing.T){
	"HC-095": devicePolls,
	"HC-096": deviceGuesses,
}

// deviceCodes are what a device was given.
type deviceCodes struct {
	app          party
	device, user string
}

// device asks for the codes as that app.
func (w *world) device(a party, scope string) deviceCodes {
	w.t.Helper()
	got := w.must("device authorization", w.post("/connect/deviceauthorization", a.signed(url.Values{"scope": {scope}, "nonce": {"of the device"}})), http.StatusOK)
	d := deviceCodes{a, got.text("device_code"), got.text("user_code")}
	if d.device == "" || d.user == "" {
		w.t.Fatalf("device authorization: %s", got.body)
	}
	return d
}

// polling is a good token request of the device, with changes.
func (d deviceCodes) polling(pairs ...string) url.Values {
	return changed(d.app.signed(url.Values{"grant_type": {storage.GrantDeviceCode}, "device_code": {d.device}}), pairs...)
}

// poll lets the interval pass and polls.
func (w *world) poll(d deviceCodes) *reply {
	w.t.Helper()
	w.clock.Advance(storage.DevicePollInterval)
	return w.token(d.polling())
}

// typeCode opens /device and sends the code, without what follows.
func (p *person) typeCode(code string) *reply {
	p.w.t.Helper()
	return p.post("/device", changed(p.sheet(p.get("/device"), "/device").fields, "user_code", code))
}

// confirm presses the button of the page that shows what asks, and walks on as far as it is asked.
func (p *person) confirm(page *reply) *reply {
	p.w.t.Helper()
	_, got := p.follow("/device", p.post("/device", p.sheet(page, "/device").fields))
	for range 4 {
		action, form := p.fill(got)
		if form == nil {
			return got
		}
		_, got = p.follow(action, p.post(action, form))
	}
	return got
}

// approve connects the device.
func (p *person) approve(d deviceCodes) {
	p.w.t.Helper()
	got := p.confirm(p.typeCode(d.user))
	if got.status != http.StatusOK || !strings.Contains(got.body, d.user) {
		p.w.t.Fatalf("the device was not connected: %d\n%s", got.status, clipLog(got.body))
	}
}

// state is how far the device has got.
func (w *world) state(d deviceCodes) storage.DeviceState {
	w.t.Helper()
	var state storage.DeviceState
	beside := w.connect()
	defer beside.Close()
	err := beside.QueryRow(`SELECT state FROM device_codes WHERE hash = $1`, w.db.Hash("device_code", d.device)).Scan(&state)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

// devicePolls: a device that is too fast is slowed down, a code is redeemed once, in time, by its app.
func devicePolls(t *testing.T) {
	w := newWorld(t)
	alice := w.office("alice")
	d := w.device(demoApp, "openid profile email")
	wantError(t, "first poll", w.poll(d), http.StatusBadRequest, "authorization_pending")
	for range 3 {
		wantError(t, "at once again", w.token(d.polling()), http.StatusBadRequest, "slow_down")
	}
	alice.approve(d)
	wantError(t, "approved, but too fast", w.poll(d), http.StatusBadRequest, "slow_down")
	wantError(t, "another app", w.token(d.polling("client_id", "plain", "client_secret", "plain-secret")), http.StatusBadRequest, "invalid_grant")
	wantError(t, "without its secret", w.token(d.polling("client_secret", "")), http.StatusUnauthorized, "invalid_client")
	for _, code := range []string{d.device[:len(d.device)-1], d.device + "x", flipped(d.device), d.user} {
		wantError(t, "a changed code", w.token(d.polling("device_code", code)), http.StatusBadRequest, "invalid_grant")
	}
	if got := w.state(d); got != storage.DeviceApproved {
		t.Fatalf("what strangers tried made the code %s", got)
	}
	for range 6 { // the interval that the device earned
		w.clock.Advance(storage.DevicePollInterval)
	}
	first := w.granted(w.token(d.polling()))
	if claimsOf(t, first.id)["sub"] != w.userID("alice") || claimsOf(t, first.id)["nonce"] != "of the device" {
		t.Errorf("id_token: %v", claimsOf(t, first.id))
	}
	wantError(t, "redeemed twice", w.poll(d), http.StatusBadRequest, "invalid_grant")
	w.wantDead(demoApp, first)
	if got := w.audit("grant.replay"); len(got) != 1 {
		t.Errorf("%d audit entries of the replay, want 1", len(got))
	}

	late := w.device(demoApp, "openid")
	alice.approve(late)
	w.clock.Advance(storage.DeviceCodeTTL)
	wantError(t, "approved, but expired", w.token(late.polling()), http.StatusBadRequest, "expired_token")
	denied := w.device(demoApp, "openid phone")
	alice.deny = true
	alice.confirm(alice.typeCode(denied.user))
	wantError(t, "denied", w.poll(denied), http.StatusBadRequest, "access_denied")
	deviceAtOnce(t)
}

// flipped changes one character in the middle.
func flipped(s string) string {
	i := len(s) / 2
	c := byte('x')
	if s[i] == c {
		c = 'y'
	}
	return s[:i] + string(c) + s[i+1:]
}

// deviceAtOnce: of many polls at the same moment one gets tokens, and of two people one decides.
func deviceAtOnce(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	d := w.device(demoApp, "openid profile email")
	alice, bob := w.office("alice"), w.office("bob")
	pages := []*reply{alice.typeCode(d.user), bob.typeCode(d.user)}
	for i, p := range []*person{alice, bob} {
		got := p.confirm(pages[i])
		if want := []int{http.StatusOK, http.StatusGone}[i]; got.status != want {
			t.Errorf("%s decides: got %d, want %d", p.login, got.status, want)
		}
	}
	w.clock.Advance(storage.DevicePollInterval)
	answers := make([]*reply, 32)
	together(len(answers), func(i int) { answers[i] = w.token(d.polling()) })
	good := 0
	for _, got := range answers {
		if got.status == http.StatusOK {
			good++
			if claimsOf(t, got.text("id_token"))["sub"] != w.userID("alice") {
				t.Error("the tokens are not of the person who decided")
			}
			continue
		}
		if code := got.text("error"); got.status != http.StatusBadRequest || code != "invalid_grant" && code != "slow_down" {
			t.Errorf("a poll beside others: %d %s", got.status, got.body)
		}
	}
	if good > 1 || w.stored()["grants"] > 1 {
		t.Errorf("%d answers with tokens, %d grants", good, w.stored()["grants"])
	}
}

// deviceGuesses: user codes are short, so few are looked at; and nothing but the person's own button, in
// their own browser, connects a device.
func deviceGuesses(t *testing.T) {
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	wrong := func(i int) string {
		return fmt.Sprintf("%c%c%c%c-BBBB", letters[i%20], letters[i/20%20], letters[i/400%20], letters[7])
	}
	for name, fresh := range map[string]bool{"one browser": false, "a new browser each time": true} {
		w := newWorld(t)
		p, refused := w.person("bob"), 0
		for i := range 200 {
			if fresh {
				p = w.person("bob")
			}
			got := p.typeCode(wrong(i))
			switch {
			case got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != "":
				refused++
			case got.status != http.StatusOK || strings.Contains(got.body, `name="confirm"`):
				t.Fatalf("%s: guess %d: got %d\n%s", name, i, got.status, clipLog(got.body))
			}
		}
		looked := strings.Count(w.log.String(), "reason=unknown")
		most := 20 // of an address in the life of a code
		if !fresh {
			most = 10
		}
		if looked != most || refused != 200-most {
			t.Errorf("%s: %d codes were looked at and %d refused, want %d and %d", name, looked, refused, most, 200-most)
		}
		// The right code is refused like the others from there, and taken from elsewhere.
		d := w.device(demoApp, "openid")
		if got := w.person("bob").typeCode(d.user); fresh && got.status != http.StatusTooManyRequests {
			t.Errorf("%s: the right code after that: got %d", name, got.status)
		}
		if got := w.from("127.0.0.9").person("bob").typeCode(d.user); got.status != http.StatusOK || !strings.Contains(got.body, `name="confirm"`) {
			t.Errorf("%s: from another address: got %d", name, got.status)
		}
		// Two windows may touch while a code lives; every code that may wait is a hit.
		if chance := 2 * float64(20) * storage.DeviceCodesMax / math.Pow(20, 8); chance >= 1e-5 {
			t.Errorf("a chance of %g to hit a code", chance)
		}
	}
	deviceForged(t)
}

// deviceForged: a code in the address fills in a form and does nothing; a form without its own token, or
// by another method, does nothing either.
func deviceForged(t *testing.T) {
	t.Helper()
	w := newWorld(t, inProduction)
	alice, stranger := w.office("alice"), w.office("alice")
	alice.code(demoApp) // has consented: only the button is between the device and its tokens
	d := w.device(demoApp, "openid profile email")
	page := alice.typeCode(d.user)
	own := alice.sheet(page, "/device").fields
	foreign := stranger.sheet(stranger.typeCode(d.user), "/device").fields.Get("csrf")
	plain := alice.sheet(alice.get("/device"), "/device").fields.Get("csrf")
	before := w.stored()
	for _, f := range forgeries {
		form := changed(own)
		if f.csrf != nil {
			form = changed(own, "csrf", f.csrf(own.Get("csrf"), foreign))
		}
		wantPage(t, f.name, alice.post("/device", form, f.headers...), http.StatusForbidden)
		entry := changed(form, "confirm", "", "user_code", d.user)
		if f.csrf == nil {
			entry.Set("csrf", plain)
		}
		wantPage(t, f.name+" at the code", alice.post("/device", entry, f.headers...), http.StatusForbidden)
	}
	wantPage(t, "the token of the empty form", alice.post("/device", changed(own, "csrf", plain)), http.StatusForbidden)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch} {
		if got := alice.send(w.request(method, "/device?"+own.Encode(), "")); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: got %d, Allow %q", method, got.status, got.header.Get("Allow"))
		}
	}
	for _, query := range []url.Values{{"user_code": {d.user}}, changed(own, "user_code", d.user), {"done": {d.user}}, {"user_code": {d.user}, "confirm": {"yes"}}} {
		if got := alice.get("/device?" + query.Encode()); got.status >= 400 || strings.Contains(got.body, `name="confirm"`) {
			t.Errorf("GET with %v: got %d", query, got.status)
		}
	}
	if diff := cmp.Diff(before, w.stored()); diff != "" || w.state(d) != storage.DevicePending {
		t.Errorf("after all forgeries the device is %s; rows (-before +after):\n%s", w.state(d), diff)
	}
	alice.confirm(page)
	if got := w.state(d); got != storage.DeviceApproved {
		t.Errorf("the genuine button: the device is %s", got)
	}
}
