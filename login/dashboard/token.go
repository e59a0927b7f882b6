package dashboard

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// tokenProof is how old a sign-in may be when the form is opened; it may then take a while to fill in, see
// proofAge.
const tokenProof = 15 * time.Minute

// tokens is GET /account/tokens.
func (d *Dashboard) tokens(w http.ResponseWriter, r *http.Request, m *login.Member) {
	list, err := d.tokenRows(r, m.User.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{}, page.Tokens{Shell: d.shell(r, m, "account", doneTexts), List: list})
}

// tokenRows are the tokens that a person made.
func (d *Dashboard) tokenRows(r *http.Request, userID string) ([]page.TokenRow, error) {
	list, err := d.db.PersonalTokens(r.Context(), userID)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	words, err := d.words(r)
	if err != nil {
		return nil, err
	}
	rows := make([]page.TokenRow, 0, len(list))
	for _, t := range list {
		row := page.TokenRow{
			ID: t.ID, Name: t.Name, Prefix: t.Prefix, Scopes: words.all(t.Scopes), CreatedAt: t.CreatedAt,
			ExpiresAt: t.ExpiresAt, Soon: t.ExpiresAt.Sub(d.now()) < 7*24*time.Hour, LastUsedAt: t.LastUsedAt,
		}
		if t.AppID != "" {
			app, err := d.db.App(r.Context(), t.AppID)
			if err != nil {
				return nil, fmt.Errorf("app of a token: %w", err)
			}
			row.App = app.DisplayName(d.pages.Lang(r, nil))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// newToken is GET /account/tokens/new?for=.
func (d *Dashboard) newToken(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if !d.people.Proved(m, tokenProof) {
		d.people.ProveAgain(w, r, m)
		return
	}
	d.showNewToken(w, r, m, page.TokenNew{For: r.URL.Query().Get("for"), Expires: "90"}, nil)
}

// showNewToken shows the form: as filled in, with the mistake, when it comes back.
func (d *Dashboard) showNewToken(w http.ResponseWriter, r *http.Request, m *login.Member, p page.TokenNew, ticked []string) {
	apps, err := d.db.TokenApps(r.Context(), m.User.ID)
	if err != nil {
		d.people.Fail(w, r, fmt.Errorf("apps that give tokens: %w", err))
		return
	}
	words, err := d.words(r)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	offered := storage.APIScopes(m.User.Access)
	p.Targets = []page.TokenTarget{{Current: p.For == ""}}
	known := p.For == ""
	for _, a := range apps {
		current := a.ID == p.For
		p.Targets = append(p.Targets, page.TokenTarget{ID: a.ID, Name: a.DisplayName(d.pages.Lang(r, nil)), Current: current})
		if current {
			known, offered = true, storage.TokenScopes(a)
		}
	}
	if !known {
		d.people.Fail(w, r, fmt.Errorf("app for a token: %w", storage.ErrNotFound))
		return
	}
	for _, name := range offered {
		p.Scopes = append(p.Scopes, page.TokenScope{ScopeWords: words.of(name), Checked: slices.Contains(ticked, name)})
	}
	p.Shell = d.shell(r, m, "account", doneTexts)
	p.Min = d.now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	p.Max = d.now().UTC().Add(storage.PersonalTokenMax).AddDate(0, 0, -1).Format(time.DateOnly)
	d.pages.Show(w, r, page.View{Status: formStatus(p.Mistake)}, p)
}

// makeToken is POST /account/tokens/new: its answer is the only place where the token ever stands.
func (d *Dashboard) makeToken(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m, "scope")
	if !ok {
		return
	}
	if !d.proved(w, r, m, "/account/tokens/new") {
		return
	}
	p := page.TokenNew{For: form.Get("for"), Name: form.Get("name"), Expires: form.Get("expires"), Until: form.Get("until")}
	ends, ok := d.expiry(p.Expires, p.Until)
	if !ok {
		p.Mistake = own("expires_at", "token_until", "")
		d.showNewToken(w, r, m, p, form["scope"])
		return
	}
	if !d.once(w, r, m, form, page.Sent{Shell: page.Shell{Section: "account"}, List: "/account/tokens", Form: "/account/tokens/new"}) {
		return
	}
	made, secret, err := d.db.CreatePersonalToken(r.Context(), m.Actor, storage.NewPersonalToken{
		UserID: m.User.ID, AppID: p.For, Name: p.Name, Scopes: form["scope"], ExpiresAt: ends,
	})
	d.made(form, err)
	wrong, other := refused(err)
	switch {
	case other != nil:
		d.people.Fail(w, r, other)
	case wrong.Field == "app":
		d.people.Fail(w, r, fmt.Errorf("app for a token: %w", storage.ErrNotFound))
	case wrong.Reason != "":
		p.Mistake = wrong
		d.showNewToken(w, r, m, p, form["scope"])
	default:
		d.showToken(w, r, m, made, secret)
	}
}

// expiry is when a token ends: so many days from now, or with the day (in UTC) that was chosen.
func (d *Dashboard) expiry(expires, until string) (time.Time, bool) {
	if expires == "date" {
		day, err := time.Parse(time.DateOnly, until)
		return day.AddDate(0, 0, 1), err == nil
	}
	days, err := strconv.Atoi(expires)
	return d.now().AddDate(0, 0, days), err == nil && slices.Contains(page.TokenNew{}.Days(), expires)
}

func (d *Dashboard) showToken(w http.ResponseWriter, r *http.Request, m *login.Member, made *storage.PersonalToken, secret string) {
	p := page.TokenMade{Shell: d.shell(r, m, "account", doneTexts), Name: made.Name, Secret: secret, ExpiresAt: made.ExpiresAt}
	if made.AppID == "" {
		p.Example = d.example(made.Scopes, secret)
	} else {
		app, err := d.db.App(r.Context(), made.AppID)
		if err != nil {
			d.people.Fail(w, r, fmt.Errorf("app of a token: %w", err))
			return
		}
		p.App = app.DisplayName(d.pages.Lang(r, nil))
	}
	d.pages.Show(w, r, page.View{}, p)
}

// example is a command line that shows the token at work, by the first thing it may read.
func (d *Dashboard) example(scopes []string, secret string) string {
	for _, at := range []struct{ scope, path string }{
		{storage.ScopeMeRead, "/me"}, {storage.ScopeAppsRead, "/apps"}, {storage.ScopeUsersRead, "/users"}, {storage.ScopeAuditRead, "/audit"},
	} {
		if slices.Contains(scopes, at.scope) {
			return `curl -H "Authorization: Bearer ` + secret + `" ` + d.config.Issuer + "/api/v1" + at.path
		}
	}
	return ""
}

// revokeToken is POST /account/tokens/{id}/revoke.
func (d *Dashboard) revokeToken(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if _, ok := d.people.MemberForm(w, r, m); !ok {
		return
	}
	err := d.db.RemovePersonalToken(r.Context(), m.Actor, m.User.ID, chi.URLParam(r, "id"))
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.done(w, r, "/account/tokens", "revoked")
}
