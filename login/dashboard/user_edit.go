package dashboard

import (
	"net/http"
	"net/url"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// userProfile is GET /users/{sub}/profile.
func (d *Dashboard) userProfile(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	d.showUserProfile(w, r, m, u, nil, page.Mistake{})
}

func (d *Dashboard) showUserProfile(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User, typed url.Values, wrong page.Mistake) {
	p := page.Profile{
		Shell:  d.shell(r, m, "users", doneTexts),
		Who:    nameOf(u),
		Sub:    u.ID,
		Login:  u.Login,
		Email:  u.Email,
		Groups: claimForm(u, typed, true, wrong),
		More:   moreClaims(u),
	}
	if typed != nil {
		p.More = typed.Get("claims")
	}
	switch {
	case wrong.Field == "claims":
		p.Claims = wrong
	case !atField(p.Groups):
		p.Mistake = wrong
	}
	d.pages.Show(w, r, page.View{Status: formStatus(wrong)}, p)
}

// saveUser is POST /users/{sub}/profile.
func (d *Dashboard) saveUser(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	_, err := d.db.UpdateUser(r.Context(), m.Actor, u.ID, func(u *storage.User) error {
		return applyClaims(u, form, true)
	})
	wrong, err := d.taken(r, err, form.Get("login"), u.ID)
	switch {
	case err != nil:
		d.people.Fail(w, r, err)
	case wrong.Reason != "":
		d.showUserProfile(w, r, m, u, form, wrong)
	default:
		d.done(w, r, "/users/"+u.ID, "saved")
	}
}

// setAccess is POST /users/{sub}/access.
func (d *Dashboard) setAccess(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	access := form.Get("access")
	_, err := d.db.UpdateUser(r.Context(), m.Actor, u.ID, func(u *storage.User) error {
		u.Access = storage.Access(access)
		return nil
	})
	to := "/users/" + u.ID
	if u.ID == m.User.ID && access == string(storage.Partial) {
		to = "/account" // there is no page about people for this person any more
	}
	d.answer(w, r, m, u, access, "access", err, to, "saved")
}

// setPassword is POST /users/{sub}/password.
func (d *Dashboard) setPassword(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok || !d.provedFor(w, r, m, u) {
		return
	}
	err := d.db.SetPassword(r.Context(), m.Actor, u.ID, form.Get("password"))
	d.answer(w, r, m, u, string(u.Access), "password", err, "/users/"+u.ID, "saved")
}

// disable is POST /users/{sub}/disable.
func (d *Dashboard) disable(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	d.setDisabled(w, r, m, u, true, "disabled")
}

// enable is POST /users/{sub}/enable.
func (d *Dashboard) enable(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	d.setDisabled(w, r, m, u, false, "enabled")
}

func (d *Dashboard) setDisabled(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User, disabled bool, done string) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	err := d.db.SetUserDisabled(r.Context(), m.Actor, u.ID, disabled)
	d.answer(w, r, m, u, string(u.Access), "disabled", err, "/users/"+u.ID, done)
}

// answer ends a form of a person's page: done, or the page again with the mistake at the form's field.
func (d *Dashboard) answer(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User, access, field string, err error, to, done string) {
	wrong, err := refused(err)
	switch {
	case err != nil:
		d.people.Fail(w, r, err)
	case wrong.Reason != "":
		wrong.Field = field
		d.showUser(w, r, m, u, access, wrong)
	default:
		d.done(w, r, to, done)
	}
}
