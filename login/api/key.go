package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/propusk/propusk/storage"
)

func (a *API) keyOperations() {
	handle(a, route{method: http.MethodGet, path: "/apps/{client_id}/keys", id: "list-keys", tag: "Access keys", scope: storage.ScopeAppsRead,
		summary: "List an app's access keys", text: "For administrators, the owner and developers."}, a.listKeys)
	handle(a, route{method: http.MethodPost, path: "/apps/{client_id}/keys", id: "create-key", tag: "Access keys", scope: storage.ScopeAppsWrite, status: http.StatusCreated,
		summary: "Make an access key", text: "The client_secret is in this answer only. Several may be in use: make the new one, change over, delete the old one."}, a.createKey)
	handle(a, route{method: http.MethodGet, path: "/apps/{client_id}/keys/{id}", id: "get-key", tag: "Access keys", scope: storage.ScopeAppsRead,
		summary: "Read an access key", text: "Without its value, which nobody has."}, a.getKey)
	handle(a, route{method: http.MethodDelete, path: "/apps/{client_id}/keys/{id}", id: "delete-key", tag: "Access keys", scope: storage.ScopeAppsWrite,
		summary: "Delete an access key", text: "Requests with it fail at once."}, a.deleteKey)
}

// Key is an access key without its value.
type Key struct {
	ID         string     `json:"id"`
	Label      string     `json:"label" example:"production 2027"`
	Prefix     string     `json:"prefix" doc:"its first characters, to tell keys apart; empty for a chosen secret" example:"propusk_key_3kTz"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at" nullable:"true" doc:"null: it does not end by itself"`
	LastUsedAt *time.Time `json:"last_used_at" nullable:"true" doc:"to ten minutes; null: never"`
}

// MadeKey is a new access key.
type MadeKey struct {
	Key
	ClientSecret string `json:"client_secret" doc:"the value, once" example:"propusk_key_3kTz…"`
}

func viewKey(k storage.AppKey) Key {
	return Key{ID: k.ID, Label: k.Label, Prefix: k.Prefix, CreatedAt: k.CreatedAt.UTC(), ExpiresAt: when(k.ExpiresAt), LastUsedAt: when(k.LastUsedAt)}
}

// keysFor returns the app to those whose role is to work with its keys, as on the page: a viewer is refused.
// A token needs only the scope to read, which the operation has asked for.
func (a *API) keysFor(ctx context.Context, by storage.Actor, clientID string) (*storage.App, error) {
	by.Scopes = append(slices.Clone(by.Scopes), storage.ScopeAppsWrite)
	return a.db.AppFor(ctx, by, storage.AppKeys, clientID)
}

func (a *API) listKeys(ctx context.Context, by storage.Actor, in *AppPath) (*Page[Key], error) {
	app, err := a.keysFor(ctx, by, in.ClientID)
	if err != nil {
		return nil, err
	}
	return onePage(app.Keys, "", viewKey), nil
}

// KeyBody makes an access key.
type KeyBody struct {
	AppPath
	Body NewKey
}

// NewKey is what makes an access key.
type NewKey struct {
	Label     string     `json:"label" maxLength:"100" doc:"to tell it from others" example:"production 2027"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"when it ends; without it, when it is deleted" example:"2027-12-31T00:00:00Z"`
}

func (a *API) createKey(ctx context.Context, by storage.Actor, in *KeyBody) (*Made[MadeKey], error) {
	_, err := a.db.AppFor(ctx, by, storage.AppKeys, in.ClientID)
	if err != nil {
		return nil, err
	}
	var expires time.Time
	if in.Body.ExpiresAt != nil {
		expires = *in.Body.ExpiresAt
		if !expires.After(a.now()) {
			return nil, &fault{"body.expires_at", "lies in the past"}
		}
	}
	key, secret, err := a.db.AddAppKey(ctx, by, in.ClientID, in.Body.Label, expires)
	if err != nil {
		return nil, err
	}
	return &Made[MadeKey]{Location: a.location("apps", in.ClientID, "keys", key.ID), Body: MadeKey{viewKey(key), secret}}, nil
}

// KeyPath names an access key.
type KeyPath struct {
	AppPath
	ID string `path:"id" maxLength:"64" doc:"id of the key" example:"01k5m3r8w2x6y9z4t7v1n0q5bc"`
}

func (a *API) getKey(ctx context.Context, by storage.Actor, in *KeyPath) (*One[Key], error) {
	app, err := a.keysFor(ctx, by, in.ClientID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(app.Keys, func(k storage.AppKey) bool { return k.ID == in.ID })
	if i < 0 {
		return nil, storage.ErrNotFound
	}
	return &One[Key]{viewKey(app.Keys[i])}, nil
}

func (a *API) deleteKey(ctx context.Context, by storage.Actor, in *KeyPath) (*Empty, error) {
	_, err := a.db.AppFor(ctx, by, storage.AppKeys, in.ClientID)
	if err != nil {
		return nil, err
	}
	return &Empty{}, a.db.RemoveAppKey(ctx, by, in.ClientID, in.ID)
}
