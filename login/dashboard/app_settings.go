package dashboard

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appSettings is GET /apps/{id}/settings.
func (d *Dashboard) appSettings(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.pages.Show(w, r, page.View{}, d.settingsPage(r, m, app))
}

func (d *Dashboard) settingsPage(r *http.Request, m *login.Member, app *storage.App) page.AppSettings {
	p := page.AppSettings{
		AppHead:  d.appHead(r, m, app, "settings"),
		TTL:      strconv.Itoa(int(app.AccessTokenTTL / time.Second)),
		Claims:   app.IDTokenClaims,
		Networks: strings.Join(app.NetworkAddresses, "\n"),
	}
	for _, method := range []page.Box{{Value: storage.AuthBasic, Key: "basic"}, {Value: storage.AuthPost, Key: "post"}, {Value: storage.AuthNone, Key: "none"}} {
		method.Checked = slices.Contains(app.AuthMethods, method.Value)
		p.Methods = append(p.Methods, method)
	}
	for _, format := range []string{storage.TokenOpaque, storage.TokenJWT} {
		p.Formats = append(p.Formats, page.Box{Value: format, Key: format, Checked: format == app.AccessTokenFormat})
	}
	for _, alg := range storage.SigningAlgs {
		p.Algs = append(p.Algs, page.Box{Value: alg, Checked: alg == app.IDTokenAlg})
	}
	return p
}

// changeSettings is POST /apps/{id}/settings.
func (d *Dashboard) changeSettings(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m, "method")
	if !ok {
		return
	}
	var change func(*storage.App)
	section := form.Get("section")
	switch section {
	case "methods":
		change = func(a *storage.App) {
			// The methods by signature have no box here: an app that registered for one keeps it.
			signed := slices.DeleteFunc(slices.Clone(a.AuthMethods), func(m string) bool {
				return m != storage.AuthSecretJWT && m != storage.AuthPrivateKeyJWT
			})
			a.AuthMethods = append(slices.Clone(form["method"]), signed...)
		}
	case "tokens":
		change = tokenSettings(form)
	case "network":
		change = func(a *storage.App) { a.NetworkAddresses = lines(form.Get("networks")) }
	default:
		d.badSection(w, r)
		return
	}
	d.updateApp(w, r, m, app, section, change, func(wrong page.Mistake) {
		typed := *app
		change(&typed)
		p := d.settingsPage(r, m, &typed)
		switch section {
		case "tokens":
			p.TTL = form.Get("ttl")
		case "network":
			p.Networks, wrong = form.Get("networks"), inLines(wrong, form.Get("networks"))
		}
		p.Mistake = wrong
		d.pages.Show(w, r, unprocessable, p)
	})
}

// tokenSettings sets what the form says of tokens. A lifetime that is no number is out of bounds.
func tokenSettings(form url.Values) func(*storage.App) {
	seconds, err := strconv.Atoi(strings.TrimSpace(form.Get("ttl")))
	if err != nil || seconds < 1 || seconds > int(storage.PersonalTokenMax/time.Second) {
		seconds = 1
	}
	return func(a *storage.App) {
		a.AccessTokenFormat, a.IDTokenAlg = form.Get("format"), form.Get("alg")
		a.AccessTokenTTL = time.Duration(seconds) * time.Second
		a.IDTokenClaims = form.Has("claims")
	}
}
