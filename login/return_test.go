package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/propusk/propusk/storage"
)

// Who opens a page of ours signed out comes back to exactly it.
func TestSignInComesBack(t *testing.T) {
	for _, issuer := range []string{production, development} {
		for _, target := range []string{"/account", "/account?a=1&a=2&empty=", "/apps/x%2Fy?q=%D0%B0+b&cursor=a%26b", "/apps/a//b", "/apps/?lang=ru"} {
			t.Run(issuer+target, func(t *testing.T) {
				w := newWorld(t, issuer)
				b := w.browser()
				form := b.get(target)
				wantPage(t, form, http.StatusOK, "login-submit")
				wrong := b.signIn(form, "alice", "wrong")
				wantPage(t, wrong, http.StatusOK, "login-submit")
				a := b.signIn(wrong, "alice", "alice")
				if a.path != target || !strings.Contains(a.body, "Alice Novak at") {
					t.Fatalf("came back to %s:\n%s", a.path, a.body)
				}
				for name := range b.cookies {
					if strings.HasPrefix(name, w.login.names.request) {
						t.Errorf("the cookie %s outlives its request", name)
					}
				}
				if a = b.get(form.path); a.path != "/account" {
					t.Errorf("the way back to the form ends at %s with %d", a.path, a.status)
				}
			})
		}
	}
}

// A form sent from a page that was left open is refused, and nothing leads on from it.
func TestMemberPostSignedOut(t *testing.T) {
	w := newWorld(t, production)
	a := w.browser().send(http.MethodPost, "/account", url.Values{"csrf": {"x"}})
	wantPage(t, a, http.StatusForbidden, "")
}

func TestSignInComesBackLate(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	form := b.get("/apps/x?q=1")
	w.clock.Advance(requestAge)
	a := b.signIn(form, "alice", "alice")
	wantPage(t, a, http.StatusOK, "login-submit")
	a = b.signIn(a, "alice", "alice")
	if a.path != "/apps/x?q=1" {
		t.Errorf("after a form that was open for too long: %s with %d", a.path, a.status)
	}

	other := w.browser()
	wantPage(t, other.signIn(form, "alice", "alice"), http.StatusForbidden, "")
	if other.session() != nil {
		t.Error("another browser signed in by the form of this one")
	}
}

// TestProveAgain: a page that wants a fresh proof gets it, and the session stays what it was.
func TestProveAgain(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	a := b.signIn(b.get("/secret"), "alice", "alice")
	if !strings.Contains(a.body, "the secret of Alice Novak") {
		t.Fatalf("a sign-in of just now is no proof: %s\n%s", a.path, a.body)
	}
	before := b.session()
	w.clock.Advance(6 * time.Minute)
	a = b.get("/secret?x=1")
	wantPage(t, a, http.StatusOK, "login-submit")
	if !strings.Contains(a.body, "Sign in again") {
		t.Error("the page does not say why it asks")
	}
	if again := b.get("/secret?x=1"); strings.Contains(again.body, "the secret") {
		t.Error("looking twice is a proof")
	}
	wantPage(t, b.signIn(a, "alice", "wrong"), http.StatusOK, "login-submit")
	if again := b.get("/secret?x=1"); strings.Contains(again.body, "the secret") {
		t.Error("a wrong password is a proof")
	}
	a = b.signIn(a, "alice", "alice")
	if a.path != "/secret?x=1" || !strings.Contains(a.body, "the secret of Alice Novak") {
		t.Errorf("after the proof: %s\n%s", a.path, a.body)
	}
	if after := b.session(); after == nil || after.ID != before.ID {
		t.Errorf("the session %s became %v", before.ID, after)
	}
}

// Proved is about the person who is there now: another one who signs in instead gets the own page.
func TestProveAgainAsAnother(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	w.clock.Advance(time.Hour)
	a := b.signIn(b.get("/secret"), "bob", "bob")
	if strings.Contains(a.body, "Alice") || !strings.Contains(a.body, "the secret of") {
		t.Errorf("after another's proof: %s\n%s", a.path, a.body)
	}
}

// A session that has ended, and a person who was disabled, are signed out at the next request.
func TestMemberEnds(t *testing.T) {
	tests := map[string]func(w *world, s *storage.Session) error{
		"ended": func(w *world, s *storage.Session) error { return w.db.EndSession(t.Context(), storage.System, s.ID) },
		"disabled": func(w *world, s *storage.Session) error {
			return w.db.SetUserDisabled(t.Context(), storage.System, s.UserID, true)
		},
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, production)
			b := w.browser()
			b.signIn(b.get("/login"), "bob", "bob")
			err := end(w, b.session())
			if err != nil {
				t.Fatal(err)
			}
			wantPage(t, b.get("/account"), http.StatusOK, "login-submit")
			wantPage(t, b.send(http.MethodPost, "/account", url.Values{}), http.StatusForbidden, "")
			if a := b.get("/"); a.path != "/" || !strings.Contains(a.body, `href="/login"`) {
				t.Errorf("the start page ends at %s", a.path)
			}
		})
	}
}

// stays tells whether a browser at the issuer that is sent to target stays there, by the rules browsers
// follow (WHATWG URL §4.4): tabs and line breaks are left out, backslashes are slashes.
func stays(target string) bool {
	seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(strings.Trim(target, "\x00\x01\x02\x1f "))
	base := &url.URL{Scheme: "https", Host: "id.example", Path: "/login"}
	u, err := base.Parse(seen)
	return err == nil && u.Scheme == "https" && u.Host == "id.example" && u.User == nil && !strings.HasPrefix(seen, "//")
}

// TestOwnPath: whatever is let through keeps the browser here and is a clean header value.
func TestOwnPath(t *testing.T) {
	piece := rapid.SampledFrom([]string{"/", "//", `\`, "account", "evil.example", "?", "#", "@", ":", "https:", "javascript:", "%2f", "%5c", "%09",
		"%0d%0a", "\t", "\n", "\r", "\x00", " ", "..", ".", "a=b", "&", "ё", "\u202e", "\xff", "%", "%zz", ";"})
	rapid.Check(t, func(t *rapid.T) {
		target := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces"), "")
		if rapid.Bool().Draw(t, "anything") {
			target = rapid.String().Draw(t, "target")
		}
		if rapid.Bool().Draw(t, "rooted") {
			target = "/" + target
		}
		if !ownPath(target) {
			return
		}
		if !stays(target) || len(target) > returnBytes || strings.ContainsAny(target, "\\\r\n\t\x00 #") {
			t.Fatalf("%q is let through", target)
		}
	})
}

func TestOwnPathTable(t *testing.T) {
	tests := []struct {
		target string
		want   bool
	}{
		{"/account", true}, {"/", true}, {"/apps/x%2Fy?q=%D0%B0&x=//evil.example", true}, {"/a//b", true}, {"/device?user_code=WDJB-MJHT", true},
		{"", false}, {"account", false}, {"//", false}, {"///evil.example", false}, {"//evil.example", false}, {`/\evil.example`, false}, {`\/evil.example`, false}, {"/\t/evil.example", false},
		{"https://evil.example/", false}, {"https:evil.example", false}, {"javascript:alert(1)", false}, {"/%2f/evil.example", false},
		{"/%5cevil.example", false}, {"/x\r\nSet-Cookie: a=b", false}, {"/x%0d%0ay", false}, {"/x#y", false}, {"/ё", false}, {"/%zz", false},
		{"/" + strings.Repeat("a", returnBytes-1), true}, {"/" + strings.Repeat("a", returnBytes), false},
	}
	for _, tt := range tests {
		if got := ownPath(tt.target); got != tt.want {
			t.Errorf("ownPath(%.60q) = %t, want %t", tt.target, got, tt.want)
		}
	}
}

// TestReturnPath: any request there can be leads back to here, by goBack too.
func TestReturnPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := &url.URL{Path: "/" + rapid.String().Draw(t, "path"), RawQuery: rapid.String().Draw(t, "query")}
		got := returnPath(&http.Request{Method: http.MethodGet, URL: u})
		if !ownPath(got) {
			t.Fatalf("%q leads to %q", u, got)
		}
	})
	long := &url.URL{Path: "/apps", RawQuery: strings.Repeat("q", returnBytes)}
	if got := returnPath(&http.Request{URL: long}); got != "/apps" {
		t.Errorf("a long query leads to %.80q, want /apps", got)
	}
}
