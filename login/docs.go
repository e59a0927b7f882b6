package login

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login/page"
)

// docs serves the manual to GET and HEAD, to everybody: inside the frame of their pages to who is signed in.
func (l *Login) docs(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Allow", "GET, HEAD")
		l.problem(w, r, http.StatusMethodNotAllowed, "method", "")
		return
	}
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	var inside *page.Shell
	if v.session != nil {
		shell := l.Shell(&Member{Session: v.session, User: v.user}, "")
		inside = &shell
	}
	if !l.pages.Docs(w, r, chi.URLParam(r, "name"), inside) {
		l.problem(w, r, http.StatusNotFound, "not_found", "")
	}
}
