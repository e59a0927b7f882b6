package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// register sends metadata to the world's server and returns status and answer.
func (w *world) register(metadata object) (int, object) {
	w.t.Helper()
	body, err := json.Marshal(metadata)
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.issuer+"/connect/register", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := w.http.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer object
	_ = json.NewDecoder(resp.Body).Decode(&answer) // a page otherwise
	return resp.StatusCode, answer
}

// TestConformanceRegistration: the suite registers as it pleases, and its clients may leave PKCE out.
func TestConformanceRegistration(t *testing.T) {
	t.Parallel()
	w := conformanceWorld(t, t.TempDir(), "https://elsewhere.test")
	var status int
	var client object
	for i := range 150 { // a fast machine plays more modules in a minute than anybody else may register clients
		status, client = w.register(object{"redirect_uris": []string{"https://elsewhere.test/test/a/x/callback"}, "client_name": "suite"})
		if status != http.StatusCreated {
			t.Fatalf("client %d: %d %v", i, status, client)
		}
	}
	app, err := w.db.App(t.Context(), client["client_id"].(string))
	if err != nil || !app.WithoutPKCE || app.Trusted {
		t.Errorf("app %+v, %v", app, err)
	}
}

func TestSuiteRegistration(t *testing.T) {
	r := suiteRegistration("https://suite.test:8443", nil)
	want := registration{policy: "open", withoutPKCE: true, perMinute: 10_000, hosts: []string{"suite.test:8443"}, insecureHosts: []string{"suite.test:8443"}}
	if diff := cmp.Diff(want, r, cmp.AllowUnexported(registration{})); diff != "" {
		t.Error(diff)
	}
}

// TestServeRegistration: production takes closed and token, and says why it does not take open.
func TestServeRegistration(t *testing.T) {
	for value, want := range map[string][]string{
		"closed": nil, "token": nil,
		"open":  {"registration: open is for dev: say token, so that clients register with an administrator's personal access token"},
		"maybe": {"registration: must be closed or token"},
	} {
		c := &config{Issuer: "https://id.example.com", Data: t.TempDir(), Registration: value}
		found := &problems{config: c}
		c.check(found)
		var got []string
		for _, line := range found.lines {
			if strings.HasPrefix(line, "registration") {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", value, diff)
		}
	}
}
