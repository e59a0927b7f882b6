package login

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// world is a Login on a real database behind a stand-in for the protocol.
type world struct {
	t      *testing.T
	clock  *storagetest.Clock
	db     *storage.DB
	flow   *testFlow
	config Config
	login  *Login
	logs   *bytes.Buffer

	mu      sync.Mutex
	handler http.Handler
	checks  int // passwords compared
}

// newWorld starts on the seeded database with three further apps: shop (https, trusted), stranger
// (https, unchecked), and device (public, loopback).
func newWorld(t *testing.T, issuer string) *world {
	t.Helper()
	w := &world{t: t, clock: storagetest.NewClock(), flow: new(testFlow), logs: new(bytes.Buffer)}
	w.db = storagetest.SeededAt(t, w.clock)
	w.config = Config{
		Issuer: issuer,
		Dev:    strings.HasPrefix(issuer, "http:"),
		Now:    w.clock.Now,
		Logger: slog.New(slog.NewTextHandler(w.logs, nil)),
	}
	w.addApp("shop", storage.AppWeb, true, "https://shop.example/cb")
	w.addApp("stranger", storage.AppWeb, false, "https://stranger.example/cb")
	w.addApp("device", storage.AppNative, true, "http://127.0.0.1/cb")
	w.restart()
	return w
}

func (w *world) addApp(id string, kind storage.AppType, trusted bool, redirect string) {
	w.t.Helper()
	a := storage.NewApp{App: storage.App{
		ID: id, Name: "The " + id, Type: kind, Enabled: true, Trusted: trusted, Delegated: true,
		RedirectURIs: []string{redirect},
		Scopes: []storage.AppScope{
			{Name: "openid", Required: true}, {Name: "profile", Required: true},
			{Name: "email"}, {Name: "phone"}, {Name: "offline_access"},
		},
	}}
	_, _, err := w.db.CreateApp(context.Background(), storage.System, a)
	if err != nil {
		w.t.Fatalf("app %s: %v", id, err)
	}
}

// restart makes a new Login on the same database, as a restarted process would.
func (w *world) restart() {
	w.t.Helper()
	pages, err := page.New(page.Config{Issuer: w.config.Issuer, Dev: w.config.Dev, Logger: w.config.Logger, Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := New(w.config, w.db, pages, w.flow)
	if err != nil {
		w.t.Fatal(err)
	}
	compare := l.check
	l.check = func(u *storage.User, password string) (bool, bool) {
		w.mu.Lock()
		w.checks++
		w.mu.Unlock()
		return compare(u, password)
	}
	r := chi.NewRouter()
	l.Routes(r)
	for _, path := range []string{"/account", "/apps/*"} { // pages of ours, as the dashboard has them
		r.Handle(path, l.Page(w.account, w.account))
	}
	r.Handle("/secret", l.Page(w.secret, w.secret))
	r.Handle("/connect/authorize", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		l.Authorize(rw, r, readAuthRequest(w, r))
	}))
	r.Handle("/connect/endsession", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		req := new(storage.LogoutRequest)
		readJSON(w.t, r, req)
		l.Logout(rw, r, req)
	}))
	w.login, w.handler = l, pages.Headers(r)
}

// account stands for a page of signed-in people: it names the person and the address.
func (w *world) account(rw http.ResponseWriter, r *http.Request) {
	m, ok := w.login.Member(rw, r)
	if ok {
		_, _ = io.WriteString(rw, m.User.Name+" at "+html.EscapeString(r.URL.RequestURI()))
	}
}

// secret stands for a page that wants a fresh proof.
func (w *world) secret(rw http.ResponseWriter, r *http.Request) {
	m, ok := w.login.Member(rw, r)
	if !ok {
		return
	}
	if !w.login.Proved(m, 5*time.Minute) {
		w.login.ProveAgain(rw, r, m)
		return
	}
	_, _ = io.WriteString(rw, "the secret of "+m.User.Name)
}

// readAuthRequest stands for the protocol's validation: the request comes as JSON.
func readAuthRequest(w *world, r *http.Request) *storage.AuthRequest {
	req := new(storage.AuthRequest)
	readJSON(w.t, r, req)
	return req
}

func readJSON(t *testing.T, r *http.Request, into any) {
	err := json.Unmarshal([]byte(r.FormValue("json")), into)
	if err != nil {
		t.Errorf("request of the test: %v", err)
	}
}

// request is a request of the app for openid profile email; change makes it the case.
func (w *world) request(app string, change func(*storage.AuthRequest)) *storage.AuthRequest {
	redirect := map[string]string{
		"shop": "https://shop.example/cb", "stranger": "https://stranger.example/cb", "device": "http://127.0.0.1:4711/cb",
	}[app]
	req := &storage.AuthRequest{
		ID: storage.NewID(), AppID: app, RedirectURI: redirect, ResponseMode: "query",
		Scopes: []string{"openid", "profile", "email"}, State: "st", CreatedAt: w.clock.Now(),
	}
	if change != nil {
		change(req)
	}
	return req
}

// testFlow answers apps by a redirect that tells what it was called with.
type testFlow struct {
	mu       sync.Mutex
	approved []approval
}

type approval struct {
	Request, User, Session string
	Scopes                 []string
}

func (f *testFlow) Approve(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, s *storage.Session, scopes []string) {
	f.mu.Lock()
	f.approved = append(f.approved, approval{req.ID, s.UserID, s.ID, scopes})
	f.mu.Unlock()
	q := url.Values{"code": {req.ID}, "state": {req.State}, "scope": {strings.Join(scopes, " ")}}
	w.Header().Set("Location", req.RedirectURI+"?"+q.Encode())
	w.WriteHeader(http.StatusFound)
}

func (f *testFlow) Refuse(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, code, description string) {
	q := url.Values{"error": {code}, "error_description": {description}, "state": {req.State}}
	w.Header().Set("Location", req.RedirectURI+"?"+q.Encode())
	w.WriteHeader(http.StatusFound)
}

// approvals returns what the app was given so far.
func (w *world) approvals() []approval {
	w.flow.mu.Lock()
	defer w.flow.mu.Unlock()
	return slices.Clone(w.flow.approved)
}

// compared returns how many passwords were compared so far.
func (w *world) compared() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.checks
}

// user returns the seeded person of that login.
func (w *world) user(login string) *storage.User {
	w.t.Helper()
	u, err := w.db.UserByName(context.Background(), login)
	if err != nil {
		w.t.Fatalf("user %s: %v", login, err)
	}
	return u
}
