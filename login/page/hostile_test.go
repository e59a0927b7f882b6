package page

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/propusk/propusk/static"
)

// untouched are the strings that no attacker reaches, by the end of their path: keys of the locale, kinds and
// addresses that handlers choose.
var untouched = map[string]string{
	"Shell.Done":                   "shell.saved",
	"Shell.Wrong":                  "apps.add_failed",
	"Mistake.Text":                 "apps.confirm_wrong",
	"Apps.Next":                    "/apps?after=x",
	"Apps.First":                   "/apps",
	"Apps.Rows.Type":               "web",
	"AppView.Type":                 "web",
	"AppDevelopers.Rows.Role":      "viewer",
	"Grants.Key":                   "code",
	"Methods.Key":                  "basic",
	"Formats.Value":                "opaque",
	"Methods.Value":                "none",
	"Grants.Value":                 "authorization_code",
	"Algs.Value":                   "RS256",
	"Formats.Key":                  "opaque",
	"AppNotices.List.Key":          "refusals",
	"AppSetup.Snippets.Files.Text": "code",
	"AppSetup.Snippets.Files.Name": "main.go",
	"Snippets.Title":               "Go",
	"AppSetup.Env":                 "X=y",
	"AppNotices.List.Link":         "/apps/x/events",
	"Docs.Text":                    "<p>made of our own Markdown; TestManualHostile is about that</p>",
	"Docs.Chapters.Address":        "/docs",
	"Docs.Sections.Address":        "#a",
	"Docs.Next.Address":            "/docs/b",
}

// fill sets every string reachable from v, which stands at path, to s, but for the untouched.
func fill(v reflect.Value, path, s string) {
	switch v.Kind() {
	case reflect.String:
		for end, own := range untouched {
			if strings.HasSuffix(path, "."+end) {
				v.SetString(own)
				return
			}
		}
		if v.Type() != reflect.TypeFor[Trust]() {
			v.SetString(s)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(noon))
			return
		}
		if v.Type() == reflect.TypeFor[Mistake]() {
			path = ".Mistake" // whatever the field is called
		}
		for i := range v.NumField() {
			fill(v.Field(i), path+"."+v.Type().Field(i).Name, s)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path, s)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path, s)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, path, s)
		for _, key := range []string{"en", "ru", "name", "came", "meant", "app", s} {
			v.SetMapIndex(reflect.ValueOf(key), value)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	}
}

// TestHostile fills every field of every page with what an attacker would send, and looks at the tree a
// browser would make of it.
func TestHostile(t *testing.T) {
	values := []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus=alert(1) autofocus x='`,
		`javascript:alert(1)`, `data:text/html,<script>alert(1)</script>`, `{{.}}`, `</title><svg onload=alert(1)>`, "\u202egnp.exe\x00\xff"}
	for _, dev := range []bool{false, true} {
		logs := new(bytes.Buffer)
		p := newRenderer(t, Config{Dev: dev, Logger: slog.New(slog.NewTextHandler(logs, nil))})
		for _, c := range pages {
			for _, value := range values {
				for _, trust := range []Trust{Trusted, Unchecked} {
					page := hostile(c, value, trust)
					r := httptest.NewRequest("GET", "/login", nil)
					r.URL.RawQuery = "x=" + value
					w := show(p, r, View{}, page)
					if w.Code == 500 {
						t.Errorf("%T with %q: %s %s", c, value, w.Body, logs)
					}
					checkTree(t, w.Body.String(), c.template()+" with "+value)
				}
			}
		}
	}
}

// hostile is a page with every field filled by value.
func hostile(c content, value string, trust Trust) any {
	page := reflect.New(reflect.TypeOf(c)).Elem()
	fill(page, "."+page.Type().Name(), value)
	if stub := page.FieldByName("Stub"); stub.IsValid() {
		stub.FieldByName("Office").SetBool(false)
		stub.FieldByName("Trust").SetString(string(trust))
	}
	if _, ok := c.(Problem); ok {
		page.FieldByName("Key").SetString("parameter_near_miss")
	}
	return page.Interface()
}

// checkTree fails when a page holds anything that runs, is styled in place or leads to other than the web.
func checkTree(t *testing.T, body, what string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			typed := n.Parent != nil && n.Parent.Data == "textarea" // given back as it came
			if strings.ContainsAny(n.Data, "\u202e\x00") && n.Type == html.TextNode && !typed {
				t.Errorf("%s: a text turns the direction: %q", what, n.Data)
			}
			continue
		}
		switch n.Data {
		case "script":
			if own := len(n.Attr) > 0 && n.Attr[0].Key == "src" && strings.HasPrefix(n.Attr[0].Val, static.Prefix); !own || n.FirstChild != nil {
				t.Errorf("%s: there is a script", what)
			}
		case "iframe":
			for _, a := range n.Attr {
				if a.Key == "src" && !strings.HasPrefix(a.Val, "https://") || a.Key == "srcdoc" {
					t.Errorf("%s: a frame with %s=%q", what, a.Key, a.Val)
				}
			}
		case "style", "img", "object", "embed", "base":
			t.Errorf("%s: there is a %s", what, n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on") || a.Key == "style":
				t.Errorf("%s: %s has %s=%q", what, n.Data, a.Key, a.Val)
			case a.Key == "href" && n.Data == "a":
				ok := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") ||
					strings.HasPrefix(a.Val, "?") || strings.HasPrefix(a.Val, "#") && a.Val != "#ZgotmplZ" || strings.HasPrefix(a.Val, "https://")
				if !ok {
					t.Errorf("%s: a link to %q", what, a.Val)
				}
			case a.Key == "action" && !strings.HasPrefix(a.Val, "/"):
				t.Errorf("%s: a form to %q", what, a.Val)
			}
		}
	}
}

func TestWeblink(t *testing.T) {
	tests := []struct{ in, want string }{
		{"https://app.example/privacy?x=1", "https://app.example/privacy?x=1"},
		{"http://localhost:3000/", "http://localhost:3000/"},
		{"javascript:alert(1)", ""},
		{"JavaScript://app.example/%0aalert(1)", ""},
		{"//app.example/", ""},
		{"/privacy", ""},
		{"https:privacy", ""},
		{"https://user:pw@app.example/", ""},
		{"ftp://app.example/", ""},
		{" https://app.example/", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := weblink(tt.in); got != tt.want {
			t.Errorf("weblink(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "Сводка 2", "Сводка 2"},
		{"direction", "evil\u202ecod.exe\u2066", "evilcod.exe"},
		{"invisible", "Har\u200bbour\ufeff\x00\n", "Harbour"},
		{"not UTF-8", "a\xff", "a\uFFFD"},
		{"long", strings.Repeat("ж", 300), strings.Repeat("ж", 120)},
	}
	for _, tt := range tests {
		if got := clean(tt.in); got != tt.want {
			t.Errorf("%s: clean(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}
