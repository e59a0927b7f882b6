package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// newApp is GET /apps/new.
func (d *Dashboard) newApp(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if !storage.May(m.Actor, storage.AppCreate, nil) {
		d.refuse(w, r, m, storage.AppCreate, storage.ErrForbidden)
		return
	}
	d.pages.Show(w, r, page.View{}, page.AppNew{Shell: d.shell(r, m, "apps", appTexts), Type: string(storage.AppWeb)})
}

// createApp is POST /apps/new. The answer is the page that shows the secret; it is never shown again.
func (d *Dashboard) createApp(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok || !d.once(w, r, m, form, page.Sent{Shell: page.Shell{Section: "apps"}, List: "/apps", Form: "/apps/new"}) {
		return
	}
	kind := storage.AppType(form.Get("type"))
	people := kind == storage.AppWeb || kind == storage.AppBrowser
	if may := storage.May(m.Actor, storage.AppCreate, nil); may && people && len(lines(form.Get("redirects"))) == 0 && strings.TrimSpace(form.Get("name")) != "" {
		d.sent.free(form.Get("csrf"))
		d.pages.Show(w, r, unprocessable, d.appNewAgain(r, m, form, page.Mistake{Field: "redirect_uris", Text: "apps.redirect_needed"}))
		return
	}
	app, secret, err := d.db.CreateApp(r.Context(), m.Actor, storage.NewApp{
		OwnerID: m.User.ID,
		App: storage.App{
			Name:         form.Get("name"),
			Description:  form.Get("description"),
			Type:         storage.AppType(form.Get("type")),
			RedirectURIs: lines(form.Get("redirects")),
		},
	})
	d.made(form, err)
	if wrong, ok := mistake(err); ok {
		d.pages.Show(w, r, unprocessable, d.appNewAgain(r, m, form, wrong))
		return
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.showSetup(w, r, m, app, secret)
}

// appNewAgain is the form as it was sent, with what was wrong in it.
func (d *Dashboard) appNewAgain(r *http.Request, m *login.Member, form url.Values, wrong page.Mistake) page.AppNew {
	if wrong.Field == "redirect_uris" {
		app := &storage.App{Type: storage.AppType(form.Get("type"))}
		wrong = alsoWrong(inLines(wrong, form.Get("redirects")), app, form.Get("redirects"))
	}
	return page.AppNew{
		Shell:       d.shell(r, m, "apps", appTexts),
		Mistake:     wrong,
		Name:        form.Get("name"),
		Description: form.Get("description"),
		Type:        form.Get("type"),
		Redirects:   form.Get("redirects"),
	}
}
