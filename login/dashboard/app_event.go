package dashboard

import (
	"net/http"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appEvents is GET /apps/{id}/events.
func (d *Dashboard) appEvents(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	events := d.db.Events(app.ID)
	p := page.AppEvents{
		AppHead: d.appHead(r, m, app, "events"),
		Query:   clip(strings.TrimSpace(r.URL.Query().Get("q")), 100),
		Any:     len(events) > 0,
	}
	refused := d.refusedURIs(app)
	for _, e := range events {
		if p.Query != "" && !strings.Contains(strings.ToUpper(e.ID), strings.ToUpper(p.Query)) {
			continue
		}
		person, err := d.eventPerson(r, m, app, e.UserID)
		if err != nil {
			d.people.Fail(w, r, err)
			return
		}
		row := page.EventRow{
			ID: e.ID, Endpoint: e.Endpoint, Grant: e.Grant, Result: e.Result, Description: e.Description, Key: e.Key,
			Came: e.Came, Address: e.Address, Person: person, At: e.Time, Refused: e.Result != "ok",
		}
		for _, u := range refused {
			if e.RedirectURI != "" && u.URI == e.RedirectURI && u.PostLogout == (e.Endpoint == "endsession") && u.Why.Reason == "" {
				row.Add, row.PostLogout = u.URI, u.PostLogout
			}
		}
		p.List = append(p.List, row)
	}
	d.pages.Show(w, r, page.View{}, p)
}

// eventPerson is whom an event is about: by name, or as an app with pairwise subjects knows them, because by
// their names its developers would compare them with those of another sector. Whoever may read people sees
// the name.
func (d *Dashboard) eventPerson(r *http.Request, m *login.Member, app *storage.App, id string) (string, error) {
	sub := d.db.Subject(app, id)
	if sub != id && !storage.May(m.Actor, storage.UserRead, nil) {
		return sub, nil
	}
	return d.personName(r, id)
}
