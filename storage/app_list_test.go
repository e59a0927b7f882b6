package storage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// plan is how SQLite runs a statement; numbered parameters are all "x".
func plan(t *testing.T, db *storage.DB, query string, count int) string {
	t.Helper()
	args := make([]any, count)
	for i := range args {
		args[i] = "x"
	}
	rows, err := db.ReadPool().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		err = rows.Scan(&id, &parent, &unused, &step)
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err = rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

// TestListPlans finds every list of apps on its index: in order without sorting, people without a row.
func TestListPlans(t *testing.T) {
	db := storagetest.Seeded(t)
	for _, c := range []struct {
		name       string
		query      string
		parameters int
		want       []string
	}{
		{"list", storage.AppListQuery, 10, []string{"apps USING INDEX apps_list ((name_key,id)>(?,?))", "app_scopes USING COVERING INDEX app_scopes_scope (scope=?)",
			"app_developers USING INDEX app_developers_user (user_id=?)", "app_developers USING COVERING INDEX app_developers_user (user_id=?)"}},
		{"count", storage.AppCountQuery, 8, []string{"apps USING COVERING INDEX apps_list"}},
		{"people", storage.PeopleQuery, 101, []string{"c USING COVERING INDEX consents_app (app_id=? AND scope=? AND granted=?)"}},
		{"whose grants", storage.GrantUsersQuery, 3, []string{"grants USING COVERING INDEX grants_user_app (user_id>?)"}},
	} {
		got := plan(t, db, c.query, c.parameters)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no step %q in\n%s", c.name, want, got)
			}
		}
		if strings.Contains(got, "ORDER BY") {
			t.Errorf("%s: sorts\n%s", c.name, got)
		}
	}
}

// TestBuiltinScopes compares what migrations store with what the code says, for new and older databases
// alike.
func TestBuiltinScopes(t *testing.T) {
	db := storagetest.New(t)
	list, err := db.Scopes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := storage.BuiltinScopes()
	slices.SortFunc(want, func(a, b *storage.Scope) int { return strings.Compare(a.Name, b.Name) })
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-code +database):\n%s", diff)
	}
	var api []string
	for _, s := range list {
		if s.Audience == storage.APIAudience {
			api = append(api, s.Name)
		}
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(storage.APIScopes(storage.Full))), api); diff != "" {
		t.Errorf("scopes of the API (-offered +stored):\n%s", diff)
	}
}

// TestKeyUsesStored writes each key's use at most every ten minutes.
func TestKeyUsesStored(t *testing.T) {
	clock := storagetest.NewClock()
	db := storagetest.SeededAt(t, clock)
	ctx := t.Context()
	for _, c := range []struct {
		name  string
		wait  time.Duration
		use   bool
		want  int
		exact bool // the row tells the use
	}{
		{"never used", 0, false, 0, false},
		{"first use", time.Minute, true, 1, true},
		{"again, soon", 9*time.Minute + 59*time.Second, true, 0, false},
		{"after ten minutes", time.Second, false, 1, false},
		{"nothing new", time.Hour, false, 0, false},
		{"after it left the memory", time.Minute, true, 1, true},
	} {
		clock.Advance(c.wait)
		if c.use {
			app, err := db.App(ctx, "demo")
			if err != nil || !db.CheckAppSecret(app, "demo-secret") {
				t.Fatalf("%s: the secret does not work, %v", c.name, err)
			}
		}
		count, err := db.StoreKeyUses(ctx, false)
		if err != nil || count != c.want {
			t.Errorf("%s: got %d stored, %v, want %d", c.name, count, err, c.want)
		}
		var at int64
		err = db.ReadPool().QueryRowContext(ctx, `SELECT last_used_at FROM app_keys WHERE app_id = 'demo'`).Scan(&at)
		if err != nil || (at == clock.Now().UnixMilli()) != c.exact {
			t.Errorf("%s: the row tells %d at %d, %v", c.name, at, clock.Now().UnixMilli(), err)
		}
	}
	app, err := db.AppFor(ctx, storage.Command, storage.AppRead, "demo")
	if err != nil || !app.Keys[0].LastUsedAt.Equal(clock.Now()) {
		t.Errorf("got last used %s, %v, want %s", app.Keys[0].LastUsedAt, err, clock.Now())
	}
}

// TestDeleteBig deletes an app with more people and grants than one transaction takes.
func TestDeleteBig(t *testing.T) {
	db := storagetest.Seeded(t)
	ctx := t.Context()
	const people, ofAlice = storage.SweepBatch + 20, 2*storage.SweepBatch + 3
	fill := []string{
		`CREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n`,
		`INSERT INTO users (id, login, login_key, name, name_key, email, email_verified, access, password_hash, password_at, claims, created_at, updated_at)
			SELECT printf('1%025d', i), 'u' || i, 'u' || i, '', '', '', FALSE, 'partial', '', 0, '{}', 0, 0 FROM n WHERE i <= 520`,
		`INSERT INTO consents (user_id, app_id, scope, granted, decided_at) SELECT id, 'demo', 'openid', TRUE, 1 FROM users WHERE id LIKE '1%'`,
		`INSERT INTO consents (user_id, app_id, scope, granted, decided_at) SELECT id, 'demo', 'phone', TRUE, 1 FROM users WHERE id LIKE '1%'`,
		`INSERT INTO consents (user_id, app_id, scope, granted, decided_at) SELECT id, 'plain', 'openid', TRUE, 1 FROM users WHERE id LIKE '1%'`,
	}
	const grant = `INSERT INTO grants (id, user_id, app_id, session_id, scopes, offline, auth_time, acr, amr, claims, created_at, ends_at, refresh_gen, refresh_key, refreshed_at)
		SELECT printf('%s%%025d', i), %s, '%s', '', '[]', FALSE, 0, '', '[]', '', 1, 9000000000000, 0, '', 0 FROM n WHERE i <= %d`
	for _, g := range []struct {
		prefix, user, app string
		count             int
	}{{"a", "printf('1%025d', i)", "demo", people}, {"b", "'0000000000000000000000a11c'", "demo", ofAlice}, {"c", "printf('1%025d', i)", "plain", people}} {
		fill = append(fill, fmt.Sprintf(grant, g.prefix, g.user, g.app, g.count))
	}
	for _, query := range append(fill, `DROP TABLE n`) {
		err := db.Exec(ctx, query)
		if err != nil {
			t.Fatalf("%.40s: %v", query, err)
		}
	}
	commits, _ := db.Commits()
	err := db.DeleteApp(ctx, storage.Command, "demo")
	if err != nil {
		t.Fatal(err)
	}
	after, _ := db.Commits()
	if after-commits < 6 { // first and last, 1523 grants by 500 at most, 520 people by 500
		t.Errorf("got %d transactions for everything", after-commits)
	}
	for table, want := range map[string]int{"grants": people, "consents": people} {
		var count int
		err := db.ReadPool().QueryRowContext(ctx, `SELECT count(*) FROM `+table).Scan(&count)
		if err != nil || count != want {
			t.Errorf("%s: got %d left, %v, want the other app's %d", table, count, err, want)
		}
	}
}
