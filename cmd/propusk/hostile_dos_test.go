package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostileDoS holds the cases of taking up what others need; slow connections are in hostile_slow_test.go.
var hostileDoS = map[string]func(*testing.T){
	"HC-091": dosLargeRequests,
	"HC-092": dosSlowConnections,
	"HC-093": dosAnonymousRequests,
}

// bodyLimit is how much of a body is ever read: 64 KiB, and one byte to know that there is more.
const bodyLimit = 64<<10 + 1

// meter watches what of the bodies is read, and how many requests reach a handler.
type meter struct{ read, requests atomic.Int64 }

type meteredBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (b meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

func (m *meter) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.requests.Add(1)
		// On a copy: from the body of its own request the server tells that it was not read to its end,
		// and then gives the client time to read the answer.
		r = r.WithContext(r.Context())
		r.Body = meteredBody{r.Body, &m.read}
		next.ServeHTTP(w, r)
	})
}

// endless is a body of one letter that takes no memory.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// dosLargeRequests: what is too large is refused before it is read, and leaves nothing behind.
func dosLargeRequests(t *testing.T) {
	var m meter
	w := newWorld(t, wrapped(m.wrap))
	posts := []string{
		"/connect/token", "/connect/introspect", "/connect/revocation", "/connect/userinfo", "/connect/authorize", "/connect/endsession",
		"/login", "/consent", "/logout", "/device", "/welcome", "/connect/deviceauthorization",
	}
	text := func(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }
	bodies := []struct {
		name   string
		body   func() io.Reader
		size   int64 // -1: chunked, without a Content-Length
		status []int
	}{
		{"64 KiB and one byte", func() io.Reader { return endless('a') }, bodyLimit, []int{413}},
		{"11 MB", func() io.Reader { return endless('a') }, 11 << 20, []int{413}},
		{"11 MB chunked", func() io.Reader { return io.LimitReader(endless('a'), 11<<20) }, -1, []int{413}},
		{"100,000 parameters", text(strings.Repeat("a=1&", 100_000)), 400_000, []int{413}},
		{"30,000 empty parameters", text(strings.Repeat("&", 30_000)), 30_000, []int{400}},
		{"101 parameters", text(strings.Repeat("a=1&", 101)), 404, []int{400}},
		{"state of 500 KB", text("state=" + strings.Repeat("s", 500<<10)), 6 + 500<<10, []int{413}},
		{"state of 60 KB", text(demoApp.asking("state", strings.Repeat("s", 60<<10)).Encode()), -1, []int{303, 400, 401, 403}},
		{"a sparse list", text("scope.999999999=x&scope[999999999]=y&" + demoApp.asking("prompt", "none").Encode()), -1, []int{303, 400, 401, 403}},
	}
	before, files := w.stored(), w.sizes()
	for _, path := range posts {
		for _, b := range bodies {
			r := w.request(http.MethodPost, path, "x", "Origin", w.issuer, "Sec-Fetch-Site", "same-origin")
			r.Body, r.ContentLength = io.NopCloser(b.body()), b.size
			if b.size > 0 {
				r.Body = io.NopCloser(io.LimitReader(b.body(), b.size))
			}
			m.read.Store(0)
			var got *reply
			taken := allocated(func() { got = w.send(r) })
			if !contains(b.status, got.status) {
				t.Errorf("%s, %s: got %d, want one of %v\n%s", path, b.name, got.status, b.status, clipLog(got.body))
			}
			if m.read.Load() > bodyLimit {
				t.Errorf("%s, %s: %d bytes of the body were read, want %d at most", path, b.name, m.read.Load(), bodyLimit)
			}
			if taken > 4<<20 {
				t.Errorf("%s, %s: took %d bytes of memory", path, b.name, taken)
			}
			wantSmall(t, path+", "+b.name, got)
		}
	}
	w.wantUnchanged("large bodies", before)
	dosLargeForms(t, &m)
	dosLargeHeaders(t, w, &m)
	w.wantUnchanged("large headers", before)
	if diff := cmp.Diff(files, w.sizes()); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// dosLargeHeaders sends what is too large outside of a body.
func dosLargeHeaders(t *testing.T, w *world, m *meter) {
	t.Helper()
	for name, lines := range map[string]string{
		"a header of 1 MB":       "GET /login HTTP/1.1\r\nX-Large: " + strings.Repeat("a", 1<<20) + "\r\n",
		"100,000 headers":        "GET /login HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 100_000),
		"cookies of 100 KB":      "GET /login HTTP/1.1\r\nCookie: " + strings.Repeat("propusk_r_1_aaaaaaaaaa=b; ", 4000) + "\r\n",
		"state of 500 KB by GET": "GET /connect/authorize?state=" + strings.Repeat("s", 500<<10) + " HTTP/1.1\r\n",
		"a token of 100 KB":      "GET /connect/userinfo HTTP/1.1\r\nAuthorization: Bearer " + strings.Repeat(".", 100<<10) + "\r\n",
	} {
		m.requests.Store(0)
		list := w.raw(lines + "Host: " + w.host() + "\r\n\r\n")
		if len(list) != 1 || list[0].status != http.StatusRequestHeaderFieldsTooLarge || m.requests.Load() != 0 {
			t.Errorf("%s: %d answers, %d requests reached the handler, want one 431", name, len(list), m.requests.Load())
		}
	}
	// Within the limits of a message, but not of a parameter or a cookie.
	noise := make([]byte, 3900)
	for i := range noise {
		noise[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[rand.IntN(64)]
	}
	for name, state := range map[string]string{"state of 20 KB by GET": strings.Repeat("s", 20<<10), "state that no cookie holds": string(noise)} {
		got := w.get(authorizePath(demoApp.asking("state", state)))
		to := got.location()
		if to == nil || to.Query().Get("error") != "invalid_request" || !strings.Contains(to.Query().Get("error_description"), "state") {
			t.Errorf("%s: got %d to %.200q", name, got.status, got.header.Get("Location"))
		}
		wantSmall(t, name, got)
	}
}

// wantSmall checks that a browser would keep every cookie of the answer.
func wantSmall(t *testing.T, what string, got *reply) {
	t.Helper()
	for _, c := range got.cookies() {
		if len(c.Name)+len(c.Value) > 3800 {
			t.Errorf("%s: sets a cookie of %d bytes", what, len(c.Name)+len(c.Value))
		}
	}
}

// sizes are the sizes of the database and its write-ahead log. (The index of the log, -shm, is memory
// that readers use as well.)
func (w *world) sizes() map[string]int {
	w.t.Helper()
	sizes := map[string]int{}
	for name, content := range w.files() {
		if !strings.HasSuffix(name, "-shm") {
			sizes[name] = len(content)
		}
	}
	return sizes
}

// dosAnonymousRequests: whoever is not signed in leaves nothing in the database, however often they ask.
func dosAnonymousRequests(t *testing.T) {
	w := newWorld(t)
	before, files := w.stored(), w.files()
	flood := func(n int) {
		together(8, func(i int) {
			for j := range n / 8 {
				asked := demoApp.asking("state", fmt.Sprint(i, j), "nonce", strings.Repeat("n", 100))
				r := w.request(http.MethodGet, authorizePath(asked), "", "Cookie", "propusk_r_1_aaaaaaaaaa=forged")
				if j%2 == 1 {
					r = w.request(http.MethodPost, "/connect/authorize", asked.Encode())
				}
				got := w.send(r)
				if to := got.location(); got.status != http.StatusSeeOther || to == nil || to.Path != "/login" {
					t.Errorf("anonymous request: got %d to %q", got.status, got.header.Get("Location"))
					return
				}
			}
		})
	}
	flood(1600)
	after := w.files()
	for name, content := range files {
		if !strings.HasSuffix(name, "-shm") && !bytes.Equal(content, after[name]) {
			t.Errorf("%s has changed: %d bytes before, %d after", name, len(content), len(after[name]))
		}
	}
	if len(after) != len(files) {
		t.Errorf("%d files before, %d after", len(files), len(after))
	}
	w.wantUnchanged("anonymous requests", before)
	removed, err := w.db.Sweep(t.Context())
	if err != nil || removed != 0 {
		t.Errorf("the sweep removed %d rows, error %v", removed, err)
	}
	together(2, func(i int) {
		if i == 0 {
			flood(400)
			return
		}
		w.login(w.person("alice"), demoApp)
	})
	w.login(w.person("bob"), demoApp)
	if n := w.stored()["grants"]; n != 2 {
		t.Errorf("%d grants, want those of two sign-ins", n)
	}
}

func contains(list []int, n int) bool {
	for _, m := range list {
		if m == n {
			return true
		}
	}
	return false
}

// dosLargeForms: a person and a script who are known send too much as well.
func dosLargeForms(t *testing.T, m *meter) {
	t.Helper()
	w := newWorld(t, wrapped(m.wrap))
	p := w.office("alice")
	script := w.script(p, storage.APIScopes(storage.Full)...)
	before := w.stored()
	large := func(what string, r *http.Request, begin string, size int64, send func(*http.Request) *reply) {
		t.Helper()
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(begin), io.LimitReader(endless('a'), size))), -1
		m.read.Store(0)
		got := send(r)
		if got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: got %d, want 413\n%s", what, got.status, clipLog(got.body))
		}
		if m.read.Load() > bodyLimit+1 {
			t.Errorf("%s: %d bytes of the body were read", what, m.read.Load())
		}
	}
	for _, size := range []int64{64 << 10, 11 << 20} {
		for route := range officeWork {
			path := filled(route, map[string]string{"id": "demo", "sub": w.userID("bob")})
			r := w.request(http.MethodPost, path, "x", "Origin", w.issuer, "Sec-Fetch-Site", "same-origin")
			large(fmt.Sprintf("%d bytes to %s", size, path), r, "csrf="+url.QueryEscape(p.token())+"&name=", size, p.send)
		}
		for path, method := range map[string]string{"/apps": "POST", "/apps/demo": "PATCH", "/me": "PATCH", "/users": "POST", "/apps/demo/keys": "POST"} {
			r := w.request(method, "/api/v1"+path, "x", "Authorization", "Bearer "+script)
			r.Header.Set("Content-Type", "application/json")
			large(fmt.Sprintf("%d bytes to the API at %s", size, path), r, `{"description":"`, size, w.send)
		}
	}
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	for _, body := range []string{deep, strings.Repeat("[", 30_000), `{"redirect_uris":[` + strings.Repeat(`"https://a.example/",`, 2_000) + `""]}`, `{"scopes":{"999999999":{}}}`, "\xff\xfe", `{"description":"a","description":"b"}x`} {
		if got := w.call(script, http.MethodPatch, "/apps/demo", body); got.status != 400 && got.status != 413 && got.status != 422 {
			t.Errorf("%.40q: got %d %s", body, got.status, clipLog(got.body))
		}
	}
	w.wantUnchanged("large forms", before)
}
