package dashboard

import (
	"net/http"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/storage"
)

// proofAge is how old a sign-in may be for forms that make credentials: a browser left alone must not be
// enough for them. The page of the form may have stood open for a while, so it is generous.
const proofAge = 45 * time.Minute

// proved tells whether the person proved who they are not long ago; otherwise it has sent them to do so, and
// from there to the page of the form.
func (d *Dashboard) proved(w http.ResponseWriter, r *http.Request, m *login.Member, page string) bool {
	if d.people.Proved(m, proofAge) {
		return true
	}
	back := r.Clone(r.Context())
	back.URL.Path, back.URL.RawPath, back.URL.RawQuery = page, "", ""
	d.people.ProveAgain(w, back, m)
	return false
}

// provedFor is proved for a form that gives somebody else a way in; one's own password is changed by the page
// that asks for the present one.
func (d *Dashboard) provedFor(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User) bool {
	if u.ID == m.User.ID {
		http.Redirect(w, r, "/account/password", http.StatusSeeOther)
		return false
	}
	return d.proved(w, r, m, "/users/"+u.ID)
}
