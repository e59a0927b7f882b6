package main

import (
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostileCase is one row of testdata/hostile/cases.tsv: what an attacker or a broken client does, and
// what has to come of it.
type hostileCase struct{ id, area, situation, expected string }

// hostileAreas are the functions of the corpus by area and id. Each runs against the real handler over
// real HTTP on a real database; a time bound of the corpus is asserted by its cause, never by a clock.
var hostileAreas = map[string]map[string]func(*testing.T){
	"redirect":       hostileRedirect,
	"pkce":           hostilePKCE,
	"code":           hostileCode,
	"refresh":        hostileRefresh,
	"client-auth":    hostileClientAuth,
	"token":          hostileToken,
	"login":          hostileLogin,
	"logout":         hostileLogout,
	"consent":        hostileConsent,
	"dashboard":      hostileDashboard,
	"device":         hostileDevice,
	"http":           hostileHTTP,
	"dos":            hostileDoS,
	"keys":           hostileKeys,
	"pat":            hostilePAT,
	"cli":            hostileCLI,
	"assertion":      hostileAssertion,
	"request-object": hostileRequestObject,
	"hint":           hostileHint,
	"registration":   hostileRegister,
}

// TestHostile runs every row of the corpus by the function of its id.
func TestHostile(t *testing.T) {
	for _, c := range hostileCases(t) {
		t.Run(c.id, func(t *testing.T) {
			run := hostileAreas[c.area][c.id]
			if run == nil {
				t.Fatalf("area %q has no function for %s: %s", c.area, c.id, c.situation)
			}
			if !hostileAlone[c.id] {
				t.Parallel()
			}
			run(t)
			if t.Failed() {
				t.Logf("%s\nsituation: %s\nexpected: %s", c.id, c.situation, c.expected)
			}
		})
	}
}

// TestHostileCorpus holds the table and the functions together: none of either without the other.
func TestHostileCorpus(t *testing.T) {
	written, coded := map[string]string{}, map[string]string{}
	for _, c := range hostileCases(t) {
		if _, twice := written[c.id]; twice {
			t.Errorf("%s stands in the table twice", c.id)
		}
		if c.situation == "" || c.expected == "" {
			t.Errorf("%s says too little", c.id)
		}
		written[c.id] = c.area
	}
	for area, functions := range hostileAreas {
		for id := range functions {
			coded[id] = area
		}
	}
	if diff := cmp.Diff(written, coded); diff != "" {
		t.Errorf("rows of the table and functions (-table +functions):\n%s", diff)
	}
	if len(written) == 0 || !slices.IsSorted(idsOf(hostileCases(t))) {
		t.Errorf("the table is empty or out of order: %v", slices.Sorted(maps.Keys(written)))
	}
}

// hostileCases reads the table.
func hostileCases(t *testing.T) []hostileCase {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", "hostile", "cases.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma, reader.FieldsPerRecord, reader.LazyQuotes = '\t', 4, true
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id", "area", "situation", "expected"}, rows[0]); diff != "" {
		t.Fatalf("columns (-want +got):\n%s", diff)
	}
	var cases []hostileCase
	for _, row := range rows[1:] {
		cases = append(cases, hostileCase{row[0], row[1], row[2], row[3]})
	}
	return cases
}

func idsOf(cases []hostileCase) []string {
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.id)
	}
	return ids
}
