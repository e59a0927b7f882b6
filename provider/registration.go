package provider

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// PathRegister is where clients register; below it each finds its own entry. Both are routes of ours: the
// bodies are JSON, which the library's seam does not read.
const PathRegister = "/connect/register"

// Who may register (Config.Registration).
const (
	registrationClosed = "closed"
	registrationToken  = "token"
	registrationOpen   = "open"
)

// Error codes of RFC 7591 §3.2.2.
const (
	errInvalidRedirectURI = "invalid_redirect_uri"
	errInvalidMetadata    = "invalid_client_metadata"
)

// registers tells whether there is registration at all: else no route, and nothing in discovery.
func (p *Provider) registers() bool {
	return p.registration == registrationToken || p.registration == registrationOpen
}

// register answers POST (RFC 7591 §3, OpenID Connect Dynamic Registration §3): a new app for whoever may.
func (p *Provider) register(w http.ResponseWriter, r *http.Request) {
	p.answerJSON(w, r, []string{http.MethodPost}, func(c *call) (int, map[string]any, error) {
		by, f := p.registrar(r)
		if f != nil {
			return 0, nil, f
		}
		sent, f := readMetadata(w, r)
		if f != nil {
			return 0, nil, f
		}
		m, offered, err := p.propose(r.Context(), sent, nil)
		if err != nil {
			return 0, nil, err
		}
		app, secret, token, err := p.db.RegisterApp(r.Context(), by, storage.NewApp{App: *m.app})
		switch {
		case errors.Is(err, storage.ErrTooManyApps):
			f := refuse(errTemporarilyUnavail, "too many apps have registered: try again tomorrow").because(err)
			f.status = http.StatusTooManyRequests
			return 0, nil, f
		case err != nil:
			return 0, nil, p.asMetadataRefusal(err)
		}
		c.app = app
		answer := p.entry(app, offered, token)
		if secret != "" {
			answer["client_secret"], answer["client_secret_expires_at"] = secret, 0
		}
		return http.StatusCreated, answer, nil
	})
}

// manage answers for one app that registered itself, to whoever has its token (RFC 7592 §2).
func (p *Provider) manage(w http.ResponseWriter, r *http.Request) {
	methods := []string{http.MethodGet, http.MethodPut, http.MethodDelete}
	p.answerJSON(w, r, methods, func(c *call) (int, map[string]any, error) {
		app, token, err := p.registered(r)
		if err != nil {
			return 0, nil, err
		}
		c.app = app
		switch r.Method {
		case http.MethodDelete:
			err = p.db.DeleteApp(r.Context(), systemFrom(r), app.ID)
			if err != nil {
				err = p.asMetadataRefusal(err) // one that owns scopes of others stays
			}
			return http.StatusNoContent, nil, err
		case http.MethodPut:
			return p.replace(w, r, app, token)
		}
		doc, err := p.offered(r.Context())
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, p.entry(app, doc, token), nil
	})
}

// answerJSON is what both endpoints share: methods, headers, panics and refusals.
func (p *Provider) answerJSON(w http.ResponseWriter, r *http.Request, methods []string, run func(*call) (int, map[string]any, error)) {
	rule := rules{methods: methods}
	defer p.recover(w, r, rule)
	h := w.Header()
	h["Cache-Control"], h["Pragma"] = noStore, noCache
	c := &call{r: r, header: h, form: url.Values{}}
	allowed := false
	for _, method := range methods {
		allowed = allowed || method == r.Method
	}
	if !allowed {
		p.methodNotAllowed(w, r, rule)
		return
	}
	status, answer, err := run(c)
	if err != nil {
		f := asRefusal(err)
		p.refused(r, c, "registration refused", f)
		c.challenge(f)
		status, answer = f.httpStatus(), map[string]any{"error": f.code, "error_description": f.description}
	} else {
		p.attempt(r, c, storage.Event{Result: "ok"})
	}
	if answer == nil {
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(answer)
	if err != nil {
		p.log.ErrorContext(r.Context(), "registration answer", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h["Content-Type"] = jsonDocument
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func systemFrom(r *http.Request) storage.Actor {
	return storage.Actor{Kind: storage.ActorSystem, Address: page.PeerText(r)}
}

// registrar is who registers an app: the person whose token came as initial access token (RFC 7591 §3), who
// must be allowed to create apps and will own it; or, where registration is open, anybody.
func (p *Provider) registrar(r *http.Request) (storage.Actor, *refusal) {
	token, f := onlyBearer(r)
	switch {
	case f != nil:
		return storage.Actor{}, f
	case token == "" && p.registration == registrationOpen:
		if !p.registrations.allow(page.Peer(r), p.now()) {
			f := refuse(errTemporarilyUnavail, "too many registrations from this address: try again in a minute")
			f.status = http.StatusTooManyRequests
			return storage.Actor{}, f
		}
		return systemFrom(r), nil
	case token == "":
		f := refuse(errInvalidRequest, "registration needs an initial access token: a personal access token with apps.write of an administrator")
		f.status = http.StatusUnauthorized
		return storage.Actor{}, f
	}
	by, err := p.Actor(r.Context(), token)
	by.Address = page.PeerText(r)
	switch {
	case errors.Is(err, storage.ErrRevoked), errors.Is(err, storage.ErrForbidden):
		return by, refuse(errInvalidToken, descriptionInvalidToken).because(err)
	case err != nil:
		return by, asRefusal(err)
	case !storage.May(by, storage.AppCreate, nil):
		return by, refuse(errInsufficientScope, "the token may not create apps: it needs apps.write, of a person with full access")
	}
	return by, nil
}

// onlyBearer reads the one Authorization header; none is "".
func onlyBearer(r *http.Request) (string, *refusal) {
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return "", nil
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimLeft(token, " ")
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxJWT {
		return "", refuse(errInvalidToken, descriptionInvalidToken)
	}
	return token, nil
}

// registered finds the app of the path by its registration access token. Whatever is wrong, the answer is
// the same (RFC 7592 §2.1).
func (p *Provider) registered(r *http.Request) (*storage.App, string, error) {
	token, f := onlyBearer(r)
	if f != nil {
		return nil, "", f
	}
	app, err := p.db.App(r.Context(), strings.TrimPrefix(r.URL.Path, PathRegister+"/"))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, "", err
	}
	if !p.db.CheckRegistrationToken(app, token) || !app.Enabled {
		return nil, "", errRegistrationToken
	}
	return app, token, nil
}

var errRegistrationToken = refuse(errInvalidToken, "the registration access token is not one of this client")
