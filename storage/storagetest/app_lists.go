package storagetest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// listed pages through a list of apps and returns the ids in order.
func (w *world) listed(f storage.AppFilter) string {
	w.Helper()
	var ids []string
	for {
		rows, next, err := w.db.AppRows(w.ctx, f)
		w.must(err)
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
		if f.After = next; next == "" {
			break
		}
	}
	count, err := w.db.CountApps(w.ctx, f)
	w.must(err)
	if count != len(ids) {
		w.Errorf("counted %d, listed %d", count, len(ids))
	}
	return strings.Join(ids, " ")
}

func testAppLists(t *testing.T, w *world) {
	yes, no := true, false
	alice, bob, carol := w.user("alice").ID, w.user("bob").ID, w.user("carol").ID
	for _, a := range []storage.App{{ID: "b", Name: "Сводка"}, {ID: "a", Name: "СВОДКА"}, {ID: "100%", Name: "Per_cent"}} {
		if a.ID == "100%" {
			a.ID = "percent"
		}
		_, _, err := w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{App: a})
		w.must(err)
	}
	w.must(w.db.SetDeveloper(w.ctx, storage.Command, "a", storage.Developer{UserID: bob, Role: storage.RoleOwner}))
	w.must(w.db.SetDeveloper(w.ctx, storage.Command, "b", storage.Developer{UserID: bob, Role: storage.RoleViewer}))
	_, err := w.db.UpdateApp(w.ctx, storage.Command, "b", func(a *storage.App) error { a.Enabled = false; return nil })
	w.must(err)
	for _, c := range []struct {
		name   string
		filter storage.AppFilter
		want   string
	}{
		{"all", storage.AppFilter{}, "spa cli demo percent plain service yourClientId a b"},
		{"in pages of two", storage.AppFilter{Limit: 2}, "spa cli demo percent plain service yourClientId a b"},
		{"by name, folded", storage.AppFilter{Query: " сВОДка "}, "a b"},
		{"by id", storage.AppFilter{Query: "yourclientid"}, "yourClientId"},
		{"what a pattern would match", storage.AppFilter{Query: "r_c"}, "percent"},
		{"percent sign", storage.AppFilter{Query: "%"}, ""},
		{"type", storage.AppFilter{Type: storage.AppBrowser}, "spa"},
		{"disabled", storage.AppFilter{Enabled: &no}, "b"},
		{"enabled and found", storage.AppFilter{Enabled: &yes, Query: "сводка"}, "a"},
		{"trusted", storage.AppFilter{Trusted: &yes}, "spa cli demo plain service yourClientId"},
		{"not trusted", storage.AppFilter{Trusted: &no, Limit: 1}, "percent a b"},
		{"owner", storage.AppFilter{Owner: bob}, "a"},
		{"owner of many", storage.AppFilter{Owner: alice}, "spa cli demo plain service yourClientId"},
		{"member", storage.AppFilter{Member: bob, Limit: 1}, "demo a b"},
		{"member of nothing", storage.AppFilter{Member: carol}, ""},
		{"scope", storage.AppFilter{Scope: "extern.api", Type: storage.AppService}, "service"},
		{"unknown scope", storage.AppFilter{Scope: "nothing"}, ""},
		{"everything at once", storage.AppFilter{Query: "demo", Type: storage.AppWeb, Enabled: &yes, Trusted: &yes, Owner: alice, Scope: "phone", Member: bob}, "demo"},
	} {
		if got := w.listed(c.filter); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	list, _, err := w.db.Apps(w.ctx, storage.AppFilter{Query: "demo", Type: storage.AppWeb})
	w.must(err)
	for _, a := range list {
		if diff := cmp.Diff(w.app(a.ID), a, ignoreHash); diff != "" {
			t.Errorf("%s in a list (-alone +list):\n%s", a.ID, diff)
		}
	}
	_, _, err = w.db.AppRows(w.ctx, storage.AppFilter{After: "?"})
	w.reason(err, "cursor_invalid")
}

func testAppPeople(t *testing.T, w *world) {
	people := func(id string) int {
		t.Helper()
		rows, _, err := w.db.AppRows(w.ctx, storage.AppFilter{Query: id})
		w.must(err)
		for _, row := range rows {
			if row.ID == id {
				return row.People
			}
		}
		t.Fatalf("no app %s", id)
		return 0
	}
	expect := func(wantPeople, wantGrants int) {
		t.Helper()
		count, grants, err := w.db.AppPeople(w.ctx, "demo")
		if err != nil || count != wantPeople || grants != wantGrants {
			t.Errorf("got %d people, %d grants, %v, want %d, %d", count, grants, err, wantPeople, wantGrants)
		}
	}
	if got := people("demo"); got != 0 {
		t.Errorf("before: got %d people", got)
	}
	expect(0, 0)
	w.redeemed(storage.ScopeOpenID, "phone")
	w.redeemed(storage.ScopeOpenID)
	w.consent(w.user("bob").ID, "demo", storage.ScopeOpenID)
	w.must(w.db.Decide(w.ctx, storage.Actor{Kind: storage.ActorUser, ID: w.user("carol").ID}, "demo", []storage.Consent{{Scope: "phone"}})) // declined
	expect(2, 2)
	if got := people("demo"); got != 0 {
		t.Errorf("within the minute: got %d people, want those of before", got)
	}
	w.clock.Advance(time.Minute)
	if got := people("demo"); got != 2 {
		t.Errorf("after a minute: got %d people, want 2", got)
	}
	w.consent(w.user("bob").ID, "service", "extern.api", "phone") // an app without openid
	w.clock.Advance(time.Minute)
	if got := people("service"); got != 1 {
		t.Errorf("without openid: got %d people, want 1", got)
	}
	w.must(w.db.WithdrawApp(w.ctx, storage.Command, w.user("alice").ID, "demo"))
	expect(1, 0)
	w.db.Record(storage.Event{AppID: "spa", Time: w.clock.Now(), Result: "invalid_grant"})
	w.db.Record(storage.Event{AppID: "cli", Time: w.clock.Now(), Result: "ok"})
	rows, _, err := w.db.AppRows(w.ctx, storage.AppFilter{})
	w.must(err)
	for _, row := range rows {
		if want := row.ID == "cli"; row.LastUsedAt.Equal(w.clock.Now()) != want {
			t.Errorf("%s: got last used %s", row.ID, row.LastUsedAt)
		}
	}
}

func testAppDelete(t *testing.T, w *world) {
	alice := w.as("alice")
	w.reason(w.db.DeleteApp(w.ctx, alice, "service"), "app_owns_scopes")
	if !w.app("service").Enabled {
		t.Error("a refused deletion has switched the app off")
	}
	g := w.redeemed(storage.ScopeOpenID, storage.ScopeOffline)
	w.consent(w.user("bob").ID, "demo", storage.ScopeOpenID)
	w.db.Record(storage.Event{AppID: "demo"})
	_, _, _, err := w.db.LiveGrant(w.ctx, g.ID)
	w.must(err)
	key := w.app("demo").Keys[0]
	w.category(w.db.DeleteApp(w.ctx, w.as("bob"), "demo"), storage.ErrForbidden)
	w.must(w.db.DeleteApp(w.ctx, alice, "demo"))
	if diff := cmp.Diff([]string{"app.delete ok", "app.disable ok", "app.delete forbidden"}, w.audited("demo")[:3]); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	_, err = w.db.App(w.ctx, "demo")
	w.category(err, storage.ErrNotFound)
	_, _, _, err = w.db.LiveGrant(w.ctx, g.ID)
	w.category(err, storage.ErrNotFound)
	w.category(w.db.DeleteApp(w.ctx, alice, "demo"), storage.ErrNotFound)
	if list, err := w.db.Consents(w.ctx, alice.ID, "demo"); err != nil || len(list) != 0 {
		t.Errorf("consents of a deleted app: %v, %v", list, err)
	}
	if list := w.db.Events("demo"); len(list) != 0 {
		t.Errorf("events of a deleted app: %v", list)
	}

	// A later app of the same name starts from nothing.
	made, secret, err := w.db.CreateApp(w.ctx, storage.Command, storage.NewApp{App: storage.App{ID: "demo", Name: "Again"}})
	w.must(err)
	if made.Keys[0].ID == key.ID || w.db.CheckAppSecret(w.app("demo"), "demo-secret") || !w.db.CheckAppSecret(w.app("demo"), secret) {
		t.Error("the new app has the old one's secret")
	}
	_, _, _, err = w.db.LiveGrant(w.ctx, g.ID)
	w.category(err, storage.ErrNotFound)
	if count, grants, err := w.db.AppPeople(w.ctx, "demo"); err != nil || count+grants != 0 {
		t.Errorf("got %d people, %d grants, %v", count, grants, err)
	}

	// With its apps gone the service takes its scope along.
	for _, id := range []string{"plain", "spa", "cli", "yourClientId"} {
		w.must(w.db.DeleteApp(w.ctx, alice, id))
	}
	w.consent(alice.ID, "demo", "extern.api")
	w.must(w.db.DeleteApp(w.ctx, alice, "service"))
	_, err = w.db.Scope(w.ctx, "extern.api")
	w.category(err, storage.ErrNotFound)
	if list, err := w.db.Consents(w.ctx, alice.ID, "demo"); err != nil || len(list) != 0 {
		t.Errorf("consents of a deleted scope: %v, %v", list, err)
	}
}

func testScopeChanges(t *testing.T, w *world) {
	alice, bob := w.as("alice"), w.as("bob")
	none := func(*storage.Scope) error { return nil }
	titles := map[string]string{"en": "Pay", "ru": "Платежи"}
	pay := storage.Scope{Name: "pay", Audience: "bank", Title: titles, Text: titles}
	w.category(w.db.CreateScope(w.ctx, bob, pay), storage.ErrForbidden)
	w.must(w.db.CreateScope(w.ctx, alice, pay))
	_, err := w.db.UpdateScope(w.ctx, bob, "pay", none)
	w.category(err, storage.ErrForbidden)
	w.category(w.db.DeleteScope(w.ctx, bob, "pay"), storage.ErrForbidden)
	if diff := cmp.Diff([]string{"scope.delete forbidden", "scope.update forbidden", "scope.create ok", "scope.create forbidden"}, w.audited("pay")); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}

	got, err := w.db.UpdateScope(w.ctx, alice, "pay", func(s *storage.Scope) error {
		s.Name, s.Builtin, s.AppID = "other", true, "demo" // ignored
		s.Text["en"], s.Claims, s.Audience = "Pay bills", []string{"iban"}, "bank2"
		return nil
	})
	w.must(err)
	want := &storage.Scope{Name: "pay", Audience: "bank2", Title: titles, Text: map[string]string{"en": "Pay bills", "ru": "Платежи"}, Claims: []string{"iban"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	stored, err := w.db.Scope(w.ctx, "pay")
	w.must(err)
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	change := func(name string, f func(*storage.Scope)) error {
		_, err := w.db.UpdateScope(w.ctx, alice, name, func(s *storage.Scope) error { f(s); return nil })
		return err
	}
	w.reason(change("pay", func(s *storage.Scope) { s.Title["ru"] = "" }), "scope_title")
	w.reason(change("pay", func(s *storage.Scope) { s.Audience = storage.APIAudience }), "scope_audience")
	w.reason(change("email", func(s *storage.Scope) { s.Claims = nil }), "scope_builtin")
	w.reason(change("apps.read", func(s *storage.Scope) { s.Audience = "mine" }), "scope_builtin")
	w.must(change("apps.read", func(s *storage.Scope) { s.Title["en"] = "Look at your apps" }))
	w.category(change("nothing", func(*storage.Scope) {}), storage.ErrNotFound)

	assign := func(scopes ...storage.AppScope) {
		_, err := w.db.UpdateApp(w.ctx, alice, "demo", func(a *storage.App) error { a.Scopes = scopes; return nil })
		w.must(err)
	}
	assign(storage.AppScope{Name: "pay"})
	w.consent(alice.ID, "demo", "pay")
	w.reason(w.db.DeleteScope(w.ctx, alice, "pay"), "scope_in_use")
	w.reason(w.db.DeleteScope(w.ctx, alice, "openid"), "scope_builtin")
	w.reason(w.db.DeleteScope(w.ctx, alice, "me.read"), "scope_builtin")
	assign()
	w.must(w.db.DeleteScope(w.ctx, alice, "pay"))
	w.category(w.db.DeleteScope(w.ctx, alice, "pay"), storage.ErrNotFound)
	w.must(w.db.CreateScope(w.ctx, alice, pay))
	if list, err := w.db.Consents(w.ctx, alice.ID, "demo"); err != nil || len(list) != 0 {
		t.Errorf("consents of the scope before: %v, %v", list, err)
	}
	pay.Name, pay.Audience = "pay2", storage.APIAudience
	w.reason(w.db.CreateScope(w.ctx, alice, pay), "scope_audience")
}
