package login

import (
	"errors"
	"net/http"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// dispatch is GET /login, the one place that decides what a pending request needs. Without a request it
// is a sign-in for its own sake.
func (l *Login) dispatch(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	id := query.Get("request")
	if query.Has("return") {
		id = query.Get("return")
	}
	_, err := l.request(r, id)
	if !query.Has("request") && errors.Is(err, errForeign) {
		// No request, or one of our own that is done: the way back leads here.
		l.plainSignIn(w, r)
		return
	}
	in, ok := l.pending(w, r, id)
	if !ok {
		return
	}
	s := next(in)
	switch s.kind {
	case stepDone:
		l.finish(w, r, in, s)
		return
	case stepRefuse:
		l.refuse(w, r, in, s)
		return
	}
	if query.Get("as") == "other" && in.session != nil {
		l.showSignIn(w, r, in, http.StatusOK, page.SignIn{})
		return
	}
	switch s.kind {
	case stepSignIn:
		form := page.SignIn{Username: in.req.LoginHint}
		if s.again {
			form = page.SignIn{Username: in.user.Login, Again: true}
		}
		l.showSignIn(w, r, in, http.StatusOK, form)
	case stepChoose:
		l.showChoose(w, r, in)
	case stepConsent:
		http.Redirect(w, r, "/consent?request="+in.req.ID, http.StatusSeeOther)
	}
}

// finish answers a request for which nothing more is needed: to the app, to the device that waits, or by
// going on to the page of ours.
func (l *Login) finish(w http.ResponseWriter, r *http.Request, in input, s step) {
	if in.own() {
		l.forget(w, in.req)
		l.goBack(w, in.req.Return)
		return
	}
	err := l.recordUnasked(r, in, s)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	if in.req.Device != "" {
		l.decideDevice(w, r, in, s)
		return
	}
	l.forget(w, in.req)
	l.flow.Approve(w, r, in.req, in.session, s.scopes)
}

// refuse answers a request that cannot be granted.
func (l *Login) refuse(w http.ResponseWriter, r *http.Request, in input, s step) {
	if in.req.Device != "" {
		l.decideDevice(w, r, in, s)
		return
	}
	l.forget(w, in.req)
	l.flow.Refuse(w, r, in.req, s.code, s.description)
}

// pending reads the request of that id and what its next step depends on; on failure it has answered.
func (l *Login) pending(w http.ResponseWriter, r *http.Request, id string) (input, bool) {
	req, err := l.request(r, id)
	if errors.Is(err, errExpired) {
		l.forget(w, req)
	}
	if errors.Is(err, errExpired) && req.AppID == "" {
		l.goBack(w, req.Return) // which begins anew
		return input{}, false
	}
	if err != nil {
		l.failure(w, r, err)
		return input{}, false
	}
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return input{}, false
	}
	if req.Device != "" && !l.deviceWaits(w, r, req, v) {
		return input{}, false
	}
	in, err := l.input(r, req, v)
	if err != nil {
		if errors.Is(err, errApp) {
			l.forget(w, req)
		}
		l.failure(w, r, err)
		return input{}, false
	}
	return in, true
}

// plainSignIn is GET /login without a request: people who are signed in are shown their account.
func (l *Login) plainSignIn(w http.ResponseWriter, r *http.Request) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	if v.session != nil {
		http.Redirect(w, r, home, http.StatusSeeOther)
		return
	}
	l.showSignIn(w, r, input{}, http.StatusOK, page.SignIn{})
}

// showSignIn renders the sign-in form of a request, or of none (the zero input).
func (l *Login) showSignIn(w http.ResponseWriter, r *http.Request, in input, status int, form page.SignIn) {
	form.Hidden = page.Hidden{CSRF: l.signInToken(w, r, in.req)}
	form.Stub = page.Stub{Office: true}
	v := page.View{}
	if in.req != nil {
		form.Hidden.Request = in.req.ID
		v = view(in.req)
	}
	if in.app != nil {
		form.Stub = l.stub(r, in.req, in.app)
		form.Policies = l.policies(r, in)
	}
	v.Status = status
	l.pages.Show(w, r, v, form)
}

// showChoose asks which account to go on with.
func (l *Login) showChoose(w http.ResponseWriter, r *http.Request, in input) {
	l.pages.Show(w, r, view(in.req), page.Choose{
		Stub:   l.stub(r, in.req, in.app),
		Hidden: page.Hidden{CSRF: l.token(formToken{Request: in.req.ID, Holder: sessionHolder(in.session)}), Request: in.req.ID},
		Person: person(in.user),
	})
}

// choose is POST /login from the page that asks which account.
func (l *Login) choose(w http.ResponseWriter, r *http.Request, in input, account string) {
	switch account {
	case "keep":
		in.req.Progress.Account = in.user.ID
		if !l.advance(w, r, in.req) {
			return
		}
		l.again(w, r, in.req)
	case "other":
		http.Redirect(w, r, "/login?request="+in.req.ID+"&as=other", http.StatusSeeOther)
	default:
		l.problem(w, r, http.StatusBadRequest, "form_invalid", "")
	}
}

// advance seals the changed progress of a request; on failure it has answered.
func (l *Login) advance(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest) bool {
	err := l.keep(w, r, req, 0)
	if errors.Is(err, errTooLarge) {
		l.forget(w, req)
		l.tooLarge(w, r, req)
		return false
	}
	if err != nil {
		l.failure(w, r, err)
		return false
	}
	return true
}
