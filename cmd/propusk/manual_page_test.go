package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestManualPage: the running binary serves the manual, to everybody and to who is signed in, in both
// languages; where there is no chapter there is our page.
func TestManualPage(t *testing.T) {
	s := wired(t, nil)
	tests := []struct {
		name, method, path, lang string
		status                   int
		body                     string
	}{
		{"first", "GET", "/docs", "en", 200, `href="/docs/conformance"`},
		{"first in Russian", "GET", "/docs", "ru", 200, ">Руководство</h1>"},
		{"a chapter", "GET", "/docs/logout", "en", 200, `id="back-channel"`},
		{"a chapter in Russian", "GET", "/docs/logout", "ru", 200, `id="по-прямому-каналу"`},
		{"head", "HEAD", "/docs/logout", "en", 200, ""},
		{"the language of the link", "GET", "/docs/start?lang=ru", "en", 200, ">Первая минута</h1>"},
		{"no such chapter", "GET", "/docs/nothing", "en", 404, "E-"},
		{"a second address of the first", "GET", "/docs/README", "en", 404, "E-"},
		{"a file", "GET", "/docs/start.md", "en", 404, "E-"},
		{"out of the folder", "GET", "/docs/..%2fhtml%2fhome", "en", 404, "E-"},
		{"post", "POST", "/docs", "en", 405, "E-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := s.ask(tt.method, "http://localhost:9998"+tt.path, map[string]string{"Accept-Language": tt.lang})
			body := w.Body.String()
			if w.Code != tt.status || !strings.Contains(body, tt.body) {
				t.Fatalf("got %d %.400q, want %d with %q", w.Code, body, tt.status, tt.body)
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self'") || strings.Contains(policy, "script-src") || strings.Contains(body, "<script") {
				t.Errorf("policy %q, or a script in the page", policy)
			}
			if tt.status == 405 && w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow = %q", w.Header().Get("Allow"))
			}
		})
	}
}

// TestManualPageInside: the pages of signed-in people lead to the manual, which then stands in their frame and
// is not kept.
func TestManualPageInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.office("alice")
	account := p.get("/account")
	if !strings.Contains(account.body, `href="/docs"`) {
		t.Error("/account does not lead to the manual")
	}
	got := p.get("/docs/apps")
	if got.status != http.StatusOK || !strings.Contains(got.body, `id="menu-logout"`) || !strings.Contains(got.body, ">Apps</h1>") {
		t.Fatalf("%d %s", got.status, clipLog(got.body))
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("ETag") != "" {
		t.Errorf("headers %v", got.header)
	}
	home := w.person("bob").get("/")
	if !strings.Contains(home.body, `href="/docs"`) {
		t.Error("the start page does not lead to the manual")
	}
}
