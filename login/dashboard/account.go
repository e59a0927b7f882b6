package dashboard

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

func (d *Dashboard) accountRoutes(r chi.Router) {
	r.Handle("/account", d.member(d.account, nil))
	r.Handle("/account/look", d.member(nil, d.keepLook))
	r.Handle("/account/profile", d.member(d.profile, d.saveProfile))
	r.Handle("/account/password", d.member(d.password, d.changePassword))
	r.Handle("/account/apps/{id}/remove", d.member(d.askRemove, d.remove))
	r.Handle("/account/sessions/end", d.member(nil, d.endOthers))
	r.Handle("/account/sessions/{id}/end", d.member(nil, d.endSession))
	r.Handle("/account/tokens", d.member(d.tokens, nil))
	r.Handle("/account/tokens/new", d.member(d.newToken, d.makeToken))
	r.Handle("/account/tokens/{id}/revoke", d.member(nil, d.revokeToken))
}

// doneTexts are what a page says after ?done=, see [Dashboard.shell].
var doneTexts = map[string]string{
	"password": "account.done_password",
	"removed":  "account.done_removed",
	"session":  "account.done_session",
	"sessions": "account.done_sessions",
	"revoked":  "account.done_revoked",
	"disabled": "people.done_disabled",
	"enabled":  "people.done_enabled",
	"added":    "people.done_added",
}

// done goes to a page that says so.
func (d *Dashboard) done(w http.ResponseWriter, r *http.Request, to, key string) {
	http.Redirect(w, r, to+"?done="+key, http.StatusSeeOther)
}

// account is GET /account.
func (d *Dashboard) account(w http.ResponseWriter, r *http.Request, m *login.Member) {
	passes, err := d.passes(r, m.User.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	sessions, err := d.sessions(r, m.User.ID, m.Session.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	tokens, err := d.db.PersonalTokens(r.Context(), m.User.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	p := page.Account{
		Shell:    d.shell(r, m, "account", doneTexts),
		Login:    m.User.Login,
		Facts:    facts(m.User),
		Passes:   passes,
		Sessions: sessions,
		Others:   others(sessions),
		Tokens:   len(tokens),
	}
	if m.User.HasPassword() {
		p.PasswordAt = m.User.PasswordAt()
	}
	d.pages.Show(w, r, page.View{}, p)
}

// keepLook is POST /account/look.
func (d *Dashboard) keepLook(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	theme := form.Get("theme")
	if theme == "device" {
		theme = ""
	}
	d.pages.KeepLook(w, form.Get("lang"), theme)
	d.done(w, r, "/account", "saved")
}

// askRemove is GET /account/apps/{id}/remove: what breaks when the app loses its access.
func (d *Dashboard) askRemove(w http.ResponseWriter, r *http.Request, m *login.Member) {
	p, err := d.pass(r, m.User.ID, chi.URLParam(r, "id"))
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{}, page.AccountRemove{Shell: d.shell(r, m, "account", doneTexts), Pass: p})
}

// remove is the POST of that page.
func (d *Dashboard) remove(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	d.withdraw(w, r, m, m.User.ID, "/account")
}

// withdraw takes the access to a person's account away from the app that the path names.
func (d *Dashboard) withdraw(w http.ResponseWriter, r *http.Request, m *login.Member, userID, back string) {
	p, err := d.pass(r, userID, chi.URLParam(r, "id"))
	if err == nil {
		err = d.db.WithdrawApp(r.Context(), m.Actor, userID, p.ID)
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.done(w, r, back, "removed")
}

// endOthers is POST /account/sessions/end.
func (d *Dashboard) endOthers(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	_, err := d.db.EndSessions(r.Context(), m.Actor, m.User.ID, m.Session.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.done(w, r, "/account", "sessions")
}

// endSession is POST /account/sessions/{id}/end.
func (d *Dashboard) endSession(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	d.endOne(w, r, m, m.User, "/account")
}

// endOne ends the session that the path names if it is of that person.
func (d *Dashboard) endOne(w http.ResponseWriter, r *http.Request, m *login.Member, of *storage.User, back string) {
	err := d.owns(r, of.ID, chi.URLParam(r, "id"))
	if err == nil {
		err = d.db.EndSession(r.Context(), m.Actor, chi.URLParam(r, "id"))
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.done(w, r, back, "session")
}
