package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func hostileOutsider(t *testing.T) {
	w := newWorld(t)
	outsider := w.addApp(storage.App{ID: "outsider", RedirectURIs: []string{"https://outsider.example/cb"}})
	for _, app := range []party{demoApp, w.addJWTApp()} {
		got := w.login(w.person("alice"), app, "scope", "openid email extern.api")
		bare := w.login(w.person("bob"), app, "scope", "openid email")
		for what, token := range map[string]string{
			"access token": got.access, "refresh token": got.refresh, "id_token": got.id, "garbage": "garbage",
		} {
			for _, asking := range []party{outsider, plainApp} {
				answer := w.introspect(asking, token)
				if answer.status != http.StatusOK || strings.TrimSpace(answer.body) != `{"active":false}` {
					t.Errorf("%s asks about the %s of %s: %d %s", asking.id, what, app.id, answer.status, answer.body)
				}
			}
		}
		if answer := w.introspect(serviceApp, bare.access); strings.TrimSpace(answer.body) != `{"active":false}` {
			t.Errorf("the owner of a scope the token has not: %s", answer.body)
		}
		if answer := w.introspect(serviceApp, got.refresh); strings.TrimSpace(answer.body) != `{"active":false}` {
			t.Errorf("the owner of a scope asks about a refresh token: %s", answer.body)
		}
		owner := w.introspect(serviceApp, got.access).json()
		want := []any{true, "extern.api", []any{"extern.api"}, w.userID("alice")}
		if diff := cmp.Diff(want, []any{owner["active"], owner["scope"], owner["aud"], owner["sub"]}); diff != "" {
			t.Errorf("the owner of a scope is told (-want +got):\n%s", diff)
		}
		if owner["email"] != nil || owner["name"] != nil {
			t.Errorf("the owner of a scope is told who the person is: %v", owner)
		}
	}
}

func hostileRevocation(t *testing.T) {
	w := newWorld(t)
	outsider := w.addApp(storage.App{ID: "outsider", RedirectURIs: []string{"https://outsider.example/cb"}})
	got := w.login(w.person("alice"), demoApp)
	revoke := func(a party, token string) *reply {
		return w.post("/connect/revocation", a.signed(url.Values{"token": {token}}))
	}
	before := w.stored()
	for _, thief := range []party{outsider, spaApp} {
		for _, token := range []string{got.access, got.refresh} {
			wantError(t, "another app's token", revoke(thief, token), http.StatusBadRequest, "invalid_request")
		}
	}
	for what, garbage := range map[string]string{
		"garbage": "garbage", "half a refresh token": got.refresh[:len(got.refresh)/2], "an id_token": got.id,
		"a code": w.person("bob").code(plainApp),
	} {
		if what == "a code" {
			before = w.stored() // bob has signed in
		}
		if answer := revoke(demoApp, garbage); answer.status != http.StatusOK {
			t.Errorf("%s: %d %s", what, answer.status, answer.body)
		}
	}
	if !w.active(demoApp, got.access) || !w.active(demoApp, got.refresh) {
		t.Fatal("a token was revoked by somebody else")
	}
	after := w.stored()
	for _, table := range []string{"grants", "revoked_tokens"} {
		if before[table] != after[table] {
			t.Errorf("%s: %d rows before, %d after", table, before[table], after[table])
		}
	}
	for n := range 2 {
		if answer := revoke(demoApp, got.access); answer.status != http.StatusOK || w.active(demoApp, got.access) {
			t.Errorf("revoked %d times: %d %s", n+1, answer.status, answer.body)
		}
	}
	if n := w.stored()["revoked_tokens"]; n != 1 {
		t.Errorf("%d rows for one token that was revoked twice", n)
	}
}

func hostileFamilyEnds(t *testing.T) {
	for name, end := range map[string]func(w *world, a party, all tokens){
		"refresh token revoked": func(w *world, a party, all tokens) {
			got := w.post("/connect/revocation", a.signed(url.Values{"token": {all.refresh}}))
			if got.status != http.StatusOK {
				w.t.Errorf("revocation: %d %s", got.status, got.body)
			}
		},
		"app withdrawn": func(w *world, a party, _ tokens) {
			id := w.userID("alice")
			err := w.db.WithdrawApp(context.Background(), storage.Actor{Kind: storage.ActorUser, ID: id}, id, a.id)
			if err != nil {
				w.t.Error(err)
			}
		},
		"app removed on the account page": func(w *world, a party, _ tokens) {
			w.must("remove", w.office("alice").press("/account/apps/"+a.id+"/remove"), http.StatusSeeOther)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, app := range []party{demoApp, w.addJWTApp()} {
				first := w.login(w.person("alice"), app)
				second := w.refresh(app, first.refresh)
				other := w.login(w.person("bob"), app)
				for _, token := range []string{first.access, second.access} {
					if !w.active(app, token) || w.userinfo(token).status != http.StatusOK {
						t.Fatal("an access token is dead too early")
					}
				}
				end(w, app, second)
				w.wantDead(app, tokens{first.access, first.refresh, ""})
				w.wantDead(app, second)
				if !w.active(app, other.access) {
					t.Error("another person's token died as well")
				}
			}
		})
	}
}

func hostileServiceScopes(t *testing.T) {
	w := newWorld(t)
	ask := func(a party, scope string) *reply {
		return w.token(url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}, "Authorization", a.basic())
	}
	err := w.db.CreateScope(context.Background(), storage.System, storage.Scope{
		Name: "secret.api", AppID: "demo", Audience: "secret.api",
		Title: map[string]string{"en": "Secret", "ru": "Тайна"}, Text: map[string]string{"en": "Secret", "ru": "Тайна"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range []string{"secret.api", "extern.api secret.api", "profile", "extern.api openid"} {
		wantError(t, scope, ask(serviceApp, scope), http.StatusBadRequest, "invalid_scope")
	}
	for scope, want := range map[string]string{"extern.api nonsense": "extern.api", "extern.api extern.api": "extern.api", "nonsense": ""} {
		got := ask(serviceApp, scope)
		all := w.granted(got)
		told := w.introspect(serviceApp, all.access).text("scope")
		if diff := cmp.Diff([]string{want, want, ""}, []string{got.text("scope"), told, all.refresh}); diff != "" {
			t.Errorf("%s: scope, introspection, refresh token (-want +got):\n%s", scope, diff)
		}
	}
	wantError(t, "an app without the grant type", ask(party{id: "yourClientId", secret: "yourClientSecret"}, "extern.api"), http.StatusUnauthorized, "invalid_client")
	post := party{id: "yourClientId", secret: "yourClientSecret"}.signed(url.Values{"grant_type": {"client_credentials"}, "scope": {"extern.api"}})
	wantError(t, "an app without the grant type, by its method", w.token(post), http.StatusBadRequest, "unauthorized_client")
	for _, scope := range []string{"openid secret.api", "openid users.write", "openid me.read"} {
		form := plainApp.signed(url.Values{"scope": {scope}})
		wantError(t, "a device with "+scope, w.post("/connect/deviceauthorization", form), http.StatusBadRequest, "invalid_scope")
	}
	if n := w.stored()["device_codes"]; n != 0 {
		t.Errorf("%d device codes were stored", n)
	}
	// Scopes that speak of a person mean nothing where there is none.
	got := ask(demoApp, "openid profile extern.api")
	if got.text("scope") != "extern.api" {
		t.Errorf("demo for itself: scope %q, want extern.api", got.text("scope"))
	}
	if answer := w.userinfo(w.granted(got).access); answer.status != http.StatusForbidden {
		t.Errorf("userinfo of nobody: %s", fmt.Sprint(answer.status))
	}
}
