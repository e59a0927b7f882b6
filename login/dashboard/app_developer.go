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

// appDevelopers is GET /apps/{id}/developers.
func (d *Dashboard) appDevelopers(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	d.showDevelopers(w, r, m, app, page.View{}, page.DeveloperForm{Role: string(storage.RoleDeveloper)}, page.Mistake{})
}

func (d *Dashboard) showDevelopers(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, v page.View,
	typed page.DeveloperForm, wrong page.Mistake) {
	p := page.AppDevelopers{
		AppHead: d.appHead(r, m, app, "developers"),
		Invite:  typed,
		Owned:   app.OwnerID() != "",
	}
	p.Mistake = wrong
	for _, dev := range app.Developers {
		u, err := d.db.User(r.Context(), dev.UserID)
		if errors.Is(err, storage.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			d.people.Fail(w, r, err)
			return
		}
		row := page.DeveloperRow{ID: u.ID, Name: u.Name, Login: u.Login, Phone: dev.Phone, Role: string(dev.Role),
			You: u.ID == m.User.ID, Since: dev.CreatedAt}
		if row.Name == "" {
			row.Name = u.Login
		}
		if typed.User == u.ID { // the row that was refused
			row.Phone = typed.Phone
		}
		p.Leave = p.Leave || row.You && dev.Role != storage.RoleOwner
		p.Rows = append(p.Rows, row)
	}
	d.pages.Show(w, r, v, p)
}

// changeDevelopers is POST /apps/{id}/developers.
func (d *Dashboard) changeDevelopers(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	form, ok := d.people.MemberForm(w, r, m)
	if !ok {
		return
	}
	switch form.Get("section") {
	case "invite":
		d.inviteDeveloper(w, r, m, app, form)
	case "change":
		d.setDeveloper(w, r, m, app, form)
	case "hand_over":
		d.handOver(w, r, m, app, form)
	case "remove":
		d.removeDeveloper(w, r, m, app, form.Get("user"))
	case "leave":
		d.leaveApp(w, r, m, app)
	default:
		d.badSection(w, r)
	}
}

// inviteDeveloper gives the person of a login a role. Whoever may not name developers is refused before
// anything is said about the login.
func (d *Dashboard) inviteDeveloper(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, form url.Values) {
	_, err := d.db.AppFor(r.Context(), m.Actor, storage.AppDevelopers, app.ID)
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	typed := page.DeveloperForm{Login: strings.TrimSpace(form.Get("login")), Role: form.Get("role"), Phone: form.Get("phone")}
	u, err := d.db.UserByName(r.Context(), typed.Login)
	if errors.Is(err, storage.ErrNotFound) {
		if typed.Login == "" {
			typed.Login = " "
		}
		d.showDevelopers(w, r, m, app, unprocessable, typed, page.Mistake{Field: "login", Text: "apps.login_unknown"})
		return
	}
	if err == nil && app.Role(u.ID) != "" { // or a slip of the hand would change it, unseen
		d.showDevelopers(w, r, m, app, unprocessable, typed, page.Mistake{Field: "login", Text: "apps.developer_already"})
		return
	}
	if err == nil {
		err = d.db.SetDeveloper(r.Context(), m.Actor, app.ID, storage.Developer{UserID: u.ID, Role: storage.Role(typed.Role), Phone: typed.Phone})
	}
	d.developerDone(w, r, m, app, typed, err, "invited")
}

// setDeveloper changes role and phone of a person who has a role already.
func (d *Dashboard) setDeveloper(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, form url.Values) {
	typed := page.DeveloperForm{User: form.Get("user"), Role: form.Get("role"), Phone: form.Get("phone")}
	d.updateDeveloper(w, r, m, app, typed, "saved", func(dev *storage.Developer) error {
		dev.Role, dev.Phone = storage.Role(typed.Role), typed.Phone
		return nil
	})
}

// handOver makes the person the owner; their phone stays.
func (d *Dashboard) handOver(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, form url.Values) {
	typed := page.DeveloperForm{User: form.Get("user"), Role: string(storage.RoleOwner)}
	for _, dev := range app.Developers { // as the row shows it, where the change is refused
		if dev.UserID == typed.User {
			typed.Phone = dev.Phone
		}
	}
	d.updateDeveloper(w, r, m, app, typed, "handed_over", func(dev *storage.Developer) error {
		dev.Role = storage.RoleOwner
		return nil
	})
}

// updateDeveloper changes a developer as they are when it is stored. Whoever has lost their role meanwhile
// gets none back.
func (d *Dashboard) updateDeveloper(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, typed page.DeveloperForm, done string,
	change func(*storage.Developer) error) {
	err := d.db.UpdateDeveloper(r.Context(), m.Actor, app.ID, typed.User, change)
	if errors.Is(err, storage.ErrNotFound) { // the person, or by now the app
		now, gone := d.db.AppFor(r.Context(), m.Actor, storage.AppDevelopers, app.ID)
		if gone != nil {
			d.people.Fail(w, r, gone)
			return
		}
		d.showDevelopers(w, r, m, now, unprocessable, typed, page.Mistake{Field: "user", Text: "apps.developer_unknown"})
		return
	}
	d.developerDone(w, r, m, app, typed, err, done)
}

func (d *Dashboard) removeDeveloper(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, userID string) {
	if userID == m.User.ID {
		d.leaveApp(w, r, m, app)
		return
	}
	err := d.db.RemoveDeveloper(r.Context(), m.Actor, app.ID, userID)
	if errors.Is(err, storage.ErrNotFound) && storage.May(m.Actor, storage.AppDevelopers, app) {
		err = nil // pressed twice
	}
	d.developerDone(w, r, m, app, page.DeveloperForm{User: userID}, err, "removed")
}

// leaveApp gives up the person's own role, after which they may not know of the app any more.
func (d *Dashboard) leaveApp(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App) {
	err := d.db.RemoveDeveloper(r.Context(), m.Actor, app.ID, m.User.ID)
	if err == nil {
		http.Redirect(w, r, "/apps?done=left", http.StatusSeeOther)
		return
	}
	d.developerDone(w, r, m, app, page.DeveloperForm{User: m.User.ID}, err, "left")
}

// developerDone answers a change of a developer.
func (d *Dashboard) developerDone(w http.ResponseWriter, r *http.Request, m *login.Member, app *storage.App, typed page.DeveloperForm, err error, done string) {
	if wrong, ok := mistake(err); ok {
		d.showDevelopers(w, r, m, app, unprocessable, typed, wrong)
		return
	}
	if err != nil {
		d.people.Fail(w, r, err)
		return
	}
	d.appDone(w, r, done, "developers")
}
