package storage_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// person finds a seeded person.
func person(t *testing.T, db *storage.DB, login string) *storage.User {
	t.Helper()
	u, err := db.UserByName(t.Context(), login)
	if err != nil {
		t.Fatalf("%s: %v", login, err)
	}
	return u
}

// scoped is a seeded person by a token with those scopes.
func scoped(t *testing.T, db *storage.DB, login string, scopes ...string) storage.Actor {
	t.Helper()
	by := storage.UserActor(person(t, db, login), "192.0.2.9")
	by.Scoped, by.Scopes, by.Via = true, scopes, "the-token"
	return by
}

// check compares the category of an error; nil is none.
func check(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want == nil && got != nil {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestTokenMakesNoAdministrator: an administrator's token gives full access only where it could do all
// that an administrator can by tokens.
func TestTokenMakesNoAdministrator(t *testing.T) {
	every := storage.APIScopes(storage.Full)
	for _, c := range []struct {
		name   string
		scopes []string
		want   error
	}{
		{"users alone", []string{storage.ScopeUsersRead, storage.ScopeUsersWrite}, storage.ErrForbidden},
		{"all but one", slices.DeleteFunc(slices.Clone(every), func(s string) bool { return s == storage.ScopeAuditRead }), storage.ErrForbidden},
		{"all", every, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, ctx := storagetest.Seeded(t), t.Context()
			by := scoped(t, db, "alice", c.scopes...)
			_, err := db.CreateUser(ctx, by, storage.NewUser{Login: "dora", Access: storage.Full, Password: "seven brass kettles"})
			check(t, "create", err, c.want)
			_, secret, err := db.InviteUser(ctx, by, storage.NewUser{Login: "erin", Access: storage.Full})
			check(t, "invite", err, c.want)
			if c.want != nil && secret != "" {
				t.Error("a refused invitation has a link")
			}
			full := func(u *storage.User) error { u.Access = storage.Full; return nil }
			_, err = db.UpdateUser(ctx, by, person(t, db, "bob").ID, full)
			check(t, "update", err, c.want)
			rename := func(u *storage.User) error { u.Name = "Still full"; return nil }
			_, err = db.UpdateUser(ctx, by, by.ID, rename)
			check(t, "another field of an administrator", err, nil)
			_, err = db.CreateUser(ctx, by, storage.NewUser{Login: "fred"})
			check(t, "partial access", err, nil)
			list, _, err := db.Users(ctx, storage.UserFilter{Access: storage.Full})
			want := 1
			if c.want == nil {
				want = 4
			}
			if err != nil || len(list) != want {
				t.Errorf("got %d administrators, %v, want %d", len(list), err, want)
			}
		})
	}
}

// TestTokenWidensNoApp: what a token may not do, no app that it changes does for it.
func TestTokenWidensNoApp(t *testing.T) {
	scope := func(names ...string) (list []storage.AppScope) {
		for _, name := range names {
			list = append(list, storage.AppScope{Name: name})
		}
		return list
	}
	add := func(names ...string) func(*storage.App) {
		return func(a *storage.App) { a.Scopes = append(a.Scopes, scope(names...)...) }
	}
	preset := func(names ...string) func(*storage.App) { return func(a *storage.App) { a.PresetScopes = names } }
	write, all := []string{storage.ScopeAppsWrite}, storage.APIScopes(storage.Full)
	users := []string{storage.ScopeAppsWrite, storage.ScopeUsersWrite}
	for _, c := range []struct {
		name   string
		scopes []string // of the token
		has    []string // that the app has before, beside openid
		change func(*storage.App)
		want   error
	}{
		{"adds what it has not", write, nil, add("users.write"), storage.ErrForbidden},
		{"adds what it has", users, nil, add("users.write", "apps.write"), nil},
		{"adds one too many", users, nil, add("users.write", "audit.read"), storage.ErrForbidden},
		{"presets what it has not", write, []string{"users.write"}, preset("users.write"), storage.ErrForbidden},
		{"presets what it has", users, []string{"users.write"}, preset("users.write"), nil},
		{"skips consent to what it has not", write, []string{"users.write"}, func(a *storage.App) { a.SkipConsent = true }, storage.ErrForbidden},
		{"skips consent to what it has", users, []string{"users.write"}, func(a *storage.App) { a.SkipConsent = true }, nil},
		{"trusts what has more", write, []string{"users.write"}, func(a *storage.App) { a.Trusted = true }, storage.ErrForbidden},
		{"gives access for ever", write, []string{"users.write"}, func(a *storage.App) { a.Trusted, a.OfflineWithoutConsent = true, true }, storage.ErrForbidden},
		{"trusts an app without such scopes", write, nil, func(a *storage.App) { a.Trusted, a.SkipConsent = true, true }, nil},
		{"renames an app with more", write, []string{"users.write"}, func(a *storage.App) { a.Name = "Other" }, nil},
		{"takes one away", write, []string{"users.write"}, func(a *storage.App) { a.Scopes = scope("openid") }, nil},
		{"adds all with all", all, nil, add(all...), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, ctx := storagetest.Seeded(t), t.Context()
			by := scoped(t, db, "alice", append([]string{storage.ScopeAppsRead}, c.scopes...)...)
			made := func() storage.App {
				return storage.App{Name: "Tool", Scopes: scope(append([]string{"openid"}, c.has...)...)}
			}
			app, _, err := db.CreateApp(ctx, storage.Command, storage.NewApp{App: made()})
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.UpdateApp(ctx, by, app.ID, func(a *storage.App) error { c.change(a); return nil })
			check(t, "update", err, c.want)
			fresh := made()
			c.change(&fresh)
			want := c.want
			if slices.ContainsFunc(fresh.Scopes, func(s storage.AppScope) bool { // all are new
				return slices.Contains(all, s.Name) && !slices.Contains(by.Scopes, s.Name)
			}) {
				want = storage.ErrForbidden
			}
			_, secret, err := db.CreateApp(ctx, by, storage.NewApp{App: fresh})
			check(t, "create", err, want)
			if err != nil && secret != "" {
				t.Error("a refused app has a secret")
			}
		})
	}
}

// TestForeignScope: whoever develops an app gets no scope of somebody else's by assigning it.
func TestForeignScope(t *testing.T) {
	bob := func(t *testing.T, db *storage.DB) storage.Actor { return storage.UserActor(person(t, db, "bob"), "") }
	develops := func(appID string, role storage.Role) func(*testing.T, *storage.DB) {
		return func(t *testing.T, db *storage.DB) {
			err := db.SetDeveloper(t.Context(), storage.Command, appID, storage.Developer{UserID: person(t, db, "bob").ID, Role: role})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func(*testing.T, *storage.DB) {}
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, *storage.DB)
		by      func(*testing.T, *storage.DB) storage.Actor
		app     string
		scope   string
		want    error
	}{
		{"of another app", nothing, bob, "tool", "extern.api", storage.ErrForbidden},
		{"of an app one looks at", develops("service", storage.RoleViewer), bob, "tool", "extern.api", storage.ErrForbidden},
		{"of an app one develops", develops("service", storage.RoleDeveloper), bob, "tool", "extern.api", nil},
		{"of the app itself", develops("service", storage.RoleDeveloper), bob, "service", "extern.api", nil},
		{"of nobody", nothing, bob, "tool", "port.all", storage.ErrForbidden},
		{"built in", nothing, bob, "tool", "phone", nil},
		{"unknown", nothing, bob, "tool", "nothing", &storage.Invalid{}},
		{"by an administrator", nothing, func(t *testing.T, db *storage.DB) storage.Actor {
			return storage.UserActor(person(t, db, "alice"), "")
		}, "tool", "port.all", nil},
		{"by a command", nothing, func(*testing.T, *storage.DB) storage.Actor { return storage.Command }, "tool", "extern.api", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, ctx := storagetest.Seeded(t), t.Context()
			words := map[string]string{"en": "All", "ru": "Всё"}
			err := db.CreateScope(ctx, storage.Command, storage.Scope{Name: "port.all", Title: words, Text: words})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = db.CreateApp(ctx, storage.Command, storage.NewApp{OwnerID: person(t, db, "bob").ID, App: storage.App{ID: "tool", Name: "Tool", Type: storage.AppService}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.UpdateApp(ctx, storage.Command, "service", func(a *storage.App) error { a.Scopes = nil; return nil })
			if err != nil {
				t.Fatal(err)
			}
			c.prepare(t, db)
			assign := func(a *storage.App) error { a.Scopes = append(a.Scopes, storage.AppScope{Name: c.scope}); return nil }
			_, err = db.UpdateApp(ctx, c.by(t, db), c.app, assign)
			var invalid *storage.Invalid
			if errors.As(c.want, &invalid) {
				if !errors.As(err, &invalid) || invalid.Reason != "scope_unknown" {
					t.Errorf("got %v, want scope_unknown", err)
				}
				return
			}
			check(t, "assign", err, c.want)
			keep := func(a *storage.App) error { a.Description = "kept"; return nil }
			_, err = db.UpdateApp(ctx, bob(t, db), "tool", keep) // what it has already asks for nothing
			check(t, "another field", err, nil)
		})
	}
}
