package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestProof: what gives somebody a way in is made only by who proved themselves not long ago, and one's own
// password only where the present one is asked for.
func TestProof(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	own, bob := "/users/"+w.user("alice").ID, "/users/"+w.user("bob").ID
	for _, path := range []string{own + "/password", own + "/link"} {
		got := alice.post(path, "password", "a new one of some length")
		if got.status != http.StatusSeeOther || got.to() != "/account/password" {
			t.Errorf("POST %s: %d to %q, want 303 to /account/password", path, got.status, got.to())
		}
	}
	want(t, alice.post(bob+"/link"), http.StatusOK, "/welcome?link=")
	w.clock.Advance(proofAge + time.Second)
	for _, path := range []string{bob + "/password", bob + "/link", "/users/new", "/apps/demo/keys"} {
		got := alice.post(path, "section", "new", "login", "mallory", "sign_in", "invite", "password", "a new one of some length")
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.to(), "/login?") {
			t.Errorf("POST %s after %v: %d to %q, want 303 to /login", path, proofAge, got.status, got.to())
		}
	}
	if n := w.audited("user.password", w.user("bob").ID, "ok"); n != 0 {
		t.Errorf("bob's password was set %d times", n)
	}
}

// TestTame: no cell begins with what a spreadsheet runs, however it splits the line.
func TestTame(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		"Bob":                 "Bob",
		"=1+2":                "'=1+2",
		"Bob;=1+2;@SUM(1)":    "Bob;'=1+2;'@SUM(1)",
		"Bob; =1":             "Bob; '=1",
		"/apps/x;=1+2":        "/apps/x;'=1+2",
		"＝1":                  "'＝1",
		"a-b+c=d":             "a-b+c=d",
		"2026-11-22T04:00:00": "2026-11-22T04:00:00",
	} {
		if got := tame(in); got != want {
			t.Errorf("tame(%q): got %q, want %q", in, got, want)
		}
	}
}

// TestEnvValue: a shell that sources the file reads the value and runs nothing.
func TestEnvValue(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/cb":            "https://a.example/cb",
		"openid profile":                  "'openid profile'",
		"http://localhost:5/'$(touch x)'": `'http://localhost:5/'\''$(touch x)'\'''`,
		`http://localhost/"` + "`id`":     `'http://localhost/"` + "`id`'",
	} {
		if got := envValue(in); got != want {
			t.Errorf("envValue(%q): got %q, want %q", in, got, want)
		}
	}
}
