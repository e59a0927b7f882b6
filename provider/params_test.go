package provider

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParams(t *testing.T) {
	known := limits{"client_id": 8, "redirect_uri": 100, "scope": 100}
	tests := map[string]struct {
		method, query, kind, body string
		want                      map[string]string
		unknown                   []string
		bad                       string // text, "" for none
		status                    int
	}{
		"a GET reads the query":               {method: "GET", query: "client_id=a&x=1", want: map[string]string{"client_id": "a"}, unknown: []string{"x"}},
		"a POST reads the body":               {method: "POST", body: "client_id=a", want: map[string]string{"client_id": "a"}},
		"a POST with foreign query":           {method: "POST", query: "utm=1", body: "client_id=a", want: map[string]string{"client_id": "a"}},
		"a POST with a parameter in the URL":  {method: "POST", query: "client_id=b", body: "scope=a", bad: "parameters of a POST belong into its body: client_id came in the URL", status: 400},
		"the same in other letters":           {method: "POST", query: "CLIENT_ID=b", body: "scope=a", bad: "parameters of a POST belong into its body: client_id came in the URL", status: 400},
		"a repeated parameter":                {method: "GET", query: "client_id=a&client_id=b", bad: "client_id came more than once", status: 400},
		"a repeated unknown parameter":        {method: "GET", query: "x=a&x=b", bad: "x came more than once", status: 400},
		"the target is worse":                 {method: "GET", query: "scope=a&scope=b&redirect_uri=a&redirect_uri=b&x=1&x=2", bad: "redirect_uri came more than once", status: 400},
		"resource may repeat":                 {method: "GET", query: "resource=a&resource=b", unknown: []string{"resource"}, want: map[string]string{}},
		"letters matter":                      {method: "GET", query: "Redirect_Uri=a", bad: "redirect_uri came as Redirect_Uri: parameter names are lower-case", status: 400},
		"a value over its limit":              {method: "GET", query: "client_id=123456789", bad: "client_id is too long", status: 400},
		"a control character":                 {method: "GET", query: "client_id=a%00", bad: "client_id holds a control character", status: 400},
		"a line break":                        {method: "GET", query: "client_id=a%0d%0a", bad: "client_id holds a control character", status: 400},
		"not UTF-8":                           {method: "GET", query: "client_id=%ff", bad: "client_id is not UTF-8", status: 400},
		"empty is left out":                   {method: "GET", query: "client_id=&scope=a", want: map[string]string{"scope": "a"}},
		"empty twice is twice":                {method: "GET", query: "scope=&scope=", bad: "scope came more than once", status: 400},
		"broken escapes":                      {method: "GET", query: "client_id=%zz", bad: "the parameters are not well-formed urlencoded text", status: 400},
		"a JSON body":                         {method: "POST", kind: "application/json", body: "{}", bad: "the body must have Content-Type application/x-www-form-urlencoded", status: 400},
		"a multipart body":                    {method: "POST", kind: "multipart/form-data; boundary=x", body: "--x", bad: "the body must have Content-Type application/x-www-form-urlencoded", status: 400},
		"an empty body needs no content type": {method: "POST", kind: "none", want: map[string]string{}},
		"a body over 64 KiB":                  {method: "POST", body: "scope=" + strings.Repeat("a", maxBody), bad: "the body is larger than 64 KiB", status: 413},
		"a hundred parameters too many":       {method: "GET", query: strings.Repeat("a&", 100), bad: "more than 100 parameters", status: 400},
		"a sparse index is just a name":       {method: "GET", query: "scope.999999999=x&scope=y", want: map[string]string{"scope": "y"}, unknown: []string{"scope.999999999"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/?"+tt.query, strings.NewReader(tt.body))
			switch tt.kind {
			case "":
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			case "none":
			default:
				r.Header.Set("Content-Type", tt.kind)
			}
			form, unknown, bad := params(httptest.NewRecorder(), r, known)
			if tt.bad != "" {
				if bad == nil || bad.text != tt.bad || bad.status != tt.status {
					t.Fatalf("got %+v, want %d %q", bad, tt.status, tt.bad)
				}
				return
			}
			if bad != nil {
				t.Fatalf("got %+v, want no fault", bad)
			}
			got := map[string]string{}
			for name := range form {
				got[name] = form.Get(name)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("form (-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.unknown, unknown); d != "" {
				t.Errorf("unknown (-want +got)\n%s", d)
			}
		})
	}
}

func TestNearMiss(t *testing.T) {
	tests := []struct {
		unknown []string
		want    string // parameter meant
		got     string
	}{
		{[]string{"riderect_uri"}, "redirect_uri", "riderect_uri"},
		{[]string{"redirect-uri"}, "redirect_uri", "redirect-uri"},
		{[]string{"redirecturi"}, "redirect_uri", "redirecturi"},
		{[]string{"clientid"}, "client_id", "clientid"},
		{[]string{"resource", "utm_source"}, "redirect_uri", ""},
		{[]string{strings.Repeat("redirect_uri", 1000)}, "redirect_uri", ""},
		{nil, "redirect_uri", ""},
	}
	for _, tt := range tests {
		got := nearMiss(tt.unknown, tt.want)
		if got != tt.got {
			t.Errorf("nearMiss(%.40q, %q) = %q, want %q", tt.unknown, tt.want, got, tt.got)
		}
	}
}
