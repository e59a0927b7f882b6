//go:build linux

package main_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// attack is one request of the hostile corpus whose answer must come fast.
type attack struct {
	row     string // id in the corpus
	name    string
	bound   time.Duration
	request []byte
}

// hostile prints how long the rows with a time bound take. That they are refused, and why cheaply, is
// held by the tests of the packages; here only the clock is read.
func hostile(b *testing.B, r *report, t *target) {
	b.Helper()
	for _, a := range attacks(t) {
		var worst time.Duration
		status := map[int]bool{}
		for range 5 {
			w, err := dial(t.issuer.Host)
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			got, err := w.rush(a.request)
			worst = max(worst, time.Since(start))
			if err != nil {
				b.Fatalf("%s %s: %v", a.row, a.name, err)
			}
			status[got.Status] = true
		}
		var seen []string
		for code := range status {
			seen = append(seen, fmt.Sprint(code))
		}
		r.row(a.row+" "+a.name, "%s, %.1f ms (under %d)", strings.Join(seen, " and "),
			float64(worst.Microseconds())/1000, a.bound.Milliseconds())
	}
	r.row("resident afterwards", "%.1f MiB", residentOf(b, t.pid))
}

func attacks(t *target) []attack {
	at := func(path string) *url.URL { return t.issuer.ResolveReference(&url.URL{Path: path}) }
	bearer := func(token string) []byte {
		return request("GET", at("/connect/userinfo"), "", "Authorization", "Bearer "+token)
	}
	post := func(path, body string) []byte { return request("POST", at(path), body) }
	token := strings.TrimSpace(strings.SplitN(string(t.requests["userinfo"]), "Bearer ", 2)[1])
	// {"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":1000000000,"p2s":"AAAA"}
	const slow = "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJlbmMiOiJBMTI4R0NNIiwicDJjIjoxMDAwMDAwMDAwLCJwMnMiOiJBQUFBIn0"
	huge := func(n int) string { return strings.Repeat("a", n) }
	return []attack{
		{"HC-049", "token cut short", 50 * time.Millisecond, bearer(token[:len(token)-1])},
		{"HC-049", "token with a byte more", 50 * time.Millisecond, bearer(token + "A")},
		{"HC-049", "JWE with p2c=10^9", 50 * time.Millisecond, bearer(slow + ".AAAA.AAAA.AAAA.AAAA")},
		{"HC-049", "200 dots", 50 * time.Millisecond, bearer(strings.Repeat(".", 200))},
		{"HC-049", "1 MB at introspection", 50 * time.Millisecond, request("POST", at("/connect/introspect"),
			"token="+huge(1<<20), "Authorization", basic("demo", "demo-secret"))},
		{"HC-064", "password of 1 MB", 10 * time.Millisecond, post("/login", "username=alice&password="+huge(1<<20))},
		{"HC-091", "body of 64 KB and a byte", 100 * time.Millisecond, post("/connect/token", huge(64<<10+1))},
		{"HC-091", "body of 11 MB", 100 * time.Millisecond, post("/connect/token", huge(11<<20))},
		{"HC-091", "100 000 parameters", 100 * time.Millisecond, post("/connect/token", strings.Repeat("a=&", 100_000))},
		{"HC-091", "scope.999999999=x", 100 * time.Millisecond, post("/connect/token", "scope.999999999=x")},
		{"HC-091", "header of 1 MB", 100 * time.Millisecond, request("GET", at("/connect/authorize"), "", "X-Large", huge(1<<20))},
		{"HC-091", "state of 500 KB", 100 * time.Millisecond, post("/connect/authorize",
			"client_id=demo&response_type=code&scope=openid&redirect_uri="+url.QueryEscape(callback)+"&state="+huge(500_000))},
	}
}
