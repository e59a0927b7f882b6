package login

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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
		Policies: l.policies(r, in),
		Person:   person(in.user),
		Required: rows(in, a, a.required),
		Optional: rows(in, a, a.optional),
		Already:  rows(in, a, a.already),
		Since:    a.since,
	}
	c.Offline = offlineAsk(in, a, &c)
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
		l.refuse(w, r, in, refusal("access_denied", "the person denied the request"))
	default:
		l.problem(w, r, http.StatusBadRequest, "form_invalid", "")
	}
}

// allow stores what was ticked as granted and what was not as declined, and goes on.
func (l *Login) allow(w http.ResponseWriter, r *http.Request, in input, a asking, form url.Values) {
	decisions := decide(in, a, form["scope"])
	err := l.auditUnasked(r, in, a.unasked)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	err = l.db.Decide(r.Context(), storage.UserActor(in.user, page.PeerText(r)), in.app.ID, decisions)
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
	kept := a.kept || slices.Contains(a.required, storage.ScopeOffline) || a.offline && slices.Contains(ticked, storage.ScopeOffline)
	add := func(scope string, granted bool) {
		away := kept && slices.Contains(a.away, scope)
		if !a.tellsAway() { // nothing was said of it: what was said before holds
			before, stands := standing(in.consents, scope, in.now)
			away = stands && before.Offline
		}
		list = append(list, decision(in, scope, granted, away))
	}
	for _, scope := range a.required {
		add(scope, true)
	}
	for _, scope := range a.optional {
		add(scope, slices.Contains(ticked, scope))
	}
	if a.offline || a.kept {
		add(storage.ScopeOffline, kept)
	}
	if kept {
		for _, scope := range widened(in, a.already) {
			add(scope, true)
		}
	}
	return list
}

// decision is one decision of now, away for use while the person is away too; that about offline access ends.
func decision(in input, scope string, granted, away bool) storage.Consent {
	c := storage.Consent{Scope: scope, Granted: granted, Offline: granted && away, DecidedAt: in.now}
	if scope == storage.ScopeOffline {
		c.Until = in.now.Add(storage.OfflineConsent)
	}
	return c
}

// recordUnasked stores what switches of the app grant without a page, before the app is answered: the
// account shows it, and the person can take it back.
func (l *Login) recordUnasked(r *http.Request, in input, s step) error {
	if len(s.unasked) == 0 {
		return nil
	}
	err := l.auditUnasked(r, in, s.unasked)
	if err != nil {
		return err
	}
	var list []storage.Consent
	for _, scope := range s.unasked {
		assigned, _ := in.app.Scope(scope)
		list = append(list, decision(in, scope, true, assigned.Offline && slices.Contains(s.scopes, storage.ScopeOffline)))
	}
	err = l.db.Decide(r.Context(), storage.UserActor(in.user, page.PeerText(r)), in.app.ID, list)
	if err != nil {
		return fmt.Errorf("decide: %w", err)
	}
	return nil
}

// auditConsent is the noun of the audit's actions about consents, as storage writes them too.
const auditConsent = "consent"

// auditUnasked notes what an app is about to be given without the person's word: consent.preset, and
// consent.offline_auto for offline access. The app is the actor, the person is acted on.
func (l *Login) auditUnasked(r *http.Request, in input, scopes []string) error {
	by := storage.Actor{Kind: storage.ActorApp, ID: in.app.ID, Address: page.PeerText(r)}
	var preset, gained []string
	offline := slices.Contains(scopes, storage.ScopeOffline)
	for _, scope := range scopes {
		decision, stands := standing(in.consents, scope, in.now)
		switch {
		case scope == storage.ScopeOffline:
		case stands && decision.Granted:
			gained = append(gained, scope)
		default:
			preset = append(preset, scope)
		}
	}
	var entries []storage.AuditEntry
	if len(preset) > 0 {
		entries = append(entries, storage.AuditEntry{Action: auditConsent + ".preset", Detail: strings.Join(preset, " ")})
	}
	if offline {
		until := in.now.Add(storage.OfflineConsent).UTC().Format(time.DateOnly)
		entries = append(entries, storage.AuditEntry{Action: auditConsent + ".offline_auto", Detail: "until " + until})
	}
	if len(gained) > 0 {
		entries = append(entries, storage.AuditEntry{Action: auditConsent + ".offline_auto", Detail: "also " + strings.Join(gained, " ")})
	}
	for _, e := range entries {
		e.Actor, e.Target, e.Result = by, in.user.ID, "ok"
		err := l.db.Audit(r.Context(), e)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	return nil
}

// offlineAsk is the sentence about access while the person is away, and marks the rows that are within it;
// nil where the page has no such sentence.
func offlineAsk(in input, a asking, c *page.Consent) *page.OfflineAsk {
	if !a.offline && !a.kept {
		return nil
	}
	ask := &page.OfflineAsk{
		Until:   in.now.Add(storage.OfflineConsent),
		Checked: a.ticked[storage.ScopeOffline],
		Kept:    a.kept,
	}
	for _, list := range [][]page.ConsentRow{c.Required, c.Optional, c.Already} {
		for i := range list {
			list[i].Away = slices.Contains(a.away, list[i].Scope)
		}
	}
	return ask
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
