package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestAuditPlans finds no scan and no sorting on any way through the audit log.
func TestAuditPlans(t *testing.T) {
	db := storagetest.Seeded(t)
	for index, statement := range storage.AuditStatements() {
		args := make([]any, strings.Count(statement, "$"))
		for i := range args {
			args[i] = "x"
		}
		rows, err := db.ReadPool().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args[:11]...)
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		for rows.Next() {
			var id, parent, unused int
			var step string
			err = rows.Scan(&id, &parent, &unused, &step)
			if err != nil || strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") || !strings.Contains(step, index) {
				t.Errorf("along %s: step %q, %v", index, step, err)
			}
			steps++
		}
		rows.Close()
		if steps != 1 {
			t.Errorf("along %s: %d steps, want 1", index, steps)
		}
	}
}

// TestAuditLook: a page looks at so many rows and no more, and its cursor goes on where it stopped.
func TestAuditLook(t *testing.T) {
	config := storagetest.Config(t, true)
	const many = 3*storage.AuditLook + 100
	storagetest.Fill(t, config.Dir, storagetest.Size{Apps: 3, Users: 1, Audit: many, Now: storagetest.Start})
	clock := storagetest.NewClock()
	config.Now = clock.Now
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	// Each filter alone matches thousands, all of them one row, which is among the oldest.
	for _, query := range []string{
		`UPDATE audit SET address = 'needle', action = 'session.end' WHERE action <> 'session.start'`,
		`UPDATE audit SET address = 'needle' WHERE id = (SELECT id FROM audit WHERE action = 'session.start' ORDER BY id LIMIT 1 OFFSET 50)`,
	} {
		err = db.Exec(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
	}
	f := storage.AuditFilter{Action: "session.start", Address: "needle", Actor: storagetest.FilledUser(0)}
	found, pages := 0, 0
	for {
		list, next, err := db.AuditLog(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		found += len(list)
		pages++
		if next == "" {
			break
		}
		f.After = next
	}
	if found != 1 || pages < 3 || pages > 5 {
		t.Errorf("got %d rows on %d pages, want 1 on 3 to 5", found, pages)
	}
	all := 0
	err = db.AuditEach(t.Context(), storage.AuditFilter{Actor: storagetest.FilledUser(0)}, 0, func(storage.AuditEntry) error {
		all++
		return nil
	})
	if err != nil || all != many {
		t.Errorf("an export of all: got %d, %v, want %d", all, err, many)
	}
}

// TestAuditKeep: the retention is what the configuration says.
func TestAuditKeep(t *testing.T) {
	clock := storagetest.NewClock()
	config := storagetest.Config(t, true)
	config.Now, config.AuditKeep = clock.Now, 24*time.Hour
	db, err := storage.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 3 {
		err = db.Audit(t.Context(), storage.AuditEntry{Action: "test.keep", Target: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(10 * time.Hour)
	}
	_, err = db.Sweep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := db.AuditLog(t.Context(), storage.AuditFilter{Action: "test."})
	if err != nil || len(list) != 2 || list[0].Target != "2" || list[1].Target != "1" {
		t.Errorf("after a day: got %+v, %v", list, err)
	}
}

// TestAuditOrder: entries of one transaction and of one millisecond stay in the order they were written.
func TestAuditOrder(t *testing.T) {
	db := storagetest.SeededAt(t, storagetest.NewClock())
	for i := range 300 {
		err := db.Audit(t.Context(), storage.AuditEntry{Action: "test.order", Target: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
	}
	next := 299
	stop := errors.New("stop")
	err := db.AuditEach(t.Context(), storage.AuditFilter{Action: "test.order"}, 0, func(e storage.AuditEntry) error {
		if e.Target != fmt.Sprint(next) {
			t.Errorf("got %s, want %d", e.Target, next)
			return stop
		}
		next--
		return nil
	})
	if err != nil || next != -1 {
		t.Errorf("%d entries are missing, %v", next+1, err)
	}
}
