package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// HC-067: there is no address to return to that anybody could choose.
func TestReturnAddressesAreIgnored(t *testing.T) {
	w := newWorld(t, production)
	for _, to := range []string{"//evil", `/\evil`, "/\t/evil", "https:evil", "/%2f%2fevil", "javascript:x", "https://evil.example/"} {
		wishes := url.Values{}
		for _, name := range []string{"return_to", "next", "redirect_uri", "url", "continue"} {
			wishes.Set(name, to)
		}
		b := w.browser()
		form := b.get("/login?"+wishes.Encode()).with("username", "alice", "password", "alice")
		for name := range wishes {
			form.Set(name, to)
		}
		a := b.send(http.MethodPost, "/login?"+wishes.Encode(), form)
		if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != "/account" {
			t.Fatalf("%q leads to %d %q, want /", to, a.status, got)
		}
	}
}

// HC-025: no other method does anything.
func TestMethods(t *testing.T) {
	w := newWorld(t, production)
	for _, path := range []string{"/", "/login", "/consent", "/logout", "/device", "/welcome"} {
		b := w.browser()
		b.signIn(b.get("/login"), "alice", "alice")
		for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			a := b.send(method, path, nil)
			if a.status != http.StatusMethodNotAllowed || !strings.HasPrefix(a.header.Get("Allow"), "GET") || len(b.set) != 0 {
				t.Errorf("%s %s: %d, Allow %q, cookies %v", method, path, a.status, a.header.Get("Allow"), b.set)
			}
			if b.session() == nil {
				t.Errorf("%s %s ended the session", method, path)
			}
		}
	}
}

// A malformed session cookie is a person who is not signed in, never an error.
func TestHostileSessionCookies(t *testing.T) {
	w := newWorld(t, production)
	for name, value := range map[string]string{
		"random": "q7m2x0", "empty": "", "8 KB": strings.Repeat("a", 8<<10), "NUL": "a\x00b", "quotes": `"a"`,
		"SQL": "'--", "not UTF-8": "\xff\xfe", "sealed of another purpose": w.db.Seal("csrf", []byte("{}")),
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			b.header.Set("Cookie", w.login.names.session+"="+value)
			wantPage(t, b.get("/login"), http.StatusOK, "login-submit")
			wantAway(t, b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"none"} })), "error", "login_required")
		})
	}
}
