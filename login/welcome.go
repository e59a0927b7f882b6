package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// showWelcome is GET /welcome?link=: a form for the first password, or a new one. Looking at a link does
// not use it up: mail programs and scanners open links too.
func (l *Login) showWelcome(w http.ResponseWriter, r *http.Request) {
	l.showWelcomeForm(w, r, http.StatusOK, page.Welcome{Link: r.URL.Query().Get("link")})
}

// showWelcomeForm renders the form of a link that can be used, or says that it cannot.
func (l *Login) showWelcomeForm(w http.ResponseWriter, r *http.Request, status int, p page.Welcome) {
	link, user, err := l.db.LinkBySecret(r.Context(), p.Link)
	if errors.Is(err, storage.ErrNotFound) {
		l.showWelcomeOver(w, r)
		return
	}
	if err != nil {
		l.failure(w, r, fmt.Errorf("link: %w", err))
		return
	}
	p.Stub = page.Stub{Office: true}
	p.Hidden.CSRF = l.signInToken(w, r, nil)
	p.Person = person(user)
	p.Login = user.Login
	p.Recover = link.Purpose == storage.LinkRecover
	l.pages.Show(w, r, page.View{Status: status}, p)
}

// showWelcomeOver says that a link works no more, and what to do.
func (l *Login) showWelcomeOver(w http.ResponseWriter, r *http.Request) {
	l.pages.Show(w, r, page.View{Status: http.StatusGone}, page.WelcomeOver{Stub: page.Stub{Office: true}})
}

// postWelcome is POST /welcome: it uses the link up, sets the password and signs the person in.
func (l *Login) postWelcome(w http.ResponseWriter, r *http.Request) {
	form, ok := l.pages.Form(w, r)
	if !ok {
		return
	}
	if !l.checkForm(r, form, nil) {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	again := page.Welcome{Link: form.Get("link")}
	if form.Get("password") != form.Get("again") {
		again.Differ = true
		l.showWelcomeForm(w, r, http.StatusOK, again)
		return
	}
	user, err := l.useLink(r, form)
	var invalid *storage.Invalid
	switch {
	case err == nil:
		l.welcomed(w, r, user)
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "2")
		again.Busy = true
		l.showWelcomeForm(w, r, http.StatusServiceUnavailable, again)
	case errors.As(err, &invalid):
		again.Wrong = l.pages.Reason(l.pages.Lang(r, nil), invalid.Reason, invalid.Value)
		l.showWelcomeForm(w, r, http.StatusOK, again)
	case errors.Is(err, storage.ErrNotFound):
		l.showWelcomeOver(w, r)
	default:
		l.failure(w, r, fmt.Errorf("use link: %w", err))
	}
}

// useLink sets the password within the admission of sign-ins, because that costs a hash; only the holder
// of a link that works gets as far.
func (l *Login) useLink(r *http.Request, form url.Values) (*storage.User, error) {
	_, _, err := l.db.LinkBySecret(r.Context(), form.Get("link"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), l.hashing.patience)
	defer cancel()
	leave, err := l.hashing.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return l.db.UseLink(r.Context(), form.Get("link"), form.Get("password"), page.PeerText(r))
}

// welcomed signs in a person who just set the password; whoever else was signed in in this browser is
// signed out.
func (l *Login) welcomed(w http.ResponseWriter, r *http.Request, user *storage.User) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	l.signedIn(w, r, input{session: v.session, user: v.user}, user, user.Login)
}
