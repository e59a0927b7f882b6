package page

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLang(t *testing.T) {
	tests := []struct {
		name, target, cookie, accept string
		uiLocales                    []string
		want                         string
	}{
		{name: "nothing", target: "/login", want: "en"},
		{name: "accept", target: "/login", accept: "ru-RU,ru;q=0.9,en;q=0.5", want: "ru"},
		{name: "accept by weight", target: "/login", accept: "ru;q=0.3,en;q=0.9", want: "en"},
		{name: "accept refuses", target: "/login", accept: "ru;q=0", want: "en"},
		{name: "accept broken", target: "/login", accept: "ru;;q=,,\x00", want: "en"},
		{name: "accept huge", target: "/login", accept: strings.Repeat("ru,", 4000), want: "en"},
		{name: "accept foreign", target: "/login", accept: "ja", want: "en"},
		{name: "ui_locales before accept", target: "/login", accept: "en", uiLocales: []string{"ru"}, want: "ru"},
		{name: "ui_locales in order", target: "/login", uiLocales: []string{"ja", "ru-RU", "en"}, want: "ru"},
		{name: "ui_locales foreign", target: "/login", accept: "ru", uiLocales: []string{"ja"}, want: "ru"},
		{name: "ui_locales broken", target: "/login", accept: "ru", uiLocales: []string{"<script>"}, want: "ru"},
		{name: "cookie before ui_locales", target: "/login", cookie: "en", uiLocales: []string{"ru"}, want: "en"},
		{name: "cookie broken", target: "/login", cookie: "klingon", accept: "ru", want: "ru"},
		{name: "query before cookie", target: "/login?lang=ru", cookie: "en", want: "ru"},
		{name: "query among others", target: "/login?request=%zz&lang=ru&x=1", want: "ru"},
		{name: "query unknown", target: "/login?lang=de", accept: "ru", want: "ru"},
		{name: "query another's", target: "/login?xlang=ru", want: "en"},
		{name: "query huge", target: "/login?lang=ru&x=" + strings.Repeat("a", maxLink), want: "en"},
	}
	p := newRenderer(t, Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			path, query, _ := strings.Cut(tt.target, "?")
			r.URL = &url.URL{Path: path, RawQuery: query}
			if tt.cookie != "" {
				r.Header.Set("Cookie", "propusk_lang="+tt.cookie)
			}
			r.Header.Set("Accept-Language", tt.accept)
			if got := p.Lang(r, tt.uiLocales); got != tt.want {
				t.Errorf("Lang = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLangCookie(t *testing.T) {
	tests := []struct{ name, issuer, target, want string }{
		{"https", "https://id.example", "/login?lang=ru", "propusk_lang=ru; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"},
		{"http with port", "http://localhost:9998", "/login?lang=en", "propusk_lang_9998=en; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		{"http without port", "http://localhost", "/login?lang=en", "propusk_lang_80=en; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax"},
		{"not asked", "https://id.example", "/login", ""},
		{"unknown", "https://id.example", "/login?lang=de", ""},
		{"header split", "https://id.example", "/login?lang=ru%0d%0aX:1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newRenderer(t, Config{Issuer: tt.issuer})
			got := show(p, httptest.NewRequest("GET", tt.target, nil), View{}, SignIn{}).Header().Get("Set-Cookie")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Set-Cookie (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLangLink(t *testing.T) {
	tests := []struct{ name, method, target, request, want string }{
		{"bare", "GET", "/login", "", "?lang=ru"},
		{"keeps the rest", "GET", "/connect/authorize?a=1&lang=en&a=2&b=%20", "", "?a=1&a=2&b=%20&lang=ru"},
		{"secrets in the URL", "GET", "/connect/authorize?a=1&client%5Fsecret=s&CODE=c&id_token_hint=h&code_challenge=d&%zz=1", "", "?a=1&id_token_hint=h&code_challenge=d&lang=ru"},
		{"bare colon", "GET", "/connect/authorize?redirect_uri=http://localhost:1/cb", "", "?redirect_uri=http%3A//localhost%3A1/cb&lang=ru"},
		{"of a POST", "POST", "/login?x=1", "R&1", "?request=R%261&lang=ru"},
		{"of a POST without request", "POST", "/login?x=1", "", "?lang=ru"},
		{"huge", "GET", "/login?x=" + strings.Repeat("a", maxLink), "", "?lang=ru"},
		{"another host", "GET", "//evil.example/login", "", "?lang=ru"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/", nil)
			path, query, _ := strings.Cut(tt.target, "?")
			r.URL = &url.URL{Path: path, RawQuery: query}
			if diff := cmp.Diff(tt.want, langLink(r, tt.request, "ru")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
