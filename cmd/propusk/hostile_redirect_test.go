package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostileRedirect holds the cases of redirect URIs.
var hostileRedirect = map[string]func(*testing.T){
	"HC-001": func(t *testing.T) {
		refuseRedirects(t, storage.AppWeb, "https://app.example/cb",
			"https://app.example/cb/", "https://app.example/cb?x=1", "https://app.example/cb#f", "https://app.example/CB",
			"https://APP.example/cb", "https://app.example:443/cb", " https://app.example/cb")
	},
	"HC-002": func(t *testing.T) {
		refuseRedirects(t, storage.AppWeb, "https://app.example/cb",
			"https://app.example/x/../cb", "https://app.example/..;/cb", "https://app.example/%63b",
			"https://app.example/cb%2f..%2fx", `https://app.example/cb\x`, `https://app.example/cb\\x`, "//app.example/cb")
	},
	"HC-003": func(t *testing.T) {
		refuseRedirects(t, storage.AppWeb, "https://app.example/cb",
			"https://app.example@evil.example/cb", "https://a@b@app.example/cb", "https://app.example%40evil.example/cb")
	},
	"HC-004": hostileTwoRedirects,
	"HC-006": hostileLoopbackPorts,
	"HC-007": func(t *testing.T) {
		refuseRedirects(t, storage.AppNative, "http://127.0.0.1/cb",
			"https://127.0.0.1:9/cb", "http://user:pw@127.0.0.1:9/cb", "http://127.0.0.1:9/cb#f", "http://127.0.0.1:9/%63b",
			"http://127.0.0.2:9/cb", "http://localhost:9/cb", "http://[::1]:9/cb")
	},
	"HC-008": hostileRegistration,
	"HC-010": hostileErrorRedirect,
}

// refuseRedirects registers one URI and asks for others, by GET and by POST, signed out and signed in.
func refuseRedirects(t *testing.T, kind storage.AppType, registered string, asked ...string) {
	w := newWorld(t, inProduction)
	app := w.addApp(storage.App{ID: "victim", Type: kind, RedirectURIs: []string{registered}})
	p := w.person("bob")
	p.code(app) // the registered URI itself is good, and bob has consented to everything
	before := w.stored()
	for _, uri := range asked {
		form := app.asking("redirect_uri", uri)
		wantRefusedHere(t, uri, w.get(authorizePath(form)))
		wantRefusedHere(t, uri+" by POST", w.post("/connect/authorize", form))
		wantRefusedHere(t, uri+" signed in", p.get(authorizePath(form)))
	}
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
}

// wantRefusedHere: a page of our own, at the URL that was asked for, which leads nowhere and leaves
// nothing behind.
func wantRefusedHere(t testing.TB, what string, got *reply) {
	t.Helper()
	kind := got.header.Get("Content-Type")
	if got.status != http.StatusBadRequest || !strings.HasPrefix(kind, "text/html") {
		t.Errorf("%s: got %d %s, want a page with status 400", what, got.status, kind)
	}
	for _, name := range []string{"Location", "Refresh", "Set-Cookie"} {
		if value := got.header.Get(name); value != "" {
			t.Errorf("%s: %s: %s", what, name, value)
		}
	}
	for _, s := range sheets(got.body) {
		if s.method != http.MethodGet {
			t.Errorf("%s: the page has a form that goes to %s", what, s.action)
		}
	}
}

func hostileTwoRedirects(t *testing.T) {
	w := newWorld(t, inProduction)
	before := w.stored()
	rest := demoApp.asking("redirect_uri", "").Encode()
	good := "redirect_uri=" + url.QueryEscape(demoApp.redirect)
	evil := "redirect_uri=" + url.QueryEscape("https://evil.example/cb")
	form := func(query, body string) *reply {
		return w.send(w.request(http.MethodPost, "/connect/authorize"+query, body))
	}
	for _, tt := range []struct {
		name string
		got  *reply
	}{
		{"evil first", w.get("/connect/authorize?" + evil + "&" + rest + "&" + good)},
		{"evil last", w.get("/connect/authorize?" + good + "&" + rest + "&" + evil)},
		{"the same twice", w.get("/connect/authorize?" + good + "&" + rest + "&" + good)},
		{"in another letter case", w.get("/connect/authorize?" + good + "&" + rest + "&Redirect_URI=https%3A%2F%2Fevil.example%2Fcb")},
		{"both in a body", form("", evil+"&"+rest+"&"+good)},
		{"evil in the query of a POST", form("?"+evil, rest+"&"+good)},
		{"evil in the body, good in the query", form("?"+good, rest+"&"+evil)},
	} {
		wantRefusedHere(t, tt.name, tt.got)
	}
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	if got := w.get("/connect/authorize?" + good + "&" + rest); got.status != http.StatusSeeOther {
		t.Errorf("one good redirect_uri: got %d, want 303", got.status)
	}
}

// hostileLoopbackPorts: a native app listens wherever it finds room (RFC 8252 §7.3).
func hostileLoopbackPorts(t *testing.T) {
	w := newWorld(t, inProduction)
	app := w.addApp(storage.App{ID: "native", Type: storage.AppNative, RedirectURIs: []string{"http://127.0.0.1/cb"}})
	p := w.person("bob")
	for _, uri := range []string{"http://127.0.0.1:1/cb", "http://127.0.0.1:8080/cb", "http://127.0.0.1:65535/cb"} {
		got := p.walk(authorizePath(app.asking("redirect_uri", uri)))
		to, query, _ := strings.Cut(got.header.Get("Location"), "?")
		values, _ := url.ParseQuery(query)
		if to != uri || values.Get("code") == "" {
			t.Fatalf("got %d to %q with %v, want a code to %s", got.status, to, values, uri)
		}
		wantError(t, "redeemed with another port",
			w.token(app.redeeming(values.Get("code"), "redirect_uri", "http://127.0.0.1:2/cb")), http.StatusBadRequest, "invalid_grant")
		w.granted(w.token(app.redeeming(values.Get("code"), "redirect_uri", uri)))
	}
	wantRefusedHere(t, "port 0", w.get(authorizePath(app.asking("redirect_uri", "http://127.0.0.1:0/cb"))))
	wantRefusedHere(t, "port 65536", w.get(authorizePath(app.asking("redirect_uri", "http://127.0.0.1:65536/cb"))))
}

// dangerousURIs are what nobody may register, whatever the app.
var dangerousURIs = []string{
	"javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://app.example/%0aalert(1)", "data:text/html,x", "vbscript:x",
	"file:///etc/passwd", "https://*.app.example/cb", "https://app.example/*", "https://app.example/cb#f", "http://app.example/cb",
}

// hostileRegistration: the command line, the dashboard and the API say the same, by the one function of
// storage, and a row that is there all the same is never used.
func hostileRegistration(t *testing.T) {
	w := newWorld(t)
	alice := w.office("alice")
	script := w.script(alice, storage.ScopeAppsRead, storage.ScopeAppsWrite)
	before := w.stored()
	for _, kind := range []storage.AppType{storage.AppWeb, storage.AppNative} {
		for _, uri := range dangerousURIs {
			invalid, _ := storage.CheckRedirectURI(&storage.App{Type: kind}, uri).(*storage.Invalid)
			if invalid == nil {
				t.Errorf("%s app: %s may be registered", kind, uri)
				continue
			}
			code, out, talk := w.command("", "app", "add", "Evil", "--type", string(kind), "--redirect", uri)
			want := []any{1, "", "propusk: " + sentence(invalid) + "\n"}
			if diff := cmp.Diff(want, []any{code, out, talk}); diff != "" {
				t.Errorf("%s app: %s: exit code, stdout, stderr (-want +got):\n%s", kind, uri, diff)
			}
			made := alice.press("/apps/new", "name", "Evil", "type", string(kind), "redirects", uri)
			changes := alice.press("/apps/demo", "section", "general", "name", "Demo", "redirects", uri)
			body, _ := json.Marshal(map[string]any{"client_name": "Evil", "application_type": kind, "redirect_uris": []string{uri}})
			patch, _ := json.Marshal(map[string]any{"redirect_uris": []string{uri}})
			first, second := w.call(script, http.MethodPost, "/apps", string(body)), w.call(script, http.MethodPatch, "/apps/demo", string(patch))
			reason := apiReason(first)
			for what, got := range map[string]*reply{"page of a new app": made, "page of an app": changes, "API of a new app": first, "API of an app": second} {
				if got.status != http.StatusUnprocessableEntity {
					t.Errorf("%s app: %s at the %s: got %d, want 422", kind, uri, what, got.status)
				}
			}
			if reason == "" || !strings.Contains(visibleText(made.body), reason) {
				t.Errorf("%s app: %s: the API says %q, the page does not\n%s", kind, uri, reason, clipLog(made.body))
			}
		}
	}
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	rows := `["` + strings.Join(dangerousURIs, `","`) + `"]`
	w.meddle(`UPDATE apps SET redirect_uris = $1, any_loopback = FALSE WHERE id IN ('demo', 'cli')`, rows)
	for _, app := range []party{demoApp, {id: "cli", scope: "openid"}} {
		for _, uri := range dangerousURIs {
			wantRefusedHere(t, "registered behind our back by "+app.id+": "+uri, w.get(authorizePath(app.asking("redirect_uri", uri))))
		}
	}
}

// apiReason is what a problem document of the API says about the first field.
func apiReason(got *reply) string {
	list, _ := got.json()["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	first, _ := list[0].(map[string]any)
	reason, _ := first["message"].(string)
	return reason
}

// hostileErrorRedirect: what is wrong behind a good redirect URI goes back to the app, and there alone.
func hostileErrorRedirect(t *testing.T) {
	w := newWorld(t)
	const state = `s&iss=https://evil.example "<b>`
	got := w.get(authorizePath(demoApp.asking("state", state, "scope", `openid "><b>\`)))
	to := got.location()
	if got.status != http.StatusSeeOther || to == nil {
		t.Fatalf("got %d, Location %q", got.status, got.header.Get("Location"))
	}
	if bare, _, _ := strings.Cut(got.header.Get("Location"), "?"); bare != demoApp.redirect {
		t.Errorf("redirected to %q, want %q", bare, demoApp.redirect)
	}
	description := to.Query().Get("error_description")
	want := url.Values{
		"error": {"invalid_scope"}, "error_description": {description}, "state": {state}, "iss": {w.issuer},
	}
	if diff := cmp.Diff(want, to.Query()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if description == "" || strings.ContainsAny(description, `"\<>`) {
		t.Errorf("error_description %q is empty or repeats the request", description)
	}
}
