package storage

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// countMax is where counting apps ends.
const countMax = 10_000

// appMatches is the condition of lists of apps from $1 to $7; a parameter that is empty does not limit.
// One constant text serves all of them: the list walks the index apps_list, which holds all that is asked
// for, until the page is full; whose apps and which scope's are looked up once before.
const appMatches = `
	($1 = '' OR name_key LIKE $1 ESCAPE '!' OR id LIKE $1 ESCAPE '!')
	AND ($2 = '' OR type = $2)
	AND ($3 = '' OR enabled = ($3 = 'on'))
	AND ($4 = '' OR trusted = ($4 = 'on'))
	AND ($5 = '' OR id IN (SELECT app_id FROM app_scopes WHERE scope = $5))
	AND ($6 = '' OR id IN (SELECT app_id FROM app_developers WHERE user_id = $6 AND role = 'owner'))
	AND ($7 = '' OR id IN (SELECT app_id FROM app_developers WHERE user_id = $7))`

const (
	appListQuery  = appColumns + ` WHERE` + appMatches + ` AND (name_key, id) > ($8, $9) ORDER BY name_key, id LIMIT $10`
	appCountQuery = `SELECT count(*) FROM (SELECT 1 FROM apps WHERE` + appMatches + ` LIMIT $8) found`
)

// args are the parameters of appMatches.
func (f *AppFilter) args() []any {
	pattern := ""
	if query := Fold(f.Query); query != "" {
		pattern = likePattern(clip(query, nameMax))
	}
	return []any{pattern, string(f.Type), onOff(f.Enabled), onOff(f.Trusted), f.Scope, f.Owner, f.Member}
}

func onOff(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "on"
	}
	return "off"
}

// Apps returns one page of a list, ordered by folded name, and the cursor of the next, "" at the end.
// *Invalid for a cursor that is none of ours.
func (db *DB) Apps(ctx context.Context, f AppFilter) ([]*App, string, error) {
	at, err := parseCursor(f.After)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(f.Limit)
	list, err := readAll(ctx, db, scanApp, appListQuery, append(f.args(), at.key, at.id, limit+1)...)
	if err != nil {
		return nil, "", err
	}
	list, next := onePage(list, limit, func(a *App) cursor { return cursor{Fold(a.Name), a.ID} })
	err = db.completeAll(ctx, list)
	if err != nil {
		return nil, "", err
	}
	for i, a := range list {
		list[i] = db.withUses(a)
	}
	return list, next, nil
}

// CountApps says how many apps match, up to 10,000; After and Limit do not matter.
func (db *DB) CountApps(ctx context.Context, f AppFilter) (int, error) {
	return readRow(ctx, db, scanInt, appCountQuery, append(f.args(), countMax)...)
}

func scanInt(row scanner) (int, error) {
	var n int
	err := row.Scan(&n)
	return n, err
}

// AppRows is Apps with what lists show beside. People are counted anew once a minute.
func (db *DB) AppRows(ctx context.Context, f AppFilter) ([]AppRow, string, error) {
	list, next, err := db.Apps(ctx, f)
	if err != nil {
		return nil, "", err
	}
	ids := make([]string, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	people, err := db.countPeople(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	rows := make([]AppRow, len(list))
	for i, a := range list {
		rows[i] = AppRow{App: a, People: people[a.ID], LastUsedAt: db.lastUse(a)}
	}
	return rows, next, nil
}

// lastUse is the newest use of a key, or the newest attempt remembered that went well: apps without keys
// are seen by that alone.
func (db *DB) lastUse(a *App) time.Time {
	var last time.Time
	for _, key := range a.Keys {
		if key.LastUsedAt.After(last) {
			last = key.LastUsedAt
		}
	}
	for _, e := range db.Events(a.ID) {
		if e.Result == "ok" && e.Time.After(last) {
			return e.Time // the newest comes first
		}
	}
	return last
}

// pageMax is the longest page; statements about all apps of one take that many ids, so that their text is
// constant.
const pageMax = 100

// ofApps is a list of pageMax parameters from $1.
var ofApps = func() string {
	var b strings.Builder
	for i := range pageMax {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return "(" + b.String() + ")"
}()

// appArgs are the parameters of ofApps; "" is no app.
func appArgs(ids []string) []any {
	args := make([]any, pageMax)
	for i := range args {
		args[i] = ""
		if i < len(ids) {
			args[i] = ids[i]
		}
	}
	return args
}

var (
	appsScopesQuery     = `SELECT app_id, scope, required, offline FROM app_scopes WHERE app_id IN ` + ofApps + ` ORDER BY app_id, position, scope`
	appsKeysQuery       = `SELECT app_id, ` + appKeyFields + ` WHERE app_id IN ` + ofApps + ` ORDER BY app_id, id`
	appsDevelopersQuery = `SELECT app_id, ` + developerFields + ` WHERE app_id IN ` + ofApps + ` ORDER BY app_id, ` + developerOrder
)

// completeAll is complete for one page of apps, in three statements.
func (db *DB) completeAll(ctx context.Context, list []*App) error {
	ids := make([]string, len(list))
	byID := map[string]*App{}
	for i, a := range list {
		ids[i], byID[a.ID] = a.ID, a
	}
	args := appArgs(ids)
	_, err := readAll(ctx, db, ofApp(scanAppScope, func(id string, s AppScope) {
		byID[id].Scopes = append(byID[id].Scopes, s)
	}), appsScopesQuery, args...)
	if err != nil {
		return err
	}
	_, err = readAll(ctx, db, ofApp(scanAppKey, func(id string, k AppKey) {
		byID[id].Keys = append(byID[id].Keys, k)
	}), appsKeysQuery, args...)
	if err != nil {
		return err
	}
	_, err = readAll(ctx, db, ofApp(scanDeveloper, func(id string, d Developer) {
		byID[id].Developers = append(byID[id].Developers, d)
	}), appsDevelopersQuery, args...)
	return err
}

// ofApp scans rows that begin with an app's id and hands each to put.
func ofApp[T any](scan func(scanner) (T, error), put func(id string, v T)) func(scanner) (struct{}, error) {
	return func(row scanner) (struct{}, error) {
		var id string
		v, err := scan(behind{row, &id})
		if err == nil {
			put(id, v)
		}
		return struct{}{}, err
	}
}

// behind is a row whose first column goes elsewhere.
type behind struct {
	row   scanner
	first any
}

func (b behind) Scan(dest ...any) error { return b.row.Scan(slices.Insert(dest, 0, b.first)...) }
