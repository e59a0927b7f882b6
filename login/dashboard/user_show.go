package dashboard

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// user is GET /users/{sub}.
func (d *Dashboard) user(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	d.showUser(w, r, m, u, string(u.Access), page.Mistake{})
}

// showUser shows a person: with access as it was asked for and the mistake, when a form comes back.
func (d *Dashboard) showUser(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User, access string, wrong page.Mistake) {
	p := page.User{
		Shell: d.shell(r, m, "users", doneTexts),
		ID:    u.ID, Name: nameOf(u), Login: u.Login, Facts: facts(u),
		Access: access, Full: u.Access == storage.Full, Disabled: u.Disabled(), Self: u.ID == m.User.ID,
		CreatedAt: u.CreatedAt, Mistake: wrong,
	}
	if u.HasPassword() {
		p.PasswordAt = u.PasswordAt()
	}
	err := d.fillUser(r, m, u, &p)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{Status: formStatus(wrong)}, p)
}

// fillUser adds what the person has: passes, sessions, tokens and apps.
func (d *Dashboard) fillUser(r *http.Request, m *login.Member, u *storage.User, p *page.User) error {
	var err error
	p.Passes, err = d.passes(r, u.ID)
	if err != nil {
		return err
	}
	p.Sessions, err = d.sessions(r, u.ID, m.Session.ID)
	if err != nil {
		return err
	}
	p.Tokens, err = d.tokenRows(r, u.ID)
	if err != nil {
		return err
	}
	apps, _, err := d.db.Apps(r.Context(), storage.AppFilter{Member: u.ID, Limit: 100})
	if err != nil {
		return fmt.Errorf("apps of a person: %w", err)
	}
	for _, a := range apps {
		p.Roles = append(p.Roles, page.Role{ID: a.ID, Name: a.DisplayName(d.pages.Lang(r, nil)), Role: string(a.Role(u.ID))})
	}
	return nil
}

// askRemovePass is GET /users/{sub}/apps/{id}/remove.
func (d *Dashboard) askRemovePass(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	p, err := d.pass(r, u.ID, chi.URLParam(r, "id"))
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{}, page.AccountRemove{
		Shell: d.shell(r, m, "users", doneTexts), Pass: p, Sub: u.ID, Who: nameOf(u),
	})
}

// removePass is its POST.
func (d *Dashboard) removePass(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	d.withdraw(w, r, m, u.ID, "/users/"+u.ID)
}

// endUserSessions is POST /users/{sub}/sessions/end; of one's own, the browser that asks stays signed in.
func (d *Dashboard) endUserSessions(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	keep := ""
	if u.ID == m.User.ID {
		keep = m.Session.ID
	}
	_, err := d.db.EndSessions(r.Context(), m.Actor, u.ID, keep)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.done(w, r, "/users/"+u.ID, "sessions")
}

// endUserSession is POST /users/{sub}/sessions/{id}/end.
func (d *Dashboard) endUserSession(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	d.endOne(w, r, m, u, "/users/"+u.ID)
}

// revokeUserToken is POST /users/{sub}/tokens/{id}/revoke.
func (d *Dashboard) revokeUserToken(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	err := d.db.RemovePersonalToken(r.Context(), m.Actor, u.ID, chi.URLParam(r, "id"))
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.done(w, r, "/users/"+u.ID, "revoked")
}
