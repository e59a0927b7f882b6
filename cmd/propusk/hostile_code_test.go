package main

import (
	"math/rand/v2"
	"net/http"
	"net/url"
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
// to every other (base64 leaves bits there unused), cut off anywhere, prolonged.
func mangled(text string) []string {
	var list []string
	for i := range text {
		list = append(list, text[:i]+otherByte(text[i])+text[i+1:], text[:i])
	}
	for _, c := range strings.ReplaceAll(base64url, text[len(text)-1:], "") {
		list = append(list, text[:len(text)-1]+string(c))
	}
	return append(list, text+"A", text+"=", text+".", "A"+text, text+text, "row_"+text)
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
	if strings.Contains(w.log.String(), "panic") {
		t.Error("there was a panic")
	}
	w.granted(w.token(demoApp.redeeming(code)))
}

// approved lets the person do everything up to the last redirect inside the issuer, and returns the
// path that mints the code.
func approved(p *person, a party) string {
	p.w.t.Helper()
	path, page := p.open(authorizePath(a.asking()))
	for range 6 {
		action, form := p.fill(page)
		if form == nil {
			break
		}
		got := p.post(action, form)
		to := got.location()
		if to == nil {
			p.w.t.Fatalf("%s: %d %s", action, got.status, got.body)
		}
		path = to.RequestURI()
		if action == "/consent" {
			return path
		}
		path, page = p.follow(path, p.get(path))
	}
	p.w.t.Fatalf("no consent was asked: last at %s", path)
	return ""
}

// hostileCallbackTwice: a browser that kept the cookie of a request gets a second code, and the two
// redeem once. The library's own callback does not exist.
func hostileCallbackTwice(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	path := approved(p, demoApp)
	kept := p.jar.Cookies(mustURL(t, w.issuer))
	first := p.get(path)
	if again := p.get(path); again.status != http.StatusForbidden || again.location() != nil {
		t.Errorf("after the cookie was deleted: got %d %q, want a page with status 403", again.status, again.header.Get("Location"))
	}
	request := w.request(http.MethodGet, path, "")
	for _, c := range kept {
		request.AddCookie(c)
	}
	second := w.send(request)
	var granted, refused int
	for _, got := range []*reply{first, second} {
		if got.location() == nil {
			t.Fatalf("got %d, want a redirect to the app", got.status)
		}
		answer := w.token(demoApp.redeeming(got.location().Query().Get("code")))
		switch {
		case answer.status == http.StatusOK:
			granted++
		case answer.status == http.StatusBadRequest && answer.text("error") == "invalid_grant":
			refused++
		}
	}
	if granted != 1 || refused != 1 || w.stored()["grants"] != 1 {
		t.Errorf("%d granted, %d refused, %d grants stored; want one of each", granted, refused, w.stored()["grants"])
	}
	id := strings.TrimPrefix(path, "/login?request=")
	for _, callback := range []string{"/authorize/callback", "/connect/authorize/callback"} {
		got := p.get(callback + "?id=" + id)
		if got.status != http.StatusNotFound || got.location() != nil {
			t.Errorf("%s: got %d, want 404", callback, got.status)
		}
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// hostileMethods: nothing but the methods an endpoint has does anything, HEAD included.
func hostileMethods(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	callback := approved(p, demoApp)
	code := w.person("bob").code(demoApp)
	pages := "GET, POST"
	for _, target := range []struct{ path, body, allow string }{
		{authorizePath(demoApp.asking()), "", pages},
		{callback, "", pages},
		{strings.Replace(callback, "/login", "/consent", 1), "decision=allow", pages},
		{"/connect/token", demoApp.redeeming(code).Encode(), "POST"},
	} {
		for _, method := range []string{"HEAD", "PUT", "DELETE", "TRACE", "PATCH"} {
			before := w.stored()
			body := target.body
			if method == "TRACE" {
				body = "" // has none
			}
			got := p.send(w.request(method, target.path, body))
			if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != target.allow || got.location() != nil {
				t.Errorf("%s %s: got %d, Allow %q, Location %q; want 405, %q, none", method, target.path,
					got.status, got.header.Get("Allow"), got.header.Get("Location"), target.allow)
			}
			if diff := cmp.Diff(before, w.stored()); diff != "" {
				t.Errorf("%s %s: rows (-before +after):\n%s", method, target.path, diff)
			}
		}
	}
	w.granted(w.token(demoApp.redeeming(code)))
	if got := p.get(callback); got.location() == nil || got.location().Query().Get("code") == "" {
		t.Errorf("the approved request itself: got %d %q, want a code", got.status, got.header.Get("Location"))
	}
}

// hostileForeignBrowser: a request belongs to the browser that holds its cookie.
func hostileForeignBrowser(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	path := approved(p, demoApp)
	var session, request []*http.Cookie
	for _, c := range p.jar.Cookies(mustURL(t, w.issuer)) {
		if strings.Contains(c.Name, "session") {
			session = append(session, c)
		} else {
			request = append(request, c)
		}
	}
	other := w.person("bob")
	approved(other, demoApp)
	var swapped []*http.Cookie
	for _, c := range other.jar.Cookies(mustURL(t, w.issuer)) {
		if !strings.Contains(c.Name, "session") {
			swapped = append(swapped, &http.Cookie{Name: request[0].Name, Value: c.Value})
		}
	}
	for _, tt := range []struct {
		name    string
		cookies []*http.Cookie
	}{
		{"no cookie", nil},
		{"the person's session alone", session},
		{"somebody else's request under this name", append(swapped, session...)},
		{"a cookie that was never sealed", append([]*http.Cookie{{Name: request[0].Name, Value: "e30"}}, session...)},
	} {
		r := w.request(http.MethodGet, path, "")
		for _, c := range tt.cookies {
			r.AddCookie(c)
		}
		got := w.send(r)
		if got.status != http.StatusBadRequest && got.status != http.StatusForbidden || got.location() != nil {
			t.Errorf("%s: got %d %q, want a page with 400 or 403", tt.name, got.status, got.header.Get("Location"))
		}
	}
	// With the cookie but without the session nobody is signed in: a page, never a code.
	r := w.request(http.MethodGet, path, "")
	r.AddCookie(request[0])
	if got := w.send(r); got.location() != nil && got.location().Query().Has("code") {
		t.Errorf("the request's cookie alone: a code")
	}
	if got := p.get(path); got.location() == nil || !got.location().Query().Has("code") {
		t.Errorf("the browser itself: got %d, want a code", got.status)
	}
}
