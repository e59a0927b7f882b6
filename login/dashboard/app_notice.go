package dashboard

import (
	"context"
	"net/http"
	"slices"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appNotices is GET /apps/{id}/notices.
func (d *Dashboard) appNotices(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	p := page.AppNotices{AppHead: d.appHead(r, m, app, "notices")}
	if unreachable(app) {
		told := page.AppNotice{Key: "no_redirect"}
		if p.May.Write {
			told.Link = "/apps/" + app.ID + "#general"
		}
		p.List = append(p.List, told)
	}
	for _, n := range d.noticesOf(r.Context(), app) {
		p.List = append(p.List, appNotice(app, n, p.May))
	}
	d.pages.Show(w, r, page.View{}, p)
}

// unreachable tells that people cannot sign in to the app, because no answer could go anywhere.
func unreachable(app *storage.App) bool {
	return app.Allows(storage.GrantCode) && len(app.RedirectURIs) == 0 && !app.AnyLoopback
}

// noticesOf is what the developers of the app should know now. Events tell of attempts to deliver a logout,
// at most one a minute; how many are undelivered, and whether any still is, the outbox knows.
func (d *Dashboard) noticesOf(ctx context.Context, app *storage.App) []storage.Notice {
	list := app.Notices(d.db.Events(app.ID), d.now())
	at := slices.IndexFunc(list, func(n storage.Notice) bool { return n.Kind == storage.NoticeLogouts })
	if at < 0 {
		return list
	}
	count, err := d.db.UndeliveredLogouts(ctx, app.ID)
	switch {
	case err != nil: // then what the events say is better than nothing
	case count == 0:
		list = slices.Delete(list, at, at+1)
	default:
		list[at].Count = count
	}
	return list
}

// appNotice is a notice with the place where something can be done about it.
func appNotice(app *storage.App, n storage.Notice, may page.AppMay) page.AppNotice {
	told := page.AppNotice{Key: string(n.Kind), Urgent: n.Urgent(), Count: n.Count, At: n.Time, Value: n.KeyLabel}
	switch n.Kind {
	case storage.NoticeRedirectRefused:
		uri := refusedURI(n)
		told.Refused = &uri
		told.Link = eventLink(app, n)
	case storage.NoticeLogouts:
		told.Value = n.Reason
		told.Link = eventLink(app, n)
	case storage.NoticeRefusals:
		told.Link = "/apps/" + app.ID + "/events"
	default:
		if may.Keys {
			told.Link = "/apps/" + app.ID + "/keys"
		}
	}
	return told
}

func eventLink(app *storage.App, n storage.Notice) string {
	if n.EventID == "" {
		return "/apps/" + app.ID + "/events"
	}
	return "/apps/" + app.ID + "/events?q=" + n.EventID
}

func refusedURI(n storage.Notice) page.RefusedURI {
	uri := page.RefusedURI{URI: n.RedirectURI, PostLogout: n.PostLogout, At: n.Time}
	if n.Reason != "" {
		uri.Why = page.Mistake{Reason: n.Reason, Value: n.RedirectURI}
	}
	return uri
}

// refusedMost bounds the refused addresses beside the form.
const refusedMost = 3

// refusedURIs are the addresses that requests of the app came with and that are not registered, newest
// first, each with the reason why it cannot be.
func (d *Dashboard) refusedURIs(app *storage.App) []page.RefusedURI {
	var list []page.RefusedURI
	for _, n := range app.Notices(d.db.Events(app.ID), d.now()) {
		if n.Kind == storage.NoticeRedirectRefused {
			list = append(list, refusedURI(n))
		}
	}
	return list
}
