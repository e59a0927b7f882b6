package dashboard

import (
	"net/http"
	"net/url"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// profile is GET /account/profile.
func (d *Dashboard) profile(w http.ResponseWriter, r *http.Request, m *login.Member) {
	d.showProfile(w, r, m, nil, page.Mistake{})
}

// showProfile shows the form of one's own data: as typed, with the mistake, when it comes back.
func (d *Dashboard) showProfile(w http.ResponseWriter, r *http.Request, m *login.Member, typed url.Values, wrong page.Mistake) {
	p := page.Profile{
		Shell:  d.shell(r, m, "account", doneTexts),
		Login:  m.User.Login,
		Email:  m.User.Email,
		Groups: claimForm(m.User, typed, false, wrong),
	}
	if !atField(p.Groups) {
		p.Mistake = wrong
	}
	d.pages.Show(w, r, page.View{Status: formStatus(wrong)}, p)
}

// saveProfile is POST /account/profile.
func (d *Dashboard) saveProfile(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	_, err := d.db.UpdateUser(r.Context(), m.Actor, m.User.ID, func(u *storage.User) error {
		return applyClaims(u, form, false)
	})
	wrong, other := refused(err)
	switch {
	case other != nil:
		d.people.Fail(w, r, other)
	case wrong.Reason != "":
		d.showProfile(w, r, m, form, wrong)
	default:
		d.done(w, r, "/account", "saved")
	}
}

// refused takes what a person can put right out of an error: where a claim is wrong it is at the claim's
// field. Any other error is returned as it is.
func refused(err error) (page.Mistake, error) {
	wrong, ok := mistake(err)
	if !ok {
		return page.Mistake{}, err
	}
	if wrong.Field == "claims" && hasField(wrong.Value) {
		wrong.Field = wrong.Value
	}
	wrong.Text = ownTexts[wrong.Reason]
	return wrong, nil
}

// ownTexts are what the reasons of this package say; storage's have a text under their own name.
var ownTexts = map[string]string{
	"claim_long":     "people.wrong_long",
	"claim_url":      "people.wrong_url",
	"claim_date":     "people.wrong_date",
	"claim_line":     "people.wrong_line",
	"login_taken":    "people.wrong_login_taken",
	"email_taken":    "people.wrong_email_taken",
	"password_again": "account.wrong_again",
	"token_until":    "account.wrong_until",
	"date":           "audit.wrong_date",
}

// own is a mistake with a reason of this package.
func own(field, reason, value string) page.Mistake {
	return page.Mistake{Field: field, Reason: reason, Text: ownTexts[reason], Value: value}
}

// atField tells whether one of the fields has the mistake.
func atField(groups []page.ClaimGroup) bool {
	for _, g := range groups {
		for _, f := range g.Fields {
			if f.Wrong.Reason != "" {
				return true
			}
		}
	}
	return false
}

// formStatus is 200 for a form, 422 for one that came back with a mistake.
func formStatus(m page.Mistake) int {
	if m.Reason == "" {
		return http.StatusOK
	}
	return http.StatusUnprocessableEntity
}
