package storage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

func web(uris ...string) *storage.App {
	return &storage.App{ID: "web", Type: storage.AppWeb, Enabled: true, RedirectURIs: uris, PostLogoutURIs: uris}
}

func native(uris ...string) *storage.App {
	return &storage.App{ID: "native", Type: storage.AppNative, Enabled: true, RedirectURIs: uris, PostLogoutURIs: uris}
}

func TestMatchRedirectURI(t *testing.T) {
	anywhere := web("http://localhost:8080/callback")
	anywhere.AnyLoopback = true
	insecure := web("http://www.example.com/")
	insecure.InsecureRedirect = true
	exact := web("https://app.example/cb")
	loopback := native("http://127.0.0.1/cb")
	for _, c := range []struct {
		name string
		app  *storage.App
		uris string // separated by blanks
		want bool
	}{
		{"exact", exact, "https://app.example/cb", true},
		{"HC-001 nearly", exact, "https://app.example/cb/ https://app.example/cb?x=1 https://app.example/cb#f https://app.example/CB " +
			"https://APP.example/cb HTTPS://app.example/cb https://app.example:443/cb https://app.example", false},
		{"HC-002 path tricks", exact, `https://app.example/x/../cb https://app.example/..;/cb https://app.example/%63b ` +
			`https://app.example/cb%2f..%2fx https://app.example/cb\x //app.example/cb https://app.example//cb`, false},
		{"HC-003 user", exact, "https://app.example@evil.example/cb https://a@b@app.example/cb https://app.example%40evil.example/cb " +
			"https://user:pw@app.example/cb", false},
		{"other origins", exact, "http://app.example/cb https://app.example.evil/cb https://evil/https://app.example/cb", false},
		{"HC-006 ports", loopback, "http://127.0.0.1/cb http://127.0.0.1:1/cb http://127.0.0.1:8080/cb http://127.0.0.1:65535/cb", true},
		{"HC-007 loopback tricks", loopback, "https://127.0.0.1:9/cb http://user:pw@127.0.0.1:9/cb http://127.0.0.1:9/cb#f " +
			"http://127.0.0.1:9/%63b http://127.0.0.2:9/cb http://localhost:9/cb http://[::1]:9/cb http://127.0.0.1:9/cb?x=1 " +
			"http://127.0.0.1:0/cb http://127.0.0.1:65536/cb http://127.0.0.1:/cb http://127.0.0.1:9/cb/ http://127.0.0.1.evil:9/cb", false},
		{"port of a web app", web("http://127.0.0.1/cb"), "http://127.0.0.1:9/cb", false},
		{"IPv6 ports", native("http://[::1]/"), "http://[::1]:4711/ http://[::1]/", true},
		{"private scheme", native("com.example.app:/cb"), "com.example.app:/cb", true},
		{"private scheme, nearly", native("com.example.app:/cb"), "com.example.app://cb com.example.APP:/cb com.example.app:/CB", false},
		{"HC-008 bad rows never match", native("javascript:alert(1)", "http://public.example/cb", "https://a.example/#f"),
			"javascript:alert(1) http://public.example/cb https://a.example/#f", false},
		{"HC-008 private scheme of a web app", web("com.example.app:/cb"), "com.example.app:/cb", false},
		{"any loopback", anywhere, "http://localhost:8080/callback http://localhost:3000 http://127.0.0.1:1/a/b?c=d http://[::1]:99/ http://localhost/", true},
		{"any loopback, no more", anywhere, "https://localhost:3000/ http://localhost.evil/ http://user@localhost/ http://localhost:1/../x " +
			"http://127.0.0.2/ http://localhost:1/#f http://LOCALHOST/ http://[::1%25eth0]/ http://[::2]/", false},
		{"insecure, exact only", insecure, "http://www.example.com/", true},
		{"insecure, nearly", insecure, "http://www.example.com http://www.example.com/x http://other.example/", false},
	} {
		for uri := range strings.FieldsSeq(c.uris) {
			if got := c.app.MatchRedirectURI(uri); got != c.want {
				t.Errorf("%s: %s: got %t, want %t", c.name, uri, got, c.want)
			}
			if got := c.app.MatchPostLogoutURI(uri); got != c.want {
				t.Errorf("%s after logout: %s: got %t, want %t", c.name, uri, got, c.want)
			}
		}
	}
	for _, uri := range []string{"", " https://app.example/cb", "https://app.example/cb ", "https://app.example/cb\n", "\thttps://app.example/cb", "https://app.example/cb\x00"} {
		if exact.MatchRedirectURI(uri) {
			t.Errorf("%q matches", uri)
		}
	}
}

func TestCheckRedirectURI(t *testing.T) {
	insecure := web()
	insecure.InsecureRedirect = true
	for _, c := range []struct {
		app  *storage.App
		uri  string
		want string
	}{
		{web(), "https://app.example/cb?tenant=1", ""},
		{web(), "https://app.example", ""},
		{web(), "http://localhost:3000/cb", ""},
		{native(), "http://[::1]/cb", ""},
		{native(), "com.example.app:/cb", ""},
		{insecure, "http://www.example.com/", ""},
		{web(), "", "redirect_relative"},
		{web(), "/cb", "redirect_relative"},
		{web(), "//app.example/cb", "redirect_relative"},
		{web(), "app.example/cb", "redirect_relative"},
		{web(), "https://app.example/" + strings.Repeat("x", 2048), "redirect_too_long"},
		{web(), "https://app.example/é", "redirect_characters"},
		{web(), "https://app.example/\"", "redirect_characters"},
		{web(), "https://app.example/c b", "redirect_characters"},
		{web(), "https://*.example/cb", "redirect_wildcard"},
		{web(), "https://app.example/cb#", "redirect_fragment"},
		{web(), "https://app.example/%zz", "redirect_invalid"},
		{web(), "HTTPS://app.example/cb", "redirect_scheme"},
		{web(), "javascript:alert(1)", "redirect_scheme"},
		{native(), "JaVaScRiPt:alert(1)", "redirect_scheme"},
		{native(), "data:text/html,x", "redirect_scheme"},
		{native(), "vbscript:x", "redirect_scheme"},
		{native(), "file:///etc/passwd", "redirect_scheme"},
		{web(), "com.example.app:/cb", "redirect_scheme"},
		{web(), "https://user@app.example/cb", "redirect_userinfo"},
		{web(), "https:///cb", "redirect_host"},
		{web(), "https:app.example", "redirect_host"},
		{web(), "https://app_.example../cb", "redirect_host"},
		{web(), "https://app.example:0/cb", "redirect_port"},
		{web(), "https://app.example:/cb", "redirect_port"},
		{web(), "https://app.example/a/../cb", "redirect_path"},
		{web(), "https://app.example/..;x/cb", "redirect_path"},
		{web(), "https://app.example/%2e%2E/cb", "redirect_path"},
		{web(), "http://app.example/cb", "redirect_http"},
		{native(), "http://10.0.0.1/cb", "redirect_http"},
		{web(), "http://localhost.evil.example/cb", "redirect_http"},
	} {
		got := ""
		var invalid *storage.Invalid
		err := storage.CheckRedirectURI(c.app, c.uri)
		if errors.As(err, &invalid) {
			got = invalid.Reason
		}
		if got != c.want {
			t.Errorf("%s %.60q: got %q, want %q", c.app.Type, c.uri, got, c.want)
		}
	}
}

func TestRedirectKey(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"http://www.example.com/", "http://www.example.com", true},
		{"http://www.example.com", "http://www.example.com/", true},
		{"https://a.example:8443?x=1", "https://a.example:8443/?x=1", true},
		{"https://a.example/cb", "https://a.example/cb", true},
		{"com.example:/cb", "com.example:/cb", true},
		{"https://a.example/cb", "https://a.example/cb/", false},
		{"https://a.example/", "https://A.example/", false},
		{"https://a.example/", "https://a.example:443/", false},
		{"https://a.example", "https://a.example//", false},
		{"https://a.example", "http://a.example/", false},
		{"https://a.example?x", "https://a.example/?y", false},
		{"https://a.example/?", "https://a.example/", false},
		{"https:", "https:/", false},
		{"https://", "https:///", false},
		{"com.example:", "com.example:/", false},
	} {
		if got := storage.RedirectKey(c.a) == storage.RedirectKey(c.b); got != c.want {
			t.Errorf("%s and %s: got %t, want %t", c.a, c.b, got, c.want)
		}
	}
}

func TestAllowsOrigin(t *testing.T) {
	browser := web("https://app.example/cb", "https://other.example:8443/cb", "https://plain.example:443/cb", "com.example:/cb")
	browser.Type = storage.AppBrowser
	local := &storage.App{Type: storage.AppBrowser, Enabled: true, AnyLoopback: true}
	off := *browser
	off.Enabled = false
	for _, c := range []struct {
		name   string
		app    *storage.App
		origin string
		want   bool
	}{
		{"own", browser, "https://app.example", true},
		{"own with port", browser, "https://other.example:8443", true},
		{"default port", browser, "https://plain.example", true},
		{"foreign", browser, "https://evil.example", false},
		{"null", browser, "null", false},
		{"empty", browser, "", false},
		{"with path", browser, "https://app.example/", false},
		{"http", browser, "http://app.example", false},
		{"suffix", browser, "https://app.example.evil", false},
		{"loopback", local, "http://localhost:5173", true},
		{"loopback with path", local, "http://localhost:5173/x", false},
		{"loopback with user", local, "http://a@localhost:5173", false},
		{"loopback, other name", local, "http://localhost.evil:5173", false},
		{"disabled app", &off, "https://app.example", false},
		{"server app", web("https://app.example/cb"), "https://app.example", false},
	} {
		if got := c.app.AllowsOrigin(c.origin); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}
