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
		person, err := d.personName(r, e.UserID)
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
