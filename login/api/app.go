package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/propusk/propusk/storage"
)

func (a *API) appOperations() {
	handle(a, route{method: http.MethodGet, path: "/apps", id: "list-apps", tag: "Apps", scope: storage.ScopeAppsRead,
		summary: "List apps", text: "By name. Whoever has partial access sees the apps in which they have a role."}, a.listApps)
	handle(a, route{method: http.MethodPost, path: "/apps", id: "create-app", tag: "Apps", scope: storage.ScopeAppsWrite, status: http.StatusCreated,
		summary: "Make an app", text: "For administrators, who become its owner. The client_secret of a confidential app is in this answer only."}, a.createApp)
	handle(a, route{method: http.MethodGet, path: "/apps/{client_id}", id: "get-app", tag: "Apps", scope: storage.ScopeAppsRead,
		summary: "Read an app"}, a.getApp)
	handle(a, route{method: http.MethodPatch, path: "/apps/{client_id}", id: "change-app", tag: "Apps", scope: storage.ScopeAppsWrite,
		summary: "Change an app", text: "What is not sent stays; null puts back what a new app has. Lists are replaced as a whole."}, a.changeApp)
	handle(a, route{method: http.MethodDelete, path: "/apps/{client_id}", id: "delete-app", tag: "Apps", scope: storage.ScopeAppsWrite,
		summary: "Delete an app", text: "With its keys and all access people gave it; its tokens stop at once."}, a.deleteApp)
	handle(a, route{method: http.MethodGet, path: "/apps/{client_id}/events", id: "list-events", tag: "Apps", scope: storage.ScopeAppsRead,
		summary: "Read an app's last attempts", text: "Newest first, kept in memory by each node, with the reason of every refusal."}, a.listEvents)
}

// AppQuery selects apps.
type AppQuery struct {
	Query   string `query:"q" maxLength:"200" doc:"part of the name or client_id"`
	Enabled Choice `query:"enabled" doc:"only those that are enabled, or are not"`
	Owner   string `query:"owner" maxLength:"64" doc:"sub of the owner"`
	Scope   string `query:"scope" maxLength:"100" doc:"only those that may ask for this scope"`
	Paging
}

func (a *API) listApps(ctx context.Context, by storage.Actor, in *AppQuery) (*Page[App], error) {
	f := storage.AppFilter{Query: in.Query, Enabled: in.Enabled.pointer(), Owner: in.Owner, Scope: in.Scope,
		Limit: in.Limit, After: in.Cursor}
	if !storage.May(by, storage.AppRead, nil) { // not all of them: those with a role
		f.Member = by.ID
	}
	list, next, err := a.db.Apps(ctx, f)
	if err != nil {
		return nil, err
	}
	return onePage(list, next, viewApp), nil
}

// AppBody makes an app.
type AppBody struct {
	Body NewApp
}

func (a *API) createApp(ctx context.Context, by storage.Actor, in *AppBody) (*Made[App], error) {
	err := may(by, storage.AppCreate)
	if err != nil {
		return nil, err
	}
	app, err := newApp(fields(in.Body))
	if err != nil {
		return nil, err
	}
	app, secret, err := a.db.CreateApp(ctx, by, storage.NewApp{App: *app, OwnerID: by.ID})
	if err != nil {
		return nil, err
	}
	view := viewApp(app)
	view.ClientSecret = secret
	return &Made[App]{Location: a.location("apps", app.ID), Body: view}, nil
}

// location is the path of what was made, its parts escaped.
func (a *API) location(parts ...string) string {
	path := Prefix
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func (a *API) getApp(ctx context.Context, by storage.Actor, in *AppPath) (*One[App], error) {
	app, err := a.db.AppFor(ctx, by, storage.AppRead, in.ClientID)
	if err != nil {
		return nil, err
	}
	return &One[App]{viewApp(app)}, nil
}

// AppPatchBody changes an app.
type AppPatchBody struct {
	AppPath
	Body AppPatch
}

func (a *API) changeApp(ctx context.Context, by storage.Actor, in *AppPatchBody) (*One[App], error) {
	_, err := a.db.AppFor(ctx, by, storage.AppWrite, in.ClientID)
	if err != nil {
		return nil, err
	}
	patch, err := plural(fields(in.Body))
	if err != nil {
		return nil, err
	}
	if sendsTrust(patch) {
		_, err = a.db.AppFor(ctx, by, storage.AppTrust, in.ClientID)
	}
	if err == nil {
		err = patch.kept(keptOfApp)
	}
	if err != nil {
		return nil, err
	}
	app, err := a.db.UpdateApp(ctx, by, in.ClientID, func(app *storage.App) error { return changeApp(app, patch) })
	if err != nil {
		return nil, err
	}
	return &One[App]{viewApp(app)}, nil
}

func (a *API) deleteApp(ctx context.Context, by storage.Actor, in *AppPath) (*Empty, error) {
	_, err := a.db.AppFor(ctx, by, storage.AppDelete, in.ClientID)
	if err != nil {
		return nil, err
	}
	return &Empty{}, a.db.DeleteApp(ctx, by, in.ClientID)
}
