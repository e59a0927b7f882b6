package login

import (
	"net/http/httptest"
	"testing"
	"time"
)

// TestCheckPassword: a check of a signed-in person's password counts as a sign-in, and is bounded like one.
func TestCheckPassword(t *testing.T) {
	w := newWorld(t, production)
	alice := w.user("alice")
	r := httptest.NewRequest("POST", production+"/account/password", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	check := func(password string) PasswordCheck {
		t.Helper()
		c, err := w.login.CheckPassword(r, alice, password)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if got := check("alice"); got != (PasswordCheck{OK: true}) {
		t.Fatalf("the right one: %+v", got)
	}
	for range limitName {
		if got := check("wrong"); got != (PasswordCheck{}) {
			t.Fatalf("a wrong one: %+v", got)
		}
	}
	before := w.compared()
	if got := check("alice"); got.OK || got.Wait <= 0 || got.Wait > limitWindow {
		t.Errorf("after %d wrong ones: %+v", limitName, got)
	}
	b := w.browser()
	if a := b.signIn(b.get("/login"), "alice", "alice"); a.status != 429 {
		t.Errorf("sign-in after the wrong ones: %d, want 429", a.status)
	}
	if got := w.compared(); got != before {
		t.Errorf("%d passwords compared beyond the limit", got-before)
	}
	w.clock.Advance(limitWindow)
	if got := check("alice"); !got.OK {
		t.Errorf("after the window: %+v", got)
	}

	w.login.hashing = newAdmission(1, 0, time.Millisecond)
	leave, err := w.login.hashing.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	if got := check("alice"); got != (PasswordCheck{Busy: true}) {
		t.Errorf("with no slot free: %+v", got)
	}
}
