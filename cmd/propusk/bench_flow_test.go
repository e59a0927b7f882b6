//go:build linux

package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// signedInFlow is a job: an authorization request with the cookies of a session, and the code redeemed.
func signedInFlow(b *testing.B, t *target) func(*wire) error {
	b.Helper()
	verifier := oauth2.GenerateVerifier()
	authorize := t.issuer.ResolveReference(&url.URL{Path: "/connect/authorize", RawQuery: url.Values{
		"response_type": {"code"}, "client_id": {"demo"}, "scope": {"openid profile email"}, "redirect_uri": {callback},
		"state": {"af0ifjsldkj"}, "nonce": {"n-0S6_WzA2Mj"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}.Encode()})
	var cookies []string
	for _, c := range t.person.Browser.Jar.Cookies(t.issuer) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	ask := request("GET", authorize, "", "Cookie", strings.Join(cookies, "; "))
	endpoint := t.issuer.ResolveReference(&url.URL{Path: "/connect/token"})
	secret := basic("demo", "demo-secret")
	return func(w *wire) error {
		got, err := w.do(ask)
		if err != nil {
			return err
		}
		back, err := url.Parse(got.Location)
		if err != nil {
			return err
		}
		code := back.Query().Get("code")
		if code == "" {
			return fmt.Errorf("no code in the answer %d to %q", got.Status, got.Location)
		}
		body := "grant_type=authorization_code&redirect_uri=" + url.QueryEscape(callback) +
			"&code_verifier=" + verifier + "&code=" + url.QueryEscape(code)
		return expect(request("POST", endpoint, body, "Authorization", secret), http.StatusOK, "id_token")(w)
	}
}

// flowCost prints the server's CPU time for one flow in units of one RS256 signature. Both are measured by
// turns on the same CPU, in short rounds, because a shared machine changes its speed all the time.
func flowCost(b *testing.B, r *report, t *target) {
	b.Helper()
	job, signer := signedInFlow(b, t), newSigner(b)
	load(b, t.issuer.Host, 8, time.Second, job)
	var ratios []float64
	var rate float64
	signature := signer.cost(b, 150*time.Millisecond)
	for range 24 {
		cpu := cpuOf(b, t.pid)
		const round = 500 * time.Millisecond
		n := load(b, t.issuer.Host, 8, round, job)
		flow := float64(cpuOf(b, t.pid)-cpu) / float64(n)
		next := signer.cost(b, 150*time.Millisecond)
		ratios = append(ratios, 2*flow/float64(signature+next))
		signature = next
		rate = max(rate, float64(n)/round.Seconds())
	}
	slices.Sort(ratios)
	median, quarter := ratios[len(ratios)/2], len(ratios)/4
	r.row("server CPU per flow / one RS256 signature", "%.2f, half of the rounds between %.2f and %.2f (at most 1.25); a signature takes %v",
		median, ratios[quarter], ratios[len(ratios)-1-quarter], signature.Round(time.Microsecond))
	r.row("flows a second, 8 at once", "%.0f, of %.0f signatures a second", rate, float64(time.Second)/float64(signature))
	b.ReportMetric(median, "signatures/flow")
}

// flowWrites prints how many transactions one flow makes durable, when flows come one at a time.
func flowWrites(b *testing.B, r *report, t *target) {
	b.Helper()
	job := signedInFlow(b, t)
	for range 5 { // the log may start anew in between: then it is counted again
		const flows = 20
		before, generation := commits(b, t.dir)
		w, err := dial(t.issuer.Host)
		if err != nil {
			b.Fatal(err)
		}
		for range flows {
			err := job(w)
			if err != nil {
				b.Fatal(err)
			}
		}
		_ = w.conn.Close()
		after, same := commits(b, t.dir)
		if same == generation {
			r.row("durable writes per flow", "%.2f (1)", float64(after-before)/flows)
			return
		}
	}
	b.Fatal("the write-ahead log does not stand still")
}

// anonymousWrites prints what requests of people who are not signed in leave on disk.
func anonymousWrites(b *testing.B, r *report, t *target) {
	b.Helper()
	u := mustParse(b, newApp(b, t.issuer.String(), "demo", "demo-secret").attempt().URL)
	time.Sleep(1500 * time.Millisecond) // what the flows before left to be written in the background
	const d = 2 * time.Second
	var n int64
	what := ""
	for range 3 { // the minute's maintenance may fall into one measurement, never into two in a row
		before := sizes(b, t.dir)
		n = load(b, t.issuer.Host, 8, d, expect(request("GET", u, ""), http.StatusSeeOther, ""))
		after := sizes(b, t.dir)
		if after == before {
			what = "nothing written"
			break
		}
		what = fmt.Sprintf("WRITTEN: before\n%s after\n%s", before, after)
	}
	r.row("anonymous authorize", "%d requests, %.0f/s: %s (nothing)", n, float64(n)/d.Seconds(), what)
}

// restarts prints how long propusk takes to be ready on a database that exists, and its memory then.
func restarts(b *testing.B, r *report) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "data")
	s := startDevIn(b, dir)
	r.row("ready, fresh directory", "%d ms", s.Ready.Milliseconds())
	s.Stop(b)
	var times []time.Duration
	var memory float64
	for range 5 {
		s := startDevIn(b, dir)
		times = append(times, s.Ready)
		time.Sleep(300 * time.Millisecond)
		memory = max(memory, residentOf(b, s.PID))
		s.Stop(b)
	}
	slices.Sort(times)
	r.row("ready, existing database", "%d ms, slowest of five %d ms (under 300)", times[2].Milliseconds(), times[4].Milliseconds())
	r.row("resident when idle", "%.1f MiB (under 40)", memory)
	b.ReportMetric(float64(times[2].Milliseconds()), "ready-ms")
	b.ReportMetric(memory, "idle-MiB")
}
