package provider

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// endpoints are the names under which attempts are remembered, by path.
var endpoints = map[string]string{
	PathAuthorize: "authorize", PathToken: "token", PathDevice: "device", PathUserInfo: "userinfo",
	PathRegister: "register", PathIntrospect: "introspect", PathRevocation: "revocation", PathEndSession: "endsession",
}

// Every attempt that names a known app is remembered once, with its outcome, for the app's developers
// (storage.Event). What would push everything else out of the ring is left out: introspection and
// userinfo that succeed, and the polls of a device that is told to go on waiting.

// attempt remembers the outcome of a request; e holds what is known besides.
func (p *Provider) attempt(r *http.Request, c *call, e storage.Event) {
	app := p.named(r, c)
	if app == nil {
		return
	}
	e.AppID, e.Address = app.ID, page.PeerText(r)
	if e.ID == "" {
		e.ID = r.Header.Get(requestID)
	}
	if e.Endpoint == "" {
		e.Endpoint = endpoints[r.URL.Path]
		if strings.HasPrefix(r.URL.Path, PathRegister+"/") {
			e.Endpoint = endpoints[PathRegister]
		}
	}
	if e.Endpoint == "token" {
		e.Grant = knownGrant(c.form.Get("grant_type"))
	}
	if e.UserID == "" {
		e.UserID = c.user
	}
	p.db.Record(e)
}

// knownGrant is a grant type as it is remembered: what else a stranger calls one may be anything.
func knownGrant(name string) string {
	if name == "" || slices.Contains(offeredGrants, name) {
		return name
	}
	return "unknown"
}

// claimed is the client_id that a request gives as its own, proven or not: in the body, in Basic, or in an
// assertion, beside which the body need not have it (RFC 7521 §4.2).
func claimed(r *http.Request, c *call) string {
	id := c.form.Get("client_id")
	if id == "" && c.form.Has("client_assertion") {
		cred, err := readAssertion(c.form.Get("client_assertion"))
		if err == nil {
			id = cred.id
		}
	}
	if id == "" {
		id, _, _ = r.BasicAuth()
		id, _ = url.QueryUnescape(id)
	}
	return id
}

// named returns the app a request is about: the one that authenticated, or only claimed to be.
func (p *Provider) named(r *http.Request, c *call) *storage.App {
	if c == nil {
		return nil
	}
	if c.app != nil {
		return c.app
	}
	id := claimed(r, c)
	if id == "" || len(id) > authorizeLimits["client_id"] {
		return nil
	}
	app, err := p.db.App(r.Context(), id)
	if err != nil {
		return nil // unknown, or the database is away: then there are other worries
	}
	return app
}

// refused logs and remembers that a client was refused.
func (p *Provider) refused(r *http.Request, c *call, what string, f *refusal) {
	if f.repeats() {
		return
	}
	appID := claimed(r, c)
	if c.app != nil {
		appID = c.app.ID
	}
	p.logRefusal(r, what, appID, f)
	p.attempt(r, c, storage.Event{Result: f.code, Description: f.explained()})
}

// explained is what the app's developers may know of a refusal: the reason too, unless it is an inner one.
func (f *refusal) explained() string {
	if f.reason == nil || f.httpStatus() >= http.StatusInternalServerError {
		return f.description
	}
	if errors.Is(f.reason, errFetch) {
		return f.description + ": " + unfetched(f.reason)
	}
	return f.description + ": " + f.reason.Error()
}

// unfetched says why a call brought nothing, without a word about names and addresses of this network.
func unfetched(err error) string {
	var timeout net.Error
	text := err.Error()
	_, answer, answered := strings.Cut(text, errFetch.Error()+": answered ")
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer within 5 seconds"
	case answered:
		return "answered " + answer
	case strings.Contains(text, "that is not public"):
		return "the address is not public"
	case strings.Contains(text, errFetch.Error()+": larger than"):
		return "the answer is too large"
	case strings.Contains(text, errFetch.Error()+": the URL must begin with"):
		return "the URL must begin with https://"
	}
	return "the address could not be reached"
}

// refusedPage remembers that a person was shown a page instead of being sent on, under the page's number.
// came is what is kept of the wrong value; only a URI that is kept whole can be offered for registration.
func (p *Provider) refusedPage(r *http.Request, b *page.Problem, came string, whole bool) {
	e := storage.Event{ID: b.ID, Result: b.Code, Key: b.Key, Came: came, Description: problemText[b.Key]}
	switch {
	case !whole:
		e.Description += "; a part of it that may hold a secret is not kept"
	case b.Key == "redirect_uri_unregistered":
		e.RedirectURI = came
	}
	p.attempt(r, callFrom(r.Context()), e)
}

// problemText says in English what the pages say in the person's language.
var problemText = map[string]string{
	"client_disabled": "the app is disabled", "redirect_uri_missing": "redirect_uri is missing",
	"redirect_uri_unregistered": "the redirect_uri is not registered", "parameter_near_miss": "a parameter is misspelt",
	"parameter_repeated": "a parameter came more than once or in the wrong place", "parameter_invalid": "a parameter has a value it may not have",
	"form_invalid": "the parameters are not well-formed", "request_too_large": "the request is too large",
	"logout_hint": "id_token_hint is not an id_token of this app", "logout_redirect": "the post_logout_redirect_uri is not registered",
	"internal": descriptionServer, "unavailable": descriptionUnavailable,
}

// authorized remembers how an authorization request ended; f is nil when the app got a code.
func (p *Provider) authorized(r *http.Request, req *storage.AuthRequest, userID string, f *refusal) {
	e := storage.Event{
		ID: r.Header.Get(requestID), AppID: req.AppID, Endpoint: "authorize", Result: "ok", Address: page.PeerText(r), UserID: userID,
	}
	if f != nil {
		e.Result, e.Description = f.code, f.explained()
	}
	p.db.Record(e)
}

// called notes which app a call is about that it does not name.
func called(ctx context.Context, app *storage.App) {
	c := callFrom(ctx)
	if c != nil {
		c.app = app
	}
}

// concerns notes which person a call is about, for its event.
func concerns(ctx context.Context, userID string) {
	c := callFrom(ctx)
	if c != nil {
		c.user = userID
	}
}

// with is a copy of a shared refusal with its reason.
func (f *refusal) with(reason error) *refusal {
	c := *f
	c.reason = errors.Join(f.reason, reason)
	return &c
}
