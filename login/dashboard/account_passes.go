package dashboard

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// passes are the apps with access to a person's account.
func (d *Dashboard) passes(r *http.Request, userID string) ([]page.Pass, error) {
	list, err := d.db.Passes(r.Context(), userID)
	if err != nil {
		return nil, fmt.Errorf("passes: %w", err)
	}
	words, err := d.words(r)
	if err != nil {
		return nil, err
	}
	rows := make([]page.Pass, 0, len(list))
	for _, p := range list {
		rows = append(rows, d.passRow(r, p, words))
	}
	return rows, nil
}

// pass is the one of an app, or storage.ErrNotFound.
func (d *Dashboard) pass(r *http.Request, userID, appID string) (page.Pass, error) {
	list, err := d.passes(r, userID)
	if err != nil {
		return page.Pass{}, err
	}
	i := slices.IndexFunc(list, func(p page.Pass) bool { return p.ID == appID })
	if i < 0 {
		return page.Pass{}, fmt.Errorf("pass: %w", storage.ErrNotFound)
	}
	return list[i], nil
}

func (d *Dashboard) passRow(r *http.Request, p storage.Pass, words scopeWords) page.Pass {
	row := page.Pass{
		ID:         p.App.ID,
		Stub:       d.appStub(r, p.App),
		Offline:    p.Offline,
		Unasked:    p.Offline && p.App.OfflineWithoutConsent,
		Until:      p.Until,
		Since:      p.Since,
		LastUsedAt: p.LastUsedAt,
		Open:       d.begin(p.App),
	}
	for _, name := range p.Scopes {
		if name == storage.ScopeOpenID || name == storage.ScopeOffline {
			continue
		}
		row.Scopes = append(row.Scopes, words.of(name))
		if slices.Contains(p.Away, name) {
			row.Away = append(row.Away, words.of(name))
		}
	}
	return row
}

// appStub calls an app as the consent page does: an unchecked one by its host.
func (d *Dashboard) appStub(r *http.Request, a *storage.App) page.Stub {
	redirect := ""
	if len(a.RedirectURIs) > 0 {
		redirect = a.RedirectURIs[0]
	}
	return d.pages.AppStub(a.DisplayName(d.pages.Lang(r, nil)), redirect, a.Trusted)
}

// scopeWords are what scopes are called, by name.
type scopeWords map[string]*storage.Scope

func (d *Dashboard) words(r *http.Request) (scopeWords, error) {
	list, err := d.db.Scopes(r.Context())
	if err != nil {
		return nil, fmt.Errorf("scopes: %w", err)
	}
	words := make(scopeWords, len(list))
	for _, s := range list {
		words[s.Name] = s
	}
	return words, nil
}

// of is what the scope is called; its name where nobody knows it any more.
func (w scopeWords) of(name string) page.ScopeWords {
	s, ok := w[name]
	if !ok {
		return page.ScopeWords{Name: name}
	}
	return page.ScopeWords{Name: name, Title: s.Title, Text: s.Text}
}

func (w scopeWords) all(names []string) []page.ScopeWords {
	list := make([]page.ScopeWords, 0, len(names))
	for _, name := range names {
		list = append(list, w.of(name))
	}
	return list
}
