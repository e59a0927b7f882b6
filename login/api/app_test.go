package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestCreateApp(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	made := w.call(token, http.MethodPost, "/apps", map[string]any{"client_name": "Intranet", "description": "news",
		"redirect_uris": []string{"https://intranet.example.com/callback"}}).want(http.StatusCreated)
	app := made.object()
	id, _ := app["client_id"].(string)
	secret, _ := app["client_secret"].(string)
	if !strings.HasPrefix(id, "app_") || !strings.HasPrefix(secret, "propusk_key_") {
		t.Errorf("client_id %q, client_secret %q", id, secret)
	}
	if got, want := made.header.Get("Location"), "/api/v1/apps/"+id; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	scopes := []any{
		map[string]any{"name": "openid", "required": true, "offline": true},
		map[string]any{"name": "profile", "required": false, "offline": true},
		map[string]any{"name": "email", "required": false, "offline": true},
		map[string]any{"name": "offline_access", "required": false, "offline": true},
	}
	want := map[string]any{
		"client_name": "Intranet", "description": "news", "application_type": "web", "enabled": true, "delegated": true,
		"without_pkce": false, "skip_consent": false, "preset_scope": "", "trusted": false, "offline_without_consent": false,
		"trusted_domains": []any{}, "network_addresses": []any{}, "redirect_uris": []any{"https://intranet.example.com/callback"},
		"post_logout_redirect_uris": []any{}, "grant_types": []any{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods": []any{"client_secret_basic"}, "scopes": scopes, "policy_uri": "", "tos_uri": "",
		"id_token_signed_response_alg": "RS256", "id_token_claims": false, "access_token_format": "opaque",
		"access_token_ttl": 3600.0, "owner": alice,
	}
	maps.Copy(want, plainRegistration)
	again := w.call(token, http.MethodGet, "/apps/"+id, nil).want(http.StatusOK).object()
	if again["client_secret"] != nil {
		t.Error("the secret is shown again")
	}
	for _, object := range []map[string]any{app, again} {
		for _, name := range []string{"client_id", "client_secret", "created_at", "updated_at"} {
			delete(object, name)
		}
		if diff := cmp.Diff(want, object); diff != "" {
			t.Errorf("app (-want +got):\n%s", diff)
		}
	}
	stored, err := w.db.App(t.Context(), id)
	if err != nil || !w.db.CheckAppSecret(stored, secret) {
		t.Errorf("the secret does not work: %v", err)
	}
}

func TestCreateAppRefused(t *testing.T) {
	w := newWorld(t)
	full, partial := w.token(alice), w.token(bob)
	tests := []struct {
		name   string
		token  string
		body   any
		status int
		wrong  []string
	}{
		{"partial access", partial, map[string]any{"client_name": "x"}, http.StatusForbidden, nil},
		{"no name", full, map[string]any{}, http.StatusUnprocessableEntity, []string{"body"}},
		{"empty name", full, map[string]any{"client_name": ""}, http.StatusUnprocessableEntity, []string{"body.client_name"}},
		{"unknown field", full, map[string]any{"client_name": "x", "owner_id": bob}, http.StatusUnprocessableEntity, []string{"body.owner_id"}},
		{"role", full, map[string]any{"client_name": "x", "role": "admin"}, http.StatusUnprocessableEntity, []string{"body.role"}},
		{"first_party", full, map[string]any{"client_name": "x", "first_party": 1}, http.StatusUnprocessableEntity, []string{"body.first_party"}},
		{"other case", full, map[string]any{"client_name": "x", "Trusted": true}, http.StatusUnprocessableEntity, []string{"body.Trusted"}},
		{"wrong type", full, map[string]any{"client_name": 7}, http.StatusUnprocessableEntity, []string{"body.client_name"}},
		{"bad redirect", full, map[string]any{"client_name": "x", "redirect_uris": []string{"https://a.example/#f"}}, http.StatusUnprocessableEntity, []string{"body.redirect_uris"}},
		{"two ways", full, map[string]any{"client_name": "x", "token_endpoint_auth_method": "none", "token_endpoint_auth_methods": []string{"none"}},
			http.StatusUnprocessableEntity, []string{"body.token_endpoint_auth_method"}},
		{"no object", full, `[]`, http.StatusUnprocessableEntity, []string{"body"}},
		{"no JSON", full, `{`, http.StatusBadRequest, []string{"body"}},
		{"nothing", full, ``, http.StatusBadRequest, []string{}},
		{"too large", full, `{"client_name":"` + strings.Repeat("x", 64<<10) + `"}`, http.StatusRequestEntityTooLarge, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.call(test.token, http.MethodPost, "/apps", test.body).want(test.status)
			if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("Content-Type %q", kind)
			}
			if test.wrong == nil {
				return
			}
			if diff := cmp.Diff(test.wrong, got.wrong()); diff != "" {
				t.Errorf("places (-want +got):\n%s\n%s", diff, got.text)
			}
		})
	}
	list, _, err := w.db.Apps(t.Context(), storage.AppFilter{Query: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range list {
		if app.Name == "x" {
			t.Error("an app was made")
		}
	}
}

func TestPatchApp(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	tests := []struct {
		name  string
		patch map[string]any
		want  map[string]any
	}{
		{"texts", map[string]any{"client_name": "Demo 2", "client_name#ru": "Демо 2", "description": "two"},
			map[string]any{"client_name": "Demo 2", "client_name#ru": "Демо 2", "description": "two"}},
		{"texts away", map[string]any{"client_name#ru": nil, "description": nil}, map[string]any{"client_name#ru": nil, "description": ""}},
		{"switches", map[string]any{"enabled": false, "delegated": false, "without_pkce": true, "skip_consent": true, "trusted": true,
			"offline_without_consent": true, "preset_scope": "openid email", "id_token_claims": true},
			map[string]any{"enabled": false, "delegated": false, "without_pkce": true, "skip_consent": true, "trusted": true,
				"offline_without_consent": true, "preset_scope": "openid email", "id_token_claims": true}},
		{"switches back", map[string]any{"enabled": nil, "delegated": nil, "without_pkce": nil, "skip_consent": nil,
			"offline_without_consent": nil, "preset_scope": nil, "id_token_claims": nil},
			map[string]any{"enabled": true, "delegated": true, "without_pkce": false, "skip_consent": false,
				"offline_without_consent": false, "preset_scope": "", "id_token_claims": false, "trusted": true}},
		{"lists", map[string]any{"redirect_uris": []any{"https://demo.example.com/cb"}, "post_logout_redirect_uris": []any{"https://demo.example.com/"},
			"trusted_domains": []any{"demo.example.com"}, "network_addresses": []any{"10.0.0.0/8"}},
			map[string]any{"redirect_uris": []any{"https://demo.example.com/cb"}, "post_logout_redirect_uris": []any{"https://demo.example.com/"},
				"trusted_domains": []any{"demo.example.com"}, "network_addresses": []any{"10.0.0.0/8"}}},
		{"lists away", map[string]any{"trusted_domains": nil, "network_addresses": nil, "post_logout_redirect_uris": nil},
			map[string]any{"trusted_domains": []any{}, "network_addresses": []any{}, "post_logout_redirect_uris": []any{}}},
		{"tokens", map[string]any{"access_token_ttl": 600, "access_token_format": "jwt", "id_token_signed_response_alg": "ES256"},
			map[string]any{"access_token_ttl": 600.0, "access_token_format": "jwt", "id_token_signed_response_alg": "ES256"}},
		{"tokens back", map[string]any{"access_token_ttl": nil, "access_token_format": nil, "id_token_signed_response_alg": nil},
			map[string]any{"access_token_ttl": 3600.0, "access_token_format": "opaque", "id_token_signed_response_alg": "RS256"}},
		{"scopes", map[string]any{"scopes": []any{map[string]any{"name": "openid", "required": true}, map[string]any{"name": "email", "offline": true}}},
			map[string]any{"scopes": []any{map[string]any{"name": "openid", "required": true, "offline": false},
				map[string]any{"name": "email", "required": false, "offline": true}}}},
		{"singular", map[string]any{"token_endpoint_auth_method": "client_secret_post"},
			map[string]any{"token_endpoint_auth_methods": []any{"client_secret_post"}}},
		{"policies", map[string]any{"policy_uri": "https://demo.example.com/privacy", "tos_uri": "https://demo.example.com/terms"},
			map[string]any{"policy_uri": "https://demo.example.com/privacy", "tos_uri": "https://demo.example.com/terms"}},
		{"nothing", map[string]any{}, map[string]any{"client_name": "Demo 2"}},
	}
	for _, test := range tests {
		before := w.call(token, http.MethodGet, "/apps/demo", nil).want(http.StatusOK).object()
		got := w.call(token, http.MethodPatch, "/apps/demo", test.patch).want(http.StatusOK).object()
		after := w.call(token, http.MethodGet, "/apps/demo", nil).want(http.StatusOK).object()
		if diff := cmp.Diff(after, got); diff != "" {
			t.Errorf("%s: answered otherwise than stored (-stored +answered):\n%s", test.name, diff)
		}
		for name, value := range test.want {
			if value == nil {
				delete(before, name)
			} else {
				before[name] = value
			}
		}
		before["updated_at"] = after["updated_at"]
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestPatchAppRefused holds HC-079: what only administrators may set is refused, what is not a setting is
// named, and nothing changes.
func TestPatchAppRefused(t *testing.T) {
	w := newWorld(t)
	full, developer := w.token(alice), w.token(bob)
	before := w.call(full, http.MethodGet, "/apps/demo", nil).want(http.StatusOK).object()
	tests := []struct {
		name   string
		token  string
		patch  any
		status int
		wrong  string
	}{
		{"trusted", developer, map[string]any{"trusted": true}, http.StatusForbidden, ""},
		{"trusted off", developer, map[string]any{"trusted": false}, http.StatusForbidden, ""},
		{"trusted removed", developer, map[string]any{"trusted": nil}, http.StatusForbidden, ""},
		{"skip_consent", developer, map[string]any{"skip_consent": true, "client_name": "mine"}, http.StatusForbidden, ""},
		{"preset_scope", developer, map[string]any{"preset_scope": "openid"}, http.StatusForbidden, ""},
		{"offline_without_consent", developer, map[string]any{"offline_without_consent": true}, http.StatusForbidden, ""},
		{"API scope", developer, map[string]any{"scopes": []any{map[string]any{"name": "users.write"}}}, http.StatusForbidden, ""},
		{"owner_id", developer, map[string]any{"owner_id": bob}, http.StatusUnprocessableEntity, "body.owner_id"},
		{"owner", developer, map[string]any{"owner": bob}, http.StatusUnprocessableEntity, "body.owner"},
		{"role", developer, map[string]any{"role": "owner"}, http.StatusUnprocessableEntity, "body.role"},
		{"first_party", developer, map[string]any{"first_party": 1}, http.StatusUnprocessableEntity, "body.first_party"},
		{"other case", developer, map[string]any{"TRUSTED": true}, http.StatusUnprocessableEntity, "body.TRUSTED"},
		{"client_id", full, map[string]any{"client_id": "other"}, http.StatusUnprocessableEntity, "body.client_id"},
		{"client_secret", full, map[string]any{"client_secret": "chosen-secret"}, http.StatusUnprocessableEntity, "body.client_secret"},
		{"any_loopback", full, map[string]any{"any_loopback": true}, http.StatusUnprocessableEntity, "body.any_loopback"},
		{"keys", full, map[string]any{"keys": []any{}}, http.StatusUnprocessableEntity, "body.keys"},
		{"name removed", full, map[string]any{"client_name": nil}, http.StatusUnprocessableEntity, "body.client_name"},
		{"grants removed", full, map[string]any{"grant_types": nil}, http.StatusUnprocessableEntity, "body.grant_types"},
		{"null in a list", full, map[string]any{"redirect_uris": []any{nil}}, http.StatusUnprocessableEntity, "body.redirect_uris[0]"},
		{"ttl", full, map[string]any{"access_token_ttl": 1}, http.StatusUnprocessableEntity, "body.access_token_ttl"},
		{"ttl overflow", full, map[string]any{"access_token_ttl": 1e18}, http.StatusUnprocessableEntity, "body.access_token_ttl"},
		{"unknown scope", full, map[string]any{"scopes": []any{map[string]any{"name": "nonesuch"}}}, http.StatusUnprocessableEntity, "body.scopes"},
		{"not an object", full, `"trusted"`, http.StatusUnprocessableEntity, "body"},
		{"null", full, `null`, http.StatusUnprocessableEntity, "body"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.call(test.token, http.MethodPatch, "/apps/demo", test.patch).want(test.status)
			if test.wrong != "" && !strings.Contains(strings.Join(got.wrong(), " "), test.wrong) {
				t.Errorf("places %q, want %q: %s", got.wrong(), test.wrong, got.text)
			}
		})
	}
	after := w.call(full, http.MethodGet, "/apps/demo", nil).want(http.StatusOK).object()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the app has changed (-before +after):\n%s", diff)
	}
}

func TestListApps(t *testing.T) {
	w := newWorld(t)
	full := w.token(alice)
	for i := range 120 {
		_, _, err := w.db.CreateApp(t.Context(), storage.Command, storage.NewApp{App: storage.App{ID: fmt.Sprintf("many-%03d", i), Name: fmt.Sprintf("Many %03d", i)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.call(full, http.MethodPatch, "/apps/many-007", map[string]any{"enabled": false}).want(http.StatusOK)
	var pages []int
	seen, next := map[any]bool{}, ""
	for first := true; first || next != ""; first = false {
		var items []map[string]any
		items, next = w.call(full, http.MethodGet, "/apps?q=many&cursor="+next, nil).want(http.StatusOK).items()
		pages = append(pages, len(items))
		for _, id := range column(items, "client_id") {
			seen[id] = true
		}
	}
	if diff := cmp.Diff([]int{50, 50, 20}, pages); diff != "" || len(seen) != 120 {
		t.Errorf("%d apps on pages (-want +got):\n%s", len(seen), diff)
	}
	tests := []struct {
		name  string
		query string
		want  []any
	}{
		{"search", "q=DEMO&limit=1", []any{"spa"}},
		{"disabled", "enabled=false", []any{"many-007"}},
		{"enabled", "enabled=true&q=many-007", []any{}},
		{"owner", "owner=" + alice + "&q=demo&scope=extern.api", []any{"spa", "cli", "demo", "plain"}},
		{"owner of none", "owner=" + carol, []any{}},
		{"scope", "scope=phone&q=demo", []any{"spa", "cli", "demo", "plain"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			items, _ := w.call(full, http.MethodGet, "/apps?"+test.query, nil).want(http.StatusOK).items()
			if diff := cmp.Diff(test.want, column(items, "client_id")); diff != "" {
				t.Errorf("apps (-want +got):\n%s", diff)
			}
		})
	}
	items, _ := w.call(full, http.MethodGet, "/apps?limit=1000", nil).want(http.StatusOK).items()
	if len(items) != 100 {
		t.Errorf("limit=1000 gives %d, want 100", len(items))
	}
	for _, query := range []string{"limit=0", "limit=-1", "limit=x", "cursor=!", "enabled=maybe", "nonesuch=1", "q=" + strings.Repeat("x", 201)} {
		w.call(full, http.MethodGet, "/apps?"+query, nil).want(http.StatusUnprocessableEntity)
	}
}

func TestDeleteApp(t *testing.T) {
	w := newWorld(t)
	full, developer := w.token(alice), w.token(bob)
	w.call(developer, http.MethodDelete, "/apps/demo", nil).want(http.StatusForbidden)
	got := w.call(full, http.MethodDelete, "/apps/demo", nil).want(http.StatusNoContent)
	if got.text != "" {
		t.Errorf("body %q", got.text)
	}
	w.call(full, http.MethodGet, "/apps/demo", nil).want(http.StatusNotFound)
	w.call(full, http.MethodDelete, "/apps/demo", nil).want(http.StatusNotFound)
}

// TestEventsPairwise: developers are told the sub that their app knows, who may read people the id.
func TestEventsPairwise(t *testing.T) {
	w := newWorld(t)
	app, err := w.db.UpdateApp(t.Context(), storage.System, "demo", func(a *storage.App) error {
		a.AnyLoopback, a.RedirectURIs, a.GrantTypes = false, []string{"https://demo.example/cb"}, []string{storage.GrantCode}
		a.Registration.SubjectType = storage.SubjectPairwise
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	user, err := w.db.UserByName(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	w.db.Record(storage.Event{ID: "E-1", AppID: "demo", Endpoint: "token", Result: "ok", UserID: user.ID})
	for login, want := range map[string]string{bob: w.db.Subject(app, user.ID), alice: user.ID} {
		items, _ := w.call(w.token(login), http.MethodGet, "/apps/demo/events", nil).want(http.StatusOK).items()
		if got := items[0]["sub"]; got != want {
			t.Errorf("%s is told %v, want %s", login, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	w.db.Record(storage.Event{ID: "E-1", AppID: "demo", Endpoint: "token", Grant: "authorization_code", Result: "invalid_grant", Description: "replayed", Address: "192.0.2.1"})
	w.db.Record(storage.Event{ID: "E-2", AppID: "demo", Endpoint: "authorize", Result: "invalid_request", RedirectURI: "https://new.example/cb"})
	w.db.Record(storage.Event{ID: "E-3", AppID: "spa", Endpoint: "authorize", Result: "ok"})
	items, next := w.call(w.token(bob), http.MethodGet, "/apps/demo/events", nil).want(http.StatusOK).items()
	if diff := cmp.Diff([]any{"E-2", "E-1"}, column(items, "id")); diff != "" || next != "" {
		t.Fatalf("events, next %q (-want +got):\n%s", next, diff)
	}
	delete(items[1], "time")
	want := map[string]any{"id": "E-1", "endpoint": "token", "grant_type": "authorization_code", "result": "invalid_grant",
		"description": "replayed", "came": nil, "redirect_uri": nil, "address": "192.0.2.1", "sub": nil}
	if diff := cmp.Diff(want, items[1]); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}
