package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestGetUser(t *testing.T) {
	w := newWorld(t)
	got := w.call(w.token(alice), http.MethodGet, "/users/"+alice, nil).want(http.StatusOK).object()
	for _, name := range []string{"created_at", "updated_at"} {
		text, _ := got[name].(string)
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		delete(got, name)
	}
	want := map[string]any{
		"sub": alice, "login": "alice", "access": "full", "disabled": false, "name": "Alice Novak", "name#ru": "Алиса Новикова",
		"email": "alice@example.com", "email_verified": true, "given_name": "Alice", "given_name#ru": "Алиса", "family_name": "Novak",
		"family_name#ru": "Новикова", "middle_name": "Maria", "nickname": "Ally", "preferred_username": "alice",
		"profile": "https://example.com/people/alice", "picture": "https://example.com/people/alice.png", "website": "https://alice.example.com/",
		"gender": "female", "birthdate": "1988-04-12", "zoneinfo": "Europe/Moscow", "locale": "en-GB", "phone_number": "+7 921 555-01-42",
		"phone_number_verified": true,
		"address": map[string]any{"formatted": "12 Harbour St\nSaint Petersburg 199034\nRussia", "street_address": "12 Harbour St",
			"locality": "Saint Petersburg", "region": "Saint Petersburg", "postal_code": "199034", "country": "Russia"},
		"address#ru": map[string]any{"formatted": "199034, Санкт-Петербург, Морская наб., 12", "street_address": "Морская наб., 12",
			"locality": "Санкт-Петербург", "region": "Санкт-Петербург", "postal_code": "199034", "country": "Россия"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alice (-want +got):\n%s", diff)
	}
}

func TestCreateUser(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	body := map[string]any{"login": "dave", "password": "correct horse battery", "name": "Dave", "email": "dave@example.com",
		"locale": "ru", "address": map[string]any{"country": "Russia"}, "claims": map[string]any{"department": "Harbour", "name#de": "David"}}
	made := w.call(token, http.MethodPost, "/users", body).want(http.StatusCreated)
	user := made.object()
	sub, _ := user["sub"].(string)
	if got, want := made.header.Get("Location"), "/api/v1/users/"+sub; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	if strings.Contains(made.text, "correct horse") {
		t.Error("the password is answered")
	}
	for _, name := range []string{"sub", "created_at", "updated_at"} {
		delete(user, name)
	}
	want := map[string]any{"login": "dave", "name": "Dave", "email": "dave@example.com", "email_verified": false, "access": "partial",
		"disabled": false, "locale": "ru", "address": map[string]any{"country": "Russia"},
		"claims": map[string]any{"department": "Harbour", "name#de": "David"}}
	if diff := cmp.Diff(want, user); diff != "" {
		t.Errorf("dave (-want +got):\n%s", diff)
	}
	u, err := w.db.User(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := w.db.CheckPassword(u, "correct horse battery"); !ok {
		t.Error("the password does not work")
	}
	tests := []struct {
		name   string
		body   map[string]any
		status int
		wrong  string
	}{
		{"no login", map[string]any{"name": "x"}, http.StatusUnprocessableEntity, "body"},
		{"login with @", map[string]any{"login": "a@b"}, http.StatusUnprocessableEntity, "body.login"},
		{"login taken", map[string]any{"login": "DAVE"}, http.StatusConflict, ""},
		{"e-mail taken", map[string]any{"login": "x1", "email": "Dave@Example.com"}, http.StatusConflict, ""},
		{"short password", map[string]any{"login": "x2", "password": "short"}, http.StatusUnprocessableEntity, "body.password"},
		{"chosen sub", map[string]any{"login": "x3", "sub": bob}, http.StatusUnprocessableEntity, "body.sub"},
		{"wrong access", map[string]any{"login": "x4", "access": "root"}, http.StatusUnprocessableEntity, "body.access"},
		{"claim of the protocol", map[string]any{"login": "x5", "claims": map[string]any{"aud": "x"}}, http.StatusUnprocessableEntity, "body.claims"},
		{"standard claim below", map[string]any{"login": "x6", "claims": map[string]any{"locale": "x"}}, http.StatusUnprocessableEntity, "body.claims.locale"},
		{"password as a number", map[string]any{"login": "x7", "password": 12345678}, http.StatusUnprocessableEntity, "body.password"},
		{"invited with a password", map[string]any{"login": "x8", "password": "correct horse battery", "invite": true}, http.StatusUnprocessableEntity, "body.invite"},
		{"password_hash", map[string]any{"login": "x9", "password_hash": "x"}, http.StatusUnprocessableEntity, "body.password_hash"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := w.call(token, http.MethodPost, "/users", test.body).want(test.status)
			if test.wrong != "" {
				if diff := cmp.Diff([]string{test.wrong}, got.wrong()); diff != "" {
					t.Errorf("places (-want +got):\n%s", diff)
				}
			}
			if strings.Contains(got.text, "12345678") || strings.Contains(got.text, "short\"") || strings.Contains(got.text, "horse") {
				t.Errorf("the answer repeats a password: %s", got.text)
			}
		})
	}
}

func TestInviteUser(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	user := w.call(token, http.MethodPost, "/users", map[string]any{"login": "erin", "invite": true}).want(http.StatusCreated).object()
	text, _ := user["invite_url"].(string)
	invite, err := url.Parse(text)
	if err != nil || !strings.HasPrefix(text, "http://localhost:9998/welcome?link=propusk_link_") {
		t.Fatalf("invite_url %q: %v", text, err)
	}
	sub, _ := user["sub"].(string)
	if again := w.call(token, http.MethodGet, "/users/"+sub, nil).want(http.StatusOK).object(); again["invite_url"] != nil {
		t.Error("the link is shown again")
	}
	u, err := w.db.UseLink(t.Context(), invite.Query().Get("link"), "correct horse battery", "")
	if err != nil || u.ID != sub {
		t.Errorf("the link does not work: %v", err)
	}
	// A token cannot make a link for somebody who is there already: that would be a way into the account.
	w.call(token, http.MethodPatch, "/users/"+bob, map[string]any{"invite": true}).want(http.StatusUnprocessableEntity)
	w.call(token, http.MethodPatch, "/users/"+bob, map[string]any{"password": "correct horse battery"}).want(http.StatusUnprocessableEntity)
}

func TestPatchUser(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	before := w.call(token, http.MethodGet, "/users/"+bob, nil).want(http.StatusOK).object()
	steps := []struct {
		name  string
		patch map[string]any
		want  map[string]any // nil: gone
	}{
		{"claims", map[string]any{"nickname": "Bobby", "address": map[string]any{"country": "Russia", "region": "Tomsk"}, "claims": map[string]any{"department": "Port", "floor": 3}},
			map[string]any{"nickname": "Bobby", "address": map[string]any{"country": "Russia", "region": "Tomsk"}, "claims": map[string]any{"department": "Port", "floor": 3.0}}},
		{"merged", map[string]any{"address": map[string]any{"region": nil, "locality": "Tomsk"}, "claims": map[string]any{"floor": nil}},
			map[string]any{"address": map[string]any{"country": "Russia", "locality": "Tomsk"}, "claims": map[string]any{"department": "Port"}}},
		{"away", map[string]any{"nickname": nil, "address": nil, "claims": nil, "name#ru": nil, "email": nil},
			map[string]any{"nickname": nil, "address": nil, "claims": nil, "name#ru": nil, "email": "", "email_verified": false}},
		{"e-mail", map[string]any{"email": "bob@port.example", "email_verified": true}, map[string]any{"email": "bob@port.example", "email_verified": true}},
		{"other e-mail", map[string]any{"email": "bob2@port.example"}, map[string]any{"email": "bob2@port.example", "email_verified": false}},
		{"phone", map[string]any{"phone_number": "+7 1", "phone_number_verified": true}, map[string]any{"phone_number": "+7 1", "phone_number_verified": true}},
		{"other phone", map[string]any{"phone_number": "+7 2"}, map[string]any{"phone_number": "+7 2", "phone_number_verified": nil}},
		{"access", map[string]any{"access": "full"}, map[string]any{"access": "full"}},
		{"disabled", map[string]any{"disabled": true, "name": "Robert"}, map[string]any{"disabled": true, "name": "Robert"}},
		{"enabled", map[string]any{"disabled": false}, map[string]any{"disabled": false}},
	}
	for _, step := range steps {
		got := w.call(token, http.MethodPatch, "/users/"+bob, step.patch).want(http.StatusOK).object()
		for name, value := range step.want {
			if value == nil {
				delete(before, name)
			} else {
				before[name] = value
			}
		}
		before["updated_at"] = got["updated_at"]
		if diff := cmp.Diff(before, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		stored := w.call(token, http.MethodGet, "/users/"+bob, nil).want(http.StatusOK).object()
		if diff := cmp.Diff(got, stored); diff != "" {
			t.Errorf("%s: answered otherwise than stored (-answered +stored):\n%s", step.name, diff)
		}
	}
	refused := []struct {
		name   string
		sub    string
		patch  map[string]any
		status int
	}{
		{"login away", bob, map[string]any{"login": nil}, http.StatusUnprocessableEntity},
		{"access away", bob, map[string]any{"access": nil}, http.StatusUnprocessableEntity},
		{"own access", alice, map[string]any{"access": "partial"}, http.StatusForbidden},
		{"login taken", bob, map[string]any{"login": "carol"}, http.StatusConflict},
		{"login taken and disabled", bob, map[string]any{"login": "carol", "disabled": true}, http.StatusConflict},
		{"sub", bob, map[string]any{"sub": carol}, http.StatusUnprocessableEntity},
		{"wrong type", bob, map[string]any{"locale": 7}, http.StatusUnprocessableEntity},
		{"unknown", "nonesuch", map[string]any{"name": "x"}, http.StatusNotFound},
	}
	for _, r := range refused {
		t.Run(r.name, func(t *testing.T) {
			w.call(token, http.MethodPatch, "/users/"+r.sub, r.patch).want(r.status)
		})
	}
	if u, err := w.db.User(t.Context(), bob); err != nil || u.Disabled() || u.Login != "bob" { // refused as a whole
		t.Errorf("bob is %+v, %v", u, err)
	}
	// The claims of the cache are not those that were merged into.
	u, err := w.db.User(t.Context(), alice)
	if err != nil || u.Claims["address"].(map[string]any)["country"] != "Russia" {
		t.Errorf("alice's address: %v, %v", u.Claims["address"], err)
	}
}

func TestListUsers(t *testing.T) {
	w := newWorld(t)
	token := w.token(alice)
	tests := []struct {
		query string
		want  []any
	}{
		{"", []any{"alice", "bob", "carol"}},
		{"q=ORLOV", []any{"bob"}},
		{"access=full", []any{"alice"}},
		{"disabled=true", []any{}},
		{"disabled=false&limit=2", []any{"alice", "bob"}},
	}
	for _, test := range tests {
		items, _ := w.call(token, http.MethodGet, "/users?"+test.query, nil).want(http.StatusOK).items()
		if diff := cmp.Diff(test.want, column(items, "login")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.query, diff)
		}
	}
	_, next := w.call(token, http.MethodGet, "/users?limit=2", nil).want(http.StatusOK).items()
	items, _ := w.call(token, http.MethodGet, "/users?limit=2&cursor="+next, nil).want(http.StatusOK).items()
	if diff := cmp.Diff([]any{"carol"}, column(items, "login")); diff != "" {
		t.Errorf("second page (-want +got):\n%s", diff)
	}
}

func TestMe(t *testing.T) {
	w := newWorld(t)
	token := w.token(bob)
	before := w.call(token, http.MethodGet, "/me", nil).want(http.StatusOK).object()
	if before["sub"] != bob || before["login"] != "bob" {
		t.Errorf("me: %v", before)
	}
	got := w.call(token, http.MethodPatch, "/me", map[string]any{"nickname": "Bobby", "name#ru": nil, "address": map[string]any{"country": "Russia"}, "phone_number": "+7 1"}).want(http.StatusOK).object()
	delete(before, "name#ru")
	before["nickname"], before["address"], before["phone_number"] = "Bobby", map[string]any{"country": "Russia"}, "+7 1"
	before["updated_at"] = got["updated_at"]
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("me (-want +got):\n%s", diff)
	}
	for _, patch := range []map[string]any{{"access": "full"}, {"login": "root"}, {"email": "boss@example.com"}, {"email_verified": false},
		{"phone_number_verified": true}, {"disabled": true}, {"claims": map[string]any{"role": "admin"}}, {"nickname": "x", "access": "partial"}} {
		w.call(token, http.MethodPatch, "/me", patch).want(http.StatusForbidden)
	}
	for _, patch := range []map[string]any{{"sub": alice}, {"role": "admin"}, {"password": "correct horse battery"}, {"nickname": 7}} {
		w.call(token, http.MethodPatch, "/me", patch).want(http.StatusUnprocessableEntity)
	}
	if after := w.call(token, http.MethodGet, "/me", nil).want(http.StatusOK).object(); cmp.Diff(got, after) != "" {
		t.Errorf("a refused change has changed something (-want +got):\n%s", cmp.Diff(got, after))
	}
	// Also an administrator's token changes only this much here.
	w.call(w.token(alice), http.MethodPatch, "/me", map[string]any{"access": "partial"}).want(http.StatusForbidden)
}

func TestMeGrantsSessionsTokens(t *testing.T) {
	w := newWorld(t)
	token, id := w.tokenAndID(bob)
	other := w.token(alice)
	err := w.db.Decide(t.Context(), storage.Actor{Kind: storage.ActorUser, ID: bob}, "demo", []storage.Consent{{Scope: "openid", Granted: true}, {Scope: "email", Granted: true}, {Scope: "phone"}})
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := w.db.StartSession(t.Context(), storage.NewSession{UserID: bob, ACR: "1", AMR: []string{"pwd"}, Address: "192.0.2.7", UserAgent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	grants, _ := w.call(token, http.MethodGet, "/me/grants", nil).want(http.StatusOK).items()
	if len(grants) != 1 || grants[0]["id"] != "demo" || grants[0]["client_name"] != "Demo" || grants[0]["scope"] != "email openid" || grants[0]["offline"] != false {
		t.Errorf("grants %v", grants)
	}
	sessions, _ := w.call(token, http.MethodGet, "/me/sessions", nil).want(http.StatusOK).items()
	if len(sessions) != 1 || sessions[0]["id"] != session.ID || sessions[0]["address"] != "192.0.2.7" {
		t.Errorf("sessions %v", sessions)
	}
	tokens, _ := w.call(token, http.MethodGet, "/me/tokens", nil).want(http.StatusOK).items()
	if len(tokens) != 1 || tokens[0]["id"] != id || tokens[0]["client_id"] != nil || tokens[0]["name"] != "test" ||
		tokens[0]["scope"] != "apps.read apps.write me.read me.write" || tokens[0]["prefix"] != token[:16] {
		t.Errorf("tokens %v", tokens)
	}
	for _, path := range []string{"/me/grants/demo", "/me/sessions/" + session.ID, "/me/tokens/" + id} {
		w.call(other, http.MethodDelete, path, nil).want(http.StatusNotFound)
		w.call(w.token(bob, storage.ScopeMeRead), http.MethodDelete, path, nil).want(http.StatusForbidden)
		w.call(token, http.MethodDelete, path, nil).want(http.StatusNoContent)
	}
	fresh := w.token(bob)
	for _, path := range []string{"/me/grants", "/me/sessions"} {
		items, _ := w.call(fresh, http.MethodGet, path, nil).want(http.StatusOK).items()
		if len(items) != 0 {
			t.Errorf("%s: %v", path, items)
		}
		w.call(fresh, http.MethodDelete, path+"/nonesuch", nil).want(http.StatusNotFound)
	}
}
