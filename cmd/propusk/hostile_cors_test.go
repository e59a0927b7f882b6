package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// Routes by who may call them from a script.
var (
	corsNobody = []string{"/", "/login", "/consent", "/logout", "/connect/authorize", "/connect/endsession", "/connect/introspect", "/healthz", "/readyz", "/nothing",
		"/device", "/welcome", "/account", "/account/tokens/new", "/apps", "/apps/demo", "/apps/demo/keys", "/scopes", "/users", "/audit", "/audit/export",
		"/api/v1/me", "/api/v1/apps", "/api/v1/apps/demo", "/api/v1/openapi.json", "/api/v1/docs"}
	corsApps   = []string{"/connect/token", "/connect/deviceauthorization", "/connect/userinfo", "/connect/revocation"}
	corsPublic = []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration/jwks"}
)

// httpForeignOrigin: a foreign page's script reads nothing but the public documents, and no answer is
// ever readable with the person's cookies.
func httpForeignOrigin(t *testing.T) {
	w := newWorld(t)
	registered := "http://localhost:5173" // of spa
	ask := func(method, path, origin string) string {
		t.Helper()
		got := w.send(w.request(method, path, "", "Origin", origin, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "authorization, x-evil"))
		if values := got.header.Values("Access-Control-Allow-Credentials"); len(values) > 0 {
			t.Errorf("%s %s: Access-Control-Allow-Credentials %v", method, path, values)
		}
		if strings.Contains(strings.ToLower(got.header.Get("Access-Control-Allow-Headers")), "x-evil") {
			t.Errorf("%s %s: allows any header", method, path)
		}
		return strings.Join(got.header.Values("Access-Control-Allow-Origin"), "|")
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
		for _, origin := range []string{"https://evil.example", "null", registered + ".evil.example", "http://LOCALHOST:5173/x", registered} {
			for _, path := range corsNobody {
				if got := ask(method, path, origin); got != "" {
					t.Errorf("%s %s from %s: Access-Control-Allow-Origin %q", method, path, origin, got)
				}
			}
			for _, path := range corsApps {
				want := ""
				if origin == registered {
					want = registered
				}
				if got := ask(method, path, origin); got != want {
					t.Errorf("%s %s from %s: Access-Control-Allow-Origin %q, want %q", method, path, origin, got, want)
				}
			}
			for _, path := range corsPublic {
				if got := ask(method, path, origin); got != "*" {
					t.Errorf("%s %s from %s: Access-Control-Allow-Origin %q, want *", method, path, origin, got)
				}
			}
		}
	}
	handled := 0
	w = newWorld(t, wrapped(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			handled++
			next.ServeHTTP(rw, r)
		})
	}))
	list := w.raw("OPTIONS /connect/token HTTP/1.1\r\nHost: " + w.host() + "\r\nOrigin: https://evil.example\r\n" +
		"Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: " + strings.Repeat("x-evil,", 60<<10/7) + "\r\n\r\n")
	if len(list) != 1 || list[0].status != http.StatusRequestHeaderFieldsTooLarge || handled != 0 {
		t.Errorf("a preflight of 60 KB: %d answers, %d handled, want one 431", len(list), handled)
	}
}

// httpCaching: nothing of a person or an app is kept by a cache; the public documents are, for less time
// than a new key is published ahead.
func httpCaching(t *testing.T) {
	w := newWorld(t)
	w.changeApp(demoApp.id, func(a *storage.App) { a.WithoutPKCE = true })
	p := w.person("alice")
	answers := map[string]*reply{
		"sign-in page":   p.get("/login"),
		"sign-in":        w.person("bob").signIn(),
		"error page":     p.get("/connect/authorize"),
		"no such page":   p.get("/nothing"),
		"code redirect":  p.walk(authorizePath(demoApp.asking())),
		"error redirect": p.get(authorizePath(demoApp.asking("scope", "none", "prompt", "none"))),
		"form_post":      p.walk(authorizePath(demoApp.asking("response_mode", "form_post"))),
		"home":           p.get("/"),
		"sign-out page":  p.get("/logout"),
	}
	_, answers["consent page"] = p.open(authorizePath(plainApp.asking()))
	answers["authorize that needs a page"] = w.get(authorizePath(plainApp.asking()))
	code := answers["code redirect"].location().Query().Get("code")
	answers["token"] = w.token(demoApp.redeeming(code))
	got := w.granted(answers["token"])
	answers["userinfo"] = w.userinfo(got.access)
	answers["userinfo refused"] = w.userinfo("none")
	answers["introspection"] = w.introspect(demoApp, got.access)
	answers["introspection refused"] = w.post("/connect/introspect", url.Values{"token": {got.access}})
	answers["revocation"] = w.post("/connect/revocation", demoApp.signed(url.Values{"token": {got.access}}))
	answers["token refused"] = w.token(demoApp.redeeming(code))
	answers["token by GET"] = w.get("/connect/token")
	script := w.script(p, storage.ScopeMeRead)
	answers["API"] = w.call(script, http.MethodGet, "/me", "")
	answers["API refused"] = w.call("none", http.MethodGet, "/me", "")
	answers["no such operation"] = w.call(script, http.MethodGet, "/nothing", "")
	answers["account"] = p.get("/account")
	answers["export"] = p.get("/audit/export")
	answers["form that is shown again"] = p.press("/apps/new")
	answers["form that was taken"] = p.press("/account/look", "lang", "en")
	answers["device page"] = p.get("/device")
	device := w.post("/connect/deviceauthorization", demoApp.signed(url.Values{"scope": {"openid"}}))
	answers["device codes"] = device
	answers["device codes refused"] = w.post("/connect/deviceauthorization", url.Values{"client_id": {"demo"}})
	answers["device confirmation"] = p.typeCode(device.text("user_code"))
	answers["device poll"] = w.token(deviceCodes{demoApp, device.text("device_code"), ""}.polling())
	answers["link that is over"] = w.get("/welcome?link=none")
	answers["sign-out"] = p.get(endSessionPath("id_token_hint", got.id))
	for name, got := range answers {
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q, want no-store", name, got.status, got.header.Get("Cache-Control"))
		}
	}
	for _, path := range corsPublic {
		got := w.get(path)
		if got.status != http.StatusOK || got.header.Get("Cache-Control") != "public, max-age=300" || got.header.Get("ETag") == "" {
			t.Errorf("%s: %d, Cache-Control %q", path, got.status, got.header.Get("Cache-Control"))
		}
		again := w.get(path, "If-None-Match", got.header.Get("ETag"))
		if again.status != http.StatusNotModified || again.header.Get("Cache-Control") != "public, max-age=300" {
			t.Errorf("%s again: %d, Cache-Control %q", path, again.status, again.header.Get("Cache-Control"))
		}
	}
	if storage.KeyPublishAhead.Seconds() <= 300 {
		t.Errorf("a key is published %s ahead, less than the JWKS may be cached", storage.KeyPublishAhead)
	}
}
