package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hostileHTTP holds the cases below the protocol; those of CORS and caching are in hostile_cors_test.go,
// of broken messages in hostile_wire_test.go, of a failing database in hostile_fault_test.go.
var hostileHTTP = map[string]func(*testing.T){
	"HC-085": httpForeignHost,
	"HC-086": httpForwardedAddress,
	"HC-087": httpForeignOrigin,
	"HC-088": httpCaching,
	"HC-089": httpFailingStore,
	"HC-090": httpBrokenMessages,
}

// forwarding is what proxies, and those who would like to be one, write into a request.
var forwarding = []string{
	"Forwarded", "for=192.0.2.1;host=evil.example;proto=http", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http",
	"X-Forwarded-Port", "8", "X-Forwarded-Prefix", "/evil", "X-Original-Url", "/evil", "X-Rewrite-Url", "/evil", "X-Host", "evil.example",
	"X-Http-Method-Override", "DELETE",
}

// httpForeignHost: nothing is ever made from a header that says where the server is.
func httpForeignHost(t *testing.T) {
	self := netip.MustParsePrefix("127.0.0.0/8")
	for name, options := range map[string][]worldOption{"untrusted": {inProduction}, "a trusted proxy": {inProduction, behindProxies(self)}} {
		w := newWorld(t, options...)
		for _, host := range []string{"evil.example", "id.example.evil.example", "id.example:8443", "localhost", "127.0.0.1", w.addr, "id.example@evil.example"} {
			for _, path := range []string{"/", "/login", "/.well-known/openid-configuration", authorizePath(demoApp.asking()), "/connect/token", "/nothing"} {
				for _, got := range w.raw("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n") {
					bad := got.status != http.StatusMisdirectedRequest && got.status != http.StatusBadRequest
					if bad || strings.Contains(got.body, "evil") || len(got.cookies()) > 0 {
						t.Errorf("%s: Host %s, %s: got %d\n%s", name, host, path, got.status, got.body)
					}
				}
			}
		}
		for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration/jwks", "/nothing"} {
			want, got := w.get(path).face(), w.get(path, forwarding...).face()
			if path == "/nothing" { // has a number of its own
				want.Body, got.Body = "", ""
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s with forwarding headers (-without +with):\n%s", name, path, diff)
			}
		}
		// A whole sign-in with the headers on every request.
		got := w.person("alice").walkWith(authorizePath(demoApp.asking()), forwarding...)
		to := got.location()
		if to == nil || !strings.HasPrefix(to.String(), demoApp.redirect+"?code=") || to.Query().Get("iss") != w.issuer {
			t.Errorf("%s: a sign-in ends with %d at %q", name, got.status, got.header.Get("Location"))
		}
		wantSessionCookie(t, w.person("bob").signIn())
	}
}

// walkWith is walk with headers on every request.
func (p *person) walkWith(path string, headers ...string) *reply {
	p.w.t.Helper()
	got := p.send(p.w.request(http.MethodGet, path, "", headers...))
	for range 10 {
		action, form := p.fill(got)
		to := got.location()
		switch {
		case form != nil:
			got = p.post(action, form, headers...)
		case to != nil && !to.IsAbs():
			got = p.send(p.w.request(http.MethodGet, to.RequestURI(), "", headers...))
		default:
			return got
		}
	}
	return got
}

// httpForwardedAddress: nobody chooses the address that guesses are counted under.
func httpForwardedAddress(t *testing.T) {
	claims := func(i int, real string) []string {
		invented := fmt.Sprintf("198.51.100.%d", i)
		chain := invented
		if real != "" {
			chain = invented + ", " + real
		}
		return []string{
			"X-Forwarded-For", chain, "X-Real-Ip", invented, "True-Client-Ip", invented, "X-Client-Ip", invented,
			"Cf-Connecting-Ip", invented, "Forwarded", "for=" + invented,
		}
	}
	for _, tt := range []struct {
		name    string
		options []worldOption
		real    string // what the proxy saw and wrote at the end of the chain
	}{
		{"nobody is trusted", nil, ""},
		{"another proxy is trusted", []worldOption{behindProxies(netip.MustParsePrefix("10.0.0.0/8"))}, "203.0.113.9"},
		{"through the trusted proxy", []worldOption{behindProxies(netip.MustParsePrefix("127.0.0.0/8"))}, "203.0.113.9"},
	} {
		w := newWorld(t, tt.options...)
		g := w.guess()
		for i := range 10 {
			got := g.p.post("/login", changed(g.form, "username", "alice", "password", "wrong"), claims(i, tt.real)...)
			if got.status != http.StatusOK {
				t.Errorf("%s: guess %d: got %d", tt.name, i, got.status)
			}
		}
		right := changed(g.form, "username", "alice", "password", "alice")
		got := g.p.post("/login", right, claims(11, tt.real)...)
		if got.status != http.StatusTooManyRequests {
			t.Errorf("%s: with yet another invented address: got %d, want 429", tt.name, got.status)
		}
		through := len(tt.options) > 0 && strings.HasPrefix(tt.name, "through")
		got = g.p.post("/login", right, "X-Forwarded-For", "203.0.113.10")
		if in := got.status == http.StatusSeeOther; in != through {
			t.Errorf("%s: as another client of the proxy: got %d", tt.name, got.status)
		}
		w.clock.Advance(time.Hour)
		g = w.guess()
		got = g.p.post("/login", changed(g.form, "username", "bob", "password", "bob"), claims(12, tt.real)...)
		if got.status != http.StatusSeeOther {
			t.Fatalf("%s: sign-in: got %d", tt.name, got.status)
		}
		want := "127.0.0.1"
		if through {
			want = tt.real
		}
		if list := w.audit("session.start"); list[0].Actor.Address != want {
			t.Errorf("%s: the audit names %q, want %q", tt.name, list[0].Actor.Address, want)
		}
	}
}
