package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// shownSecret is a key, a personal access token or a link as it is shown once.
var shownSecret = regexp.MustCompile(`propusk_(?:key|pat)_[0-9A-Za-z_-]{20,}|/welcome\?link=[0-9A-Za-z_%-]{20,}`)

// dashboardSecretsOnce: what is secret stands in the answer that made it and never again, whoever asks.
func dashboardSecretsOnce(t *testing.T) {
	w := newWorld(t)
	alice := w.office("alice")
	script := w.script(alice, storage.ScopeAppsRead, storage.ScopeAppsWrite, storage.ScopeUsersRead, storage.ScopeUsersWrite, storage.ScopeMeRead, storage.ScopeAuditRead)
	secrets := map[string]string{"token": script}
	made := func(name string, got *reply, status int) {
		t.Helper()
		w.must(name, got, status)
		secret := shownSecret.FindString(got.body)
		if secret == "" || got.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: secret %q, Cache-Control %q\n%s", name, secret, got.header.Get("Cache-Control"), clipLog(got.body))
		}
		if strings.Contains(got.header.Get("Location"), secret) || len(got.cookies()) > 0 {
			t.Errorf("%s: the secret may be in a header: %v", name, got.header)
		}
		secrets[name] = strings.TrimPrefix(secret, "/welcome?link=")
	}
	made("secret of an app", alice.press("/apps/new", "name", "Shop", "type", "web", "redirects", "https://shop.example/cb"), 200)
	made("secret of an app by the API", w.call(script, http.MethodPost, "/apps", `{"client_name":"Shop 2"}`), 201)
	made("key", alice.press("/apps/demo/keys", "section", "new", "label", "second"), 200)
	made("key by the API", w.call(script, http.MethodPost, "/apps/demo/keys", `{"label":"third"}`), 201)
	made("invitation", alice.press("/users/new", "login", "dora", "access", "partial", "sign_in", "invite"), 200)
	made("way back", alice.press("/users/"+w.userID("carol")+"/link"), 200)
	apps, _, err := w.db.Apps(context.Background(), storage.AppFilter{Query: "Shop"})
	if err != nil || len(apps) != 2 {
		t.Fatalf("%d apps: %v", len(apps), err)
	}

	seen := 0
	look := func(path string, got *reply) {
		t.Helper()
		seen++
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q, want no-store", path, got.status, got.header.Get("Cache-Control"))
		}
		for name, secret := range secrets {
			if strings.Contains(got.body, secret) {
				t.Errorf("GET %s shows the %s again", path, name)
			}
		}
	}
	tokens, err := w.db.PersonalTokens(context.Background(), w.userID("alice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []string{"demo", apps[0].ID, apps[1].ID} {
		for _, user := range []string{w.userID("carol"), w.userID("dora")} {
			values := map[string]string{"id": app, "client_id": app, "sub": user, "name": "email"}
			for _, route := range w.officeRoutes() {
				path := filled(route, values)
				look(path, alice.get(path))
			}
			for _, op := range w.apiOperations() {
				if op.method != http.MethodGet {
					continue
				}
				for _, id := range []string{w.app(app).Keys[len(w.app(app).Keys)-1].ID, tokens[0].ID} {
					path := filled(strings.ReplaceAll(op.path, "{id}", id), values)
					look("/api/v1"+path, w.call(script, http.MethodGet, path, ""))
				}
			}
		}
	}
	if seen < 200 {
		t.Errorf("only %d pages were looked at", seen)
	}
	for name, secret := range secrets {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log knows the %s", name)
		}
	}

	// The back button after signing out: nothing is kept, and the session opens nothing.
	former := w.person("alice")
	at, _ := url.Parse(w.issuer)
	former.jar.SetCookies(at, alice.jar.Cookies(at))
	w.must("sign out", alice.post("/logout", alice.sheet(alice.get("/logout"), "/logout").fields), http.StatusOK)
	for _, route := range w.officeRoutes() {
		path := filled(route, map[string]string{"id": "demo", "sub": w.userID("carol")})
		got := former.get(path)
		if got.status == http.StatusMethodNotAllowed {
			continue
		}
		if to := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(to, "/login") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s after signing out: got %d to %q", path, got.status, to)
		}
	}
}
