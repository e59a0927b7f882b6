package login

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// showConsent is GET /consent: what the app asks for. When that is not the step that is due, the
// dispatcher knows what is.
func (l *Login) showConsent(w http.ResponseWriter, r *http.Request) {
	in, ok := l.pending(w, r, r.URL.Query().Get("request"))
	if !ok {
		return
	}
	if next(in).kind != stepConsent {
		l.again(w, r, in.req)
		return
	}
	a := ask(in)
	c := page.Consent{
		Stub: l.stub(r, in.req, in.app),
		Hidden: page.Hidden{
			CSRF:    l.token(formToken{Request: in.req.ID, Holder: sessionHolder(in.session), Asked: a.digest()}),
			Request: in.req.ID,
		},
		Policies: policies(in.app),
		Person:   person(in.user),
		Required: rows(in, a, a.required),
		Optional: rows(in, a, a.optional),
		Already:  rows(in, a, a.already),
		Since:    a.since,
	}
	if a.offline {
		c.Offline = &page.OfflineAsk{Until: in.now.Add(storage.OfflineConsent), Checked: a.ticked[storage.ScopeOffline]}
	}
	alone := len(c.Required)+len(c.Optional) == 0 && c.Offline == nil
	if alone && slices.Contains(a.required, storage.ScopeOpenID) {
		c.Required = []page.ConsentRow{row(in, storage.ScopeOpenID)}
	}
	l.pages.Show(w, r, view(in.req), c)
}

// postConsent is POST /consent: the person allowed or denied what the page asked.
func (l *Login) postConsent(w http.ResponseWriter, r *http.Request) {
	form, ok := l.pages.Form(w, r, "scope")
	if !ok {
		return
	}
	in, ok := l.pending(w, r, form.Get("request"))
	if !ok {
		return
	}
	asked, ok := l.checkSession(form, in.req.ID, in.session)
	if !ok {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	a := ask(in)
	if next(in).kind != stepConsent || a.digest() != asked {
		// Decided in another tab, or the question has changed since it was shown: look again.
		l.again(w, r, in.req)
		return
	}
	switch form.Get("decision") {
	case "allow":
		l.allow(w, r, in, a, form)
	case "deny":
		// Not remembered: the person may come again and think otherwise.
		l.forget(w, in.req)
		l.flow.Refuse(w, r, in.req, "access_denied", "the person denied the request")
	default:
		l.problem(w, r, http.StatusBadRequest, "form_invalid", "")
	}
}

// allow stores what was ticked as granted and what was not as declined, and goes on.
func (l *Login) allow(w http.ResponseWriter, r *http.Request, in input, a asking, form url.Values) {
	decisions := decide(in, a, form["scope"])
	err := l.db.Decide(r.Context(), in.user.ID, in.app.ID, decisions)
	if err != nil {
		l.failure(w, r, fmt.Errorf("decide: %w", err))
		return
	}
	granted := slices.Clone(a.already)
	for _, d := range decisions {
		if d.Granted {
			granted = append(granted, d.Scope)
		}
	}
	in.req.Progress.Consented = in.user.ID
	in.req.Progress.Granted = granted
	if l.advance(w, r, in.req) {
		l.again(w, r, in.req)
	}
}

// decide turns the answer to what was asked into decisions. What was not asked cannot be decided, however
// the form names it.
func decide(in input, a asking, ticked []string) []storage.Consent {
	var list []storage.Consent
	add := func(scope string, granted bool) {
		c := storage.Consent{Scope: scope, Granted: granted, DecidedAt: in.now}
		if scope == storage.ScopeOffline {
			c.Until = in.now.Add(storage.OfflineConsent)
		}
		list = append(list, c)
	}
	for _, scope := range a.required {
		add(scope, true)
	}
	for _, scope := range a.optional {
		add(scope, slices.Contains(ticked, scope))
	}
	if a.offline {
		add(storage.ScopeOffline, slices.Contains(ticked, storage.ScopeOffline))
	}
	return list
}

// rows are the scopes as the page shows them; openid goes without saying.
func rows(in input, a asking, scopes []string) []page.ConsentRow {
	var list []page.ConsentRow
	for _, name := range scopes {
		if name == storage.ScopeOpenID {
			continue
		}
		line := row(in, name)
		line.Checked = a.ticked[name]
		list = append(list, line)
	}
	return list
}

// row is one scope with the value that will be shared.
func row(in input, name string) page.ConsentRow {
	s := in.scope(name)
	return page.ConsentRow{Scope: name, Title: s.Title, Text: s.Text, Value: shared(in.user, name), More: more(in.user, s)}
}
