package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// newUser is GET /users/new.
func (d *Dashboard) newUser(w http.ResponseWriter, r *http.Request, m *login.Member) {
	d.showNewUser(w, r, m, page.UserNew{Access: string(storage.Partial), SignIn: "link"})
}

func (d *Dashboard) showNewUser(w http.ResponseWriter, r *http.Request, m *login.Member, p page.UserNew) {
	p.Shell = d.shell(r, m, "users", doneTexts)
	d.pages.Show(w, r, page.View{Status: formStatus(p.Mistake)}, p)
}

// addUser is its POST: the answer shows the invitation, once, where there is to be one.
func (d *Dashboard) addUser(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok || !d.proved(w, r, m, "/users/new") {
		return
	}
	p := page.UserNew{Login: form.Get("login"), Name: form.Get("name"), Email: form.Get("email"),
		Access: form.Get("access"), SignIn: form.Get("sign_in")}
	n := storage.NewUser{Login: p.Login, Name: p.Name, Email: p.Email, Access: storage.Access(p.Access)}
	if p.SignIn == "password" {
		n.Password = form.Get("password")
		if n.Password == "" {
			p.Mistake = page.Mistake{Field: "password", Reason: "password_short"}
			d.showNewUser(w, r, m, p)
			return
		}
	}
	if !d.once(w, r, m, form, page.Sent{Shell: page.Shell{Section: "users"}, List: "/users", Form: "/users/new"}) {
		return
	}
	u, secret, err := d.create(r, m, n)
	d.made(form, err)
	wrong, err := d.taken(r, err, p.Login, "")
	switch {
	case err != nil:
		d.people.Fail(w, r, err)
	case wrong.Reason != "":
		p.Mistake = wrong
		d.showNewUser(w, r, m, p)
	case secret == "":
		d.done(w, r, "/users/"+u.ID, "added")
	default:
		d.showLink(w, r, m, u, secret, u.CreatedAt.Add(storage.LinkInviteTTL))
	}
}

// create adds a person, with an invitation where there is no password.
func (d *Dashboard) create(r *http.Request, m *login.Member, n storage.NewUser) (*storage.User, string, error) {
	if n.Password == "" {
		return d.db.InviteUser(r.Context(), m.Actor, n)
	}
	u, err := d.db.CreateUser(r.Context(), m.Actor, n)
	return u, "", err
}

// taken is refused for a person's data: what must be unique and is not stands at its field. id is of the
// person who has it rightly.
func (d *Dashboard) taken(r *http.Request, err error, name, id string) (page.Mistake, error) {
	if !errors.Is(err, storage.ErrConflict) {
		return refused(err)
	}
	other, lookup := d.db.UserByName(r.Context(), name)
	switch {
	case lookup == nil && other.ID != id:
		return own("login", "login_taken", ""), nil
	case lookup != nil && !errors.Is(lookup, storage.ErrNotFound):
		return page.Mistake{}, fmt.Errorf("user: %w", lookup)
	}
	return own("email", "email_taken", ""), nil
}

// makeLink is POST /users/{sub}/link: an invitation for a person without a password, else a way back in.
func (d *Dashboard) makeLink(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok || !d.provedFor(w, r, m, u) {
		return
	}
	at := "/users/" + u.ID
	if !d.once(w, r, m, form, page.Sent{Shell: page.Shell{Section: "users"}, List: at, Form: at + "#sign-in"}) {
		return
	}
	purpose := storage.LinkInvite
	if u.HasPassword() {
		purpose = storage.LinkRecover
	}
	secret, link, err := d.db.CreateLink(r.Context(), m.Actor, u.ID, purpose)
	d.made(form, err)
	if err != nil {
		d.answer(w, r, m, u, string(u.Access), "link", err, "", "")
		return
	}
	d.showLink(w, r, m, u, secret, link.ExpiresAt)
}

// showLink shows a link; this answer is the only place where it ever stands.
func (d *Dashboard) showLink(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User, secret string, until time.Time) {
	d.pages.Show(w, r, page.View{}, page.UserLink{
		Shell: d.shell(r, m, "users", doneTexts), ID: u.ID, Name: nameOf(u), Login: u.Login,
		URL:   d.config.Issuer + "/welcome?" + url.Values{"link": {secret}}.Encode(),
		Until: until, Recover: u.HasPassword(),
	})
}
