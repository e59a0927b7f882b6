package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5/middleware"
)

// requestIDHeader carries the id of a request to the handlers, which log it, and in its answer; the
// caller's own is overwritten, because it would let anybody write into our log.
const requestIDHeader = "X-Request-Id"

// identify gives each request an id of 26 characters, for the log, the error page and the answer,
// and ends the connection after a request whose end is doubtful.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := []string{rand.Text()}
		r.Header[requestIDHeader] = id
		w.Header()[requestIDHeader] = id
		if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
			// net/http hides whether a Content-Length stood beside it. Such a message may smuggle a
			// second one past a proxy, so nothing after it on the connection is read (RFC 9112 §6.1).
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// observe writes one line for each request and turns a panic into a 500. The line holds neither query
// nor headers nor body: codes, tokens and secrets travel there.
func (s *server) observe(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				caught := recover()
				if caught == http.ErrAbortHandler {
					panic(caught) // the agreed way to cut a connection
				}
				if caught != nil {
					log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("id", r.Header.Get(requestIDHeader)),
						slog.Any("panic", caught), slog.String("stack", string(debug.Stack())))
					if ww.Status() == 0 {
						plain(ww, http.StatusInternalServerError, "internal error, request "+r.Header.Get(requestIDHeader))
					}
				}
				if log.Enabled(r.Context(), slog.LevelInfo) {
					logRequest(log, ww, r, time.Since(start))
				}
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

// logRequest writes the line of one request.
func logRequest(log *slog.Logger, w middleware.WrapResponseWriter, r *http.Request, took time.Duration) {
	status := w.Status()
	if status == 0 {
		status = http.StatusOK
	}
	path := r.URL.Path
	if len(path) > 200 {
		path = path[:200] + "…"
	}
	log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("id", r.Header.Get(requestIDHeader)),
		slog.String("method", r.Method),
		slog.String("path", path),
		slog.Int("status", status),
		slog.Int("bytes", w.BytesWritten()),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("peer", r.RemoteAddr))
}
