package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

func (a *API) developerOperations() {
	handle(a, route{method: http.MethodGet, path: "/apps/{client_id}/developers", id: "list-developers", tag: "Developers", scope: storage.ScopeAppsRead,
		summary: "List who builds an app", text: "The owner first."}, a.listDevelopers)
	handle(a, route{method: http.MethodPost, path: "/apps/{client_id}/developers", id: "add-developer", tag: "Developers", scope: storage.ScopeAppsWrite, status: http.StatusCreated, unique: true,
		summary: "Give a person a role", text: "Named by login or by sub. Giving the role owner hands the app over; the former owner becomes a developer."}, a.addDeveloper)
	handle(a, route{method: http.MethodGet, path: "/apps/{client_id}/developers/{sub}", id: "get-developer", tag: "Developers", scope: storage.ScopeAppsRead,
		summary: "Read a person's role"}, a.getDeveloper)
	handle(a, route{method: http.MethodPatch, path: "/apps/{client_id}/developers/{sub}", id: "change-developer", tag: "Developers", scope: storage.ScopeAppsWrite,
		summary: "Change a person's role or phone"}, a.changeDeveloper)
	handle(a, route{method: http.MethodDelete, path: "/apps/{client_id}/developers/{sub}", id: "remove-developer", tag: "Developers", scope: storage.ScopeAppsWrite,
		summary: "Take a person's role", text: "Everybody may give up their own. The owner's cannot be taken: hand the app over first."}, a.removeDeveloper)
}

// Developer is a person with a role in an app.
type Developer struct {
	Sub       string    `json:"sub" doc:"id of the person"`
	Login     string    `json:"login" doc:"corporate login" example:"bob"`
	Name      string    `json:"name" example:"Bob Orlov"`
	Role      string    `json:"role" enum:"owner,developer,viewer"`
	Phone     string    `json:"phone" doc:"mobile phone, free-form" example:"+7 921 555-01-43"`
	CreatedAt time.Time `json:"created_at"`
}

// viewDeveloper reads the person from memory: an app has few, and they are who works with it.
func (a *API) viewDeveloper(ctx context.Context, d storage.Developer) (Developer, error) {
	u, err := a.db.User(ctx, d.UserID)
	if err != nil {
		return Developer{}, err
	}
	return Developer{Sub: d.UserID, Login: u.Login, Name: u.Name, Role: string(d.Role), Phone: d.Phone, CreatedAt: d.CreatedAt.UTC()}, nil
}

// DeveloperQuery selects developers.
type DeveloperQuery struct {
	AppPath
	Paging
}

func (a *API) listDevelopers(ctx context.Context, by storage.Actor, in *DeveloperQuery) (*Page[Developer], error) {
	app, err := a.db.AppFor(ctx, by, storage.AppRead, in.ClientID)
	if err != nil {
		return nil, err
	}
	views := make([]Developer, 0, len(app.Developers))
	for _, d := range app.Developers {
		view, err := a.viewDeveloper(ctx, d)
		if errors.Is(err, storage.ErrNotFound) { // deleted meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return pageAt(views, in.Paging, func(d Developer) string { return d.Sub }, func(d Developer) Developer { return d })
}

// DeveloperBody gives a role.
type DeveloperBody struct {
	AppPath
	Body NewDeveloper
}

// NewDeveloper is what gives a person a role.
type NewDeveloper struct {
	Login string `json:"login,omitempty" maxLength:"254" doc:"login or e-mail of the person" example:"bob"`
	Sub   string `json:"sub,omitempty" maxLength:"64" doc:"id of the person, instead of login"`
	Role  string `json:"role" enum:"owner,developer,viewer" doc:"what they may do" example:"developer"`
	Phone string `json:"phone,omitempty" maxLength:"40" doc:"mobile phone, free-form" example:"+7 921 555-01-43"`
}

func (a *API) addDeveloper(ctx context.Context, by storage.Actor, in *DeveloperBody) (*Made[Developer], error) {
	app, err := a.db.AppFor(ctx, by, storage.AppDevelopers, in.ClientID)
	if err != nil {
		return nil, err
	}
	u, err := a.person(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	if app.Role(u.ID) != "" {
		return nil, storage.ErrConflict
	}
	err = a.db.SetDeveloper(ctx, by, app.ID, storage.Developer{UserID: u.ID, Role: storage.Role(in.Body.Role), Phone: in.Body.Phone})
	if err != nil {
		return nil, err
	}
	view, err := a.developer(ctx, by, app.ID, u.ID)
	if err != nil {
		return nil, err
	}
	return &Made[Developer]{Location: a.location("apps", app.ID, "developers", u.ID), Body: view}, nil
}

// person finds whom a role is given to.
func (a *API) person(ctx context.Context, n NewDeveloper) (*storage.User, error) {
	var u *storage.User
	var err error
	field := "body.login"
	switch {
	case (n.Login == "") == (n.Sub == ""):
		return nil, &fault{field, "name the person by login or by sub"}
	case n.Sub != "":
		field = "body.sub"
		u, err = a.db.User(ctx, n.Sub)
	default:
		u, err = a.db.UserByName(ctx, n.Login)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil, &fault{field, "there is no such person"}
	}
	return u, err
}

// developer reads one person's role.
func (a *API) developer(ctx context.Context, by storage.Actor, clientID, sub string) (Developer, error) {
	app, err := a.db.AppFor(ctx, by, storage.AppRead, clientID)
	if err != nil {
		return Developer{}, err
	}
	i := slices.IndexFunc(app.Developers, func(d storage.Developer) bool { return d.UserID == sub })
	if i < 0 {
		return Developer{}, storage.ErrNotFound
	}
	return a.viewDeveloper(ctx, app.Developers[i])
}

// DeveloperPath names a person's role in an app.
type DeveloperPath struct {
	AppPath
	Sub string `path:"sub" maxLength:"64" doc:"id of the person" example:"00000000000000000000000b0b"`
}

func (a *API) getDeveloper(ctx context.Context, by storage.Actor, in *DeveloperPath) (*One[Developer], error) {
	view, err := a.developer(ctx, by, in.ClientID, in.Sub)
	if err != nil {
		return nil, err
	}
	return &One[Developer]{view}, nil
}

// DeveloperPatchBody changes a role.
type DeveloperPatchBody struct {
	DeveloperPath
	Body DeveloperPatch
}

// DeveloperPatch is a merge patch of a role; null takes the phone away.
type DeveloperPatch map[string]any

// Schema says what can be changed.
func (DeveloperPatch) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[Developer](), shape{name: "DeveloperPatch", patch: true, keep: []string{"role"},
		leave: []string{"sub", "login", "name", "created_at"}})
}

func (a *API) changeDeveloper(ctx context.Context, by storage.Actor, in *DeveloperPatchBody) (*One[Developer], error) {
	_, err := a.db.AppFor(ctx, by, storage.AppDevelopers, in.ClientID)
	if err != nil {
		return nil, err
	}
	patch := fields(in.Body)
	err = patch.kept([]string{"role"})
	if err != nil {
		return nil, err
	}
	err = a.db.UpdateDeveloper(ctx, by, in.ClientID, in.Sub, func(d *storage.Developer) error {
		if patch.sent("role") {
			d.Role = storage.Role(patch.text("role"))
		}
		if _, sent := patch["phone"]; sent {
			d.Phone = patch.text("phone")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	view, err := a.developer(ctx, by, in.ClientID, in.Sub)
	if err != nil {
		return nil, err
	}
	return &One[Developer]{view}, nil
}

func (a *API) removeDeveloper(ctx context.Context, by storage.Actor, in *DeveloperPath) (*Empty, error) {
	do := storage.AppDevelopers
	if in.Sub == by.ID {
		do = storage.AppRead // giving up one's own role; storage knows when that is not possible
	}
	app, err := a.db.AppFor(ctx, by, do, in.ClientID)
	if err != nil {
		return nil, err
	}
	return &Empty{}, a.db.RemoveDeveloper(ctx, by, app.ID, in.Sub)
}
