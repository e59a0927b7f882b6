package main

import (
	"net/url"
	"strings"
	"testing"
)

// TestConformanceAll: with --all the static clients sign in by every response type they were written
// with, and without it by code alone.
func TestConformanceAll(t *testing.T) {
	app := party{"conf-basic-1", "conf-basic-1-secret-0123456789abcdef", "https://elsewhere.test/test/a/ourop/callback", "openid email"}
	for name, on := range map[string]bool{"with": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			w := conformanceWorld(t, t.TempDir(), "https://elsewhere.test", func(c *serverConfig) { c.implicit = on })
			p := w.person("alice")
			p.tick = strings.Fields(app.scope)
			at := p.walk(authorizePath(app.asking("response_type", "code id_token token"))).location()
			answer, err := url.ParseQuery(at.Fragment)
			if err != nil {
				t.Fatal(err)
			}
			if !on {
				if at.Query().Get("error") != "unsupported_response_type" || at.Fragment != "" {
					t.Errorf("switched off: %s", at)
				}
				return
			}
			if at.RawQuery != "" || answer.Get("id_token") == "" {
				t.Fatalf("switched on: %s", at)
			}
			if got := w.userinfo(answer.Get("access_token")); got.status != 200 || got.text("email") == "" {
				t.Errorf("userinfo: %d %s", got.status, got.body)
			}
			w.granted(w.token(app.redeeming(answer.Get("code"), "client_id", "", "client_secret", ""), "Authorization", app.basic()))
		})
	}
}
