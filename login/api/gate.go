package api

import (
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
)

// The content types of bodies.
const (
	typeJSON  = "application/json"
	typePatch = "application/merge-patch+json" // RFC 7396 §4
)

// bodyMax bounds the body of a request, in bytes; one byte more is 413.
const bodyMax = 64 << 10

// headers are on every answer: nothing of the API is ever kept, framed or run.
func (a *API) headers(next http.Handler) http.Handler {
	secure := strings.HasPrefix(a.config.Issuer, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// head lets HEAD be answered as GET, without the body, which net/http leaves out (RFC 9110 §9.3.2).
func head(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			chi.RouteContext(r.Context()).RouteMethod = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// contentType refuses a body that does not say it is JSON: a form of another site cannot say so.
func (a *API) contentType(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	if op.RequestBody == nil {
		next(ctx)
		return
	}
	kind, params, err := mime.ParseMediaType(ctx.Header("Content-Type"))
	charset := params["charset"]
	switch {
	case err == nil && charset != "" && !strings.EqualFold(charset, "utf-8"):
	case err == nil && kind == typeJSON, err == nil && kind == typePatch && op.Method == http.MethodPatch:
		next(ctx)
		return
	}
	known := typeJSON
	if op.Method == http.MethodPatch {
		known = typePatch + ", " + typeJSON
		ctx.SetHeader("Accept-Patch", known) // RFC 5789 §2.2
	}
	a.refuse(ctx, newProblem(http.StatusUnsupportedMediaType, "the body must be "+known))
}
