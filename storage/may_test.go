package storage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// actions are all that May decides about.
var actions = []storage.Action{
	storage.AppRead, storage.AppWrite, storage.AppKeys, storage.AppDevelopers, storage.AppDelete, storage.AppCreate, storage.AppTrust,
	storage.ScopeRead, storage.ScopeWrite, storage.UserRead, storage.UserWrite, storage.AuditRead, storage.MeRead, storage.MeWrite,
	storage.TokenCreate,
}

// allowed lists what an actor may.
func allowed(by storage.Actor, app *storage.App) string {
	var list []string
	for _, do := range actions {
		if storage.May(by, do, app) {
			list = append(list, string(do))
		}
	}
	return strings.Join(list, " ")
}

func TestMay(t *testing.T) {
	const (
		self = "scope.read me.read me.write token.create"
		all  = "app.read app.write app.keys app.developers app.delete app.create app.trust scope.read scope.write " +
			"user.read user.write audit.read me.read me.write token.create"
	)
	app := &storage.App{ID: "x", Developers: []storage.Developer{{UserID: "o", Role: storage.RoleOwner},
		{UserID: "d", Role: storage.RoleDeveloper}, {UserID: "v", Role: storage.RoleViewer}, {UserID: "odd", Role: "admin"}}}
	full := func(id string) storage.Actor {
		return storage.Actor{Kind: storage.ActorUser, ID: id, Access: storage.Full}
	}
	partial := func(id string) storage.Actor {
		return storage.Actor{Kind: storage.ActorUser, ID: id, Access: storage.Partial}
	}
	token := func(by storage.Actor, scopes ...string) storage.Actor {
		by.Scoped, by.Scopes = true, scopes
		return by
	}
	every := storage.APIScopes(storage.Full)
	for _, c := range []struct {
		name string
		by   storage.Actor
		app  *storage.App
		want string
	}{
		{"command", storage.Command, app, all},
		{"system without an app", storage.System, nil, all},
		{"administrator", full("a"), app, all},
		{"administrator without an app", full("a"), nil, all},
		{"owner", partial("o"), app, "app.read app.write app.keys app.developers app.delete " + self},
		{"owner without an app", partial("o"), nil, self},
		{"owner of another app", partial("o"), &storage.App{ID: "y"}, self},
		{"developer", partial("d"), app, "app.read app.write app.keys " + self},
		{"viewer", partial("v"), app, "app.read " + self},
		{"a role that is none", partial("odd"), app, self},
		{"nobody in particular", partial("n"), app, self},
		{"disabled owner", storage.Actor{Kind: storage.ActorUser, ID: "o"}, app, ""},
		{"disabled administrator", storage.UserActor(&storage.User{ID: "a", Access: storage.Full, DisabledAt: time.Unix(1, 0)}, ""), app, ""},
		{"no id", partial(""), app, ""},
		{"app", storage.Actor{Kind: storage.ActorApp, ID: "x", Access: storage.Full}, app, ""},
		{"no kind", storage.Actor{ID: "o", Access: storage.Full}, app, ""},

		{"administrator's token with all scopes", token(full("a"), every...), app, strings.TrimSuffix(all, " token.create")},
		{"administrator's token with none", token(full("a")), app, ""},
		{"administrator's token, apps.read", token(full("a"), "apps.read"), app, "app.read scope.read"},
		{"administrator's token, apps.write", token(full("a"), "apps.write"), app,
			"app.write app.keys app.developers app.delete app.create app.trust scope.write"},
		{"administrator's token, users", token(full("a"), "users.read", "users.write"), app, "user.read user.write"},
		{"administrator's token, audit.read", token(full("a"), "audit.read"), app, "audit.read"},
		{"administrator's token, me", token(full("a"), "me.read", "me.write"), app, "me.read me.write"},
		{"administrator's token, scopes of others", token(full("a"), "openid", "", "apps", "apps.*"), app, ""},
		{"owner's token with all scopes", token(partial("o"), every...), app,
			"app.read app.write app.keys app.developers app.delete scope.read me.read me.write"},
		{"owner's token, apps.read", token(partial("o"), "apps.read"), app, "app.read scope.read"},
		{"developer's token with all scopes", token(partial("d"), every...), app, "app.read app.write app.keys scope.read me.read me.write"},
		{"viewer's token with all scopes", token(partial("v"), every...), app, "app.read scope.read me.read me.write"},
		{"token of a disabled person", token(storage.Actor{Kind: storage.ActorUser, ID: "o"}, every...), app, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, allowed(c.by, c.app)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestMayScopes holds that a token never does more than its person, and that what is offered for tokens
// is of some use.
func TestMayScopes(t *testing.T) {
	app := &storage.App{Developers: []storage.Developer{{UserID: "u", Role: storage.RoleOwner}}}
	for _, access := range []storage.Access{storage.Full, storage.Partial} {
		for _, role := range []storage.Role{"", storage.RoleOwner, storage.RoleDeveloper, storage.RoleViewer} {
			app.Developers[0].Role = role
			by := storage.Actor{Kind: storage.ActorUser, ID: "u", Access: access}
			for _, scope := range storage.APIScopes(storage.Full) {
				scoped := by
				scoped.Scoped, scoped.Scopes = true, []string{scope}
				useful := false
				for _, do := range actions {
					if storage.May(scoped, do, app) {
						useful = true
						if !storage.May(by, do, app) {
							t.Errorf("%s %s: a token with %s may %s, its person not", access, role, scope, do)
						}
					}
				}
				offered := slices.Contains(storage.APIScopes(access), scope)
				if role == storage.RoleOwner && useful != offered {
					t.Errorf("%s: %s: got useful %t, offered %t", access, fmt.Sprint(scope), useful, offered)
				}
			}
		}
	}
}
