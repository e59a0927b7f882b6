package login

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/propusk/propusk/storage"
)

// browser keeps cookies and follows redirects within the issuer.
type browser struct {
	w       *world
	address string
	header  http.Header
	mu      sync.Mutex
	cookies map[string]string
	set     []*http.Cookie // by the last answer
}

func (w *world) browser() *browser {
	return &browser{w: w, address: "192.0.2.1:1234", header: http.Header{}, cookies: map[string]string{}}
}

// copy is a second browser with the same cookies.
func (b *browser) copy() *browser {
	c := b.w.browser()
	for k, v := range b.cookies {
		c.cookies[k] = v
	}
	return c
}

// answer is what a browser ends at: a page of ours, or a redirect elsewhere.
type answer struct {
	path   string // last asked for
	status int
	header http.Header
	body   string
	away   *url.URL // redirected to an app
}

// send does one request without following.
func (b *browser) send(method, target string, form url.Values) answer {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, b.w.config.Issuer+target, body)
	for k, v := range b.header {
		r.Header[k] = v
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.RemoteAddr = b.address
	b.mu.Lock()
	var names []string
	for name := range b.cookies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r.AddCookie(&http.Cookie{Name: name, Value: b.cookies[name]})
	}
	b.mu.Unlock()

	rec := httptest.NewRecorder()
	b.w.handler.ServeHTTP(rec, r)
	res := rec.Result()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set = res.Cookies()
	for _, c := range b.set {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	a := answer{path: target, status: res.StatusCode, header: res.Header, body: rec.Body.String()}
	if to := res.Header.Get("Location"); strings.Contains(to, ":") {
		a.away, _ = url.Parse(to)
	}
	return a
}

// open does a request and follows redirects within the issuer.
func (b *browser) open(method, target string, form url.Values) answer {
	a := b.send(method, target, form)
	for range 10 {
		to := a.header.Get("Location")
		if to == "" || a.away != nil {
			return a
		}
		a = b.send(http.MethodGet, to, nil)
	}
	b.w.t.Fatalf("redirects go round at %s", a.path)
	return a
}

func (b *browser) get(target string) answer { return b.open(http.MethodGet, target, nil) }

// authorize asks for the request by GET.
func (b *browser) authorize(req *storage.AuthRequest) answer {
	text, _ := json.Marshal(req)
	return b.get("/connect/authorize?" + url.Values{"json": {string(text)}}.Encode())
}

// endsession asks to log out by GET.
func (b *browser) endsession(req storage.LogoutRequest) answer {
	text, _ := json.Marshal(req)
	return b.get("/connect/endsession?" + url.Values{"json": {string(text)}}.Encode())
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// hidden returns the hidden fields of the page's form.
func (a answer) hidden() url.Values {
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(a.body, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// with adds fields, name and value in turn, to the hidden ones.
func (a answer) with(fields ...string) url.Values {
	v := a.hidden()
	for i := 0; i < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	return v
}

// shows tells whether the page holds the element of that id or the text.
func (a answer) shows(id string) bool { return strings.Contains(a.body, `id="`+id+`"`) }

func (b *browser) signIn(form answer, name, password string) answer {
	return b.open(http.MethodPost, "/login", form.with("username", name, "password", password))
}

func (b *browser) allow(form answer, scopes ...string) answer {
	v := form.with("decision", "allow")
	v["scope"] = scopes
	return b.open(http.MethodPost, "/consent", v)
}

// session is the live session of the browser, or nil.
func (b *browser) session() *storage.Session {
	b.w.t.Helper()
	secret := b.cookies[b.w.login.names.session]
	if secret == "" {
		return nil
	}
	s, _, err := b.w.db.SessionBySecret(context.Background(), secret)
	if err != nil {
		return nil
	}
	return s
}

// wantPage fails unless the answer is a page with that status and element.
func wantPage(t *testing.T, a answer, status int, id string) {
	t.Helper()
	if a.status != status || a.away != nil || (id != "" && !a.shows(id)) {
		t.Fatalf("%s answered %d (away %v), want %d with #%s:\n%s", a.path, a.status, a.away, status, id, a.body)
	}
}

// wantAway fails unless the answer goes to the app with those parameters, name and value in turn.
func wantAway(t *testing.T, a answer, params ...string) {
	t.Helper()
	if a.away == nil {
		t.Fatalf("%s answered %d, want a redirect to the app:\n%s", a.path, a.status, a.body)
	}
	for i := 0; i < len(params); i += 2 {
		if got := a.away.Query().Get(params[i]); got != params[i+1] {
			t.Fatalf("%s went to %s, want %s=%q", a.path, a.away, params[i], params[i+1])
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
