package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// consents are the standing decisions of the person for the app, "-" before declined ones.
func (w *world) consents(login, app string) (names []string, until time.Time) {
	w.t.Helper()
	list, err := w.db.Consents(w.t.Context(), w.user(login).ID, app)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list {
		if c.Granted {
			names = append(names, c.Scope)
		} else {
			names = append(names, "-"+c.Scope)
		}
		if c.Scope == storage.ScopeOffline {
			until = c.Until
		}
	}
	return names, until
}

// audited counts the entries of that action about the person by the app.
func (w *world) audited(action, app, login string) int {
	w.t.Helper()
	list, _, err := w.db.AuditLog(w.t.Context(), storage.AuditFilter{Action: action, Actor: app, Target: w.user(login).ID})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// What a switch grants is recorded before the app is answered, so that the account shows it and the code
// can be redeemed; prompt=none too.
func TestPresetIsRecorded(t *testing.T) {
	for _, prompt := range [][]string{nil, {"none"}} {
		w := newWorld(t, production)
		w.change("shop", func(a *storage.App) { a.SkipConsent, a.PresetScopes = true, []string{"openid", "profile", "email"} })
		b := w.browser()
		b.signIn(b.get("/login"), "alice", "alice")
		wantAway(t, b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = prompt })), "scope", "openid profile email")
		got, _ := w.consents("alice", "shop")
		if diff := cmp.Diff([]string{"email", "openid", "profile"}, got); diff != "" {
			t.Errorf("consents (-want +got):\n%s", diff)
		}
		wantAway(t, b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = prompt })), "scope", "openid profile email")
		if n := w.audited("consent.preset", "shop", "alice"); n != 1 {
			t.Errorf("%d audit entries, want 1", n)
		}
	}
}

func TestPresetBehindTheSignIn(t *testing.T) {
	w := newWorld(t, production)
	w.change("shop", func(a *storage.App) { a.SkipConsent, a.PresetScopes = true, []string{"openid", "profile", "email"} })
	b := w.browser()
	wantAway(t, b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice"), "scope", "openid profile email")
	// prompt=consent asks all the same, and what is unticked stays away.
	a := b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"consent"} }))
	wantPage(t, a, http.StatusOK, "consent-allow")
	wantAway(t, b.allow(a), "scope", "openid profile")
	wantAway(t, b.authorize(w.request("shop", nil)), "scope", "openid profile")
	got, _ := w.consents("alice", "shop")
	if diff := cmp.Diff([]string{"-email", "openid", "profile"}, got); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
}

func TestOfflineWithoutConsent(t *testing.T) {
	w := newWorld(t, production)
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = true })
	offline := func(r *storage.AuthRequest) { r.Scopes = append(r.Scopes, storage.ScopeOffline) }
	b := w.browser()
	a := b.signIn(b.authorize(w.request("shop", offline)), "alice", "alice")
	wantPage(t, a, http.StatusOK, "consent-allow")
	if strings.Contains(a.body, `value="offline_access"`) || !strings.Contains(a.body, "This access is kept while you are away") {
		t.Errorf("the page asks for what is kept, or does not tell it:\n%s", a.body)
	}
	if n := w.audited("consent.offline_auto", "shop", "alice"); n != 0 {
		t.Errorf("%d audit entries before the person allowed anything", n)
	}
	wantAway(t, b.allow(a, "email"), "scope", "openid profile email offline_access")
	_, until := w.consents("alice", "shop")
	if want := w.clock.Now().Add(storage.OfflineConsent); !until.Equal(want) {
		t.Errorf("offline access until %s, want %s", until, want)
	}
	if n := w.audited("consent.offline_auto", "shop", "alice"); n != 1 {
		t.Errorf("%d audit entries, want 1", n)
	}

	// Bob decided about the rest before the switch was on: no page.
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = false })
	c := w.browser()
	c.allow(c.signIn(c.authorize(w.request("shop", nil)), "bob", "bob"), "email")
	w.change("shop", func(a *storage.App) { a.OfflineWithoutConsent = true })
	wantAway(t, c.authorize(w.request("shop", offline)), "scope", "openid profile email offline_access")
	if n := w.audited("consent.offline_auto", "shop", "bob"); n != 1 {
		t.Errorf("%d audit entries of bob, want 1", n)
	}
	// The person takes it back like any other access.
	err := w.db.WithdrawApp(t.Context(), storage.System, w.user("bob").ID, "shop")
	if err != nil {
		t.Fatal(err)
	}
	wantPage(t, c.authorize(w.request("shop", offline)), http.StatusOK, "consent-allow")
}

// The page says for each scope whether it is available while the person is away.
func TestConsentMarksOfflineScopes(t *testing.T) {
	w := newWorld(t, production)
	offline := func(r *storage.AuthRequest) { r.Scopes = append(r.Scopes, storage.ScopeOffline) }
	b := w.browser()
	page := func() answer { return b.authorize(w.request("shop", offline)) }
	b.signIn(b.get("/login"), "alice", "alice")
	set := func(names ...string) {
		w.change("shop", func(a *storage.App) {
			for i := range a.Scopes {
				a.Scopes[i].Offline = strings.Contains(strings.Join(names, " "), a.Scopes[i].Name)
			}
		})
	}
	tests := []struct {
		offline []string
		marks   int
		say     string
	}{
		{[]string{"profile"}, 1, "what is marked with a clock"},
		{[]string{"profile", "email"}, 0, "may use what you allow here without you"},
		{nil, 0, "use nothing of what you allow here"},
	}
	for _, tt := range tests {
		set(tt.offline...)
		a := page()
		wantPage(t, a, http.StatusOK, "consent-allow")
		if got := strings.Count(a.body, "also while away"); got != tt.marks || !strings.Contains(a.body, tt.say) {
			t.Errorf("offline %v: %d marks, want %d and %q:\n%s", tt.offline, got, tt.marks, tt.say, a.body)
		}
	}
	set("profile")
	if a := b.authorize(w.request("shop", nil)); strings.Contains(a.body, "without you") {
		t.Error("a request without offline access speaks of it")
	}
}

// A person without a role is refused by an app that only its developers use, by the protocol's way.
func TestNotDelegated(t *testing.T) {
	w := newWorld(t, production)
	w.change("shop", func(a *storage.App) { a.Delegated = false })
	b := w.browser()
	a := b.signIn(b.authorize(w.request("shop", nil)), "alice", "alice")
	wantAway(t, a, "error", "access_denied", "error_description", "only the developers of this app may sign in", "state", "st")
	err := w.db.SetDeveloper(t.Context(), storage.Command, "shop", storage.Developer{UserID: w.user("bob").ID, Role: storage.RoleDeveloper})
	if err != nil {
		t.Fatal(err)
	}
	wantPage(t, b.signIn(b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"login"} })), "bob", "bob"), http.StatusOK, "consent-allow")
}
