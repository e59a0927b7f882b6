package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// faultText is what the driver says once faults has been at work: a path and SQL.
const faultText = "/var/lib/propusk/propusk.db SELECT secret FROM apps"

// faults puts views that can neither be read nor written in the place of all tables but some.
func faults(but ...string) string {
	var renames, views strings.Builder
	for _, table := range faultTables {
		if slices.Contains(but, table) {
			continue
		}
		fmt.Fprintf(&renames, "ALTER TABLE %[1]s RENAME TO hidden_%[1]s;\n", table)
		fmt.Fprintf(&views, "CREATE VIEW %s AS SELECT * FROM %q;\n", table, faultText)
	}
	return renames.String() + views.String()
}

// faultTables are all that requests read or write.
var faultTables = []string{
	"instance", "signing_keys", "users", "apps", "scopes", "app_scopes", "app_keys", "sessions", "consents", "grants",
	"revoked_tokens", "codes", "audit", "app_developers", "personal_tokens", "links", "device_codes",
}

// inner is what no answer may hold: the driver's text, SQL, paths, names of Go.
var inner = regexp.MustCompile(`(?i)no such table|SELECT|INSERT|sqlite|/var/lib|propusk\.db|hidden_|\.go\b|goroutine|storage|database/sql|panic|SQL logic`)

// httpFailingStore: a failure inside says nothing of the inside, on no route.
func httpFailingStore(t *testing.T) {
	for name, options := range map[string][]worldOption{"dev": nil, "production": {inProduction}} {
		w := newWorld(t, options...)
		p := w.person("alice")
		tok := w.login(p, demoApp, "scope", "openid profile email offline_access")
		code := p.code(demoApp)
		_, consent := p.open(authorizePath(plainApp.asking()))
		consentAction, consentForm := p.fill(consent)
		_, signOut := p.open("/logout")
		signOutForm := p.sheet(signOut, "/logout").fields
		stranger := w.guess()
		device := w.device(demoApp, "openid")
		deviceForm := p.sheet(p.get("/device"), "/device").fields
		secret, _, err := w.db.CreateLink(t.Context(), storage.Command, w.userID("carol"), storage.LinkRecover)
		if err != nil {
			t.Fatal(err)
		}
		script := w.script(p, storage.ScopeMeRead)
		w.meddle(faults())

		basic := []string{"Authorization", demoApp.basic()}
		for what, ask := range map[string]func() *reply{
			"authorize":          func() *reply { return p.get(authorizePath(demoApp.asking())) },
			"authorize by POST":  func() *reply { return p.post("/connect/authorize", demoApp.asking()) },
			"authorize, none":    func() *reply { return p.get(authorizePath(demoApp.asking("prompt", "none"))) },
			"code":               func() *reply { return w.token(demoApp.redeeming(code)) },
			"refresh":            func() *reply { return w.token(demoApp.refreshing(tok.refresh)) },
			"client credentials": func() *reply { return w.token(url.Values{"grant_type": {"client_credentials"}}, basic...) },
			"userinfo":           func() *reply { return w.userinfo(tok.access) },
			"introspection":      func() *reply { return w.introspect(demoApp, tok.access) },
			"revocation":         func() *reply { return w.post("/connect/revocation", url.Values{"token": {tok.refresh}}, basic...) },
			"endsession":         func() *reply { return p.get(endSessionPath("id_token_hint", tok.id)) },
			"endsession, client": func() *reply { return p.get(endSessionPath("client_id", demoApp.id)) },
			"discovery":          func() *reply { return w.get("/.well-known/openid-configuration") },
			"metadata":           func() *reply { return w.get("/.well-known/oauth-authorization-server") },
			"JWKS":               func() *reply { return w.get("/.well-known/openid-configuration/jwks") },
			"home":               func() *reply { return p.get("/") },
			"sign-in page":       func() *reply { return p.get("/login") },
			"sign-in":            func() *reply { return stranger.try("alice", "alice") },
			"consent page":       func() *reply { return p.get("/consent?" + url.Values{"request": consentForm["request"]}.Encode()) },
			"consent":            func() *reply { return p.post(consentAction, consentForm) },
			"sign-out page":      func() *reply { return p.get("/logout") },
			"sign-out":           func() *reply { return p.post("/logout", signOutForm) },
			"readiness":          func() *reply { return w.get("/readyz") },
			"device codes": func() *reply {
				return w.post("/connect/deviceauthorization", demoApp.signed(url.Values{"scope": {"openid"}}))
			},
			"device poll": func() *reply { return w.token(device.polling()) },
			"device":      func() *reply { return p.post("/device", changed(deviceForm, "user_code", device.user)) },
			"welcome":     func() *reply { return w.get("/welcome?" + url.Values{"link": {secret}}.Encode()) },
			"account":     func() *reply { return p.get("/account") },
			"API":         func() *reply { return w.call(script, http.MethodGet, "/me", "") },
		} {
			logged := len(w.log.String())
			got := ask()
			wantSealed(t, w, name+", "+what, got)
			if log := w.log.String()[logged:]; !strings.Contains(log, "no such table: main."+faultText) {
				t.Errorf("%s, %s: the failure was not met, or not logged: %d\n%s", name, what, got.status, clipLog(log))
			}
		}
	}
	officeFailingStore(t)
}

// officeFailingStore: the person and the session can still be read, and nothing else: every page of
// propusk's own, every form and every operation of the API fails in its own code.
func officeFailingStore(t *testing.T) {
	t.Helper()
	w := newWorld(t)
	p := w.office("alice")
	script := w.script(p, storage.APIScopes(storage.Full)...)
	tokens := map[string]string{} // a form that makes something is taken once
	for route := range officeWork {
		p.csrf = ""
		tokens[route] = p.token()
	}
	operations := w.apiOperations()
	w.meddle(faults("instance", "sessions", "users", "personal_tokens"))
	values := map[string]string{"id": "demo", "client_id": "demo", "sub": w.userID("bob"), "name": "extern.api"}
	failed := 0
	check := func(what string, got *reply) {
		t.Helper()
		if got.status >= http.StatusInternalServerError {
			failed++
			wantSealed(t, w, what, got)
		}
		if found := inner.FindString(got.body); found != "" && got.status != http.StatusOK {
			t.Errorf("%s: %d says %q", what, got.status, found)
		}
	}
	for _, route := range w.officeRoutes() {
		check("GET "+route, p.get(filled(route, values)))
	}
	for _, op := range operations {
		body := apiBodies[op.method+" "+op.path]
		if body == "" && op.method != http.MethodGet && op.method != http.MethodDelete {
			body = `{"description":"x"}`
		}
		check(op.method+" "+op.path, w.call(script, op.method, filled(op.path, values), body))
	}
	for route, fields := range officeWork {
		p.csrf, p.csrfOf = tokens[route], p.cookie("session")
		check("POST "+route, p.press(filled(route, values), fields...))
	}
	if failed < 50 {
		t.Errorf("only %d requests have met the failure", failed)
	}
}

// wantSealed checks that the answer to a failure is a general one under a number.
func wantSealed(t *testing.T, w *world, what string, got *reply) {
	t.Helper()
	id := got.header.Get("X-Request-Id")
	if len(id) != 26 || !strings.Contains(w.log.String(), id) {
		t.Errorf("%s: request id %q is not in the log", what, id)
	}
	if found := inner.FindString(got.body); found != "" {
		t.Errorf("%s: the answer says %q:\n%s", what, found, clipLog(got.body))
	}
	for name, values := range got.header {
		if found := inner.FindString(strings.Join(values, " ")); found != "" {
			t.Errorf("%s: header %s says %q", what, name, found)
		}
	}
	to := got.location()
	if to != nil && to.Query().Get("error") != "" && !to.Query().Has("code") { // the app is told
		return
	}
	if got.status < http.StatusInternalServerError {
		t.Errorf("%s: got %d to %q, want a failure\n%s", what, got.status, got.header.Get("Location"), clipLog(got.body))
	}
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") && !strings.Contains(got.body, "<code>") {
		t.Errorf("%s: the page shows no number", what)
	}
}
