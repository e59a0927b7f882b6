package page

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const strict = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

func TestHeaders(t *testing.T) {
	tests := []struct {
		name, issuer string
		hsts         []string
	}{
		{"https", "https://id.example", []string{"max-age=31536000"}},
		{"http", "http://localhost:9998", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newRenderer(t, Config{Issuer: tt.issuer})
			w := httptest.NewRecorder()
			p.Headers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
			})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			want := http.Header{
				"Content-Security-Policy": {strict},
				"X-Content-Type-Options":  {"nosniff"},
				"X-Frame-Options":         {"DENY"},
				"Referrer-Policy":         {"no-referrer"},
				"Permissions-Policy":      {"camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
			}
			if tt.hsts != nil {
				want["Strict-Transport-Security"] = tt.hsts
			}
			if diff := cmp.Diff(want, w.Header()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShowHeaders(t *testing.T) {
	p := newRenderer(t, Config{})
	tests := []struct {
		name   string
		view   View
		data   any
		status int
		action string
	}{
		{"page", View{}, SignIn{}, 200, "'self'"},
		{"app on the web", View{FormAction: []string{"https:"}}, SignIn{}, 200, "'self' https:"},
		{"native app", View{FormAction: []string{"https:", "http:", "Com.Example.App:"}}, SignIn{}, 200, "'self' https: http: com.example.app:"},
		{"injection", View{FormAction: []string{"*", "https://x; script-src *", "javascript:", "data:", "x:;", ""}}, SignIn{}, 200, "'self'"},
		{"too many", View{Status: 429}, SignIn{Wait: 60}, 429, "'self'"},
		{"problem", View{Status: 403}, Problem{Key: "csrf"}, 403, "'self'"},
		{"problem without status", View{}, Problem{Key: "csrf"}, 400, "'self'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := show(p, httptest.NewRequest("GET", "/login", nil), tt.view, tt.data)
			want := http.Header{
				"Content-Type":     {"text/html; charset=utf-8"},
				"Content-Language": {"en"},
				"Cache-Control":    {"no-store"},
				"Content-Security-Policy": {"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action " + tt.action +
					"; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"},
			}
			if diff := cmp.Diff(want, w.Header()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
		})
	}
}

func TestShowUnknown(t *testing.T) {
	p := newRenderer(t, Config{})
	w := show(p, httptest.NewRequest("GET", "/", nil), View{}, "no page")
	if w.Code != 500 || w.Body.String() != "Internal error\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, issuer := range []string{"", "localhost", "http://", "http://a b", "%"} {
		_, err := New(Config{Issuer: issuer})
		if err == nil {
			t.Errorf("New with issuer %q succeeded", issuer)
		}
	}
}
