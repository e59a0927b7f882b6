package page

import (
	"bytes"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jba/templatecheck"
)

var update = flag.Bool("update", false, "write the goldens anew")

var assets = regexp.MustCompile(`/static/[0-9a-f]+/`)

var noon = time.Date(2026, 11, 21, 14, 2, 0, 0, time.UTC)

func newRenderer(t *testing.T, c Config) *Renderer {
	t.Helper()
	if c.Issuer == "" {
		c.Issuer = "https://id.harbour.example"
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	c.Now = func() time.Time { return noon }
	p, err := New(c)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

func show(p *Renderer, r *http.Request, v View, data any) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.Show(w, r, v, data)
	return w
}

var (
	harbour = Stub{Name: "Harbour Reports", Host: "reports.harbour.example", Trust: Trusted, Serial: "7F3A-91C2"}
	notes   = Stub{Name: "notes.example.net", Alias: "Quick Notes", Host: "notes.example.net", Trust: Unchecked, Serial: "3B90-44DE"}
	demo    = Stub{Name: "demo", Host: "localhost:3000", Serial: "02C8-5E17"}
	hidden  = Hidden{CSRF: "sealed-csrf", Request: "REQ1"}
	alice   = Person{Name: "Alice Novak", Detail: "alice@example.com"}
	links   = Policies{PolicyURI: "https://harbour.example/privacy", TosURI: "https://harbour.example/terms"}

	nameRow   = ConsentRow{Scope: "profile", Title: both("Your name", "Имя"), Value: "Alice Novak", More: "Ally, 1988-04-12"}
	emailRow  = ConsentRow{Scope: "email", Title: both("E-mail", "Почта"), Value: "alice@example.com", Checked: true}
	reportRow = ConsentRow{Scope: "extern.api", Title: both("Your reports", "Отчёты"),
		Text: both("Read and file reports on your behalf", "Читать и сдавать отчёты от вашего имени")}
	phoneRow   = ConsentRow{Scope: "phone", Title: both("Mobile phone", "Мобильный телефон"), Value: "+7 921 555-01-42"}
	addressRow = ConsentRow{Scope: "address", Title: both("Registered address", "Адрес регистрации"), Value: "12 Harbour St, Saint Petersburg 199034"}
)

func both(en, ru string) map[string]string { return map[string]string{"en": en, "ru": ru} }

// sample is a page of the goldens, with everything a person may meet on it.
type sample struct {
	name string
	dev  bool
	data any
}

// moreSamples are those of the areas: each adds its own in the init of its samples file.
var moreSamples []func() []sample

// samples are the pages of the goldens.
func samples() []sample {
	list := doorSamples()
	for _, more := range moreSamples {
		list = append(list, more()...)
	}
	return list
}

// doorSamples are the pages of signed-out people.
func doorSamples() []sample {
	refused := Problem{Stub: harbour, ID: "E-4K7Q-02MD", Key: "redirect_uri_unregistered", Path: "/connect/authorize"}
	refusedDev := refused
	refusedDev.Stub = demo
	refusedDev.Code = "invalid_request"
	refusedDev.Came, refusedDev.Expected = "http://localhost:3001/callback/", "http://localhost:3000/callback"
	refusedDev.Request = url.Values{"response_type": {"code"}, "client_id": {"spa"}, "scope": {"openid profile"},
		"redirect_uri": {"http://localhost:3001/callback/"}, "state": {"af0ifjsldkj"}, "client_secret": {"hunter2"}}
	return []sample{
		{"sign-in", false, SignIn{Stub: harbour, Hidden: hidden, Policies: links}},
		{"sign-in-wrong", false, SignIn{Stub: harbour, Hidden: hidden, Username: "alice", Wrong: true}},
		{"sign-in-wait", false, SignIn{Stub: harbour, Hidden: hidden, Username: "alice", Wrong: true, Wait: 130}},
		{"sign-in-busy", false, SignIn{Stub: harbour, Hidden: hidden, Username: "alice", Busy: true}},
		{"sign-in-again", false, SignIn{Stub: notes, Hidden: hidden, Username: "alice", Again: true}},
		{"sign-in-again-office", false, SignIn{Hidden: Hidden{CSRF: "c"}, Again: true}},
		{"sign-in-dev", true, SignIn{Stub: demo, Hidden: hidden}},
		{"sign-in-office", false, SignIn{Hidden: Hidden{CSRF: "sealed-csrf"}}},
		{"choose", false, Choose{Stub: harbour, Hidden: hidden, Person: alice}},
		{"choose-unchecked", false, Choose{Stub: notes, Hidden: hidden, Person: alice}},
		{"consent", false, Consent{Stub: harbour, Hidden: hidden, Policies: links, Person: alice,
			Required: []ConsentRow{nameRow, reportRow}, Optional: []ConsentRow{emailRow, phoneRow, addressRow},
			Offline: &OfflineAsk{Until: time.Date(2027, 2, 19, 23, 0, 0, 0, time.UTC)}}},
		{"consent-unchecked", false, Consent{Stub: notes, Hidden: hidden, Person: alice, Optional: []ConsentRow{emailRow},
			Already: []ConsentRow{nameRow}, Since: time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)}},
		{"consent-unchecked-new", false, Consent{Stub: notes, Hidden: hidden, Person: alice, Required: []ConsentRow{nameRow}}},
		{"consent-more", false, Consent{Stub: harbour, Hidden: hidden, Person: alice, Required: []ConsentRow{reportRow},
			Optional: []ConsentRow{emailRow}, Already: []ConsentRow{nameRow}}},
		{"consent-long", false, Consent{Stub: Stub{Name: strings.Repeat("Harbourreports", 8), Host: strings.Repeat("a-long-label.", 12) + "example", Trust: Trusted, Serial: "7F3A-91C2"},
			Hidden: hidden, Person: Person{Name: strings.Repeat("Wolfeschlegelstein", 5), Detail: strings.Repeat("x", 60) + "@example.com"},
			Required: []ConsentRow{{Scope: "email", Title: both("E-mail", "Почта"), Value: strings.Repeat("x", 120) + "@example.com"}}}},
		{"logout", false, Logout{Hidden: hidden, Person: alice, Since: noon.Add(-5 * time.Hour), App: "Harbour Reports", Sealed: "sealed-logout"}},
		{"logout-self", false, Logout{Hidden: hidden, Person: alice, Since: noon.Add(-24 * time.Hour)}},
		{"signed-out", false, SignedOut{At: noon}},
		{"signed-out-apps", false, SignedOut{At: noon, App: "Harbour Reports", Next: "https://harbour.example/bye?state=x",
			Frames: []string{"https://harbour.example/out?iss=https%3A%2F%2Fid.example&sid=01", "https://notes.example/out"}}},
		{"home", true, Home{Discovery: "http://localhost:9998/.well-known/openid-configuration"}},
		{"problem", false, refused},
		{"problem-unchecked", false, Problem{Stub: notes, ID: "E-4K7Q-02MD", Key: "parameter_invalid"}},
		{"problem-internal", false, Problem{ID: "E-4K7Q-02MD", Key: "internal"}},
		{"problem-csrf", false, Problem{ID: "E-4K7Q-02MD", Key: "csrf"}},
		{"problem-dev", true, refusedDev},
		{"problem-near-miss-dev", true, Problem{Stub: demo, ID: "E-4K7Q-02MD", Key: "parameter_near_miss", Code: "invalid_request",
			Args: map[string]string{"came": "riderect_uri", "meant": "redirect_uri"}}},
	}
}

func TestGolden(t *testing.T) {
	renderers := map[bool]*Renderer{
		false: newRenderer(t, Config{Name: "Harbour Analytics"}),
		true:  newRenderer(t, Config{Issuer: "http://localhost:9998", Dev: true}),
	}
	for _, s := range samples() {
		for _, lang := range supported {
			t.Run(s.name+"/"+lang, func(t *testing.T) {
				r := httptest.NewRequest("GET", "/login?request=REQ1", nil)
				r.Header.Set("Accept-Language", lang)
				got := show(renderers[s.dev], r, View{}, s.data).Body.Bytes()
				file := filepath.Join("testdata", "golden", s.name+"."+lang+".html")
				if *update {
					err := os.MkdirAll(filepath.Dir(file), 0o755)
					if err != nil {
						t.Fatal(err)
					}
					err = os.WriteFile(file, []byte(strings.Join(lines(got), "\n")), 0o644)
					if err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				diff := cmp.Diff(strings.Split(string(want), "\n"), lines(got))
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s", file, diff)
				}
				if bytes.Contains(got, []byte("no value")) || bytes.Contains(got, []byte("&lt;code")) {
					t.Error("a text is not filled in or its markup is shown")
				}
			})
		}
	}
}

// lines are a page without the addresses of its assets, which change with each change of a style;
// TestAssets follows them.
func lines(page []byte) []string {
	return strings.Split(assets.ReplaceAllString(string(page), "/static/HASH/"), "\n")
}

// TestSamplesCoverPages holds that every page has a golden.
func TestSamplesCoverPages(t *testing.T) {
	shown := make(map[string]bool)
	for _, s := range samples() {
		shown[s.data.(content).template()] = true
	}
	for _, c := range pages {
		if !shown[c.template()] {
			t.Errorf("page %s has no golden", c.template())
		}
	}
}

// sheetOf is a sheet whose Page has the type that its template is executed with, for the static check.
func sheetOf(c content) any {
	of := reflect.TypeOf(c)
	if _, ok := c.(Problem); ok {
		of = reflect.TypeFor[explained]()
	}
	var fields []reflect.StructField
	for f := range reflect.TypeFor[sheet]().Fields() {
		if f.Name == "Page" {
			f.Type = of
		}
		fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type})
	}
	return reflect.Zero(reflect.StructOf(fields)).Interface()
}

func TestTemplates(t *testing.T) {
	// A renderer of its own: templates are rewritten by their first execution.
	fresh := newRenderer(t, Config{}).langs["en"]
	for _, c := range pages {
		unescaped, err := fresh.pages[c.template()]()
		if err != nil {
			t.Fatal(err)
		}
		err = templatecheck.CheckHTML(unescaped.Lookup(layoutOf(c)), sheetOf(c))
		if err != nil {
			t.Errorf("template %s: %v", c.template(), err)
		}
	}
}
