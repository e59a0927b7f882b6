package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// HC-073: a hint ends the session of a browser only if that browser is the hinted one's.
func TestLogout(t *testing.T) {
	const bye = "https://shop.example/bye"
	tests := []struct {
		name   string
		req    func(w *world, b *browser) storage.LogoutRequest
		ask    bool   // a confirmation comes first
		want   string // where it ends, "": our own page
		anyway bool   // also with nobody signed in
	}{
		{"own sid", func(_ *world, b *browser) storage.LogoutRequest {
			return storage.LogoutRequest{AppID: "shop", SessionID: b.session().ID, Sub: "x", RedirectURI: bye, State: "s 1"}
		}, false, bye + "?state=s+1", true},
		{"own sub, an older sid", func(w *world, _ *browser) storage.LogoutRequest {
			return storage.LogoutRequest{AppID: "shop", SessionID: "gone", Sub: w.user("alice").ID, RedirectURI: bye}
		}, true, bye, true}, // any app that ever got an id_token could else sign the person out
		{"own sid, nowhere to go", func(_ *world, b *browser) storage.LogoutRequest {
			return storage.LogoutRequest{AppID: "shop", SessionID: b.session().ID}
		}, false, "", true},
		{"another's hint", func(w *world, _ *browser) storage.LogoutRequest {
			return storage.LogoutRequest{AppID: "shop", SessionID: "gone", Sub: w.user("bob").ID, RedirectURI: bye, State: "s"}
		}, true, bye + "?state=s", true},
		{"app without a hint", func(*world, *browser) storage.LogoutRequest {
			return storage.LogoutRequest{AppID: "shop"}
		}, true, "", true},
		{"nothing", func(*world, *browser) storage.LogoutRequest { return storage.LogoutRequest{} }, true, "", true},
	}
	for _, tt := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(tt.name+" by "+method, func(t *testing.T) {
				w := newWorld(t, production)
				b := w.browser()
				b.signIn(b.get("/login"), "alice", "alice")
				former, req := b.copy(), tt.req(w, b)
				a := b.logout(t, method, req)
				if tt.ask {
					wantPage(t, a, http.StatusOK, "logout-yes")
					if b.session() == nil {
						t.Fatal("signed out without a word")
					}
					a = b.open(http.MethodPost, "/logout", a.hidden())
				}
				wantEnd(t, a, tt.want)
				if former.session() != nil {
					t.Error("the session still stands")
				}
				if b.cookies[w.login.names.session] != "" {
					t.Error("the cookie is kept")
				}
				wantEnd(t, b.logout(t, method, req), tt.want)
			})
		}
	}
}

// logout asks for the logout; by POST as another site does, without cookies.
func (b *browser) logout(t *testing.T, method string, req storage.LogoutRequest) answer {
	t.Helper()
	if method == http.MethodGet {
		return b.endsession(req)
	}
	kept := b.cookies
	b.cookies = map[string]string{}
	a := b.send(http.MethodPost, "/connect/endsession", url.Values{"json": {asJSON(t, req)}})
	b.cookies = kept
	if a.status != http.StatusSeeOther || a.away != nil {
		t.Fatalf("POST answered %d to %q, want 303 to a page of ours", a.status, a.header.Get("Location"))
	}
	return b.get(a.header.Get("Location"))
}

// wantEnd fails unless the answer goes to uri or, if that is empty, is our page without a question.
func wantEnd(t *testing.T, a answer, uri string) {
	t.Helper()
	if uri == "" {
		wantPage(t, a, http.StatusOK, "")
		if a.shows("logout-yes") {
			t.Fatalf("%s still asks", a.path)
		}
		return
	}
	if a.away == nil || a.away.String() != uri {
		t.Fatalf("%s answered %d to %v, want %s", a.path, a.status, a.away, uri)
	}
}

func TestLogoutOnceMore(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	form := b.get("/logout")
	wantEnd(t, b.open(http.MethodPost, "/logout", form.hidden()), "")
	wantEnd(t, b.open(http.MethodPost, "/logout", form.hidden()), "")
	wantPage(t, b.open(http.MethodPost, "/logout", url.Values{}), http.StatusForbidden, "")

	b.signIn(b.get("/login"), "alice", "alice")
	wantPage(t, b.open(http.MethodPost, "/logout", form.hidden()), http.StatusForbidden, "")
	if b.session() == nil {
		t.Error("the form of a former session ended this one")
	}
}

func TestHostileLogoutRequests(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	old := w.login.sealLogout(&storage.LogoutRequest{Sub: w.user("alice").ID})
	w.clock.Advance(requestAge)
	for name, sealed := range map[string]string{
		"empty": "", "rubbish": "AAAA", "old": old, "clear": url.QueryEscape(`{"r":{"u":"https://evil.example"}}`),
		"sealed for something else": w.db.Seal("csrf", []byte(`{"r":{"u":"https://evil.example"},"t":99999999999}`)),
	} {
		t.Run(name, func(t *testing.T) {
			wantPage(t, b.get("/logout?logout="+sealed), http.StatusBadRequest, "")
			form := b.get("/logout").hidden()
			form.Set("logout", sealed)
			if sealed == "" {
				return // the field of a form that asks for nothing more
			}
			wantPage(t, b.open(http.MethodPost, "/logout", form), http.StatusBadRequest, "")
		})
	}
	if b.session() == nil {
		t.Error("signed out")
	}
	b.cookies = map[string]string{}
	long := storage.LogoutRequest{RedirectURI: "https://shop.example/bye", State: noise(1, 8000)}
	a := b.send(http.MethodPost, "/connect/endsession", url.Values{"json": {asJSON(t, long)}})
	wantPage(t, a, http.StatusBadRequest, "")
}

func TestHome(t *testing.T) {
	w := newWorld(t, development)
	b := w.browser()
	a := b.get("/")
	wantPage(t, a, http.StatusOK, "")
	if !strings.Contains(a.body, `href="/login"`) || !strings.Contains(a.body, development+"/.well-known/openid-configuration") {
		t.Errorf("home does not say where to start:\n%s", a.body)
	}
	a = b.signIn(b.get("/login"), "alice@example.com", "alice")
	if a.path != "/account" || !strings.Contains(a.body, "Alice Novak") {
		t.Errorf("after a sign-in: %s\n%s", a.path, a.body)
	}
	if _, ok := b.cookies[w.login.names.form]; ok {
		t.Error("the pre-session cookie outlives the sign-in")
	}
	for _, path := range []string{"/", "/login", "/login?return=none"} {
		if a = b.get(path); a.path != "/account" {
			t.Errorf("%s of a signed-in person ends at %s", path, a.path)
		}
	}
}

// A session that has ended on the server is over in the browser, at once.
func TestSessionEndsOnTheServer(t *testing.T) {
	w := newWorld(t, production)
	tests := []struct {
		name string
		end  func(s *storage.Session) error
	}{
		{"ended", func(s *storage.Session) error { return w.db.EndSession(t.Context(), storage.System, s.ID) }},
		{"idle", func(*storage.Session) error { w.clock.Advance(15 * 24 * time.Hour); return nil }},
		{"disabled", func(s *storage.Session) error {
			return w.db.SetUserDisabled(t.Context(), storage.System, s.UserID, true)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := w.browser()
			b.signIn(b.get("/login"), "alice", "alice")
			s := b.session()
			if s == nil {
				t.Fatal("not signed in")
			}
			err := tt.end(s)
			if err != nil {
				t.Fatal(err)
			}
			wantPage(t, b.authorize(w.request("shop", nil)), http.StatusOK, "login-submit")
		})
	}
}
