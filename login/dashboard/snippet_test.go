package dashboard

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// snippetApps are apps for which the code differs.
var snippetApps = []struct {
	name, issuer string
	app          storage.App
	says         map[string][]string // by snippet
}{
	{"web", "https://id.example", storage.App{ID: "shop", AuthMethods: []string{storage.AuthBasic}, GrantTypes: []string{storage.GrantCode},
		RedirectURIs: []string{"com.example:/cb", "https://shop.example/login"}, Scopes: []storage.AppScope{{Name: "openid"}, {Name: "email"}}},
		map[string][]string{
			"go":     {`"https://id.example"`, "AuthStyleInHeader", `os.Getenv("OIDC_CLIENT_SECRET")`, `HandleFunc("/start"`, `HandleFunc("/login"`, "Secure: true", `ListenAndServe(":8080"`},
			"node":   {"ClientSecretBasic", `"https://shop.example/login"`, "; Secure", ".listen(8080)"},
			"python": {`"client_secret_basic"`, `@app.get("/start")`, `scope": "openid email"`},
			"spring": {"client_secret_basic", "${OIDC_CLIENT_SECRET}", `e.baseUri("/login")`},
			"curl":   {`-u "$OIDC_CLIENT_ID:$OIDC_CLIENT_SECRET"`, "redirect_uri=https%3A%2F%2Fshop.example%2Flogin"},
		}},
	{"post", "http://localhost:9998", storage.App{ID: "shop", AuthMethods: []string{storage.AuthPost}, GrantTypes: []string{storage.GrantCode},
		RedirectURIs: []string{"http://localhost:3000/"}, Scopes: []storage.AppScope{{Name: "openid"}}},
		map[string][]string{
			"go":     {"AuthStyleInParams", `ListenAndServe("localhost:3000"`, `HandleFunc("/",`},
			"node":   {"ClientSecretPost", "allowInsecureRequests", `.listen(3000, "localhost")`},
			"python": {`"client_secret_post"`, `app.run("localhost", 3000)`},
			"spring": {"client_secret_post", "port: 3000", `e.baseUri("/")`},
			"curl":   {`client_secret=$OIDC_CLIENT_SECRET`},
		}},
	{"native", "https://id.example", storage.App{ID: "cli", Type: storage.AppNative, AuthMethods: []string{storage.AuthNone}, GrantTypes: []string{storage.GrantCode},
		RedirectURIs: []string{"http://[::1]/callback"}, Scopes: []storage.AppScope{{Name: "openid"}}},
		map[string][]string{
			"go":     {`"http://[::1]:8080/callback"`, `ListenAndServe("[::1]:8080"`, "AuthStyleInParams"},
			"node":   {"client.None()", `.listen(8080, "::1")`},
			"python": {`"none"`, `app.run("::1", 8080)`},
			"spring": {"client-authentication-method: none"},
			"curl":   {`"client_id=$OIDC_CLIENT_ID"`},
		}},
	{"service", "https://id.example", storage.App{ID: "sync", AuthMethods: []string{storage.AuthBasic}, GrantTypes: []string{storage.GrantClientCredentials},
		Scopes: []storage.AppScope{{Name: "extern.api"}}},
		map[string][]string{
			"go":     {"clientcredentials.Config", `"https://id.example/connect/token"`},
			"node":   {"clientCredentialsGrant"},
			"python": {`grant_type="client_credentials"`},
			"spring": {"authorization-grant-type: client_credentials"},
			"curl":   {"grant_type=client_credentials"},
		}},
	{"signing", "https://id.example", storage.App{ID: "bank", AuthMethods: []string{storage.AuthPrivateKeyJWT}, GrantTypes: []string{storage.GrantCode},
		RedirectURIs: []string{"https://bank.example/cb"}, Scopes: []storage.AppScope{{Name: "openid"}},
		Registration: storage.Registration{JWKS: []byte(`{"keys":[{"kty":"EC","crv":"P-256"}]}`)}},
		map[string][]string{
			"go":   {`Algorithm: "ES256"`, "OIDC_CLIENT_KEY_FILE", "AuthStyleInParams", `"client_assertion", assertion()`, `Audience: jwt.Audience{"https://id.example"}`},
			"node": {"client.PrivateKeyJwt", `"ES256"`, "openid-client@6 jose@6", "OIDC_CLIENT_KEY_FILE"},
		}},
	{"signing service", "https://id.example", storage.App{ID: "sync", AuthMethods: []string{storage.AuthPrivateKeyJWT},
		GrantTypes: []string{storage.GrantClientCredentials}, Scopes: []storage.AppScope{{Name: "extern.api"}},
		Registration: storage.Registration{AuthSigningAlg: "PS256"}},
		map[string][]string{"go": {`Algorithm: "PS256"`, "EndpointParams"}, "node": {`"PS256"`, "clientCredentialsGrant"}}},
	{"signing by secret", "https://id.example", storage.App{ID: "sync", AuthMethods: []string{storage.AuthSecretJWT},
		GrantTypes: []string{storage.GrantClientCredentials}, Scopes: []storage.AppScope{{Name: "extern.api"}}},
		map[string][]string{"go": {`Algorithm: "HS256"`, `[]byte(os.Getenv("OIDC_CLIENT_SECRET"))`}, "node": {"client.ClientSecretJwt(process.env.OIDC_CLIENT_SECRET)"}}},
}

func TestSnippets(t *testing.T) {
	for _, tt := range snippetApps {
		code := newSnippets(tt.issuer, &tt.app)
		list := code.all()
		if len(list) != len(tt.says) {
			t.Errorf("%s: %d snippets, want %d", tt.name, len(list), len(tt.says))
		}
		for _, s := range list {
			t.Run(tt.name+"/"+s.ID, func(t *testing.T) {
				var all strings.Builder
				for _, f := range s.Files {
					all.WriteString(f.Text)
					checkFile(t, f.Name, f.Text)
				}
				for _, text := range tt.says[s.ID] {
					if !strings.Contains(all.String(), text) {
						t.Errorf("no %q in:\n%s", text, all.String())
					}
				}
				if strings.ContainsAny(all.String(), "«»") || !tt.app.KeepsSecret() && strings.Contains(all.String(), "CLIENT_SECRET") {
					t.Errorf("something is not filled in, or an app without a secret has one:\n%s", all.String())
				}
			})
		}
	}
}

// checkFile compiles Go and parses shell.
func checkFile(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	switch filepath.Ext(name) {
	case ".go":
		tidy, err := format.Source([]byte(text))
		if err != nil || string(tidy) != text {
			t.Errorf("gofmt would change %s (%v):\n%s", name, err, text)
		}
		run(t, path+".go", text, "go", "vet")
	case ".sh":
		run(t, path+".sh", text, "sh", "-n")
	case ".yml":
		if strings.Contains(text, "\t") {
			t.Errorf("a tab in %s:\n%s", name, text)
		}
	}
}

// run writes the text and checks it by a command. The module of this package has what the code imports.
func run(t *testing.T, path, text string, command ...string) {
	t.Helper()
	err := os.WriteFile(path, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(command[0], append(command[1:], path)...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}

func TestSigningAlg(t *testing.T) {
	for keys, want := range map[string]string{
		``: "RS256", `{"keys":[{"kty":"RSA"}]}`: "RS256", `{"keys":[{"kty":"OKP"}]}`: "EdDSA", `{"keys":[{"kty":"RSA","alg":"PS256"}]}`: "PS256",
		`{"keys":[{"kty":"RSA","alg":"RSA-OAEP"},{"kty":"EC"}]}`:        "ES256",
		`{"keys":[{"kty":"EC","alg":"\" + steal()\n"}]}`:                "RS256",
		`{"keys":[{"kty":"EC","alg":"ES256"},{"kty":"RSA","alg":"x"}]}`: "ES256",
	} {
		app := storage.App{Registration: storage.Registration{JWKS: []byte(keys)}}
		if got := signingAlg(&app, storage.AuthPrivateKeyJWT); got != want {
			t.Errorf("%s: %q, want %q", keys, got, want)
		}
	}
}

func TestSnippetsSayWhereToBegin(t *testing.T) {
	want := map[string][]string{
		"web":     {"https://shop.example/start", "https://shop.example/start", "https://shop.example/start", "https://shop.example/", ""},
		"post":    {"http://localhost:3000/login", "http://localhost:3000/login", "http://localhost:3000/login", "http://localhost:3000/", ""},
		"native":  {"http://[::1]:8080/login", "http://[::1]:8080/login", "http://[::1]:8080/login", "http://[::1]:8080/", ""},
		"service": {"", "", "", "", ""},
		"signing": {"https://bank.example/login", "https://bank.example/login"}, "signing service": {"", ""}, "signing by secret": {"", ""},
	}
	for _, tt := range snippetApps {
		var got []string
		for _, s := range newSnippets(tt.issuer, &tt.app).all() {
			got = append(got, s.Then)
		}
		if diff := cmp.Diff(got, want[tt.name]); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
}

func TestEnv(t *testing.T) {
	app := snippetApps[0].app
	app.RedirectURIs = []string{"https://shop.example/cb?a=1&b=2"}
	got := newSnippets("https://id.example", &app).env("s3cret")
	want := "# What an OpenID Connect client needs to sign people in by propusk: keep it out of version control.\n" +
		"OIDC_ISSUER=https://id.example\nOIDC_CLIENT_ID=shop\nOIDC_CLIENT_SECRET=s3cret\n" +
		"OIDC_REDIRECT_URI='https://shop.example/cb?a=1&b=2'\nOIDC_SCOPE='openid email'\n"
	if got != want {
		t.Errorf(".env:\n%s\nwant:\n%s", got, want)
	}
}
