package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// claimsOf reads the payload of a JWT that came straight from the token endpoint.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	err = json.Unmarshal(payload, &claims)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// groundGone are ways in which what a family rests on goes away, and what the next refresh is told.
var groundGone = []struct {
	name   string
	change func(w *world, user *storage.User, a party, all tokens) error
	status int
	code   string
}{
	{"disabled", func(w *world, user *storage.User, _ party, _ tokens) error {
		return w.db.SetUserDisabled(context.Background(), storage.System, user.ID, true)
	}, http.StatusBadRequest, "invalid_grant"},
	{"disabled by a command", func(w *world, user *storage.User, _ party, _ tokens) error {
		code, _, talk := w.command("", "user", "disable", user.Login)
		if code != 0 {
			return errors.New(talk)
		}
		return nil
	}, http.StatusBadRequest, "invalid_grant"},
	{"password changed", func(w *world, user *storage.User, _ party, _ tokens) error {
		return w.db.SetPassword(context.Background(), storage.System, user.ID, "quite another password")
	}, http.StatusBadRequest, "invalid_grant"},
	{"app withdrawn", func(w *world, user *storage.User, a party, _ tokens) error {
		return w.db.WithdrawApp(context.Background(), storage.System, user.ID, a.id)
	}, http.StatusBadRequest, "invalid_grant"},
	{"signed out", func(w *world, _ *storage.User, _ party, all tokens) error {
		sid, _ := claimsOf(w.t, all.id)["sid"].(string)
		return w.db.EndSession(context.Background(), storage.System, sid)
	}, http.StatusBadRequest, "invalid_grant"},
	{"grant type removed", func(w *world, _ *storage.User, a party, _ tokens) error {
		w.changeApp(a.id, func(app *storage.App) { app.GrantTypes = []string{storage.GrantCode} })
		return nil
	}, http.StatusBadRequest, "invalid_grant"},
	{"all scopes removed", func(w *world, _ *storage.User, a party, _ tokens) error {
		w.changeApp(a.id, func(app *storage.App) { app.Scopes = []storage.AppScope{{Name: "phone"}} })
		return nil
	}, http.StatusBadRequest, "invalid_grant"},
	{"app disabled", func(w *world, _ *storage.User, a party, _ tokens) error {
		w.changeApp(a.id, func(app *storage.App) { app.Enabled = false })
		return nil
	}, http.StatusUnauthorized, "invalid_client"},
}

// hostileGroundGone: what another process changes counts in the very next request as well, because the
// rotating statement asks the file. Each cause has a person and an app of its own.
func hostileGroundGone(t *testing.T) {
	w := newWorld(t)
	for i, cause := range groundGone {
		login := fmt.Sprintf("person%d", i)
		user, err := w.db.CreateUser(context.Background(), storage.System,
			storage.NewUser{Login: login, Password: login, AnyPassword: true, Access: storage.Partial})
		if err != nil {
			t.Fatal(err)
		}
		app := w.addApp(storage.App{ID: "app-" + login, RedirectURIs: []string{"https://" + login + ".example/cb"}})
		all := w.refresh(app, w.login(w.person(login), app).refresh)
		err = cause.change(w, user, app, all)
		if err != nil {
			t.Fatalf("%s: %v", cause.name, err)
		}
		wantError(t, cause.name, w.token(app.refreshing(all.refresh)), cause.status, cause.code)
	}
	all := w.login(w.person("bob"), demoApp)
	w.changeApp(demoApp.id, func(app *storage.App) {
		app.Scopes = slices.DeleteFunc(app.Scopes, func(s storage.AppScope) bool { return s.Name == "email" })
	})
	if got := w.token(demoApp.refreshing(all.refresh)); got.text("scope") != "openid profile" {
		t.Errorf("after the app lost email: got %d with scope %q, want openid profile", got.status, got.text("scope"))
	}
}
