package login

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/propusk/propusk/storage"
)

// visitor is who the browser's session cookie says is here; the zero visitor is signed out.
type visitor struct {
	session *storage.Session
	user    *storage.User
}

// visitor reads the session cookie. A missing, malformed or dead one counts as signed out; it is not
// deleted, because the answer to a request that was under way when the secret changed must not delete
// the new one.
func (l *Login) visitor(r *http.Request) (visitor, error) {
	secret := l.names.sessionSecret(r)
	if secret == "" {
		return visitor{}, nil
	}
	s, u, err := l.db.SessionBySecret(r.Context(), secret)
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrRevoked) {
		return visitor{}, nil
	}
	if err != nil {
		return visitor{}, fmt.Errorf("session: %w", err)
	}
	if u.Disabled() {
		return visitor{}, nil
	}
	return visitor{session: s, user: u}, nil
}

// errApp says that the app of a pending request no longer stands, or no longer has the redirect URI.
var errApp = errors.New("the app of the request no longer stands")

// input gathers what the next step of the request depends on; errApp when the app went away meanwhile.
func (l *Login) input(r *http.Request, req *storage.AuthRequest, v visitor) (input, error) {
	in := input{req: req, session: v.session, user: v.user, dev: l.dev, now: l.now()}
	if in.own() {
		return in, nil
	}
	app, err := l.db.App(r.Context(), req.AppID)
	if errors.Is(err, storage.ErrNotFound) {
		return input{}, errApp
	}
	if err != nil {
		return input{}, fmt.Errorf("app: %w", err)
	}
	answerable := app.MatchRedirectURI(req.RedirectURI)
	if req.Device != "" {
		answerable = app.Allows(storage.GrantDeviceCode)
	}
	if !app.Enabled || !answerable {
		return input{}, errApp
	}
	in.app = app
	in.known, err = l.db.Scopes(r.Context())
	if err != nil {
		return input{}, fmt.Errorf("scopes: %w", err)
	}
	if v.user != nil {
		in.sub = l.db.Subject(app, v.user.ID)
		in.consents, err = l.db.Consents(r.Context(), v.user.ID, app.ID)
		if err != nil {
			return input{}, fmt.Errorf("consents: %w", err)
		}
	}
	return in, nil
}
