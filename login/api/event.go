package api

import (
	"context"
	"time"

	"github.com/propusk/propusk/storage"
)

// Event is an attempt of an app.
type Event struct {
	ID          string    `json:"id" doc:"what the error page or the log calls it"`
	Time        time.Time `json:"time"`
	Endpoint    string    `json:"endpoint" example:"token"`
	GrantType   *string   `json:"grant_type" nullable:"true"`
	Result      string    `json:"result" doc:"ok, or the error code" example:"invalid_grant"`
	Description *string   `json:"description" nullable:"true" doc:"why it was refused, for developers"`
	Came        *string   `json:"came" nullable:"true" doc:"the value that was wrong"`
	RedirectURI *string   `json:"redirect_uri" nullable:"true" doc:"a URI that was refused because it is not registered"`
	Address     *string   `json:"address" nullable:"true"`
	Sub         *string   `json:"sub" nullable:"true" doc:"the person, where known"`
}

// viewEvent says whom an event is about as the app knows them, unless whoever asks may read people anyway:
// by the ids behind pairwise subjects developers of two sectors would compare people.
func (a *API) viewEvent(by storage.Actor, app *storage.App, e storage.Event) Event {
	sub := e.UserID
	if !storage.May(by, storage.UserRead, nil) {
		sub = a.db.Subject(app, sub)
	}
	return Event{ID: e.ID, Time: e.Time.UTC(), Endpoint: e.Endpoint, GrantType: maybe(e.Grant), Result: e.Result,
		Description: maybe(e.Description), Came: maybe(e.Came), RedirectURI: maybe(e.RedirectURI), Address: maybe(e.Address),
		Sub: maybe(sub)}
}

func (a *API) listEvents(ctx context.Context, by storage.Actor, in *AppPath) (*Page[Event], error) {
	app, err := a.db.AppFor(ctx, by, storage.AppRead, in.ClientID)
	if err != nil {
		return nil, err
	}
	view := func(e storage.Event) Event { return a.viewEvent(by, app, e) }
	return onePage(a.db.Events(app.ID), "", view), nil
}
