package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// created makes an app by the form and returns its id and secret as the page shows them.
func (b *browser) created(fields ...string) (id, secret string) {
	b.w.t.Helper()
	got := b.post("/apps/new", fields...)
	want(b.w.t, got, http.StatusOK)
	id = regexp.MustCompile(`app_[a-z0-9]{26}`).FindString(got.body)
	return id, regexp.MustCompile(`propusk_key_[0-9A-Za-z]{49}`).FindString(got.body)
}

func TestRegistry(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name, who, query string
		want             []string // client_ids, in order
	}{
		{"administrators see all", "alice", "", []string{"spa", "cli", "demo", "plain", "service", "yourClientId"}},
		{"a developer sees their own", "bob", "", []string{"demo"}},
		{"nobody's developer", "carol", "", nil},
		{"by name", "alice", "?q=PLAIN", []string{"plain"}},
		{"by id", "alice", "?q=yourcl", []string{"yourClientId"}},
		{"by type", "alice", "?type=service", []string{"service"}},
		{"type that is none", "alice", "?type=toaster&q=demo+in", nil},
		{"by owner", "alice", "?owner=me&type=native", []string{"cli"}},
		{"a developer owns none", "bob", "?owner=me", nil},
		{"off", "alice", "?state=off", nil},
		{"not checked", "alice", "?state=unchecked", nil},
		{"a cursor of nobody's", "bob", "?after=%21%21", []string{"demo"}},
	}
	row := regexp.MustCompile(`<td data-k="API id"><code>([^<]+)</code>`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.as(tt.who).get("/apps" + tt.query)
			want(t, got, http.StatusOK)
			var ids []string
			for _, m := range row.FindAllStringSubmatch(got.body, -1) {
				ids = append(ids, m[1])
			}
			if diff := cmp.Diff(tt.want, ids); diff != "" {
				t.Errorf("apps (-want +got):\n%s", diff)
			}
		})
	}
	want(t, w.as("alice").get("/apps"), http.StatusOK, `id="app-new"`, "/scopes", "6 apps let people")
	bob := w.as("bob").get("/apps")
	want(t, bob, http.StatusOK, "You have a role in 1 app")
	wantNot(t, bob, `id="app-new"`, `href="/scopes"`, `href="/users"`)
	want(t, w.as("carol").get("/apps"), http.StatusOK, "You have no role in an app")
}

func TestRegistryPages(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		_, _, err := w.db.CreateApp(context.Background(), w.actor("alice"), storage.NewApp{App: storage.App{Name: fmt.Sprintf("Buoy %02d", i)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	alice := w.as("alice")
	first := alice.get("/apps?q=buoy&owner=me")
	want(t, first, http.StatusOK, "30 apps found", "Buoy 00", "Buoy 24")
	wantNot(t, first, "Buoy 25", ">To the beginning<")
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatalf("no next page:\n%s", first.body)
	}
	second := alice.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	want(t, second, http.StatusOK, "30 apps found", "Buoy 25", "Buoy 29", `href="/apps?owner=me&amp;q=buoy">To the beginning<`)
	wantNot(t, second, "Buoy 24", `rel="next"`)
}

// TestSecretOnce is HC-083: a secret stands on the page that made it and nowhere else, which nobody keeps.
func TestSecretOnce(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	made := alice.post("/apps/new", "name", "Buoys", "description", "Where they are", "type", "web", "redirects", "https://buoys.example/cb\r\n\r\nhttps://buoys.example/cb2\r\n")
	want(t, made, http.StatusOK, "Buoys", "it is shown only once", "OIDC_CLIENT_SECRET=propusk_key_", "https://buoys.example/cb")
	id := regexp.MustCompile(`app_[a-z0-9]{26}`).FindString(made.body)
	secret := regexp.MustCompile(`propusk_key_[0-9A-Za-z]{49}`).FindString(made.body)
	app := w.app(id)
	if !w.db.CheckAppSecret(app, secret) {
		t.Fatal("the secret shown is not the app's")
	}
	if diff := cmp.Diff([]string{"https://buoys.example/cb", "https://buoys.example/cb2"}, app.RedirectURIs); diff != "" {
		t.Errorf("redirect URIs (-want +got):\n%s", diff)
	}
	if app.OwnerID() != w.user("alice").ID || app.Description != "Where they are" || app.Trusted {
		t.Errorf("app = %+v", app)
	}
	key := alice.post("/apps/"+id+"/keys", "section", "new", "label", "second")
	want(t, key, http.StatusOK, "it is shown only once")
	second := regexp.MustCompile(`propusk_key_[0-9A-Za-z]{49}`).FindString(key.body)
	if !w.db.CheckAppSecret(w.app(id), second) {
		t.Fatal("the key shown is not the app's")
	}
	for _, a := range []answer{made, key} {
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q", a.path, a.header.Get("Cache-Control"))
		}
	}
	for _, path := range []string{"/apps", "/apps/" + id, "/apps/" + id + "/setup", "/apps/" + id + "/keys", "/apps/" + id + "/events", "/apps/" + id + "/settings"} {
		got := alice.get(path)
		want(t, got, http.StatusOK)
		wantNot(t, got, secret, second)
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q", path, got.header.Get("Cache-Control"))
		}
	}
	if strings.Contains(w.logs.String(), secret) || strings.Contains(w.logs.String(), second) {
		t.Error("a secret is in the log")
	}
	alice.post("/logout")
	for _, path := range []string{"/apps/" + id, "/apps/" + id + "/keys"} {
		got := alice.get(path)
		if got.status != http.StatusSeeOther || strings.Contains(got.body, "Buoys") {
			t.Errorf("after signing out %s answered %d", path, got.status)
		}
	}
}

func TestNewApp(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	tests := []struct {
		kind, redirect, says string
		secret, pkce         bool
	}{
		{"web", "https://a.example/cb", "oauth2.AuthStyleInHeader", true, true},
		{"browser", "https://a.example/cb", "client.None()", false, true},
		{"native", "http://127.0.0.1/cb", "127.0.0.1:8080", false, true},
		{"service", "", "clientcredentials", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			got := alice.post("/apps/new", "name", "N", "type", tt.kind, "redirects", tt.redirect)
			want(t, got, http.StatusOK, tt.says)
			id := regexp.MustCompile(`app_[a-z0-9]{26}`).FindString(got.body)
			if string(w.app(id).Type) != tt.kind || w.app(id).Public() == tt.secret || strings.Contains(got.body, "propusk_key_") != tt.secret {
				t.Errorf("type %s, public %v", w.app(id).Type, w.app(id).Public())
			}
		})
	}
	before, _ := w.db.CountApps(context.Background(), storage.AppFilter{})
	wrong := []struct {
		name   string
		fields []string
		says   []string
	}{
		{"no address", []string{"type", "web", "name", "N"}, []string{"needs at least one address"}},
		{"several lines", []string{"type", "native", "name", "N", "redirects", "app:/cb\nhttps://a.example/\nhttp://b.example/"},
			[]string{"Line 1.", "reversed domain name: com.example.app:/cb", "Also wrong, by line: 3."}},
		{"no name", []string{"type", "web", "description", "kept text"}, []string{"The name is missing", "kept text"}},
		{"http", []string{"name", "N <b>", "type", "web", "redirects", "https://a.example/\nhttp://a.example/cb"},
			[]string{"Line 2. The address must begin with https", "N &lt;b&gt;", "http://a.example/cb</textarea>"}},
		{"type", []string{"name", "N", "type", "toaster"}, []string{"This type of app is not known"}},
	}
	for _, tt := range wrong {
		t.Run(tt.name, func(t *testing.T) {
			want(t, alice.post("/apps/new", tt.fields...), http.StatusUnprocessableEntity, tt.says...)
		})
	}
	bob := w.as("bob")
	want(t, bob.get("/apps/new"), http.StatusForbidden)
	want(t, bob.post("/apps/new", "name", "N", "type", "web"), http.StatusForbidden)
	after, _ := w.db.CountApps(context.Background(), storage.AppFilter{})
	if after != before {
		t.Errorf("%d apps were made by refused forms", after-before)
	}
	if got := w.audited("app.create", "", "forbidden"); got != 2 {
		t.Errorf("the refused page and form left %d audit entries, want 2", got)
	}
}

// TestChangeApp saves every form of the app's pages and reads what is stored.
func TestChangeApp(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	tests := []struct {
		name, page, section string
		fields              []string
		check               func(a *storage.App) any
		want                any
	}{
		{"names", "", "general", []string{"name", "Buoys!", "name_ru", "Буи", "description", "d", "redirects", "https://buoys.example/cb"},
			func(a *storage.App) any { return a.Name + a.Names["ru"] + a.Description }, "Buoys!Буиd"},
		{"a name taken away", "", "general", []string{"name", "Buoys", "redirects", "https://buoys.example/cb"},
			func(a *storage.App) any { return len(a.Names) }, 0},
		{"addresses", "", "general", []string{"name", "Buoys", "redirects", "https://buoys.example/cb\r\nhttps://buoys.example/2", "post_logout", "https://buoys.example/bye", "domains", "Buoys.example/"},
			func(a *storage.App) any { return slices.Concat(a.RedirectURIs, a.PostLogoutURIs, a.TrustedDomains) },
			[]string{"https://buoys.example/cb", "https://buoys.example/2", "https://buoys.example/bye", "buoys.example"}},
		{"documents", "", "documents", []string{"policy_uri", " https://buoys.example/p ", "tos_uri", "https://buoys.example/t"},
			func(a *storage.App) any { return a.PolicyURI + " " + a.TosURI }, "https://buoys.example/p https://buoys.example/t"},
		{"switches on", "/authorization", "switches", []string{"enabled", "on", "delegated", "on", "without_pkce", "on", "trusted", "on", "skip_consent", "on",
			"offline_without_consent", "on", "preset", "openid", "preset", "email"}, switchesOf, []any{true, true, true, true, true, true, []string{"openid", "email"}}},
		{"switches off", "/authorization", "switches", nil, switchesOf, []any{false, false, false, false, false, false, []string(nil)}},
		{"scopes", "/authorization", "scopes", []string{"scope.openid", "required", "scope.email", "optional", "scope.profile", "", "scope.phone", "optional",
			"scope.extern.api", "required", "offline", "email", "offline", "phone"}, func(a *storage.App) any { return a.Scopes }, []storage.AppScope{
			{Name: "openid", Required: true}, {Name: "email", Offline: true}, {Name: "offline_access", Offline: true},
			{Name: "extern.api", Required: true}, {Name: "phone", Offline: true}}},
		{"further scopes", "/authorization", "scopes", []string{"scope.phone", "", "more", " address "}, func(a *storage.App) any { return len(a.Scopes) }, 5},
		{"grants", "/authorization", "grants", []string{"grant", "authorization_code", "grant", "personal_access_token"},
			func(a *storage.App) any { return a.GrantTypes }, []string{"authorization_code", "personal_access_token"}},
		{"methods", "/settings", "methods", []string{"method", "client_secret_post"}, func(a *storage.App) any { return a.AuthMethods }, []string{"client_secret_post"}},
		{"tokens", "/settings", "tokens", []string{"format", "jwt", "ttl", "600", "alg", "ES256", "claims", "on"},
			func(a *storage.App) any {
				return []any{a.AccessTokenFormat, a.AccessTokenTTL, a.IDTokenAlg, a.IDTokenClaims}
			}, []any{"jwt", 10 * time.Minute, "ES256", true}},
		{"network", "/settings", "network", []string{"networks", "192.0.2.1\n2001:db8::/32"}, func(a *storage.App) any { return a.NetworkAddresses }, []string{"192.0.2.1", "2001:db8::/32"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := alice.post("/apps/"+id+tt.page, append(tt.fields, "section", tt.section)...)
			if got.to() != "/apps/"+id+tt.page+"?done=saved#"+tt.section {
				t.Fatalf("answered %d to %q:\n%s", got.status, got.to(), got.body)
			}
			want(t, alice.follow(got), http.StatusOK, "Saved.")
			if diff := cmp.Diff(tt.want, tt.check(w.app(id))); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// switchesOf are the document's switches and what belongs to them.
func switchesOf(a *storage.App) any {
	return []any{a.Enabled, a.Delegated, a.WithoutPKCE, a.Trusted, a.SkipConsent, a.OfflineWithoutConsent, a.PresetScopes}
}

// TestMistakes holds that a refused form says why at its field, keeps what was typed and changes nothing.
func TestMistakes(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	before := w.app(id)
	tests := []struct {
		name, page string
		fields     []string
		says       []string
	}{
		{"redirect", "", []string{"section", "general", "name", "New name", "redirects", "https://buoys.example/cb\r\n\r\nftp://x"},
			[]string{"Line 3.", "ftp://x</textarea>", `value="New name"`, `id="redirects" name="redirects" rows="3" wrap="off" spellcheck="false" autocapitalize="off" aria-describedby="redirects-hint mistake" aria-invalid="true" autofocus`}},
		{"logout", "", []string{"section", "general", "name", "B", "post_logout", "nonsense"}, []string{"Line 1. The address must begin with a scheme", "nonsense</textarea>"}},
		{"domain that excludes", "", []string{"section", "general", "name", "B", "redirects", "https://buoys.example/cb", "domains", "other.example"},
			[]string{"https://buoys.example/cb lies outside the trusted domains", "other.example</textarea>"}},
		{"name", "", []string{"section", "general", "redirects", "https://buoys.example/cb"}, []string{"The name is missing"}},
		{"policy", "", []string{"section", "documents", "policy_uri", "javascript:alert(1)"}, []string{"This is not an https:// address", "javascript:alert(1)"}},
		{"offline of an unchecked app", "/authorization", []string{"section", "switches", "enabled", "on", "offline_without_consent", "on"}, []string{"Only a trusted app gets offline access"}},
		{"preset that is not assigned", "/authorization", []string{"section", "switches", "enabled", "on", "preset", "phone"}, []string{"The app may not ask for “phone”"}},
		{"unknown scope", "/authorization", []string{"section", "scopes", "scope.nothing", "optional"}, []string{"The scope “nothing” does not exist"}},
		{"unknown grant", "/authorization", []string{"section", "grants", "grant", "implicit"}, []string{"is no grant type"}},
		{"methods", "/settings", []string{"section", "methods", "method", "none", "method", "client_secret_basic"}, []string{"An app has a secret or none"}},
		{"no method", "/settings", []string{"section", "methods"}, []string{"An app has a secret or none"}},
		{"lifetime", "/settings", []string{"section", "tokens", "format", "jwt", "ttl", "forever", "alg", "RS256"}, []string{"one minute to 24 hours", `value="forever"`, `value="jwt" selected`}},
		{"lifetime that overflows", "/settings", []string{"section", "tokens", "format", "jwt", "ttl", "99999999999999999", "alg", "RS256"}, []string{"one minute to 24 hours"}},
		{"network", "/settings", []string{"section", "network", "networks", "192.0.2.1\nlocalhost"}, []string{"Line 2.", "localhost</textarea>"}},
		{"delete", "", []string{"section", "delete", "confirm", "Buoy"}, []string{"This is not the name", `value="Buoy"`}},
		{"key expired already", "/keys", []string{"section", "new", "label", "old", "until", "2020-01-01"}, []string{"Choose a day from today on", `value="old"`, `value="2020-01-01"`}},
		{"key until never", "/keys", []string{"section", "new", "until", "tomorrow"}, []string{"Choose a day from today on"}},
		{"label", "/keys", []string{"section", "new", "label", strings.Repeat("x", 101)}, []string{"The label is longer"}},
		{"invite nobody", "/developers", []string{"section", "invite", "login", "dave", "role", "viewer", "phone", "+7"}, []string{"Nobody here has this login", `value="dave"`, `value="viewer" selected`}},
		{"invite to no role", "/developers", []string{"section", "invite", "login", "bob", "role", "admin"}, []string{"A role is owner, developer or viewer"}},
		{"phone", "/developers", []string{"section", "invite", "login", "bob", "role", "viewer", "phone", "call me"}, []string{"A phone number has", `value="call me"`}},
		{"change nobody", "/developers", []string{"section", "change", "user", "x", "role", "viewer"}, []string{"no role in the app any more"}},
		{"demote the owner", "/developers", []string{"section", "change", "user", w.user("alice").ID, "role", "viewer"}, []string{"An app always has an owner"}},
		{"remove the owner", "/developers", []string{"section", "remove", "user", w.user("alice").ID}, []string{"An app always has an owner"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want(t, alice.post("/apps/"+id+tt.page, tt.fields...), http.StatusUnprocessableEntity, tt.says...)
			if diff := cmp.Diff(before, w.app(id), cmp.AllowUnexported(storage.AppKey{})); diff != "" {
				t.Errorf("the app changed (-before +after):\n%s", diff)
			}
		})
	}
	for _, page := range []string{"", "/authorization", "/settings", "/developers", "/keys"} {
		want(t, alice.post("/apps/"+id+page, "section", "xyzzy"), http.StatusBadRequest)
	}
}
