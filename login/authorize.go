package login

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/propusk/propusk/storage"
)

// Authorize takes over a validated authorization request. What can be answered at once is: a request
// with prompt=none never leaves this function when it came by GET. Anything else is sealed into a cookie
// of the browser and goes on at /login.
//
// A POST from another site arrives without the session cookie (SameSite=Lax), so a POST is always turned
// into a GET, where the session is seen.
func (l *Login) Authorize(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodPost {
		l.start(w, r, req)
		return
	}
	v, err := l.visitor(r)
	if err != nil {
		l.refuseFailure(w, r, req, err)
		return
	}
	l.keepState(w, r, v)
	in, err := l.input(r, req, v)
	if err != nil {
		l.refuseFailure(w, r, req, err)
		return
	}
	s := next(in)
	switch s.kind {
	case stepDone:
		err = l.recordUnasked(r, in, s)
		if err != nil {
			l.refuseFailure(w, r, req, err)
			return
		}
		l.flow.Approve(w, r, req, v.session, s.scopes)
	case stepRefuse:
		l.flow.Refuse(w, r, req, s.code, s.description)
	default:
		l.start(w, r, req)
	}
}

// start puts the request into the browser and sends it to the dispatcher.
func (l *Login) start(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
	err := l.keep(w, r, req, progressBytes)
	if errors.Is(err, errTooLarge) {
		l.tooLarge(w, r, req)
		return
	}
	if err != nil && req.Device != "" {
		l.failure(w, r, err)
		return
	}
	if err != nil {
		l.refuseFailure(w, r, req, err)
		return
	}
	l.again(w, r, req)
}

// tooLarge says which parameter does not fit into a cookie: to the app, where one waits for an answer.
func (l *Login) tooLarge(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
	if req.AppID == "" || req.Device != "" {
		l.problem(w, r, http.StatusBadRequest, "request_too_large", "invalid_request")
		return
	}
	l.flow.Refuse(w, r, req, "invalid_request", "the request is too large: the parameter "+largest(req)+" must be shorter")
}

// again sends the browser to the dispatcher. A request of our own has another name in the address: when
// it is done, its address in the browser's history is that of a plain sign-in.
func (l *Login) again(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
	name := "request"
	if req.AppID == "" {
		name = "return"
	}
	http.Redirect(w, r, "/login?"+name+"="+req.ID, http.StatusSeeOther)
}

// refuseFailure tells the app that the request failed for a reason of ours, and logs the reason.
func (l *Login) refuseFailure(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, err error) {
	if errors.Is(err, errApp) {
		l.failure(w, r, err)
		return
	}
	l.log.LogAttrs(r.Context(), slog.LevelError, "authorization failed", slog.String("app", req.AppID), slog.Any("error", err))
	if unavailable(err) {
		l.flow.Refuse(w, r, req, "temporarily_unavailable", "try again later")
		return
	}
	l.flow.Refuse(w, r, req, "server_error", "the request could not be served")
}
