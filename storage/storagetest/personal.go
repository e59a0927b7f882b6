package storagetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/propusk/propusk/storage"
)

// actor is a person signed in at a page.
func (w *world) actor(login string) storage.Actor {
	w.Helper()
	return storage.UserActor(w.user(login), "192.0.2.9")
}

// byToken is a person acting by a token with those scopes.
func (w *world) byToken(login string, scopes ...string) storage.Actor {
	w.Helper()
	a := w.actor(login)
	a.Scoped, a.Scopes, a.Via = true, scopes, "the-token"
	return a
}

// token makes a token of a person for the API, or for an app.
func (w *world) token(login, appID string, scopes ...string) (*storage.PersonalToken, string) {
	w.Helper()
	t, secret, err := w.db.CreatePersonalToken(w.ctx, w.actor(login),
		storage.NewPersonalToken{UserID: w.user(login).ID, AppID: appID, Name: "ci", Scopes: scopes})
	w.must(err)
	return t, secret
}

// tokenScopes presents a token and compares its scopes.
func (w *world) tokenScopes(secret string, want ...string) {
	w.Helper()
	t, _, err := w.db.PersonalTokenBySecret(w.ctx, secret)
	if err != nil {
		w.Errorf("personal token: %v", err)
		return
	}
	if got := strings.Join(t.Scopes, " "); got != strings.Join(want, " ") {
		w.Errorf("scopes: got %q, want %q", got, strings.Join(want, " "))
	}
}

// tokenFails presents a token and compares the error.
func (w *world) tokenFails(secret string, want error) {
	w.Helper()
	_, _, err := w.db.PersonalTokenBySecret(w.ctx, secret)
	w.category(err, want)
}

// personalDemo lets people make tokens of the app demo.
func (w *world) personalDemo() {
	w.changeDemo(func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal) })
}

func testPersonalCreate(t *testing.T, w *world) {
	bob := w.user("bob")
	made, secret := w.token("bob", "", storage.ScopeMeRead, storage.ScopeAppsRead, storage.ScopeMeRead)
	if !strings.HasPrefix(secret, "propusk_pat_") || !storage.ValidChecksum(secret) || !strings.HasPrefix(secret, made.Prefix) || len(made.Prefix) != 16 {
		t.Errorf("got a token of %d characters with prefix %q", len(secret), made.Prefix)
	}
	got, u, err := w.db.PersonalTokenBySecret(w.ctx, secret)
	w.must(err)
	want := storage.PersonalToken{ID: made.ID, UserID: bob.ID, Name: "ci", Scopes: []string{storage.ScopeAppsRead, storage.ScopeMeRead},
		Prefix: made.Prefix, CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(storage.PersonalTokenTTL)}
	if diff := cmp.Diff(want, *got, cmpopts.IgnoreUnexported(storage.PersonalToken{})); diff != "" || u.Login != "bob" {
		t.Errorf("token of %s (-want +got):\n%s", u.Login, diff)
	}
	w.personalDemo()
	now := w.clock.Now()
	for _, c := range []struct {
		name   string
		change func(*storage.NewPersonalToken)
		want   string
	}{
		{"no name", func(n *storage.NewPersonalToken) { n.Name = " " }, "name_missing"},
		{"long name", func(n *storage.NewPersonalToken) { n.Name = strings.Repeat("я", 101) }, "name_invalid"},
		{"name with a line break", func(n *storage.NewPersonalToken) { n.Name = "a\nb" }, "name_invalid"},
		{"longest name", func(n *storage.NewPersonalToken) { n.Name = strings.Repeat("я", 100) }, ""},
		{"expired", func(n *storage.NewPersonalToken) { n.ExpiresAt = now }, "token_expired"},
		{"too late", func(n *storage.NewPersonalToken) { n.ExpiresAt = now.Add(storage.PersonalTokenMax + time.Millisecond) }, "token_expires_late"},
		{"latest", func(n *storage.NewPersonalToken) { n.ExpiresAt = now.Add(storage.PersonalTokenMax) }, ""},
		{"no scope", func(n *storage.NewPersonalToken) { n.Scopes = nil }, "token_scope_missing"},
		{"administrators' scope", func(n *storage.NewPersonalToken) { n.Scopes = []string{storage.ScopeUsersRead} }, "token_scope"},
		{"scope of no API", func(n *storage.NewPersonalToken) { n.Scopes = []string{storage.ScopeOpenID} }, "token_scope"},
		{"app", func(n *storage.NewPersonalToken) { n.AppID, n.Scopes = "demo", []string{"email", "extern.api"} }, ""},
		{"app, openid", func(n *storage.NewPersonalToken) { n.AppID, n.Scopes = "demo", []string{storage.ScopeOpenID} }, "token_scope"},
		{"app, offline", func(n *storage.NewPersonalToken) { n.AppID, n.Scopes = "demo", []string{storage.ScopeOffline} }, "token_scope"},
		{"app, scope of the API", func(n *storage.NewPersonalToken) { n.AppID = "demo" }, "token_scope"},
		{"app without the grant", func(n *storage.NewPersonalToken) { n.AppID, n.Scopes = "plain", []string{"email"} }, "token_app"},
		{"unknown app", func(n *storage.NewPersonalToken) { n.AppID, n.Scopes = "nothing", []string{"email"} }, "token_app"},
	} {
		n := storage.NewPersonalToken{UserID: bob.ID, Name: "x", Scopes: []string{storage.ScopeMeRead}}
		c.change(&n)
		_, _, err := w.db.CreatePersonalToken(w.ctx, w.actor("bob"), n)
		t.Run(c.name, func(t *testing.T) { (&world{T: t}).reason(err, c.want) })
	}
}

// testPersonalActors: a token comes from the person themself or a command, never from a token.
func testPersonalActors(t *testing.T, w *world) {
	bob := w.user("bob")
	n := storage.NewPersonalToken{UserID: bob.ID, Name: "x", Scopes: []string{storage.ScopeMeRead}}
	for name, c := range map[string]struct {
		by   storage.Actor
		want error
	}{
		"the person":       {w.actor("bob"), nil},
		"a command":        {storage.Command, nil},
		"an administrator": {w.actor("alice"), storage.ErrForbidden},
		"somebody":         {w.actor("carol"), storage.ErrForbidden},
		"a token":          {w.byToken("bob", storage.ScopeMeWrite, storage.ScopeAppsWrite), storage.ErrForbidden},
		"an app":           {storage.Actor{Kind: storage.ActorApp, ID: "demo"}, storage.ErrForbidden},
	} {
		_, _, err := w.db.CreatePersonalToken(w.ctx, c.by, n)
		if c.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want != nil {
			w.category(err, c.want)
		}
	}
	n.UserID = storage.NewID()
	_, _, err := w.db.CreatePersonalToken(w.ctx, storage.Command, n)
	w.category(err, storage.ErrNotFound)
	by := w.actor("bob")
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, bob.ID, true))
	n.UserID = bob.ID
	_, _, err = w.db.CreatePersonalToken(w.ctx, by, n)
	w.category(err, storage.ErrForbidden)
	_, _, err = w.db.CreatePersonalToken(w.ctx, storage.Command, n)
	w.category(err, storage.ErrRevoked)
}

func testPersonalUse(t *testing.T, w *world) {
	bob := w.user("bob")
	made, secret := w.token("bob", "", storage.ScopeMeRead)
	used := func() time.Time {
		w.Helper()
		list, err := w.db.PersonalTokens(w.ctx, bob.ID)
		w.must(err)
		if len(list) != 1 || list[0].ID != made.ID {
			t.Fatalf("got %d tokens", len(list))
		}
		return list[0].LastUsedAt
	}
	if got := used(); !got.IsZero() {
		t.Errorf("before any use: got %v", got)
	}
	w.clock.Advance(time.Minute)
	w.tokenScopes(secret, storage.ScopeMeRead)
	first := w.clock.Now()
	if got := used(); !got.Equal(first) {
		t.Errorf("last use: got %v, want %v", got, first)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	w.db.Maintain(ctx) // it ends at once and stores what is known
	if got := used(); !got.Equal(first) {
		t.Errorf("stored: got %v, want %v", got, first)
	}
	w.clock.Advance(-time.Second)
	w.tokenScopes(secret, storage.ScopeMeRead)
	if got := used(); !got.Equal(first) {
		t.Errorf("an earlier use: got %v, want %v", got, first)
	}
}

// testPersonalMany: of many who ask at once no more than the bound get one.
func testPersonalMany(t *testing.T, w *world) {
	bob, by := w.user("bob").ID, w.actor("bob")
	made := make(chan string, 60)
	parallel(cap(made), func() {
		_, _, err := w.db.CreatePersonalToken(w.ctx, by, storage.NewPersonalToken{UserID: bob, Name: "x", Scopes: []string{storage.ScopeMeRead}})
		if err == nil {
			made <- "made"
			return
		}
		made <- ""
		w.reason(err, "token_too_many")
	})
	close(made)
	count := map[string]int{}
	for m := range made {
		count[m]++
	}
	if diff := cmp.Diff(map[string]int{"made": 50, "": 10}, count); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	w.clock.Advance(storage.PersonalTokenTTL) // expired ones do not count
	w.token("bob", "", storage.ScopeMeRead)
}

func testTokenApps(t *testing.T, w *world) {
	names := func(login string) string {
		w.Helper()
		list, err := w.db.TokenApps(w.ctx, w.user(login).ID)
		w.must(err)
		var ids []string
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return strings.Join(ids, " ")
	}
	expect := func(bob, carol string) {
		t.Helper()
		if got := names("bob"); got != bob {
			t.Errorf("bob: got %q, want %q", got, bob)
		}
		if got := names("carol"); got != carol {
			t.Errorf("carol: got %q, want %q", got, carol)
		}
	}
	expect("", "")
	w.personalDemo()
	expect("demo", "demo")
	if diff := cmp.Diff([]string{"profile", "email", "extern.api", "phone", "address"}, storage.TokenScopes(w.app("demo"))); diff != "" {
		t.Errorf("scopes of its tokens (-want +got):\n%s", diff)
	}
	w.changeDemo(func(a *storage.App) { a.Delegated = false })
	expect("demo", "") // bob is its developer
	w.changeDemo(func(a *storage.App) { a.Enabled = false })
	expect("", "")
}
