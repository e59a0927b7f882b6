package page

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/propusk/propusk/static"
)

// forms are the plural forms of CLDR that whole numbers take in each language; ru has "other" for
// fractions too.
var forms = map[string][]string{"en": {"one", "other"}, "ru": {"few", "many", "one", "other"}}

// locale reads a locale, every area of it, as key → forms, "" being the only form of a text without a
// number.
func locale(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	texts := make(map[string]map[string]string)
	areas, err := fs.Glob(static.FS, "locale/*."+lang+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(areas, "locale/"+lang+".yaml") {
		raw, err := static.FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var tree map[string]any
		err = yaml.Unmarshal(raw, &tree)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		flatten(t, file, "", tree, texts)
	}
	return texts
}

func flatten(t *testing.T, file, prefix string, node map[string]any, into map[string]map[string]string) {
	for name, value := range node {
		key := prefix + name
		if _, twice := into[key]; twice {
			t.Errorf("%s: %s stands in another file too", file, key)
		}
		switch v := value.(type) {
		case string:
			into[key] = map[string]string{"": v}
		case map[string]any:
			if _, plural := v["other"].(string); !plural {
				flatten(t, file, key+".", v, into)
				continue
			}
			into[key] = make(map[string]string)
			for form, s := range v {
				into[key][form], _ = s.(string)
			}
		default:
			t.Errorf("%s: %s is a %T", file, key, value)
		}
	}
}

func keys[V any](m map[string]V) []string {
	var list []string
	for key := range m {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

func TestLocalesAgree(t *testing.T) {
	en := locale(t, "en")
	filled := regexp.MustCompile(`{{[^}]*}}`)
	for _, lang := range supported {
		texts := locale(t, lang)
		if diff := cmp.Diff(keys(en), keys(texts)); diff != "" {
			t.Errorf("keys of %s (-en +%s):\n%s", lang, lang, diff)
		}
		for key, byForm := range texts {
			got := keys(byForm)
			if _, plain := byForm[""]; !plain {
				if diff := cmp.Diff(forms[lang], got); diff != "" {
					t.Errorf("plural forms of %s in %s (-want +got):\n%s", key, lang, diff)
				}
			}
			for form, s := range byForm {
				if strings.TrimSpace(s) == "" || strings.TrimSpace(s) != s {
					t.Errorf("%s %s in %s is empty or has loose blanks: %q", key, form, lang, s)
				}
				// What is filled in must be the same in all languages, order aside.
				want, got := names(filled, en[key]), names(filled, map[string]string{"": s})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("names in %s %s in %s (-en +%s):\n%s", key, form, lang, lang, diff)
				}
			}
		}
	}
}

var name = regexp.MustCompile(`\.[a-z]+`)

func names(filled *regexp.Regexp, byForm map[string]string) []string {
	set := make(map[string]bool)
	for _, s := range byForm {
		for _, action := range filled.FindAllString(s, -1) {
			for _, n := range name.FindAllString(action, -1) {
				set[n] = true
			}
		}
	}
	return keys(set)
}

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
		u.prefixes[literal] = u.prefixes[literal]
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
var boardKey = regexp.MustCompile(`^(shell|apps|account|people)\.`)

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

var loneDash = regexp.MustCompile(`\pL - \pL`)

func TestRussianStyle(t *testing.T) {
	for key, byForm := range locale(t, "ru") {
		for _, s := range byForm {
			s = tag.ReplaceAllString(s, "")
			if strings.ContainsAny(s, `"'“”!`) || loneDash.MatchString(s) || strings.Contains(strings.ToLower(s), "пожалуйста") {
				t.Errorf("%s: %s", key, s)
			}
		}
	}
}

func TestTie(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"preposition", "Пропуск в приложение", "Пропуск в\u00a0приложение"},
		{"two in a row", "и в доме", "и\u00a0в\u00a0доме"},
		{"at the start of a value", `a: "У приложения"`, "a: \"У\u00a0приложения\""},
		{"dash", "нажатие — и вход", "нажатие\u00a0— и\u00a0вход"},
		{"end of a longer word", "слова дома", "слова дома"},
		{"English", "a pass", "a pass"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(tie([]byte(tt.in)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWait(t *testing.T) {
	p := newRenderer(t, Config{})
	tests := []struct {
		seconds int
		en, ru  string
	}{
		{1, "Try again in 1 second.", "Попробуйте через 1 секунду."},
		{2, "Try again in 2 seconds.", "Попробуйте через 2 секунды."},
		{5, "Try again in 5 seconds.", "Попробуйте через 5 секунд."},
		{21, "Try again in 21 seconds.", "Попробуйте через 21 секунду."},
		{59, "Try again in 59 seconds.", "Попробуйте через 59 секунд."},
		{60, "Try again in 1 minute.", "Попробуйте через 1 минуту."},
		{61, "Try again in 2 minutes.", "Попробуйте через 2 минуты."},
		{300, "Try again in 5 minutes.", "Попробуйте через 5 минут."},
		{11 * 60, "Try again in 11 minutes.", "Попробуйте через 11 минут."},
	}
	for _, tt := range tests {
		for lang, want := range map[string]string{"en": tt.en, "ru": tt.ru} {
			got, err := p.langs[lang].text.wait(tt.seconds)
			if err != nil || got != want {
				t.Errorf("wait(%d) in %s = %q, %v; want %q", tt.seconds, lang, got, err, want)
			}
		}
	}
}

func TestDates(t *testing.T) {
	p := newRenderer(t, Config{})
	tests := []struct{ name, lang, got, want string }{
		{"day", "en", day("en", noon), "21 November 2026"},
		{"day", "ru", day("ru", noon), "21 ноября 2026 года"},
		{"moment", "en", moment("en", noon), "21 Nov 2026 14:02 UTC"},
		{"moment", "ru", moment("ru", noon), "21.11.2026 14:02 UTC"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s in %s = %q, want %q", tt.name, tt.lang, tt.got, tt.want)
		}
	}
	yesterday, err := p.langs["ru"].text.seen(alice, noon.AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	want := Person{Name: alice.Name, Detail: "вход 20 ноября 2026 года в\u00a014:02 UTC"}
	if diff := cmp.Diff(want, yesterday); diff != "" {
		t.Errorf("seen yesterday (-want +got):\n%s", diff)
	}
}
