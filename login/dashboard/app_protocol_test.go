package dashboard

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// publicKey and privateKey are the halves of a key pair that nobody uses (RFC 7517 appendix A).
const (
	publicKey  = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","kid":"1"}]}`
	privateKey = `{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]}`
)

// TestChangeRegistration saves every form that holds parts of a registration and reads what is stored.
func TestChangeRegistration(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb")
	age := int64(0)
	tests := []struct {
		name, page, section string
		fields              []string
		check               func(a *storage.App) any
		want                any
	}{
		{"methods by signature", "/settings", "methods", []string{"method", "client_secret_jwt", "method", "client_secret_basic", "token_endpoint_auth_signing_alg", "HS256", "jwks_uri", "", "jwks", ""},
			func(a *storage.App) any { return []any{a.AuthMethods, a.Registration.AuthSigningAlg} }, []any{[]string{"client_secret_jwt", "client_secret_basic"}, "HS256"}},
		{"own keys", "/settings", "methods", []string{"method", "private_key_jwt", "token_endpoint_auth_signing_alg", "ES256", "jwks_uri", "", "jwks", " " + publicKey + "\r\n"},
			func(a *storage.App) any {
				return []any{a.AuthMethods, string(a.Registration.JWKS), a.Registration.AuthSigningAlg}
			},
			[]any{[]string{"private_key_jwt"}, publicKey, "ES256"}},
		{"an address of keys", "/settings", "methods", []string{"method", "private_key_jwt", "token_endpoint_auth_signing_alg", "", "jwks_uri", " https://buoys.example/jwks ", "jwks", ""},
			func(a *storage.App) any {
				return []any{a.Registration.JWKSURI, len(a.Registration.JWKS), a.Registration.AuthSigningAlg}
			}, []any{"https://buoys.example/jwks", 0, ""}},
		{"a form without the fields", "/settings", "methods", []string{"method", "private_key_jwt"},
			func(a *storage.App) any { return a.Registration.JWKSURI }, "https://buoys.example/jwks"},
		{"tokens", "/settings", "tokens", []string{"format", "jwt", "ttl", "600", "alg", "ES256", "refresh_token_ttl", "86400", "userinfo_signed_response_alg", "RS256", "introspection_signed_response_alg", "PS256"},
			func(a *storage.App) any {
				return []any{a.Registration.RefreshTokenTTL, a.Registration.UserinfoAlg, a.Registration.IntrospectionAlg}
			}, []any{int64(86400), "RS256", "PS256"}},
		{"refresh tokens as usual", "/settings", "tokens", []string{"format", "jwt", "ttl", "600", "alg", "ES256", "refresh_token_ttl", " ", "userinfo_signed_response_alg", ""},
			func(a *storage.App) any { return []any{a.Registration.RefreshTokenTTL, a.Registration.UserinfoAlg} }, []any{int64(0), ""}},
		{"requests", "/protocol", "requests", []string{"request_object_signing_alg", "ES256", "request_uris", "https://buoys.example/r1\r\n\r\nhttps://buoys.example/r2#abc"},
			func(a *storage.App) any { return append(a.Registration.RequestURIs, a.Registration.RequestObjectAlg) }, []string{"https://buoys.example/r1", "https://buoys.example/r2#abc", "ES256"}},
		{"no requests", "/protocol", "requests", []string{"request_object_signing_alg", "", "request_uris", ""},
			func(a *storage.App) any { return len(a.Registration.RequestURIs) }, 0},
		{"flows", "/protocol", "flows", []string{"response_type", "code", "response_type", "code id_token"},
			func(a *storage.App) any { return a.Registration.ResponseTypes }, []string{"code", "code id_token"}},
		{"code alone", "/protocol", "flows", []string{"response_type", "code"}, func(a *storage.App) any { return len(a.Registration.ResponseTypes) }, 0},
		{"people", "/protocol", "people", []string{"subject_type", "pairwise", "sector_identifier_uri", "", "default_max_age", "0", "default_acr_values", " 1  2 ", "require_auth_time", "on",
			"initiate_login_uri", "https://buoys.example/in"}, func(a *storage.App) any {
			reg := a.Registration
			return []any{reg.SubjectType, reg.Sector, *reg.DefaultMaxAge, reg.DefaultACRValues, reg.RequireAuthTime, reg.InitiateLoginURI}
		}, []any{"pairwise", "buoys.example", age, []string{"1", "2"}, true, "https://buoys.example/in"}},
		{"people as usual", "/protocol", "people", []string{"subject_type", "public", "default_max_age", "", "default_acr_values", "", "initiate_login_uri", ""}, func(a *storage.App) any {
			reg := a.Registration
			return []any{reg.SubjectType, reg.DefaultMaxAge == nil, len(reg.DefaultACRValues), reg.RequireAuthTime, reg.InitiateLoginURI}
		}, []any{"", true, 0, false, ""}},
		{"sign-outs", "/protocol", "signout", []string{"backchannel_logout_uri", "https://buoys.example/back", "backchannel_logout_session_required", "on",
			"frontchannel_logout_uri", "https://buoys.example/front", "frontchannel_logout_session_required", "on"}, func(a *storage.App) any {
			reg := a.Registration
			return []any{reg.BackchannelLogoutURI, reg.BackchannelSession, reg.FrontchannelLogoutURI, reg.FrontchannelSession}
		}, []any{"https://buoys.example/back", true, "https://buoys.example/front", true}},
		{"links", "", "documents", []string{"client_uri", "https://buoys.example/about", "logo_uri", "https://buoys.example/l.png", "contacts", "Ann <ann@buoys.example>\nbo@buoys.example"},
			func(a *storage.App) any {
				return append(a.Registration.Contacts, a.Registration.ClientURI, a.Registration.LogoURI)
			},
			[]string{"Ann <ann@buoys.example>", "bo@buoys.example", "https://buoys.example/about", "https://buoys.example/l.png"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := alice.post("/apps/"+id+tt.page, append(tt.fields, "section", tt.section)...)
			done := "saved"
			if strings.HasPrefix(tt.name, "people") { // to pairwise and back
				done = "subjects"
			}
			if got.to() != "/apps/"+id+tt.page+"?done="+done+"#"+tt.section {
				t.Fatalf("answered %d to %q:\n%s", got.status, got.to(), got.body)
			}
			want(t, alice.follow(got), http.StatusOK, "Saved.")
			if diff := cmp.Diff(tt.want, tt.check(w.app(id))); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRegistrationMistakes holds that a refused form says why at its field or at its section, keeps what was
// typed and changes nothing.
func TestRegistrationMistakes(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	id, _ := alice.created("name", "Buoys", "type", "web", "redirects", "https://buoys.example/cb\nhttps://other.example/cb")
	_, err := w.db.UpdateApp(context.Background(), storage.Command, id, func(a *storage.App) error { a.WithoutPKCE = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	before := w.app(id)
	at := func(field string) string {
		return `aria-describedby="` + field + `-hint mistake" aria-invalid="true" autofocus`
	}
	tests := []struct {
		name, page string
		fields     []string
		says       []string
	}{
		{"no keys", "/settings", []string{"section", "methods", "method", "private_key_jwt"}, []string{"Give its public keys", at("jwks"), `value="private_key_jwt" checked`}},
		{"keys twice", "/settings", []string{"section", "methods", "method", "private_key_jwt", "jwks", publicKey, "jwks_uri", "https://buoys.example/jwks"},
			[]string{"Keys and an address of keys exclude each other", `value="https://buoys.example/jwks"`, "&#34;kid&#34;: &#34;1&#34;"}},
		{"no keys at all", "/settings", []string{"section", "methods", "method", "private_key_jwt", "jwks", "ssh-rsa AAAA"}, []string{"This is not a set of public keys", at("jwks"), "ssh-rsa AAAA</textarea>"}},
		{"address of keys", "/settings", []string{"section", "methods", "method", "private_key_jwt", "jwks_uri", "ftp://buoys.example"}, []string{"This is not an https:// address", at("jwks_uri"), "ftp://buoys.example"}},
		{"algorithm", "/settings", []string{"section", "methods", "method", "client_secret_jwt", "token_endpoint_auth_signing_alg", "ES256"}, []string{"does not suit the way", at("token_endpoint_auth_signing_alg")}},
		{"what stands elsewhere", "/settings", []string{"section", "methods", "method", "none"}, []string{"An app without a secret proves itself by PKCE"}},
		{"refresh", "/settings", []string{"section", "tokens", "format", "jwt", "ttl", "600", "alg", "RS256", "refresh_token_ttl", "a month"}, []string{"Refresh tokens live from one minute", `value="a month"`, at("refresh_token_ttl")}},
		{"requests", "/protocol", []string{"section", "requests", "request_uris", "https://buoys.example/r\nhttp://buoys.example/r"}, []string{"Line 2. This is not an https:// address", at("request_uris")}},
		{"no flow", "/protocol", []string{"section", "flows"}, []string{"Choose at least one."}},
		{"flow without its grant", "/protocol", []string{"section", "flows", "response_type", "id_token"}, []string{"an app needs a response type with code", `value="id_token" checked`}},
		{"two sectors", "/protocol", []string{"section", "people", "subject_type", "pairwise"}, []string{"all redirect addresses must be on one host", at("sector_identifier_uri"), `value="pairwise" checked`}},
		{"age", "/protocol", []string{"section", "people", "default_max_age", "an hour"}, []string{"Write a whole number of seconds", `value="an hour"`, at("default_max_age")}},
		{"sign-in from here", "/protocol", []string{"section", "people", "initiate_login_uri", "http://buoys.example/in"}, []string{"This is not an https:// address", at("initiate_login_uri")}},
		{"frames of others", "/protocol", []string{"section", "signout", "frontchannel_logout_uri", "https://elsewhere.example/out", "backchannel_logout_uri", "https://buoys.example/b"},
			[]string{"must be on the host of one of the app", at("frontchannel_logout_uri"), `value="https://buoys.example/b"`}},
		{"links", "", []string{"section", "documents", "client_uri", "javascript:alert(1)", "contacts", "kept@buoys.example"}, []string{"This is not an https:// address", at("client_uri"), "kept@buoys.example</textarea>"}},
		{"contacts", "", []string{"section", "documents", "contacts", "call Ann"}, []string{"Write at most 20 e-mail addresses", at("contacts"), "call Ann</textarea>"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := alice.post("/apps/"+id+tt.page, tt.fields...)
			want(t, got, http.StatusUnprocessableEntity, tt.says...)
			if n := strings.Count(got.body, `id="mistake"`); n != 1 {
				t.Errorf("%d mistakes are told, want 1", n)
			}
			if diff := cmp.Diff(before, w.app(id), cmp.AllowUnexported(storage.AppKey{})); diff != "" {
				t.Errorf("the app changed (-before +after):\n%s", diff)
			}
		})
	}
	want(t, alice.post("/apps/"+id+"/protocol", "section", "xyzzy"), http.StatusBadRequest)
}

// TestPrivateKeyPasted holds that a key which should have stayed with the app is refused and not passed on:
// neither stored, nor shown again, nor logged.
func TestPrivateKeyPasted(t *testing.T) {
	w := newWorld(t)
	alice := w.as("alice")
	pem := "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPPNDAeoH7kyeB7VJ1L2DMiaa+XlGTT+AZON21XY93gB\n-----END EC PRIVATE KEY-----"
	for name, text := range map[string]string{"JWK set": privateKey, "PEM": pem, "one JWK": privateKey[len(`{"keys":[`) : len(privateKey)-2], "symmetric": `{"keys":[{"kty":"oct","k":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]}`} {
		t.Run(name, func(t *testing.T) {
			got := alice.post("/apps/demo/settings", "section", "methods", "method", "private_key_jwt", "jwks", text)
			want(t, got, http.StatusUnprocessableEntity, "throw it away", `aria-describedby="jwks-hint mistake"`)
			wantNot(t, got, "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE", "MHcCAQEE")
			if len(w.app("demo").Registration.JWKS) > 0 || strings.Contains(w.logs.String(), "870MB6") {
				t.Error("the key is kept")
			}
		})
	}
}
