package dashboard

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// appRoutes are the pages of apps. A chi route without a wildcard wins, so an app whose client_id is "new"
// has no page of its own.
func (d *Dashboard) appRoutes(r chi.Router) {}

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
