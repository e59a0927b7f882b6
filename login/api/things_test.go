package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestKeys(t *testing.T) {
	w, clock := newWorldAt(t)
	token := w.token(bob)
	end := clock.Now().Add(30 * time.Minute)
	made := w.call(token, http.MethodPost, "/apps/demo/keys", map[string]any{"label": "ci", "expires_at": end.Format(time.RFC3339)}).want(http.StatusCreated)
	key := made.object()
	secret, _ := key["client_secret"].(string)
	id, _ := key["id"].(string)
	if !strings.HasPrefix(secret, "propusk_key_") || !storage.ValidChecksum(secret) {
		t.Errorf("client_secret %q", secret)
	}
	if got, want := made.header.Get("Location"), "/api/v1/apps/demo/keys/"+id; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	want := map[string]any{"id": id, "label": "ci", "prefix": secret[:16], "created_at": "2026-11-21T12:00:00Z",
		"expires_at": "2026-11-21T12:30:00Z", "last_used_at": nil}
	delete(key, "client_secret")
	for _, got := range []map[string]any{key, w.call(token, http.MethodGet, "/apps/demo/keys/"+id, nil).want(http.StatusOK).object()} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("key (-want +got):\n%s", diff)
		}
	}
	items, _ := w.call(token, http.MethodGet, "/apps/demo/keys", nil).want(http.StatusOK).items()
	if diff := cmp.Diff([]any{"", "ci"}, column(items, "label")); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	app, err := w.db.App(t.Context(), "demo")
	if err != nil || !w.db.CheckAppSecret(app, secret) {
		t.Errorf("the key does not work: %v", err)
	}
	w.call(token, http.MethodDelete, "/apps/demo/keys/"+id, nil).want(http.StatusNoContent)
	w.call(token, http.MethodDelete, "/apps/demo/keys/"+id, nil).want(http.StatusNotFound)
	app, err = w.db.App(t.Context(), "demo")
	if err != nil || w.db.CheckAppSecret(app, secret) {
		t.Errorf("the key works on: %v", err)
	}
	for _, body := range []map[string]any{{}, {"label": 1}, {"label": "x", "expires_at": "soon"}, {"label": "x", "expires_at": "2020-01-01T00:00:00Z"},
		{"label": "x\x00"}, {"label": "x", "client_secret": "chosen-by-me"}} {
		w.call(token, http.MethodPost, "/apps/demo/keys", body).want(http.StatusUnprocessableEntity)
	}
	w.call(w.token(alice), http.MethodPost, "/apps/spa/keys", map[string]any{"label": "x"}).want(http.StatusUnprocessableEntity)
}

func TestDevelopers(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	list := func() []any {
		items, _ := w.call(token, http.MethodGet, "/apps/demo/developers", nil).want(http.StatusOK).items()
		var pairs []any
		for _, item := range items {
			pairs = append(pairs, item["login"].(string)+" "+item["role"].(string))
		}
		return pairs
	}
	if diff := cmp.Diff([]any{"alice owner", "bob developer"}, list()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	made := w.call(token, http.MethodPost, "/apps/demo/developers", map[string]any{"login": "carol", "role": "viewer", "phone": "+7 921"}).want(http.StatusCreated)
	if got, want := made.header.Get("Location"), "/api/v1/apps/demo/developers/"+carol; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	one := made.object()
	delete(one, "created_at")
	if diff := cmp.Diff(map[string]any{"sub": carol, "login": "carol", "name": "Carol Lind", "role": "viewer", "phone": "+7 921"}, one); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.call(token, http.MethodPost, "/apps/demo/developers", map[string]any{"sub": carol, "role": "developer"}).want(http.StatusConflict)
	one = w.call(token, http.MethodPatch, "/apps/demo/developers/"+carol, map[string]any{"role": "developer", "phone": nil}).want(http.StatusOK).object()
	if one["role"] != "developer" || one["phone"] != "" {
		t.Errorf("after PATCH: %v", one)
	}
	refused := []struct {
		body  map[string]any
		place string
	}{
		{map[string]any{"role": "viewer"}, "body.login"},
		{map[string]any{"login": "carol", "sub": carol, "role": "viewer"}, "body.login"},
		{map[string]any{"login": "nonesuch", "role": "viewer"}, "body.login"},
		{map[string]any{"sub": "nonesuch", "role": "viewer"}, "body.sub"},
		{map[string]any{"login": "carol", "role": "admin"}, "body.role"},
		{map[string]any{"login": "carol"}, "body"},
	}
	for _, r := range refused {
		got := w.call(token, http.MethodPost, "/apps/demo/developers", r.body).want(http.StatusUnprocessableEntity)
		if diff := cmp.Diff([]string{r.place}, got.wrong()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", r.body, diff)
		}
	}
	w.call(token, http.MethodPatch, "/apps/demo/developers/"+carol, map[string]any{"role": nil}).want(http.StatusUnprocessableEntity)
	w.call(token, http.MethodPatch, "/apps/demo/developers/nonesuch", map[string]any{"role": "viewer"}).want(http.StatusNotFound)
	w.call(token, http.MethodPatch, "/apps/demo/developers/"+alice, map[string]any{"role": "viewer"}).want(http.StatusUnprocessableEntity)
	w.call(token, http.MethodDelete, "/apps/demo/developers/"+alice, nil).want(http.StatusUnprocessableEntity)
	w.call(w.token(bob), http.MethodDelete, "/apps/demo/developers/"+carol, nil).want(http.StatusForbidden)
	w.call(w.token(carol), http.MethodDelete, "/apps/demo/developers/"+carol, nil).want(http.StatusNoContent)
	w.call(token, http.MethodPatch, "/apps/demo/developers/"+bob, map[string]any{"role": "owner"}).want(http.StatusOK)
	if diff := cmp.Diff([]any{"bob owner", "alice developer"}, list()); diff != "" {
		t.Errorf("after handing over (-want +got):\n%s", diff)
	}
	items, next := w.call(token, http.MethodGet, "/apps/demo/developers?limit=1", nil).want(http.StatusOK).items()
	if len(items) != 1 || next == "" {
		t.Fatalf("first page %v, next %q", items, next)
	}
	items, next = w.call(token, http.MethodGet, "/apps/demo/developers?limit=1&cursor="+next, nil).want(http.StatusOK).items()
	if diff := cmp.Diff([]any{"alice"}, column(items, "login")); diff != "" || next != "" {
		t.Errorf("second page, next %q (-want +got):\n%s", next, diff)
	}
}

func TestScopesOperations(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	name := "https://reports.example.com/read"
	path := "/scopes/" + url.PathEscape(name)
	body := map[string]any{"name": name, "title": map[string]any{"en": "Reports", "ru": "Отчёты"},
		"text": map[string]any{"en": "Read reports", "ru": "Читать отчёты"}, "claims": []any{"department"}, "client_id": "service",
		"audience": "https://reports.example.com"}
	made := w.call(token, http.MethodPost, "/scopes", body).want(http.StatusCreated)
	if got, want := made.header.Get("Location"), "/api/v1"+path; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	want := map[string]any{"builtin": false}
	for field, value := range body {
		want[field] = value
	}
	for _, got := range []map[string]any{made.object(), w.call(token, http.MethodGet, path, nil).want(http.StatusOK).object()} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scope (-want +got):\n%s", diff)
		}
	}
	w.call(token, http.MethodPost, "/scopes", body).want(http.StatusConflict)
	want["title"] = map[string]any{"en": "All reports", "ru": "Отчёты"}
	want["claims"], want["audience"] = []any{}, nil
	got := w.call(token, http.MethodPatch, path, map[string]any{"title": map[string]any{"en": "All reports"}, "claims": nil, "audience": nil}).want(http.StatusOK).object()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after PATCH (-want +got):\n%s", diff)
	}
	w.call(token, http.MethodPatch, path, map[string]any{"name": "other"}).want(http.StatusUnprocessableEntity)
	w.call(token, http.MethodPatch, path, map[string]any{"title": nil}).want(http.StatusUnprocessableEntity)
	wrong := w.call(token, http.MethodPatch, path, map[string]any{"title": map[string]any{"ru": ""}}).want(http.StatusUnprocessableEntity).wrong()
	if diff := cmp.Diff([]string{"body.title.ru"}, wrong); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	body["name"], body["client_id"] = "x", "nonesuch"
	w.call(token, http.MethodPost, "/scopes", body).want(http.StatusUnprocessableEntity)
	w.call(token, http.MethodDelete, path, nil).want(http.StatusNoContent)
	w.call(token, http.MethodGet, path, nil).want(http.StatusNotFound)
	w.call(token, http.MethodDelete, "/scopes/profile", nil).want(http.StatusUnprocessableEntity)
	w.call(token, http.MethodDelete, "/scopes/extern.api", nil).want(http.StatusUnprocessableEntity)
	items, next := w.call(token, http.MethodGet, "/scopes?limit=2", nil).want(http.StatusOK).items()
	again, _ := w.call(token, http.MethodGet, "/scopes?limit=100&cursor="+next, nil).want(http.StatusOK).items()
	all, last := w.call(token, http.MethodGet, "/scopes", nil).want(http.StatusOK).items()
	if diff := cmp.Diff(column(all, "name"), append(column(items, "name"), column(again, "name")...)); diff != "" || last != "" {
		t.Errorf("pages, next %q (-want +got):\n%s", last, diff)
	}
	w.call(token, http.MethodGet, "/scopes?cursor=nonesuch", nil).want(http.StatusUnprocessableEntity)
}

func TestAudit(t *testing.T) {
	w, clock := newWorldAt(t)
	token := w.token(alice)
	clock.Advance(time.Minute)
	w.call(token, http.MethodPatch, "/users/"+carol, map[string]any{"disabled": true}).want(http.StatusOK)
	clock.Advance(time.Minute)
	w.call(token, http.MethodPatch, "/apps/demo", map[string]any{"description": "x"}).want(http.StatusOK)
	items, _ := w.call(token, http.MethodGet, "/audit?action=user.disable", nil).want(http.StatusOK).items()
	if len(items) != 1 {
		t.Fatalf("entries %v", items)
	}
	if id, _ := items[0]["id"].(string); len(id) != 26 {
		t.Errorf("id %q", id)
	}
	delete(items[0], "id")
	delete(items[0], "detail")
	want := map[string]any{"time": "2026-11-21T12:01:00Z", "actor": alice, "actor_kind": "user", "action": "user.disable", "target": carol, "result": "ok", "address": "127.0.0.1"}
	if diff := cmp.Diff(want, items[0]); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	tests := []struct {
		name, query string
		want        []any
	}{
		{"newest first", "actor=" + alice + "&limit=3&from=2026-11-21T12:01:00Z", []any{"app.update", "user.disable"}},
		{"noun", "action=app.&from=2026-11-21T12:00:00Z", []any{"app.update"}},
		{"target", "target=" + carol + "&action=user.disable", []any{"user.disable"}},
		{"to", "actor=" + alice + "&from=2026-11-21T12:00:00Z&to=2026-11-21T12:01:00Z", []any{"token.create"}},
		{"nothing", "actor=nonesuch", []any{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			items, _ := w.call(token, http.MethodGet, "/audit?"+test.query, nil).want(http.StatusOK).items()
			if diff := cmp.Diff(test.want, column(items, "action")); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
	whole, _ := w.call(token, http.MethodGet, "/audit?limit=100", nil).want(http.StatusOK).items()
	var paged []any
	next := ""
	for first := true; first || next != ""; first = false {
		items, next = w.call(token, http.MethodGet, "/audit?limit=7&cursor="+next, nil).want(http.StatusOK).items()
		paged = append(paged, column(items, "id")...)
	}
	if diff := cmp.Diff(column(whole, "id"), paged); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	for _, query := range []string{"from=yesterday", "to=1", "nonesuch=x"} {
		w.call(token, http.MethodGet, "/audit?"+query, nil).want(http.StatusUnprocessableEntity)
	}
}
