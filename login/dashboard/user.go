package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"github.com/propusk/propusk/login"
	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

func (d *Dashboard) userRoutes(r chi.Router) {
	r.Handle("/users", d.admin(storage.UserRead, d.users, nil))
	r.Handle("/users/new", d.admin(storage.UserWrite, d.newUser, d.addUser))
	of := func(path string, get, post userHandler) {
		r.Handle("/users/{sub}"+path, d.admin(storage.UserWrite, d.withUser(get), d.withUser(post)))
	}
	r.Handle("/users/{sub}", d.admin(storage.UserRead, d.withUser(d.user), nil))
	of("/profile", d.userProfile, d.saveUser)
	of("/access", nil, d.setAccess)
	of("/password", nil, d.setPassword)
	of("/link", nil, d.makeLink)
	of("/disable", nil, d.disable)
	of("/enable", nil, d.enable)
	of("/sessions/end", nil, d.endUserSessions)
	of("/sessions/{id}/end", nil, d.endUserSession)
	of("/apps/{id}/remove", d.askRemovePass, d.removePass)
	of("/tokens/{id}/revoke", nil, d.revokeUserToken)
}

// admin serves a path to those who may do that. To everybody else there is no such page.
func (d *Dashboard) admin(do storage.Action, get, post handler) http.Handler {
	guard := func(h handler) handler {
		if h == nil {
			return nil
		}
		return func(w http.ResponseWriter, r *http.Request, m *login.Member) {
			if !storage.May(m.Actor, do, nil) {
				d.refuse(w, r, m, do, fmt.Errorf("%s: %w", do, storage.ErrNotFound))
				return
			}
			h(w, r, m)
		}
	}
	return d.member(guard(get), guard(post))
}

// userHandler answers a request about the person u.
type userHandler func(w http.ResponseWriter, r *http.Request, m *login.Member, u *storage.User)

// withUser finds the person that the path names.
func (d *Dashboard) withUser(h userHandler) handler {
	if h == nil {
		return nil
	}
	return func(w http.ResponseWriter, r *http.Request, m *login.Member) {
		u, err := d.db.User(r.Context(), chi.URLParam(r, "sub"))
		if err != nil {
			d.people.Fail(w, r, err)
			return
		}
		h(w, r, m, u)
	}
}

// users is GET /users.
func (d *Dashboard) users(w http.ResponseWriter, r *http.Request, m *login.Member) {
	q := r.URL.Query()
	p := page.Users{Query: clip(q.Get("q"), 200)}
	f := storage.UserFilter{Query: p.Query, After: q.Get("after")}
	switch a := storage.Access(q.Get("access")); a {
	case storage.Full, storage.Partial:
		f.Access, p.Access = a, string(a)
	}
	if state := q.Get("state"); state == "active" || state == "disabled" {
		disabled := state == "disabled"
		f.Disabled, p.State = &disabled, state
	}
	list, next, err := d.db.Users(r.Context(), f)
	var invalid *storage.Invalid
	if errors.As(err, &invalid) { // a cursor nobody gave: from the beginning
		f.After = ""
		list, next, err = d.db.Users(r.Context(), f)
	}
	if err != nil {
		d.people.Fail(w, r, fmt.Errorf("users: %w", err))
		return
	}
	p.Count, err = d.db.CountUsers(r.Context(), f)
	if err != nil {
		d.people.Fail(w, r, fmt.Errorf("users: %w", err))
		return
	}
	p.Most = p.Count >= usersCounted
	for _, u := range list {
		p.List = append(p.List, page.UserRow{
			ID: u.ID, Name: nameOf(u), Email: u.Email, Login: u.Login, Full: u.Access == storage.Full,
			Disabled: u.Disabled(), Password: u.HasPassword(), Since: u.CreatedAt,
		})
	}
	p.Shell = d.shell(r, m, "users", doneTexts)
	p.First, p.Same = f.After == "", query(q, "")
	if next != "" {
		p.Next = query(q, next)
	}
	d.pages.Show(w, r, page.View{}, p)
}

// usersCounted is where [storage.DB.CountUsers] stops.
const usersCounted = 100_000

// query is the query of the same list at another place, "" for its beginning.
func query(q url.Values, after string) string {
	same := url.Values{}
	for name, values := range q {
		if name != "after" && name != "done" && name != "lang" && len(values) > 0 && values[0] != "" {
			same.Set(name, values[0])
		}
	}
	if after != "" {
		same.Set("after", after)
	}
	if len(same) == 0 {
		return ""
	}
	return "?" + same.Encode()
}

// nameOf is what a person is called.
func nameOf(u *storage.User) string {
	if u.Name != "" {
		return u.Name
	}
	return u.Login
}

// clip cuts s to at most n characters.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n])
}
