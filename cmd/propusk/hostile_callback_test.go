package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
