package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// mayScopes refuses whoever may not change the scopes of the instance; it has answered then.
func (d *Dashboard) mayScopes(w http.ResponseWriter, r *http.Request, m *login.Member) bool {
	if storage.May(m.Actor, storage.ScopeWrite, nil) {
		return true
	}
	d.refuse(w, r, m, storage.ScopeWrite, storage.ErrForbidden)
	return false
}

// scopes is GET /scopes.
func (d *Dashboard) scopes(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if !d.mayScopes(w, r, m) {
		return
	}
	known, err := d.db.Scopes(r.Context())
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	p := page.Scopes{Shell: d.shell(r, m, "apps", appTexts)}
	for _, s := range known {
		p.Rows = append(p.Rows, page.ScopeEntry{Name: s.Name, Title: s.Title, Text: s.Text, Claims: s.Claims,
			Audience: s.Audience, App: s.AppID, Builtin: s.Builtin})
	}
	d.pages.Show(w, r, page.View{}, p)
}

// newScope is GET /scopes/new.
func (d *Dashboard) newScope(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if d.mayScopes(w, r, m) {
		d.pages.Show(w, r, page.View{}, page.ScopeEdit{Shell: d.shell(r, m, "apps", appTexts), New: true})
	}
}

// createScope is POST /scopes/new.
func (d *Dashboard) createScope(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	s := storage.Scope{Name: strings.TrimSpace(form.Get("name")), AppID: strings.TrimSpace(form.Get("app"))}
	typedScope(form)(&s)
	err := d.db.CreateScope(r.Context(), m.Actor, s)
	wrong, ok := mistake(err)
	switch {
	case errors.Is(err, storage.ErrConflict):
		wrong, ok = page.Mistake{Field: "name", Text: "apps.scope_exists"}, true
	case errors.Is(err, storage.ErrNotFound):
		wrong, ok = page.Mistake{Field: "app", Text: "apps.scope_owner_unknown"}, true
	}
	d.scopeDone(w, r, m, form, page.ScopeEdit{New: true, Name: s.Name}, err, wrong, ok)
}

// typedScope sets what the form says of a scope.
func typedScope(form url.Values) func(*storage.Scope) {
	return func(s *storage.Scope) {
		s.Title = inLang(s.Title, form, "title")
		s.Text = inLang(s.Text, form, "text")
		if !s.Builtin {
			s.Claims, s.Audience = strings.Fields(form.Get("claims")), strings.TrimSpace(form.Get("audience"))
		}
	}
}

// inLang takes the texts of the form's two languages and keeps those of others.
func inLang(texts map[string]string, form url.Values, field string) map[string]string {
	all := make(map[string]string)
	for lang, text := range texts {
		all[lang] = text
	}
	for _, lang := range []string{"en", "ru"} {
		all[lang] = strings.TrimSpace(form.Get(field + "_" + lang))
	}
	return all
}

// editScope is GET /scopes/edit?name=: a name may hold slashes, so it stands in no path.
func (d *Dashboard) editScope(w http.ResponseWriter, r *http.Request, m *login.Member) {
	if !d.mayScopes(w, r, m) {
		return
	}
	s, err := d.db.Scope(r.Context(), r.URL.Query().Get("name"))
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, page.View{}, page.ScopeEdit{
		Shell: d.shell(r, m, "apps", appTexts), Builtin: s.Builtin, Name: s.Name,
		TitleEN: s.Title["en"], TitleRU: s.Title["ru"], TextEN: s.Text["en"], TextRU: s.Text["ru"],
		Claims: strings.Join(s.Claims, " "), Audience: s.Audience, App: s.AppID,
	})
}

// changeScope is POST /scopes/edit?name=.
func (d *Dashboard) changeScope(w http.ResponseWriter, r *http.Request, m *login.Member) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok || !d.mayScopes(w, r, m) {
		return
	}
	s, err := d.db.Scope(r.Context(), r.URL.Query().Get("name"))
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	edit := page.ScopeEdit{Name: s.Name, Builtin: s.Builtin}
	if form.Get("section") == "delete" {
		d.deleteScope(w, r, m, form, s)
		return
	}
	_, err = d.db.UpdateScope(r.Context(), m.Actor, s.Name, func(s *storage.Scope) error {
		typedScope(form)(s)
		return nil
	})
	wrong, ok := mistake(err)
	d.scopeDone(w, r, m, form, edit, err, wrong, ok)
}

// deleteScope deletes the scope when its name was typed.
func (d *Dashboard) deleteScope(w http.ResponseWriter, r *http.Request, m *login.Member, form url.Values, s *storage.Scope) {
	var err error
	wrong, ok := page.Mistake{Field: "confirm", Text: "apps.confirm_wrong"}, true
	if form.Get("confirm") == s.Name {
		err = d.db.DeleteScope(r.Context(), m.Actor, s.Name)
		wrong, ok = mistake(err)
		wrong.Field = "confirm"
	}
	if err == nil && !ok {
		http.Redirect(w, r, "/scopes?done=scope_gone", http.StatusSeeOther)
		return
	}
	if !ok {
		d.people.Fail(w, r, err)
		return
	}
	d.pages.Show(w, r, unprocessable, page.ScopeEdit{
		Shell: d.shell(r, m, "apps", appTexts), Mistake: wrong, Name: s.Name, Builtin: s.Builtin,
		TitleEN: s.Title["en"], TitleRU: s.Title["ru"], TextEN: s.Text["en"], TextRU: s.Text["ru"],
		Claims: strings.Join(s.Claims, " "), Audience: s.Audience, App: s.AppID, Confirm: form.Get("confirm"),
	})
}

// scopeDone answers a form of a scope: with the list, or with the form as it was sent.
func (d *Dashboard) scopeDone(w http.ResponseWriter, r *http.Request, m *login.Member, form url.Values, edit page.ScopeEdit, err error, wrong page.Mistake, isWrong bool) {
	switch {
	case isWrong:
		edit.Shell, edit.Mistake = d.shell(r, m, "apps", appTexts), wrong
		edit.TitleEN, edit.TitleRU, edit.TextEN, edit.TextRU = form.Get("title_en"), form.Get("title_ru"), form.Get("text_en"), form.Get("text_ru")
		edit.Claims, edit.Audience, edit.App = form.Get("claims"), form.Get("audience"), form.Get("app")
		d.pages.Show(w, r, unprocessable, edit)
	case err != nil:
		d.people.Fail(w, r, err)
	default:
		http.Redirect(w, r, "/scopes?done=saved", http.StatusSeeOther)
	}
}
