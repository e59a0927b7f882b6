package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// preview is what userinfo would answer the app about the person who looks, about nobody else: with all of the
// app's scopes, or with those that ?scope= names. nil where no person ever signs in to the app.
func (d *Dashboard) preview(r *http.Request, m *login.Member, app *storage.App) (*page.UserInfo, error) {
	_, signsIn := app.Scope(storage.ScopeOpenID)
	if d.config.UserInfo == nil || !signsIn {
		return nil, nil
	}
	words, err := d.words(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	info := &page.UserInfo{Asked: query.Has("preview"), InToken: app.IDTokenClaims}
	given := []string{storage.ScopeOpenID}
	for _, s := range app.Scopes {
		if s.Name == storage.ScopeOpenID || s.Name == storage.ScopeOffline {
			continue
		}
		row := page.ScopeRow{Name: s.Name, Title: words.of(s.Name).Title, Asked: "optional", Checked: s.Required || !info.Asked || slices.Contains(query["scope"], s.Name)}
		if s.Required {
			row.Asked = "required"
		}
		if row.Checked {
			given = append(given, s.Name)
		}
		info.Scopes = append(info.Scopes, row)
	}
	text, err := d.config.UserInfo(r.Context(), app, m.User, given)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	var b bytes.Buffer
	err = json.Indent(&b, text, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	info.JSON = b.String()
	return info, nil
}
