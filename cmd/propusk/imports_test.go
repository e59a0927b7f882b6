package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/propusk/propusk"

// mayImport is who may import whom inside the module, tests not counted. A new package or a new edge is
// a change of this table, to be argued for: provider never imports login, login never imports provider,
// and storage knows nobody.
var mayImport = map[string][]string{
	"cmd/propusk":           {"login", "login/api", "login/dashboard", "login/page", "provider", "static", "storage"},
	"provider":              {"login/page", "storage"},
	"provider/providertest": {"login", "login/page", "provider", "static", "storage", "storage/storagetest"},
	"login":                 {"login/page", "storage"},
	"login/dashboard":       {"login", "login/page", "storage"},
	"login/api":             {"login/page", "storage"},
	"login/page":            {"static"},
	"storage":               {"storage/migrations"},
	"storage/migrations":    {},
	"storage/storagetest":   {"storage"},
	"static":                {},
}

// onlyIn is where a dependency may be imported by what ships, so that it can be replaced in one place.
var onlyIn = map[string][]string{
	"github.com/zitadel/oidc":    {"provider"},
	"github.com/go-jose/go-jose": {"provider"},
	"modernc.org/sqlite":         {"storage"},
	"github.com/jackc/pgx":       {"storage"},
	"github.com/pressly/goose":   {"storage", "storage/migrations"},
	"github.com/urfave/cli":      {"cmd/propusk"},
	"go.yaml.in/yaml":            {"cmd/propusk", "login/page"},
	"github.com/nicksnyder":      {"login/page"},
	"github.com/danielgtaylor":   {"login/api"},
	"github.com/yuin/goldmark":   {"login/page"},
	"github.com/chromedp":        {},
	"github.com/google/go-cmp":   {"storage/storagetest"},
	"github.com/coreos/go-oidc":  {"provider/providertest"},
	"golang.org/x/oauth2":        {"provider/providertest"},
	"pgregory.net/rapid":         {},
	"github.com/rogpeppe":        {},
	"golang.org/x/crypto/argon2": {"storage"},
	"html/template":              {"login/page", "provider"},         // provider: the form of form_post
	"database/sql":               {"storage", "storage/storagetest"}, // storagetest: fills a file with many rows
	"testing":                    {"provider/providertest", "storage/storagetest"},
	"net/http/httptest":          {"provider/providertest"},
}

// listed is what go list says of one package.
type listed struct {
	ImportPath string
	Imports    []string
}

// packages asks the go command about every package of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		list = append(list, p)
	}
}

func TestImports(t *testing.T) {
	for _, problem := range judge(packages(t), mayImport) {
		t.Error(problem)
	}
}

// TestImportsJudge shows that the table can be broken, and how that is said.
func TestImportsJudge(t *testing.T) {
	table := map[string][]string{"login": {"storage"}, "storage": {}, "gone": {}}
	list := []listed{
		{ImportPath: module + "/login", Imports: []string{
			"net/http", module + "/storage", module + "/provider", "github.com/zitadel/oidc/v3/pkg/op",
		}},
		{ImportPath: module + "/storage", Imports: []string{"modernc.org/sqlite/lib"}},
		{ImportPath: module + "/utils"},
	}
	got := judge(list, table)
	want := []string{
		"login imports provider: not in the table mayImport",
		"login imports github.com/zitadel/oidc/v3/pkg/op: only provider may",
		"utils: package is not in the table mayImport",
		"gone: in the table mayImport, but there is no such package",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// judge says what in the list breaks the tables.
func judge(list []listed, table map[string][]string) []string {
	var problems []string
	seen := map[string]bool{}
	for _, p := range list {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		seen[name] = true
		allowed, ok := table[name]
		if !ok {
			problems = append(problems, name+": package is not in the table mayImport")
			continue
		}
		for _, path := range p.Imports {
			problems = append(problems, judgeEdge(name, path, allowed)...)
		}
	}
	for _, name := range sortedKeys(table) {
		if !seen[name] {
			problems = append(problems, name+": in the table mayImport, but there is no such package")
		}
	}
	return problems
}

func judgeEdge(name, path string, allowed []string) []string {
	inner, ours := strings.CutPrefix(path, module+"/")
	if ours {
		if slices.Contains(allowed, inner) {
			return nil
		}
		return []string{name + " imports " + inner + ": not in the table mayImport"}
	}
	for _, prefix := range sortedKeys(onlyIn) {
		if path != prefix && !strings.HasPrefix(path, prefix+"/") {
			continue
		}
		if !slices.Contains(onlyIn[prefix], name) {
			where := strings.Join(onlyIn[prefix], ", ")
			if where == "" {
				where = "no package that ships"
			}
			return []string{name + " imports " + path + ": only " + where + " may"}
		}
	}
	return nil
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
