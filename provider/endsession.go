package provider

import (
	"errors"
	"net/http"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// endSession answers /connect/endsession (OpenID Connect RP-Initiated Logout §2): it checks what came
// and hands the rest to next, which asks the person where the hint is not theirs. Nobody is redirected
// without a valid hint, or to a URI that is not registered.
func (p *Provider) endSession(next func(http.ResponseWriter, *http.Request, *storage.LogoutRequest)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		if c.bad != nil {
			p.badParamsPage(w, r, c.bad)
			return
		}
		req := &storage.LogoutRequest{AppID: c.form.Get("client_id"), UILocales: list(c.form.Get("ui_locales"))}
		if !p.logoutHint(w, r, c, req) {
			return
		}
		if req.AppID == "" {
			next(w, r, req)
			return
		}
		c.user = req.Sub
		app, err := p.db.App(r.Context(), req.AppID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			p.problem(w, r, http.StatusBadRequest, page.Problem{Key: "client_unknown", Code: errInvalidRequest, Came: req.AppID})
			return
		case err != nil:
			p.failed(w, r, err)
			return
		}
		c.app = app
		if app.Registration.SubjectType == storage.SubjectPairwise {
			c.user = "" // the hint's sub is no id of ours
		}
		if p.logoutRedirect(w, r, c, app, req) {
			p.attempt(r, c, storage.Event{Result: "ok"})
			next(w, r, req)
		}
	})
}

// logoutHint reads the id_token_hint; a bad one is a problem page.
func (p *Provider) logoutHint(w http.ResponseWriter, r *http.Request, c *call, req *storage.LogoutRequest) bool {
	text := c.form.Get("id_token_hint")
	if text == "" {
		return true
	}
	hint, err := p.readHint(text)
	if err != nil && !errors.Is(err, errJWT) {
		p.failed(w, r, err)
		return false
	}
	if err != nil {
		p.problem(w, r, http.StatusBadRequest, page.Problem{Key: "logout_hint", Code: errInvalidRequest})
		return false
	}
	if req.AppID != "" && req.AppID != hint.Audience {
		p.problem(w, r, http.StatusBadRequest, page.Problem{
			Key: "logout_hint", Code: errInvalidRequest, Came: "client_id=" + req.AppID, Expected: "client_id=" + hint.Audience,
		})
		return false
	}
	req.AppID, req.Sub, req.SessionID = hint.Audience, hint.Subject, hint.SID
	return true
}

// logoutRedirect takes the post_logout_redirect_uri over, which counts only beside a hint.
func (p *Provider) logoutRedirect(w http.ResponseWriter, r *http.Request, c *call, app *storage.App, req *storage.LogoutRequest) bool {
	uri := c.form.Get("post_logout_redirect_uri")
	if uri == "" {
		return true
	}
	if !app.MatchPostLogoutURI(uri) {
		p.problem(w, r, http.StatusBadRequest, page.Problem{
			Key: "logout_redirect", Code: errInvalidRequest, Stub: p.stub(r, app, first(app.RedirectURIs)), Came: uri,
			Expected: expectedURI(app.AnyLoopback, app.PostLogoutURIs, uri), Args: map[string]string{"app": app.ID},
		})
		return false
	}
	if req.Sub != "" {
		req.RedirectURI, req.State = uri, c.form.Get("state")
	}
	return true
}
