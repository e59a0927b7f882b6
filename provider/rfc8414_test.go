package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// metadata8414 sends the request of RFC 8414 §3.1 and returns the document, checked as §3.2 wants it.
func metadata8414(t *testing.T, w *world) map[string]any {
	t.Helper()
	rec := w.example("GET /.well-known/oauth-authorization-server HTTP/1.1\nHost: example.com")
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", rec.Code, rec.Header())
	}
	doc := w.object(rec)
	for name, value := range doc {
		list, ok := value.([]any)
		if value == nil || value == "" || ok && len(list) == 0 { // "Claims with zero elements MUST be omitted"
			t.Errorf("%s is %v", name, value)
		}
	}
	return doc
}

// TestRFC8414Example is §3.2: each member of the example is there and of its type, each address of it is an
// endpoint of ours under the issuer.
func TestRFC8414Example(t *testing.T) {
	w := openWorld(t, "open")
	w.p.issuer = rfcIssuer
	doc := metadata8414(t, w)
	if doc["issuer"] != rfcIssuer { // §3.3: identical, not alike
		t.Errorf("issuer %v", doc["issuer"])
	}
	for _, name := range []string{
		"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint", // of the example
		"introspection_endpoint", "revocation_endpoint", "end_session_endpoint", "device_authorization_endpoint", // of §2 and RFC 8628 §4
	} {
		text, _ := doc[name].(string)
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.Host != "server.example.com" || u.Fragment != "" || u.RawQuery != "" {
			t.Errorf("%s is %q", name, text)
			continue
		}
		if rec := w.get(u.Path); rec.Code == http.StatusNotFound {
			t.Errorf("%s %s: %d", name, text, rec.Code)
		}
	}
	for name, want := range map[string][]string{
		"token_endpoint_auth_methods_supported":            {"client_secret_basic", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": {"RS256", "ES256"},
		"scopes_supported":                                 {"openid", "profile", "email", "address", "phone", "offline_access"},
		"response_types_supported":                         {"code"},
		"ui_locales_supported":                             {"en"},
		"grant_types_supported":                            {"authorization_code", "refresh_token"},
		"code_challenge_methods_supported":                 {"S256"},
	} {
		list, _ := doc[name].([]any)
		for _, value := range want {
			if !slices.Contains(list, any(value)) {
				t.Errorf("%s lacks %s: %v", name, value, list)
			}
		}
	}
}

// TestRFC8414Consistent is what §2 says of members that depend on each other, and §3 of the two documents.
func TestRFC8414Consistent(t *testing.T) {
	w := newWorld(t)
	doc := metadata8414(t, w)
	same(t, "OpenID Connect Discovery", w.object(w.get(PathDiscovery)), doc)
	for _, endpoint := range []string{"token", "introspection", "revocation"} {
		methods, _ := doc[endpoint+"_endpoint_auth_methods_supported"].([]any)
		algs, _ := doc[endpoint+"_endpoint_auth_signing_alg_values_supported"].([]any)
		signed := slices.Contains(methods, any(storage.AuthPrivateKeyJWT)) || slices.Contains(methods, any(storage.AuthSecretJWT))
		switch {
		case len(methods) == 0:
			t.Errorf("%s: no methods, which would mean client_secret_basic alone", endpoint)
		case signed != (len(algs) > 0): // "This metadata entry MUST be present if …"
			t.Errorf("%s: methods %v, algorithms %v", endpoint, methods, algs)
		case slices.Contains(algs, any("none")): // "The value none MUST NOT be used"
			t.Errorf("%s: algorithm none", endpoint)
		}
	}
	for name := range doc { // whatever names an address names one of ours
		text, ok := doc[name].(string)
		if ok && (strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri")) && !strings.HasPrefix(text, w.p.issuer+"/") {
			t.Errorf("%s is %s", name, text)
		}
	}
	if doc["registration_endpoint"] != nil {
		t.Error("registration is closed and advertised")
	}
}

// TestRFC8414Errors: the document is read with GET (§3.1), under its own path alone.
func TestRFC8414Errors(t *testing.T) {
	w := newWorld(t)
	if rec := w.post(PathMetadata, nil); rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") == "" {
		t.Errorf("POST: %d", rec.Code)
	}
	for _, path := range []string{PathMetadata + "/issuer1", "/issuer1" + PathMetadata, PathMetadata + "/", "/.well-known/oauth-authorization-server.json"} {
		if rec := w.get(path); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	if rec := w.do(httptest.NewRequest(http.MethodHead, PathMetadata, nil)); rec.Code != http.StatusOK {
		t.Errorf("HEAD: %d", rec.Code)
	}
}
