package login

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// HC-096: a guesser is stopped, by browser and by address, and right codes do not count.
func TestDeviceGuesses(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"200 of one session":          guessInOneSession,
		"200 browsers of one address": guessFromOneAddress,
		"a crowd":                     guessInCrowd,
		"right codes":                 typeRightCodes,
		"at once":                     guessAtOnce,
	} {
		t.Run(name, test)
	}
}

// guess types a code that no device waits with.
func (b *browser) guess() answer {
	form := b.get("/device")
	return b.send(http.MethodPost, "/device", form.with("user_code", "BCDF-GHJK"))
}

func guessInOneSession(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	through := 0
	for i := range 200 {
		b.address = fmt.Sprintf("192.0.2.%d:1", i) // it does not help to call from everywhere
		a := b.guess()
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
}

func guessFromOneAddress(t *testing.T) {
	w := newWorld(t, production)
	through := 0
	for i := range 200 {
		b := w.browser()
		b.address = fmt.Sprintf("[2001:db8::%x]:1", i) // one customer's network
		if b.guess().status == http.StatusOK {
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
}

func guessInCrowd(t *testing.T) {
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
	if a := next().guess(); a.status != http.StatusOK {
		t.Errorf("the last guess that counts: %d, want 200", a.status)
	}
	w.clock.Advance(time.Minute)
	for range 2 {
		if a := next().guess(); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "540" {
			t.Errorf("a guess after that: %d, Retry-After %q, want 429 and 540", a.status, a.header.Get("Retry-After"))
		}
	}
	if !strings.Contains(w.logs.String(), "too many failures of all together") {
		t.Error("the log does not say so")
	}
	wantPage(t, next().typeCode(w.device("demo").code), http.StatusOK, "device-submit")
	w.clock.Advance(limitCodeWindow - time.Minute)
	if a := next().guess(); a.status != http.StatusOK {
		t.Errorf("in the next window: %d, want 200", a.status)
	}
}

func typeRightCodes(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	d := w.device("demo")
	for range 3 * limitCodeAddress {
		wantPage(t, b.typeCode(d.code), http.StatusOK, "device-submit")
	}
}

func guessAtOnce(t *testing.T) {
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
}
