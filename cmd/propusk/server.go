package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/api"
	"github.com/propusk/propusk/login/dashboard"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/provider"
	"github.com/propusk/propusk/static"
	"github.com/propusk/propusk/storage"
)

// serverConfig is what the server needs to know beside its database.
type serverConfig struct {
	issuer   string
	name     string // of the organisation
	dev      bool
	hosts    []string       // dev: further names a browser may call it by
	proxies  []netip.Prefix // whose X-Forwarded-For is believed
	tls      *certificate   // nil: plain HTTP
	implicit bool           // response types beyond code
	register registration   // of clients over the network
	now      func() time.Time
	log      *slog.Logger // one line for each request at level info, failures at level error
}

// registration says who may register clients over the network, and where propusk may go to for them.
type registration struct {
	policy        string // closed, also "": nobody; token: who has an administrator's; open: everybody
	withoutPKCE   bool   // confidential ones may leave PKCE out
	perMinute     int    // how many of one address where everybody may, 0: the provider's own limit
	hosts         []string
	insecureHosts []string
	roots         *x509.CertPool
}

// server is propusk's HTTP server with its database.
type server struct {
	http     *http.Server
	db       *storage.DB
	protocol *provider.Provider
	log      *slog.Logger
	tls      bool // net/http sets TLSConfig by itself, so that says nothing
	draining atomic.Bool
	linger   time.Duration // how long a stop goes on answering with readiness off
}

// Bounds of what a client may take up. maxConns stays far below the usual limit of open files.
const (
	maxHeader = 32 << 10
	maxConns  = 4096
)

// newServer wires database, pages, protocol and login together.
func newServer(c serverConfig, db *storage.DB) (*server, error) {
	pages, err := page.New(page.Config{Issuer: c.issuer, Name: c.name, Dev: c.dev, Logger: c.log, Now: c.now})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	protocol, err := provider.New(provider.Config{Issuer: c.issuer, Dev: c.dev, Now: c.now, Logger: c.log, Implicit: c.implicit,
		Registration: c.register.policy, RegistrationWithoutPKCE: c.register.withoutPKCE, RegistrationsPerMinute: c.register.perMinute,
		AllowHosts: c.register.hosts, InsecureHosts: c.register.insecureHosts, Roots: c.register.roots}, db, pages)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	people, err := login.New(login.Config{Issuer: c.issuer, Dev: c.dev, Now: c.now, Logger: c.log}, db, pages, protocol)
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	board, err := dashboard.New(dashboard.Config{Issuer: c.issuer, Dev: c.dev, Implicit: c.implicit, UserInfo: protocol.UserInfoFor, Now: c.now, Logger: c.log}, db, pages, people)
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	rest, err := api.New(api.Config{Issuer: c.issuer, Dev: c.dev, Now: c.now, Logger: c.log, Pages: pages}, db, protocol.Actor)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s := &server{db: db, protocol: protocol, log: c.log}
	s.http = &http.Server{
		Handler:           s.routes(c, pages, protocol, people, board, rest),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100},
		// What a peer does wrong below HTTP is no event of ours.
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug),
	}
	if c.tls != nil {
		s.tls, s.http.TLSConfig = true, c.tls.config()
	}
	return s, nil
}

// routes is every route of the binary. Health is asked by address, so it stands before the check of
// the Host header.
func (s *server) routes(c serverConfig, pages *page.Renderer, protocol *provider.Provider, people *login.Login,
	board *dashboard.Dashboard, rest *api.API) http.Handler {
	root := chi.NewRouter()
	root.Use(identify, s.observe(c.log), believe(c.proxies))
	root.Get("/healthz", healthz)
	root.Head("/healthz", healthz)
	root.Get("/readyz", s.readyz)
	root.Head("/readyz", s.readyz)
	root.Group(func(r chi.Router) {
		r.Use(onlyHosts(c))
		core := protocol.Handler(provider.Front{Authorize: people.Authorize, Logout: people.Logout})
		r.Handle("/.well-known/*", core)
		r.Handle("/connect/*", core)
		r.Handle(static.Prefix+"*", static.Handler())
		rest.Routes(r)
		r.Group(func(r chi.Router) {
			r.Use(pages.Headers)
			people.Routes(r)
			board.Routes(r)
		})
	})
	root.NotFound(onlyHosts(c)(pages.Headers(notFound(pages))).ServeHTTP)
	return root
}

// notFound is the error page of a path that leads nowhere.
func notFound(pages *page.Renderer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.Show(w, r, page.View{Status: http.StatusNotFound},
			page.Problem{Stub: page.Stub{Office: true}, ID: page.NewProblemID(), Key: "not_found", Path: r.URL.Path})
	})
}

// healthz says that the process answers.
func healthz(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok")
}

// readyz says whether requests should be sent here: the database can be read, and no stop is going on.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		plain(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	err := s.db.Health(ctx)
	if err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelError, "not ready", slog.Any("error", err))
		plain(w, http.StatusServiceUnavailable, "database unavailable")
		return
	}
	plain(w, http.StatusOK, "ready")
}

// plain answers with one line of text that nobody keeps.
func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
