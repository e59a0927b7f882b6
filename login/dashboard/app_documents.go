package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// about is what the app's developers left for people who look after it.
func (d *Dashboard) about(app *storage.App) page.About {
	reg := &app.Registration
	return page.About{
		ClientURI: reg.ClientURI, Contacts: reg.Contacts, LogoURI: reg.LogoURI, Open: d.begin(app), Dynamic: reg.Dynamic,
		Software: strings.TrimSpace(reg.SoftwareID + " " + reg.SoftwareVersion),
	}
}

// changeDocuments changes the app's links and contacts.
func (d *Dashboard) changeDocuments(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, form url.Values) {
	change := func(a *storage.App) {
		text(form, "policy_uri", &a.PolicyURI)
		text(form, "tos_uri", &a.TosURI)
		text(form, "client_uri", &a.Registration.ClientURI)
		text(form, "logo_uri", &a.Registration.LogoURI)
		many(form, "contacts", &a.Registration.Contacts)
	}
	d.updateApp(w, r, m, app, "documents", change, func(wrong page.Mistake) {
		typed := *app
		change(&typed)
		wrong = placed(wrong, "policy_uri", "tos_uri", "client_uri", "logo_uri", "contacts")
		if wrong.Field == "contacts" { // storage names no value there
			wrong.Text = "protocol.contacts_wrong"
		}
		d.showApp(w, r, m, &typed, unprocessable, func(p *page.AppView) {
			p.Mistake = wrong
			p.About = d.about(app) // as it is stored
		})
	})
}
