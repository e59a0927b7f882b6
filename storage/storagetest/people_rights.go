package storagetest

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// testUserRights: who may change what of whom.
func testUserRights(t *testing.T, w *world) {
	usersWrite := []string{storage.ScopeUsersRead, storage.ScopeUsersWrite}
	for _, c := range []struct {
		name   string
		by     storage.Actor
		of     string
		change func(*storage.User)
		want   error
	}{
		{"one's name", w.actor("bob"), "bob", func(u *storage.User) { u.Name = "Robert" }, nil},
		{"one's own name in Russian", w.actor("bob"), "bob", func(u *storage.User) { u.Claims["name#ru"] = "Роберт" }, nil},
		{"one's address", w.actor("bob"), "bob", func(u *storage.User) { u.Claims["address"] = map[string]any{"country": "FI"} }, nil},
		{"a claim taken out", w.actor("bob"), "bob", func(u *storage.User) { delete(u.Claims, "locale") }, nil},
		{"one's login", w.actor("bob"), "bob", func(u *storage.User) { u.Login = "robert" }, storage.ErrForbidden},
		{"one's e-mail", w.actor("bob"), "bob", func(u *storage.User) { u.Email = "b@example.com" }, storage.ErrForbidden},
		{"one's e-mail confirmed", w.actor("carol"), "carol", func(u *storage.User) { u.Email, u.EmailVerified = "c@example.com", true }, storage.ErrForbidden},
		{"one's access", w.actor("bob"), "bob", func(u *storage.User) { u.Access = storage.Full }, storage.ErrForbidden},
		{"a phone confirmed by oneself", w.actor("bob"), "bob", func(u *storage.User) { u.Claims["phone_number_verified"] = true }, storage.ErrForbidden},
		{"a claim that apps trust", w.actor("bob"), "bob", func(u *storage.User) { u.Claims["groups"] = []any{"admins"} }, storage.ErrForbidden},
		{"by a token that writes", w.byToken("bob", storage.ScopeMeWrite), "bob", func(u *storage.User) { u.Name = "Bobby" }, nil},
		{"by a token that reads", w.byToken("bob", storage.ScopeMeRead), "bob", func(u *storage.User) { u.Name = "No" }, storage.ErrForbidden},
		{"an administrator's by a token for oneself", w.byToken("alice", storage.ScopeMeWrite), "alice", func(u *storage.User) { u.Email = "" }, storage.ErrForbidden},
		{"another's", w.actor("carol"), "bob", func(u *storage.User) { u.Name = "No" }, storage.ErrNotFound},
		{"another's by a token for oneself", w.byToken("alice", storage.ScopeMeWrite), "bob", func(u *storage.User) { u.Name = "No" }, storage.ErrNotFound},
		{"another's by a token that reads", w.byToken("alice", storage.ScopeUsersRead), "bob", func(u *storage.User) { u.Name = "No" }, storage.ErrForbidden},
		{"by an administrator", w.actor("alice"), "bob", func(u *storage.User) { u.Claims["groups"] = []any{"readers"} }, nil},
		{"by an administrator's token", w.byToken("alice", usersWrite...), "bob", func(u *storage.User) { u.Email = "rob@example.com" }, nil},
		{"by a token with scopes its user has not", w.byToken("bob", usersWrite...), "carol", func(u *storage.User) { u.Name = "No" }, storage.ErrNotFound},
		{"an unknown one", w.actor("alice"), "", func(*storage.User) {}, storage.ErrNotFound},
		{"by an app", storage.Actor{Kind: storage.ActorApp, ID: "demo"}, "bob", func(u *storage.User) { u.Name = "No" }, storage.ErrNotFound},
	} {
		id := storage.NewID()
		if c.of != "" {
			id = w.user(c.of).ID
		}
		_, err := w.db.UpdateUser(w.ctx, c.by, id, func(u *storage.User) error { c.change(u); return nil })
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	bob := w.user("bob")
	if bob.Name != "Bobby" || bob.Login != "bob" || bob.Access != storage.Partial || bob.Claims["name#ru"] != "Роберт" {
		t.Errorf("after all that: got %+v", bob)
	}
	for name, by := range map[string]storage.Actor{"somebody": w.actor("bob"), "a token": w.byToken("alice", storage.ScopeUsersRead)} {
		_, err := w.db.CreateUser(w.ctx, by, storage.NewUser{Login: "dora"})
		if !errors.Is(err, storage.ErrForbidden) {
			t.Errorf("%s adds a user: got %v", name, err)
		}
	}
	w.category(w.db.SetUserDisabled(w.ctx, w.actor("bob"), w.user("carol").ID, true), storage.ErrNotFound)
	w.category(w.db.SetUserDisabled(w.ctx, w.actor("bob"), bob.ID, true), storage.ErrForbidden)
	yes := true
	refused, _, err := w.db.AuditLog(w.ctx, storage.AuditFilter{Action: "user.", Refused: &yes, Limit: 100})
	w.must(err)
	if len(refused) != 16 { // of people: apps leave none
		t.Errorf("got %d refusals in the audit log, want 16", len(refused))
	}
}

// testPhoneChanged: a number that a person changes is not confirmed any more.
func testPhoneChanged(t *testing.T, w *world) {
	alice := w.user("alice")
	_, err := w.db.UpdateUser(w.ctx, w.byToken("alice", storage.ScopeMeWrite), alice.ID, func(u *storage.User) error {
		u.Claims["phone_number"] = "+7 900 000-00-00"
		return nil
	})
	w.must(err)
	if got := w.user("alice").Claims["phone_number_verified"]; got != nil {
		t.Errorf("confirmed: got %v", got)
	}
}

func testLastAdmin(t *testing.T, w *world) {
	alice, bob := w.user("alice").ID, w.user("bob").ID
	access := func(by storage.Actor, id string, a storage.Access) error {
		_, err := w.db.UpdateUser(w.ctx, by, id, func(u *storage.User) error { u.Access = a; return nil })
		return err
	}
	for _, by := range []storage.Actor{w.actor("alice"), storage.Command} {
		w.reason(access(by, alice, storage.Partial), "last_admin")
		w.reason(w.db.SetUserDisabled(w.ctx, by, alice, true), "last_admin")
	}
	w.must(access(w.actor("alice"), bob, storage.Full))
	bobNow := w.actor("bob")
	w.must(w.db.SetUserDisabled(w.ctx, bobNow, alice, true))
	w.reason(access(bobNow, bob, storage.Partial), "last_admin") // a disabled one does not count
	w.must(w.db.SetUserDisabled(w.ctx, bobNow, alice, false))

	// Two take it from each other at the same moment, many times.
	for round := range 20 {
		var done atomic.Int32
		people := []string{alice, bob}
		var next atomic.Int32
		parallel(2, func() {
			i := int(next.Add(1)) - 1
			by := storage.Actor{Kind: storage.ActorUser, ID: people[i], Access: storage.Full}
			err := access(by, people[1-i], storage.Partial)
			switch {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, storage.ErrNotFound): // the other was quicker: no administrator any more
				t.Error(err)
			}
		})
		list, _, err := w.db.Users(w.ctx, storage.UserFilter{Access: storage.Full})
		w.must(err)
		if done.Load() != 1 || len(list) != 1 {
			t.Fatalf("round %d: %d changes, %d administrators, want 1 and 1", round, done.Load(), len(list))
		}
		w.must(access(storage.Command, alice, storage.Full))
		w.must(access(storage.Command, bob, storage.Full))
	}
	var left atomic.Int32
	var next atomic.Int32
	parallel(2, func() { // and each from themself
		id := []string{alice, bob}[next.Add(1)-1]
		err := w.db.SetUserDisabled(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: id}, id, true)
		if err != nil {
			left.Add(1)
			w.reason(err, "last_admin")
		}
	})
	if left.Load() != 1 {
		t.Errorf("%d administrators are left, want 1", left.Load())
	}
}

func testClaims(t *testing.T, w *world) {
	deep := any("x")
	for range 7 {
		deep = []any{deep}
	}
	for _, c := range []struct {
		name, claim string
		value       any
		want        string
	}{
		{"text", "nickname", "Rob", ""},
		{"text in Russian", "nickname#ru", "Боб", ""},
		{"number as text", "nickname", 5, "claim_type"},
		{"name in Russian", "name#ru", "Боб", ""},
		{"name in Russian as a list", "name#ru", []any{"Боб"}, "claim_type"},
		{"name", "name", "Bob", "claim_reserved"},
		{"sub", "sub", "x", "claim_reserved"},
		{"sub in Russian", "sub#ru", "x", "claim_reserved"},
		{"control characters", "nickname", "a\x00b", "claim_value"},
		{"right to left", "nickname", "a\u202eb", "claim_value"},
		{"long", "nickname", string(make([]byte, 2001)), "claim_value"},
		{"script", "website", "javascript:alert(1)", "claim_value"},
		{"path", "picture", "/me.png", "claim_value"},
		{"picture", "picture", "https://example.com/me.png", ""},
		{"whole date", "birthdate", "1988-04-12", ""},
		{"year", "birthdate", "1988", ""},
		{"no year", "birthdate", "0000-02-29", ""},
		{"no date", "birthdate", "12.04.1988", "claim_value"},
		{"verified", "phone_number_verified", "true", "claim_type"},
		{"address", "address", map[string]any{"formatted": "1 Road\nTown"}, ""},
		{"address as text", "address", "1 Road", "claim_type"},
		{"address with more", "address", map[string]any{"planet": "Earth"}, "claim_type"},
		{"address of numbers", "address", map[string]any{"postal_code": 199034}, "claim_type"},
		{"free", "groups", []any{"a", map[string]any{"b": 1.5}}, ""},
		{"free and null", "groups", nil, "claim_type"},
		{"free and deep", "groups", deep, "claim_type"},
		{"free and large", "groups", string(make([]byte, 9000)), "claims_too_large"},
		{"blank in the name", "a b", "x", "claim_name"},
		{"no language", "nickname#", "x", "claim_name"},
	} {
		_, err := w.db.UpdateUser(w.ctx, storage.Command, w.user("carol").ID, func(u *storage.User) error {
			u.Claims[c.claim] = c.value
			return nil
		})
		t.Run(c.name, func(t *testing.T) { (&world{T: t}).reason(err, c.want) })
	}
	many := map[string]any{}
	for range 101 {
		many[storage.NewID()] = true
	}
	_, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: "many", Claims: many})
	w.reason(err, "claims_too_large")
	u, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: "blank", Claims: map[string]any{"gender": "", "team": ""}})
	w.must(err)
	if diff := cmp.Diff(map[string]any{"team": ""}, u.Claims); diff != "" {
		t.Errorf("a standard claim without a value (-want +got):\n%s", diff)
	}
}
