package login

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// Limits in bytes: longer names are unknown, longer passwords are wrong.
const (
	nameLimit     = 256
	passwordLimit = 256
)

// postLogin is POST /login: a name with a password, or the choice of an account.
func (l *Login) postLogin(w http.ResponseWriter, r *http.Request) {
	form, ok := l.pages.Form(w, r)
	if !ok {
		return
	}
	var in input
	if form.Get("request") != "" {
		in, ok = l.pending(w, r, form.Get("request"))
	} else {
		in, ok = l.unasked(w, r)
	}
	if !ok {
		return
	}
	if in.req != nil && form.Has("account") {
		_, ok = l.checkSession(form, in.req.ID, in.session)
		if !ok {
			l.problem(w, r, http.StatusForbidden, "csrf", "")
			return
		}
		l.choose(w, r, in, form.Get("account"))
		return
	}
	if !l.checkForm(r, form, in.req) {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	l.signIn(w, r, in, form)
}

// unasked is the input of a sign-in without a request: only who is here already.
func (l *Login) unasked(w http.ResponseWriter, r *http.Request) (input, bool) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return input{}, false
	}
	return input{session: v.session, user: v.user}, true
}

// signIn checks the name and the password of a form that is known to be ours.
func (l *Login) signIn(w http.ResponseWriter, r *http.Request, in input, form url.Values) {
	name := form.Get("username")
	o, err := l.authenticate(r, name, form.Get("password"))
	if err != nil {
		l.failure(w, r, err)
		return
	}
	if o.user != nil {
		l.signedIn(w, r, in, o.user, name)
		return
	}
	status := http.StatusOK
	again := page.SignIn{Username: clip(name, nameLimit), Again: in.req != nil && next(in).again}
	switch {
	case o.wait > 0:
		status = http.StatusTooManyRequests
		again.Wait = retryAfter(w, o.wait)
	case o.busy:
		status = http.StatusServiceUnavailable
		again.Busy = true
		w.Header().Set("Retry-After", "2")
	default:
		again.Wrong = true
	}
	l.showSignIn(w, r, in, status, again)
}

// retryAfter sets the header for a wait and returns it in whole seconds, rounded up (RFC 9110 §10.2.3).
func retryAfter(w http.ResponseWriter, wait time.Duration) int {
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return seconds
}

// signedIn starts the session of a person who proved who they are, with a new secret, and goes on.
func (l *Login) signedIn(w http.ResponseWriter, r *http.Request, in input, user *storage.User, name string) {
	start := storage.NewSession{
		UserID:    user.ID,
		Proved:    user,
		ACR:       storage.ACRPassword,
		AMR:       []string{"pwd"},
		Address:   page.PeerText(r),
		UserAgent: clip(r.UserAgent(), 256),
	}
	if in.session != nil {
		start.Replaces = in.session.ID
	}
	s, secret, err := l.db.StartSession(r.Context(), start)
	if errors.Is(err, storage.ErrRevoked) || errors.Is(err, storage.ErrNotFound) {
		// Disabled, or the password set anew, since it was compared: the same answer as ever.
		l.showSignIn(w, r, in, http.StatusOK, page.SignIn{Username: clip(name, nameLimit), Wrong: true})
		return
	}
	if err != nil {
		l.failure(w, r, fmt.Errorf("start session: %w", err))
		return
	}
	l.names.set(w, l.names.session, secret, sessionCookieAge)
	l.names.setState(w, l.db.BrowserState(s.ID))
	if in.req == nil {
		l.names.set(w, l.names.form, "", 0)
		http.Redirect(w, r, home, http.StatusSeeOther)
		return
	}
	in.req.Progress.Authenticated = s.ID
	in.req.Progress.Account = user.ID
	if in.req.Progress.Consented != user.ID {
		in.req.Progress.Consented, in.req.Progress.Granted = "", nil
	}
	if l.advance(w, r, in.req) {
		l.again(w, r, in.req)
	}
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
