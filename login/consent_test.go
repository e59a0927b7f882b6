package login

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

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
