package provider

import (
	"net/url"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// TestHybridReplay: a code that comes twice ends everything of its request, what went through the browser
// included; many at once redeem once.
func TestHybridReplay(t *testing.T) {
	w := implicitWorld(t)
	got, _ := w.answer(request("demo", "response_type", "code id_token token"))
	front := got.Get("access_token")
	first := w.token(codeForm(got.Get("code")), demoBasic...)
	if first.status != 200 || !w.active(front) || !w.active(first.AccessToken) {
		t.Fatalf("first use: %+v", first)
	}
	if again := w.token(codeForm(got.Get("code")), demoBasic...); again.Error != errInvalidGrant {
		t.Errorf("second use: %+v", again)
	}
	for name, token := range map[string]string{"of the browser": front, "of the token endpoint": first.AccessToken} {
		if w.active(token) {
			t.Errorf("the token %s is alive after a replay", name)
		}
	}
	if refreshed := w.token(refreshForm(first.RefreshToken), demoBasic...); refreshed.Error != errInvalidGrant {
		t.Errorf("refresh after a replay: %+v", refreshed)
	}

	got, _ = w.answer(request("demo", "response_type", "code token"))
	results := make(chan int, 8)
	for range cap(results) {
		go func() {
			results <- w.post(PathToken, codeForm(got.Get("code")), demoBasic...).Code
		}()
	}
	won := 0
	for range cap(results) {
		if <-results == 200 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of %d redeemed one code", won, cap(results))
	}
}

// TestHybridCodeStops: a hybrid code needs everything a code needs.
func TestHybridCodeStops(t *testing.T) {
	tests := map[string]struct {
		before func(*world)
		form   func(url.Values)
		alive  bool // the token that went through the browser
	}{
		"it expired":        {before: func(w *world) { w.clock.Advance(codeLifetime) }, alive: true},
		"no verifier":       {form: func(f url.Values) { f.Del("code_verifier") }, alive: true},
		"another redirect":  {form: func(f url.Values) { f.Set("redirect_uri", callback+"/x") }, alive: true},
		"the session ended": {before: func(w *world) { _ = w.db.EndSession(w.t.Context(), storage.System, w.session.ID) }},
		"the person is gone": {before: func(w *world) {
			_ = w.db.SetUserDisabled(w.t.Context(), storage.System, w.session.UserID, true)
		}},

		"access is no more": {before: func(w *world) { _ = w.db.WithdrawApp(w.t.Context(), storage.System, w.session.UserID, "demo") }},
		"the token ran out": {before: func(w *world) { w.clock.Advance(2 * time.Hour) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := implicitWorld(t)
			got, _ := w.answer(request("demo", "response_type", "code id_token token"))
			if tt.before != nil {
				tt.before(w)
			}
			form := codeForm(got.Get("code"))
			if tt.form != nil {
				tt.form(form)
			}
			if answer := w.token(form, demoBasic...); answer.Error != errInvalidGrant {
				t.Errorf("redeemed: %+v", answer)
			}
			if w.active(got.Get("access_token")) != tt.alive {
				t.Errorf("the token of the browser: alive %v, want %v", !tt.alive, tt.alive)
			}
		})
	}
}
