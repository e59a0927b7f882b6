package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage/storagetest"
)

// wired is newServer on a seeded database.
func wired(t *testing.T, change func(*serverConfig)) *server {
	t.Helper()
	c := serverConfig{issuer: "http://localhost:9998", dev: true, now: time.Now, log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	s, err := newServer(c, storagetest.Seeded(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request to the handler.
func (s *server) ask(method, target string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	if host := header["Host"]; host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

// TestServerBounds: HC-092's cause. A slow or silent peer is cut by net/http itself.
func TestServerBounds(t *testing.T) {
	h := wired(t, nil).http
	got := []any{h.ReadHeaderTimeout, h.ReadTimeout, h.WriteTimeout, h.IdleTimeout, h.MaxHeaderBytes}
	want := []any{5 * time.Second, 10 * time.Second, 30 * time.Second, 60 * time.Second, 32 << 10}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRoutes(t *testing.T) {
	s := wired(t, nil)
	tests := []struct {
		name, method, target string
		header               map[string]string
		status               int
		body                 string
	}{
		{"health", "GET", "http://localhost:9998/healthz", nil, 200, "ok"},
		{"health by address", "GET", "http://10.1.2.3/healthz", nil, 200, "ok"},
		{"health by HEAD", "HEAD", "http://localhost:9998/healthz", nil, 200, ""},
		{"ready", "GET", "http://localhost:9998/readyz", nil, 200, "ready"},
		{"discovery", "GET", "http://localhost:9998/.well-known/openid-configuration", nil, 200, `"issuer":"http://localhost:9998"`},
		{"discovery under a forged host", "GET", "http://localhost:9998/.well-known/openid-configuration",
			map[string]string{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Proto": "https"}, 200, `"issuer":"http://localhost:9998"`},
		{"another host", "GET", "http://evil.example/.well-known/openid-configuration", nil, 421, "does not answer for that host"},
		{"sign-in", "GET", "http://localhost:9998/login", nil, 200, "<html"},
		{"home", "GET", "http://localhost:9998/", nil, 200, "<html"},
		{"nowhere", "GET", "http://localhost:9998/nowhere", nil, 404, "<html"},
		{"nowhere under another host", "GET", "http://evil.example/nowhere", nil, 421, "does not answer for that host"},
		{"nowhere in the protocol", "GET", "http://localhost:9998/connect/nowhere", nil, 404, ""},
		{"wrong method", "DELETE", "http://localhost:9998/login", nil, 405, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := s.ask(tt.method, tt.target, tt.header)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("got %d %.300q, want %d with %q", w.Code, w.Body, tt.status, tt.body)
			}
			if strings.Contains(w.Body.String(), "evil.example") {
				t.Error("the answer repeats a host it was given")
			}
			if w.Header().Get("X-Request-Id") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// TestReadiness: off while the server stops, and when the database cannot be read; alive all the same.
func TestReadiness(t *testing.T) {
	s := wired(t, nil)
	s.draining.Store(true)
	w := s.ask("GET", "http://localhost:9998/readyz", nil)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("while stopping: got %d, want 503", w.Code)
	}
	s.draining.Store(false)
	err := s.db.Close()
	if err != nil {
		t.Fatal(err)
	}
	w = s.ask("GET", "http://localhost:9998/readyz", nil)
	if diff := cmp.Diff([]any{503, "database unavailable\n"}, []any{w.Code, w.Body.String()}); diff != "" {
		t.Errorf("without a database (-want +got)\n%s", diff)
	}
	w = s.ask("GET", "http://localhost:9998/healthz", nil)
	if w.Code != http.StatusOK {
		t.Errorf("healthz without a database: got %d, want 200", w.Code)
	}
}

// TestServeEnds: serve waits for the database's upkeep to end, and leaves the database to its owner.
func TestServeEnds(t *testing.T) {
	s := wired(t, nil)
	listeners, _, err := listenLoopback("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{}, 1)
	err = s.serve(listeners, stop, func() error {
		stop <- struct{}{}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.db.Health(context.Background())
	if err != nil {
		t.Errorf("serve closed a database that is not its own: %v", err)
	}
}
