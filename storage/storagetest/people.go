package storagetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func testNames(t *testing.T, w *world) {
	for _, spelling := range []string{"alice", "ALICE", " alice ", "ａｌｉｃｅ", "alice@example.com", "Alice@EXAMPLE.com"} {
		u, err := w.db.UserByName(w.ctx, spelling)
		if err != nil || u.Name != "Alice Novak" {
			t.Errorf("%q: got %v, %v", spelling, u, err)
		}
	}
	for _, unknown := range []string{"", "alic", "alice@", "nobody", "@", "alice'--"} {
		_, err := w.db.UserByName(w.ctx, unknown)
		w.category(err, storage.ErrNotFound)
	}
	for name, n := range map[string]storage.NewUser{
		"login":  {Login: "Ａlice"},
		"e-mail": {Login: "other", Email: "ALICE@example.com"},
		"id":     {Login: "other", ID: w.user("bob").ID},
	} {
		_, err := w.db.CreateUser(w.ctx, storage.Command, n)
		if err == nil {
			t.Errorf("%s taken twice", name)
			continue
		}
		w.category(err, storage.ErrConflict)
	}
	for want, n := range map[string]storage.NewUser{
		"login_missing":   {Login: " "},
		"login_at":        {Login: "a@b"},
		"login_invalid":   {Login: "a b"},
		"email_invalid":   {Login: "x", Email: "a@b@c"},
		"name_invalid":    {Login: "x", Name: "evil\u202egnp"},
		"access_invalid":  {Login: "x", Access: "root"},
		"claim_reserved":  {Login: "x", Claims: map[string]any{"sub": "alice"}},
		"claim_name":      {Login: "x", Claims: map[string]any{"a b": 1}},
		"claim_type":      {Login: "x", Claims: map[string]any{"phone_number_verified": "yes"}},
		"user_id_invalid": {Login: "x", ID: "short"},
		"password_short":  {Login: "x", Password: "1234567"},
	} {
		_, err := w.db.CreateUser(w.ctx, storage.Command, n)
		w.reason(err, want)
	}
	_, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: "x", Claims: map[string]any{"name#ru": "Икс", "team": "a"}})
	w.must(err)
}

func testUserChanges(t *testing.T, w *world) {
	bob := w.user("bob")
	w.user("bob@example.com") // both names are cached now
	changed, err := w.db.UpdateUser(w.ctx, storage.Command, bob.ID, func(u *storage.User) error {
		u.Login, u.Email, u.ID = "robert", "robert@example.com", "stolen"
		u.Claims["nickname"] = "Rob"
		return nil
	})
	w.must(err)
	if changed.ID != bob.ID || changed.Claims["nickname"] != "Rob" || bob.Claims["nickname"] != nil {
		t.Errorf("got %+v, want the same id and a copy of the claims", changed)
	}
	for _, old := range []string{"bob", "bob@example.com"} {
		_, err = w.db.UserByName(w.ctx, old)
		w.category(err, storage.ErrNotFound)
	}
	for _, now := range []string{"robert", "robert@example.com"} {
		if got := w.user(now).ID; got != bob.ID {
			t.Errorf("%s: got %s, want %s", now, got, bob.ID)
		}
	}
	_, err = w.db.UpdateUser(w.ctx, storage.Command, bob.ID, func(u *storage.User) error { u.Login = "ALICE"; return nil })
	w.category(err, storage.ErrConflict)
	_, err = w.db.UpdateUser(w.ctx, storage.Command, "nobody", func(*storage.User) error { return nil })
	w.category(err, storage.ErrNotFound)
	if got := w.user("robert").Login; got != "robert" {
		t.Errorf("after a refused change: got login %q, want robert", got)
	}
}

func testUserPages(t *testing.T, w *world) {
	for i := range 7 {
		_, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: fmt.Sprintf("p%d", i), Name: "Percent 100%_Ё"})
		w.must(err)
	}
	var got []string
	for after := ""; ; {
		list, next, err := w.db.Users(w.ctx, storage.UserFilter{Query: "100%_ё", Limit: 3, After: after})
		w.must(err)
		for _, u := range list {
			got = append(got, u.Login)
		}
		if next == "" {
			break
		}
		after = next
	}
	if diff := cmp.Diff([]string{"p0", "p1", "p2", "p3", "p4", "p5", "p6"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	list, _, err := w.db.Users(w.ctx, storage.UserFilter{Query: "100%x"})
	w.must(err)
	if len(list) != 0 {
		t.Errorf("a percent sign in the query matched %d people", len(list))
	}
	_, _, err = w.db.Users(w.ctx, storage.UserFilter{After: "') --"})
	w.reason(err, "cursor_invalid")
}

func testPassword(t *testing.T, w *world) {
	alice, carol := w.user("alice"), w.user("carol")
	nobody, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: "robot"})
	w.must(err)
	for _, c := range []struct {
		name     string
		user     *storage.User
		password string
		want     bool
	}{
		{"right", alice, "alice", true},
		{"wrong", alice, "Alice", false},
		{"empty", alice, "", false},
		{"another's", carol, "alice", false},
		{"unknown user", nil, "alice", false},
		{"no password", nobody, "", false},
		{"too long", alice, string(make([]byte, 257)), false},
	} {
		ok, rehash := w.db.CheckPassword(c.user, c.password)
		if ok != c.want || rehash {
			t.Errorf("%s: got %t, rehash %t, want %t, false", c.name, ok, rehash, c.want)
		}
	}
	session, secret := w.signIn("alice")
	g := w.redeemed(storage.ScopeOpenID, storage.ScopeOffline)
	w.reason(w.db.SetPassword(w.ctx, storage.Command, alice.ID, "Password1"), "password_common")
	w.lives(g.ID, true)
	w.must(w.db.SetPassword(w.ctx, storage.Command, alice.ID, "пятнадцать ключей"))
	w.lives(g.ID, false)
	_, _, err = w.db.SessionBySecret(w.ctx, secret)
	w.category(err, storage.ErrNotFound)
	if ok, _ := w.db.CheckPassword(w.user("alice"), "alice"); ok {
		t.Errorf("the old password of session %s still works", session.ID)
	}
	if ok, _ := w.db.CheckPassword(w.user("alice"), "пятнадцать ключеи\u0306"); !ok { // the same in NFD
		t.Error("the new password does not work in another normal form")
	}
}
