package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

func (a *API) meOperations() {
	handle(a, route{method: http.MethodGet, path: "/me", id: "get-me", tag: "Me", scope: storage.ScopeMeRead,
		summary: "Read one's own account"}, a.getMe)
	handle(a, route{method: http.MethodPatch, path: "/me", id: "change-me", tag: "Me", scope: storage.ScopeMeWrite,
		summary: "Change one's own account", text: "Name and standard claims; null removes one. A phone number that is changed is not verified any more."}, a.changeMe)
	handle(a, route{method: http.MethodGet, path: "/me/grants", id: "list-grants", tag: "Me", scope: storage.ScopeMeRead,
		summary: "List apps with access to one's account"}, a.listGrants)
	handle(a, route{method: http.MethodDelete, path: "/me/grants/{id}", id: "delete-grant", tag: "Me", scope: storage.ScopeMeWrite,
		summary: "Take an app's access away", text: "Its tokens stop at once, offline access with them."}, a.deleteGrant)
	handle(a, route{method: http.MethodGet, path: "/me/sessions", id: "list-sessions", tag: "Me", scope: storage.ScopeMeRead,
		summary: "List one's sessions", text: "Newest first."}, a.listSessions)
	handle(a, route{method: http.MethodDelete, path: "/me/sessions/{id}", id: "delete-session", tag: "Me", scope: storage.ScopeMeWrite,
		summary: "End a session"}, a.deleteSession)
	handle(a, route{method: http.MethodGet, path: "/me/tokens", id: "list-tokens", tag: "Me", scope: storage.ScopeMeRead,
		summary: "List one's personal access tokens", text: "Newest first. They are made at /account/tokens: a token never makes a token."}, a.listTokens)
	handle(a, route{method: http.MethodDelete, path: "/me/tokens/{id}", id: "delete-token", tag: "Me", scope: storage.ScopeMeWrite,
		summary: "Revoke a personal access token"}, a.deleteToken)
}

func (a *API) getMe(ctx context.Context, by storage.Actor, _ *Empty) (*One[UserDocument], error) {
	err := may(by, storage.MeRead)
	if err != nil {
		return nil, err
	}
	u, err := a.db.User(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	return &One[UserDocument]{viewUser(u)}, nil
}

// MePatchBody changes one's own account.
type MePatchBody struct {
	Body MePatch
}

func (a *API) changeMe(ctx context.Context, by storage.Actor, in *MePatchBody) (*One[UserDocument], error) {
	err := may(by, storage.MeWrite)
	if err == nil {
		err = fields(in.Body).without(refusedOfMe)
	}
	if err != nil {
		return nil, err
	}
	u, err := a.db.UpdateUser(ctx, by, by.ID, func(u *storage.User) error { return changeUser(u, fields(in.Body)) })
	if err != nil {
		return nil, err
	}
	return &One[UserDocument]{viewUser(u)}, nil
}

// Grant is an app with access to an account.
type Grant struct {
	ID         string     `json:"id" doc:"the app's client_id" example:"demo"`
	ClientName string     `json:"client_name" example:"Demo"`
	Scope      string     `json:"scope" doc:"what was granted, separated by blanks" example:"openid profile"`
	Offline    bool       `json:"offline" doc:"also after the session has ended"`
	Until      *time.Time `json:"until" nullable:"true" doc:"when the offline access ends"`
	Since      *time.Time `json:"since" nullable:"true"`
	LastUsedAt *time.Time `json:"last_used_at" nullable:"true" doc:"when a token was last given out"`
}

func viewGrant(p storage.Pass) Grant {
	return Grant{ID: p.App.ID, ClientName: p.App.Name, Scope: strings.Join(p.Scopes, " "), Offline: p.Offline, Until: when(p.Until),
		Since: when(p.Since), LastUsedAt: when(p.LastUsedAt)}
}

func (a *API) listGrants(ctx context.Context, by storage.Actor, in *Paging) (*Page[Grant], error) {
	err := may(by, storage.MeRead)
	if err != nil {
		return nil, err
	}
	passes, err := a.db.Passes(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	return pageAt(passes, *in, func(p storage.Pass) string { return p.App.ID }, viewGrant)
}

// ItemPath names one of one's own.
type ItemPath struct {
	ID string `path:"id" maxLength:"128" doc:"id of the item" example:"01k5m3r8w2x6y9z4t7v1n0q5bc"`
}

func (a *API) deleteGrant(ctx context.Context, by storage.Actor, in *ItemPath) (*Empty, error) {
	err := may(by, storage.MeWrite)
	if err != nil {
		return nil, err
	}
	passes, err := a.db.Passes(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(passes, func(p storage.Pass) bool { return p.App.ID == in.ID }) {
		return nil, storage.ErrNotFound
	}
	return &Empty{}, a.db.WithdrawApp(ctx, by, by.ID, in.ID)
}

// Session is a browser in which a person is signed in.
type Session struct {
	ID         string    `json:"id"`
	Address    string    `json:"address" example:"192.0.2.7"`
	UserAgent  string    `json:"user_agent"`
	AuthTime   time.Time `json:"auth_time" doc:"when the person last proved who they are"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at" doc:"to an hour"`
	ExpiresAt  time.Time `json:"expires_at"`
}

func viewSession(s *storage.Session) Session {
	return Session{ID: s.ID, Address: s.Address, UserAgent: s.UserAgent, AuthTime: s.AuthTime.UTC(), CreatedAt: s.CreatedAt.UTC(),
		LastUsedAt: s.SeenAt.UTC(), ExpiresAt: s.ExpiresAt.UTC()}
}

func (a *API) listSessions(ctx context.Context, by storage.Actor, in *Paging) (*Page[Session], error) {
	err := may(by, storage.MeRead)
	if err != nil {
		return nil, err
	}
	list, err := a.db.Sessions(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	return pageAt(list, *in, func(s *storage.Session) string { return s.ID }, viewSession)
}

func (a *API) deleteSession(ctx context.Context, by storage.Actor, in *ItemPath) (*Empty, error) {
	err := may(by, storage.MeWrite)
	if err != nil {
		return nil, err
	}
	list, err := a.db.Sessions(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(list, func(s *storage.Session) bool { return s.ID == in.ID }) {
		return nil, storage.ErrNotFound
	}
	return &Empty{}, a.db.EndSession(ctx, by, in.ID)
}

// Token is a personal access token without its value.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name" example:"ci"`
	ClientID   *string    `json:"client_id" nullable:"true" doc:"the app it is for; null: this API"`
	Scope      string     `json:"scope" doc:"separated by blanks" example:"apps.read apps.write"`
	Prefix     string     `json:"prefix" example:"propusk_pat_9fQz"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at" nullable:"true" doc:"to ten minutes; null: never"`
}

func viewToken(t *storage.PersonalToken) Token {
	return Token{ID: t.ID, Name: t.Name, ClientID: maybe(t.AppID), Scope: strings.Join(t.Scopes, " "), Prefix: t.Prefix,
		CreatedAt: t.CreatedAt.UTC(), ExpiresAt: t.ExpiresAt.UTC(), LastUsedAt: when(t.LastUsedAt)}
}

func (a *API) listTokens(ctx context.Context, by storage.Actor, in *Paging) (*Page[Token], error) {
	err := may(by, storage.MeRead)
	if err != nil {
		return nil, err
	}
	list, err := a.db.PersonalTokens(ctx, by.ID)
	if err != nil {
		return nil, err
	}
	return pageAt(list, *in, func(t *storage.PersonalToken) string { return t.ID }, viewToken)
}

func (a *API) deleteToken(ctx context.Context, by storage.Actor, in *ItemPath) (*Empty, error) {
	err := may(by, storage.MeWrite)
	if err != nil {
		return nil, err
	}
	return &Empty{}, a.db.RemovePersonalToken(ctx, by, by.ID, in.ID)
}
