package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// TestConformanceConfig: what is written is what run uses, for places of one's own.
func TestConformanceConfig(t *testing.T) {
	configs, err := suiteConfigs("https://op.example", "https://suite.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range suitePlans {
		if configs[p.config] == nil {
			t.Errorf("plan %s: no configuration %s", p.name, p.config)
		}
	}
	text, err := json.Marshal(configs)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"op.test", "suite.test", ":9443", ":8443"} {
		if bytes.Contains(text, []byte(place)) {
			t.Errorf("%s in a configuration for elsewhere", place)
		}
	}
	static := configs["static.json"]
	apps, err := conformanceApps("https://suite.example")
	if err != nil {
		t.Fatal(err)
	}
	callback := "https://suite.example/test/a/" + static["alias"].(string) + "/callback"
	for _, key := range []string{"client", "client2", "client_secret_post"} {
		client := static[key].(object)
		if !slices.ContainsFunc(apps, func(a storage.NewApp) bool {
			return a.ID == client["client_id"] && a.Secret == client["client_secret"] && slices.Contains(a.RedirectURIs, callback)
		}) {
			t.Errorf("%s %v is no app that is called back at %s", key, client, callback)
		}
	}
	for module := range static["override"].(object) {
		if !slices.Contains(alwaysReviewed, module) {
			t.Errorf("%s stores a page but is not expected to", module)
		}
	}
	if len(static["override"].(object)) != len(alwaysReviewed) {
		t.Errorf("%d overrides, %d modules that end with REVIEW", len(static["override"].(object)), len(alwaysReviewed))
	}
	for _, match := range []string{"https://op.example/connect/authorize*", "https://op.example/login*", "https://op.example/consent*"} {
		if !strings.Contains(string(text), match) {
			t.Errorf("no instructions for %s", match)
		}
	}
}

// TestConformanceExpected: the recorded table is what the rule says of every module.
func TestConformanceExpected(t *testing.T) {
	e, err := readExpectation("../../testdata/conformance/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	plans := map[string]int{}
	for _, row := range e.rows {
		plans[row.Plan]++
		if got := expectedResult(row.Module); got != row.Result {
			t.Errorf("%s %s: the file says %s, the rule %s", row.Plan, row.Module, row.Result, got)
		}
	}
	for _, p := range suitePlans {
		if plans[p.name] == 0 {
			t.Errorf("the file has no plan %s", p.name)
		}
	}
	if len(plans) != len(suitePlans) {
		t.Errorf("the file has %d plans, the command %d", len(plans), len(suitePlans))
	}
}
