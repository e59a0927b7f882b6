package provider

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// target is where the answer to an authorization request may go: known once client and redirect URI
// are proven good. Until then a problem is a page of ours and nobody is redirected (RFC 6749 §4.1.2.1).
type target struct {
	app  *storage.App
	uri  string
	mode string
}

// authorize answers /connect/authorize (OpenID Connect Core §3.1.2): what is wrong with the request is
// said here, the rest is handed to next.
func (p *Provider) authorize(next func(http.ResponseWriter, *http.Request, *storage.AuthRequest)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		if !p.openRequest(w, r, c) {
			return
		}
		t, ok := p.authorizeTarget(w, r, c)
		if !ok {
			return
		}
		req, err := p.parseAuthorize(r.Context(), t, c)
		if err != nil {
			f := asRefusal(err)
			answer := &storage.AuthRequest{AppID: t.app.ID, RedirectURI: t.uri, ResponseMode: t.mode, State: c.form.Get("state"),
				UILocales: list(c.form.Get("ui_locales"))}
			if c.bad != nil && c.bad.name == "state" {
				answer.State = ""
			}
			p.logRefusal(r, "authorize refused", t.app.ID, f)
			p.respondError(w, r, answer, f)
			return
		}
		next(w, r, req)
	})
}

// authorizeTarget finds client and redirect URI, or shows the problem page.
func (p *Provider) authorizeTarget(w http.ResponseWriter, r *http.Request, c *call) (target, bool) {
	if c.bad != nil && (c.form == nil || c.bad.noTarget()) {
		p.badParamsPage(w, r, c.bad)
		return target{}, false
	}
	id, uri := c.form.Get("client_id"), c.form.Get("redirect_uri")
	if id == "" {
		p.missingPage(w, r, c, "client_id", "client_missing", nil)
		return target{}, false
	}
	app, err := p.db.App(r.Context(), id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		p.problem(w, r, http.StatusBadRequest, page.Problem{Key: "client_unknown", Code: errInvalidRequest, Came: id})
	case err != nil:
		p.failed(w, r, err)
	case !app.Enabled:
		p.problem(w, r, http.StatusBadRequest, page.Problem{
			Key: "client_disabled", Code: errUnauthorizedClient, Stub: p.stub(r, app, first(app.RedirectURIs)),
		})
	case uri == "":
		p.missingPage(w, r, c, "redirect_uri", "redirect_uri_missing", app)
	case !app.MatchRedirectURI(uri):
		p.problem(w, r, http.StatusBadRequest, page.Problem{
			Key: "redirect_uri_unregistered", Code: errInvalidRequest, Stub: p.stub(r, app, first(app.RedirectURIs)),
			Came: uri, Expected: expectedURI(app.AnyLoopback, app.RedirectURIs, uri), Args: map[string]string{"app": app.ID},
		})
	default:
		return target{app, uri, p.responseMode(app, c.form)}, true
	}
	return target{}, false
}

// missingPage names a parameter that is not there, and the one beside it that may have been meant.
func (p *Provider) missingPage(w http.ResponseWriter, r *http.Request, c *call, name, key string, app *storage.App) {
	problem := page.Problem{Key: key, Code: errInvalidRequest, Expected: name}
	if app != nil {
		problem.Stub = p.stub(r, app, first(app.RedirectURIs))
		problem.Expected = name + "=" + expectedURI(app.AnyLoopback, app.RedirectURIs, "")
	}
	if near := nearMiss(c.unknown, name); near != "" {
		problem.Key, problem.Came, problem.Expected = "parameter_near_miss", near, name
		problem.Args = map[string]string{"came": near, "meant": name}
	}
	p.problem(w, r, http.StatusBadRequest, problem)
}

func (p *Provider) badParamsPage(w http.ResponseWriter, r *http.Request, bad *badParams) {
	p.problem(w, r, bad.status, page.Problem{
		Key: bad.key, Code: errInvalidRequest, Came: bad.text, Args: map[string]string{"name": bad.name, "came": bad.name, "meant": bad.name},
	})
}

// failed shows an inner error as a page that says nothing of it.
func (p *Provider) failed(w http.ResponseWriter, r *http.Request, err error) {
	f := asRefusal(err)
	p.logRefusal(r, "request failed", r.Form.Get("client_id"), f)
	key := "internal"
	if f.code == errTemporarilyUnavail {
		key = "unavailable"
		w.Header().Set("Retry-After", "1")
	}
	p.problem(w, r, f.httpStatus(), page.Problem{Key: key, Code: f.code})
}

// stub says whose pass a problem page is about. redirect is a registered URI, never the one that came.
func (p *Provider) stub(r *http.Request, app *storage.App, redirect string) page.Stub {
	lang := p.pages.Lang(r, list(r.Form.Get("ui_locales")))
	return p.pages.AppStub(app.DisplayName(lang), redirect, app.Trusted)
}

// expectedURI is the registered URI nearest to the one that came, for the explanation.
func expectedURI(anyLoopback bool, registered []string, came string) string {
	if anyLoopback {
		return "http://localhost, http://127.0.0.1 or http://[::1], with any port and path"
	}
	best, least := "", -1
	for _, uri := range registered {
		d := differences(uri, came)
		if least < 0 || d < least {
			best, least = uri, d
		}
	}
	return best
}

func first(uris []string) string {
	if len(uris) == 0 {
		return ""
	}
	return uris[0]
}

// differences counts what is left of two texts without their common beginning and end.
func differences(a, b string) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) + len(b)
}

// list splits a space-separated parameter and bounds how many entries it may have.
func list(text string) []string {
	entries := strings.Fields(text)
	return slices.Clip(entries[:min(len(entries), 10)])
}
