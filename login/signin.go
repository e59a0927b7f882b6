package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// outcome is what came of a name and a password.
type outcome struct {
	user *storage.User // nil: wrong, without saying what
	wait time.Duration // > 0: too many failures
	busy bool
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

// authenticate looks a person up and compares the password. Unknown names, wrong passwords, disabled
// people and people without a password cost the same and end the same.
func (l *Login) authenticate(r *http.Request, name, password string) (outcome, error) {
	user, key, err := l.lookup(r.Context(), name)
	if err != nil {
		return outcome{}, err
	}
	return l.compare(r, user, key, password)
}

// PasswordCheck is what came of [Login.CheckPassword]: OK, or wrong, or not looked at because of too many
// wrong ones (Wait > 0 says how long) or too much to do just now (Busy).
type PasswordCheck struct {
	OK   bool
	Wait time.Duration
	Busy bool
}

// CheckPassword compares the password of a person who is signed in, within the limits of sign-ins: a wrong
// one counts as a failed sign-in under that name from the request's address, and as few at a time are
// hashed.
func (l *Login) CheckPassword(r *http.Request, u *storage.User, password string) (PasswordCheck, error) {
	o, err := l.compare(r, u, failureKey(u), password)
	return PasswordCheck{OK: o.user != nil, Wait: o.wait, Busy: o.busy}, err
}

// compare compares the password of user, nil for an unknown name; failures are counted under key.
func (l *Login) compare(r *http.Request, user *storage.User, key, password string) (outcome, error) {
	ctx, cancel := context.WithTimeout(r.Context(), l.hashing.patience)
	defer cancel()
	g, wait := l.limiter.reserve(ctx, signInKeys(key, peer(r.RemoteAddr)))
	if g == nil {
		l.logRefusal(r, user, "too many failures")
		return outcome{wait: wait}, nil
	}
	wrong := false
	defer func() { g.settle(wrong) }()
	if len(password) > passwordLimit {
		// Nobody has such a password; it is not worth a hash.
		wrong = true
		l.logRefusal(r, user, "password too long")
		return outcome{}, nil
	}
	leave, err := l.hashing.enter(ctx)
	if errors.Is(err, errBusy) {
		return outcome{busy: true}, nil
	}
	if err != nil {
		return outcome{}, fmt.Errorf("admission: %w", err)
	}
	defer leave()
	wrong = true // also when the comparison panics
	ok, rehash := l.check(user, password)
	if !ok || user == nil || user.Disabled() {
		l.logRefusal(r, user, "wrong name or password")
		return outcome{}, nil
	}
	wrong = false
	if rehash {
		err = l.db.RehashPassword(r.Context(), user, password)
		if err != nil {
			// The person is who they say; the hash is renewed next time.
			l.log.LogAttrs(r.Context(), slog.LevelWarn, "password not rehashed", slog.String("user", user.ID), slog.Any("error", err))
		}
	}
	return outcome{user: user}, nil
}

// lookup finds the person of a name, nil if there is none, and the key failures are counted under: one for
// all spellings of a name, and the same for the login and the e-mail of one person.
func (l *Login) lookup(ctx context.Context, name string) (*storage.User, string, error) {
	if len(name) > nameLimit {
		return nil, storage.Fold(clip(name, nameLimit)), nil
	}
	user, err := l.db.UserByName(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, storage.Fold(name), nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("user: %w", err)
	}
	return user, failureKey(user), nil
}

// failureKey is what failures of a known person are counted under. An administrator who sets another
// password lets the person in again at once.
func failureKey(u *storage.User) string {
	return storage.Fold(u.Login) + "#" + strconv.FormatInt(u.PasswordAt().UnixMilli(), 10)
}

// signedIn starts the session of a person who proved who they are, with a new secret, and goes on.
func (l *Login) signedIn(w http.ResponseWriter, r *http.Request, in input, user *storage.User, name string) {
	start := storage.NewSession{
		UserID:    user.ID,
		Proved:    user,
		ACR:       "1",
		AMR:       []string{"pwd"},
		Address:   addressText(r),
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

// logRefusal records a sign-in that failed, for whoever watches for guessing. What was typed as the name
// is left out: now and then it is a password.
func (l *Login) logRefusal(r *http.Request, u *storage.User, reason string) {
	user := "unknown"
	if u != nil {
		user = u.ID
	}
	l.log.LogAttrs(r.Context(), slog.LevelInfo, "sign-in refused",
		slog.String("user", user), slog.String("reason", reason), slog.String("address", addressText(r)))
}

// addressText is the peer's address without its port, "" where there is none.
func addressText(r *http.Request) string {
	addr := peer(r.RemoteAddr)
	if !addr.IsValid() {
		return ""
	}
	return addr.Unmap().String()
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
