package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// hostileCLI holds the cases of the command line.
var hostileCLI = map[string]func(*testing.T){
	"HC-100": cliSecretsAndFiles,
}

func cliSecretsAndFiles(t *testing.T) {
	cliFlags(t, newApp(terminal{}).Commands, "propusk")
	dir := t.TempDir()
	shell := func(stdin string, args ...string) (string, string, int) {
		t.Helper()
		// Whoever calls may have left the mask of new files wide open.
		cmd := exec.Command("sh", append([]string{"-c", `umask 0; exec propusk "$@"`, "propusk"}, args...)...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		var out, err bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &err
		_ = cmd.Run() // the exit code says it
		return out.String(), err.String(), cmd.ProcessState.ExitCode()
	}
	for _, args := range [][]string{
		{"user", "add", "eve", "--password", "hunter2-geheim"}, {"user", "add", "eve", "--password=hunter2-geheim"},
		{"user", "passwd", "alice", "--password", "hunter2-geheim"}, {"app", "add", "shop", "--secret=hunter2-geheim"},
	} {
		out, talk, code := shell("", args...)
		if code != 2 || out != "" || strings.Contains(talk, "hunter2") || !strings.Contains(talk, "-stdin") {
			t.Errorf("%v: exit %d, stdout %q, stderr %q", args, code, out, talk)
		}
	}
	cliPlantedLinks(t, dir, shell)
	cliTLS(t, dir, shell)
}

// secretName is a name of a flag whose value would be a secret, weakening one that would turn a check off.
var (
	secretName = regexp.MustCompile(`(?i)passw|secret|token$|credential|master|key$`)
	weakening  = regexp.MustCompile(`(?i)insecure|skip(-verify|-tls|-check|$)|no-?verify|no-?tls|plain|downgrade|trust-all`)
)

// cliFlags checks that no flag takes a secret's value and none weakens anything.
func cliFlags(t *testing.T, list []*cli.Command, path string) {
	t.Helper()
	for _, c := range list {
		for _, f := range c.Flags {
			value, _ := f.(cli.DocGenerationFlag)
			for _, name := range f.Names() {
				file := value != nil && strings.Contains(value.GetUsage(), "`FILE`")
				if secretName.MatchString(name) && value != nil && value.TakesValue() && !file {
					t.Errorf("%s %s --%s takes a secret as an argument, which every user of the machine can see", path, c.Name, name)
				}
				if weakening.MatchString(name) {
					t.Errorf("%s %s --%s", path, c.Name, name)
				}
			}
		}
		cliFlags(t, c.Subcommands, path+" "+c.Name)
	}
}

type shellFunc func(stdin string, args ...string) (out, talk string, code int)

// cliPlantedLinks checks that what propusk writes is its user's alone and goes where it was told, never
// where somebody's link leads.
func cliPlantedLinks(t *testing.T, dir string, shell shellFunc) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(want int, args ...string) string {
		t.Helper()
		_, talk, code := shell("", args...)
		if code != want {
			t.Errorf("%v: exit %d, want %d: %s", args, code, want, talk)
		}
		return talk
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	private := func(name string) {
		t.Helper()
		info, err := os.Lstat(at(name))
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, error %v, want mode 0600", name, info, err)
		}
	}
	run(0, "keys", "master", "new.key")
	private("new.key")
	key, err := os.ReadFile(at("new.key"))
	must(err)
	run(1, "keys", "master", "new.key")
	must(os.Symlink(at("target"), at("dangling")))
	must(os.Symlink(at("new.key"), at("leading")))
	for _, link := range []string{"dangling", "leading"} {
		run(1, "keys", "master", link)
	}
	again, err := os.ReadFile(at("new.key"))
	must(err)
	if !bytes.Equal(again, key) {
		t.Error("a master key was overwritten")
	}

	must(os.Mkdir(at("data"), 0o700))
	cliSeed(t, at("data"))
	private("data/propusk.db")
	private("data/master.key")
	run(0, "backup", "--data", "data", "copy.db")
	private("copy.db")
	for _, link := range []string{"dangling", "leading"} {
		run(1, "backup", "--data", "data", link)
	}
	if _, err := os.Lstat(at("target")); err == nil {
		t.Error("a file was made where a link leads")
	}
	for _, name := range []string{"master.key", "propusk.db"} {
		must(os.Chmod(at("data/"+name), 0o644))
		if talk := run(1, "user", "list", "--data", "data"); !strings.Contains(talk, name) {
			t.Errorf("%s that others may read: %s", name, talk)
		}
		must(os.Chmod(at("data/"+name), 0o600))
		must(os.Rename(at("data/"+name), at("elsewhere")))
		must(os.Symlink(at("elsewhere"), at("data/"+name)))
		if talk := run(1, "user", "list", "--data", "data"); !strings.Contains(talk, name) {
			t.Errorf("%s that is a link: %s", name, talk)
		}
		must(os.Remove(at("data/" + name)))
		must(os.Rename(at("elsewhere"), at("data/"+name)))
	}
	run(0, "user", "list", "--data", "data")
	// A fresh dev directory in which somebody has left a link in the place of the key.
	must(os.Mkdir(at("fresh"), 0o700))
	must(os.Symlink(at("target"), at("fresh/master.key")))
	run(1, "dev", "--data", "fresh", "--listen", "127.0.0.1:0")
	if _, err := os.Lstat(at("target")); err == nil {
		t.Error("the master key was written where a link leads")
	}
}

// cliSeed puts a dev database with its key into dir.
func cliSeed(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", `umask 0; exec propusk dev --listen 127.0.0.1:0 --data "$1"`, "sh", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Start()
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buffer := make([]byte, 4096)
	for !strings.Contains(seen.String(), "\nready ") {
		n, err := out.Read(buffer)
		seen.Write(buffer[:n])
		if err != nil {
			t.Errorf("dev ended: %v\n%s", err, seen.String())
			break
		}
	}
	_ = cmd.Process.Signal(os.Interrupt)
	err = cmd.Wait()
	if err != nil {
		t.Errorf("dev: %v", err)
	}
}

// cliTLS checks that serve refuses a certificate that is not its key's and talks to nobody below TLS 1.2.
func cliTLS(t *testing.T, dir string, shell shellFunc) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	writeCertificate(t, at("cert.pem"), at("key.pem"), 1)
	writeCertificate(t, at("other.pem"), at("foreign.pem"), 2)
	for name, content := range map[string]string{
		"wrong.yaml": "issuer: https://id.example\nlisten: 127.0.0.1:0\ndata: served\nmaster_key_file: new.key\ntls: {cert: cert.pem, key: foreign.pem}\n",
		"weak.yaml":  "issuer: http://id.example\nlisten: 0.0.0.0:0\ndata: served\nmaster_key_file: new.key\nallow_insecure_loopback: true\n",
	} {
		err := os.WriteFile(at(name), []byte(content), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	for config, says := range map[string]string{"wrong.yaml": "tls", "weak.yaml": "must begin with https://"} {
		out, talk, code := shell("", "serve", "-c", config)
		if code != 1 || out != "" || !strings.Contains(talk, says) {
			t.Errorf("serve -c %s: exit %d, stdout %q, stderr %q", config, code, out, talk)
		}
	}
	pair, err := loadCertificate(at("cert.pem"), at("key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		client *tls.Config
		good   bool
	}{
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		{"TLS 1.2 without forward secrecy", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, false},
		{"TLS 1.2 with CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, true},
		{"TLS 1.3", &tls.Config{MinVersion: tls.VersionTLS13}, true},
	} {
		ours, theirs := net.Pipe()
		go func() { _ = tls.Server(ours, pair.config()).Handshake() }() // the other end tells
		tt.client.InsecureSkipVerify = true
		_ = theirs.SetDeadline(time.Now().Add(10 * time.Second))
		err := tls.Client(theirs, tt.client).Handshake()
		if (err == nil) != tt.good {
			t.Errorf("%s: %v", tt.name, err)
		}
		_ = theirs.Close()
		_ = ours.Close()
	}
}
