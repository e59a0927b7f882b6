package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// runFake runs one plan of the fake suite and returns the results, and what was said on the way.
func runFake(t *testing.T, f *fakeSuite, p suitePlan, config object, rotate func(context.Context) error) ([]*moduleResult, error) {
	t.Helper()
	runner := &suiteRunner{
		suite: newSuiteClient(f.URL, nil), configs: map[string]object{p.config: config}, rotate: rotate,
		say: func(string, ...any) {}, most: time.Minute,
	}
	if p.name == endlessPlan.name {
		runner.most = 200 * time.Millisecond
	}
	return runner.runAll(t.Context(), []suitePlan{p})
}

var fakePlan = suitePlan{"fake", "oidcc-fake-test-plan", [][2]string{{"client_registration", "static_client"}}, "fake.json"}

// endlessPlan is for modules that never end.
var endlessPlan = suitePlan{"endless", "oidcc-endless-test-plan", nil, "fake.json"}

// TestConformanceRunEndless: a module that does not end is cancelled before the next, which would take
// its callbacks.
func TestConformanceRunEndless(t *testing.T) {
	f := newFakeSuite(t, fakeModule{name: "first"}, fakeModule{name: "second"})
	got, err := runFake(t, f, endlessPlan, object{"alias": "a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if r.Result != resultFailed || r.Condition != "not finished after 200ms" {
			t.Errorf("%s: got %s %q", r.Module, r.Result, r.Condition)
		}
	}
	want := []string{"plan oidcc-endless-test-plan", "create first", "cancel first", "create second", "cancel second"}
	if diff := cmp.Diff(f.calls, want); diff != "" {
		t.Errorf("calls (-got +want):\n%s", diff)
	}
}

// TestConformanceRunResults: what becomes of each way a module can end.
func TestConformanceRunResults(t *testing.T) {
	f := newFakeSuite(t,
		fakeModule{name: "good", variant: `{"response_type":"code"}`, result: resultPassed, late: 3},
		fakeModule{name: "looked-at", result: resultReview},
		fakeModule{name: "warned", result: "WARNING", log: []suiteEntry{
			{Source: "First", Message: "fine", Result: "SUCCESS"},
			{Source: "Second", Message: "too\n  long", Result: "WARNING"},
			{Source: "Second", Message: "too long", Result: "WARNING"},
		}},
		fakeModule{name: "cut", result: resultFailed, status: stateInterrupted, log: []suiteEntry{
			{Source: "Cause", Message: "refused", Result: "FAILURE"},
			{Source: "cut", Message: "The failure 'Cause: refused' means the test cannot continue.", Result: stateInterrupted},
		}},
		fakeModule{name: "cut-early", result: "UNKNOWN", status: stateInterrupted, log: []suiteEntry{
			{Source: "cut-early", Message: "stopped", Result: stateInterrupted},
		}},
		fakeModule{name: "left-out", result: resultSkipped, log: []suiteEntry{{Source: "left-out", Message: "not offered", Result: resultSkipped}}},
	)
	got, err := runFake(t, f, fakePlan, object{"alias": "a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []*moduleResult{
		{Module: "good", Result: resultPassed},
		{Module: "looked-at", Result: resultReview},
		{Module: "warned", Result: "WARNING", Condition: "Second: too long"},
		{Module: "cut", Result: resultFailed, Condition: "Cause: refused"},
		{Module: "cut-early", Result: resultFailed, Condition: "cut-early: stopped"},
		{Module: "left-out", Result: resultSkipped, Condition: "left-out: not offered"},
	}
	for i, r := range want {
		r.Plan = "fake"
		r.Run = "run" + string(rune('1'+i))
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("results (-got +want):\n%s", diff)
	}
	if f.most != 1 {
		t.Errorf("modules that share an alias: %d at once, want 1", f.most)
	}
	if f.calls[0] != `plan oidcc-fake-test-plan {"client_registration":"static_client"}` {
		t.Errorf("got %q", f.calls[0])
	}
}

// TestConformanceRunRotates: the keys change while the module stands configured, when no other runs.
func TestConformanceRunRotates(t *testing.T) {
	modules := []fakeModule{
		{name: rotateModule, result: resultPassed, waits: true},
		{name: "one", result: resultPassed, late: 5}, {name: "two", result: resultPassed, late: 5},
		{name: "three", result: resultPassed, waits: true}, {name: "four", result: resultPassed},
	}
	f := newFakeSuite(t, modules...)
	rotated := 0
	got, err := runFake(t, f, fakePlan, object{}, func(context.Context) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		rotated++
		if f.running != 1 {
			t.Errorf("%d modules run during the rotation, want 1", f.running)
		}
		f.calls = append(f.calls, "rotate")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got {
		if r.Module != modules[i].name || r.Result != resultPassed {
			t.Errorf("result %d: got %s %s, want %s %s", i, r.Module, r.Result, modules[i].name, resultPassed)
		}
	}
	if rotated != 1 {
		t.Errorf("rotated %d times, want once", rotated)
	}
	end := f.calls[len(f.calls)-3:]
	if diff := cmp.Diff(end, []string{"create " + rotateModule, "rotate", "start " + rotateModule}); diff != "" {
		t.Errorf("the last calls (-got +want):\n%s", diff)
	}
	if f.most < 2 || f.most > suiteWorkers {
		t.Errorf("without an alias %d modules ran at once, want 2 to %d", f.most, suiteWorkers)
	}

	f = newFakeSuite(t, modules[0])
	got, err = runFake(t, f, fakePlan, object{}, nil)
	if err != nil || got[0].Result != resultFailed || !strings.Contains(got[0].Condition, "--data DIR") {
		t.Errorf("nobody rotates: got %+v, %v", got[0], err)
	}
	f = newFakeSuite(t, modules[0])
	got, err = runFake(t, f, fakePlan, object{}, func(context.Context) error { return errors.New("disk full") })
	if err != nil || got[0].Result != resultFailed || got[0].Condition != "disk full" || f.running != 0 {
		t.Errorf("a rotation that fails: got %+v, %v; %d still run", got[0], err, f.running)
	}
}

// TestConformanceRunStumbles: an error of the suite at the start counts if the module did not start.
func TestConformanceRunStumbles(t *testing.T) {
	f := newFakeSuite(t, fakeModule{name: "one", result: resultPassed, waits: true, broken: "started"},
		fakeModule{name: "two", result: resultPassed, waits: true, broken: "waiting"})
	got, err := runFake(t, f, fakePlan, object{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Result != resultPassed || got[1].Result != resultFailed || !strings.Contains(got[1].Condition, "could not write JSON") {
		t.Errorf("got %+v and %+v", got[0], got[1])
	}
}

// TestConformanceRunWithoutSuite: what is wrong with the suite itself ends the run with its words.
func TestConformanceRunWithoutSuite(t *testing.T) {
	f := newFakeSuite(t)
	_, err := runFake(t, f, suitePlan{"x", "nonsense", nil, "fake.json"}, object{}, nil)
	if err == nil || err.Error() != "suite: POST plan: 404 No plan with name: nonsense" {
		t.Errorf("unknown plan: got %v", err)
	}
	_, err = runFake(t, f, fakePlan, object{}, nil)
	if err == nil || !strings.Contains(err.Error(), "has no modules") {
		t.Errorf("empty plan: got %v", err)
	}
	f.Close()
	_, err = runFake(t, f, fakePlan, object{}, nil)
	if err == nil || !strings.Contains(err.Error(), "the suite at "+f.URL+" does not answer: ") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("no suite: got %v", err)
	}
}

// TestConformanceRunCommand runs the command as it is typed, with the suite's certificate verified.
func TestConformanceRunCommand(t *testing.T) {
	f := newFakeSuite(t, fakeModule{name: "oidcc-server", result: resultPassed}, fakeModule{name: "oidcc-prompt-login", result: resultReview})
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	writeFile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})))
	type item struct{ Plan, Module, Result, Surprise string }
	for _, c := range []struct {
		name   string
		args   []string
		expect string // content of the file of --expect
		code   int
		items  []item
		talk   string
	}{
		{
			name: "as expected", code: 0, talk: "config 2/2",
			items: []item{{"config", "oidcc-server", "PASSED", ""}, {"config", "oidcc-prompt-login", "REVIEW", ""}},
		},
		{
			name: "as the file says", code: 0, expect: "PLAN MODULE RESULT\n# a remark\n\nconfig oidcc-server PASSED \nconfig oidcc-prompt-login REVIEW\nbasic-static other PASSED\n",
			items: []item{{"config", "oidcc-server", "PASSED", ""}, {"config", "oidcc-prompt-login", "REVIEW", ""}},
		},
		{
			name: "not as the file says", code: 1, expect: "config oidcc-server SKIPPED\nconfig gone PASSED\n",
			items: []item{{"config", "oidcc-server", "PASSED", "expected SKIPPED"}, {"config", "oidcc-prompt-login", "REVIEW", "not in the file; gone did not run"}},
			talk:  "2 of 2 modules did not end as expected",
		},
		{name: "a file that is no table", code: 1, expect: "config PASSED\n", talk: ":1: want plan, module and result"},
		{name: "another authority", code: 1, args: []string{"--ca", testCertificate(t, dir)}, talk: "certificate"},
		{name: "no authority", code: 1, args: []string{"--ca", filepath.Join(dir, "none.pem")}, talk: "--ca: open "},
		{name: "no database", code: 1, args: []string{"--data", filepath.Join(dir, "none")}, talk: "--data: no database in "},
		{name: "unknown plan", code: 2, args: []string{"--plan", "nonsense"}, talk: "the plans are config, basic-static"},
		{name: "suite in clear", code: 2, args: []string{"--suite", "http://suite.test:8443"}, talk: "is not https://HOST[:PORT]"},
		{name: "suite with a path", code: 2, args: []string{"--suite", "https://suite.test/x"}, talk: "is not https://HOST[:PORT]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"propusk", "conformance", "run", "--suite", f.URL, "--ca", ca, "--plan", "config", "--json"}, c.args...)
			if c.expect != "" {
				path := filepath.Join(t.TempDir(), "expect.txt")
				writeFile(t, path, c.expect)
				args = append(args, "--expect", path)
			}
			var out, talk bytes.Buffer
			code := run(t.Context(), args, terminal{in: strings.NewReader(""), out: &out, err: &talk})
			if code != c.code || !strings.Contains(talk.String(), c.talk) {
				t.Errorf("got code %d, talk %q; want %d, %q in it", code, talk.String(), c.code, c.talk)
			}
			var got struct{ Items []item }
			if out.Len() > 0 {
				err := json.Unmarshal(out.Bytes(), &got)
				if err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(got.Items, c.items, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("items (-got +want):\n%s", diff)
			}
		})
	}
	var out bytes.Buffer
	code := run(t.Context(), []string{"propusk", "conformance", "run", "--suite", f.URL, "--plan", "config"},
		terminal{in: strings.NewReader(""), out: &out, err: &bytes.Buffer{}})
	want := "PLAN    MODULE              RESULT  CONDITION\n" +
		"config  oidcc-server        PASSED  \n" +
		"config  oidcc-prompt-login  REVIEW  \n"
	if code != 0 || out.String() != want {
		t.Errorf("got %d\n%s\nwant 0\n%s", code, out.String(), want)
	}
}

// testCertificate writes a certificate of somebody else and returns its file.
func testCertificate(t *testing.T, dir string) string {
	t.Helper()
	c, err := makeCertificate("elsewhere.test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "elsewhere.pem")
	writeFile(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.current.Load().Certificate[0]})))
	return path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	err := os.WriteFile(path, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
}
