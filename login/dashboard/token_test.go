package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// token makes a token for the person: its id and secret.
func (w *world) token(name, app string, scopes ...string) (secret, id string, made *storage.PersonalToken) {
	w.t.Helper()
	made, secret, err := w.db.CreatePersonalToken(context.Background(), w.actor(name), storage.NewPersonalToken{
		UserID: w.user(name).ID, AppID: app, Name: "by " + name, Scopes: scopes,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return secret, made.ID, made
}

// givesTokens lets people make tokens for the app.
func (w *world) givesTokens(app string) {
	w.t.Helper()
	_, err := w.db.UpdateApp(context.Background(), storage.Command, app, func(a *storage.App) error {
		a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

var secretShown = regexp.MustCompile(`propusk_pat_[A-Za-z0-9]+`)

func TestMakeToken(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	want(t, b.get("/account/tokens"), http.StatusOK, "You have no tokens")
	want(t, b.get("/account/tokens/new"), http.StatusOK, "See your account", "See the audit log", "audit.read")
	got := b.postForm("/account/tokens/new", url.Values{"csrf": {b.csrf}, "for": {""}, "name": {"ci"}, "scope": {"me.read", "apps.read"}, "expires": {"30"}})
	want(t, got, http.StatusOK, "it is shown only once", "/api/v1/me", "Authorization: Bearer propusk_pat_")
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control is %q, want no-store", cache)
	}
	secret := secretShown.FindString(got.body)
	made, u, err := w.db.PersonalTokenBySecret(context.Background(), secret)
	if err != nil || u.Login != "alice" {
		t.Fatalf("the shown token is %v, %v", made, err)
	}
	if ends := made.ExpiresAt.Sub(w.clock.Now()); ends != 30*24*time.Hour {
		t.Errorf("it ends after %v, want 30 days", ends)
	}
	list := b.get("/account/tokens")
	want(t, list, http.StatusOK, "ci", made.Prefix+"…", "See your account")
	wantNot(t, list, secret)
	if strings.Contains(w.logs.String(), secret) {
		t.Error("the token stands in the log")
	}
	want(t, b.follow(b.post("/account/tokens/"+made.ID+"/revoke")), http.StatusOK, "The token is revoked.", "You have no tokens")
	_, _, err = w.db.PersonalTokenBySecret(context.Background(), secret)
	if err == nil {
		t.Error("the revoked token still works")
	}
}

func TestTokenMistakes(t *testing.T) {
	w := newWorld(t)
	b := w.as("bob")
	page := b.get("/account/tokens/new")
	want(t, page, http.StatusOK, "apps.read")
	wantNot(t, page, "users.read", "audit.read")
	day := func(days int) string { return w.clock.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	tests := []struct {
		name string
		form url.Values
		says string
	}{
		{"no name", url.Values{"scope": {"me.read"}, "expires": {"7"}}, "The name is missing"},
		{"no scope", url.Values{"name": {"kept"}, "expires": {"7"}}, "Choose what the token may do"},
		{"wider than the person", url.Values{"name": {"kept"}, "scope": {"users.read"}, "expires": {"7"}}, "it may never do more than you"},
		{"past", url.Values{"name": {"kept"}, "scope": {"me.read"}, "expires": {"date"}, "until": {day(-2)}}, "This time has passed"},
		{"late", url.Values{"name": {"kept"}, "scope": {"me.read"}, "expires": {"date"}, "until": {day(400)}}, "at most one year"},
		{"no date", url.Values{"name": {"kept"}, "scope": {"me.read"}, "expires": {"date"}}, "Choose the last day"},
		{"days nobody offers", url.Values{"name": {"kept"}, "scope": {"me.read"}, "expires": {"9999"}}, "Choose the last day"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.form.Set("csrf", b.csrfOf("/account/tokens/new"))
			got := b.postForm("/account/tokens/new", tt.form)
			want(t, got, http.StatusUnprocessableEntity, tt.says)
			if tt.form.Get("name") != "" {
				want(t, got, http.StatusUnprocessableEntity, `value="kept"`)
			}
			if tt.form.Get("scope") == "me.read" {
				want(t, got, http.StatusUnprocessableEntity, `value="me.read" checked`)
			}
		})
	}
	list, err := w.db.PersonalTokens(context.Background(), w.user("bob").ID)
	if err != nil || len(list) != 0 {
		t.Errorf("%d tokens were made (%v)", len(list), err)
	}
	got := b.postForm("/account/tokens/new", url.Values{"csrf": {b.csrf}, "name": {"day"}, "scope": {"me.read"}, "expires": {"date"}, "until": {day(3)}})
	want(t, got, http.StatusOK)
	made, _, err := w.db.PersonalTokenBySecret(context.Background(), secretShown.FindString(got.body))
	if err != nil || made.ExpiresAt.UTC().Format(time.DateTime) != day(4)+" 00:00:00" {
		t.Errorf("the token ends at %v (%v), want the end of %s", made.ExpiresAt, err, day(3))
	}
}

func TestTokenOfApp(t *testing.T) {
	w := newWorld(t)
	w.givesTokens("demo")
	b := w.as("carol")
	want(t, b.get("/account/tokens/new"), http.StatusOK, `href="/account/tokens/new?for=demo"`)
	page := b.get("/account/tokens/new?for=demo")
	want(t, page, http.StatusOK, "Your reports", "extern.api")
	wantNot(t, page, "apps.read", `value="offline_access"`, `value="openid"`)
	want(t, b.get("/account/tokens/new?for=plain"), http.StatusNotFound)
	got := b.post("/account/tokens/new", "for", "demo", "name", "reports", "scope", "extern.api", "expires", "7")
	want(t, got, http.StatusOK, "works with Demo up to and including", "propusk_pat_")
	wantNot(t, got, "/api/v1/me")
	want(t, b.get("/account/tokens"), http.StatusOK, "Demo", "Your reports")
	want(t, b.post("/account/tokens/new", "for", "plain", "name", "reports", "scope", "extern.api", "expires", "7"), http.StatusNotFound)
}

func TestForeignToken(t *testing.T) {
	w := newWorld(t)
	secret, id, _ := w.token("bob", "", "me.read")
	for _, name := range []string{"alice", "carol"} {
		b := w.as(name)
		b.get("/account/tokens")
		want(t, b.post("/account/tokens/"+id+"/revoke"), http.StatusNotFound)
	}
	_, _, err := w.db.PersonalTokenBySecret(context.Background(), secret)
	if err != nil {
		t.Errorf("bob's token: %v", err)
	}
}

// TestTokenProof: a session that is old asks for the password before it makes a token.
func TestTokenProof(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	b.get("/account/tokens/new")
	w.clock.Advance(time.Hour)
	for _, got := range []answer{b.get("/account/tokens/new"), b.post("/account/tokens/new", "name", "x", "scope", "me.read", "expires", "7")} {
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.to(), "/login") {
			t.Errorf("answered %d to %q, want the sign-in page", got.status, got.to())
		}
	}
	list, err := w.db.PersonalTokens(context.Background(), w.user("alice").ID)
	if err != nil || len(list) != 0 {
		t.Errorf("%d tokens were made (%v)", len(list), err)
	}
}
