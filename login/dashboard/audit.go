package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

func (d *Dashboard) auditRoutes(r chi.Router) {
	r.Handle("/audit", d.admin(storage.AuditRead, d.audit, nil))
	r.Handle("/audit/export", d.admin(storage.AuditRead, d.exportAudit, nil))
}

// audit is GET /audit.
func (d *Dashboard) audit(w http.ResponseWriter, r *http.Request, m *login.Member) {
	p, f, err := d.auditFilter(r)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	p.Shell = d.shell(r, m, "audit", doneTexts)
	if p.Mistake.Reason == "" {
		err = d.fillAudit(r, f, &p)
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{Status: formStatus(p.Mistake)}, p)
}

// fillAudit reads one page of the log.
func (d *Dashboard) fillAudit(r *http.Request, f storage.AuditFilter, p *page.Audit) error {
	list, next, err := d.db.AuditLog(r.Context(), f)
	var invalid *storage.Invalid
	if errors.As(err, &invalid) { // a cursor nobody gave: from the newest
		f.After = ""
		list, next, err = d.db.AuditLog(r.Context(), f)
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	names := d.names(r)
	for _, e := range list {
		row, err := names.row(e)
		if err != nil {
			return err
		}
		p.List = append(p.List, row)
	}
	q := r.URL.Query()
	p.First, p.Same = f.After == "", query(q, "")
	if next != "" {
		p.Next = query(q, next)
	}
	return nil
}

// auditGroups are what one can look for, as nouns of actions.
var auditGroups = []string{"session", "consent", "grant", "token", "user", "link", "app", "app_key", "developer", "scope", "device", "key", "audit"}

// auditFilter reads the filters of the query: as they are shown again, and for storage.
func (d *Dashboard) auditFilter(r *http.Request) (page.Audit, storage.AuditFilter, error) {
	q := r.URL.Query()
	get := func(name string) string { return strings.TrimSpace(clip(q.Get(name), 200)) }
	p := page.Audit{
		Days: int(storage.AuditKeep / (24 * time.Hour)), Groups: auditGroups,
		Who: get("who"), Target: get("target"), Address: get("address"), From: get("from"), To: get("to"),
	}
	f := storage.AuditFilter{Address: p.Address, After: q.Get("after")}
	var err error
	f.Actor, err = d.idOf(r, p.Who)
	if err == nil {
		f.Target, err = d.idOf(r, p.Target)
	}
	if err != nil {
		return p, f, err
	}
	if what := q.Get("what"); slices.Contains(auditGroups, what) {
		p.What, f.Action = what, what+"."
	}
	if result := q.Get("result"); result == "ok" || result == "refused" {
		refused := result == "refused"
		p.Result, f.Refused = result, &refused
	}
	var ok bool
	if f.From, ok = dayOf(p.From, 0); !ok {
		p.Mistake = own("from", "date", "")
	}
	if f.To, ok = dayOf(p.To, 1); !ok { // the whole of the last day
		p.Mistake = own("to", "date", "")
	}
	return p, f, nil
}

// dayOf is the beginning (in UTC) of the day that was chosen, or of one some days later; the zero time for
// none, false for what is no date.
func dayOf(text string, later int) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, false
	}
	return day.AddDate(0, 0, later), true
}

// idOf finds what a text names: a person by login or e-mail, what has that id, or the only person or app
// whose name holds it, as the columns show names.
func (d *Dashboard) idOf(r *http.Request, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := d.db.UserByName(r.Context(), text)
	if err == nil {
		return u.ID, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return "", fmt.Errorf("user: %w", err)
	}
	_, err = d.db.App(r.Context(), text)
	if !errors.Is(err, storage.ErrNotFound) {
		return text, err
	}
	people, _, err := d.db.Users(r.Context(), storage.UserFilter{Query: text, Limit: 2})
	if err != nil {
		return "", fmt.Errorf("users: %w", err)
	}
	apps, _, err := d.db.Apps(r.Context(), storage.AppFilter{Query: text, Limit: 2})
	if err != nil {
		return "", fmt.Errorf("apps: %w", err)
	}
	switch {
	case len(people) == 1 && len(apps) == 0:
		return people[0].ID, nil
	case len(apps) == 1 && len(people) == 0:
		return apps[0].ID, nil
	}
	return text, nil
}

// exportName is the name of the file that is saved.
func exportName(q url.Values, now time.Time) string {
	name := "audit-" + now.UTC().Format(time.DateOnly)
	if what := q.Get("what"); slices.Contains(auditGroups, what) {
		name += "-" + what
	}
	return name + ".csv"
}
