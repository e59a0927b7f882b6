package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// httpBrokenMessages: what two programs could read differently is refused, or read in one way only and
// the connection closed; nothing of the sender becomes a header of the answer.
func httpBrokenMessages(t *testing.T) {
	w := newWorld(t)
	host := "Host: " + w.host() + "\r\n"
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	// Behind the first message stands another, which only a server that read the first wrongly answers
	// with 200: a request for the health of the process.
	second := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	chunked := "Transfer-Encoding: chunked\r\n"
	for _, tt := range []struct{ name, text string }{
		{"Content-Length beside chunked", "POST /connect/token HTTP/1.1\r\n" + host + form + "Content-Length: 4\r\n" + chunked + "\r\n0\r\n\r\n" + second},
		{"chunked beside Content-Length", "POST /connect/token HTTP/1.1\r\n" + host + form + chunked + "Content-Length: 100\r\n\r\n0\r\n\r\n" + second},
		{"chunked twice", "POST /connect/token HTTP/1.1\r\n" + host + form + chunked + chunked + "\r\n0\r\n\r\n" + second},
		{"chunked, obfuscated", "POST /connect/token HTTP/1.1\r\n" + host + form + "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + second},
		{"chunked with a blank before the colon", "POST /connect/token HTTP/1.1\r\n" + host + form + "Content-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + second},
		{"two lengths", "POST /connect/token HTTP/1.1\r\n" + host + form + "Content-Length: 0\r\nContent-Length: 50\r\n\r\n" + second},
		{"a signed length", "POST /connect/token HTTP/1.1\r\n" + host + form + "Content-Length: +0\r\n\r\n" + second},
		{"two hosts", "GET /login HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n"},
		{"two hosts in one", "GET /login HTTP/1.1\r\nHost: " + w.host() + ", evil.example\r\n\r\n"},
		{"no host", "GET /login HTTP/1.1\r\n\r\n"},
		{"a host with a line end", "GET /login HTTP/1.1\r\nHost: " + w.host() + "\rX: y\r\n\r\n"},
		{"an absolute target", "GET http://evil.example/login HTTP/1.1\r\n" + host + "\r\n"},
		{"an absolute target of another scheme", "GET ftp://evil.example/login HTTP/1.1\r\n" + host + "\r\n"},
		{"a folded header", "GET /login HTTP/1.1\r\n" + host + "X-A: b\r\n c: d\x00\r\n\r\n"},
		{"CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"},
		{"a blank in the target", "GET /login /x HTTP/1.1\r\n" + host + "\r\n"},
		{"HTTP/0.9", "GET /login\r\n\r\n"},
	} {
		list := w.raw(tt.text)
		if len(list) > 1 {
			t.Errorf("%s: %d answers: the second is %d %s", tt.name, len(list), list[1].status, list[1].body)
		}
		for _, got := range list {
			if got.status < 400 || got.header.Get("X") != "" || strings.Contains(got.body, "evil.example") || strings.TrimSpace(got.body) == "ok" {
				t.Errorf("%s: got %d\n%s", tt.name, got.status, clipLog(got.body))
			}
		}
	}
	wireLineEnds(t, w)
}

// wireLineEnds sends line ends in parameters that come back in a header.
func wireLineEnds(t *testing.T, w *world) {
	t.Helper()
	p := w.person("alice")
	p.signIn()
	p.code(demoApp)
	split := "x\r\nX-Injected: yes\r\n\r\n<script>"
	for _, name := range []string{"state", "nonce", "login_hint", "ui_locales", "redirect_uri", "scope", "response_mode", "client_id", split} {
		for _, value := range []string{split, "\n" + split, "\u010d\u010aX-Injected: yes", "x\rX-Injected: yes"} {
			for _, got := range []*reply{
				p.get(authorizePath(demoApp.asking("prompt", "none", name, value))),
				p.get("/connect/endsession?" + url.Values{name: {value}, "client_id": {demoApp.id}, "post_logout_redirect_uri": {afterLogout}}.Encode()),
				p.get("/login?" + url.Values{name: {value}, "lang": {value}, "request": {value}}.Encode()),
			} {
				wantWhole(t, name, got)
			}
		}
	}
	// Encoded as it must be, the state comes back as it was.
	got := p.get(authorizePath(demoApp.asking("prompt", "none", "state", "a&b=c d%0d%0a\u010d\u010a")))
	if to := got.location(); to == nil || to.Query().Get("state") != "a&b=c d%0d%0a\u010d\u010a" || !to.Query().Has("code") {
		t.Errorf("an odd state: got %d to %q", got.status, got.header.Get("Location"))
	}
	for _, got := range w.raw("GET /connect/authorize?state=%0d%0aX-Injected:%20yes&" + demoApp.asking("state", "", "prompt", "none").Encode() +
		" HTTP/1.1\r\nHost: " + w.host() + "\r\nConnection: close\r\nAccept-Language: en\rX-Injected: yes\r\n\r\n") {
		wantWhole(t, "raw", got)
	}
	for _, path := range []string{"/%0d%0aX-Injected:%20yes", "/login%0d%0aX-Injected:%20yes", "/static/%0d%0aX-Injected:%20yes"} {
		wantWhole(t, path, p.get(path))
	}
}

// wantWhole checks that an answer's headers are ours alone.
func wantWhole(t *testing.T, what string, got *reply) {
	t.Helper()
	for name, values := range got.header {
		if name == "X-Injected" || strings.ContainsAny(strings.Join(values, ""), "\r\n") {
			t.Errorf("%q: a header of the sender: %s: %q", what, name, values)
		}
	}
	if got.status >= http.StatusInternalServerError {
		t.Errorf("%q: got %d", what, got.status)
	}
	if strings.Contains(got.header.Get("Location"), "\u010a") {
		t.Errorf("%q: Location %q is not ASCII", what, got.header.Get("Location"))
	}
}
