package dashboard

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// note writes entries as somebody's deeds.
func (w *world) note(list ...storage.AuditEntry) {
	w.t.Helper()
	for _, e := range list {
		err := w.db.Audit(context.Background(), e)
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestAudit(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	w.note(
		storage.AuditEntry{Actor: w.actor("bob"), Action: "app_key.create", Target: "demo", Detail: "KEY1"},
		storage.AuditEntry{Actor: storage.Actor{Kind: storage.ActorUser, ID: w.user("carol").ID, Address: "203.0.113.9"}, Action: "app.write", Target: "demo", Result: "forbidden"},
		storage.AuditEntry{Actor: storage.Command, Action: "odd.deed", Target: "<b>x</b>"},
	)
	all := b.get("/audit")
	want(t, all, http.StatusOK, "made an access key", ">Bob Orlov</a>", `href="/apps/demo"`, "the command line", "<code>odd.deed</code>", "&lt;b&gt;x", "forbidden", "signed in")
	tests := []struct {
		name, query string
		has, hasn   []string
	}{
		{"by login", "?who=bob", []string{"KEY1"}, []string{"odd.deed", "forbidden</code>"}},
		{"by e-mail", "?who=Bob%40Example.com", []string{"KEY1"}, []string{"odd.deed"}},
		{"by name", "?who=bob+orlov", []string{"KEY1"}, []string{"odd.deed"}},
		{"by the name of an app", "?target=browser+demo", []string{"made an app", `href="/apps/spa"`}, []string{"KEY1", "odd.deed"}},
		{"by id", "?who=" + w.user("bob").ID, []string{"KEY1"}, []string{"odd.deed"}},
		{"by app", "?target=demo", []string{"KEY1", "forbidden"}, []string{"odd.deed"}},
		{"by group", "?what=app_key", []string{"KEY1"}, []string{"odd.deed", "forbidden</code>"}},
		{"refused", "?result=refused", []string{"forbidden"}, []string{"KEY1"}},
		{"done", "?result=ok&who=carol", []string{"Nothing matches"}, []string{"KEY1"}},
		{"by address", "?address=203.0.113.9", []string{"forbidden"}, []string{"KEY1"}},
		{"one day", "?from=2026-01-01&to=2026-01-01", []string{"Nothing matches"}, []string{"KEY1"}},
		{"today", "?from=" + w.clock.Now().UTC().Format("2006-01-02") + "&to=" + w.clock.Now().UTC().Format("2006-01-02"), []string{"KEY1"}, nil},
		{"nobody", "?who=nobody", []string{"Nothing matches", `value="nobody"`}, []string{"KEY1"}},
		{"forged cursor", "?after=%27", []string{"audit"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := b.get("/audit" + tt.query)
			want(t, got, http.StatusOK, tt.has...)
			wantNot(t, got, tt.hasn...)
		})
	}
	want(t, b.get("/audit?from=soon"), http.StatusUnprocessableEntity, "Choose the day from the calendar", `value="soon"`)
	b.lang = "ru"
	want(t, b.get("/audit"), http.StatusOK, "создан ключ доступа", "командная строка")
}

func TestAuditPages(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	for i := range 120 {
		w.note(storage.AuditEntry{Actor: storage.Command, Action: "user.update", Target: fmt.Sprintf("t%03d", i)})
	}
	at, seen := "/audit?what=user", map[string]int{}
	for pages := 0; at != ""; pages++ {
		if pages > 10 {
			t.Fatal("the pages do not end")
		}
		got := b.get(at)
		want(t, got, http.StatusOK)
		for _, id := range regexp.MustCompile(`title="(t\d{3})"`).FindAllStringSubmatch(got.body, -1) {
			seen[id[1]]++
		}
		at = ""
		if next := regexp.MustCompile(`href="(/audit\?[^"]*)" rel="next"`).FindStringSubmatch(got.body); next != nil {
			at = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	for i := range 120 {
		if n := seen[fmt.Sprintf("t%03d", i)]; n != 1 {
			t.Errorf("entry %d was shown %d times", i, n)
		}
	}
}

func TestAuditExport(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	for i := range 250 {
		w.note(storage.AuditEntry{Actor: w.actor("bob"), Action: "app.update", Target: "demo", Detail: fmt.Sprintf("line %d", i)})
	}
	for _, detail := range []string{`=HYPERLINK("http://evil.example")`, "+1", "-1", "@SUM(A1)", "\t=1", `a "quoted", text`} {
		w.note(storage.AuditEntry{Actor: w.actor("bob"), Action: "app.update", Target: "plain", Detail: detail})
	}
	got := b.get("/audit/export?who=bob&what=app&lang=en")
	want(t, got, http.StatusOK)
	for name, value := range map[string]string{"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": `attachment; filename="audit-` + w.clock.Now().UTC().Format("2006-01-02") + `-app.csv"`} {
		if diff := cmp.Diff(value, got.header.Get(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 257 {
		t.Fatalf("%d rows, want a header and 256 entries", len(rows))
	}
	if diff := cmp.Diff(exportColumns, rows[0]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	var details []string
	for _, row := range rows[1:7] {
		details = append(details, row[9])
	}
	wantDetails := []string{`a "quoted", text`, "'\t'=1", "'@SUM(A1)", "'-1", "'+1", `'=HYPERLINK("http://evil.example")`}
	if diff := cmp.Diff(wantDetails, details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"user", w.user("bob").ID, "Bob Orlov", "app.update", "plain", "Plain demo", "ok"}, rows[1][2:9]); diff != "" {
		t.Errorf("first entry (-want +got):\n%s", diff)
	}
	if n := w.audited("audit.export", "", "ok"); n != 1 {
		t.Errorf("the export is told %d times, want once", n)
	}
	want(t, b.get("/audit/export?from=soon"), http.StatusNotFound)
}

// deeds are string literals that look like an action of the audit log.
var deeds = regexp.MustCompile(`"(([a-z_]+)\.[a-z_]+)"`)

// TestEveryActionHasASentence looks for the actions in the code that writes them.
func TestEveryActionHasASentence(t *testing.T) {
	nouns := map[string]bool{"me": true}
	for did := range auditActions {
		for _, noun := range auditGroups {
			if strings.HasPrefix(did, noun+"_") {
				nouns[noun] = true
			}
		}
	}
	found := map[string]bool{}
	for _, dir := range []string{"../../storage", "..", ".", "../../provider", "../../cmd/propusk", "../api"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range deeds.FindAllStringSubmatch(string(raw), -1) {
				if nouns[m[2]] {
					found[strings.ReplaceAll(m[1], ".", "_")] = true
				}
			}
			for _, m := range regexp.MustCompile(`auditConsent \+ "\.([a-z_]+)"`).FindAllStringSubmatch(string(raw), -1) {
				found["consent_"+m[1]] = true
			}
			// Entries whose action is written beside them, of whatever noun.
			for _, m := range regexp.MustCompile(`(?:audit\(by, |Action: +)"([a-z_.]+)"`).FindAllStringSubmatch(string(raw), -1) {
				found[strings.ReplaceAll(m[1], ".", "_")] = true
			}
		}
	}
	for _, not := range notDeeds {
		delete(found, not)
	}
	for did := range found {
		if !auditActions[did] {
			t.Errorf("the action %s has no sentence", did)
		}
	}
	for did := range auditActions {
		if !found[did] {
			t.Errorf("nothing writes the action %s", did)
		}
	}
}

// notDeeds are literals that look like actions and are none: a key of the locale, a file.
var notDeeds = []string{"audit_wrong_date", "token_sh"}

func TestQuery(t *testing.T) {
	got := query(url.Values{"q": {"a b", "c"}, "after": {"old"}, "done": {"saved"}, "access": {""}}, "new")
	if want := "?after=new&q=a+b"; got != want {
		t.Errorf("query = %q, want %q", got, want)
	}
}
