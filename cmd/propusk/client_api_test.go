package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/propusk/propusk/provider/providertest"
)

// askAPI sends a request to the API of the running server and returns the status and the JSON of the answer.
func askAPI(t *testing.T, s *devServer, token, method, path, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Issuer+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if len(text) > 0 {
		err = json.Unmarshal(text, &object)
		if err != nil {
			t.Fatalf("%s %s: %v in %q", method, path, err, text)
		}
	}
	return response.StatusCode, object
}

// TestClientAPI goes the way of a script: a token from the command line makes an app, a person signs in
// through that app, and the app acts for the person with the access token it got, no further than that
// person may.
func TestClientAPI(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	create := func(scopes string) string {
		out, err := exec.Command(program(t), "token", "create", "--user", "alice", "--name", "ci", "--scope", scopes, "--data", s.Dir).Output()
		if err != nil {
			t.Fatalf("token create: %v", err)
		}
		return strings.TrimSpace(string(out))
	}
	pat := create("apps.read apps.write")
	// A token gives an app no more of the API than it has itself.
	status, made := askAPI(t, s, create("apps.read apps.write me.read users.read"), http.MethodPost, "/apps", `{"client_name":"Console","redirect_uris":["`+callback+`"],"scopes":[
		{"name":"openid","required":true},{"name":"apps.read","required":true},{"name":"me.read","required":true},{"name":"users.read","required":true}]}`)
	if status != http.StatusCreated {
		t.Fatalf("POST /apps: %d %v", status, made)
	}
	console := newApp(t, s.Issuer, made["client_id"].(string), made["client_secret"].(string), "openid", "apps.read", "me.read", "users.read")
	bob := console.login(providertest.NewPerson(t, s.Issuer, "bob"))
	other := newApp(t, s.Issuer, "demo", "demo-secret").login(providertest.NewPerson(t, s.Issuer, "bob"))
	tests := []struct {
		name, token, method, path, body string
		want                            int
	}{
		{"bob's account by his token", bob.Token.AccessToken, http.MethodGet, "/me", "", http.StatusOK},
		{"an app where he has a role", bob.Token.AccessToken, http.MethodGet, "/apps/demo", "", http.StatusOK},
		{"an app where he has none", bob.Token.AccessToken, http.MethodGet, "/apps/plain", "", http.StatusNotFound},
		{"a scope that was not asked for", bob.Token.AccessToken, http.MethodPatch, "/apps/demo", `{"description":"x"}`, http.StatusForbidden},
		{"more than he may", bob.Token.AccessToken, http.MethodGet, "/users", "", http.StatusForbidden},
		{"a token without the API's scopes", other.Token.AccessToken, http.MethodGet, "/me", "", http.StatusUnauthorized},
		{"an id_token", bob.Raw, http.MethodGet, "/me", "", http.StatusUnauthorized},
		{"a script without me.read", pat, http.MethodGet, "/me", "", http.StatusForbidden},
		{"the app is disabled", pat, http.MethodPatch, "/apps/" + made["client_id"].(string), `{"enabled":false}`, http.StatusOK},
		{"and its tokens stop", bob.Token.AccessToken, http.MethodGet, "/me", "", http.StatusUnauthorized},
	}
	for _, tt := range tests {
		got, object := askAPI(t, s, tt.token, tt.method, tt.path, tt.body)
		if got != tt.want {
			t.Errorf("%s: %s %s answers %d, want %d: %v", tt.name, tt.method, tt.path, got, tt.want, object)
		}
	}
}
