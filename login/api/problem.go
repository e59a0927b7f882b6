package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// Problem is a problem document (RFC 9457). Errors says what is wrong where; instance names the entry in
// the log of an inner error.
type Problem = huma.ErrorModel

func newProblem(status int, detail string, errs ...*huma.ErrorDetail) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Detail: detail, Errors: errs}
}

// fault is an error of the request that storage does not know of.
type fault struct {
	location string // "body.login"
	message  string
}

func (f *fault) Error() string { return f.location + ": " + f.message }

// problem makes the answer for what an operation failed with. Inner errors are logged under an id and
// nothing of them is told.
func (a *API) problem(ctx context.Context, err error) huma.StatusError {
	var invalid *storage.Invalid
	var wrong *fault
	switch {
	case errors.As(err, &invalid):
		return newProblem(http.StatusUnprocessableEntity, "validation failed", a.explain(invalid))
	case errors.As(err, &wrong):
		return newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: wrong.location, Message: wrong.message})
	case errors.Is(err, storage.ErrNotFound):
		return newProblem(http.StatusNotFound, "there is no such thing here, or it is not for you to know")
	case errors.Is(err, storage.ErrForbidden):
		return newProblem(http.StatusForbidden, "you may not do this")
	case errors.Is(err, storage.ErrConflict):
		return newProblem(http.StatusConflict, "it exists already, or is changed by somebody else just now")
	case errors.Is(err, storage.ErrUnavailable), ctx.Err() != nil:
		return newProblem(http.StatusServiceUnavailable, "the database is busy: try again in a moment")
	}
	return a.inner(ctx, slog.Any("error", err))
}

// inner logs an inner error under a new id and says only that.
func (a *API) inner(ctx context.Context, what slog.Attr) *Problem {
	id := page.NewProblemID()
	a.log.LogAttrs(ctx, slog.LevelError, "api", slog.String("id", id), what)
	p := newProblem(http.StatusInternalServerError, "something went wrong here; the log has it as "+id)
	p.Instance = "urn:propusk:problem:" + id
	return p
}

// explain says what storage found wrong with a field.
func (a *API) explain(invalid *storage.Invalid) *huma.ErrorDetail {
	e := &huma.ErrorDetail{Location: "body." + strings.ReplaceAll(invalid.Field, "text#", "text."), Message: invalid.Reason}
	e.Location = strings.ReplaceAll(e.Location, "title#", "title.")
	switch invalid.Field {
	case "cursor":
		e.Location = "query.cursor"
	case "client_secret", "password":
	default:
		if invalid.Value != "" {
			e.Value = invalid.Value
		}
	}
	if a.config.Pages != nil {
		e.Message = a.config.Pages.Reason("en", invalid.Reason, invalid.Value)
	}
	return e
}

// tidy takes what the person sent out of huma's problems: a wrong type in one field would repeat the
// whole body, with the password beside it.
func tidy(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*Problem)
	if !ok || p.Status >= http.StatusInternalServerError {
		return v, nil
	}
	for _, e := range p.Errors {
		if _, text := e.Value.(string); !text || e.Location == "body" || strings.Contains(e.Location, "password") {
			e.Value = nil
		}
	}
	return p, nil
}

// refuse writes a problem from inside huma.
func (a *API) refuse(ctx huma.Context, err huma.StatusError) {
	p, ok := err.(*Problem)
	if !ok {
		p = newProblem(err.GetStatus(), "")
	}
	if p.Status == http.StatusServiceUnavailable {
		ctx.SetHeader("Retry-After", "1")
	}
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(p.Status)
	_ = json.NewEncoder(ctx.BodyWriter()).Encode(p) // the other side may be gone; nothing is left to do then
}

// write writes a problem from outside of huma.
func (p response) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.Problem)
}

// response is a problem on its way.
type response struct{ *Problem }

func (a *API) notFound(w http.ResponseWriter, r *http.Request) {
	response{newProblem(http.StatusNotFound, "no operation has this path; "+Prefix+"/openapi.json lists those there are")}.write(w)
}

// methodNotAllowed says which methods the path has (RFC 9110 §15.5.6).
func (a *API) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	path := chi.RouteContext(r.Context()).RoutePath
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
		if a.routes.Match(chi.NewRouteContext(), method, path) {
			allow = append(allow, method)
		}
		if method == http.MethodGet && len(allow) == 1 {
			allow = append(allow, http.MethodHead)
		}
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	response{newProblem(http.StatusMethodNotAllowed, "this path has "+strings.Join(allow, ", "))}.write(w)
}

// recover turns a panic into an inner error; what was begun to be written is cut off.
func (a *API) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			response{a.inner(r.Context(), slog.Group("panic", "value", v, "stack", string(debug.Stack())))}.write(w)
		}()
		next.ServeHTTP(w, r)
	})
}
