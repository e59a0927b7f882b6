package main_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"html"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/propusk/propusk/provider/providertest"
)

// TestSnippetsSign runs the programs that Set up shows to apps that sign assertions, as they stand there.
func TestSnippetsSign(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	alice := providertest.NewPerson(t, s.Issuer, "alice")
	newApp(t, s.Issuer, "demo", "demo-secret").login(alice)
	modules := filepath.Dir(filepath.Dir(testdata(t, "node", "node_modules", "jose", "package.json")))
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA", "HS256"} {
		t.Run(alg, func(t *testing.T) {
			dir := t.TempDir()
			id, secret := signingApp(t, s, alg, dir)
			page := codeBlocks(t, alice, s.Issuer+"/apps/"+id+"/setup")
			env := append(os.Environ(), strings.Split(strings.TrimSpace(page[0]), "\n")[1:]...)
			env = append(env, "OIDC_CLIENT_SECRET="+secret) // shown once, on another screen
			err := os.Symlink(modules, filepath.Join(dir, "node_modules"))
			if err != nil {
				t.Fatal(err)
			}
			node := tool(t, "node")
			file := writeProgram(t, dir, "client.mjs", page, `from "openid-client"`)
			wantTokenFrom(t, dir, env, exec.Command(node, append(nodeFlags(t, node), file)...))
			if alg == "ES256" || alg == "HS256" { // linking takes long, and Go's library treats all alike
				writeProgram(t, dir, "main.go", page, "package main")
				program := filepath.Join(dir, "program")
				out, err := exec.Command("go", "build", "-o", program, filepath.Join(dir, "main.go")).CombinedOutput()
				if err != nil {
					t.Fatalf("go build: %v\n%s", err, out)
				}
				wantTokenFrom(t, dir, env, exec.Command(program))
			}
		})
	}
}

// signingApp makes an app without people; its private key is client-key.pem in dir, as its .env says.
func signingApp(t *testing.T, s *devServer, alg, dir string) (id, secret string) {
	t.Helper()
	id = "signs-" + strings.ToLower(alg)
	args := []string{"app", "add", "Signs", "--id", id, "--type", "service", "--scope", "extern.api", "--data", s.Dir}
	if alg == "HS256" {
		out := propusk(t, append(args, "--auth-method", "client_secret_jwt")...)
		_, secret, _ = strings.Cut(out, "client_secret")
		return id, strings.TrimSpace(secret)
	}
	var key crypto.Signer
	var err error
	switch alg {
	case "ES256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), Algorithm: alg}}})
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(dir, "keys.json")
	for name, text := range map[string][]byte{
		public: set, filepath.Join(dir, "client-key.pem"): pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		err = os.WriteFile(name, text, 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	propusk(t, append(args, "--auth-method", "private_key_jwt", "--jwks", public)...)
	return id, ""
}

var codeBlock = regexp.MustCompile(`(?s)<pre tabindex="0"><code>(.*?)</code></pre>`)

// codeBlocks are the texts that a page offers to copy: on Set up, the file .env and then programs.
func codeBlocks(t *testing.T, person *providertest.Person, url string) []string {
	t.Helper()
	answer, err := person.Browser.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, match := range codeBlock.FindAllSubmatch(text, -1) {
		blocks = append(blocks, html.UnescapeString(string(match[1])))
	}
	if len(blocks) != 5 { // .env, and for Go and Node.js the commands and the program
		t.Fatalf("%d blocks at %s, status %d:\n%s", len(blocks), url, answer.StatusCode, text)
	}
	return blocks
}

// writeProgram writes the block that holds mark into a file.
func writeProgram(t *testing.T, dir, name string, blocks []string, mark string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	for _, text := range blocks {
		if strings.Contains(text, mark) {
			err := os.WriteFile(path, []byte(text), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	t.Fatalf("no block holds %q", mark)
	return ""
}

func wantTokenFrom(t *testing.T, dir string, env []string, cmd *exec.Cmd) {
	t.Helper()
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "a token ") {
		t.Errorf("%s: %v\n%s", cmd, err, out)
	}
}
