package dashboard

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appRoutes are the pages of apps and scopes. A route without a wildcard wins; storage lets no app have the
// client_id "new".
func (d *Dashboard) appRoutes(r chi.Router) {
	r.Handle("/apps", d.member(d.apps, nil))
	r.Handle("/apps/new", d.member(d.newApp, d.createApp))
	r.Handle("/apps/{id}", d.member(d.ofApp(d.viewApp), d.ofApp(d.changeApp)))
	r.Handle("/apps/{id}/setup", d.member(d.ofApp(d.setupApp), nil))
	r.Handle("/apps/{id}/authorization", d.member(d.ofApp(d.appAuthorization), d.ofApp(d.changeAuthorization)))
	r.Handle("/apps/{id}/settings", d.member(d.ofApp(d.appSettings), d.ofApp(d.changeSettings)))
	r.Handle("/apps/{id}/protocol", d.member(d.ofApp(d.appProtocol), d.ofApp(d.changeProtocol)))
	r.Handle("/apps/{id}/notices", d.member(d.ofApp(d.appNotices), nil))
	r.Handle("/apps/{id}/developers", d.member(d.ofApp(d.appDevelopers), d.ofApp(d.changeDevelopers)))
	r.Handle("/apps/{id}/keys", d.member(d.ofApp(d.appKeys), d.ofApp(d.changeKeys)))
	r.Handle("/apps/{id}/events", d.member(d.ofApp(d.appEvents), nil))
	r.Handle("/scopes", d.member(d.scopes, nil))
	r.Handle("/scopes/new", d.member(d.newScope, d.createScope))
	r.Handle("/scopes/edit", d.member(d.editScope, d.changeScope))
}

// appHandler answers a request of the signed-in person m about an app that they may know of.
type appHandler func(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App)

// ofApp reads the app that the path names; one the person may not know of is a page that does not exist,
// and leaves an audit entry. What the person may do with it is asked again by each statement of storage.
func (d *Dashboard) ofApp(h appHandler) handler {
	return func(w http.ResponseWriter, r *http.Request, m *login.Member) {
		app, err := d.db.AppFor(r.Context(), m.Actor, storage.AppRead, chi.URLParam(r, "id"))
		if err != nil {
			d.people.Fail(w, r, err)
			return
		}
		h(w, r, m, app)
	}
}

// appTexts are what pages of apps say after ?done=.
var appTexts = map[string]string{
	"added":       "apps.added",
	"deleted":     "apps.deleted",
	"invited":     "apps.invited",
	"removed":     "apps.removed",
	"left":        "apps.left",
	"handed_over": "apps.handed_over",
	"key_deleted": "apps.key_deleted",
	"scope_gone":  "apps.scope_deleted",
	"subjects":    "protocol.subjects_changed",
}

// appHead is what stands over each page of the app.
func (d *Dashboard) appHead(r *http.Request, m *login.Member, app *storage.App, place string) page.AppHead {
	notices := len(d.noticesOf(r.Context(), app))
	if unreachable(app) {
		notices++
	}
	return page.AppHead{
		Shell:   d.shell(r, m, "apps", appTexts),
		ID:      app.ID,
		Name:    app.DisplayName(d.pages.Lang(r, nil)),
		Enabled: app.Enabled,
		Trusted: app.Trusted,
		Place:   place,
		Notices: notices,
		May:     appMay(m.Actor, app),
	}
}

// appMay is what the person may do with the app.
func appMay(by storage.Actor, app *storage.App) page.AppMay {
	return page.AppMay{
		Write:      storage.May(by, storage.AppWrite, app),
		Keys:       storage.May(by, storage.AppKeys, app),
		Developers: storage.May(by, storage.AppDevelopers, app),
		Delete:     storage.May(by, storage.AppDelete, app),
		Trust:      storage.May(by, storage.AppTrust, app),
	}
}

// updateApp changes the app and answers: back to its page at the section, or by again with what was wrong. The
// page says as well where everybody has another sub from now on: a new host among the redirect addresses of an
// app with pairwise subjects is enough, and nobody would think of it.
func (d *Dashboard) updateApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, section string,
	change func(*storage.App), again func(page.Mistake)) {
	after, err := d.db.UpdateApp(r.Context(), m.Actor, app.ID, func(a *storage.App) error {
		change(a)
		return nil
	})
	if wrong, ok := mistake(err); ok {
		again(wrong)
		return
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	done := "saved"
	if storage.SubjectsChange(app, after) {
		done = "subjects"
	}
	d.appDone(w, r, done, section)
}

// appDone goes back to the page that the form stood on, which then says what was done.
func (d *Dashboard) appDone(w http.ResponseWriter, r *http.Request, done, section string) {
	http.Redirect(w, r, r.URL.Path+"?done="+done+"#"+section, http.StatusSeeOther)
}

// badSection answers a form whose button is none of ours.
func (d *Dashboard) badSection(w http.ResponseWriter, r *http.Request) {
	d.pages.Show(w, r, page.View{Status: http.StatusBadRequest},
		page.Problem{Stub: page.Stub{Office: true}, ID: page.NewProblemID(), Key: "form_invalid", Path: r.URL.Path})
}

// unprocessable is the view of a form that is shown again.
var unprocessable = page.View{Status: http.StatusUnprocessableEntity}

// shell is the frame of a page of that section with what ?done= says: done maps its values to keys of the
// locale, beside "saved"; anything else is passed over.
func (d *Dashboard) shell(r *http.Request, m *login.Member, section string, done map[string]string) page.Shell {
	s := d.people.Shell(m, section)
	value := r.URL.Query().Get("done")
	s.Done = done[value]
	if value == "saved" {
		s.Done = "shell.saved"
	}
	return s
}

// mistake turns storage's refusal of what a person typed into what the page shows at the field; false
// where err is something else.
func mistake(err error) (page.Mistake, bool) {
	var no *storage.Invalid
	if !errors.As(err, &no) {
		return page.Mistake{}, false
	}
	return page.Mistake{Field: no.Field, Reason: no.Reason, Value: no.Value}, true
}

// inLines finds the line of the text, one value per line, that the mistake is about.
func inLines(m page.Mistake, text string) page.Mistake {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		// Storage cuts long values.
		if m.Value != "" && (strings.EqualFold(line, m.Value) || len(m.Value) > 90 && strings.HasPrefix(line, m.Value)) {
			m.Line = n
			break
		}
	}
	return m
}

// linesNamed bounds how many wrong lines are named.
const linesNamed = 50

// alsoWrong names the lines behind the mistake's that are wrong too, where the list is one of addresses.
func alsoWrong(m page.Mistake, app *storage.App, text string) page.Mistake {
	check := storage.CheckRedirectURI
	switch {
	case m.Line == 0:
		return m
	case m.Field == "post_logout_redirect_uris":
		check = storage.CheckPostLogoutURI
	case m.Field != "redirect_uris":
		return m
	}
	var more []string
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line != "" && n > m.Line && len(more) < linesNamed && check(app, line) != nil {
			more = append(more, strconv.Itoa(n))
		}
	}
	m.Also = strings.Join(more, ", ")
	return m
}

// lines reads a text of one value per line; blank lines are left out.
func lines(text string) []string {
	list := []string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}
