package main

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hostileCode holds the cases of authorization codes and of what leads to one.
var hostileCode = map[string]func(*testing.T){
	"HC-018": hostileCodeTwice,
	"HC-019": hostileCodeRace,
	"HC-020": hostileForeignCode,
	"HC-021": hostileCodeConditions,
	"HC-022": hostileMangledCode,
	"HC-024": hostileCallbackTwice,
	"HC-025": hostileMethods,
	"HC-026": hostileForeignBrowser,
}

// hostileCodeTwice: whoever replays a code, within its lifetime or after it, ends what it gave.
func hostileCodeTwice(t *testing.T) {
	for name, later := range map[string]time.Duration{"at once": 0, "after its lifetime": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			code := w.person("alice").code(demoApp)
			got := w.granted(w.token(demoApp.redeeming(code)))
			if !w.active(demoApp, got.access) || !w.active(demoApp, got.refresh) {
				t.Fatal("the tokens of a first redemption are not active")
			}
			w.clock.Advance(later)
			wantError(t, "second", w.token(demoApp.redeeming(code)), http.StatusBadRequest, "invalid_grant")
			w.wantDead(demoApp, got)
			if n := len(w.audit("grant.replay")); n != 1 {
				t.Errorf("%d audit entries, want 1", n)
			}
		})
	}
}

// wantDead: neither of the tokens is good for anything.
func (w *world) wantDead(a party, all tokens) {
	w.t.Helper()
	if w.active(a, all.access) || w.active(a, all.refresh) {
		w.t.Error("a token is still active at introspection")
	}
	wantError(w.t, "userinfo", w.userinfo(all.access), http.StatusUnauthorized, "invalid_token")
	wantError(w.t, "refresh", w.token(a.refreshing(all.refresh)), http.StatusBadRequest, "invalid_grant")
}

// atOnce runs n calls that all begin together.
func atOnce(n int, call func() *reply) []*reply {
	var ready, done sync.WaitGroup
	ready.Add(n)
	start := make(chan struct{})
	replies := make([]*reply, n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			replies[i] = call()
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return replies
}

func hostileCodeRace(t *testing.T) {
	w := newWorld(t)
	code := w.person("alice").code(demoApp)
	before := w.stored()["grants"]
	var won []tokens
	for _, got := range atOnce(32, func() *reply { return w.token(demoApp.redeeming(code)) }) {
		if got.status == http.StatusOK {
			won = append(won, w.granted(got))
			continue
		}
		wantError(t, "loser", got, http.StatusBadRequest, "invalid_grant")
	}
	if len(won) != 1 {
		t.Fatalf("%d of 32 redemptions won, want 1", len(won))
	}
	if n := w.stored()["grants"] - before; n != 1 {
		t.Errorf("%d grants, want 1", n)
	}
	// The losers were replays, so that what the winner holds has ended as well.
	w.wantDead(demoApp, won[0])
	if n := len(w.audit("grant.replay")); n != 1 {
		t.Errorf("%d audit entries, want 1: the grant is marked as replayed once", n)
	}
}

func hostileForeignCode(t *testing.T) {
	w := newWorld(t)
	code := w.person("alice").code(demoApp)
	for _, thief := range []party{plainApp, spaApp} {
		got := w.token(thief.redeeming(code, "redirect_uri", demoApp.redirect))
		wantError(t, thief.id, got, http.StatusBadRequest, "invalid_grant")
	}
	w.granted(w.token(demoApp.redeeming(code)))
}

func hostileCodeConditions(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	code := p.code(demoApp)
	for name, pairs := range map[string][]string{
		"missing":            {"redirect_uri", ""},
		"another path":       {"redirect_uri", demoApp.redirect + "/"},
		"another host":       {"redirect_uri", "http://127.0.0.1:8080/callback"},
		"another port":       {"redirect_uri", "http://localhost:8081/callback"},
		"a query":            {"redirect_uri", demoApp.redirect + "?"},
		"upper case":         {"redirect_uri", strings.ToUpper(demoApp.redirect)},
		"of another app":     {"redirect_uri", spaApp.redirect},
		"registered nowhere": {"redirect_uri", "https://evil.example/"},
	} {
		wantError(t, "redirect_uri "+name, w.token(demoApp.redeeming(code, pairs...)), http.StatusBadRequest, "invalid_grant")
	}
	misspelt := demoApp.redeeming(code, "redirect_uri", "", "riderect_uri", demoApp.redirect)
	wantError(t, "redirect_uri misspelt", w.token(misspelt), http.StatusBadRequest, "invalid_request")
	w.granted(w.token(demoApp.redeeming(code)))

	late := p.code(demoApp)
	before := w.stored()
	w.clock.Advance(61 * time.Second)
	wantError(t, "61 seconds old", w.token(demoApp.redeeming(late)), http.StatusBadRequest, "invalid_grant")
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	onTime := p.code(demoApp)
	w.clock.Advance(59 * time.Second)
	w.granted(w.token(demoApp.redeeming(onTime)))
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// mangled returns variants of a sealed text, none of which is the text: each byte changed, its last byte
// to every other, cut off anywhere, prolonged.
func mangled(text string) []string {
	var list []string
	for i := range text {
		list = append(list, text[:i]+otherByte(text[i])+text[i+1:], text[:i])
	}
	list = append(list, lastBytes(text)...)
	return append(list, text+"A", text+"=", text+".", "A"+text, text+text, "row_"+text)
}

// lastBytes are the texts that differ from text in the last byte.
func lastBytes(text string) []string {
	var list []string
	for _, c := range strings.ReplaceAll(base64url, text[len(text)-1:], "") {
		list = append(list, text[:len(text)-1]+string(c))
	}
	return list
}

// otherByte is a random base64url character that is not c.
func otherByte(c byte) string {
	others := strings.ReplaceAll(base64url, string(c), "")
	return others[rand.N(len(others)):][:1]
}

func hostileMangledCode(t *testing.T) {
	w := newWorld(t)
	code := w.person("alice").code(demoApp)
	before := w.stored()
	variants := mangled(code)
	if len(variants) < 500 {
		t.Fatalf("%d variants of a code of %d characters, want 500", len(variants), len(code))
	}
	for _, variant := range variants {
		if variant == "" {
			continue // a missing code is another mistake
		}
		wantError(t, variant, w.token(demoApp.redeeming(variant)), http.StatusBadRequest, "invalid_grant")
	}
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	// base64 leaves two or four bits unused at the end of two in three lengths: those must count as well.
	for _, nonce := range []string{"n", "nn", "nnn"} {
		sealed := w.person("alice").code(plainApp, "nonce", nonce)
		for _, variant := range lastBytes(sealed) {
			wantError(t, "nonce "+nonce+": "+variant, w.token(plainApp.redeeming(variant)), http.StatusBadRequest, "invalid_grant")
		}
	}
	if strings.Contains(w.log.String(), "panic") {
		t.Error("there was a panic")
	}
	w.granted(w.token(demoApp.redeeming(code)))
}
