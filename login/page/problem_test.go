package page

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemID(t *testing.T) {
	form := regexp.MustCompile(`^E-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`)
	seen := make(map[string]bool)
	for range 1000 {
		id := NewProblemID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("id %q is misshapen or came twice", id)
		}
		seen[id] = true
	}
}

// TestProblemTexts shows every problem with as little as a caller may give.
func TestProblemTexts(t *testing.T) {
	for _, dev := range []bool{false, true} {
		p := newRenderer(t, Config{Dev: dev})
		for key := range problems {
			for _, lang := range supported {
				r := httptest.NewRequest("GET", "/x?lang="+lang, nil)
				for _, stub := range []Stub{{}, harbour, notes} {
					body := show(p, r, View{Status: 400}, Problem{Stub: stub, Key: key, ID: "E-0000-0000"}).Body.String()
					for _, bad := range []string{"<code></code>", "<b></b>", "no value", "&lt;", "«»", "  "} {
						if strings.Contains(body, bad) {
							t.Errorf("%s (dev %v, %s, stub %q) holds %q", key, dev, lang, stub.Name, bad)
						}
					}
				}
			}
		}
	}
}

func TestProblemShows(t *testing.T) {
	full := Problem{Stub: harbour, ID: "E-4K7Q-02MD", Code: "invalid_request", Key: "redirect_uri_unregistered",
		Came: "https://came.example/", Expected: "https://expected.example/", Path: "/connect/authorize",
		Request: url.Values{"state": {"af0"}, "client_secret": {"hunter2"}}}
	tests := []struct {
		name    string
		dev     bool
		problem Problem
		want    []string
		not     []string
	}{
		{"production tells a person only", false, full,
			[]string{"This sign-in cannot go on", "E-4K7Q-02MD", "people who run Harbour Reports", "21 Nov 2026 14:02 UTC", "You did nothing wrong"},
			[]string{"redirect_uri", "came.example", "expected.example", "invalid_request", "af0", "hunter2", "/connect/authorize"}},
		{"dev tells all but secrets", true, full,
			[]string{"<del>came</del>", "<ins>expected</ins>", "invalid_request", "What to do", "GET /connect/authorize", "af0", "(hidden)"},
			[]string{"hunter2", "You did nothing wrong"}},
		{"unknown key", false, Problem{Key: "nonsense"}, []string{"Something broke on our side"}, []string{"nonsense", "Refused", "Number of"}},
		{"nothing was refused", false, Problem{Key: "not_found", ID: "E-4K7Q-02MD"},
			[]string{"There is no such page", "Number of this error", "Send it to your administrator"}, []string{"Refused", "You did nothing wrong"}},
		{"the person can mend it", false, Problem{Key: "csrf", ID: "E-4K7Q-02MD"},
			[]string{"Refused", "Go back and try again"}, []string{"You did nothing wrong"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newRenderer(t, Config{Dev: tt.dev})
			body := show(p, httptest.NewRequest("GET", "/x", nil), View{}, tt.problem).Body.String()
			for _, s := range tt.want {
				if !strings.Contains(body, s) {
					t.Errorf("the page does not say %q", s)
				}
			}
			for _, s := range tt.not {
				if strings.Contains(body, s) {
					t.Errorf("the page says %q", s)
				}
			}
		})
	}
}

func TestRows(t *testing.T) {
	request := url.Values{
		"zebra": {"1"}, "client_id": {"demo"}, "response_type": {"code"}, "scope": {"openid", "twice"},
		"code": {"x"}, "code_verifier": {"x"}, "code_challenge": {"shown"}, "client_secert": {"x"}, "Client_Secret": {"x"},
		"password": {"x"}, "refresh_token": {"x"}, "id_token_hint": {"x"}, "client_assertion": {"x"}, "csrf": {"x"}, "request": {"x"},
	}
	got, cut := rows(request)
	var flat []string
	for _, r := range got {
		value := r.Value
		if r.Hidden {
			value = "(hidden)"
			if r.Value != "" {
				t.Errorf("%s is hidden but carries its value", r.Name)
			}
		}
		flat = append(flat, r.Name+r.Gap+value)
	}
	want := []string{
		"response_type    code",
		"client_id        demo",
		"scope            openid",
		"scope            twice",
		"code_challenge   shown",
		"Client_Secret    (hidden)",
		"client_assertion (hidden)",
		"client_secert    (hidden)", // misspelt
		"code             (hidden)",
		"code_verifier    (hidden)",
		"csrf             (hidden)",
		"id_token_hint    (hidden)",
		"password         (hidden)",
		"refresh_token    (hidden)",
		"request          (hidden)",
		"zebra            1",
	}
	if diff := cmp.Diff(want, flat); diff != "" || cut != 0 {
		t.Errorf("%d cut; rows (-want +got):\n%s", cut, diff)
	}
	many := url.Values{}
	for i := range maxRows + 3 {
		many.Set(fmt.Sprint("p", i), strings.Repeat("ж", maxValue+1))
	}
	got, cut = rows(many)
	if len(got) != maxRows || cut != 3 || got[0].Value != strings.Repeat("ж", maxValue)+"…" {
		t.Errorf("%d rows, %d cut, first %q", len(got), cut, got[0].Value)
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name, came, expected string
		was, want            string // del and ins in brackets
	}{
		{"port and slash", "http://localhost:3001/callback/", "http://localhost:3000/callback",
			"http://localhost:[3001]/callback[/]", "http://localhost:[3000]/callback"},
		{"letter case", "https://app.example/CB", "https://app.example/cb", "https://app.example/[CB]", "https://app.example/[cb]"},
		{"host", "https://evil.example/cb", "https://app.example/cb", "https://[evil].example/cb", "https://[app].example/cb"},
		{"insertion", "/cb", "/a/cb", "/cb", "/[a/]cb"},
		{"same", "/cb", "/cb", "/cb", "/cb"},
		{"only what came", "/cb", "", "/cb", ""},
		{"only what was expected", "", "/cb", "", "/cb"},
		{"invisible", "/cb\u200b", "/cb", `/cb[\u200b]`, "/cb"},
		{"blank at the end", "/cb ", "/cb", "/cb[ ]", "/cb"},
		{"not UTF-8", "/\xff", "/", `/[\xff]`, "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			was, want := compare(tt.came, tt.expected)
			if diff := cmp.Diff([]string{tt.was, tt.want}, []string{flat(was, "del"), flat(want, "ins")}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func flat(list []piece, mark string) string {
	var b strings.Builder
	for _, p := range list {
		switch p.Mark {
		case "":
			b.WriteString(p.Text)
		case mark:
			b.WriteString("[" + p.Text + "]")
		default:
			b.WriteString("wrong mark " + p.Mark)
		}
	}
	return b.String()
}
