package login

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// problem shows the error page at the failing URL and logs one line under its number. code is the error
// code of a specification, where there is one.
func (l *Login) problem(w http.ResponseWriter, r *http.Request, status int, key, code string) {
	p := page.Problem{
		Stub: page.Stub{Office: true},
		ID:   page.NewProblemID(),
		Code: code,
		Key:  key,
		Path: r.URL.Path,
	}
	l.log.LogAttrs(r.Context(), slog.LevelInfo, "refused",
		slog.String("problem", p.ID), slog.String("reason", key), slog.String("path", r.URL.Path), slog.String("address", r.RemoteAddr))
	w.Header().Set("Cache-Control", "no-store")
	l.pages.Show(w, r, page.View{Status: status}, p)
}

// failure answers a page whose request could not be served for a reason of ours, and logs the reason:
// the person sees only its number.
func (l *Login) failure(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errForeign):
		l.problem(w, r, http.StatusForbidden, "request_foreign", "")
		return
	case errors.Is(err, errExpired):
		l.problem(w, r, http.StatusBadRequest, "request_expired", "")
		return
	case errors.Is(err, errApp):
		l.problem(w, r, http.StatusForbidden, "client_disabled", "")
		return
	}
	p := page.Problem{Stub: page.Stub{Office: true}, ID: page.NewProblemID(), Key: "internal", Path: r.URL.Path}
	status := http.StatusInternalServerError
	if unavailable(err) {
		p.Key, status = "unavailable", http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	}
	l.log.LogAttrs(r.Context(), slog.LevelError, "page failed",
		slog.String("problem", p.ID), slog.String("path", r.URL.Path), slog.Any("error", err))
	w.Header().Set("Cache-Control", "no-store")
	l.pages.Show(w, r, page.View{Status: status}, p)
}

// unavailable tells whether trying again soon may help.
func unavailable(err error) bool {
	return errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
