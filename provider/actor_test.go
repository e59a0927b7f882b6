package provider

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// apiWorld is a world in which demo may ask for scopes of the API, and bob is signed in beside alice.
func apiWorld(t *testing.T) (w *world, bob *storage.Session) {
	t.Helper()
	w = newWorld(t)
	w.change("demo", func(a *storage.App) {
		for _, name := range []string{storage.ScopeAppsRead, storage.ScopeUsersRead, storage.ScopeMeRead} {
			a.Scopes = append(a.Scopes, storage.AppScope{Name: name})
		}
	})
	user := w.user("bob")
	bob, _, err := w.db.StartSession(t.Context(), storage.NewSession{UserID: user.ID, ACR: "1", AMR: []string{"pwd"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{user.ID, w.session.UserID} {
		w.consent(id, "demo")
	}
	return w, bob
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// setAccess makes a person full or partial.
func (w *world) setAccess(id string, access storage.Access) {
	w.t.Helper()
	_, err := w.db.UpdateUser(w.t.Context(), storage.System, id, func(u *storage.User) error { u.Access = access; return nil })
	w.must(err)
}

// personal makes a personal access token.
func (w *world) personal(userID, appID string, scopes ...string) (*storage.PersonalToken, string) {
	w.t.Helper()
	token, secret, err := w.db.CreatePersonalToken(w.t.Context(), storage.Command, storage.NewPersonalToken{UserID: userID, AppID: appID, Name: "ci", Scopes: scopes})
	w.must(err)
	return token, secret
}

func TestActor(t *testing.T) {
	const scope = "openid apps.read users.read me.read"
	for _, format := range []string{storage.TokenOpaque, storage.TokenJWT} {
		t.Run(format, func(t *testing.T) {
			w, bob := apiWorld(t)
			w.change("demo", func(a *storage.App) { a.AccessTokenFormat = format })
			got := w.login("scope", scope)
			actor, err := w.p.Actor(t.Context(), got.AccessToken)
			w.must(err)
			via := actor.Via
			want := storage.Actor{Kind: storage.ActorUser, ID: w.session.UserID, Access: storage.Full, Scoped: true,
				Scopes: []string{"apps.read", "users.read", "me.read"}, Via: via}
			if diff := cmp.Diff(want, actor); diff != "" || len(via) != 26 {
				t.Errorf("full access (-want +got):\n%s", diff)
			}
			w.session = bob
			got = w.login("scope", scope)
			if got.Scope != "openid apps.read me.read" {
				t.Errorf("partial access was given %q", got.Scope)
			}
			actor, err = w.p.Actor(t.Context(), got.AccessToken)
			w.must(err)
			if diff := cmp.Diff([]string{"apps.read", "me.read"}, actor.Scopes); diff != "" || actor.Access != storage.Partial {
				t.Errorf("partial access (-want +got):\n%s", diff)
			}
		})
	}
}

// TestActorAtUse: what was true when the token was given out does not count.
func TestActorAtUse(t *testing.T) {
	alice := func(w *world) string { return w.session.UserID }
	for name, c := range map[string]struct {
		change func(*world)
		want   []string
		err    error
	}{
		"nothing":          {func(*world) {}, []string{"apps.read", "users.read"}, nil},
		"less access":      {func(w *world) { w.setAccess(w.user("bob").ID, storage.Full); w.setAccess(alice(w), storage.Partial) }, []string{"apps.read"}, nil},
		"disabled":         {func(w *world) { w.must(w.db.SetUserDisabled(w.t.Context(), storage.System, alice(w), true)) }, nil, storage.ErrRevoked},
		"app disabled":     {func(w *world) { w.change("demo", func(a *storage.App) { a.Enabled = false }) }, nil, storage.ErrRevoked},
		"withdrawn":        {func(w *world) { w.must(w.db.WithdrawApp(w.t.Context(), storage.System, alice(w), "demo")) }, nil, storage.ErrRevoked},
		"session ended":    {func(w *world) { w.must(w.db.EndSession(w.t.Context(), storage.System, w.session.ID)) }, nil, storage.ErrRevoked},
		"expired":          {func(w *world) { w.clock.Advance(time.Hour) }, nil, storage.ErrRevoked},
		"a scope is taken": {func(w *world) { w.change("demo", func(a *storage.App) { a.Scopes = without(a.Scopes, "apps.read") }) }, []string{"users.read"}, nil},
		"all are taken": {func(w *world) {
			w.change("demo", func(a *storage.App) { a.Scopes = without(without(a.Scopes, "apps.read"), "users.read") })
		}, nil, storage.ErrRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := apiWorld(t)
			w.must(w.db.SetDeveloper(t.Context(), storage.System, "demo", storage.Developer{UserID: w.user("bob").ID, Role: storage.RoleOwner}))
			token := w.login("scope", "openid apps.read users.read").AccessToken
			c.change(w)
			actor, err := w.p.Actor(t.Context(), token)
			if !errors.Is(err, c.err) || err != nil && c.err == nil {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, actor.Scopes); diff != "" {
				t.Errorf("scopes (-want +got):\n%s", diff)
			}
		})
	}
}

func without(list []storage.AppScope, name string) []storage.AppScope {
	var kept []storage.AppScope
	for _, s := range list {
		if s.Name != name {
			kept = append(kept, s)
		}
	}
	return kept
}

func TestActorOfOtherTokens(t *testing.T) {
	w, _ := apiWorld(t)
	w.change("demo", func(a *storage.App) { a.GrantTypes = append(a.GrantTypes, storage.GrantPersonal) })
	_, personal := w.personal(w.session.UserID, "", "apps.read", "users.read")
	_, ofApp := w.personal(w.session.UserID, "demo", "extern.api")
	tokens := w.login("scope", "openid extern.api apps.read")
	own := w.token(url.Values{"grant_type": {storage.GrantClientCredentials}, "scope": {"extern.api"}}, demoBasic...)
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"personal":             {personal, nil},
		"personal, of an app":  {ofApp, storage.ErrRevoked},
		"personal, unknown":    {storage.CheckedSecret(storage.PersonalTokenPrefix), storage.ErrRevoked},
		"of an app for itself": {own.AccessToken, storage.ErrForbidden},
		"for another audience": {w.login("scope", "extern.api").AccessToken, storage.ErrRevoked},
		"for userinfo":         {w.login("scope", "openid").AccessToken, storage.ErrRevoked},
		"an id_token":          {tokens.IDToken, storage.ErrRevoked},
		"a refresh token":      {tokens.RefreshToken, storage.ErrRevoked},
		"nonsense":             {"nonsense", storage.ErrRevoked},
		"nothing":              {"", storage.ErrRevoked},
	} {
		_, err := w.p.Actor(t.Context(), c.token)
		if !errors.Is(err, c.want) || err != nil && c.want == nil {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	w.must(w.db.SetUserDisabled(t.Context(), storage.System, w.user("carol").ID, true))
	actor, err := w.p.Actor(t.Context(), personal)
	w.must(err)
	if diff := cmp.Diff([]string{"apps.read", "users.read"}, actor.Scopes); diff != "" || !actor.Scoped || actor.Via == "" {
		t.Errorf("personal (-want +got):\n%s", diff)
	}
}
