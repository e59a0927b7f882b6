package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestClient: HC-086. What a caller writes into X-Forwarded-For counts only as far as trusted proxies
// passed it on.
func TestClient(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.9:1234", []string{"198.51.100.1"}, "203.0.113.9:1234"},
		{"a proxy", "10.0.0.1:1234", []string{"198.51.100.1"}, "198.51.100.1:0"},
		{"a proxy over IPv6", "[fd00::1]:1234", []string{"2001:db8::1"}, "[2001:db8::1]:0"},
		{"a mapped address", "[::ffff:10.0.0.1]:1234", []string{"198.51.100.1"}, "198.51.100.1:0"},
		{"a chain of proxies", "10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1:0"},
		{"the forged start of a chain", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1:0"},
		{"several headers", "10.0.0.1:1", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1:0"},
		{"with a port", "10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1:0"},
		{"rubbish", "10.0.0.1:1", []string{"unknown"}, "10.0.0.1:1"},
		{"rubbish before a proxy", "10.0.0.1:1", []string{"x, 10.0.0.2"}, "10.0.0.2:0"},
		{"a proxy that says nothing", "10.0.0.1:1", nil, "10.0.0.1:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := client(tt.peer, tt.forwarded, proxies); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestBelieve: HC-085. No handler ever sees a forwarded header, from whomever.
func TestBelieve(t *testing.T) {
	for _, proxies := range [][]netip.Prefix{nil, {netip.MustParsePrefix("192.0.2.0/24")}} {
		r := httptest.NewRequest("GET", "/", nil) // from 192.0.2.1
		for _, name := range forwardedHeaders {
			r.Header.Set(name, "evil")
		}
		r.Header.Set("Accept", "text/html")
		var seen http.Header
		believe(proxies)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() })).
			ServeHTTP(httptest.NewRecorder(), r)
		if diff := cmp.Diff(http.Header{"Accept": {"text/html"}}, seen); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// TestOnlyHosts: HC-085. Nothing but the issuer's own name is answered.
func TestOnlyHosts(t *testing.T) {
	served := serverConfig{issuer: "https://id.example.com"}
	withPort := serverConfig{issuer: "https://id.example.com:8443"}
	dev := serverConfig{issuer: "http://localhost:9998", dev: true, hosts: []string{"Idp.test"}}
	tests := []struct {
		name   string
		c      serverConfig
		host   string
		status int
	}{
		{"issuer", served, "id.example.com", 200},
		{"capitals", served, "ID.Example.com", 200},
		{"default port", served, "id.example.com:443", 200},
		{"other port", served, "id.example.com:8443", 421},
		{"evil", served, "evil.example", 421},
		{"suffix", served, "id.example.com.evil.example", 421},
		{"dev's names are dev's", served, "localhost", 421},
		{"empty", served, "", 421},
		{"issuer with port", withPort, "id.example.com:8443", 200},
		{"port left out", withPort, "id.example.com", 421},
		{"dev", dev, "localhost:9998", 200},
		{"dev by address", dev, "127.0.0.1:9998", 200},
		{"dev by IPv6", dev, "[::1]:9998", 200},
		{"dev from a container", dev, "host.docker.internal:9998", 200},
		{"dev behind a mapped port", dev, "localhost:80", 200},
		{"dev by --host", dev, "idp.test:9998", 200},
		{"dev, rebound name", dev, "evil.example:9998", 421},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := onlyHosts(tt.c)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
			r := httptest.NewRequest("GET", "/", nil)
			r.Host = tt.host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("got %d, want %d", w.Code, tt.status)
			}
		})
	}
}

// TestObserve: one line for each request, without anything secret; a panic is a 500 with an id.
func TestObserve(t *testing.T) {
	var log bytes.Buffer
	s := &server{}
	panics := identify(s.observe(newLogger(&log, slog.LevelInfo))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		panic(errors.New("trouble"))
	})))
	r := httptest.NewRequest("GET", "/connect/authorize?code=SECRET", nil)
	r.Header.Set("Authorization", "Bearer SECRET")
	r.Header.Set(requestIDHeader, "forged\nid")
	w := httptest.NewRecorder()
	panics.ServeHTTP(w, r)
	id := w.Header().Get(requestIDHeader)
	if diff := cmp.Diff([]any{500, "internal error, request " + id + "\n", 26}, []any{w.Code, w.Body.String(), len(id)}); diff != "" {
		t.Errorf("answer (-want +got)\n%s", diff)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "trouble") || !strings.Contains(lines[1], "path=/connect/authorize status=500") {
		t.Errorf("log:\n%s", log.String())
	}
	if strings.Contains(log.String(), "SECRET") || strings.Contains(log.String(), "forged") {
		t.Errorf("the log repeats what it must not:\n%s", log.String())
	}
}
