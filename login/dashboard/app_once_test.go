package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// created counts what forms of alice can make.
func (w *world) created() []int {
	w.t.Helper()
	ctx := context.Background()
	apps, err := w.db.CountApps(ctx, storage.AppFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	users, err := w.db.CountUsers(ctx, storage.UserFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	tokens, err := w.db.PersonalTokens(ctx, w.user("alice").ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return []int{apps, users, len(tokens), len(w.app("demo").Keys), w.audited("link.create", w.user("bob").ID, "ok")}
}

func TestFormsThatMakeSomethingCountOnce(t *testing.T) {
	for name, form := range map[string]struct {
		page, path string
		fields     url.Values
		list       string
	}{
		"app": {"/apps/new", "/apps/new", url.Values{"name": {"Twice"}, "type": {"service"}}, "/apps"},
		"key": {"/apps/demo/keys", "/apps/demo/keys", url.Values{"section": {"new"}, "label": {"twice"}}, "/apps/demo/keys"},
		"token": {"/account/tokens/new", "/account/tokens/new", url.Values{"name": {"twice"}, "scope": {storage.ScopeMeRead}, "expires": {"7"}},
			"/account/tokens"},
		"user": {"/users/new", "/users/new", url.Values{"login": {"twice"}, "access": {"partial"}, "sign_in": {"link"}}, "/users"},
		"link": {"/users/{bob}", "/users/{bob}/link", url.Values{}, "/users/{bob}"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			alice := w.as("alice")
			named := func(path string) string { return strings.ReplaceAll(path, "{bob}", w.user("bob").ID) }
			alice.get(named(form.page))
			fields := form.fields
			fields.Set("csrf", alice.csrf)
			want(t, alice.postForm(named(form.path), fields), http.StatusOK)
			once := w.created()
			again := alice.postForm(named(form.path), fields)
			want(t, again, http.StatusConflict, "This form was sent already", `href="`+named(form.list)+`"`)
			if diff := cmp.Diff(w.created(), once); diff != "" {
				t.Errorf("sent twice, beyond the first (-got +want):\n%s", diff)
			}
			alice.get(named(form.page)) // the form anew makes another
			if fields.Set("csrf", alice.csrf); name == "user" {
				fields.Set("login", "thrice")
			}
			want(t, alice.postForm(named(form.path), fields), http.StatusOK)
			if slices.Equal(w.created(), once) {
				t.Error("the form anew made nothing")
			}
		})
	}
}

// TestRefusedFormStaysGood goes back in the browser after a mistake: the same form, mended, counts.
func TestRefusedFormStaysGood(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	alice.get("/apps/new")
	form := url.Values{"csrf": {alice.csrf}, "name": {""}, "type": {"service"}}
	want(t, alice.postForm("/apps/new", form), http.StatusUnprocessableEntity)
	form.Set("name", "Mended")
	want(t, alice.postForm("/apps/new", form), http.StatusOK, "Mended")
}

func TestSentFormsAreBounded(t *testing.T) {
	var sent sentForms
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for i := range sentMost + 5 {
		if !sent.take(fmt.Sprint(i), at) {
			t.Fatalf("form %d was taken already", i)
		}
	}
	if got := len(sent.known); got != sentMost {
		t.Errorf("%d forms are remembered, want %d", got, sentMost)
	}
	if sent.take(fmt.Sprint(sentMost+4), at.Add(sentAge-time.Second)) {
		t.Error("the newest was forgotten")
	}
	if !sent.take(fmt.Sprint(sentMost+4), at.Add(sentAge)) {
		t.Error("it is remembered for longer than its page holds")
	}
	if got := len(sent.known); got != 1 {
		t.Errorf("%d forms are remembered, want the newest alone", got)
	}
}

// TestInviteSomebodyWithRole keeps the role and says where it is changed.
func TestInviteSomebodyWithRole(t *testing.T) {
	w := newWorld(t)
	for login, role := range map[string]storage.Role{"bob": storage.RoleDeveloper, "alice": storage.RoleOwner} {
		got := w.as("alice").post("/apps/demo/developers", "section", "invite", "login", login, "role", "viewer", "phone", "+7 921 555-07-18")
		want(t, got, http.StatusUnprocessableEntity, "already has a role; change it above", `value="`+login+`"`, `value="&#43;7 921 555-07-18"`)
		if is := w.app("demo").Role(w.user(login).ID); is != role {
			t.Errorf("%s has the role %q, want %q", login, is, role)
		}
	}
}
