//go:build linux

package main_test

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/provider/providertest"
	"github.com/propusk/propusk/storage/storagetest"
)

// listPages are the lists of the dashboard and the API, as people and scripts ask for them.
var listPages = []string{
	"/apps", "/apps?q=app+9", "/apps?q=nothing+like+it", "/apps?type=browser&state=on", "/apps?owner=me",
	"/users", "/users?q=user09", "/users?q=nothing+like+it", "/users?access=full", "/users?state=disabled",
	"/audit", "/audit?what=user", "/audit?who=alice", "/audit?target=app_000042", "/audit?result=refused", "/audit?from=2026-01-01&to=2027-12-31",
	"/api/v1/apps?limit=100", "/api/v1/apps?q=app+9", "/api/v1/users?limit=100", "/api/v1/audit?limit=100", "/api/v1/audit?action=user.disable",
}

// largeLists prints how long lists take with 10,000 apps, 100,000 people and 1,000,000 audit rows. What is
// measured is the whole round trip on loopback, so the server's time is less.
func largeLists(b *testing.B, r *report) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "data")
	startDevIn(b, dir).Stop(b)
	storagetest.Fill(b, dir, storagetest.Large)
	s := startDevIn(b, dir)
	defer s.Stop(b)
	r.row("ready", "%d ms", s.Ready.Milliseconds())
	out, err := exec.Command(program(b), "token", "create", "--data", dir, "--user", "alice", "--name", "bench",
		"--scope", "apps.read users.read audit.read").Output()
	if err != nil {
		b.Fatal(err)
	}
	token := strings.TrimSpace(string(out))
	alice := providertest.NewPerson(b, s.Issuer, "alice")
	newApp(b, s.Issuer, "demo", "demo-secret").login(alice)
	for _, list := range listPages {
		times := timeList(b, alice.Browser, s.Issuer+list, token)
		r.row(list, "%.1f ms, the first %.1f, the slowest %.1f (under 50)", ms(slices.Sorted(slices.Values(times))[len(times)/2]), ms(times[0]), ms(slices.Max(times)))
	}
	r.row("resident afterwards", "%.1f MiB", residentOf(b, s.PID))
}

// timeList asks for one list several times.
func timeList(b *testing.B, browser *http.Client, url, token string) []time.Duration {
	b.Helper()
	var times []time.Duration
	for range 15 {
		ask, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
		if err != nil {
			b.Fatal(err)
		}
		if strings.Contains(url, "/api/") {
			ask.Header.Set("Authorization", "Bearer "+token)
		}
		start := time.Now()
		answer, err := browser.Do(ask)
		if err != nil {
			b.Fatal(err)
		}
		body := readAll(b, answer)
		times = append(times, time.Since(start))
		if answer.StatusCode != http.StatusOK || strings.Contains(body, "login-submit") {
			b.Fatalf("GET %s: %d\n%.300s", url, answer.StatusCode, body)
		}
	}
	return times
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// readAll reads and closes an answer.
func readAll(b *testing.B, answer *http.Response) string {
	b.Helper()
	body, err := io.ReadAll(answer.Body)
	if err == nil {
		err = answer.Body.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
	return string(body)
}
