package login

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// Member is a signed-in person at a page of propusk's own.
type Member struct {
	Session *storage.Session
	User    *storage.User
	Actor   storage.Actor // for storage, with the browser's address
}

// Member returns who is signed in. Where nobody is it has answered: a GET goes to the sign-in page and
// comes back, anything else is refused.
func (l *Login) Member(w http.ResponseWriter, r *http.Request) (*Member, bool) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return nil, false
	}
	if v.session == nil {
		l.askMember(w, r)
		return nil, false
	}
	return &Member{Session: v.session, User: v.user, Actor: storage.UserActor(v.user, page.PeerText(r))}, true
}

// askMember sends a person who is not signed in to the sign-in page.
func (l *Login) askMember(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	l.askOwn(w, r)
}

// Proved tells whether the person signed in, or proved it once more, within that time: for pages that make
// credentials, where a browser left alone must not be enough (see [Login.ProveAgain]).
func (l *Login) Proved(m *Member, within time.Duration) bool {
	return l.now().Sub(m.Session.AuthTime) <= within
}

// ProveAgain asks for the password of the person who is signed in and then returns to the path and query of
// r by GET. It answers r, which must change nothing: the form of a POST is lost, and its path must be that
// of a page.
func (l *Login) ProveAgain(w http.ResponseWriter, r *http.Request, _ *Member) {
	l.askOwn(w, r, "login")
}

// Shell is the frame of a page for the person: section as in [page.Shell].
func (l *Login) Shell(m *Member, section string) page.Shell {
	return page.Shell{
		Person:  person(m.User),
		Section: section,
		Full:    m.User.Access == storage.Full,
		Hidden:  page.Hidden{CSRF: l.token(formToken{Holder: sessionHolder(m.Session)})},
	}
}

// MemberForm reads the form of a POST made by a page of [Login.Shell] for this person; on failure it has
// answered (see [page.Renderer.Form]; 403 where the form was not made for this session).
func (l *Login) MemberForm(w http.ResponseWriter, r *http.Request, m *Member, multi ...string) (url.Values, bool) {
	form, ok := l.pages.Form(w, r, multi...)
	if !ok {
		return nil, false
	}
	_, ok = l.checkSession(form, "", m.Session)
	if !ok {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
	}
	return form, ok
}

// Fail answers a page that could not do what it was asked: 404 or 403 where the person may not know of
// the thing or not do that, else an inner error under its number.
func (l *Login) Fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, storage.ErrNotFound):
		l.problem(w, r, http.StatusNotFound, "not_found", "")
	case errors.Is(err, storage.ErrForbidden):
		l.problem(w, r, http.StatusForbidden, "forbidden", "")
	default:
		l.failure(w, r, err)
	}
}
