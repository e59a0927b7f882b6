package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// grantKeys name the texts of the grant types, in the order of the page.
var grantKeys = []struct{ grant, key string }{
	{storage.GrantCode, "code"},
	{storage.GrantRefreshToken, "refresh"},
	{storage.GrantClientCredentials, "credentials"},
	{storage.GrantDeviceCode, "device"},
	{storage.GrantPersonal, "personal"},
}

// scopesShown bounds the rows of the table of scopes, each with two fields; others are named in a field.
const scopesShown = 70

// appAuthorization is GET /apps/{id}/authorization.
func (d *Dashboard) appAuthorization(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.showAuthorization(w, r, m, app, page.View{}, page.Mistake{}, "")
}

// showAuthorization shows the page; app holds what was typed where wrong says that it was refused, and named
// the names of further scopes.
func (d *Dashboard) showAuthorization(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, v page.View, wrong page.Mistake, named string) {
	known, err := d.db.Scopes(r.Context())
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	p := page.AppAuthorization{
		AppHead: d.appHead(r, m, app, "authorization"),
		Public:  app.Public(),
		Switches: page.Switches{
			Enabled: app.Enabled, Delegated: app.Delegated, WithoutPKCE: app.WithoutPKCE, SkipConsent: app.SkipConsent,
			OfflineWithoutConsent: app.OfflineWithoutConsent, Trusted: app.Trusted,
		},
	}
	p.Mistake, p.Named = wrong, named
	err = d.scopeRows(r, m.Actor, known, app, &p)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	for _, row := range p.Scopes {
		if row.Asked != "" {
			row.Checked = slices.Contains(app.PresetScopes, row.Name)
			p.Presets = append(p.Presets, row)
		}
	}
	for _, g := range grantKeys {
		p.Grants = append(p.Grants, page.Box{Value: g.grant, Key: g.key, Checked: app.Allows(g.grant),
			Disabled: g.grant == storage.GrantClientCredentials && app.Public() && !app.Allows(g.grant)})
	}
	d.pages.Show(w, r, v, p)
}

func scopePlace(app *storage.App, name string) int {
	return slices.IndexFunc(app.Scopes, func(s storage.AppScope) bool { return s.Name == name })
}

// changeAuthorization is POST /apps/{id}/authorization.
func (d *Dashboard) changeAuthorization(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m, "preset", "offline", "grant")
	if !ok {
		return
	}
	var change func(*storage.App)
	section := form.Get("section")
	switch section {
	case "switches":
		change = switches(form, storage.May(m.Actor, storage.AppTrust, app))
	case "scopes":
		change = func(a *storage.App) { a.Scopes = typedScopes(form, a, form.Get("more")) }
	case "grants":
		change = func(a *storage.App) { a.GrantTypes = typedGrants(form, a) }
	default:
		d.badSection(w, r)
		return
	}
	again := func(wrong page.Mistake) {
		typed := *app
		if section == "scopes" { // what the field names stays in the field
			typed.Scopes = typedScopes(form, app, "")
		} else {
			change(&typed)
		}
		switch section {
		case "scopes":
			wrong = placed(wrong, "scopes")
		case "grants":
			wrong = placed(wrong, "grant_types")
		}
		d.showAuthorization(w, r, m, &typed, unprocessable, wrong, form.Get("more"))
	}
	denied, err := d.deniedScope(r, m.Actor, app, strings.Fields(form.Get("more")))
	switch {
	case err != nil:
		d.people.Fail(w, r, err)
	case denied != "" && section == "scopes" && storage.May(m.Actor, storage.AppWrite, app):
		again(page.Mistake{Field: "scopes", Text: "protocol.scope_denied", Value: denied})
	default:
		d.updateApp(w, r, m, app, section, change, again)
	}
}

// switches sets what the form says; of those that only administrators may set it reads nothing for others,
// whose pages show them disabled.
func switches(form url.Values, trust bool) func(*storage.App) {
	return func(a *storage.App) {
		a.Enabled, a.Delegated, a.WithoutPKCE = form.Has("enabled"), form.Has("delegated"), form.Has("without_pkce") && !a.Public()
		if trust {
			a.Trusted, a.SkipConsent = form.Has("trusted"), form.Has("skip_consent")
			a.OfflineWithoutConsent = form.Has("offline_without_consent")
			a.PresetScopes = slices.Clone(form["preset"])
		}
	}
}

// typedScopes are the scopes that the form gives the app: those it has stay in their order, those that the
// form does not show stay as they are, and those named further come last.
func typedScopes(form url.Values, a *storage.App, named string) []storage.AppScope {
	list := []storage.AppScope{}
	for _, s := range a.Scopes {
		if !form.Has("scope." + s.Name) {
			list = append(list, s)
			continue
		}
		if asked := form.Get("scope." + s.Name); asked != "" {
			list = append(list, storage.AppScope{Name: s.Name, Required: asked == "required", Offline: slices.Contains(form["offline"], s.Name)})
		}
	}
	var added []string
	for field, values := range form {
		name, ok := strings.CutPrefix(field, "scope.")
		if _, has := a.Scope(name); ok && !has && values[0] != "" {
			added = append(added, name)
		}
	}
	slices.Sort(added)
	for _, name := range added {
		list = append(list, storage.AppScope{Name: name, Required: form.Get("scope."+name) == "required", Offline: slices.Contains(form["offline"], name)})
	}
	for _, name := range strings.Fields(named) {
		list = append(list, storage.AppScope{Name: name})
	}
	return list
}

// typedGrants are the ticked grant types, and those the app has that the page does not know.
func typedGrants(form url.Values, a *storage.App) []string {
	list := slices.Clone(form["grant"])
	if list == nil {
		list = []string{}
	}
	for _, grant := range a.GrantTypes {
		known := false
		for _, g := range grantKeys {
			known = known || g.grant == grant
		}
		if !known {
			list = append(list, grant)
		}
	}
	return list
}
