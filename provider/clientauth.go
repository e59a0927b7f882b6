package provider

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// descriptionClient is all a client learns of a failed authentication: whether the id or the secret was
// wrong stands in the log.
const descriptionClient = "client authentication failed: unknown client_id, wrong secret or assertion, or a method this app is not registered for; the log of the provider says which"

// credentials are what a request says about its client.
type credentials struct {
	method    string // storage.AuthBasic and so on
	id        string
	secret    string
	assertion *clientJWS // of the methods that sign
}

// authenticate finds the client of a request and proves it by exactly one of the methods it is
// registered with (RFC 6749 §2.3). It sets c.app.
func (p *Provider) authenticate(r *http.Request, c *call) *refusal {
	cred, f := presented(r, c.form)
	if f != nil {
		return f
	}
	app, err := p.db.App(r.Context(), cred.id)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return asRefusal(err)
	}
	// The secret is compared whatever else is wrong, so that all failures do the same work.
	good := p.db.CheckAppSecret(app, cred.secret)
	reason := p.clientFault(app, cred, good || cred.assertion != nil, page.Peer(r))
	if reason == nil && cred.assertion != nil {
		reason = p.checkAssertion(r.Context(), app, cred.assertion)
	}
	var inner *innerError
	if errors.As(reason, &inner) {
		return asRefusal(inner.err)
	}
	if reason != nil {
		f := refuse(errInvalidClient, descriptionClient).because(reason)
		if p.dev && app != nil && !slices.Contains(app.AuthMethods, cred.method) && (good || app.Public()) {
			f.description = ascii(fmt.Sprintf("the app %s is registered for %s; the request came with %s",
				app.ID, strings.Join(app.AuthMethods, " or "), cred.method))
		}
		return f
	}
	c.app = app
	if c.form.Get("client_id") == "" {
		c.form.Set("client_id", app.ID)
	}
	return nil
}

// clientFault says for the log what is wrong with the credentials, or nil.
func (p *Provider) clientFault(app *storage.App, cred credentials, good bool, from netip.Addr) error {
	switch {
	case app == nil:
		return fmt.Errorf("there is no app %q", cred.id)
	case !app.Enabled:
		return fmt.Errorf("app %q is disabled", app.ID)
	case !slices.Contains(app.AuthMethods, cred.method):
		return fmt.Errorf("app %q is registered for %v, came %s", app.ID, app.AuthMethods, cred.method)
	case cred.method != storage.AuthNone && !good:
		return fmt.Errorf("the secret is none of the %d live keys of app %q", len(app.Keys), app.ID)
	case cred.method != storage.AuthNone && !app.AllowsAddress(from):
		return fmt.Errorf("the keys of app %q may not be used from %s", app.ID, from)
	}
	return nil
}

// fromAssertion reads the credentials of a client that signs (RFC 7523 §2.2).
func fromAssertion(r *http.Request, form url.Values) (credentials, *refusal) {
	switch {
	case form.Has("client_secret") || len(r.Header.Values("Authorization")) > 0:
		return credentials{}, refuse(errInvalidRequest, "use one client authentication method, not two")
	case form.Get("client_assertion_type") != assertionType:
		return credentials{}, refuse(errInvalidClient, "client_assertion_type must be %s", assertionType)
	}
	cred, err := readAssertion(form.Get("client_assertion"))
	if err == nil && form.Has("client_id") && form.Get("client_id") != cred.id {
		err = errors.New("client_id beside it is another one")
	}
	if err != nil {
		return credentials{}, refuse(errInvalidClient, descriptionClient).because(fmt.Errorf("client_assertion: %w", err))
	}
	return cred, nil
}

// presented reads the credentials of a request; more than one method is refused.
func presented(r *http.Request, form url.Values) (credentials, *refusal) {
	if form.Has("client_assertion") || form.Has("client_assertion_type") {
		return fromAssertion(r, form)
	}
	headers := r.Header.Values("Authorization")
	if len(headers) == 0 {
		return fromBody(form)
	}
	if len(headers) > 1 || form.Has("client_secret") {
		return credentials{}, refuse(errInvalidRequest, "use one client authentication method, not two")
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		return credentials{}, refuse(errInvalidClient, "the Authorization header is not Basic with a client id and a secret")
	}
	// RFC 6749 §2.3.1: both are form-urlencoded inside Basic.
	id, errID := url.QueryUnescape(id)
	secret, errSecret := url.QueryUnescape(secret)
	if errID != nil || errSecret != nil {
		return credentials{}, refuse(errInvalidClient, "client id and secret in Basic must be urlencoded (RFC 6749 section 2.3.1)")
	}
	if form.Has("client_id") && form.Get("client_id") != id {
		return credentials{}, refuse(errInvalidRequest, "client_id in the body differs from the one in the Authorization header")
	}
	if secret == "" || len(id) > authorizeLimits["client_id"] {
		return credentials{}, refuse(errInvalidClient, descriptionClient)
	}
	return credentials{method: storage.AuthBasic, id: id, secret: secret}, nil
}

func fromBody(form url.Values) (credentials, *refusal) {
	cred := credentials{method: storage.AuthNone, id: form.Get("client_id"), secret: form.Get("client_secret")}
	if form.Has("client_secret") {
		cred.method = storage.AuthPost
	}
	if cred.id == "" {
		return cred, refuse(errInvalidClient, "client_id is missing: send it in the body, or Basic with client id and secret")
	}
	return cred, nil
}
