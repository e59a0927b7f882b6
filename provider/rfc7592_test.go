package provider

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// granted7591 are the members that the server adds to what was registered (RFC 7591 §3.2.1, RFC 7592 §3), and
// those it must say because they were given by default.
var granted7591 = []string{"client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at", "registration_access_token", "registration_client_uri"}

// defaults7591 are OpenID Connect Dynamic Registration's, which a client may hear of as well.
var defaults7591 = []string{"application_type", "response_types", "grant_types", "scope", "id_token_signed_response_alg", "subject_type", "token_endpoint_auth_method"}

// TestRFC7591Statement is the second example of RFC 7591 §3.1: a software statement, which this provider does
// not read, is ignored (§3.1.1), and nothing of it is echoed.
func TestRFC7591Statement(t *testing.T) {
	w := openWorld(t, "open")
	got := w.registered(`{
  "redirect_uris": ["https://client.example.org/callback", "https://client.example.org/callback2"],
  "software_statement": "eyJhbGciOiJSUzI1NiJ9.eyJzb2Z0d2FyZV9pZCI6IjROUkIxLTBYWkFCWkk5RTYtNVNNM1IiLCJjbGllbnRfbmFtZSI6IkV4YW1wbGUgU3RhdGVtZW50LWJhc2VkIENsaWVudCJ9.x",
  "scope": "read write",
  "example_extension_parameter": "example_value"
}`)
	members(t, "§3.2.1", got, append(granted7591[1:], "redirect_uris", "client_name", "client_id"), defaults7591)
	if got["scope"] == "read write" || got["software_id"] != nil || got["client_name"] == "Example Statement-based Client" {
		t.Errorf("%v", got)
	}
}

// TestRFC7591Error is the example of RFC 7591 §3.2.2: an address that cannot be one is named in the error.
func TestRFC7591Error(t *testing.T) {
	w := openWorld(t, "open")
	w.refusedAs("§3.2.2", w.send(http.MethodPost, PathRegister, `{"redirect_uris": ["http://sketchy.example.com"]}`, ""), http.StatusBadRequest, errInvalidRedirectURI)
}

// TestRFC7592Example reads (§2.1), replaces (§2.2) and deletes (§2.3) a client as the examples do.
func TestRFC7592Example(t *testing.T) {
	w := openWorld(t, "open")
	made := w.registered(rfc7591)
	members(t, "§3", made, append(granted7591[1:], "client_id", "redirect_uris", "client_name", "client_name#ja-Jpan-JP", "token_endpoint_auth_method", "logo_uri", "jwks_uri"), defaults7591)
	read := func() object {
		t.Helper()
		rec := w.send(http.MethodGet, place(made), "", rat(made))
		if h := rec.Header(); rec.Code != http.StatusOK || h.Get("Content-Type") != "application/json" || h.Get("Cache-Control") != "no-store" {
			t.Fatalf("§2.1: %d %v %s", rec.Code, h, rec.Body)
		}
		return w.object(rec)
	}
	for name, want := range made {
		if got := read()[name]; name != "client_secret" && name != "client_secret_expires_at" && !cmp.Equal(got, want) { // kept as a hash, told once
			t.Errorf("§2.1: %s is %v, was %v", name, got, want)
		}
	}
	update := object{
		"client_id": made["client_id"], "client_secret": made["client_secret"],
		"redirect_uris": []any{"https://client.example.org/callback", "https://client.example.org/alt"},
		"grant_types":   []any{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "client_secret_basic",
		"jwks_uri": "https://client.example.org/my_public_keys.jwks", "client_name": "My New Example", "client_name#fr": "Mon Nouvel Exemple",
		"logo_uri": "https://client.example.org/newlogo.png", "logo_uri#fr": "https://client.example.org/fr/newlogo.png",
	}
	rec := w.send(http.MethodPut, place(made), update, rat(made))
	got := w.object(rec)
	for name, want := range update {
		if name != "client_secret" && !cmp.Equal(got[name], want) {
			t.Errorf("§2.2: %s is %v, want %v", name, got[name], want)
		}
	}
	if rec.Code != http.StatusOK || got["client_name#ja-Jpan-JP"] != nil || !cmp.Equal(read(), got) {
		t.Errorf("§2.2: %d %s", rec.Code, rec.Body)
	}
	rec = w.send(http.MethodDelete, place(made), "", rat(made))
	if rec.Code != http.StatusNoContent || rec.Body.Len() != 0 || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("§2.3: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	w.refusedAs("§2.1, when there is no client any more", w.send(http.MethodGet, place(made), "", rat(made)), http.StatusUnauthorized, errInvalidToken)
}
