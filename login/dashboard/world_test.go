package dashboard

import (
	"bytes"
	"context"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// world is the dashboard on the seeded database: alice is an administrator and owns the apps, bob is a
// developer of demo, carol has no role.
type world struct {
	t       *testing.T
	clock   *storagetest.Clock
	db      *storage.DB
	handler http.Handler
	board   *Dashboard
	logs    *bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: storagetest.NewClock(), logs: new(bytes.Buffer)}
	w.db = storagetest.SeededAt(t, w.clock)
	logger := slog.New(slog.NewTextHandler(w.logs, nil))
	pages, err := page.New(page.Config{Issuer: storagetest.Issuer, Dev: true, Logger: logger, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	people, err := login.New(login.Config{Issuer: storagetest.Issuer, Dev: true, Logger: logger}, w.db, pages, noFlow{})
	if err != nil {
		t.Fatal(err)
	}
	board, err := New(Config{Issuer: storagetest.Issuer, Dev: true, Implicit: true, Logger: logger}, w.db, pages, people)
	if err != nil {
		t.Fatal(err)
	}
	w.board = board
	r := chi.NewRouter()
	people.Routes(r)
	board.Routes(r)
	w.handler = pages.Headers(r)
	return w
}

// noFlow stands for the protocol, which the dashboard never asks.
type noFlow struct{ login.Flow }

// user returns the person of that login.
func (w *world) user(name string) *storage.User {
	w.t.Helper()
	u, err := w.db.UserByName(context.Background(), name)
	if err != nil {
		w.t.Fatalf("user %s: %v", name, err)
	}
	return u
}

// actor is the person as storage sees them.
func (w *world) actor(name string) storage.Actor { return storage.UserActor(w.user(name), "192.0.2.1") }

// app returns the app as it is stored.
func (w *world) app(id string) *storage.App {
	w.t.Helper()
	a, err := w.db.App(context.Background(), id)
	if err != nil {
		w.t.Fatalf("app %s: %v", id, err)
	}
	return a
}

// audited tells how many entries of that action and result there are about the target.
func (w *world) audited(action, target, result string) int {
	w.t.Helper()
	list, _, err := w.db.AuditLog(context.Background(), storage.AuditFilter{Action: action, Limit: 100})
	if err != nil {
		w.t.Fatalf("audit: %v", err)
	}
	n := 0
	for _, e := range list {
		if e.Target == target && e.Result == result {
			n++
		}
	}
	return n
}

// browser is the browser of a signed-in person.
type browser struct {
	w       *world
	session string // its id
	name    string // of the cookie
	secret  string // in the cookie
	csrf    string // hidden field of the last page
	lang    string
}

// as signs the person in, by a new session.
func (w *world) as(name string) *browser {
	w.t.Helper()
	s, secret, err := w.db.StartSession(context.Background(), storage.NewSession{
		UserID: w.user(name).ID, ACR: "1", AMR: []string{"pwd"}, Address: "192.0.2.1", UserAgent: "test",
	})
	if err != nil {
		w.t.Fatalf("session of %s: %v", name, err)
	}
	return &browser{w: w, name: "propusk_session_9998", secret: secret, session: s.ID, lang: "en"}
}

// answer is what a browser was answered.
type answer struct {
	path   string
	status int
	header http.Header
	body   string
}

// to is where the answer redirects to, "" for a page.
func (a answer) to() string { return a.header.Get("Location") }

func (b *browser) send(r *http.Request) answer {
	b.w.t.Helper()
	r.RemoteAddr = "192.0.2.1:1234"
	r.Header.Set("Accept-Language", b.lang)
	if b.secret != "" {
		r.AddCookie(&http.Cookie{Name: b.name, Value: b.secret})
	}
	rec := httptest.NewRecorder()
	b.w.handler.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.Name == b.name {
			b.secret = c.Value
		}
	}
	a := answer{path: r.URL.Path, status: rec.Code, header: rec.Header(), body: rec.Body.String()}
	if found := csrfField.FindStringSubmatch(a.body); found != nil {
		b.csrf = html.UnescapeString(found[1])
	} else if a.status == http.StatusSeeOther {
		b.csrf = "" // the page of the form is gone
	}
	return a
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

// get asks for a page and does not follow.
func (b *browser) get(target string) answer {
	b.w.t.Helper()
	return b.send(httptest.NewRequest(http.MethodGet, storagetest.Issuer+target, nil))
}

// post sends a form, fields as name and value in turn, with the hidden field of the last page this person
// saw (of /apps where they saw none).
func (b *browser) post(target string, fields ...string) answer {
	b.w.t.Helper()
	if b.csrf == "" {
		b.get("/apps")
	}
	form := url.Values{"csrf": {b.csrf}}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.postForm(target, form)
}

// postForm sends exactly that form.
func (b *browser) postForm(target string, form url.Values) answer {
	b.w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, storagetest.Issuer+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

// follow opens the page that the answer redirects to.
func (b *browser) follow(a answer) answer {
	b.w.t.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to(), "/") {
		b.w.t.Fatalf("%s answered %d to %q, want a redirect within:\n%s", a.path, a.status, a.to(), a.body)
	}
	to, _, _ := strings.Cut(a.to(), "#")
	return b.get(to)
}

// want fails unless the answer is a page of that status with all of the texts.
func want(t *testing.T, a answer, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s answered %d, want %d:\n%s", a.path, a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s does not say %q:\n%s", a.path, text, a.body)
		}
	}
}

// wantNot fails where the page says one of the texts.
func wantNot(t *testing.T, a answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("%s says %q", a.path, text)
		}
	}
}

func TestSignedOut(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/apps", "/apps/new", "/apps/demo", "/scopes"} {
		got := (&browser{w: w}).get(path)
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.to(), "/login") {
			t.Errorf("%s answered %d to %q, want the sign-in", path, got.status, got.to())
		}
	}
	want(t, w.as("alice").get("/apps"), http.StatusOK, "Alice Novak", "Reports service")
}
