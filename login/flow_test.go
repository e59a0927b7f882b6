package login

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
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

func TestConsentIsRemembered(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	req := func(scopes string) *storage.AuthRequest {
		return w.request("shop", func(r *storage.AuthRequest) { r.Scopes = strings.Fields(scopes) })
	}
	a := b.signIn(b.authorize(req("openid profile email")), "alice", "alice")
	// Ticking what was not asked grants nothing; leaving email out declines it.
	wantAway(t, b.allow(a, "phone", "offline_access", "admin"), "scope", "openid profile")
	wantAway(t, b.authorize(req("openid profile email")), "scope", "openid profile")

	a = b.authorize(req("openid profile email phone offline_access"))
	wantPage(t, a, http.StatusOK, "consent-allow")
	for _, box := range []string{`value="phone"`, `value="offline_access"`} {
		if !strings.Contains(a.body, box) {
			t.Errorf("no box %s", box)
		}
	}
	if strings.Contains(a.body, `value="email"`) {
		t.Error("a declined scope is asked again")
	}
	wantAway(t, b.allow(a, "offline_access"), "scope", "openid profile offline_access")

	w.clock.Advance(13 * 24 * time.Hour)
	wantAway(t, b.authorize(req("openid offline_access")), "scope", "openid offline_access")
	w.clock.Advance(storage.OfflineConsent)
	a = b.signIn(b.authorize(req("openid offline_access")), "alice", "alice")
	wantPage(t, a, http.StatusOK, "consent-allow")
}

func TestDeny(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	a := b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice")
	wantAway(t, b.open(http.MethodPost, "/consent", a.with("decision", "deny")), "error", "access_denied")
	list, err := w.db.Consents(context.Background(), w.user("alice").ID, "shop")
	if err != nil || len(list) != 0 {
		t.Errorf("a denial left %v, %v", list, err)
	}
	wantPage(t, b.authorize(w.request("shop", nil)), http.StatusOK, "consent-allow")
}

// An answer counts only for the question that was shown: what became required since is shown again.
func TestQuestionChangesMeanwhile(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	form := b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice")
	_, err := w.db.UpdateApp(context.Background(), storage.System, "shop", func(a *storage.App) error {
		a.Scopes = slices.Clone(a.Scopes)
		for i := range a.Scopes {
			a.Scopes[i].Required = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a := b.allow(form)
	wantPage(t, a, http.StatusOK, "consent-allow")
	if got := w.approvals(); len(got) != 0 {
		t.Fatalf("the app was given %v", got)
	}
	wantAway(t, b.allow(a), "scope", "openid profile email")
}

// The link beside the person on the consent page leads to the form of another account and back.
func TestUseAnother(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	a := b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice")
	link := regexp.MustCompile(`href="(/login\?request=[^"]*as=other)"`).FindStringSubmatch(a.body)
	if link == nil {
		t.Fatalf("no link to another account in:\n%s", a.body)
	}
	form := b.get(html.UnescapeString(link[1]))
	wantPage(t, form, http.StatusOK, "login-submit")
	if s := b.session(); s == nil || s.UserID != w.user("alice").ID {
		t.Error("the link alone signed the person out")
	}
	a = b.signIn(form, "bob", "bob")
	wantPage(t, a, http.StatusOK, "consent-allow")
	if !strings.Contains(a.body, "bob@example.com") {
		t.Errorf("the page does not show the new person:\n%s", a.body)
	}
}

// RFC 8252 §8.6: a public app on loopback is asked for each time, except in dev.
func TestNativeAppIsAskedEachTime(t *testing.T) {
	for _, tt := range []struct {
		issuer string
		asked  bool
	}{{production, true}, {development, false}} {
		t.Run(tt.issuer, func(t *testing.T) {
			w := newWorld(t, tt.issuer)
			b := w.browser()
			wantAway(t, b.allow(b.signIn(b.authorize(w.request("device", nil)), "alice", "alice")), "scope", "openid profile")
			a := b.authorize(w.request("device", nil))
			if tt.asked {
				wantPage(t, a, http.StatusOK, "consent-allow")
				a = b.allow(a, "email")
				wantAway(t, a, "scope", "openid profile email")
				return
			}
			wantAway(t, a, "scope", "openid profile")
		})
	}
}

func TestUncheckedAppIsCalledByItsHost(t *testing.T) {
	for _, tt := range []struct {
		issuer, app string
		want, not   string
	}{
		{production, "stranger", "stranger.example asks", "The stranger asks"},
		{production, "shop", "The shop asks", "shop.example asks"},
		{development, "stranger", "The stranger asks", "stranger.example asks"},
	} {
		t.Run(tt.issuer+" "+tt.app, func(t *testing.T) {
			w := newWorld(t, tt.issuer)
			b := w.browser()
			a := b.signIn(b.authorize(w.request(tt.app, nil)), "alice", "alice")
			if !strings.Contains(a.body, tt.want) || strings.Contains(a.body, tt.not) {
				t.Errorf("want %q and not %q in:\n%s", tt.want, tt.not, a.body)
			}
		})
	}
}

func TestOpenIDAloneIsShown(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	only := func(r *storage.AuthRequest) { r.Scopes = []string{"openid"} }
	a := b.signIn(b.authorize(w.request("shop", only)), "alice", "alice")
	s, err := w.db.Scope(context.Background(), "openid")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(a.body, s.Title["en"]) {
		t.Errorf("no row %q in:\n%s", s.Title["en"], a.body)
	}
	wantAway(t, b.allow(a), "scope", "openid")
}

func TestAppGoesAwayMeanwhile(t *testing.T) {
	tests := []struct {
		name   string
		change func(*storage.App) error
	}{
		{"disabled", func(a *storage.App) error { a.Enabled = false; return nil }},
		{"redirect URI removed", func(a *storage.App) error {
			a.RedirectURIs = []string{"https://shop.example/other"}
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, production)
			b := w.browser()
			form := b.authorize(w.request("shop", nil))
			_, err := w.db.UpdateApp(context.Background(), storage.System, "shop", tt.change)
			if err != nil {
				t.Fatal(err)
			}
			a := b.signIn(form, "alice", "alice")
			wantPage(t, a, http.StatusForbidden, "")
			if b.session() != nil {
				t.Error("signed in for an app that does not stand")
			}
		})
	}
}

// The audit says from where a person allowed and declined.
func TestDecisionsSayFromWhere(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.address = "192.0.2.77:4711"
	wantAway(t, b.allow(b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice")), "scope", "openid profile")
	for _, action := range []string{"consent.grant", "consent.deny"} {
		list, _, err := w.db.AuditLog(t.Context(), storage.AuditFilter{Action: action, Actor: w.user("alice").ID})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 || list[0].Actor.Address != "192.0.2.77" {
			t.Errorf("%s: got %+v, want one entry from 192.0.2.77", action, list)
		}
	}
}
