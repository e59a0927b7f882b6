package login

import (
	"net/url"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func TestFormAction(t *testing.T) {
	tests := []struct {
		name, uri string
		want      []string
	}{
		{"https", "https://app.example/cb", []string{"https:"}},
		{"loopback", "http://127.0.0.1:8080/cb", []string{"https:", "http:"}},
		{"http in dev", "http://www.example.com/", []string{"https:", "http:"}},
		{"private scheme", "com.example.app:/cb", []string{"https:", "com.example.app:"}},
		{"no URI at all", "://", []string{"https:"}},
		{"no scheme", "x;script-src *", []string{"https:"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, formAction(tt.uri)); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSerial(t *testing.T) {
	a, b := serial("abcdefghijklmnop"), serial("abcdefghijklmnoq")
	if !regexp.MustCompile(`^[0-9A-F]{4}-[0-9A-F]{4}$`).MatchString(a) || a == b {
		t.Errorf("serials %q and %q", a, b)
	}
}

func TestCookieNames(t *testing.T) {
	tests := []struct {
		issuer string
		want   names
	}{
		{"https://id.example", names{session: "__Host-propusk_session", form: "__Host-propusk_pre", request: "__Host-propusk_r_", state: "__Host-propusk_state", secure: true}},
		{"https://id.example:8443", names{session: "__Host-propusk_session", form: "__Host-propusk_pre", request: "__Host-propusk_r_", state: "__Host-propusk_state", secure: true}},
		{"http://localhost:9998", names{session: "propusk_session_9998", form: "propusk_pre_9998", request: "propusk_r_9998_"}},
		{"http://localhost", names{session: "propusk_session_80", form: "propusk_pre_80", request: "propusk_r_80_"}},
	}
	for _, tt := range tests {
		t.Run(tt.issuer, func(t *testing.T) {
			u, err := url.Parse(tt.issuer)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, cookieNames(u), cmp.AllowUnexported(names{})); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func TestShared(t *testing.T) {
	with := func(claims map[string]any) *storage.User {
		return &storage.User{Name: "Alice Novak", Email: "alice@example.com", Claims: claims}
	}
	tests := []struct {
		name  string
		user  *storage.User
		scope string
		want  string
	}{
		{"profile", with(nil), "profile", "Alice Novak"},
		{"email", with(nil), "email", "alice@example.com"},
		{"phone", with(map[string]any{"phone_number": "+7 921 555-01-42"}), "phone", "+7 921 555-01-42"},
		{"no phone", with(nil), "phone", ""},
		{"phone of a wrong type", with(map[string]any{"phone_number": 7}), "phone", ""},
		{"formatted address", with(map[string]any{"address": map[string]any{"formatted": "12 Harbour St\r\nSaint Petersburg", "country": "RU"}}), "address", "12 Harbour St, Saint Petersburg"},
		{"address in parts", with(map[string]any{"address": map[string]any{"street_address": "12 Harbour St", "postal_code": "199034", "country": "RU"}}), "address", "12 Harbour St, 199034, RU"},
		{"address as text", with(map[string]any{"address": "12 Harbour St"}), "address", "12 Harbour St"},
		{"no address", with(nil), "address", ""},
		{"openid", with(nil), "openid", ""},
		{"custom", with(map[string]any{"extern.api": "x"}), "extern.api", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := shared(tt.user, tt.scope); got != tt.want {
				t.Errorf("value %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWithState(t *testing.T) {
	tests := []struct{ name, uri, state, want string }{
		{"plain", "https://app.example/bye", "a b&c", "https://app.example/bye?state=a+b%26c"},
		{"no state", "https://app.example/bye", "", "https://app.example/bye"},
		{"own query", "https://app.example/bye?x=1;2", "s", "https://app.example/bye?x=1;2&state=s"},
		{"line breaks", "https://app.example/bye", "s\r\nX: y", "https://app.example/bye?state=s%0D%0AX%3A+y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := withState(tt.uri, tt.state); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{{"alice", 10, "alice"}, {"alice", 3, "ali"}, {"алиса", 3, "а"}, {"алиса", 1, ""}}
	for _, tt := range tests {
		if got := clip(tt.in, tt.n); got != tt.want {
			t.Errorf("clip(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
