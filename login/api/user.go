package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/propusk/propusk/storage"
)

func (a *API) userOperations() {
	handle(a, route{method: http.MethodGet, path: "/users", id: "list-users", tag: "Users", scope: storage.ScopeUsersRead,
		summary: "List people", text: "For administrators, by login."}, a.listUsers)
	handle(a, route{method: http.MethodPost, path: "/users", id: "create-user", tag: "Users", scope: storage.ScopeUsersWrite, status: http.StatusCreated, unique: true,
		summary: "Add a person", text: "For administrators. With a password, or with invite: the invite_url is in this answer only."}, a.createUser)
	handle(a, route{method: http.MethodGet, path: "/users/{sub}", id: "get-user", tag: "Users", scope: storage.ScopeUsersRead,
		summary: "Read a person"}, a.getUser)
	handle(a, route{method: http.MethodPatch, path: "/users/{sub}", id: "change-user", tag: "Users", scope: storage.ScopeUsersWrite, unique: true,
		summary: "Change a person", text: "For administrators. null removes a claim; address and claims are merged. Nobody changes their own access by a token, and no token sets a password."}, a.changeUser)
}

// UserQuery selects people.
type UserQuery struct {
	Query    string `query:"q" maxLength:"200" doc:"part of login, name or e-mail"`
	Access   string `query:"access" enum:"full,partial" doc:"only those with this access"`
	Disabled Choice `query:"disabled" doc:"only those that are disabled, or are not"`
	Paging
}

func (a *API) listUsers(ctx context.Context, by storage.Actor, in *UserQuery) (*Page[UserDocument], error) {
	err := may(by, storage.UserRead)
	if err != nil {
		return nil, err
	}
	list, next, err := a.db.Users(ctx, storage.UserFilter{Query: in.Query, Access: storage.Access(in.Access),
		Disabled: in.Disabled.pointer(), Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	return onePage(list, next, viewUser), nil
}

// UserPath names a person.
type UserPath struct {
	Sub string `path:"sub" maxLength:"64" doc:"id of the person" example:"0000000000000000000000a11c"`
}

func (a *API) getUser(ctx context.Context, by storage.Actor, in *UserPath) (*One[UserDocument], error) {
	err := may(by, storage.UserRead)
	if err != nil {
		return nil, err
	}
	u, err := a.db.User(ctx, in.Sub)
	if err != nil {
		return nil, err
	}
	return &One[UserDocument]{viewUser(u)}, nil
}

// UserBody adds a person.
type UserBody struct {
	Body NewUser
}

func (a *API) createUser(ctx context.Context, by storage.Actor, in *UserBody) (*Made[UserDocument], error) {
	err := may(by, storage.UserWrite)
	if err != nil {
		return nil, err
	}
	sent, _ := merge(nil, map[string]any(in.Body)).(map[string]any)
	n, err := newUser(fields(sent))
	if err != nil {
		return nil, err
	}
	var u *storage.User
	var secret string
	if fields(sent).flag("invite") {
		u, secret, err = a.db.InviteUser(ctx, by, n)
	} else {
		u, err = a.db.CreateUser(ctx, by, n)
	}
	if err != nil {
		return nil, err
	}
	view := viewUser(u)
	if secret != "" {
		view["invite_url"] = a.config.Issuer + "/welcome?" + url.Values{"link": {secret}}.Encode()
	}
	return &Made[UserDocument]{Location: a.location("users", u.ID), Body: view}, nil
}

// newUser reads what makes a person.
func newUser(sent fields) (storage.NewUser, error) {
	n := storage.NewUser{Login: sent.text("login"), Name: sent.text("name"), Email: sent.text("email"), Password: sent.text("password"),
		EmailVerified: sent.flag("email_verified"), Disabled: sent.flag("disabled"), Access: storage.Access(sent.text("access"))}
	if sent.flag("invite") && (n.Password != "" || sent.flag("disabled")) {
		return n, &fault{"body.invite", "stands beside password or disabled, which leave nothing to invite to"}
	}
	var err error
	n.Claims, err = claimsOf(sent)
	return n, err
}

// UserPatchBody changes a person.
type UserPatchBody struct {
	UserPath
	Body UserPatch
}

func (a *API) changeUser(ctx context.Context, by storage.Actor, in *UserPatchBody) (*One[UserDocument], error) {
	patch := fields(in.Body)
	err := may(by, storage.UserWrite)
	if err == nil {
		err = patch.kept(keptOfUser)
	}
	if err != nil {
		return nil, err
	}
	disable, sent := patch["disabled"].(bool)
	others := fields{}
	for name, value := range patch {
		if name != "disabled" {
			others[name] = value
		}
	}
	if len(others) == 0 && sent { // where it is so already nothing changes
		err = a.db.SetUserDisabled(ctx, by, in.Sub, disable)
	} else if len(others) > 0 {
		_, err = a.db.UpdateUser(ctx, by, in.Sub, func(u *storage.User) error {
			access := u.Access
			err := changeUser(u, others)
			if err == nil && u.ID == by.ID && u.Access != access {
				err = &refusal{storage.UserWrite, "own access"} // a token neither widens nor ends what it rests on
			}
			if sent && disable != u.Disabled() {
				u.DisabledAt = disabledAt(a.now(), disable)
			}
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	u, err := a.db.User(ctx, in.Sub)
	if err != nil {
		return nil, err
	}
	return &One[UserDocument]{viewUser(u)}, nil
}

// disabledAt is now, or never.
func disabledAt(now time.Time, disabled bool) time.Time {
	if disabled {
		return now
	}
	return time.Time{}
}
