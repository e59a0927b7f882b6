package storagetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func testAppDefaults(t *testing.T, w *world) {
	both := []string{storage.GrantCode, storage.GrantRefreshToken}
	for _, c := range []struct {
		kind    storage.AppType
		grants  []string
		methods []string
		scopes  string
		secret  bool
	}{
		{"", both, []string{storage.AuthBasic}, "openid profile email offline_access", true},
		{storage.AppWeb, both, []string{storage.AuthBasic}, "openid profile email offline_access", true},
		{storage.AppBrowser, both, []string{storage.AuthNone}, "openid profile email offline_access", false},
		{storage.AppNative, both, []string{storage.AuthNone}, "openid profile email offline_access", false},
		{storage.AppService, []string{storage.GrantClientCredentials}, []string{storage.AuthBasic}, "", true},
	} {
		made, secret, err := w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{App: storage.App{Name: "New", Type: c.kind}})
		w.must(err)
		a := w.app(made.ID)
		if diff := cmp.Diff(c.grants, a.GrantTypes); diff != "" {
			t.Errorf("%s: grants (-want +got):\n%s", c.kind, diff)
		}
		if diff := cmp.Diff(c.methods, a.AuthMethods); diff != "" {
			t.Errorf("%s: methods (-want +got):\n%s", c.kind, diff)
		}
		var names []string
		for _, s := range a.Scopes {
			names = append(names, s.Name)
			if s.Required != (s.Name == storage.ScopeOpenID) {
				t.Errorf("%s: scope %s: got required %t", c.kind, s.Name, s.Required)
			}
		}
		if got := strings.Join(names, " "); got != c.scopes {
			t.Errorf("%s: got scopes %q, want %q", c.kind, got, c.scopes)
		}
		if (secret != "") != c.secret || w.db.CheckAppSecret(a, secret) != c.secret {
			t.Errorf("%s: got secret %t, want %t that works", c.kind, secret != "", c.secret)
		}
		if !strings.HasPrefix(a.ID, "app_") || !a.Enabled || a.AccessTokenTTL != time.Hour || a.IDTokenAlg != "RS256" {
			t.Errorf("%s: got %+v", c.kind, a)
		}
	}
}

func testAppSecrets(t *testing.T, w *world) {
	key, second, err := w.db.AddAppKey(w.ctx, storage.Command, "demo", "next year", w.clock.Now().Add(time.Hour))
	w.must(err)
	if !storage.ValidChecksum(second) || !strings.HasPrefix(second, key.Prefix) || len(key.Prefix) != len("propusk_key_")+4 {
		t.Errorf("got a key with prefix %q", key.Prefix)
	}
	demo := w.app("demo")
	for secret, want := range map[string]bool{"demo-secret": true, second: true, "demo-secre": false, "": false, "Demo-secret": false} {
		if got := w.db.CheckAppSecret(demo, secret); got != want {
			t.Errorf("secret of %d characters: got %t, want %t", len(secret), got, want)
		}
	}
	if w.db.CheckAppSecret(nil, "demo-secret") || w.db.CheckAppSecret(w.app("spa"), "") {
		t.Error("an unknown or a public app has a secret")
	}
	w.clock.Advance(time.Hour)
	if w.db.CheckAppSecret(demo, second) {
		t.Error("an expired key still works")
	}
	third, err := w.db.RotateAppSecret(w.ctx, storage.Command, "demo")
	w.must(err)
	demo = w.app("demo")
	if w.db.CheckAppSecret(demo, "demo-secret") || !w.db.CheckAppSecret(demo, third) {
		t.Error("after rotation the old secret works, or the new one does not")
	}
	_, err = w.db.RotateAppSecret(w.ctx, storage.Command, "spa")
	w.reason(err, "secret_public")
	_, _, err = w.db.AddAppKey(w.ctx, storage.Command, "nobody", "", time.Time{})
	w.category(err, storage.ErrNotFound)
	_, _, err = w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{Secret: "short", App: storage.App{Name: "x"}})
	w.reason(err, "secret_short")
}

func testAppUpdate(t *testing.T, w *world) {
	g := w.redeemed(storage.ScopeOpenID)
	off := func(a *storage.App) error { a.Enabled, a.ID = false, "other"; return nil }
	a, err := w.db.UpdateApp(w.ctx, storage.Command, "demo", off)
	w.must(err)
	w.lives(g.ID, false)
	if a.ID != "demo" || w.app("demo").Enabled {
		t.Errorf("got id %s, enabled %t", a.ID, w.app("demo").Enabled)
	}
	for want, change := range map[string]func(*storage.App){
		"scope_unknown":             func(a *storage.App) { a.Scopes = []storage.AppScope{{Name: "nothing"}} },
		"redirect_fragment":         func(a *storage.App) { a.RedirectURIs = []string{"https://a.example/#x"} },
		"auth_method_none":          func(a *storage.App) { a.AuthMethods = []string{storage.AuthNone, storage.AuthBasic} },
		"client_credentials_public": func(a *storage.App) { a.AuthMethods = []string{storage.AuthNone} },
		"id_token_alg":              func(a *storage.App) { a.IDTokenAlg = "none" },
		"grant_type":                func(a *storage.App) { a.GrantTypes = []string{"password"} },
		"access_token_ttl":          func(a *storage.App) { a.AccessTokenTTL = time.Second },
		"name_missing":              func(a *storage.App) { a.Name = " " },
		"uri_invalid":               func(a *storage.App) { a.PolicyURI = "javascript:alert(1)" },
		"keys_missing":              func(a *storage.App) { a.AuthMethods = []string{storage.AuthPrivateKeyJWT} },
		"keys_invalid":              func(a *storage.App) { a.Registration.JWKS = []byte(`{"keys":[]}`) },
		"keys_twice": func(a *storage.App) {
			a.Registration.JWKS, a.Registration.JWKSURI = []byte(`{"keys":[{}]}`), "https://app.example/keys"
		},
		"registration_value": func(a *storage.App) { a.Registration.RequestObjectAlg = "none" },
	} {
		_, err := w.db.UpdateApp(w.ctx, storage.Command, "demo", func(a *storage.App) error { change(a); return nil })
		w.reason(err, want)
	}
	if got := len(w.app("demo").Scopes); got != 7 {
		t.Errorf("after refused changes: got %d scopes, want 7", got)
	}
	_, _, err = w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{App: storage.App{ID: w.user("bob").ID, Name: "Imposter"}})
	w.category(err, storage.ErrConflict)
	ids, err := w.db.DevOnlyApps(w.ctx)
	w.must(err)
	if diff := cmp.Diff([]string{"cli", "demo", "plain", "spa", "yourClientId"}, ids); diff != "" {
		t.Errorf("dev-only apps (-want +got):\n%s", diff)
	}
}

func testScopes(t *testing.T, w *world) {
	err := w.db.CreateScope(w.ctx, storage.Command, storage.Scope{Name: "pay", Audience: "bank",
		Title: map[string]string{"en": "Pay", "ru": "Платежи"}, Text: map[string]string{"en": "Pay bills", "ru": "Платить по счетам"}})
	w.must(err)
	list, err := w.db.Scopes(w.ctx)
	w.must(err)
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
		if s.Title["en"] == "" || s.Title["ru"] == "" || s.Text["en"] == "" || s.Text["ru"] == "" {
			t.Errorf("scope %s lacks a title or text", s.Name)
		}
	}
	if !slices.IsSorted(names) || len(names) != 15 {
		t.Errorf("got scopes %v, want 15 in order", names)
	}
	s, err := w.db.Scope(w.ctx, "pay")
	if err != nil || s.Audience != "bank" || s.Builtin {
		t.Errorf("got %+v, %v", s, err)
	}
	_, err = w.db.Scope(w.ctx, "none")
	w.category(err, storage.ErrNotFound)
	titles := map[string]string{"en": "x", "ru": "x"}
	w.category(w.db.CreateScope(w.ctx, storage.Command, storage.Scope{Name: "openid", Title: titles, Text: titles}), storage.ErrConflict)
	w.reason(w.db.CreateScope(w.ctx, storage.Command, storage.Scope{Name: "a b", Title: titles, Text: titles}), "scope_name")
	w.reason(w.db.CreateScope(w.ctx, storage.Command, storage.Scope{Name: "ab", Title: map[string]string{"en": "x"}, Text: titles}), "scope_title")
	w.reason(w.db.CreateScope(w.ctx, storage.Command, storage.Scope{Name: "ab", Title: titles, Text: titles, Claims: []string{"sub"}}), "scope_claim")
}
