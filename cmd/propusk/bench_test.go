//go:build linux

package main_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/provider/providertest"
)

// BenchmarkSideBySide needs Linux: it reads /proc and binds processes to CPUs. It runs propusk and the example
// server of zitadel/oidc in one run and prints what they do and the ratios; it judges nothing, because times
// depend on the machine. Server and load are pinned to a CPU each where there are two.
func BenchmarkSideBySide(b *testing.B) {
	ours, theirs := startOurs(b), startExample(b)
	pin(b, os.Getpid(), 1)
	pin(b, ours.pid, 0)
	pin(b, theirs.pid, 0)
	r := &report{}
	for range b.N {
		r.section("8 connections, one CPU: propusk | zitadel example | ratio; then the server's CPU time for one request")
		for _, name := range []string{"client_credentials", "userinfo", "introspection", "discovery"} {
			compare(b, r, name, ours, theirs)
		}
		r.section("code flow of a signed-in person")
		flowCost(b, r, ours)
		flowWrites(b, r, ours)
		anonymousWrites(b, r, ours)
		r.section("process")
		restarts(b, r)
		r.row("resident after this load", "%.1f MiB | %.1f MiB", residentOf(b, ours.pid), residentOf(b, theirs.pid))
		r.section("lists with 10,000 apps, 100,000 people and 1,000,000 audit rows: median of a whole round trip")
		largeLists(b, r)
		r.section("time bounds of the hostile cases (slowest of several)")
		hostile(b, r, ours)
	}
	fmt.Println(r)
}

// report is what is printed at the end.
type report struct{ lines []string }

func (r *report) section(name string) { r.lines = append(r.lines, "", name) }

func (r *report) row(name, format string, values ...any) {
	r.lines = append(r.lines, fmt.Sprintf("  %-46s %s", name, fmt.Sprintf(format, values...)))
}

func (r *report) String() string { return strings.Join(r.lines, "\n") + "\n" }

// target is a server under load, with one ready-made request per scenario.
type target struct {
	issuer   *url.URL
	pid      int
	dir      string
	requests map[string][]byte
	want     map[string]string    // text in the answer
	person   *providertest.Person // signed in, ours only
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// fill makes the requests that both servers get. token is a person's opaque access token.
func (t *target) fill(path map[string]string, token, service, app string) {
	at := func(name string) *url.URL { return t.issuer.ResolveReference(&url.URL{Path: path[name]}) }
	scope := path["scope"]
	t.requests = map[string][]byte{
		"discovery":          request("GET", at("discovery"), ""),
		"client_credentials": request("POST", at("token"), "grant_type=client_credentials&scope="+scope, "Authorization", service),
		"userinfo":           request("GET", at("userinfo"), "", "Authorization", "Bearer "+token),
		"introspection":      request("POST", at("introspection"), "token="+url.QueryEscape(token), "Authorization", app),
	}
	t.want = map[string]string{
		"discovery": "token_endpoint", "client_credentials": "access_token", "userinfo": `"sub"`, "introspection": `"active":true`,
	}
}

func startOurs(b *testing.B) *target {
	b.Helper()
	s := startDev(b)
	alice := providertest.NewPerson(b, s.Issuer, "alice")
	demo := newApp(b, s.Issuer, "demo", "demo-secret")
	token := demo.login(alice).Token.AccessToken
	t := &target{issuer: mustParse(b, s.Issuer), pid: s.PID, dir: s.Dir, person: alice}
	t.fill(map[string]string{
		"discovery": "/.well-known/openid-configuration", "token": "/connect/token", "userinfo": "/connect/userinfo",
		"introspection": "/connect/introspect", "scope": "extern.api",
	}, token, basic("service", "service-secret"), basic("demo", "demo-secret"))
	return t
}

// startExample builds and starts the example server of the library, signs its test user in and gets a
// token. It keeps everything in memory.
func startExample(b *testing.B) *target {
	b.Helper()
	program := filepath.Join(b.TempDir(), "example")
	out, err := exec.Command("go", "build", "-o", program, "github.com/zitadel/oidc/v3/example/server").CombinedOutput()
	if err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	port := fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	_ = listener.Close()
	cmd := exec.Command(program) // its log goes nowhere
	cmd.Env = append(os.Environ(), "PORT="+port)
	err = cmd.Start()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t := &target{issuer: mustParse(b, "http://localhost:"+port+"/"), pid: cmd.Process.Pid}
	for range 100 {
		response, err := http.Get(t.issuer.String() + ".well-known/openid-configuration")
		if err == nil {
			_ = response.Body.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.fill(map[string]string{
		"discovery": "/.well-known/openid-configuration", "token": "/oauth/token", "userinfo": "/userinfo",
		"introspection": "/oauth/introspect", "scope": "openid",
	}, exampleToken(b, t.issuer.String()), basic("sid1", "verysecret"), basic("web", "secret"))
	return t
}

// exampleToken signs the example's test user in through its form and redeems the code.
func exampleToken(b *testing.B, issuer string) string {
	b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	const callback = "http://localhost:9999/auth/callback"
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Port() == "9999" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := client.Get(issuer + "auth?" + url.Values{
		"client_id": {"web"}, "response_type": {"code"}, "scope": {"openid profile email"}, "redirect_uri": {callback}, "state": {"s"},
	}.Encode())
	if err != nil {
		b.Fatal(err)
	}
	_ = page.Body.Close()
	id := page.Request.URL.Query().Get("authRequestID")
	back, err := client.PostForm(issuer+"login/username", url.Values{
		"id": {id}, "username": {"test-user@localhost"}, "password": {"verysecure"},
	})
	if err != nil {
		b.Fatal(err)
	}
	_ = back.Body.Close()
	location := mustParse(b, back.Header.Get("Location"))
	response, err := client.PostForm(issuer+"oauth/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {location.Query().Get("code")}, "redirect_uri": {callback},
		"client_id": {"web"}, "client_secret": {"secret"},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(text, &token)
	if err != nil || token.AccessToken == "" {
		b.Fatalf("token of the example: %d %s", response.StatusCode, text)
	}
	return token.AccessToken
}

// compare runs a scenario against both servers by turns and prints the better round of each: requests a
// second, and the server's CPU time for one, which other work on the machine disturbs less.
func compare(b *testing.B, r *report, name string, ours, theirs *target) {
	b.Helper()
	measure := func(t *target) (rate, cost float64) {
		job := expect(t.requests[name], http.StatusOK, t.want[name])
		load(b, t.issuer.Host, 8, 400*time.Millisecond, job)
		before := cpuOf(b, t.pid)
		const round = 1500 * time.Millisecond
		n := float64(load(b, t.issuer.Host, 8, round, job))
		return n / round.Seconds(), float64((cpuOf(b, t.pid) - before).Microseconds()) / n
	}
	var us, them [2]float64 // rate, cost
	us[1], them[1] = math.Inf(1), math.Inf(1)
	for range 3 {
		rate, cost := measure(ours)
		us = [2]float64{max(us[0], rate), min(us[1], cost)}
		rate, cost = measure(theirs)
		them = [2]float64{max(them[0], rate), min(them[1], cost)}
	}
	aim := "at least 2"
	if name == "discovery" {
		aim = "no aim"
	}
	r.row(name, "%6.0f/s | %6.0f/s | %.2f (%s)   %3.0f us | %3.0f us | %.2f",
		us[0], them[0], us[0]/them[0], aim, us[1], them[1], them[1]/us[1])
	b.ReportMetric(us[0]/them[0], name+"-ratio")
}
