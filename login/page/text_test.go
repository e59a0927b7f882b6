package page

import (
	"io/fs"
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
