package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// logins reads all pages of a list of people.
func (w *world) logins(f storage.UserFilter) string {
	w.Helper()
	var got []string
	for {
		list, next, err := w.db.Users(w.ctx, f)
		w.must(err)
		for _, u := range list {
			got = append(got, u.Login)
		}
		if next == "" {
			count, err := w.db.CountUsers(w.ctx, storage.UserFilter{Query: f.Query, Access: f.Access, Disabled: f.Disabled})
			if err != nil || count != len(got) {
				w.Errorf("count: got %d, %v, want %d", count, err, len(got))
			}
			return strings.Join(got, " ")
		}
		f.After = next
	}
}

func testUserFilters(t *testing.T, w *world) {
	yes, no := true, false
	expect := func(f storage.UserFilter, want string) {
		t.Helper()
		for _, f.Limit = range []int{0, 1, 2} {
			if got := w.logins(f); got != want {
				t.Errorf("%+v: got %q, want %q", f, got, want)
			}
		}
	}
	expect(storage.UserFilter{}, "alice bob carol")
	expect(storage.UserFilter{Access: storage.Partial}, "bob carol")
	expect(storage.UserFilter{Access: storage.Full}, "alice")
	expect(storage.UserFilter{Access: "root"}, "")
	expect(storage.UserFilter{Disabled: &no}, "alice bob carol")
	expect(storage.UserFilter{Disabled: &yes}, "")
	expect(storage.UserFilter{Query: "NOVAK"}, "alice")
	expect(storage.UserFilter{Query: "@EXAMPLE"}, "alice bob")
	expect(storage.UserFilter{Query: "o"}, "alice bob carol") // Novak, bob, carol
	expect(storage.UserFilter{Query: strings.Repeat("o", 500)}, "")
	add := func(login, name string) {
		t.Helper()
		w.clock.Advance(time.Second)
		_, err := w.db.CreateUser(w.ctx, storage.Command, storage.NewUser{Login: login, Name: name})
		w.must(err)
	}
	add("ёлка", "Ёлкина Анна")
	add("anna", "ЩУКИНА")
	add("al", "Strauß")
	expect(storage.UserFilter{Query: "ЁЛКИН"}, "ёлка")
	expect(storage.UserFilter{Query: "щукин"}, "anna")
	expect(storage.UserFilter{Query: "STRAUSS"}, "al")
	expect(storage.UserFilter{Query: "ал"}, "") // Cyrillic letters are not Latin ones
	expect(storage.UserFilter{Query: "al"}, "al alice")
	w.must(w.db.SetUserDisabled(w.ctx, storage.Command, w.user("bob").ID, true))
	expect(storage.UserFilter{Disabled: &yes}, "bob")
	expect(storage.UserFilter{Disabled: &yes, Access: storage.Full}, "")
	expect(storage.UserFilter{Disabled: &no, Query: "example"}, "alice")
	_, err := w.db.UpdateUser(w.ctx, storage.Command, w.user("carol").ID, func(u *storage.User) error {
		u.Login, u.Name = "zoe", "Zoë"
		return nil
	})
	w.must(err)
	expect(storage.UserFilter{Query: "carol"}, "")
	expect(storage.UserFilter{Query: "zoë"}, "zoe")
	expect(storage.UserFilter{Access: storage.Partial, Query: "o"}, "bob zoe")
	expect(storage.UserFilter{}, "al alice anna bob zoe ёлка")
}

// entries reads all pages of the audit log and returns the targets.
func (w *world) entries(f storage.AuditFilter) string {
	w.Helper()
	var got []string
	for {
		list, next, err := w.db.AuditLog(w.ctx, f)
		w.must(err)
		if limit := f.Limit; limit > 0 && len(list) > limit {
			w.Errorf("got a page of %d, want %d at most", len(list), limit)
		}
		for _, e := range list {
			got = append(got, e.Target)
		}
		if next == "" {
			return strings.Join(got, " ")
		}
		f.After = next
	}
}

// writeEntries writes six entries, a second apart, whose targets are their numbers; the first is a second
// from now.
func (w *world) writeEntries() {
	w.Helper()
	for i, e := range []storage.AuditEntry{
		{Action: "page.a", Actor: storage.Actor{Kind: storage.ActorUser, ID: "one", Address: "192.0.2.1"}},
		{Action: "page.b", Actor: storage.Actor{Kind: storage.ActorUser, ID: "two", Address: "192.0.2.1"}, Result: "forbidden"},
		{Action: "pages.c", Actor: storage.Actor{Kind: storage.ActorUser, ID: "one", Address: "192.0.2.2"}},
		{Action: "page.b", Actor: storage.Actor{Kind: storage.ActorUser, ID: "one", Address: "192.0.2.1"}, Result: "not_found"},
		{Action: "page.a", Actor: storage.Actor{Kind: storage.ActorApp, ID: "two", Address: "192.0.2.2"}},
		{Action: "page", Actor: storage.Actor{Kind: storage.ActorUser, ID: "two", Address: "192.0.2.1"}},
	} {
		w.clock.Advance(time.Second)
		e.Target = fmt.Sprint(i)
		w.must(w.db.Audit(w.ctx, e))
	}
}

func testAuditFilters(t *testing.T, w *world) {
	start := w.clock.Now().Add(time.Second)
	w.writeEntries()
	yes, no := true, false
	for _, c := range []struct {
		name string
		f    storage.AuditFilter
		want string
	}{
		{"action", storage.AuditFilter{Action: "page.a"}, "4 0"},
		{"noun", storage.AuditFilter{Action: "page."}, "4 3 1 0"},
		{"another noun", storage.AuditFilter{Action: "pages."}, "2"},
		{"no action", storage.AuditFilter{Action: "pag"}, ""},
		{"no noun", storage.AuditFilter{Action: "pag."}, ""},
		{"actor", storage.AuditFilter{Actor: "one"}, "3 2 0"},
		{"target", storage.AuditFilter{Target: "3"}, "3"},
		{"address", storage.AuditFilter{Address: "192.0.2.2"}, "4 2"},
		{"refused", storage.AuditFilter{Refused: &yes, Action: "page."}, "3 1"},
		{"refused by anybody", storage.AuditFilter{Refused: &yes}, "3 1"},
		{"not refused", storage.AuditFilter{Refused: &no, Action: "page."}, "4 0"},
		{"not refused, actor", storage.AuditFilter{Refused: &no, Actor: "two"}, "5 4"},
		{"actor and noun", storage.AuditFilter{Actor: "one", Action: "page."}, "3 0"},
		{"actor and action", storage.AuditFilter{Actor: "two", Action: "page.b"}, "1"},
		{"actor and address", storage.AuditFilter{Actor: "one", Address: "192.0.2.1"}, "3 0"},
		{"all of them", storage.AuditFilter{Actor: "one", Address: "192.0.2.1", Action: "page.", Refused: &yes, Target: "3"}, "3"},
		{"all but one", storage.AuditFilter{Actor: "one", Address: "192.0.2.1", Action: "page.", Refused: &yes, Target: "2"}, ""},
		{"from", storage.AuditFilter{From: start.Add(3 * time.Second), Action: "page."}, "4 3"},
		{"to", storage.AuditFilter{To: start.Add(3 * time.Second), Action: "page."}, "1 0"},
		{"from and to", storage.AuditFilter{From: start.Add(time.Second), To: start.Add(2 * time.Second), Actor: "two"}, "1"},
		{"long ago", storage.AuditFilter{To: time.Unix(-1, 0)}, ""},
		{"from long ago", storage.AuditFilter{From: time.Unix(-1, 0), Action: "page.b"}, "3 1"},
		{"far ahead", storage.AuditFilter{To: start.AddDate(9999, 0, 0), Action: "page.b"}, "3 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{T: t, ctx: w.ctx, db: w.db}
			for _, c.f.Limit = range []int{0, 1, 2} {
				if got := w.entries(c.f); got != c.want {
					t.Errorf("pages of %d: got %q, want %q", c.f.Limit, got, c.want)
				}
			}
		})
	}
}

func testAuditEach(t *testing.T, w *world) {
	w.writeEntries()
	var each []string
	w.must(w.db.AuditEach(w.ctx, storage.AuditFilter{Action: "page.", Limit: 1}, 3, func(e storage.AuditEntry) error {
		each = append(each, e.Target)
		return nil
	}))
	if diff := cmp.Diff([]string{"4", "3", "1"}, each); diff != "" {
		t.Errorf("the first three (-want +got):\n%s", diff)
	}
	broken := errors.New("broken off")
	w.category(w.db.AuditEach(w.ctx, storage.AuditFilter{}, 0, func(storage.AuditEntry) error { return broken }), broken)
	actions, err := w.db.AuditActions(w.ctx)
	w.must(err)
	if got := strings.Join(actions, " "); !strings.Contains(got, "page page.a page.b pages.c") {
		t.Errorf("actions: got %q", got)
	}
}
