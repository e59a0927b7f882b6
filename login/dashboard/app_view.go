package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// viewApp is GET /apps/{id}.
func (d *Dashboard) viewApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.showApp(w, r, m, app, page.View{}, func(*page.AppView) {})
}

// showApp shows the page of the app; change puts in what was typed.
func (d *Dashboard) showApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, v page.View, change func(*page.AppView)) {
	people, grants, err := d.db.AppPeople(r.Context(), app.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	owner, err := d.personName(r, app.OwnerID())
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	p := page.AppView{
		AppHead: d.appHead(r, m, app, "view"),
		Type:    string(app.Type), Owner: owner, People: people, Grants: grants,
		Created: app.CreatedAt, Changed: app.UpdatedAt,
		Client: d.client(app),
		General: page.GeneralForm{
			Name: app.Name, NameRU: app.Names["ru"], Description: app.Description,
			Redirects:  strings.Join(app.RedirectURIs, "\n"),
			PostLogout: strings.Join(app.PostLogoutURIs, "\n"),
			Domains:    strings.Join(app.TrustedDomains, "\n"),
		},
		About: d.about(app),
		Docs: page.DocumentsForm{PolicyURI: app.PolicyURI, TosURI: app.TosURI, ClientURI: app.Registration.ClientURI,
			LogoURI: app.Registration.LogoURI, Contacts: strings.Join(app.Registration.Contacts, "\n")},
	}
	p.Refused = d.refusedURIs(app)
	p.Refused = p.Refused[:min(len(p.Refused), refusedMost)]
	change(&p)
	d.pages.Show(w, r, v, p)
}

// changeApp is POST /apps/{id}: one of the page's forms, by the button that was pressed.
func (d *Dashboard) changeApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	do := storage.AppWrite
	if form.Get("section") == "delete" {
		do = storage.AppDelete
	}
	app, err := d.db.AppFor(r.Context(), m.Actor, do, app.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	for _, field := range []string{"add", "add_logout"} {
		if form.Has(field) {
			d.addURI(w, r, m, app, form.Get(field), field == "add_logout")
			return
		}
	}
	switch form.Get("section") {
	case "general":
		d.changeGeneral(w, r, m, app, form)
	case "documents":
		d.changeDocuments(w, r, m, app, form)
	case "delete":
		d.deleteApp(w, r, m, app, form.Get("confirm"))
	default:
		d.badSection(w, r)
	}
}

func (d *Dashboard) changeGeneral(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, form url.Values) {
	typed := page.GeneralForm{
		Name: form.Get("name"), NameRU: form.Get("name_ru"), Description: form.Get("description"),
		Redirects: form.Get("redirects"), PostLogout: form.Get("post_logout"), Domains: form.Get("domains"),
	}
	d.updateApp(w, r, m, app, "general", func(a *storage.App) {
		a.Name, a.Description = typed.Name, typed.Description
		a.RedirectURIs, a.PostLogoutURIs, a.TrustedDomains = lines(typed.Redirects), lines(typed.PostLogout), lines(typed.Domains)
		setName(a, "ru", strings.TrimSpace(typed.NameRU))
	}, func(wrong page.Mistake) {
		text := map[string]string{
			"redirect_uris": typed.Redirects, "post_logout_redirect_uris": typed.PostLogout, "trusted_domains": typed.Domains,
		}
		d.showApp(w, r, m, app, unprocessable, func(p *page.AppView) {
			as := *app
			as.TrustedDomains = lines(typed.Domains)
			wrong = placed(wrong, "redirect_uris", "client_name", "client_name#ru", "description", "post_logout_redirect_uris", "trusted_domains")
			p.Mistake, p.General = alsoWrong(inLines(wrong, text[wrong.Field]), &as, text[wrong.Field]), typed
		})
	})
}

// setName sets the app's name in a language, "" takes it away.
func setName(a *storage.App, lang, name string) {
	if name == "" {
		delete(a.Names, lang)
		return
	}
	if a.Names == nil {
		a.Names = make(map[string]string)
	}
	a.Names[lang] = name
}

// addURI registers an address that was refused; only one the app really came with, so that a form somebody
// was talked into sending adds nothing of another's choice.
func (d *Dashboard) addURI(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, uri string, logout bool) {
	registered := func(a *storage.App) *[]string {
		if logout {
			return &a.PostLogoutURIs
		}
		return &a.RedirectURIs
	}
	came := func(u page.RefusedURI) bool { return u.URI == uri && u.PostLogout == logout }
	if !slices.ContainsFunc(d.refusedURIs(app), came) && !slices.Contains(*registered(app), uri) {
		d.showApp(w, r, m, app, unprocessable, func(p *page.AppView) { p.Wrong = "apps.add_failed" })
		return
	}
	_, err := d.db.UpdateApp(r.Context(), m.Actor, app.ID, func(a *storage.App) error {
		list := registered(a)
		if !slices.Contains(*list, uri) { // pressed twice
			*list = append(*list, uri)
		}
		return nil
	})
	if wrong, ok := mistake(err); ok {
		d.showApp(w, r, m, app, unprocessable, func(p *page.AppView) { p.Mistake, p.Wrong = wrong, "apps.add_failed" })
		return
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.appDone(w, r, "added", "general")
}

// deleteApp deletes the app when its name was typed.
func (d *Dashboard) deleteApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, confirm string) {
	confirm = strings.TrimSpace(confirm)
	if confirm != app.Name && confirm != app.DisplayName(d.pages.Lang(r, nil)) {
		d.showApp(w, r, m, app, unprocessable, func(p *page.AppView) {
			p.Mistake, p.Confirm = page.Mistake{Field: "confirm", Text: "apps.confirm_wrong"}, confirm
		})
		return
	}
	err := d.db.DeleteApp(r.Context(), m.Actor, app.ID)
	if wrong, ok := mistake(err); ok {
		wrong.Field = "confirm"
		d.showApp(w, r, m, app, unprocessable, func(p *page.AppView) { p.Mistake, p.Confirm = wrong, confirm })
		return
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/apps?done=deleted", http.StatusSeeOther)
}

// personName is the name of a user, their login where they have none; "" for nobody.
func (d *Dashboard) personName(r *http.Request, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	u, err := d.db.User(r.Context(), id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	case u.Name == "":
		return u.Login, nil
	}
	return u.Name, nil
}
