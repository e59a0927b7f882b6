package storage_test

import (
	"context"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// yes and no are for the filters that take either or neither.
var yes, no = true, false

// lists are the pages of the dashboard and the API, in their slowest forms: what is found rarely or never.
var lists = []struct {
	name string
	page func(context.Context, *storage.DB) (int, error)
}{
	{"users", users(storage.UserFilter{})},
	{"users/last page", users(storage.UserFilter{After: storage.Cursor("user099990", storagetest.FilledUser(99_990))})},
	{"users/found once", users(storage.UserFilter{Query: "99873"})},
	{"users/found never", users(storage.UserFilter{Query: "never to be found"})},
	{"users/found often", users(storage.UserFilter{Query: "ОРЛОВА"})},
	{"users/administrators", users(storage.UserFilter{Access: storage.Full})},
	{"users/disabled", users(storage.UserFilter{Disabled: &yes})},
	{"users/disabled administrators", users(storage.UserFilter{Access: storage.Full, Disabled: &yes, Query: "кузнецова"})},
	{"users/count", countUsers(storage.UserFilter{})},
	{"users/count of a search", countUsers(storage.UserFilter{Query: "example"})},
	{"apps", apps(storage.AppFilter{})},
	{"apps/found never", apps(storage.AppFilter{Query: "never to be found"})},
	{"apps/disabled", apps(storage.AppFilter{Enabled: &no})},
	{"apps/of a member", apps(storage.AppFilter{Member: storagetest.FilledUser(7)})},
	{"apps/with a scope", apps(storage.AppFilter{Scope: "me.read"})},
	{"apps/that give tokens", func(ctx context.Context, db *storage.DB) (int, error) {
		list, err := db.TokenApps(ctx, storagetest.FilledUser(7))
		return len(list), err
	}},
	{"passes", func(ctx context.Context, db *storage.DB) (int, error) {
		list, err := db.Passes(ctx, storagetest.FilledUser(7))
		return len(list), err
	}},
	{"audit", audit(storage.AuditFilter{})},
	{"audit/deep", audit(storage.AuditFilter{To: storagetest.Start.AddDate(0, 0, -200)})},
	{"audit/actor", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0)})},
	{"audit/nobody", audit(storage.AuditFilter{Actor: "nobody"})},
	{"audit/target", audit(storage.AuditFilter{Target: storagetest.FilledApp(3)})},
	{"audit/action", audit(storage.AuditFilter{Action: "session.end"})},
	{"audit/rare action", audit(storage.AuditFilter{Action: "scope.update"})},
	{"audit/noun", audit(storage.AuditFilter{Action: "user."})},
	{"audit/rare noun", audit(storage.AuditFilter{Action: "link."})},
	{"audit/address", audit(storage.AuditFilter{Address: "192.0.3.7"})},
	{"audit/refused", audit(storage.AuditFilter{Refused: &yes})},
	{"audit/not refused", audit(storage.AuditFilter{Refused: &no})},
	{"audit/between", audit(storage.AuditFilter{From: storagetest.Start.AddDate(0, 0, -100), To: storagetest.Start.AddDate(0, 0, -99)})},
	{"audit/actor and rare action", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0), Action: "scope.update"})},
	{"audit/actor and noun", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0), Action: "link."})},
	{"audit/actor and nothing of his", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0), Action: "session.", Target: "app_000003"})},
	{"audit/two frequent that never meet", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0), Action: "session.start", Address: "nowhere"})},
	{"audit/frequent and refused", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0), Action: "session.start", Refused: &yes})},
	{"audit/frequent, refused at an address", audit(storage.AuditFilter{Actor: storagetest.FilledUser(0), Refused: &yes, Address: "192.0.3.7"})},
	{"audit/noun, refused", audit(storage.AuditFilter{Action: "session.", Refused: &yes})},
	{"audit/noun, not refused", audit(storage.AuditFilter{Action: "session.", Refused: &no})},
	{"audit/noun of one, refused long ago", audit(storage.AuditFilter{Action: "app.", Actor: storagetest.FilledUser(0), Refused: &yes, To: storagetest.Start.AddDate(0, 0, -250)})},
	{"audit/actions", func(ctx context.Context, db *storage.DB) (int, error) {
		list, err := db.AuditActions(ctx)
		return len(list), err
	}},
}

func users(f storage.UserFilter) func(context.Context, *storage.DB) (int, error) {
	return func(ctx context.Context, db *storage.DB) (int, error) {
		list, _, err := db.Users(ctx, f)
		return len(list), err
	}
}

func countUsers(f storage.UserFilter) func(context.Context, *storage.DB) (int, error) {
	return func(ctx context.Context, db *storage.DB) (int, error) { return db.CountUsers(ctx, f) }
}

func apps(f storage.AppFilter) func(context.Context, *storage.DB) (int, error) {
	return func(ctx context.Context, db *storage.DB) (int, error) {
		list, _, err := db.AppRows(ctx, f)
		return len(list), err
	}
}

func audit(f storage.AuditFilter) func(context.Context, *storage.DB) (int, error) {
	return func(ctx context.Context, db *storage.DB) (int, error) {
		list, _, err := db.AuditLog(ctx, f)
		return len(list), err
	}
}

// BenchmarkLists is what each page of a list costs with 10,000 apps, 100,000 users and 1,000,000 audit
// rows: at most 50 ms are allowed for the whole page.
func BenchmarkLists(b *testing.B) {
	config := storagetest.Config(b, true)
	size := storagetest.Large
	size.Now = storagetest.Start
	begun := time.Now()
	storagetest.Fill(b, config.Dir, size)
	b.Logf("filled in %.1f s", time.Since(begun).Seconds())
	clock := storagetest.NewClock()
	config.Now = clock.Now
	db, err := storage.Open(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	begun = time.Now()
	_, err = db.CountUsers(b.Context(), storage.UserFilter{Query: "x"})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("people read into memory in %.0f ms", float64(time.Since(begun).Microseconds())/1000)
	for _, list := range lists {
		b.Run(list.name, func(b *testing.B) {
			rows := 0
			for b.Loop() {
				var err error
				rows, err = list.page(b.Context(), db)
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/page")
			b.ReportMetric(float64(rows), "rows")
			b.ReportMetric(0, "ns/op")
		})
	}
}
