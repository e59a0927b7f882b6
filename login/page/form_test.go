package page

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForm(t *testing.T) {
	const kind = "application/x-www-form-urlencoded"
	tests := []struct {
		name, kind, encoding, body string
		status                     int // 200: read
		want                       url.Values
		text                       string // on the page
	}{
		{name: "good", kind: kind, body: "username=alice&password=p%C3%A9&scope=a&scope=b", status: 200,
			want: url.Values{"username": {"alice"}, "password": {"pé"}, "scope": {"a", "b"}}},
		{name: "good with charset", kind: kind + "; charset=UTF-8", body: "a=1", status: 200, want: url.Values{"a": {"1"}}},
		{name: "empty", kind: kind, body: "", status: 200, want: url.Values{}},
		{name: "as large as may be", kind: kind, body: "a=" + strings.Repeat("x", maxForm-2), status: 200,
			want: url.Values{"a": {strings.Repeat("x", maxForm-2)}}},
		{name: "one byte more", kind: kind, body: "a=" + strings.Repeat("x", maxForm-1), status: 413, text: "too large"},
		{name: "repeated field", kind: kind, body: "decision=deny&decision=allow", status: 400, text: "<code>decision</code> came more than once"},
		{name: "too many fields", kind: kind, body: strings.Repeat("scope=a&", maxFields) + "scope=a", status: 400},
		{name: "multipart", kind: "multipart/form-data; boundary=x", body: "--x--", status: 415, text: "every field once"},
		{name: "json", kind: "application/json", body: "{}", status: 415},
		{name: "no type", kind: "", body: "a=1", status: 415},
		{name: "broken type", kind: kind + "; charset", body: "a=1", status: 415},
		{name: "another charset", kind: kind + "; charset=windows-1251", body: "a=1", status: 415},
		{name: "compressed", kind: kind, encoding: "gzip", body: "a=1", status: 415},
		{name: "not UTF-8", kind: kind, body: "a=%ff", status: 400},
		{name: "name not UTF-8", kind: kind, body: "%ff=a", status: 400},
		{name: "NUL", kind: kind, body: "a=%00", status: 400},
		{name: "broken escape", kind: kind, body: "a=%zz", status: 400},
		{name: "semicolon", kind: kind, body: "a=1;b=2", status: 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			p := newRenderer(t, Config{Issuer: "http://localhost:9998", Dev: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			// The query must never count as the form.
			r := httptest.NewRequest("POST", "/login?username=evil&extra=1", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.kind)
			if tt.encoding != "" {
				r.Header.Set("Content-Encoding", tt.encoding)
			}
			w := httptest.NewRecorder()
			got, ok := p.Form(w, r, "scope")
			if ok != (tt.status == 200) || w.Code != tt.status {
				t.Fatalf("Form = %v with status %d, want status %d", ok, w.Code, tt.status)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if !strings.Contains(w.Body.String(), tt.text) {
				t.Errorf("the page does not say %q", tt.text)
			}
			if lines := strings.Count(log.String(), "\n"); !ok && lines != 1 {
				t.Errorf("%d lines logged, want 1:\n%s", lines, &log)
			}
		})
	}
}
