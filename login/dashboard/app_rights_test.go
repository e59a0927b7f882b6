package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// appRequests are a request of every kind that the pages of an app take.
var appRequests = []struct {
	method, page string
	fields       []string
}{
	{"GET", "", nil}, {"GET", "/setup", nil}, {"GET", "/authorization", nil}, {"GET", "/settings", nil}, {"GET", "/notices", nil},
	{"GET", "/protocol", nil}, {"GET", "/developers", nil}, {"GET", "/keys", nil}, {"GET", "/events", nil},
	{"POST", "", []string{"section", "general", "name", "Mine", "redirects", "https://evil.example/cb"}},
	{"POST", "", []string{"section", "documents", "policy_uri", "https://evil.example/"}},
	{"POST", "", []string{"add", "https://evil.example/cb"}},
	{"POST", "", []string{"section", "delete", "confirm", "Demo"}},
	{"POST", "/authorization", []string{"section", "switches", "trusted", "on"}},
	{"POST", "/authorization", []string{"section", "scopes", "scope.phone", "required"}},
	{"POST", "/authorization", []string{"section", "grants", "grant", "authorization_code"}},
	{"POST", "/settings", []string{"section", "methods", "method", "none"}},
	{"POST", "/settings", []string{"section", "tokens", "format", "jwt", "ttl", "86400", "alg", "EdDSA"}},
	{"POST", "/settings", []string{"section", "network", "networks", "192.0.2.1"}},
	{"POST", "/protocol", []string{"section", "requests", "request_uris", "https://evil.example/r"}},
	{"POST", "/protocol", []string{"section", "flows", "response_type", "id_token"}},
	{"POST", "/protocol", []string{"section", "people", "subject_type", "pairwise"}},
	{"POST", "/protocol", []string{"section", "signout", "backchannel_logout_uri", "https://evil.example/out"}},
	{"POST", "/keys", []string{"section", "new", "label", "mine"}},
	{"POST", "/keys", []string{"section", "delete", "key", "x"}},
	{"POST", "/developers", []string{"section", "invite", "login", "carol", "role", "owner"}},
	{"POST", "/developers", []string{"section", "change", "user", "0000000000000000000000a11c", "role", "viewer"}},
	{"POST", "/developers", []string{"section", "hand_over", "user", "00000000000000000000000b0b"}},
	{"POST", "/developers", []string{"section", "remove", "user", "00000000000000000000000b0b"}},
}

// varying is what differs between two answers of the same kind: seals, numbers, the id in the path.
var varying = regexp.MustCompile(`(value="[^"]{20,}"|E-[0-9A-Z-]{9}|/apps/[a-z]+)`)

// TestForeignApp is HC-078: whoever has no role in an app gets, whatever they try, the answer of an app
// that does not exist, changes nothing, and leaves an audit entry.
func TestForeignApp(t *testing.T) {
	w := newWorld(t)
	carol := w.as("carol")
	before := w.app("demo")
	for _, q := range appRequests {
		w.clock.Advance(time.Minute) // the log bounds refusals of a minute
		t.Run(q.method+q.page+strings.Join(q.fields, " "), func(t *testing.T) {
			ask := func(id string) answer {
				if q.method == "GET" {
					return carol.get("/apps/" + id + q.page)
				}
				return carol.post("/apps/"+id+q.page, q.fields...)
			}
			audited := w.audited("app.read", "demo", "not_found")
			foreign, missing := ask("demo"), ask("nosuch")
			if foreign.status != http.StatusNotFound || missing.status != http.StatusNotFound {
				t.Fatalf("foreign %d, missing %d, want 404 each", foreign.status, missing.status)
			}
			if diff := cmp.Diff(varying.ReplaceAllString(missing.body, "X"), varying.ReplaceAllString(foreign.body, "X")); diff != "" {
				t.Errorf("the answers tell them apart (-missing +foreign):\n%s", diff)
			}
			if w.audited("app.read", "demo", "not_found") != audited+1 {
				t.Error("no audit entry")
			}
		})
	}
	if diff := cmp.Diff(before, w.app("demo"), cmp.AllowUnexported(storage.AppKey{})); diff != "" {
		t.Errorf("the app changed (-before +after):\n%s", diff)
	}
}

// TestViewer holds that the role viewer looks and does nothing.
func TestViewer(t *testing.T) {
	w := newWorld(t)
	err := w.db.SetDeveloper(context.Background(), w.actor("alice"), "demo", storage.Developer{UserID: w.user("carol").ID, Role: storage.RoleViewer})
	if err != nil {
		t.Fatal(err)
	}
	w.db.Record(storage.Event{AppID: "demo", Endpoint: "authorize", Result: "invalid_request", RedirectURI: "https://evil.example/cb"})
	carol := w.as("carol")
	before := w.app("demo")
	for _, q := range appRequests {
		t.Run(q.method+q.page+strings.Join(q.fields, " "), func(t *testing.T) {
			if q.method == "GET" {
				status := http.StatusOK
				if q.page == "/keys" {
					status = http.StatusForbidden
				}
				got := carol.get("/apps/demo" + q.page)
				want(t, got, status)
				wantNot(t, got, `value="invite"`, `value="remove"`, `value="delete"`, "Save</button>", `name="add"`, "propusk_key_")
				return
			}
			want(t, carol.post("/apps/demo"+q.page, q.fields...), http.StatusForbidden)
		})
	}
	if diff := cmp.Diff(before, w.app("demo"), cmp.AllowUnexported(storage.AppKey{})); diff != "" {
		t.Errorf("the app changed (-before +after):\n%s", diff)
	}
}

// TestDeveloperLimits is HC-079: fields that a developer's form does not have are read by nobody, and what
// only owners may do is refused.
func TestDeveloperLimits(t *testing.T) {
	w := newWorld(t)
	bob := w.as("bob")
	_, err := w.db.UpdateApp(context.Background(), storage.Command, "demo", func(a *storage.App) error {
		a.Trusted, a.AnyLoopback = false, false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	extra := []string{"role", "admin", "owner_id", w.user("bob").ID, "owner", "bob", "trusted", "on", "skip_consent", "on", "first_party", "1",
		"offline_without_consent", "on", "preset", "openid", "access", "full", "any_loopback", "on", "insecure_redirect", "on", "client_id", "mine", "type", "native"}
	forms := map[string][]string{
		"":               {"section", "general", "name", "Demo", "redirects", "http://localhost:8080/callback", "post_logout", "http://localhost:8080/"},
		"/authorization": {"section", "switches", "enabled", "on", "delegated", "on"},
		"/settings":      {"section", "tokens", "format", "opaque", "ttl", "3600", "alg", "RS256"},
	}
	before := w.app("demo")
	for page, fields := range forms {
		got := bob.post("/apps/demo"+page, append(fields, extra...)...)
		if got.status != http.StatusSeeOther {
			t.Errorf("%s answered %d:\n%s", page, got.status, got.body)
		}
	}
	after := w.app("demo")
	if after.Trusted || after.SkipConsent || after.OfflineWithoutConsent || after.AnyLoopback || after.InsecureRedirect || len(after.PresetScopes) > 0 ||
		after.Type != before.Type || after.OwnerID() != before.OwnerID() || w.user("bob").Access != storage.Partial {
		t.Errorf("app = %+v", after)
	}
	page := bob.get("/apps/demo/authorization")
	want(t, page, http.StatusOK, `name="trusted" value="on" disabled`, `name="skip_consent" value="on" disabled`,
		`name="offline_without_consent" value="on" disabled`, "Only administrators may change this.", "Scopes of other apps are given by")
	wantNot(t, page, `name="scope.apps.write"`)
	for name, fields := range map[string][]string{
		"delete":    {"", "section", "delete", "confirm", "Demo"},
		"invite":    {"/developers", "section", "invite", "login", "carol", "role", "viewer"},
		"stranger":  {"/developers", "section", "invite", "login", "nobody-at-all", "role", "viewer"},
		"hand over": {"/developers", "section", "hand_over", "user", w.user("bob").ID},
		"API scope": {"/authorization", "section", "scopes", "scope.apps.write", "required"},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, bob.post("/apps/demo"+fields[0], fields[1:]...), http.StatusForbidden)
		})
	}
	if _, has := w.app("demo").Scope("apps.write"); has || w.app("demo").OwnerID() != w.user("alice").ID {
		t.Errorf("app = %+v", w.app("demo"))
	}
	// What a developer may do, works: the address is theirs to add, and keys.
	want(t, bob.post("/apps/demo/keys", "section", "new", "label", "bob's"), http.StatusOK, "it is shown only once")
}

// TestRightsTaken holds that rights are those of the moment, not of the page.
func TestRightsTaken(t *testing.T) {
	w := newWorld(t)
	bob := w.as("bob")
	want(t, bob.get("/apps/demo/settings"), http.StatusOK)
	err := w.db.RemoveDeveloper(context.Background(), w.actor("alice"), "demo", w.user("bob").ID)
	if err != nil {
		t.Fatal(err)
	}
	want(t, bob.post("/apps/demo/settings", "section", "network", "networks", "192.0.2.1"), http.StatusNotFound)
	want(t, bob.get("/apps"), http.StatusOK, "You have no role in an app")
}

// TestForms holds that no form of these pages is taken without the hidden field of this session.
func TestForms(t *testing.T) {
	w := newWorld(t)
	alice, other := w.as("alice"), w.as("alice")
	other.get("/apps")
	before := w.app("demo")
	paths := []string{"/apps/new", "/apps/demo", "/apps/demo/authorization", "/apps/demo/settings", "/apps/demo/protocol", "/apps/demo/developers", "/apps/demo/keys",
		"/scopes/new", "/scopes/edit?name=extern.api"}
	for _, path := range paths {
		for name, csrf := range map[string]string{"none": "", "another session's": other.csrf, "made up": "AAAA"} {
			form := url.Values{"csrf": {csrf}, "section": {"delete"}, "confirm": {"Demo"}, "name": {"x"}, "type": {"web"}}
			got := alice.postForm(path, form)
			if got.status != http.StatusForbidden {
				t.Errorf("%s with %s: %d, want 403", path, name, got.status)
			}
		}
	}
	if diff := cmp.Diff(before, w.app("demo"), cmp.AllowUnexported(storage.AppKey{})); diff != "" {
		t.Errorf("the app changed (-before +after):\n%s", diff)
	}
}
