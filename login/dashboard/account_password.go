package dashboard

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
)

// password is GET /account/password.
func (d *Dashboard) password(w http.ResponseWriter, r *http.Request, m *login.Member) {
	d.showPassword(w, r, m, http.StatusOK, page.AccountPassword{})
}

func (d *Dashboard) showPassword(w http.ResponseWriter, r *http.Request, m *login.Member, status int, p page.AccountPassword) {
	p.Shell, p.Login, p.Has = d.shell(r, m, "account", doneTexts), m.User.Login, m.User.HasPassword()
	d.pages.Show(w, r, page.View{Status: status}, p)
}

// changePassword is its POST. The old password is compared within the limits of sign-ins, so that a
// browser left alone does not help to guess it; what was typed is never sent back.
func (d *Dashboard) changePassword(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	current, fresh := form.Get("current"), form.Get("password")
	if form.Get("again") != fresh {
		d.wrongPassword(w, r, m, own("again", "password_again", ""))
		return
	}
	check, err := d.people.CheckPassword(r, m.User, current)
	switch {
	case err != nil:
		d.people.Fail(w, r, err)
		return
	case check.Wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(seconds(check.Wait)))
		d.showPassword(w, r, m, http.StatusTooManyRequests, page.AccountPassword{Wait: seconds(check.Wait)})
		return
	case check.Busy:
		w.Header().Set("Retry-After", "2")
		d.showPassword(w, r, m, http.StatusServiceUnavailable, page.AccountPassword{Busy: true})
		return
	case !check.OK:
		d.wrongPassword(w, r, m, own("current", "password_wrong", ""))
		return
	}
	wrong, err := refused(d.db.ChangePassword(r.Context(), m.Actor, m.User.ID, current, fresh, m.Session.ID))
	switch {
	case err != nil:
		d.people.Fail(w, r, err)
	case wrong.Reason != "":
		if wrong.Field == "old" {
			wrong.Field = "current"
		}
		d.wrongPassword(w, r, m, wrong)
	default:
		d.done(w, r, "/account", "password")
	}
}

func (d *Dashboard) wrongPassword(w http.ResponseWriter, r *http.Request, m *login.Member, wrong page.Mistake) {
	d.showPassword(w, r, m, http.StatusUnprocessableEntity, page.AccountPassword{Mistake: wrong})
}

// seconds is a wait in whole seconds, rounded up (RFC 9110 §10.2.3).
func seconds(wait time.Duration) int { return int(math.Ceil(wait.Seconds())) }
