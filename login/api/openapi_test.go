package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// contract is every operation the product promises.
var contract = []string{
	"DELETE /apps/{client_id}", "DELETE /apps/{client_id}/developers/{sub}", "DELETE /apps/{client_id}/keys/{id}",
	"DELETE /me/grants/{id}", "DELETE /me/sessions/{id}", "DELETE /me/tokens/{id}", "DELETE /scopes/{name}",
	"GET /apps", "GET /apps/{client_id}", "GET /apps/{client_id}/developers", "GET /apps/{client_id}/developers/{sub}",
	"GET /apps/{client_id}/events", "GET /apps/{client_id}/keys", "GET /apps/{client_id}/keys/{id}", "GET /audit", "GET /me",
	"GET /me/grants", "GET /me/sessions", "GET /me/tokens", "GET /scopes", "GET /scopes/{name}", "GET /users", "GET /users/{sub}",
	"PATCH /apps/{client_id}", "PATCH /apps/{client_id}/developers/{sub}", "PATCH /me", "PATCH /scopes/{name}", "PATCH /users/{sub}",
	"POST /apps", "POST /apps/{client_id}/developers", "POST /apps/{client_id}/keys", "POST /scopes", "POST /users",
}

// document is the OpenAPI document as it is served.
type document struct {
	OpenAPI string
	Info    struct{ Title, Version string }
	Servers []struct{ URL string }
	Paths   map[string]map[string]struct {
		OperationID string
		Summary     string
		Security    []map[string][]string
		Parameters  []struct {
			Name, In    string
			Required    bool
			Description string
			Schema      map[string]any
		}
		RequestBody struct {
			Required bool
			Content  map[string]struct{ Schema map[string]any }
		}
		Responses map[string]struct {
			Description string
			Headers     map[string]any
			Content     map[string]struct{ Schema map[string]any }
		}
	}
	Components struct {
		Schemas         map[string]map[string]any
		SecuritySchemes map[string]struct{ Type, Scheme string }
	}
}

// served reads the document, without a token.
func served(t *testing.T, w *world) document {
	t.Helper()
	got := w.call("", http.MethodGet, "/openapi.json", nil).want(http.StatusOK)
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", got.header)
	}
	var d document
	err := json.Unmarshal([]byte(got.text), &d)
	if err != nil {
		t.Fatalf("openapi.json: %v", err)
	}
	return d
}

// operation is one of the document.
type operation struct{ method, path, scope string }

// operations lists those of the document, by path and method.
func operations(t *testing.T, w *world) []operation {
	t.Helper()
	var list []operation
	for path, methods := range served(t, w).Paths {
		for method, op := range methods {
			list = append(list, operation{strings.ToUpper(method), path, op.Security[0]["bearer"][0]})
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.method+a.path, b.method+b.path) })
	return list
}

func TestOpenAPI(t *testing.T) {
	w := newWorld(t)
	d := served(t, w)
	if d.OpenAPI != "3.1.0" || d.Info.Title == "" || d.Info.Version == "" || d.Servers[0].URL != "http://localhost:9998/api/v1" {
		t.Errorf("document %q %+v %+v", d.OpenAPI, d.Info, d.Servers)
	}
	if s := d.Components.SecuritySchemes["bearer"]; s.Type != "http" || s.Scheme != "bearer" {
		t.Errorf("security scheme %+v", s)
	}
	var got []string
	ids := map[string]bool{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			name := strings.ToUpper(method) + " " + path
			got = append(got, name)
			if op.OperationID == "" || ids[op.OperationID] || op.Summary == "" {
				t.Errorf("%s: operationId %q, summary %q", name, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
			if !slices.Contains(storage.APIScopes(storage.Full), op.Security[0]["bearer"][0]) {
				t.Errorf("%s: scope %v", name, op.Security)
			}
			var inPath []string
			for _, p := range op.Parameters {
				if p.In == "path" && p.Required {
					inPath = append(inPath, "{"+p.Name+"}")
				}
				if p.Description == "" || p.Schema == nil {
					t.Errorf("%s: parameter %s is not described", name, p.Name)
				}
			}
			for _, part := range strings.Split(path, "/") {
				if strings.HasPrefix(part, "{") && !slices.Contains(inPath, part) {
					t.Errorf("%s: parameter %s is missing", name, part)
				}
			}
			for _, status := range []string{"401", "403", "500", "503"} {
				if op.Responses[status].Content["application/problem+json"].Schema == nil {
					t.Errorf("%s: no problem for %s", name, status)
				}
			}
			if op.Responses["401"].Headers["WWW-Authenticate"] == nil || op.Responses["503"].Headers["Retry-After"] == nil {
				t.Errorf("%s: headers of problems", name)
			}
			if method == "patch" && op.RequestBody.Content["application/merge-patch+json"].Schema == nil {
				t.Errorf("%s: no merge patch", name)
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(contract, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	var whole any
	spec, err := w.api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	err = json.Unmarshal(spec, &whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs(whole) {
		name, ok := strings.CutPrefix(ref, "#/components/schemas/")
		if !ok || d.Components.Schemas[name] == nil {
			t.Errorf("$ref %q leads nowhere", ref)
		}
	}
}

// refs are all references in the document.
func refs(v any) []string {
	var list []string
	switch x := v.(type) {
	case map[string]any:
		for name, value := range x {
			if text, ok := value.(string); ok && name == "$ref" {
				list = append(list, text)
			}
			list = append(list, refs(value)...)
		}
	case []any:
		for _, value := range x {
			list = append(list, refs(value)...)
		}
	}
	return list
}

// TestOpenAPIAnswers calls every operation of the document with a token that may everything and holds
// that each answers with a status, and a body of the form, that is described; what is sent is too.
func TestOpenAPIAnswers(t *testing.T) {
	w := newWorld(t)
	d := served(t, w)
	token, tokenID := w.tokenAndID(alice)
	w.db.Record(storage.Event{ID: "E-1", AppID: "demo", Endpoint: "token", Result: "invalid_grant"})
	err := w.db.Decide(t.Context(), storage.Actor{Kind: storage.ActorUser, ID: alice}, "demo", []storage.Consent{{Scope: "openid", Granted: true}})
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := w.db.StartSession(t.Context(), storage.NewSession{UserID: alice})
	if err != nil {
		t.Fatal(err)
	}
	demo, err := w.db.App(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	key := demo.Keys[0].ID
	words := map[string]any{"en": "x", "ru": "х"}
	calls := []struct {
		op, path string
		body     map[string]any
		status   int
	}{
		{"GET /apps", "/apps", nil, 200},
		{"POST /apps", "/apps", map[string]any{"client_name": "x", "description": "y", "application_type": "native", "redirect_uris": []any{"http://127.0.0.1/cb"}}, 201},
		{"GET /apps/{client_id}", "/apps/demo", nil, 200},
		{"PATCH /apps/{client_id}", "/apps/demo", map[string]any{"client_name#ru": nil, "policy_uri": "https://demo.example.com/"}, 200},
		{"GET /apps/{client_id}/events", "/apps/demo/events", nil, 200},
		{"GET /apps/{client_id}/keys", "/apps/demo/keys", nil, 200},
		{"POST /apps/{client_id}/keys", "/apps/demo/keys", map[string]any{"label": "x", "expires_at": "2099-01-01T00:00:00Z"}, 201},
		{"GET /apps/{client_id}/keys/{id}", "/apps/demo/keys/" + key, nil, 200},
		{"DELETE /apps/{client_id}/keys/{id}", "/apps/demo/keys/" + key, nil, 204},
		{"GET /apps/{client_id}/developers", "/apps/demo/developers", nil, 200},
		{"POST /apps/{client_id}/developers", "/apps/demo/developers", map[string]any{"login": "carol", "role": "viewer"}, 201},
		{"GET /apps/{client_id}/developers/{sub}", "/apps/demo/developers/" + carol, nil, 200},
		{"PATCH /apps/{client_id}/developers/{sub}", "/apps/demo/developers/" + carol, map[string]any{"phone": nil}, 200},
		{"DELETE /apps/{client_id}/developers/{sub}", "/apps/demo/developers/" + carol, nil, 204},
		{"GET /scopes", "/scopes", nil, 200},
		{"POST /scopes", "/scopes", map[string]any{"name": "x", "title": words, "text": words}, 201},
		{"GET /scopes/{name}", "/scopes/x", nil, 200},
		{"PATCH /scopes/{name}", "/scopes/x", map[string]any{"audience": nil, "title": map[string]any{"en": "y"}}, 200},
		{"DELETE /scopes/{name}", "/scopes/x", nil, 204},
		{"GET /users", "/users", nil, 200},
		{"POST /users", "/users", map[string]any{"login": "dave", "invite": true, "address": map[string]any{"country": "Russia"}}, 201},
		{"GET /users/{sub}", "/users/" + alice, nil, 200},
		{"PATCH /users/{sub}", "/users/" + carol, map[string]any{"address": nil, "nickname": nil, "disabled": true}, 200},
		{"GET /me", "/me", nil, 200},
		{"PATCH /me", "/me", map[string]any{"nickname": "A"}, 200},
		{"GET /me/grants", "/me/grants", nil, 200},
		{"DELETE /me/grants/{id}", "/me/grants/demo", nil, 204},
		{"GET /me/sessions", "/me/sessions", nil, 200},
		{"DELETE /me/sessions/{id}", "/me/sessions/" + session.ID, nil, 204},
		{"GET /me/tokens", "/me/tokens", nil, 200},
		{"GET /audit", "/audit", nil, 200},
		{"DELETE /apps/{client_id}", "/apps/demo", nil, 204},
		{"DELETE /me/tokens/{id}", "/me/tokens/" + tokenID, nil, 204},
	}
	var called []string
	for _, c := range calls {
		called = append(called, c.op)
		method, pattern, _ := strings.Cut(c.op, " ")
		op := d.Paths[pattern][strings.ToLower(method)]
		if c.body != nil {
			kind := "application/json"
			if method == http.MethodPatch {
				kind = "application/merge-patch+json"
			}
			for _, wrong := range d.check(op.RequestBody.Content[kind].Schema, c.body, "body") {
				t.Errorf("%s: sent otherwise than described: %s", c.op, wrong)
			}
		}
		unauthorized := w.call("", method, c.path, nil).want(http.StatusUnauthorized)
		for _, wrong := range d.check(op.Responses["401"].Content["application/problem+json"].Schema, unauthorized.object(), "problem") {
			t.Errorf("%s: %s", c.op, wrong)
		}
		var body any
		if c.body != nil {
			body = c.body
		}
		got := w.call(token, method, c.path, body).want(c.status)
		response, described := op.Responses[fmt.Sprint(c.status)]
		if !described {
			t.Errorf("%s: %d is not described", c.op, c.status)
		}
		if c.status == http.StatusNoContent {
			if got.text != "" || len(response.Content) > 0 {
				t.Errorf("%s: 204 with a body", c.op)
			}
			continue
		}
		if c.status == http.StatusCreated && (response.Headers["Location"] == nil || got.header.Get("Location") == "") {
			t.Errorf("%s: no Location", c.op)
		}
		if _, list := got.object()["items"]; list {
			if items, _ := got.items(); len(items) == 0 {
				t.Errorf("%s: an empty list shows nothing of its form", c.op)
			}
		}
		for _, wrong := range d.check(response.Content["application/json"].Schema, got.object(), "answer") {
			t.Errorf("%s: %s", c.op, wrong)
		}
	}
	slices.Sort(called)
	if diff := cmp.Diff(contract, called); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestDocs holds that the reference is a page without scripts that has every operation.
func TestDocs(t *testing.T) {
	w := newWorld(t)
	for _, lang := range []string{"en", "ru"} {
		got := w.send(http.MethodGet, "/docs", http.Header{"Accept-Language": {lang}}, nil).want(http.StatusOK)
		if kind := got.header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
			t.Errorf("Content-Type %q", kind)
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "style-src 'self'") || strings.Contains(policy, "script-src") {
			t.Errorf("Content-Security-Policy %q", policy)
		}
		if strings.Contains(got.text, "<script") || !strings.Contains(got.text, `lang="`+lang+`"`) {
			t.Error("scripts, or another language")
		}
		for _, name := range contract {
			if !strings.Contains(got.text, "<code>"+name+"</code>") {
				t.Errorf("%s: no operation %s", lang, name)
			}
		}
	}
}
