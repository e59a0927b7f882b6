package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

func TestDevelopers(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.as("alice"), w.as("bob")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	page := "/apps/" + id + "/developers"
	bobID, carolID := w.user("bob").ID, w.user("carol").ID

	want(t, bob.get(page), http.StatusNotFound)
	want(t, alice.follow(alice.post(page, "section", "invite", "login", " Bob ", "role", "developer", "phone", "+7 921 555-07-18")), http.StatusOK,
		"The person now has a role", "Bob", "&#43;7 921 555-07-18")
	want(t, bob.get(page), http.StatusOK, "&#43;7 921 555-07-18", "Give up my role")
	alice.post(page, "section", "invite", "login", "carol", "role", "viewer")
	want(t, alice.follow(alice.post(page, "section", "change", "user", bobID, "role", "viewer", "phone", "")), http.StatusOK, "Saved.")
	if got := w.app(id).Role(bobID); got != storage.RoleViewer {
		t.Errorf("bob is %q, want viewer", got)
	}
	alice.post(page, "section", "change", "user", carolID, "role", "developer", "phone", "+7 1")
	want(t, alice.follow(alice.post(page, "section", "hand_over", "user", carolID)), http.StatusOK, "The app has a new owner")
	app := w.app(id)
	if app.OwnerID() != carolID || app.Role(w.user("alice").ID) != storage.RoleDeveloper || app.Developers[0].Phone != "+7 1" {
		t.Errorf("developers = %+v", app.Developers)
	}
	carol := w.as("carol")
	want(t, carol.follow(carol.post(page, "section", "remove", "user", bobID)), http.StatusOK, "no role in the app any more")
	want(t, carol.follow(carol.post(page, "section", "remove", "user", bobID)), http.StatusOK) // twice
	want(t, bob.get(page), http.StatusNotFound)
	want(t, carol.post(page, "section", "leave"), http.StatusUnprocessableEntity, "An app always has an owner")
	carol.post(page, "section", "invite", "login", "bob", "role", "developer")
	want(t, bob.follow(bob.post(page, "section", "leave")), http.StatusOK, "You gave up your role", "You have a role in 1 app")
	if got := w.app(id).Role(bobID); got != "" {
		t.Errorf("bob is %q, want none", got)
	}
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, first := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	page := "/apps/" + id + "/keys"
	w.clock.Advance(time.Second) // ids sort by time
	got := alice.post(page, "section", "new", "label", "November", "until", "2026-11-21")
	want(t, got, http.StatusOK, "it is shown only once", "November", "21 Nov 2026")
	key := w.app(id).Keys[1]
	if want := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC); !key.ExpiresAt.Equal(want) {
		t.Errorf("expires %v, want %v", key.ExpiresAt, want)
	}
	want(t, alice.get("/apps/"+id+"/notices"), http.StatusOK, "The last day of the key November is 21 Nov 2026")
	want(t, alice.get("/apps/"+id), http.StatusOK, `Notifications <span class="tag heed">1</span>`)
	w.clock.Advance(24 * time.Hour)
	want(t, alice.get(page), http.StatusOK, `<span class="tag stop">expired</span>`)
	want(t, alice.get("/apps/"+id+"/notices"), http.StatusOK, "The key November was good until 21 Nov 2026")
	oldest := w.app(id).Keys[0].ID
	for range 2 { // the second time it is gone already
		want(t, alice.follow(alice.post(page, "section", "delete", "key", oldest)), http.StatusOK, "The key is deleted")
		if w.db.CheckAppSecret(w.app(id), first) || len(w.app(id).Keys) != 1 {
			t.Fatalf("keys = %+v", w.app(id).Keys)
		}
	}
	alice = w.as("alice") // a key is made only by who signed in not long ago
	want(t, alice.post("/apps/spa/keys", "section", "new"), http.StatusUnprocessableEntity, "This app has no access keys")
	want(t, alice.get("/apps/spa/keys"), http.StatusOK, "This app has no access keys")
}

// TestAddIt walks from the number that a person was shown to the address that is added.
func TestAddIt(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	want(t, alice.get("/apps/"+id+"/events"), http.StatusOK, "No attempts since this server started")
	refused := []string{"https://buoys.example/cb2", "http://buoys.example/cb"}
	for i, uri := range refused {
		w.db.Record(storage.Event{AppID: id, ID: "E-4K7Q-02M" + string(rune('D'+i)), Endpoint: "authorize", Result: "invalid_request",
			Description: "redirect_uri <is> not registered", Key: "redirect_uri_unregistered", Came: uri, RedirectURI: uri, Address: "192.0.2.7"})
	}
	w.db.Record(storage.Event{AppID: id, ID: "E-1", Endpoint: "endsession", Result: "invalid_request", RedirectURI: "https://buoys.example/bye"})
	w.db.Record(storage.Event{AppID: id, ID: "TOKEN1", Endpoint: "token", Grant: "authorization_code", Result: "ok", UserID: w.user("bob").ID})

	log := alice.get("/apps/" + id + "/events")
	want(t, log, http.StatusOK, "E-4K7Q-02MD", "redirect_uri &lt;is&gt; not registered", refused[0], "Correct it in the client", "TOKEN1", "Bob")
	found := alice.get("/apps/" + id + "/events?q=e-4k7q-02md")
	want(t, found, http.StatusOK, "E-4K7Q-02MD")
	wantNot(t, found, "E-4K7Q-02ME", "TOKEN1")
	want(t, alice.get("/apps/"+id+"/events?q=E-0"), http.StatusOK, "There is no such number here")

	view := alice.get("/apps/" + id)
	want(t, view, http.StatusOK, `name="add" value="https://buoys.example/cb2"`, `name="add_logout" value="https://buoys.example/bye"`,
		"http://buoys.example/cb</code><br>The address must begin with https://")
	wantNot(t, view, `value="http://buoys.example/cb"`)
	want(t, alice.get("/apps/"+id+"/notices"), http.StatusOK, `name="add" value="https://buoys.example/cb2"`, "?q=E-4K7Q-02MD")

	for range 2 {
		want(t, alice.follow(alice.post("/apps/"+id, "add", refused[0])), http.StatusOK, "The address is added")
	}
	want(t, alice.follow(alice.post("/apps/"+id, "add_logout", "https://buoys.example/bye")), http.StatusOK, "The address is added")
	want(t, alice.post("/apps/"+id, "add", refused[1]), http.StatusUnprocessableEntity, "could not be added", "must begin with https")
	want(t, alice.post("/apps/"+id, "add", "https://never.came.example/cb"), http.StatusUnprocessableEntity, "could not be added")
	app := w.app(id)
	if got := slices.Concat(app.RedirectURIs, app.PostLogoutURIs); !slices.Equal(got, []string{"https://buoys.example/cb", refused[0], "https://buoys.example/bye"}) {
		t.Errorf("URIs = %q", got)
	}
	wantNot(t, alice.get("/apps/"+id), `name="add" value="https://buoys.example/cb2"`)
}

func TestDeleteApp(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	want(t, alice.get("/apps/demo"), http.StatusOK, "0 people lose their way in.", "Type <code>Demo</code> to confirm")
	want(t, alice.post("/apps/demo", "section", "delete", "confirm", "demo"), http.StatusUnprocessableEntity, "Nothing was deleted")
	want(t, alice.post("/apps/service", "section", "delete", "confirm", "Reports service"), http.StatusUnprocessableEntity, "which this app owns")
	want(t, alice.follow(alice.post("/apps/demo", "section", "delete", "confirm", " Demo ")), http.StatusOK, "The app is deleted", "5 apps let")
	_, err := w.db.App(context.Background(), "demo")
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the app is still there: %v", err)
	}
	want(t, alice.get("/apps/demo"), http.StatusNotFound)
	russian := w.as("alice")
	russian.lang = "ru"
	want(t, russian.get("/apps/plain"), http.StatusOK, "Введите <code>Простое демо</code>")
	if got := russian.post("/apps/plain", "section", "delete", "confirm", "Простое демо"); got.to() != "/apps?done=deleted" {
		t.Errorf("answered %d to %q", got.status, got.to())
	}
}

func TestScopes(t *testing.T) {
	w := newWorld(t)
	alice, bob := w.as("alice"), w.as("bob")
	for _, path := range []string{"/scopes", "/scopes/new", "/scopes/edit?name=extern.api"} {
		want(t, bob.get(path), http.StatusForbidden)
	}
	want(t, bob.post("/scopes/new", "name", "mine", "title_en", "t", "title_ru", "t", "text_en", "t", "text_ru", "t"), http.StatusForbidden)
	want(t, bob.post("/scopes/edit?name=extern.api", "section", "delete", "confirm", "extern.api"), http.StatusForbidden)

	want(t, alice.get("/scopes"), http.StatusOK, "extern.api", `href="/apps/service"`, "built in", "/scopes/edit?name=extern.api")
	fields := []string{"name", "https://api.example/read", "title_en", "Buoys", "title_ru", "Буи", "text_en", "See buoys", "text_ru", "Видеть буи",
		"claims", "buoy_role  buoy_rank", "audience", "buoys", "app", "service"}
	want(t, alice.follow(alice.post("/scopes/new", fields...)), http.StatusOK, "Saved.", "Buoys", "/scopes/edit?name=https%3a%2f%2fapi.example%2fread")
	s, err := w.db.Scope(context.Background(), "https://api.example/read")
	if err != nil || s.AppID != "service" || s.Audience != "buoys" || !slices.Equal(s.Claims, []string{"buoy_role", "buoy_rank"}) || s.Text["ru"] != "Видеть буи" {
		t.Fatalf("scope = %+v, %v", s, err)
	}
	want(t, alice.post("/scopes/new", fields...), http.StatusUnprocessableEntity, "There is such a scope already", `value="Буи"`)
	want(t, alice.post("/scopes/new", append(fields, "x", "")[:14]...), http.StatusUnprocessableEntity)
	unowned := slices.Clone(fields)
	unowned[1], unowned[15] = "other", "nosuch"
	want(t, alice.post("/scopes/new", unowned...), http.StatusUnprocessableEntity, "There is no such app")
	unowned[1] = "a b"
	want(t, alice.post("/scopes/new", unowned...), http.StatusUnprocessableEntity, "A scope&#39;s name is")

	edit := "/scopes/edit?name=https%3A%2F%2Fapi.example%2Fread"
	want(t, alice.get(edit), http.StatusOK, `value="Видеть буи"`, "buoy_role buoy_rank")
	want(t, alice.post(edit, "title_en", "B", "title_ru", "", "text_en", "t", "text_ru", "t"), http.StatusUnprocessableEntity, "The title is missing")
	want(t, alice.follow(alice.post(edit, "title_en", "B", "title_ru", "Б", "text_en", "t", "text_ru", "т", "section", "save")), http.StatusOK, "Saved.")
	want(t, alice.post("/scopes/edit?name=email", "title_en", "Mail", "title_ru", "Почта", "text_en", "t", "text_ru", "т", "claims", "sub"), http.StatusSeeOther)
	email, _ := w.db.Scope(context.Background(), "email")
	if email.Title["en"] != "Mail" || !slices.Equal(email.Claims, []string{"email", "email_verified"}) {
		t.Errorf("email = %+v", email)
	}
	want(t, alice.get("/scopes/edit?name=nosuch"), http.StatusNotFound)
	want(t, alice.post("/scopes/edit?name=extern.api", "section", "delete", "confirm", "extern.api"), http.StatusUnprocessableEntity, "may ask for this scope")
	want(t, alice.post(edit, "section", "delete", "confirm", "no"), http.StatusUnprocessableEntity, "This is not the name")
	want(t, alice.follow(alice.post(edit, "section", "delete", "confirm", "https://api.example/read")), http.StatusOK, "The scope is deleted")
}

// TestManyScopes holds that the form of an instance with more scopes than the table shows can be sent.
func TestManyScopes(t *testing.T) {
	w := newWorld(t)
	texts := map[string]string{"en": "x", "ru": "х"}
	for i := range 80 {
		err := w.db.CreateScope(context.Background(), storage.Command, storage.Scope{Name: fmt.Sprintf("s%02d", i), Title: texts, Text: texts})
		if err != nil {
			t.Fatal(err)
		}
	}
	alice := w.as("alice")
	got := alice.get("/apps/demo/authorization")
	want(t, got, http.StatusOK, `name="more"`)
	fields := []string{"section", "scopes", "more", "s79"}
	for _, m := range regexp.MustCompile(`name="scope\.([^"]+)"`).FindAllStringSubmatch(got.body, -1) {
		fields = append(fields, "scope."+m[1], "", "offline", m[1])
	}
	if len(fields) != 2*(2+2*scopesShown) {
		t.Fatalf("%d rows, want %d", (len(fields)-4)/4, scopesShown)
	}
	want(t, alice.follow(alice.post("/apps/demo/authorization", fields...)), http.StatusOK, "Saved.")
	if got := w.app("demo").Scopes; len(got) != 1 || got[0].Name != "s79" {
		t.Errorf("scopes = %+v", got)
	}
}
