package provider

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		number := rapid.Int64().Draw(t, "number")
		seconds := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "seconds")
		var b pack
		b.text(text)
		b.number(number)
		b.time(time.Unix(seconds, 0))
		u := unpack{b: b.b}
		if got := u.text(); got != text {
			t.Errorf("text = %q, want %q", got, text)
		}
		if got := u.number(); got != number {
			t.Errorf("number = %d, want %d", got, number)
		}
		if got := u.time(); got.Unix() != seconds {
			t.Errorf("time = %v, want %v", got.Unix(), seconds)
		}
		if u.end() != nil {
			t.Errorf("end: %v", u.end())
		}
		cut := rapid.IntRange(0, len(b.b)-1).Draw(t, "cut")
		u = unpack{b: b.b[:cut]}
		u.text()
		u.number()
		u.time()
		if u.end() == nil {
			t.Errorf("the first %d of %d bytes unpack without a fault", cut, len(b.b))
		}
	})
}

func TestRedirectDigest(t *testing.T) {
	tests := map[string]struct {
		a, b string
		same bool
	}{
		"equal":                       {"https://a.example/cb", "https://a.example/cb", true},
		"empty path and slash":        {"http://www.example.com", "http://www.example.com/", true},
		"empty path before a query":   {"http://www.example.com?a=b", "http://www.example.com/?a=b", true},
		"slash behind a path":         {"https://a.example/cb", "https://a.example/cb/", false},
		"letter case of the host":     {"https://a.example/", "https://A.example/", false},
		"default port":                {"https://a.example/", "https://a.example:443/", false},
		"scheme":                      {"https://a.example/", "http://a.example/", false},
		"query":                       {"https://a.example/?a", "https://a.example/?b", false},
		"private-use without a host":  {"com.example.app:/", "com.example.app:", false},
		"slash belongs to the query":  {"http://a.example?x", "http://a.example?x/", false},
		"empty host is not an origin": {"x:", "x:/", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := redirectDigest(tt.a) == redirectDigest(tt.b)
			if got != tt.same {
				t.Errorf("%q and %q: same = %v, want %v", tt.a, tt.b, got, tt.same)
			}
		})
	}
}

func TestCheckVerifier(t *testing.T) {
	// The pair of RFC 7636 appendix B.
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	tests := map[string]struct {
		challenge, verifier string
		ok                  bool
	}{
		"RFC 7636 appendix B":             {challenge, verifier, true},
		"neither":                         {"", "", true},
		"verifier left out":               {challenge, "", false},
		"verifier nobody asked for":       {"", verifier, false},
		"another verifier":                {challenge, strings.Repeat("a", 43), false},
		"the challenge itself, as plain":  {challenge, challenge, false},
		"42 characters":                   {challenge, verifier[:42], false},
		"129 characters":                  {challenge, strings.Repeat("a", 129), false},
		"a blank inside":                  {challenge, "dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk", false},
		"trailing newline":                {challenge, verifier + "\n", false},
		"128 characters of another value": {challenge, strings.Repeat("~", 128), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := (&code{challenge: tt.challenge}).checkVerifier(tt.verifier)
			if (f == nil) != tt.ok || f != nil && f.code != errInvalidGrant {
				t.Errorf("got %v, want ok %v", f, tt.ok)
			}
		})
	}
}

func TestWithQuery(t *testing.T) {
	fields := []field{{"code", "a+b"}, {"state", "x y&z"}}
	tests := map[string]string{
		"https://a.example/cb":      "https://a.example/cb?code=a%2Bb&state=x+y%26z",
		"https://a.example/cb?q=1":  "https://a.example/cb?q=1&code=a%2Bb&state=x+y%26z",
		"https://a.example/cb?":     "https://a.example/cb?code=a%2Bb&state=x+y%26z",
		"http://127.0.0.1:9":        "http://127.0.0.1:9?code=a%2Bb&state=x+y%26z",
		"com.example.app:/callback": "com.example.app:/callback?code=a%2Bb&state=x+y%26z",
	}
	for uri, want := range tests {
		if got := withQuery(uri, fields); got != want {
			t.Errorf("withQuery(%q) = %q, want %q", uri, got, want)
		}
	}
}
