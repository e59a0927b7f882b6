package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

func (a *API) scopeOperations() {
	handle(a, route{method: http.MethodGet, path: "/scopes", id: "list-scopes", tag: "Scopes", scope: storage.ScopeAppsRead,
		summary: "List scopes", text: "By name."}, a.listScopes)
	handle(a, route{method: http.MethodPost, path: "/scopes", id: "create-scope", tag: "Scopes", scope: storage.ScopeAppsWrite, status: http.StatusCreated, unique: true,
		summary: "Make a scope", text: "For administrators. People read its title and text on the consent page, in English and Russian."}, a.createScope)
	handle(a, route{method: http.MethodGet, path: "/scopes/{name}", id: "get-scope", tag: "Scopes", scope: storage.ScopeAppsRead,
		summary: "Read a scope"}, a.getScope)
	handle(a, route{method: http.MethodPatch, path: "/scopes/{name}", id: "change-scope", tag: "Scopes", scope: storage.ScopeAppsWrite,
		summary: "Change a scope", text: "For administrators. Those of OpenID Connect keep their claims and audience."}, a.changeScope)
	handle(a, route{method: http.MethodDelete, path: "/scopes/{name}", id: "delete-scope", tag: "Scopes", scope: storage.ScopeAppsWrite,
		summary: "Delete a scope", text: "For administrators; one that no app may ask for any more."}, a.deleteScope)
}

// Scope is something an app may be granted.
type Scope struct {
	Name     string            `json:"name" maxLength:"100" example:"reports.read"`
	ClientID *string           `json:"client_id" nullable:"true" doc:"the app that owns it, a resource server" example:"service"`
	Title    map[string]string `json:"title" doc:"by language, en and ru" example:"{\"en\":\"Your reports\",\"ru\":\"Отчёты\"}"`
	Text     map[string]string `json:"text" doc:"a sentence by language, en and ru" example:"{\"en\":\"Read your reports\",\"ru\":\"Читать ваши отчёты\"}"`
	Claims   []string          `json:"claims" doc:"what it yields at userinfo" example:"department"`
	Audience *string           `json:"audience" nullable:"true" doc:"aud of access tokens with it; null: propusk" example:"https://reports.example.com"`
	Builtin  bool              `json:"builtin" doc:"of OpenID Connect; cannot be deleted" readOnly:"true"`
}

// NewScope is what makes a scope.
type NewScope map[string]any

// Schema says what a scope is made of.
func (NewScope) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[Scope](), shape{name: "NewScope", required: []string{"name", "title", "text"}})
}

// ScopePatch is a merge patch of a scope.
type ScopePatch map[string]any

// keptOfScope cannot be removed from a scope.
var keptOfScope = []string{"title", "text"}

// Schema says what can be changed.
func (ScopePatch) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[Scope](), shape{name: "ScopePatch", patch: true, keep: keptOfScope, leave: []string{"name", "client_id"}})
}

func viewScope(s *storage.Scope) Scope {
	return Scope{Name: s.Name, ClientID: maybe(s.AppID), Title: s.Title, Text: s.Text, Claims: texts(s.Claims),
		Audience: maybe(s.Audience), Builtin: s.Builtin}
}

// apply writes what can be changed into a scope; storage checks it.
func (v Scope) apply(s *storage.Scope) {
	s.Title, s.Text, s.Claims, s.Audience = v.Title, v.Text, v.Claims, ""
	if v.Audience != nil {
		s.Audience = *v.Audience
	}
}

func (a *API) listScopes(ctx context.Context, by storage.Actor, in *Paging) (*Page[Scope], error) {
	err := may(by, storage.ScopeRead)
	if err != nil {
		return nil, err
	}
	all, err := a.db.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	return pageAt(all, *in, func(s *storage.Scope) string { return s.Name }, viewScope)
}

// ScopePath names a scope.
type ScopePath struct {
	Name string `path:"name" maxLength:"100" doc:"name of the scope, escaped where it holds a slash" example:"profile"`
}

func (a *API) getScope(ctx context.Context, by storage.Actor, in *ScopePath) (*One[Scope], error) {
	err := may(by, storage.ScopeRead)
	if err != nil {
		return nil, err
	}
	s, err := a.db.Scope(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &One[Scope]{viewScope(s)}, nil
}

// ScopeBody makes a scope.
type ScopeBody struct {
	Body NewScope
}

func (a *API) createScope(ctx context.Context, by storage.Actor, in *ScopeBody) (*Made[Scope], error) {
	err := may(by, storage.ScopeWrite)
	if err != nil {
		return nil, err
	}
	v, err := fromObject(merge(nil, map[string]any(in.Body)), Scope{})
	if err != nil {
		return nil, err
	}
	s := storage.Scope{Name: v.Name}
	if v.ClientID != nil {
		s.AppID = *v.ClientID
		_, err = a.db.AppFor(ctx, by, storage.AppRead, s.AppID)
		if err != nil {
			return nil, &fault{"body.client_id", "there is no such app"}
		}
	}
	v.apply(&s)
	err = a.db.CreateScope(ctx, by, s)
	if err != nil {
		return nil, err
	}
	return &Made[Scope]{Location: a.location("scopes", s.Name), Body: viewScope(&s)}, nil
}

// ScopePatchBody changes a scope.
type ScopePatchBody struct {
	ScopePath
	Body ScopePatch
}

func (a *API) changeScope(ctx context.Context, by storage.Actor, in *ScopePatchBody) (*One[Scope], error) {
	patch := fields(in.Body)
	err := may(by, storage.ScopeWrite)
	if err == nil {
		err = patch.kept(keptOfScope)
	}
	if err != nil {
		return nil, err
	}
	s, err := a.db.UpdateScope(ctx, by, in.Name, func(s *storage.Scope) error {
		v, err := merged(viewScope(s), Scope{}, patch)
		if err != nil {
			return err
		}
		v.apply(s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &One[Scope]{viewScope(s)}, nil
}

func (a *API) deleteScope(ctx context.Context, by storage.Actor, in *ScopePath) (*Empty, error) {
	err := may(by, storage.ScopeWrite)
	if err != nil {
		return nil, err
	}
	return &Empty{}, a.db.DeleteScope(ctx, by, in.Name)
}
