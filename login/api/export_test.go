package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// Handler serves the API alone, at [Prefix].
func (a *API) Handler() http.Handler {
	r := chi.NewRouter()
	a.Routes(r)
	return r
}

// OpenAPI returns the document that describes every operation (OpenAPI 3.1, JSON). Do not change it.
func (a *API) OpenAPI() ([]byte, error) { return a.spec() }
