package dashboard

import (
	"net/http"
	"net/url"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appsPerPage is how many rows the registry shows at once.
const appsPerPage = 25

// apps is GET /apps: all of them for administrators, for others those where they have a role.
func (d *Dashboard) apps(w http.ResponseWriter, r *http.Request, m *login.Member) {
	asked, filter := appsFilter(r.URL.Query(), m)
	rows, next, err := d.db.AppRows(r.Context(), filter)
	if _, ok := mistake(err); ok { // a cursor that is none of ours: from the beginning
		filter.After = ""
		rows, next, err = d.db.AppRows(r.Context(), filter)
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	total, err := d.db.CountApps(r.Context(), filter)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	list := page.Apps{
		Shell:   d.shell(r, m, "apps", appTexts),
		Total:   total,
		Filter:  asked,
		Paged:   filter.After != "",
		First:   appsAddress(asked, ""),
		MayNew:  storage.May(m.Actor, storage.AppCreate, nil),
		Partial: filter.Member != "",
	}
	if next != "" {
		list.Next = appsAddress(asked, next)
	}
	lang := d.pages.Lang(r, nil)
	for _, row := range rows {
		owner, err := d.personName(r, row.OwnerID())
		if err != nil {
			d.people.Fail(w, r, err)
			return
		}
		list.Rows = append(list.Rows, appEntry(m.Actor, row, owner, lang))
	}
	d.pages.Show(w, r, page.View{}, list)
}

func appEntry(by storage.Actor, row storage.AppRow, owner, lang string) page.AppEntry {
	return page.AppEntry{
		ID: row.ID, Name: row.DisplayName(lang), Description: row.Description, Type: string(row.Type), Owner: owner,
		People: row.People, PeopleMax: storage.PeopleMax, Networks: row.NetworkAddresses,
		Enabled: row.Enabled, Trusted: row.Trusted, Used: row.LastUsedAt, May: appMay(by, row.App),
	}
}

// appsFilter reads what is asked for; what is none of the page's own choices asks for nothing.
func appsFilter(query url.Values, m *login.Member) (page.AppsFilter, storage.AppFilter) {
	asked := page.AppsFilter{Query: clip(query.Get("q"), 200)}
	filter := storage.AppFilter{Query: asked.Query, Limit: appsPerPage, After: query.Get("after")}
	switch kind := storage.AppType(query.Get("type")); kind {
	case storage.AppWeb, storage.AppBrowser, storage.AppNative, storage.AppService:
		asked.Type, filter.Type = string(kind), kind
	}
	if query.Get("owner") == "me" {
		asked.Owner, filter.Owner = "me", m.User.ID
	}
	yes, no := true, false
	switch state := query.Get("state"); state {
	case "on":
		asked.State, filter.Enabled = state, &yes
	case "off":
		asked.State, filter.Enabled = state, &no
	case "unchecked":
		asked.State, filter.Trusted = state, &no
	}
	if m.User.Access != storage.Full {
		filter.Member = m.User.ID
	}
	return asked, filter
}

// appsAddress is the address of a page of the list.
func appsAddress(f page.AppsFilter, after string) string {
	query := url.Values{}
	for name, value := range map[string]string{"q": f.Query, "type": f.Type, "owner": f.Owner, "state": f.State, "after": after} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return "/apps"
	}
	return "/apps?" + query.Encode()
}
