package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// outcome is what came of a name and a password.
type outcome struct {
	user *storage.User // nil: wrong, without saying what
	wait time.Duration // > 0: too many failures
	busy bool
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
	g, wait := l.limiter.reserve(ctx, signInKeys(key, page.Peer(r)))
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

// logRefusal records a sign-in that failed, for whoever watches for guessing. What was typed as the name
// is left out: now and then it is a password.
func (l *Login) logRefusal(r *http.Request, u *storage.User, reason string) {
	user := "unknown"
	if u != nil {
		user = u.ID
	}
	l.log.LogAttrs(r.Context(), slog.LevelInfo, "sign-in refused",
		slog.String("user", user), slog.String("reason", reason), slog.String("address", page.PeerText(r)))
}
