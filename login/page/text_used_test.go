package page

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/static"
)

// uses are the keys that templates and code name.
type uses struct {
	all      map[string]bool
	marked   map[string]bool // their markup is kept
	prefixes map[string]bool // of keys that are put together: true where markup is kept
}

// used collects the keys that templates and code name. A key may be put together from a literal that ends
// in '.' or '_' (printf "apps.type_%s"): every text that begins so counts as used then.
func used(t *testing.T, en map[string]map[string]string) uses {
	t.Helper()
	u := uses{make(map[string]bool), make(map[string]bool), make(map[string]bool)}
	call := regexp.MustCompile(`\b(t|th|count|about [^\s()]+) (\(printf )?"([a-z0-9_.]+)(%s)?`)
	literal := areaLiteral(en)
	templates, err := fs.Glob(static.FS, "html/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range templates {
		raw, err := static.FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(raw), -1) {
			key := m[3]
			if m[4] != "" {
				u.prefixes[key] = m[1] == "th"
				continue
			}
			u.all[key] = true
			u.marked[key] = u.marked[key] || m[1] == "th"
			if strings.HasPrefix(m[1], "about") {
				u.all[key+"_site"] = true
			}
		}
		// A key handed on to another template.
		for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
			u.add(m[1])
		}
	}
	for _, file := range sources(t, ".", "..", "../dashboard", "../api") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
			// In the packages that show pages, actions of the audit log look the same: a key must exist there
			// only in the areas of the dashboard.
			if en[m[1]] != nil || !strings.HasPrefix(file, "..") || boardKey.MatchString(m[1]) {
				u.add(m[1])
			}
		}
		if bytes.Contains(raw, []byte(`x.about(s, "problem.send_app")`)) {
			u.all["problem.send_app_site"] = true
		}
	}
	for key := range problems {
		for _, part := range []string{"title", "lead", "dev_title", "dev_lead", "dev_todo"} {
			u.all["problem."+key+"."+part] = true
			u.marked["problem."+key+"."+part] = strings.HasPrefix(part, "dev_")
		}
	}
	delete(u.prefixes, "problem.") // each is known by the table
	return u
}

// add counts a literal as the key, or the beginning of keys, that it is.
func (u uses) add(literal string) {
	switch {
	case apiScope.MatchString(literal):
	case strings.HasSuffix(literal, ".") || strings.HasSuffix(literal, "_"):
		if _, known := u.prefixes[literal]; !known { // a template may have said that its markup is kept
			u.prefixes[literal] = false
		}
	default:
		u.all[literal] = true
	}
}

// covers tells whether the key is put together somewhere, and whether its markup is kept there.
func (u uses) covers(key string) (used, marked bool) {
	for prefix, kept := range u.prefixes {
		if strings.HasPrefix(key, prefix) {
			used, marked = true, marked || kept
		}
	}
	return used, marked
}

// boardKey are keys of the dashboard's areas, whose texts are named by its handlers.
var boardKey = regexp.MustCompile(`^(shell|apps|account|people|protocol)\.`)

// apiScope are literals that look like keys and are scopes of the REST API.
var apiScope = regexp.MustCompile(`^[a-z]+\.(read|write)$`)

// areaLiteral finds string literals that begin with an area of the locale.
func areaLiteral(en map[string]map[string]string) *regexp.Regexp {
	areas := make(map[string]bool)
	for key := range en {
		area, _, _ := strings.Cut(key, ".")
		areas[area] = true
	}
	return regexp.MustCompile(`"((?:` + strings.Join(keys(areas), "|") + `)\.[a-z0-9_.]*)(?:%s)?"`)
}

// sources are the Go files of the directories, tests left out.
func sources(t *testing.T, dirs ...string) []string {
	t.Helper()
	var list []string
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				list = append(list, file)
			}
		}
	}
	return list
}

func TestEveryTextIsUsed(t *testing.T) {
	u := used(t, locale(t, "en"))
	for _, lang := range supported {
		texts := locale(t, lang)
		want := make(map[string]bool)
		for key := range u.all {
			want[key] = true
		}
		for key, byForm := range texts {
			covered, kept := u.covers(key)
			if covered {
				want[key] = true
			}
			for _, s := range byForm {
				if strings.ContainsAny(s, "<>&") && !u.marked[key] && !kept && !strings.HasPrefix(s, "</> ") {
					t.Errorf("%s in %s has markup that would be shown as text: %s", key, lang, s)
				}
			}
		}
		if diff := cmp.Diff(keys(want), keys(texts)); diff != "" {
			t.Errorf("texts of %s (-used +there):\n%s", lang, diff)
		}
	}
}
