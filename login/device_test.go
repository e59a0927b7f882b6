package login

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/login/page"
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

func TestDevice(t *testing.T) {
	for _, issuer := range []string{production, development} {
		t.Run(issuer, func(t *testing.T) {
			w := newWorld(t, issuer)
			d := w.device("demo", "openid", "profile", "phone", "offline_access")
			b := w.browser()
			form := b.get("/device?user_code=" + d.code)
			wantPage(t, form, http.StatusOK, "user_code")
			if !strings.Contains(form.body, `value="`+d.code+`"`) {
				t.Error("the code of the address does not stand in the field")
			}
			d.want(storage.DevicePending, "")
			a := b.open(http.MethodPost, "/device", form.with("user_code", " "+strings.ToLower(strings.ReplaceAll(d.code, "-", ""))))
			wantPage(t, a, http.StatusOK, "device-submit")
			for _, text := range []string{"Demo", d.code, "harbour-cli 1.2", "198.51.100.7", "another address"} {
				if !strings.Contains(a.body, text) {
					t.Errorf("the confirmation does not show %q:\n%s", text, a.body)
				}
			}
			a = b.confirm(a)
			wantPage(t, a, http.StatusOK, "login-submit")
			a = b.signIn(a, "alice", "alice")
			wantPage(t, a, http.StatusOK, "consent-allow")
			if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self';") {
				t.Errorf("a form that ends here may end elsewhere: %s", csp)
			}
			d.want(storage.DevicePending, "")
			a = b.allow(a, "offline_access")
			wantPage(t, a, http.StatusOK, "")
			for _, text := range []string{"The device is connected", "Alice Novak", d.code, `class="stamp go"`} {
				if !strings.Contains(a.body, text) {
					t.Errorf("the last page does not show %q:\n%s", text, a.body)
				}
			}
			d.want(storage.DeviceApproved, "openid profile offline_access")
			if again := b.get(a.path + "&lang=ru"); !strings.Contains(again.body, "Устройство подключено") {
				t.Errorf("the last page cannot be opened again: %s with %d", again.path, again.status)
			}
			for name := range b.cookies {
				if strings.HasPrefix(name, w.login.names.request) {
					t.Errorf("the cookie %s outlives its request", name)
				}
			}
			stranger := w.browser()
			stranger.signIn(stranger.get("/login"), "bob", "bob")
			if other := stranger.get(a.path); other.status != http.StatusGone || strings.Contains(other.body, "Alice") {
				t.Errorf("the last page of another person answers %d", other.status)
			}
			if len(w.approvals()) != 0 {
				t.Error("an app was answered by redirect")
			}
		})
	}
}

// The person who is signed in and decided before is asked nothing but whether it is their device.
func TestDeviceAgain(t *testing.T) {
	tests := []struct {
		app   string
		asked bool
	}{{"demo", false}, {"cli", true}} // a public app is asked for each time (RFC 8628 §5.6)
	for _, tt := range tests {
		t.Run(tt.app, func(t *testing.T) {
			w := newWorld(t, production)
			b := w.browser()
			b.allow(b.signIn(b.connect(w.device(tt.app).code), "alice", "alice"))
			d := w.device(tt.app)
			a := b.connect(d.code)
			if tt.asked {
				wantPage(t, a, http.StatusOK, "consent-allow")
				d.want(storage.DevicePending, "")
				a = b.allow(a)
			}
			wantPage(t, a, http.StatusOK, "")
			d.want(storage.DeviceApproved, "openid profile email")
		})
	}
}

func TestDeviceDenied(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	a := b.signIn(b.connect(d.code), "alice", "alice")
	a = b.open(http.MethodPost, "/consent", a.with("decision", "deny"))
	wantPage(t, a, http.StatusOK, "")
	if !strings.Contains(a.body, "The device is not connected") || !strings.Contains(a.body, `class="stamp stop"`) {
		t.Errorf("the last page:\n%s", a.body)
	}
	d.want(storage.DeviceDenied, "")
	wantPage(t, b.typeCode(d.code), http.StatusOK, "wrong")
}

// An app that only its developers use is refused to others, and the device is told.
func TestDeviceOfDevelopers(t *testing.T) {
	w := newWorld(t, production)
	w.change("demo", func(a *storage.App) { a.Delegated = false })
	d := w.device("demo")
	carol := w.browser()
	a := carol.signIn(carol.connect(d.code), "carol", "carol")
	if !strings.Contains(a.body, "Only the developers of this app") {
		t.Errorf("the page:\n%s", a.body)
	}
	d.want(storage.DeviceDenied, "")
	d = w.device("demo")
	alice := w.browser() // who owns it
	wantPage(t, alice.signIn(alice.connect(d.code), "alice", "alice"), http.StatusOK, "consent-allow")
}

// change changes an app.
func (w *world) change(id string, change func(*storage.App)) {
	w.t.Helper()
	_, err := w.db.UpdateApp(w.t.Context(), storage.Command, id, func(a *storage.App) error { change(a); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

// Whatever happens to the code while the person is on the way, the page says so and nothing is granted.
func TestDeviceOver(t *testing.T) {
	tests := []struct {
		name   string
		happen func(w *world, d *device)
		status int
	}{
		{"it expired", func(w *world, _ *device) { w.clock.Advance(storage.DeviceCodeTTL) }, http.StatusGone},
		{"somebody else decided", func(w *world, d *device) {
			b := w.browser()
			b.allow(b.signIn(b.connect(d.code), "bob", "bob"))
			d.want(storage.DeviceApproved, "openid profile email")
		}, http.StatusGone},
		{"somebody else denied", func(w *world, d *device) {
			b := w.browser()
			b.open(http.MethodPost, "/consent", b.signIn(b.connect(d.code), "bob", "bob").with("decision", "deny"))
		}, http.StatusGone},
		{"the app was switched off", func(w *world, _ *device) { w.change("demo", func(a *storage.App) { a.Enabled = false }) }, http.StatusForbidden},
		{"the app lost the grant type", func(w *world, _ *device) {
			w.change("demo", func(a *storage.App) { a.GrantTypes = []string{storage.GrantCode} })
		}, http.StatusForbidden},
	}
	steps := []struct {
		name string
		from func(b *browser, d *device) func() answer
	}{
		{"at the confirmation", func(b *browser, d *device) func() answer {
			form := b.typeCode(d.code)
			return func() answer { return b.confirm(form) }
		}},
		{"at the sign-in", func(b *browser, d *device) func() answer {
			form := b.connect(d.code)
			return func() answer { return b.signIn(form, "alice", "alice") }
		}},
		{"at the consent", func(b *browser, d *device) func() answer {
			form := b.signIn(b.connect(d.code), "alice", "alice")
			return func() answer { return b.allow(form) }
		}},
	}
	for _, tt := range tests {
		for _, step := range steps {
			t.Run(tt.name+" "+step.name, func(t *testing.T) {
				w := newWorld(t, production)
				d := w.device("demo")
				b := w.browser()
				do := step.from(b, d)
				tt.happen(w, d)
				before, granted := d.state()
				wantPage(t, do(), tt.status, "")
				d.want(before, granted)
			})
		}
	}
}

func TestDeviceOfAppThatIsOff(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	w.change("demo", func(a *storage.App) { a.Enabled = false })
	wantPage(t, w.browser().typeCode(d.code), http.StatusForbidden, "")
}

// Of many people who approve one code at once, one is the person of the device.
func TestDeviceOnePerson(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	var forms []answer
	var browsers []*browser
	for i := range 6 {
		b := w.browser()
		b.address = fmt.Sprintf("192.0.2.%d:1", i)
		name := []string{"alice", "bob", "carol"}[i%3]
		forms = append(forms, b.signIn(b.connect(d.code), name, name))
		browsers = append(browsers, b)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int{}
	for i, b := range browsers {
		group.Go(func() {
			a := b.allow(forms[i])
			mu.Lock()
			defer mu.Unlock()
			if a.status == http.StatusOK {
				won[b.session().UserID]++
			}
		})
	}
	group.Wait()
	got, err := w.db.DeviceCode(t.Context(), d.id)
	if err != nil {
		t.Fatal(err)
	}
	// Two browsers of one person may both see that it is done.
	if len(won) != 1 || won[got.UserID] == 0 {
		t.Errorf("the device is of %s, but these were told that it is theirs: %v", got.UserID, won)
	}
}

// HC-096: nothing is approved by GET, nor by a POST without the token of this very browser.
func TestHostileDeviceForms(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	code, confirm := b.get("/device").with("user_code", d.code), b.typeCode(d.code).hidden()
	stranger := w.browser()
	other := w.device("demo")
	strangers := stranger.typeCode(other.code).hidden()

	for _, form := range []url.Values{code, confirm} {
		for _, path := range []string{"/device", "/login", "/consent"} {
			a := b.get(path + "?" + form.Encode())
			if strings.Contains(a.body, "198.51.100.7") || strings.Contains(a.body, "consent-allow") {
				t.Errorf("GET %s went on", path)
			}
		}
		for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			if a := b.send(method, "/device", form); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, POST" {
				t.Errorf("%s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
			}
		}
	}
	forge := func(form url.Values, csrf string) url.Values {
		copied := url.Values{}
		for k, v := range form {
			copied[k] = v
		}
		copied.Set("csrf", csrf)
		return copied
	}
	for name, csrf := range map[string]string{
		"none": "", "rubbish": "AAAA", "another browser's": strangers.Get("csrf"),
		"a code that was sealed for something else": w.db.Seal("device", []byte(`{"d":"`+d.id+`","t":99999999999}`)),
	} {
		for _, form := range []url.Values{code, confirm} {
			a := b.send(http.MethodPost, "/device", forge(form, csrf))
			if a.status != http.StatusForbidden {
				t.Errorf("token %s: %d, want 403", name, a.status)
			}
		}
	}
	// A token that asked about no device confirms none.
	a := b.send(http.MethodPost, "/device", forge(confirm, code.Get("csrf")))
	wantPage(t, a, http.StatusForbidden, "")
	b.header.Set("Sec-Fetch-Site", "cross-site")
	wantPage(t, b.send(http.MethodPost, "/device", confirm), http.StatusForbidden, "")
	b.header.Del("Sec-Fetch-Site")
	for _, sealed := range []string{"", "AAAA", w.db.Seal("csrf", []byte(`{"d":"`+d.id+`"}`)), url.QueryEscape("\x00")} {
		if a := b.get("/device?done=" + sealed); a.status != http.StatusOK || !a.shows("user_code") {
			t.Errorf("done=%q: %d", sealed, a.status)
		}
	}
	d.want(storage.DevicePending, "")
	other.want(storage.DevicePending, "")
}

// HC-096: a guesser is stopped, by browser and by address, and right codes do not count.
func TestDeviceGuesses(t *testing.T) {
	guess := func(b *browser) answer {
		form := b.get("/device")
		return b.send(http.MethodPost, "/device", form.with("user_code", "BCDF-GHJK"))
	}
	t.Run("200 of one session", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		b.signIn(b.get("/login"), "alice", "alice")
		through := 0
		for i := range 200 {
			b.address = fmt.Sprintf("192.0.2.%d:1", i) // it does not help to call from everywhere
			a := guess(b)
			if a.status == http.StatusOK {
				through++
				continue
			}
			if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "600" || !strings.Contains(a.body, "Try again in 10 minutes.") {
				t.Fatalf("guess %d: %d, Retry-After %q\n%s", i, a.status, a.header.Get("Retry-After"), a.body)
			}
		}
		if through != limitBrowser {
			t.Errorf("%d guesses were looked at, want %d", through, limitBrowser)
		}
		d := w.device("demo")
		if a := b.typeCode(d.code); a.status != http.StatusTooManyRequests {
			t.Errorf("the right code after that: %d, want 429", a.status)
		}
		other := w.browser()
		other.address = "203.0.113.1:1"
		wantPage(t, other.typeCode(d.code), http.StatusOK, "device-submit")
		w.clock.Advance(limitCodeWindow)
		wantPage(t, b.typeCode(w.device("demo").code), http.StatusOK, "device-submit")
	})
	t.Run("200 browsers of one address", func(t *testing.T) {
		w := newWorld(t, production)
		through := 0
		for i := range 200 {
			b := w.browser()
			b.address = fmt.Sprintf("[2001:db8::%x]:1", i) // one customer's network
			if guess(b).status == http.StatusOK {
				through++
			}
		}
		if through != limitCodeAddress {
			t.Errorf("%d guesses were looked at, want %d", through, limitCodeAddress)
		}
		// Two windows of an address touch within the lifetime of a code; so many codes may wait.
		chance := 2 * limitCodeAddress * float64(storage.DeviceCodesMax) / 2.56e10 // 20^8 codes
		if chance >= 1e-5 || limitCodeWindow < storage.DeviceCodeTTL {
			t.Errorf("the chance of a hit is %g", chance)
		}
	})
	t.Run("a crowd", func(t *testing.T) {
		w := newWorld(t, production)
		member := 0
		next := func() *browser {
			member++
			b := w.browser()
			b.address = fmt.Sprintf("198.51.%d.%d:1", member/200, member%200)
			return b
		}
		for range limitCodeInstance - 1 { // the pages take long
			g, _ := w.login.crowd.reserve(t.Context(), crowdKeys())
			g.settle(true)
		}
		if a := guess(next()); a.status != http.StatusOK {
			t.Errorf("the last guess that counts: %d, want 200", a.status)
		}
		w.clock.Advance(time.Minute)
		for range 2 {
			if a := guess(next()); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "540" {
				t.Errorf("a guess after that: %d, Retry-After %q, want 429 and 540", a.status, a.header.Get("Retry-After"))
			}
		}
		if !strings.Contains(w.logs.String(), "too many failures of all together") {
			t.Error("the log does not say so")
		}
		wantPage(t, next().typeCode(w.device("demo").code), http.StatusOK, "device-submit")
		w.clock.Advance(limitCodeWindow - time.Minute)
		if a := guess(next()); a.status != http.StatusOK {
			t.Errorf("in the next window: %d, want 200", a.status)
		}
	})
	t.Run("right codes", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		d := w.device("demo")
		for range 3 * limitCodeAddress {
			wantPage(t, b.typeCode(d.code), http.StatusOK, "device-submit")
		}
	})
	t.Run("at once", func(t *testing.T) {
		w := newWorld(t, production)
		b := w.browser()
		form := b.get("/device").with("user_code", "BCDF-GHJK")
		var group sync.WaitGroup
		var mu sync.Mutex
		through := 0
		for range 50 {
			group.Go(func() {
				a := b.copy().send(http.MethodPost, "/device", form)
				mu.Lock()
				defer mu.Unlock()
				if a.status == http.StatusOK {
					through++
				}
			})
		}
		group.Wait()
		if through > limitBrowser {
			t.Errorf("%d guesses at once were looked at, want at most %d", through, limitBrowser)
		}
	})
}

// A hostile device names itself, and hostile addresses name codes.
func TestHostileDeviceTexts(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	for _, typed := range []string{`"><script>alert(1)</script>`, strings.Repeat("B", 5000), "\x00", "\xff", "WDJB\r\nX: y"} {
		a := b.get("/device?user_code=" + url.QueryEscape(typed))
		wantPage(t, a, http.StatusOK, "user_code")
		if strings.Contains(a.body, "<script>") || strings.Contains(a.body, `value="BBBB`) {
			t.Errorf("%.20q stands in the page", typed)
		}
	}
	d := &storage.DeviceCode{AppID: "demo", Scopes: []string{"openid"}, Address: `"><b>`, UserAgent: `<script>alert(1)</script>` + "\u202e/1"}
	_, code, err := w.db.CreateDeviceCode(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	a := b.typeCode(code)
	wantPage(t, a, http.StatusOK, "device-submit")
	if strings.Contains(a.body, "<script>") || strings.Contains(a.body, "\u202e") {
		t.Errorf("the device's own words are markup:\n%s", a.body)
	}
	if a := b.send(http.MethodPost, "/device", b.get("/device").with("user_code", strings.Repeat("B", 60000))); a.status != http.StatusOK {
		t.Errorf("a code of 60 KB: %d", a.status)
	}
}

// An address of one's own says that the device is near; a form from before the sign-in still holds.
func TestDeviceSmallThings(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	b.address = "198.51.100.7:5"
	form := b.typeCode(d.code)
	if !strings.Contains(form.body, "You are at the same address.") {
		t.Errorf("the page:\n%s", form.body)
	}
	kept := b.cookies[w.login.names.form]
	b.signIn(b.get("/login"), "alice", "alice")
	b.cookies[w.login.names.form] = kept
	wantPage(t, b.confirm(form), http.StatusOK, "consent-allow")
}

func TestDeviceWhy(t *testing.T) {
	developers := refusal("access_denied", "x")
	developers.developers = true
	tests := []struct {
		step step
		want page.DeviceWhy
	}{
		{step{kind: stepDone}, page.DeviceByPerson}, {refusal("access_denied", "x"), page.DeviceByPerson},
		{developers, page.DeviceDevelopers}, {refusal("invalid_scope", "x"), page.DeviceNothing},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, deviceWhy(tt.step)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.step, diff)
		}
	}
}

func TestSpell(t *testing.T) {
	for typed, want := range map[string]string{"wdjbmjht": "WDJB-MJHT", " WDJB - mjht ": "WDJB-MJHT", "abc": "ABC", "": ""} {
		if got := spell(typed); got != want {
			t.Errorf("spell(%q) = %q, want %q", typed, got, want)
		}
	}
}

// TestDeviceRequestIsBound: the pending request of a device belongs to the browser that confirmed it.
func TestDeviceRequestIsBound(t *testing.T) {
	w := newWorld(t, production)
	d := w.device("demo")
	b := w.browser()
	form := b.connect(d.code)
	thief := w.browser()
	thief.signIn(thief.get("/login"), "bob", "bob")
	wantPage(t, thief.get(form.path), http.StatusForbidden, "")
	wantPage(t, thief.get("/consent?request="+form.hidden().Get("request")), http.StatusForbidden, "")
	d.want(storage.DevicePending, "")
	w.clock.Advance(time.Minute)
	w.restart() // and survives a restart
	wantPage(t, b.signIn(form, "alice", "alice"), http.StatusOK, "consent-allow")
}
