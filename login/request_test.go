package login

import (
	"bytes"
	"compress/flate"
	"math/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// noise is text that does not compress: n characters of base64url.
func noise(seed int64, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := rand.New(rand.NewSource(seed))
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.Intn(len(letters))]
	}
	return string(b)
}

func TestSealedRequestComesBack(t *testing.T) {
	w := newWorld(t, production)
	req := w.request("shop", func(r *storage.AuthRequest) {
		r.Nonce, r.Challenge, r.LoginHint = noise(1, 200), noise(2, 43), `<script>"'`
		r.MaxAge = seconds(0)
		r.Claims = acr(true, `"1"`)
		r.Progress = storage.Progress{Authenticated: "s", Account: "u", Consented: "u", Granted: []string{"openid"}}
	})
	sealed, err := w.login.sealer.seal(req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.login.sealer.open(sealed, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(req, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestTypicalRequestIsSmall(t *testing.T) {
	w := newWorld(t, production)
	req := w.request("shop", func(r *storage.AuthRequest) {
		r.State, r.Nonce, r.Challenge = noise(1, 22), noise(2, 22), noise(3, 43)
	})
	sealed, err := w.login.sealer.seal(req)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(sealed); n > 450 {
		t.Errorf("a typical request takes %d characters", n)
	}
}

// What the browser sends instead of a sealed request is never more than a page that says so.
func TestHostileRequestCookies(t *testing.T) {
	w := newWorld(t, production)
	req := w.request("shop", nil)
	good, err := w.login.sealer.seal(req)
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.login.sealer.seal(w.request("shop", nil))
	if err != nil {
		t.Fatal(err)
	}
	var bomb bytes.Buffer
	fw, err := flate.NewWriterDict(&bomb, flate.BestCompression, []byte(dictionary))
	if err != nil {
		t.Fatal(err)
	}
	_, err = fw.Write([]byte(`{"i":"` + req.ID + `","s":"` + strings.Repeat("a", 4<<20) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	err = fw.Close()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, value string }{
		{"none", ""},
		{"random", noise(1, 300)},
		{"8 KB", noise(1, 8<<10)},
		{"NUL", "a\x00b"},
		{"cut", good[:len(good)-4]},
		{"changed", good[:60] + string(good[60]^1) + good[61:]},
		{"another request's", other},
		{"sealed for something else", w.db.Seal("csrf", []byte(`{"i":"`+req.ID+`"}`))},
		{"not compressed", w.db.Seal("request", []byte(`{"i":"`+req.ID+`"}`))},
		{"inflates to megabytes", w.db.Seal("request", bomb.Bytes())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := w.browser()
			b.header.Set("Cookie", w.login.names.requestName(req.ID)+"="+tt.value)
			for _, target := range []string{"/login?request=" + req.ID, "/consent?request=" + req.ID} {
				wantPage(t, b.get(target), http.StatusForbidden, "")
			}
		})
	}
	for _, id := range []string{"", "x", "short", strings.Repeat("a", 8<<10), "AAAAAAAAAAAAAAAAAAAAAAAAAA", "..%2f..%2f..%2f..%2f..%2f", "%00"} {
		for _, page := range []string{"/login", "/consent"} {
			wantPage(t, w.browser().get(page+"?request="+id), http.StatusForbidden, "")
		}
	}
}

// HC-026: a request is worth nothing in a browser it was not begun in.
func TestRequestOfAnotherBrowser(t *testing.T) {
	w := newWorld(t, production)
	mine, victim := w.browser(), w.browser()
	a := mine.authorize(w.request("shop", nil))
	wantPage(t, victim.get(a.path), http.StatusForbidden, "")
	wantPage(t, victim.open(http.MethodPost, "/login", a.with("username", "alice", "password", "alice")), http.StatusForbidden, "")
	if victim.session() != nil {
		t.Error("the victim is signed in")
	}
}

func TestRequestExpires(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	a := b.authorize(w.request("shop", nil))
	w.clock.Advance(requestAge - time.Second)
	wantPage(t, b.get(a.path), http.StatusOK, "login-submit")
	w.clock.Advance(time.Second)
	wantPage(t, b.get(a.path), http.StatusBadRequest, "")
	for name := range b.cookies {
		if strings.HasPrefix(name, w.login.names.request) {
			t.Errorf("cookie %s is kept", name)
		}
	}
}

// The limits of the cookies together: the newest stay, the oldest go.
func TestRequestCookiesAreBounded(t *testing.T) {
	tests := []struct {
		name   string
		issuer string
		state  int // characters
		want   int // cookies that stay
		bytes  int
	}{
		{"small on https", production, 20, jarCount, jarBytes},
		{"large on https", production, 2000, 3, jarBytes},
		{"small on http", development, 20, jarCountHTTP, jarBytesHTTP},
		{"large on http", development, 2000, 1, jarBytesHTTP},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.issuer)
			b := w.browser()
			var ids []string
			for i := range 9 {
				w.clock.Advance(time.Second)
				req := w.request("shop", func(r *storage.AuthRequest) { r.State = noise(int64(i), tt.state) })
				ids = append(ids, req.ID)
				wantPage(t, b.authorize(req), http.StatusOK, "login-submit")
			}
			total, count := 0, 0
			for name, value := range b.cookies {
				if strings.HasPrefix(name, w.login.names.request) {
					count++
					total += cookieSize(name, value)
				}
			}
			if count != tt.want || total > tt.bytes {
				t.Errorf("%d cookies of %d bytes, want %d of at most %d", count, total, tt.want, tt.bytes)
			}
			for i, id := range ids {
				status := http.StatusForbidden
				if i >= len(ids)-tt.want {
					status = http.StatusOK
				}
				if a := b.get("/login?request=" + id); a.status != status {
					t.Errorf("request %d of %d: %d, want %d", i+1, len(ids), a.status, status)
				}
			}
		})
	}
}

// What does not fit is refused by the name of what takes the room, and never leaves half a cookie.
func TestTooLargeRequests(t *testing.T) {
	w := newWorld(t, production)
	tests := []struct {
		param  string
		change func(*storage.AuthRequest)
	}{
		{"state", func(r *storage.AuthRequest) { r.State = noise(1, 4000) }},
		{"nonce", func(r *storage.AuthRequest) { r.Nonce, r.State = noise(1, 2000), noise(2, 1500) }},
		{"login_hint", func(r *storage.AuthRequest) { r.LoginHint = noise(1, 20<<10) }},
		{"claims", func(r *storage.AuthRequest) { r.Claims = acr(false, `"`+noise(1, 4000)+`"`) }},
	}
	for _, tt := range tests {
		t.Run(tt.param, func(t *testing.T) {
			b := w.browser()
			text := w.request("shop", tt.change)
			a := b.authorize(text)
			wantAway(t, a, "error", "invalid_request")
			if d := a.away.Query().Get("error_description"); !strings.Contains(d, tt.param) {
				t.Errorf("description %q does not name %s", d, tt.param)
			}
			if len(b.cookies) != 0 {
				t.Errorf("cookies %v", b.cookies)
			}
		})
	}
	t.Run("the largest that fits goes all the way", func(t *testing.T) {
		b := w.browser()
		n := 3000
		for {
			a := b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.State = noise(int64(n), n+10) }))
			if a.away != nil {
				break
			}
			n += 10
		}
		b = w.browser()
		a := b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.State = noise(int64(n-10), n) }))
		wantAway(t, b.allow(b.signIn(a, "alice", "alice"), "email"), "scope", "openid profile email")
	})
}
