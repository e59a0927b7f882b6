package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

const (
	production  = "https://id.example"
	development = "http://localhost:9998"
)

func TestSignInConsentAndAgain(t *testing.T) {
	for _, issuer := range []string{production, development} {
		t.Run(issuer, func(t *testing.T) {
			w := newWorld(t, issuer)
			b := w.browser()

			a := b.authorize(w.request("shop", nil))
			wantPage(t, a, http.StatusOK, "login-submit")
			if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https:") {
				t.Errorf("the form may not end at the app: %s", csp)
			}
			a = b.signIn(a, "alice", "alice")
			wantPage(t, a, http.StatusOK, "consent-allow")
			if !strings.Contains(a.body, "alice@example.com") {
				t.Error("the consent page does not show the value that is shared")
			}
			a = b.allow(a, "email")
			wantAway(t, a, "scope", "openid profile email", "state", "st")

			for name := range b.cookies {
				if strings.HasPrefix(name, w.login.names.request) {
					t.Errorf("the cookie %s outlives its request", name)
				}
			}
			s := b.session()
			req := w.request("shop", nil)
			a = b.authorize(req)
			wantAway(t, a, "scope", "openid profile email")
			if len(b.set) != 0 {
				t.Errorf("an answer at once sets cookies: %v", b.set)
			}
			got := w.approvals()[1]
			want := approval{Request: req.ID, User: w.user("alice").ID, Session: s.ID, Scopes: req.Scopes}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("approval (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSessionCookie(t *testing.T) {
	tests := []struct {
		issuer, name string
		secure       bool
	}{
		{production, "__Host-propusk_session", true},
		{development, "propusk_session_9998", false},
	}
	for _, tt := range tests {
		t.Run(tt.issuer, func(t *testing.T) {
			w := newWorld(t, tt.issuer)
			b := w.browser()
			form := b.get("/login")
			b.send(http.MethodPost, "/login", form.with("username", "alice", "password", "alice"))
			var got *http.Cookie
			for _, c := range b.set {
				if c.Name == tt.name {
					got = c
				}
			}
			if got == nil {
				t.Fatalf("no cookie %s in %v", tt.name, b.set)
			}
			if got.Path != "/" || got.Domain != "" || !got.HttpOnly || got.Secure != tt.secure ||
				got.SameSite != http.SameSiteLaxMode || got.MaxAge != 30*24*60*60 {
				t.Errorf("cookie %s", got.Raw)
			}
			if s := b.session(); s == nil || s.ID == got.Value {
				t.Errorf("the cookie holds no secret of a session: %v", s)
			}
		})
	}
}

// HC-068, and the same by POST, which goes round by a GET.
func TestPromptNone(t *testing.T) {
	none := func(r *storage.AuthRequest) { r.Prompt = []string{"none"} }
	tests := []struct {
		name  string
		setUp func(w *world, b *browser)
		want  []string
	}{
		{"signed out", func(*world, *browser) {}, []string{"error", "login_required"}},
		{"signed in without consent", func(w *world, b *browser) {
			b.signIn(b.get("/login"), "alice", "alice")
		}, []string{"error", "consent_required"}},
		{"signed in with consent", func(w *world, b *browser) {
			b.allow(b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice"), "email")
		}, []string{"scope", "openid profile email"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, production)
			b := w.browser()
			tt.setUp(w, b)
			a := b.authorize(w.request("shop", none))
			wantAway(t, a, tt.want...)
			if !strings.HasPrefix(a.path, "/connect/authorize") || a.body != "" {
				t.Errorf("answered at %s with %q, want an empty answer at once", a.path, a.body)
			}

			// A cross-site POST brings no cookies; the GET it leads to does.
			kept := b.cookies
			b.cookies = map[string]string{}
			a = b.send(http.MethodPost, "/connect/authorize", url.Values{"json": {asJSON(t, w.request("shop", none))}})
			if a.status != http.StatusSeeOther || a.away != nil {
				t.Fatalf("POST answered %d to %q, want 303 to a page of ours", a.status, a.header.Get("Location"))
			}
			for k, v := range kept {
				b.cookies[k] = v
			}
			wantAway(t, b.get(a.header.Get("Location")), tt.want...)
		})
	}
}

// HC-060: a new secret at each sign-in and re-authentication, the old one dead, the sid constant.
func TestReauthentication(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.allow(b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice"), "email")
	before, old := b.session(), b.copy()

	for _, change := range []func(*storage.AuthRequest){
		func(r *storage.AuthRequest) { r.Prompt = []string{"login"} },
		func(r *storage.AuthRequest) { r.MaxAge = seconds(0) },
	} {
		w.clock.Advance(time.Second)
		a := b.authorize(w.request("shop", change))
		wantPage(t, a, http.StatusOK, "login-submit")
		if !strings.Contains(a.body, `value="alice"`) {
			t.Error("the form does not know who must prove it again")
		}
		a = b.signIn(a, "alice", "wrong")
		wantPage(t, a, http.StatusOK, "wrong")
		wantAway(t, b.signIn(a, "alice", "alice"), "scope", "openid profile email")
	}
	after := b.session()
	if after == nil || after.ID != before.ID || !after.AuthTime.After(before.AuthTime) {
		t.Errorf("session %+v became %+v", before, after)
	}
	if s := old.session(); s != nil {
		t.Error("the secret before the re-authentication still opens the session")
	}
}

// HC-060: whoever plants a session of theirs is not let into the one that follows.
func TestPlantedSession(t *testing.T) {
	w := newWorld(t, production)
	attacker := w.browser()
	attacker.signIn(attacker.get("/login"), "bob", "bob")
	planted := attacker.session()

	victim := attacker.copy()
	a := victim.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"login"} }))
	victim.signIn(a, "alice", "alice")
	s := victim.session()
	if s == nil || s.ID == planted.ID || s.UserID != w.user("alice").ID {
		t.Errorf("the victim's session is %+v", s)
	}
	if got := attacker.session(); got != nil {
		t.Errorf("the planted secret opens %+v", got)
	}
}

func TestChooseAccount(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.allow(b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice"), "email")
	choose := func(r *storage.AuthRequest) { r.Prompt = []string{"select_account"} }

	a := b.authorize(w.request("shop", choose))
	wantPage(t, a, http.StatusOK, "")
	wantAway(t, b.open(http.MethodPost, "/login", a.with("account", "keep")), "scope", "openid profile email")

	former := b.copy()
	a = b.authorize(w.request("shop", choose))
	wantPage(t, b.open(http.MethodPost, "/login", a.with("account", "nobody")), http.StatusBadRequest, "")
	a = b.open(http.MethodPost, "/login", a.with("account", "other"))
	wantPage(t, a, http.StatusOK, "login-submit")
	if b.session() == nil {
		t.Error("asking for the form of another account signed the person out")
	}
	a = b.signIn(a, "bob", "bob")
	wantPage(t, a, http.StatusOK, "consent-allow")
	wantAway(t, b.allow(a), "scope", "openid profile")
	if s := former.session(); s != nil {
		t.Error("the former person's session outlived another's sign-in")
	}
}

// OpenID Connect Core §3.1.2.1: never answer for another person than the one hinted.
func TestHintOfAnother(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.allow(b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice"), "email")
	bob := func(r *storage.AuthRequest) { r.HintSub = w.user("bob").ID }

	a := b.authorize(w.request("shop", bob))
	wantPage(t, a, http.StatusOK, "login-submit")
	wantAway(t, b.signIn(a, "alice", "alice"), "error", "login_required")

	a = b.signIn(b.authorize(w.request("shop", bob)), "bob", "bob")
	wantPage(t, a, http.StatusOK, "consent-allow")
	wantAway(t, b.allow(a), "scope", "openid profile")
}
