package provider

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestReplaceRaces: what an administrator has done since a client's request began is not undone by it: scopes
// taken away stay away, and an app switched off is not changed.
func TestReplaceRaces(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}})
	id := made["client_id"].(string)
	plain := w.app(id).Scopes
	w.change(id, func(a *storage.App) { a.Scopes = append(a.Scopes, storage.AppScope{Name: storage.ScopeAppsWrite}) })
	stale := w.app(id)
	put := func() error {
		r := httptest.NewRequest(http.MethodPut, place(made), strings.NewReader(`{"client_id":"`+id+`","redirect_uris":["https://b.example/cb"]}`))
		r.Header.Set("Content-Type", "application/json")
		_, _, err := w.p.replace(httptest.NewRecorder(), r, stale, rat(made))
		return err
	}
	w.change(id, func(a *storage.App) { a.Scopes = plain })
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if _, has := w.app(id).Scope(storage.ScopeAppsWrite); has {
		t.Error("the scope taken away is back")
	}
	w.change(id, func(a *storage.App) { a.Enabled, a.RedirectURIs = false, []string{"https://a.example/cb"} })
	if err := put(); err == nil || w.app(id).RedirectURIs[0] != "https://a.example/cb" {
		t.Errorf("a disabled app was changed: %v", err)
	}
}

// TestDeleteOwner: a client that owns a scope another app has cannot go, and is told so.
func TestDeleteOwner(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}})
	words := map[string]string{"en": "read", "ru": "читать"}
	err := w.db.CreateScope(t.Context(), storage.System, storage.Scope{Name: "a.read", AppID: made["client_id"].(string),
		Audience: "https://a.example", Title: words, Text: words})
	if err != nil {
		t.Fatal(err)
	}
	w.change("demo", func(a *storage.App) { a.Scopes = append(a.Scopes, storage.AppScope{Name: "a.read"}) })
	rec := w.send(http.MethodDelete, place(made), "", rat(made))
	if rec.Code != http.StatusBadRequest || w.object(rec)["error"] != errInvalidMetadata {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
