package main_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/provider/providertest"
)

// propusk runs propusk beside a server and returns its stdout.
func propusk(t *testing.T, args ...string) string {
	t.Helper()
	var errs strings.Builder
	cmd := exec.Command(program(t), args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("propusk %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// curl performs a curl command of the screen (-u, -d and an address are all it knows).
func curl(t *testing.T, line string) (int, map[string]any) {
	t.Helper()
	words := strings.Fields(line)
	form := url.Values{}
	var user, address string
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-u":
			i++
			user = words[i]
		case "-d":
			i++
			name, value, _ := strings.Cut(words[i], "=")
			form.Add(name, value)
		default:
			address = words[i]
		}
	}
	r, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	name, secret, _ := strings.Cut(user, ":")
	r.SetBasicAuth(name, secret)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	err = json.NewDecoder(resp.Body).Decode(&body)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return resp.StatusCode, body
}

// onScreen returns the text after a label of dev's screen.
func onScreen(t *testing.T, s *devServer, label string) string {
	t.Helper()
	for _, line := range s.Screen {
		if rest, ok := strings.CutPrefix(line, "  "+label+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("no %q on the screen:\n%s", label, strings.Join(s.Screen, "\n"))
	return ""
}

// TestScreen: what dev tells a newcomer to try works as it is printed.
func TestScreen(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	if len(s.Screen) > 24 {
		t.Errorf("%d lines are more than a screenful", len(s.Screen))
	}
	status, body := curl(t, onScreen(t, s, "or"))
	if status != 200 || body["access_token"] == nil {
		t.Errorf("or: %d %v", status, body)
	}
	end := providertest.NewPerson(t, s.Issuer, "alice").Walk(onScreen(t, s, "try"))
	if end.Page == nil || end.Page.Status != 200 || end.Page.URL.Query().Get("code") == "" {
		t.Fatalf("try: did not end at a page with the code: %+v", end)
	}
	status, body = curl(t, strings.Replace(onScreen(t, s, "then"), "CODE", end.Page.URL.Query().Get("code"), 1))
	if status != 200 || body["id_token"] == nil {
		t.Errorf("then: %d %v", status, body)
	}
}

// TestBeside: what a command changes is in force at the running server.
func TestBeside(t *testing.T) {
	s := startDev(t)
	try := onScreen(t, s, "or")
	until := func(want int, after string) {
		t.Helper()
		for range 1000 {
			status, _ := curl(t, try)
			if status == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("after %s the server never answers %d", after, want)
	}
	until(200, "the start")
	propusk(t, "app", "disable", "service", "--data", s.Dir)
	until(401, "app disable")
	propusk(t, "app", "enable", "service", "--data", s.Dir)
	until(200, "app enable")
	secret := strings.TrimSpace(propusk(t, "app", "rotate-secret", "service", "--data", s.Dir))
	until(401, "app rotate-secret")
	try = strings.Replace(try, "service-secret", secret, 1)
	until(200, "the new secret")

	before := jwks(t, s)
	propusk(t, "keys", "rotate", "--alg", "ES256", "--data", s.Dir)
	for range 1000 {
		if jwks(t, s) == before+1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("after keys rotate the new key is never published")
}

// jwks counts the keys the server publishes.
func jwks(t *testing.T, s *devServer) int {
	t.Helper()
	resp, err := http.Get(s.Issuer + "/.well-known/openid-configuration/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set struct{ Keys []json.RawMessage }
	err = json.NewDecoder(resp.Body).Decode(&set)
	if err != nil {
		t.Fatal(err)
	}
	return len(set.Keys)
}
