package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// scopeRows puts into the page the app's scopes and then the others that the person may give it; p.More tells
// that not all of these are there, p.Foreign that some may be given by others only.
func (d *Dashboard) scopeRows(r *http.Request, by storage.Actor, known []*storage.Scope, app *storage.App, p *page.AppAuthorization) error {
	var others []page.ScopeRow
	for _, s := range known {
		row := page.ScopeRow{Name: s.Name, Title: s.Title}
		has, ok := app.Scope(s.Name)
		if !ok {
			may, err := d.mayGive(r, by, app, s)
			switch {
			case err != nil:
				return err
			case may:
				others = append(others, row)
			default:
				p.Foreign = true
			}
			continue
		}
		row.Asked, row.Offline = "optional", has.Offline
		if has.Required {
			row.Asked = "required"
		}
		p.Scopes = append(p.Scopes, row)
	}
	slices.SortFunc(p.Scopes, func(a, b page.ScopeRow) int { return scopePlace(app, a.Name) - scopePlace(app, b.Name) })
	if room := max(0, scopesShown-len(p.Scopes)); len(others) > room {
		others, p.More = others[:room], true
	}
	p.Scopes = append(p.Scopes, others...)
	return nil
}

// mayGive tells whether the person may give the app that scope. Storage decides when it is done; this spares
// people a choice that it would refuse. Whoever may only look is shown all that a developer could choose.
func (d *Dashboard) mayGive(r *http.Request, by storage.Actor, app *storage.App, s *storage.Scope) (bool, error) {
	switch {
	case storage.May(by, storage.AppTrust, app):
		return true, nil
	case slices.Contains(storage.APIScopes(storage.Full), s.Name):
		return false, nil
	case s.Builtin, s.AppID == app.ID:
		return true, nil
	case s.AppID == "":
		return false, nil
	}
	owner, err := d.db.App(r.Context(), s.AppID)
	switch {
	case errors.Is(err, storage.ErrNotFound): // deleted just now, and the scope with it
		return false, nil
	case err != nil:
		return false, fmt.Errorf("owner of scope: %w", err)
	}
	return storage.May(by, storage.AppWrite, owner), nil
}

// deniedScope is the first of the names that is a scope which the app has not and the person may not give it;
// "" where there is none.
func (d *Dashboard) deniedScope(r *http.Request, by storage.Actor, app *storage.App, named []string) (string, error) {
	for _, name := range named {
		s, err := d.db.Scope(r.Context(), name)
		_, has := app.Scope(name)
		switch {
		case errors.Is(err, storage.ErrNotFound) || has:
			continue
		case err != nil:
			return "", fmt.Errorf("scope: %w", err)
		}
		may, err := d.mayGive(r, by, app, s)
		if err != nil || !may {
			return name, err
		}
	}
	return "", nil
}
