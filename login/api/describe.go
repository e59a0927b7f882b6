package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

// schemeName names the security scheme.
const schemeName = "bearer"

// describe begins the OpenAPI document. huma's own pages and links are off: they load scripts of others.
func describe(c Config) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	format := huma.DefaultJSONFormat
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:   "propusk",
				Version: "1",
				Description: "Apps, people and rights of this OpenID Connect provider.\n\n" +
					"Send `Authorization: Bearer` with a personal access token (made at /account/tokens, or by `propusk token create`) or " +
					"with an OAuth access token that has the scope of the operation. A token never does more than its person may do at that moment. " +
					"Errors are problem documents (RFC 9457), PATCH is a merge patch (RFC 7396).",
			},
			Servers: []*huma.Server{{URL: c.Issuer + Prefix}},
			Tags: []*huma.Tag{{Name: "Apps"}, {Name: "Access keys"}, {Name: "Developers"}, {Name: "Scopes"}, {Name: "Users"},
				{Name: "Me"}, {Name: "Audit"}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{schemeName: {
					Type: "http", Scheme: "bearer",
					Description: "A personal access token (propusk_pat_…) or an OAuth access token with " + scopeWords() + ".",
				}},
			},
		},
		Formats:                      map[string]huma.Format{typeJSON: format, "json": format},
		DefaultFormat:                typeJSON,
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{tidy},
	}
}

// scopeWords lists the API's scopes.
func scopeWords() string {
	list := storage.APIScopes(storage.Full)
	words := list[0]
	for i, scope := range list[1:] {
		if i == len(list)-2 {
			words += " or " + scope
		} else {
			words += ", " + scope
		}
	}
	return words
}

// eachOperation calls f with every operation, in the order of the paths.
func (a *API) eachOperation(f func(*huma.Operation)) {
	paths := a.huma.OpenAPI().Paths
	for _, path := range sortedKeys(paths) {
		item := paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if op != nil {
				f(op)
			}
		}
	}
}

// publish completes the OpenAPI document and mounts it with its page. Both are made when somebody first asks
// for them: together they took a quarter of a start.
func (a *API) publish() {
	a.eachOperation(complete)
	a.spec = sync.OnceValues(func() ([]byte, error) { return json.Marshal(a.huma.OpenAPI()) })
	a.doc = sync.OnceValues(a.reference)
	a.routes.Get("/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		spec, err := a.spec()
		if err != nil {
			response{a.inner(r.Context(), slog.Any("error", err))}.write(w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(spec) // the other side may be gone; nothing is left to do then
	})
	if a.config.Pages != nil {
		a.routes.Method(http.MethodGet, "/docs", a.config.Pages.Headers(http.HandlerFunc(a.docs)))
	}
}

// complete adds to an operation what the types of Go do not say.
func complete(op *huma.Operation) {
	header := func(status int, name, text string) {
		if r := op.Responses[strconv.Itoa(status)]; r != nil {
			if r.Headers == nil {
				r.Headers = map[string]*huma.Param{}
			}
			r.Headers[name] = &huma.Param{Description: text, Schema: &huma.Schema{Type: huma.TypeString}}
		}
	}
	header(http.StatusUnauthorized, "WWW-Authenticate", "RFC 6750: Bearer, with error=\"invalid_token\" where a token was sent")
	header(http.StatusForbidden, "WWW-Authenticate", "RFC 6750: error=\"insufficient_scope\" and the scope that is needed, where it is the token that falls short")
	header(http.StatusServiceUnavailable, "Retry-After", "seconds")
	if op.Method == http.MethodPatch && op.RequestBody != nil {
		op.RequestBody.Content[typePatch] = op.RequestBody.Content[typeJSON]
	}
}
