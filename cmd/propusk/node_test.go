package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// nodeFlags give Node.js 18, which Debian 12 has, the globals that openid-client takes from later ones.
func nodeFlags(t *testing.T, node string) []string {
	t.Helper()
	out, err := exec.Command(node, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(out), "v18.") {
		return []string{"--experimental-global-webcrypto", "--experimental-global-customevent"}
	}
	return nil
}

// TestNodeOpenIDClient runs the life of a login through npm's openid-client: discovery, code flow,
// userinfo, prompts, form_post, refresh, introspection, revocation, client_credentials, devices, logout.
func TestNodeOpenIDClient(t *testing.T) {
	t.Parallel()
	node := tool(t, "node")
	_ = testdata(t, "node", "person.mjs")
	_ = testdata(t, "node", "node_modules", "openid-client", "package.json")
	flow := testdata(t, "node", "flow.mjs")
	s := startDev(t)

	cmd := exec.Command(node, append(nodeFlags(t, node), flow)...)
	cmd.Env = append(os.Environ(),
		"ISSUER="+s.Issuer, "CLIENT=demo", "SECRET=demo-secret", "PUBLIC_CLIENT=spa", "DEVICE_CLIENT=cli",
		"USERNAME=alice", "PASSWORD=alice", "REDIRECT_URI=http://127.0.0.1:3000/callback",
	)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()

	steps := 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var step struct {
			Step  string
			OK    bool
			Stack string
		}
		unreadable := json.Unmarshal(lines.Bytes(), &step)
		if unreadable != nil {
			t.Fatalf("line %q: %v", lines.Text(), unreadable)
		}
		t.Run(step.Step, func(t *testing.T) {
			if !step.OK {
				t.Errorf("%s\n%s", lines.Text(), step.Stack)
			}
		})
		steps++
	}
	if err != nil {
		t.Errorf("flow.mjs: %v\n%s", err, stderr.String())
	}
	if steps < 17 && err == nil {
		t.Errorf("flow.mjs: %d steps, want at least 17", steps)
	}
}
