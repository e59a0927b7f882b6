package dashboard

import (
	"net/http"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// setupApp is GET /apps/{id}/setup.
func (d *Dashboard) setupApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.showSetup(w, r, m, app, "")
}

// showSetup shows what a client needs; secret is that of an app made just now, else "".
func (d *Dashboard) showSetup(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, secret string) {
	code := newSnippets(d.config.Issuer, app)
	preview, err := d.preview(r, m, app)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{}, page.AppSetup{
		AppHead:  d.appHead(r, m, app, "setup"),
		Client:   d.client(app),
		Public:   app.Public(),
		Secret:   secret,
		Env:      code.env(secret),
		Snippets: code.all(),
		Optional: optionalScopes(app),
		Redirect: len(app.RedirectURIs) > 0 || !app.Allows(storage.GrantCode),
		Preview:  preview,
		Own:      !app.KeepsSecret() && !app.Public(),
		Signs:    code.Signs != "",
		KeyFile:  code.Signs == storage.AuthPrivateKeyJWT,
	})
}

// optionalScopes are those that a person may leave out, where somebody signs in at all.
func optionalScopes(app *storage.App) string {
	var names []string
	for _, s := range app.Scopes {
		if !s.Required && s.Name != storage.ScopeOpenID && app.Allows(storage.GrantCode) {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ", ")
}

// client is what a client of the app has to know.
func (d *Dashboard) client(app *storage.App) page.Client {
	issuer := d.config.Issuer
	c := page.Client{Issuer: issuer, ID: app.ID, Discovery: issuer + "/.well-known/openid-configuration"}
	for _, a := range []page.Address{
		{Name: "authorize", URL: "/connect/authorize"},
		{Name: "token", URL: "/connect/token"},
		{Name: "userinfo", URL: "/connect/userinfo"},
		{Name: "jwks", URL: "/.well-known/openid-configuration/jwks"},
		{Name: "introspect", URL: "/connect/introspect"},
		{Name: "revocation", URL: "/connect/revocation"},
		{Name: "endsession", URL: "/connect/endsession"},
		{Name: "deviceauthorization", URL: "/connect/deviceauthorization"},
	} {
		c.Addresses = append(c.Addresses, page.Address{Name: a.Name, URL: issuer + a.URL})
	}
	return c
}
