package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lastRun reads the tables of the last run in a chapter: plan, modules, passed, review, skipped, failed; and
// says what of it is not as the recorded results want it. No table is no problem: then nobody has run it yet.
func lastRun(section string, expected []moduleResult) []string {
	want := map[string]string{}
	for _, p := range suitePlans {
		count := map[string]int{}
		all := 0
		for _, row := range expected {
			if row.Plan == p.name {
				all++
				count[row.Result]++
			}
		}
		want[p.name] = fmt.Sprint(all, count[resultPassed], count[resultReview], count[resultSkipped], 0)
	}
	var problems []string
	found := map[string]bool{}
	row := regexp.MustCompile(`(?m)^\| *([a-z0-9-]+) *\| *(\d+) *\| *(\d+) *\| *(\d+) *\| *(\d+) *\| *(\d+) *\|$`)
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		found[m[1]] = true
		if got := strings.Join(m[2:], " "); got != want[m[1]] {
			problems = append(problems, fmt.Sprintf("%s: the chapter says %s, the recorded results %s", m[1], got, want[m[1]]))
		}
	}
	if len(found) > 0 && len(found) < len(suitePlans) {
		problems = append(problems, fmt.Sprintf("%d of %d plans", len(found), len(suitePlans)))
	}
	return problems
}

// TestManualLastRun: what the manual tells of the last run is what the recorded results say.
func TestManualLastRun(t *testing.T) {
	e, err := readExpectation("../../testdata/conformance/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	for file, heading := range map[string]string{"conformance.md": "## Last run", "conformance.ru.md": "## Последний прогон"} {
		text, err := os.ReadFile("../../static/docs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, ok := strings.Cut(string(text), heading+"\n")
		if !ok {
			t.Fatalf("%s has no %s", file, heading)
		}
		for _, problem := range lastRun(section, e.rows) {
			t.Errorf("%s: %s", file, problem)
		}
	}
	got := lastRun("| config | 1 | 1 | 0 | 0 | 0 |\n| basic-static | 35 | 30 | 2 | 2 | 1 |\n", e.rows)
	want := []string{"basic-static: the chapter says 35 30 2 2 1, the recorded results 35 30 3 2 0", fmt.Sprintf("2 of %d plans", len(suitePlans))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a wrong table (-want +got):\n%s", diff)
	}
}

// TestManualConformance: the chapter names every flag of the three commands, and as modules that do not end
// with PASSED those of the rule.
func TestManualConformance(t *testing.T) {
	command := conformanceCommand(terminal{})
	for _, file := range []string{"conformance.md", "conformance.ru.md"} {
		prose, _ := manualText(t, "../../static/docs/"+file)
		for _, sub := range command.Subcommands {
			for _, name := range flagNames(sub.Flags) {
				if !regexp.MustCompile("`--" + name + "[ `]").MatchString(prose) {
					t.Errorf("%s: nothing about --%s of %s", file, name, sub.Name)
				}
			}
		}
		named := regexp.MustCompile("`(oidcc-[a-z0-9-]+)`").FindAllStringSubmatch(prose, -1)
		for _, m := range named {
			if expectedResult(m[1]) == resultPassed {
				t.Errorf("%s: %s ends with PASSED", file, m[1])
			}
		}
		for _, module := range needUnsigned {
			if !slices.ContainsFunc(named, func(m []string) bool { return m[1] == module }) {
				t.Errorf("%s: nothing about %s", file, module)
			}
		}
	}
}
