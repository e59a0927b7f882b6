package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// alwaysReviewed are the modules in which the suite wants a person to look at a page however well the
// provider does: they end with REVIEW.
var alwaysReviewed = []string{
	"oidcc-prompt-login", "oidcc-max-age-1",
	"oidcc-ensure-registered-redirect-uri", "oidcc-redirect-uri-query-mismatch",
	"oidcc-redirect-uri-query-added", "oidcc-ensure-redirect-uri-in-authorization-request",
	"oidcc-registration-logo-uri", "oidcc-registration-policy-uri", "oidcc-registration-tos-uri",
	"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri",
	"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
	"oidcc-rp-initiated-logout-modified-id-token-hint", "oidcc-rp-initiated-logout-bad-id-token-hint",
	"oidcc-rp-initiated-logout-no-id-token-hint", "oidcc-rp-initiated-logout-no-params",
	"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "oidcc-rp-initiated-logout-only-state",
}

// needUnsigned are the modules that ask for alg none, which propusk never offers: they are skipped.
var needUnsigned = []string{
	"oidcc-idtoken-unsigned", "oidcc-request-uri-unsigned",
	"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
	"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
	"oidcc-ensure-request-object-with-redirect-uri",
}

// expectedResult is how a module ends at a provider that does everything right.
func expectedResult(module string) string {
	switch {
	case slices.Contains(alwaysReviewed, module):
		return resultReview
	case slices.Contains(needUnsigned, module):
		return resultSkipped
	}
	return resultPassed
}

// expectation is what results are compared with: the rows of a file, or, without one, expectedResult.
type expectation struct {
	fromFile bool
	rows     []moduleResult
}

// readExpectation reads the table that an earlier run printed: plan, module and result in the first
// three columns. Empty lines, the heading and what begins with # are passed over.
func readExpectation(path string) (*expectation, error) {
	if path == "" {
		return &expectation{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("expected results: %w", err)
	}
	e := &expectation{fromFile: true}
	for number, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") || words[0] == resultHeading[0] {
			continue
		}
		if len(words) < 3 {
			return nil, fmt.Errorf("expected results: %s:%d: want plan, module and result", path, number+1)
		}
		e.rows = append(e.rows, moduleResult{Plan: words[0], Module: words[1], Result: words[2]})
	}
	return e, nil
}

// compare marks every result that is not the expected one. A plan may run a module several times, with
// different response types: the rows of a file stand in the same order. What a chosen plan did not run
// although the file has it is marked on the plan's last result.
func (e *expectation) compare(plans []suitePlan, results []*moduleResult) {
	if !e.fromFile {
		for _, r := range results {
			r.judgeAs(expectedResult(r.Module))
		}
		return
	}
	for _, p := range plans {
		e.comparePlan(p.name, results)
	}
}

func (e *expectation) comparePlan(plan string, results []*moduleResult) {
	want := map[string][]string{}
	for _, row := range e.rows {
		if row.Plan == plan {
			want[row.Module] = append(want[row.Module], row.Result)
		}
	}
	var last *moduleResult
	for _, r := range results {
		if r.Plan != plan {
			continue
		}
		last = r
		expected := want[r.Module]
		if len(expected) == 0 {
			r.Surprise = "not in the file"
			continue
		}
		want[r.Module] = expected[1:]
		r.judgeAs(expected[0])
	}
	for module, left := range want {
		if len(left) > 0 && last != nil {
			last.Surprise = strings.TrimPrefix(last.Surprise+"; "+module+" did not run", "; ")
		}
	}
}

// judgeAs compares the result with the expected one.
func (r *moduleResult) judgeAs(expected string) {
	if r.Result != expected {
		r.Surprise = "expected " + expected
	}
}

// resultHeading is the first line of the table.
var resultHeading = []string{"PLAN", "MODULE", "RESULT", "CONDITION"}

// printResults prints every module, or all as JSON.
func printResults(c *cli.Context, t terminal, results []*moduleResult) error {
	if c.Bool("json") {
		return t.json(map[string]any{"items": results})
	}
	rows := [][]string{resultHeading}
	for _, r := range results {
		rows = append(rows, []string{r.Plan, r.Module, r.Result, r.Condition})
	}
	return t.table(rows)
}

// surprises is the error that names what was not expected, or nil.
func surprises(results []*moduleResult) error {
	var lines []string
	for _, r := range results {
		if r.Surprise != "" {
			lines = append(lines, fmt.Sprintf("%s %s %s: %s", r.Plan, r.Module, r.Result, r.Surprise))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return &failure{
		err: fmt.Errorf("%d of %d modules did not end as expected", len(lines), len(results)), details: lines, code: 1,
		hints: []string{"the suite keeps the log of each run: SUITE/logs.html"},
	}
}
