package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeConfig writes a configuration beside a fresh data directory and returns its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "propusk.yaml")
	err := os.WriteFile(path, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfig(t *testing.T) {
	path := writeConfig(t, `
issuer: https://id.example.com
name: Пример
listen: "[::1]:8443"
data: data
master_key_file: /etc/propusk/key
tls: {cert: cert.pem, key: key.pem}
trusted_proxies: [10.0.0.7, fd00::/8]
implicit: true
private_hosts: [crm.corp.example, "10.0.0.8:8443"]
`)
	got, found, err := readConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), found.lines); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
	dir := filepath.Dir(path)
	want := []any{"https://id.example.com", "Пример", "[::1]:8443", filepath.Join(dir, "data"), "/etc/propusk/key",
		filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), []string{"10.0.0.7", "fd00::/8"}, false, true,
		[]string{"crm.corp.example", "10.0.0.8:8443"}}
	have := []any{got.Issuer, got.Name, got.Listen, got.Data, got.MasterKeyFile, got.TLSCert, got.TLSKey, got.TrustedProxies, got.AllowInsecureLoopback, got.Implicit, got.PrivateHosts}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestConfigProblems: every mistake is told, at its place, in one go.
func TestConfigProblems(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"unknown keys", "isuer: x\ndata: d\nfoo: 1\n", []string{
			"1:1: isuer: unknown key (did you mean issuer?)",
			"3:1: foo: unknown key",
		}},
		{"below tls", "tls:\n  certificate: x\n  key: k\n", []string{"2:3: tls.certificate: unknown key (did you mean tls.cert?)"}},
		{"twice", "data: a\ndata: b\n", []string{"2:1: data: given twice"}},
		{"wrong types", "issuer: [a]\nallow_insecure_loopback: perhaps\ntrusted_proxies: 10.0.0.1\ntls: x\nname:\n", []string{
			"1:9: issuer: must be text",
			"2:26: allow_insecure_loopback: must be true or false",
			"3:18: trusted_proxies: must be a list",
			"4:6: tls: must be a list of keys with values",
			"5:6: name: must be text",
		}},
		{"PostgreSQL", "database: postgres://x\n", []string{
			"1:1: database: PostgreSQL is not supported by this version: use data, the directory of an SQLite database",
		}},
		{"no mapping", "- a\n", []string{"1:1: the file: must be a list of keys with values"}},
		{"empty", "", nil},
		{"only a comment", "# nothing\n", nil},
		{"only a separator", "---\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeConfig(t, tt.text)
			_, found, err := readConfig(path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range found.lines {
				got = append(got, strings.TrimPrefix(line, path+":"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestConfigUnreadable(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"not YAML", "a: [", "is not YAML"},
		{"two documents", "data: a\n---\ndata: b\n", "holds more than one document"},
		{"huge", "# " + strings.Repeat("x", maxConfig), "is larger than"},
		{"alias bomb", "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\ntrusted_proxies: *c\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, found, err := readConfig(writeConfig(t, tt.text))
			if tt.want == "" {
				if err == nil && len(found.lines) == 0 {
					t.Fatal("accepted")
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want it to say %q", err, tt.want)
			}
		})
	}
	_, _, err := readConfig(filepath.Join(t.TempDir(), "none.yaml"))
	if err == nil {
		t.Error("a missing file was read")
	}
}

// TestCheckIssuerAndListen: serve speaks https, or http with nobody but this machine, on purpose.
func TestCheckIssuerAndListen(t *testing.T) {
	tests := []struct {
		name string
		c    config
		want []string
	}{
		{"https behind a proxy here", config{Issuer: "https://id.example.com", Listen: "127.0.0.1:1"}, nil},
		{"https with a port", config{Issuer: "https://id.example.com:8443", Listen: "[::1]:1"}, nil},
		{"https behind a proxy elsewhere", config{Issuer: "https://id.example.com", Listen: ":1", TrustedProxies: []string{"10.0.0.1"}}, nil},
		{"https with a certificate", config{Issuer: "https://id.example.com", Listen: "0.0.0.0:1", TLSCert: "c", TLSKey: "k"}, nil},
		{"loopback on purpose", config{Issuer: "http://localhost:1", Listen: "127.0.0.1:1", AllowInsecureLoopback: true}, nil},
		{"missing", config{Listen: "127.0.0.1:1"}, []string{"issuer: missing: the https URL people and apps reach propusk at"}},
		{"http", config{Issuer: "http://id.example.com", Listen: "127.0.0.1:1", AllowInsecureLoopback: true},
			[]string{"issuer: must begin with https://: passwords and tokens would travel in clear"}},
		{"loopback by accident", config{Issuer: "http://127.0.0.1:1", Listen: "127.0.0.1:1"}, []string{"issuer: must begin with https://"}},
		{"exception without need", config{Issuer: "https://id.example.com", Listen: "127.0.0.1:1", AllowInsecureLoopback: true},
			[]string{"allow_insecure_loopback: is for an http issuer on localhost; remove it"}},
		{"path", config{Issuer: "https://id.example.com/oidc", Listen: "127.0.0.1:1"}, []string{"issuer: must end after host and port: no path (not even /), query or fragment"}},
		{"slash", config{Issuer: "https://id.example.com/", Listen: "127.0.0.1:1"}, []string{"issuer: must end after host and port: no path (not even /), query or fragment"}},
		{"query", config{Issuer: "https://id.example.com?", Listen: "127.0.0.1:1"}, []string{"issuer: must end after host and port: no path (not even /), query or fragment"}},
		{"fragment", config{Issuer: "https://id.example.com#", Listen: "127.0.0.1:1"}, []string{"issuer: must end after host and port: no path (not even /), query or fragment"}},
		{"capitals", config{Issuer: "https://ID.example.com", Listen: "127.0.0.1:1"}, []string{"issuer: must be written in lower case: apps compare it letter by letter"}},
		{"default port", config{Issuer: "https://id.example.com:443", Listen: "127.0.0.1:1"}, []string{"issuer: must leave out the scheme's default port"}},
		{"user", config{Issuer: "https://a@id.example.com", Listen: "127.0.0.1:1"}, []string{"issuer: must be a URL such as https://id.example.com"}},
		{"no host", config{Issuer: "https://", Listen: "127.0.0.1:1"}, []string{"issuer: must be a URL such as https://id.example.com"}},
		{"other scheme", config{Issuer: "ftp://id.example.com", Listen: "127.0.0.1:1"}, []string{"issuer: must begin with https://"}},
		{"plain HTTP to everybody", config{Issuer: "https://id.example.com", Listen: ":1"},
			[]string{"listen: :1 would speak plain HTTP to everybody: give tls, or name the proxy before it in trusted_proxies, or listen on 127.0.0.1"}},
		{"http issuer to everybody", config{Issuer: "http://localhost:1", Listen: "0.0.0.0:1", AllowInsecureLoopback: true},
			[]string{"listen: must be on 127.0.0.1 or [::1] while the issuer is http"}},
		{"no port", config{Issuer: "https://id.example.com", Listen: "127.0.0.1"}, []string{"listen: must be host:port, for example 127.0.0.1:9998"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := &problems{config: &tt.c}
			tt.c.checkIssuer(found)
			tt.c.checkListen(tt.c.Listen, found)
			if diff := cmp.Diff(tt.want, found.lines); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCheckPrivateHosts(t *testing.T) {
	c := &config{PrivateHosts: []string{"crm.corp.example", "10.0.0.8:8443", "[fd00::8]", "https://x", "a/b", "u@h", "*.corp", "", "h:port", "h:0", "h:65536"}}
	found := &problems{config: c}
	c.checkPrivateHosts(found)
	var want []string
	for _, text := range c.PrivateHosts[3:] {
		want = append(want, fmt.Sprintf("private_hosts: %q is neither a host nor host:port, for example crm.corp.example", text))
	}
	if diff := cmp.Diff(want, found.lines); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
}

func TestCheckProxies(t *testing.T) {
	c := &config{TrustedProxies: []string{"10.0.0.7", "10.1.2.3/8", "fd00::/8", "::ffff:10.9.9.9", "proxy", "0.0.0.0/0"}}
	found := &problems{config: c}
	var got []string
	for _, p := range c.checkProxies(found) {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{"10.0.0.7/32", "10.0.0.0/8", "fd00::/8", "10.9.9.9/32"}, got); diff != "" {
		t.Errorf("prefixes (-want +got)\n%s", diff)
	}
	want := []string{
		`trusted_proxies: "proxy" is neither an address nor a prefix such as 10.0.0.0/8`,
		`trusted_proxies: "0.0.0.0/0" would believe everybody`,
	}
	if diff := cmp.Diff(want, found.lines); diff != "" {
		t.Errorf("problems (-want +got)\n%s", diff)
	}
}
