package providertest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/provider"
	"github.com/propusk/propusk/static"
	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// Provider is a running provider. It stops when the test ends.
type Provider struct {
	Issuer string      // http://localhost:PORT
	DB     *storage.DB // to change people and apps behind its back

	t testing.TB
}

// Start runs a provider with the people and apps of propusk dev (README: alice / alice, demo /
// demo-secret, …) in a directory of the test's own. It logs to the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	p := &Provider{Issuer: "http://localhost:" + port, t: t}
	c := storagetest.Config(t, true)
	c.Issuer, c.AnyIssuer = p.Issuer, true
	p.DB, err = storage.Open(context.Background(), c)
	if err != nil {
		t.Fatalf("database: %v", err)
	}
	handler, protocol, err := routes(p.Issuer, p.DB, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatalf("provider: %v", err)
	}
	server := &http.Server{Handler: handler}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	delivery, endDelivery := context.WithCancel(context.Background())
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		protocol.Deliver(delivery)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-stopped
		endDelivery()
		<-delivered
		err := p.DB.Close()
		if err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return p
}

func routes(issuer string, db *storage.DB, log *slog.Logger) (http.Handler, *provider.Provider, error) {
	pages, err := page.New(page.Config{Issuer: issuer, Dev: true, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	protocol, err := provider.New(provider.Config{Issuer: issuer, Dev: true, Logger: log}, db, pages)
	if err != nil {
		return nil, nil, err
	}
	people, err := login.New(login.Config{Issuer: issuer, Dev: true, Logger: log}, db, pages, protocol)
	if err != nil {
		return nil, nil, err
	}
	core := protocol.Handler(provider.Front{Authorize: people.Authorize, Logout: people.Logout})
	r := chi.NewRouter()
	r.Handle("/.well-known/*", core)
	r.Handle("/connect/*", core)
	r.Handle(static.Prefix+"*", static.Handler())
	r.Group(func(r chi.Router) {
		r.Use(pages.Headers)
		people.Routes(r)
	})
	return r, protocol, nil
}

// Person is somebody with a fresh browser and the seeded password of login.
func (p *Provider) Person(login string) *Person {
	p.t.Helper()
	return NewPerson(p.t, p.Issuer, login)
}
