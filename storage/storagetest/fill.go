package storagetest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// Size is how much [Fill] puts into a database. The numbers of [Large] are those that lists must stand.
type Size struct {
	Apps, Users, Audit int
	Now                time.Time // the newest audit row; zero: now
}

// Large is the size at which every page must still be quick.
var Large = Size{Apps: 10_000, Users: 100_000, Audit: 1_000_000}

// FilledUser and FilledApp are the ids of the i-th person and app that Fill made; logins are user%06d.
func FilledUser(i int) string { return fmt.Sprintf("0000000000000000000%07d", i) }

// FilledApp is the client_id of the i-th app that Fill made.
func FilledApp(i int) string { return fmt.Sprintf("app_%06d", i) }

// fillActions are what the filled audit log tells of, the frequent ones first.
var fillActions = []string{"session.start", "session.end", "consent.grant", "user.update", "app.update", "token.create",
	"app_key.create", "user.disable", "user.enable", "grant.replay", "link.create", "scope.update"}

// Fill puts many rows into a seeded database that nobody has open, in a few seconds: dir is where its
// propusk.db is. People, apps, their developers and consents follow each other; the audit log tells of all
// of them over the last 300 days. The same size gives the same rows but for the ids of the audit log.
func Fill(t testing.TB, dir string, size Size) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(dir, "propusk.db"))+
		"?_pragma=journal_mode(DELETE)&_pragma=synchronous(OFF)&_pragma=cache_size(-65536)&_pragma=foreign_keys(0)")
	if err != nil {
		t.Fatalf("fill: %v", err)
	}
	db.SetMaxOpenConns(1)
	f := &filler{TB: t, db: db, random: rand.New(rand.NewPCG(1, 2)), size: size}
	if f.size.Now.IsZero() {
		f.size.Now = time.Now()
	}
	f.run("BEGIN")
	f.users()
	f.apps()
	f.consents()
	f.audit()
	f.run("COMMIT")
	err = db.Close()
	if err != nil {
		t.Fatalf("fill: %v", err)
	}
}

// filler fills one database.
type filler struct {
	testing.TB
	db     *sql.DB
	random *rand.Rand
	size   Size
}

func (f *filler) run(query string, args ...any) {
	f.Helper()
	_, err := f.db.Exec(query, args...)
	if err != nil {
		f.Fatalf("fill: %.80s: %v", query, err)
	}
}

// rows inserts n rows, many at a time; row returns the values of the i-th.
func (f *filler) rows(table, columns string, n int, row func(i int) []any) {
	f.Helper()
	marks := "(" + strings.Repeat(",?", strings.Count(columns, ",")+1)[1:] + ")"
	const together = 100
	full, err := f.db.Prepare("INSERT OR IGNORE INTO " + table + " (" + columns + ") VALUES " + strings.Repeat(","+marks, together)[1:])
	if err != nil {
		f.Fatalf("fill %s: %v", table, err)
	}
	defer full.Close()
	for i := 0; i < n; {
		count := min(together, n-i)
		var args []any
		for range count {
			args = append(args, row(i)...)
			i++
		}
		if count == together {
			_, err = full.Exec(args...)
		} else {
			_, err = f.db.Exec("INSERT OR IGNORE INTO "+table+" ("+columns+") VALUES "+strings.Repeat(","+marks, count)[1:], args...)
		}
		if err != nil {
			f.Fatalf("fill %s: %v", table, err)
		}
	}
}

var (
	givenNames  = []string{"Anna", "Boris", "Вера", "Глеб", "Диана", "Egor", "Фёдор", "Hanna", "Ирина", "Jan"}
	familyNames = []string{"Орлова", "Novak", "Смирнов", "Petrov", "Кузнецова", "Lind", "Щукин", "Weiss", "Ёлкина", "Silva", "Иванов"}
)

func (f *filler) users() {
	now := f.size.Now.UnixMilli()
	f.rows("users", "id, login, login_key, name, name_key, email, email_key, email_verified, access, password_hash, password_at, claims, disabled_at, created_at, updated_at",
		f.size.Users, func(i int) []any {
			login := fmt.Sprintf("user%06d", i)
			name := fmt.Sprintf("%s %s %d", givenNames[i%len(givenNames)], familyNames[i%len(familyNames)], i)
			email := fmt.Sprintf("%s@department%d.example.com", login, i%40)
			access, disabled := "partial", int64(0)
			if i%500 == 0 {
				access = "full"
			}
			if i%97 == 0 {
				disabled = now
			}
			created := now - int64(f.size.Users-i)*1000
			return []any{FilledUser(i), login, login, name, storage.Fold(name), email, email, true, access, "", 0,
				`{"given_name":"` + name + `","phone_number":"+7 900 000-00-00"}`, disabled, created, created}
		})
}

// apps copies the app demo, so that columns of later migrations are filled as well.
func (f *filler) apps() {
	columns := f.columns("apps", "id", "name", "name_key", "type")
	f.run(`CREATE TEMP TABLE filled (id TEXT, name TEXT, name_key TEXT, type TEXT)`)
	types := []string{"web", "browser", "native", "service"}
	f.rows("filled", "id, name, name_key, type", f.size.Apps, func(i int) []any {
		name := fmt.Sprintf("%s %s %d", []string{"Отчёты", "Portal", "Library", "Расписание"}[i%4], familyNames[i%len(familyNames)], i)
		return []any{FilledApp(i), name, storage.Fold(name), types[i%4]}
	})
	f.run(`INSERT INTO apps (id, name, name_key, type, ` + columns + `)
		SELECT f.id, f.name, f.name_key, f.type, ` + columns + ` FROM filled f, (SELECT ` + columns + ` FROM apps WHERE id = 'demo')`)
	f.run(`INSERT INTO app_scopes (app_id, scope, position, required, offline)
		SELECT f.id, s.scope, s.position, s.required, s.offline FROM filled f, app_scopes s WHERE s.app_id = 'demo'`)
	now := f.size.Now.UnixMilli()
	f.rows("app_keys", "id, app_id, label, prefix, hash, created_at, expires_at", f.size.Apps, func(i int) []any {
		return []any{fmt.Sprintf("k%025d", i), FilledApp(i), "", "propusk_key_abcd", fmt.Sprintf("%043d", i), now, 0}
	})
	f.rows("app_developers", "app_id, user_id, role, phone, created_at", 2*f.size.Apps, func(i int) []any {
		role := "owner"
		if i%2 == 1 {
			role = "developer"
		}
		return []any{FilledApp(i / 2), FilledUser(f.random.IntN(max(f.size.Users, 1))), role, "", now}
	})
	f.run(`DROP TABLE filled`)
}

// columns returns the columns of a table but those named.
func (f *filler) columns(table string, but ...string) string {
	rows, err := f.db.Query(`SELECT name FROM pragma_table_info(?)`, table)
	if err != nil {
		f.Fatalf("fill: %v", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		err = rows.Scan(&name)
		if err != nil {
			f.Fatalf("fill: %v", err)
		}
		if !strings.Contains(" "+strings.Join(but, " ")+" ", " "+name+" ") {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// consents gives the first app many people and each person two apps.
func (f *filler) consents() {
	now := f.size.Now.UnixMilli()
	f.rows("consents", "user_id, app_id, scope, granted, until, decided_at", 2*f.size.Users, func(i int) []any {
		app := 0
		if i%2 == 1 {
			app = f.random.IntN(max(f.size.Apps, 1))
		}
		return []any{FilledUser(i / 2), FilledApp(app), "openid", true, 0, now}
	})
}

// audit drops the indexes while it fills: sorted once, they are made in a fraction of the time.
func (f *filler) audit() {
	var indexes []string
	rows, err := f.db.Query(`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'audit' AND sql IS NOT NULL`)
	if err != nil {
		f.Fatalf("fill: %v", err)
	}
	var drop []string
	for rows.Next() {
		var name, text string
		err = rows.Scan(&name, &text)
		if err != nil {
			f.Fatalf("fill: %v", err)
		}
		drop, indexes = append(drop, name), append(indexes, text)
	}
	rows.Close()
	for _, name := range drop {
		f.run(`DROP INDEX ` + name)
	}
	step := 300 * 24 * time.Hour / time.Duration(max(f.size.Audit, 1))
	f.rows("audit", "id, time, actor_kind, actor_id, address, action, target, result, detail", f.size.Audit, func(i int) []any {
		at := f.size.Now.Add(-step * time.Duration(f.size.Audit-i))
		r := f.random.Uint64()
		actor, action, result := FilledUser(int(r%uint64(max(f.size.Users, 1)))), fillActions[0], "ok"
		if r>>20%4 == 0 { // one person did a quarter of it
			actor = FilledUser(0)
		}
		if r>>24%3 == 0 {
			action = fillActions[r>>28%uint64(len(fillActions)-2)] // the last two are rare
		}
		if i%100_003 == 7 {
			action = fillActions[len(fillActions)-1-i%2]
		}
		if r>>32%50 == 0 {
			result = "forbidden"
		}
		target := fmt.Sprintf("0000000000000000%010d", i)
		if !strings.HasPrefix(action, "session.") {
			target = FilledApp(int(r >> 36 % uint64(max(f.size.Apps, 1))))
		}
		return []any{storage.NewTimeID(at), at.UnixMilli(), "user", actor, fmt.Sprintf("192.0.%d.%d", r>>40%20, r>>48%250), action, target, result, ""}
	})
	for _, text := range indexes {
		f.run(text)
	}
}
