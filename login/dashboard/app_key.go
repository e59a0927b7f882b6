package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appKeys is GET /apps/{id}/keys, for those who may make keys.
func (d *Dashboard) appKeys(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	app, err := d.db.AppFor(r.Context(), m.Actor, storage.AppKeys, app.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{}, d.keysPage(r, m, app))
}

func (d *Dashboard) keysPage(r *http.Request, m *login.Member, app *storage.App) page.AppKeys {
	p := page.AppKeys{
		AppHead: d.appHead(r, m, app, "keys"),
		Public:  !app.KeepsSecret(),
		Own:     !app.KeepsSecret() && !app.Public(),
		Today:   d.now().UTC().Format(time.DateOnly),
	}
	for i := len(app.Keys) - 1; i >= 0; i-- { // newest first
		k := app.Keys[i]
		p.Keys = append(p.Keys, page.KeyRow{ID: k.ID, Label: k.Label, Prefix: k.Prefix, Created: k.CreatedAt, Expires: k.ExpiresAt, LastUsed: k.LastUsedAt})
	}
	return p
}

// changeKeys is POST /apps/{id}/keys.
func (d *Dashboard) changeKeys(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	app, err := d.db.AppFor(r.Context(), m.Actor, storage.AppKeys, app.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	switch form.Get("section") {
	case "new":
		d.addKey(w, r, m, app, form)
	case "delete":
		err = d.db.RemoveAppKey(r.Context(), m.Actor, app.ID, form.Get("key"))
		if err != nil && !errors.Is(err, storage.ErrNotFound) { // pressed twice
			d.people.Fail(w, r, err)
			return
		}
		d.appDone(w, r, "key_deleted", "keys")
	default:
		d.badSection(w, r)
	}
}

// addKey makes a key. The answer is the page that shows it; it is never shown again.
func (d *Dashboard) addKey(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, form url.Values) {
	if !d.proved(w, r, m, "/apps/"+app.ID+"/keys") {
		return
	}
	label, until := form.Get("label"), strings.TrimSpace(form.Get("until"))
	again := func(wrong page.Mistake) {
		p := d.keysPage(r, m, app)
		p.Mistake, p.Label, p.Until = wrong, label, until
		d.pages.Show(w, r, unprocessable, p)
	}
	var expires time.Time
	if until != "" {
		day, err := time.Parse(time.DateOnly, until)
		expires = day.AddDate(0, 0, 1) // to the end of the day
		if err != nil || !expires.After(d.now()) || day.Year() > 9999 {
			again(page.Mistake{Field: "expires_at", Text: "apps.key_until_past"})
			return
		}
	}
	at := "/apps/" + app.ID + "/keys"
	if !d.once(w, r, m, form, page.Sent{Shell: page.Shell{Section: "apps"}, List: at, Form: at + "#new"}) {
		return
	}
	_, secret, err := d.db.AddAppKey(r.Context(), m.Actor, app.ID, label, expires)
	d.made(form, err)
	if wrong, ok := mistake(err); ok {
		again(wrong)
		return
	}
	if err == nil {
		app, err = d.db.AppFor(r.Context(), m.Actor, storage.AppKeys, app.ID)
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	p := d.keysPage(r, m, app)
	p.Secret = secret
	d.pages.Show(w, r, page.View{}, p)
}
