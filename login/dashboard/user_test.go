package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

var linkShown = regexp.MustCompile(`http://localhost:9998/welcome\?link=(propusk_link_[A-Za-z0-9]+)`)

// TestUsersAreForAdministrators: to everybody else there are no such pages, and nothing tells whether a
// person exists.
func TestUsersAreForAdministrators(t *testing.T) {
	w := newWorld(t)
	b, alice := w.as("bob"), w.user("alice").ID
	paths := []string{"/users", "/users/new", "/users/" + alice, "/users/" + w.user("bob").ID, "/users/nobody", "/users/" + alice + "/profile",
		"/users/" + alice + "/apps/demo/remove", "/audit", "/audit/export"}
	for _, path := range paths {
		want(t, b.get(path), http.StatusNotFound)
	}
	for _, path := range []string{"/users/new", "/users/" + alice + "/profile", "/users/" + alice + "/access", "/users/" + alice + "/password", "/users/" + alice + "/link",
		"/users/" + alice + "/disable", "/users/" + alice + "/enable", "/users/" + alice + "/sessions/end", "/users/" + w.user("bob").ID + "/access"} {
		want(t, b.post(path, "access", "full", "login", "eve", "password", "a good long one"), http.StatusNotFound)
	}
	wantNot(t, b.get("/account"), `href="/users"`, `href="/audit"`)
	if u := w.user("bob"); u.Access != storage.Partial {
		t.Error("bob gave himself full access")
	}
}

func TestUsers(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		_, err := w.db.CreateUser(context.Background(), storage.Command, storage.NewUser{Login: fmt.Sprintf("guest%02d", i), Name: fmt.Sprintf("Гость %02d", i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := w.db.SetUserDisabled(context.Background(), storage.Command, w.user("carol").ID, true)
	if err != nil {
		t.Fatal(err)
	}
	b := w.as("alice")
	tests := []struct {
		query     string
		has, hasn []string
	}{
		{"", []string{"63 people", "Alice Novak", "bob@example.com", `rel="next"`, "no password yet"}, []string{"First page"}},
		{"?q=%D0%B3%D0%BE%D1%81%D1%82%D1%8C+0", []string{"10 people", "Гость 07"}, []string{"Alice Novak</a>", `rel="next"`}},
		{"?access=full", []string{"1 person", "Alice Novak</a>"}, []string{"Bob Orlov"}},
		{"?state=disabled", []string{"1 person", "Carol Lind"}, []string{"Bob Orlov"}},
		{"?state=active&q=carol", []string{"0 people", "Nobody matches", `value="carol"`}, []string{"Carol Lind"}},
		{"?after=forged", []string{"63 people", "Alice Novak</a>"}, nil},
		{"?q=%3Cscript%3E", []string{"&lt;script&gt;"}, []string{"<script>"}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			got := b.get("/users" + tt.query)
			want(t, got, http.StatusOK, tt.has...)
			wantNot(t, got, tt.hasn...)
		})
	}
	next := regexp.MustCompile(`href="(/users\?[^"]*)" rel="next"`).FindStringSubmatch(b.get("/users?access=partial").body)
	if next == nil {
		t.Fatal("no next page")
	}
	second := b.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	want(t, second, http.StatusOK, "Гость 59", "First page", `href="/users?access=partial"`)
	wantNot(t, second, "Гость 00", "Alice Novak</a>")
}

func TestInvite(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	b.get("/users/new")
	got := b.post("/users/new", "login", "dmitri", "name", "Dmitri K", "email", "d@example.com", "access", "partial", "sign_in", "link", "password", "")
	want(t, got, http.StatusOK, "it is shown only once", "Dmitri K")
	found := linkShown.FindStringSubmatch(got.body)
	if found == nil {
		t.Fatalf("no link in\n%s", got.body)
	}
	link, u, err := w.db.LinkBySecret(context.Background(), found[1])
	if err != nil || u.Login != "dmitri" || link.Purpose != storage.LinkInvite {
		t.Errorf("the link is %+v of %+v, %v", link, u, err)
	}
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control is %q, want no-store", cache)
	}
	page := b.get("/users/" + u.ID)
	want(t, page, http.StatusOK, "There is no password yet")
	wantNot(t, page, found[1])
	if strings.Contains(w.logs.String(), found[1]) {
		t.Error("the link stands in the log")
	}
	again := b.post("/users/" + u.ID + "/link")
	want(t, again, http.StatusOK, "Sign-in link")
	_, _, err = w.db.LinkBySecret(context.Background(), found[1])
	if err == nil {
		t.Error("the earlier link still works")
	}
	recover := b.post("/users/" + w.user("bob").ID + "/link")
	want(t, recover, http.StatusOK, "all sessions and passes of this person end")
}

func TestAddUser(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	tests := []struct {
		name string
		form []string
		says string
	}{
		{"login taken", []string{"login", "BOB", "name", "Kept", "sign_in", "link"}, "Somebody else has this login"},
		{"e-mail taken", []string{"login", "eve", "name", "Kept", "email", "Bob@Example.com", "sign_in", "link"}, "Somebody else has this e-mail"},
		{"no login", []string{"login", " ", "name", "Kept", "sign_in", "link"}, "The login is missing"},
		{"e-mail as login", []string{"login", "e@x", "name", "Kept", "sign_in", "link"}, "A login holds no @"},
		{"weak password", []string{"login", "eve", "name", "Kept", "sign_in", "password", "password", "abc"}, "shorter than 8"},
		{"no password", []string{"login", "eve", "name", "Kept", "sign_in", "password", "password", ""}, "shorter than 8"},
		{"odd access", []string{"login", "eve", "name", "Kept", "access", "root", "sign_in", "link"}, "either full or partial"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.get("/users/new")
			got := b.post("/users/new", tt.form...)
			want(t, got, http.StatusUnprocessableEntity, tt.says, `value="Kept"`)
			wantNot(t, got, `value="abc"`, "propusk_link_")
		})
	}
	got := b.follow(b.post("/users/new", "login", "eve", "name", "Eve", "access", "full", "sign_in", "password", "password", "a good long one"))
	want(t, got, http.StatusOK, "The person is added.", "Eve", "full access")
	if ok, _ := w.db.CheckPassword(w.user("eve"), "a good long one"); !ok {
		t.Error("the password does not fit")
	}
}

func TestEditUser(t *testing.T) {
	w := newWorld(t)
	b, bob := w.as("alice"), w.user("bob")
	path := "/users/" + bob.ID + "/profile"
	page := b.get(path)
	want(t, page, http.StatusOK, "Bob Orlov: data", `name="login"`, `name="claims"`, `name="email_verified" value="true" checked`)
	form := func(change ...string) url.Values {
		f := url.Values{"csrf": {b.csrf}, "login": {"bob"}, "name": {"Bob Orlov"}, "email": {"bob@example.com"}, "email_verified": {"true"}, "given_name": {"Bob"}}
		for i := 0; i < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return f
	}
	claims := "berth: 14\nshift: night\nteams: [\"a\", \"b\"]\nurn:x:level: \"7\"\ncode: \"true\"\n\n"
	got := b.postForm(path, form("phone_number", "+7 921", "phone_number_verified", "true", "name#ru", "Борис", "claims", claims))
	want(t, b.follow(got), http.StatusOK, "Saved.", "Борис", "berth", "night")
	wantClaims := map[string]any{
		"given_name": "Bob", "family_name": "Orlov", "locale": "en", "name#ru": "Борис", "phone_number": "+7 921", "phone_number_verified": true,
		"berth": 14.0, "shift": "night", "teams": []any{"a", "b"}, "urn:x:level": "7", "code": "true",
	}
	if diff := cmp.Diff(wantClaims, w.user("bob").Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	// What the form shows is what it would store again.
	want(t, b.get(path), http.StatusOK, "berth: 14\ncode: &#34;true&#34;\nshift: night\nteams: [&#34;a&#34;,&#34;b&#34;]\nurn:x:level: &#34;7&#34;</textarea>")

	tests := []struct {
		name   string
		change []string
		says   string
	}{
		{"login of another", []string{"login", "alice"}, "Somebody else has this login"},
		{"e-mail of another", []string{"email", "alice@example.com"}, "Somebody else has this e-mail"},
		{"no colon", []string{"claims", "role admin"}, "Write one “name: value” per line"},
		{"twice", []string{"claims", "a: 1\na: 2"}, "Write one “name: value” per line"},
		{"a claim with a field", []string{"claims", "given_name: Eve"}, "Write one “name: value” per line"},
		{"of the protocol", []string{"claims", "iss: https://evil.example"}, "propusk itself sets the claim"},
		{"null", []string{"claims", "a: null"}, "wrong type"},
		{"odd date", []string{"birthdate", "12.04.1988"}, "Write the date as"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.get(path)
			got := b.postForm(path, form(append(tt.change, "nickname", "Kept")...))
			want(t, got, http.StatusUnprocessableEntity, tt.says, `value="Kept"`)
		})
	}
	if diff := cmp.Diff(wantClaims, w.user("bob").Claims); diff != "" {
		t.Errorf("a refused form changed claims (-want +got):\n%s", diff)
	}
}

func TestAddressInFull(t *testing.T) {
	tests := []struct {
		name string
		old  map[string]any
		form url.Values
		want any
	}{
		{"made of its parts", nil, url.Values{"address.street_address": {"Quay 1"}, "address.locality": {"Tomsk"}, "address.formatted": {""}},
			map[string]any{"street_address": "Quay 1", "locality": "Tomsk", "formatted": "Quay 1\nTomsk"}},
		{"made anew when a part changes", map[string]any{"locality": "Tomsk", "formatted": "Tomsk, the old one"},
			url.Values{"address.street_address": {""}, "address.locality": {"Omsk"}, "address.formatted": {"Tomsk, the old one"}},
			map[string]any{"locality": "Omsk", "formatted": "Omsk"}},
		{"left as it is", map[string]any{"locality": "Tomsk", "formatted": "Tomsk!"},
			url.Values{"address.street_address": {""}, "address.locality": {"Tomsk"}, "address.formatted": {"Tomsk!"}},
			map[string]any{"locality": "Tomsk", "formatted": "Tomsk!"}},
		{"written by hand", map[string]any{"locality": "Tomsk", "formatted": "Tomsk!"},
			url.Values{"address.street_address": {""}, "address.locality": {"Omsk"}, "address.formatted": {"Omsk?"}},
			map[string]any{"locality": "Omsk", "formatted": "Omsk?"}},
		{"gone", map[string]any{"locality": "Tomsk", "formatted": "Tomsk"},
			url.Values{"address.street_address": {""}, "address.locality": {""}, "address.formatted": {"Tomsk"}}, nil},
		{"not in the form", map[string]any{"locality": "Tomsk"}, url.Values{}, map[string]any{"locality": "Tomsk"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := &storage.User{Claims: map[string]any{}}
			if tt.old != nil {
				u.Claims["address"] = tt.old
			}
			err := applyAddress(u, "address", tt.form)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, u.Claims["address"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLastAdministrator(t *testing.T) {
	w := newWorld(t)
	b, alice := w.as("alice"), w.user("alice").ID
	for path, form := range map[string][]string{"/access": {"access", "partial"}, "/disable": nil} {
		b.get("/users/" + alice)
		got := b.post("/users/"+alice+path, form...)
		want(t, got, http.StatusUnprocessableEntity, "This is the last administrator who can sign in")
	}
	want(t, b.follow(b.post("/users/"+w.user("bob").ID+"/access", "access", "full")), http.StatusOK, "Saved.", "full access")
	got := b.post("/users/"+alice+"/access", "access", "partial")
	if got.to() != "/account?done=saved" {
		t.Errorf("went to %q, want the account: there are no users for alice any more", got.to())
	}
	want(t, b.get("/users"), http.StatusNotFound)
}

func TestDisableUser(t *testing.T) {
	w := newWorld(t)
	w.allow("bob", "demo", "openid", "profile")
	secret, _, _ := w.token("bob", "", "me.read")
	b, bob := w.as("alice"), w.as("bob")
	at := "/users/" + w.user("bob").ID
	want(t, b.get(at), http.StatusOK, "1 session ends.", "1 app loses its access.", "1 token stops working.", `href="/apps/demo"`, "developer")
	want(t, b.follow(b.post(at+"/disable")), http.StatusOK, "The person is disabled", "Enable Bob Orlov")
	if got := bob.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("a disabled person sees the account: %d", got.status)
	}
	_, _, err := w.db.PersonalTokenBySecret(context.Background(), secret)
	if err == nil {
		t.Error("a token of a disabled person works")
	}
	want(t, b.follow(b.post(at+"/enable")), http.StatusOK, "The person is enabled.")
	if got := bob.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("an ended session came back: %d", got.status)
	}
	if n := w.audited("user.disable", w.user("bob").ID, "ok"); n != 1 {
		t.Errorf("%d audit entries, want 1", n)
	}
}

func TestThingsOfAnother(t *testing.T) {
	w := newWorld(t)
	w.allow("bob", "demo", "openid", "profile")
	_, token, _ := w.token("bob", "", "me.read")
	b, bob, carol := w.as("alice"), w.as("bob"), w.as("carol")
	ofBob, ofCarol := "/users/"+w.user("bob").ID, "/users/"+w.user("carol").ID
	for _, path := range []string{ofCarol + "/sessions/" + bob.session + "/end", ofCarol + "/apps/demo/remove", ofCarol + "/tokens/" + token + "/revoke",
		"/users/nobody/disable", ofBob + "/sessions/" + carol.session + "/end"} {
		b.get(ofBob)
		want(t, b.post(path), http.StatusNotFound)
	}
	want(t, bob.get("/account"), http.StatusOK)
	want(t, b.get(ofBob+"/apps/demo/remove"), http.StatusOK, "It was given by Bob Orlov.")
	want(t, b.follow(b.post(ofBob+"/apps/demo/remove")), http.StatusOK, "The pass is removed")
	want(t, b.follow(b.post(ofBob+"/tokens/"+token+"/revoke")), http.StatusOK, "The token is revoked")
	want(t, b.follow(b.post(ofBob+"/sessions/"+bob.session+"/end")), http.StatusOK, "The session has ended.", "signed in nowhere")
	w.as("bob")
	want(t, b.follow(b.post(ofBob+"/sessions/end")), http.StatusOK, "signed in nowhere")
	want(t, b.follow(b.post("/users/"+w.user("alice").ID+"/sessions/end")), http.StatusOK, "this session")
}

func TestSetPassword(t *testing.T) {
	w := newWorld(t)
	b, bob := w.as("alice"), w.as("bob")
	at := "/users/" + w.user("bob").ID
	b.get(at)
	got := b.post(at+"/password", "password", "bob")
	want(t, got, http.StatusUnprocessableEntity, "shorter than 8")
	want(t, b.follow(b.post(at+"/password", "password", "a good long one")), http.StatusOK, "Saved.")
	if got := bob.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("bob's session outlives the new password: %d", got.status)
	}
}
