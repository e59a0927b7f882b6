package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// truthPresets are ways to run propusk that advertise different things. "closed" is what serve runs where
// its file says nothing else.
var truthPresets = []struct {
	name    string
	options []worldOption
}{
	{"dev", nil},
	{"closed", []worldOption{inProduction}},
	{"open", []worldOption{inProduction, registering("open")}},
	{"implicit", []worldOption{inProduction, registering("open"), configured(func(c *serverConfig) { c.implicit = true })}},
}

// truthWorld is a running propusk with what it says of itself. alice is signed in and has every claim.
type truthWorld struct {
	*world
	doc    map[string]any
	site   *truthSite
	alice  *person
	apps   int
	proofs int
	told   map[string]any // see claims
}

func newTruthWorld(t *testing.T, options []worldOption) *truthWorld {
	t.Helper()
	site := newTruthSite(t)
	w := &truthWorld{site: site, world: newWorld(t, append(slices.Clone(options), reaching(site.host()),
		configured(func(c *serverConfig) { c.register.roots = site.roots() }))...)}
	w.doc = w.get("/.well-known/openid-configuration").json()
	if len(w.doc) == 0 {
		t.Fatal("no discovery document")
	}
	_, err := w.db.UpdateUser(t.Context(), storage.System, w.userID("alice"), func(u *storage.User) error {
		u.Claims["given_name#en"], u.Claims["given_name#ru"], u.Claims["groups"] = "Alice in English", "Алиса", []any{"staff"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.alice = w.person("alice")
	w.alice.tick = w.list("scopes_supported")
	w.alice.signIn()
	delivery, end := context.WithCancel(context.Background())
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		w.server.protocol.Deliver(delivery)
	}()
	t.Cleanup(func() {
		end()
		<-delivered
	})
	return w
}

// run is a subtest in this world. A minute passes before it, so that nothing is counted together that
// people and clients do apart.
func (w *truthWorld) run(t *testing.T, name string, f func()) {
	t.Run(name, func(t *testing.T) {
		before := w.t
		w.t = t
		defer func() { w.t = before }()
		w.clock.Advance(time.Minute)
		f()
	})
}

// list is what the document lists under a name.
func (w *truthWorld) list(name string) []string {
	values, _ := w.doc[name].([]any)
	list := make([]string, len(values))
	for i, v := range values {
		list[i], _ = v.(string)
	}
	return list
}

func (w *truthWorld) lists(name, value string) bool { return slices.Contains(w.list(name), value) }

// at is the path of an endpoint that the document names.
func (w *truthWorld) at(name string) string {
	w.t.Helper()
	uri, _ := w.doc[name].(string)
	path, ok := strings.CutPrefix(uri, w.issuer)
	if !ok || !strings.HasPrefix(path, "/") {
		w.t.Fatalf("%s %q is not below the issuer", name, uri)
	}
	return path
}

// newApp is an app of its own that may ask for everything that is advertised, changed.
func (w *truthWorld) newApp(change ...func(*storage.App)) party {
	w.t.Helper()
	w.apps++
	id := fmt.Sprintf("truth-%d", w.apps)
	app := storage.App{ID: id, RedirectURIs: []string{"https://" + id + ".example/cb"}, PostLogoutURIs: []string{"https://" + id + ".example/out"},
		GrantTypes: []string{storage.GrantCode, storage.GrantRefreshToken, storage.GrantClientCredentials, storage.GrantDeviceCode},
		Scopes:     []storage.AppScope{}}
	for _, name := range w.list("scopes_supported") {
		app.Scopes = append(app.Scopes, storage.AppScope{Name: name, Offline: true})
	}
	for _, f := range change {
		f(&app)
	}
	return w.addApp(app)
}

// allTypes registers an app for every response type of OpenID Connect, whatever the instance offers.
func allTypes(a *storage.App) {
	a.Registration.ResponseTypes = []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"}
}

// heard is the answer to an authorization request, as the app gets it.
type heard struct {
	url.Values
	mode string // query, fragment or form_post; "" is a page of ours
	page *reply
}

// ask walks an authorization request of the app to its answer.
func (w *truthWorld) ask(p *person, a party, pairs ...string) heard {
	w.t.Helper()
	return w.hear(a, p.walk(w.at("authorization_endpoint")+"?"+a.asking(pairs...).Encode()))
}

// hear reads an answer.
func (w *truthWorld) hear(a party, got *reply) heard {
	w.t.Helper()
	to := got.location()
	switch {
	case to == nil:
		for _, s := range sheets(got.body) {
			if s.action == a.redirect {
				return heard{s.fields, "form_post", got}
			}
		}
		return heard{url.Values{}, "", got}
	case !strings.HasPrefix(to.String(), a.redirect):
		w.t.Fatalf("sent to %s", to)
	case to.Fragment != "" || strings.Contains(got.header.Get("Location"), "#"):
		_, text, _ := strings.Cut(got.header.Get("Location"), "#")
		values, err := url.ParseQuery(text)
		if err != nil {
			w.t.Fatal(err)
		}
		return heard{values, "fragment", got}
	}
	return heard{to.Query(), "query", got}
}

// wantRefusal checks that the app is told an error, and nothing besides.
func (w *truthWorld) wantRefusal(got heard, code string) {
	w.t.Helper()
	if got.Get("error") != code || got.Has("code") || got.Has("access_token") || got.Has("id_token") || got.Get("iss") != w.issuer {
		w.t.Errorf("got %v by %q (%d), want %s", got.Values, got.mode, got.page.status, code)
	}
}

// truthSite is a server of the apps': it serves documents and keeps the logout tokens it is sent.
type truthSite struct {
	*httptest.Server
	mu      sync.Mutex
	texts   map[string]string
	logouts chan string
}

func newTruthSite(t *testing.T) *truthSite {
	s := &truthSite{texts: map[string]string{}, logouts: make(chan string, 10)}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			s.logouts <- r.PostFormValue("logout_token")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		_, _ = rw.Write([]byte(s.texts[r.URL.Path]))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *truthSite) host() string { return strings.TrimPrefix(s.URL, "https://") }

func (s *truthSite) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// serve puts a text, or a value as JSON, at a path and returns its address.
func (s *truthSite) serve(path string, what any) string {
	text, ok := what.(string)
	if !ok {
		encoded, _ := json.Marshal(what) //nolint:errcheck // values of these tests
		text = string(encoded)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[path] = text
	return s.URL + path
}
