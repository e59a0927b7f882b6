package login

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

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
