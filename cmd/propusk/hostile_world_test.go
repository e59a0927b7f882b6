package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// world is one running propusk: the handler of newServer on a database file with the contract's seed
// and a clock that stands still, over HTTP on loopback.
type world struct {
	t      testing.TB
	db     *storage.DB
	clock  *storagetest.Clock
	issuer string     // http://localhost:PORT, or https://id.example in production
	addr   string     // where it listens, 127.0.0.1:PORT
	dir    string     // of the database
	key    []byte     // master key
	log    *worldLog  // everything it logged, from level debug
	server *server    // its fields may be read
	http   worldRoute // sends requests for the issuer to addr
}

// worldSetup is what options change.
type worldSetup struct {
	production bool
	proxies    []netip.Prefix
	wrap       func(http.Handler) http.Handler
	tune       func(*http.Server)
	config     []func(*serverConfig)
}

type worldOption func(*worldSetup)

// inProduction runs with an https issuer: __Host- cookies, and none of dev's exceptions. TLS itself
// stands before the listener, as behind a proxy.
func inProduction(s *worldSetup) { s.production = true }

// behindProxies trusts the X-Forwarded-For of these peers.
func behindProxies(list ...netip.Prefix) worldOption {
	return func(s *worldSetup) { s.proxies = list }
}

// wrapped puts a handler of the test in front of the server's, to watch requests.
func wrapped(wrap func(http.Handler) http.Handler) worldOption {
	return func(s *worldSetup) { s.wrap = wrap }
}

// tuned changes the http.Server before it starts, for example to shorter timeouts.
func tuned(tune func(*http.Server)) worldOption {
	return func(s *worldSetup) { s.tune = tune }
}

// configured changes what the server is told.
func configured(change func(*serverConfig)) worldOption {
	return func(s *worldSetup) { s.config = append(s.config, change) }
}

// reaching lets the server call these hosts of this machine, which it never does by itself.
func reaching(hosts ...string) worldOption {
	return configured(func(c *serverConfig) { c.register.hosts = append(c.register.hosts, hosts...) })
}

// registering lets clients register over the network.
func registering(policy string) worldOption {
	return configured(func(c *serverConfig) { c.register.policy = policy })
}

// newWorld starts a server that ends with the test.
func newWorld(t testing.TB, options ...worldOption) *world {
	t.Helper()
	var setup worldSetup
	for _, option := range options {
		option(&setup)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: storagetest.NewClock(), addr: listener.Addr().String(), log: &worldLog{}}
	w.http.addr = w.addr
	w.http.transport = &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	_, port, _ := net.SplitHostPort(w.addr)
	w.issuer = "http://localhost:" + port
	if setup.production {
		w.issuer = productionIssuer
	}
	w.openDatabase(setup.production)
	slog.SetDefault(slog.New(slog.DiscardHandler)) // as run does
	config := serverConfig{issuer: w.issuer, dev: !setup.production, proxies: setup.proxies, now: w.clock.Now, log: w.logger()}
	for _, change := range setup.config {
		change(&config)
	}
	w.server, err = newServer(config, w.db)
	if err != nil {
		t.Fatal(err)
	}
	if setup.wrap != nil {
		w.server.http.Handler = setup.wrap(w.server.http.Handler)
	}
	if setup.tune != nil {
		setup.tune(w.server.http)
	}
	served := make(chan error, 1)
	go func() { served <- w.server.http.Serve(listener) }()
	t.Cleanup(func() {
		w.http.transport.CloseIdleConnections()
		_ = w.server.http.Close()
		<-served
		err := w.db.Close()
		if err != nil {
			t.Errorf("close database: %v", err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", clipLog(w.log.String()))
		}
	})
	return w
}

// logger is the one that ships, with everything it can say.
func (w *world) logger() *slog.Logger { return newLogger(w.log, slog.LevelDebug) }

// worldRoute sends every request to the listener, whatever host and scheme its URL says.
type worldRoute struct {
	addr      string
	transport *http.Transport
}

func (h worldRoute) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.URL.Scheme, r.URL.Host = "http", h.addr
	return h.transport.RoundTrip(r)
}

// worldLog collects what the server logs while tests read it.
type worldLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *worldLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *worldLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// clipLog keeps the end of a log for a failure's output.
func clipLog(text string) string {
	if len(text) > 8<<10 {
		return "…" + text[len(text)-8<<10:]
	}
	return text
}

// command runs a command line of propusk on the dev database beside the running server.
func (w *world) command(stdin string, args ...string) (code int, out, talk string) {
	w.t.Helper()
	path := filepath.Join(w.dir, masterKeyName)
	err := os.WriteFile(path, []byte(storage.FormatMasterKey(w.key)+"\n"), 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	args = append(append([]string{"propusk"}, args...), "--data", w.dir)
	code = run(context.Background(), args, terminal{in: strings.NewReader(stdin), out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// send carries a request out and reads the answer.
func (w *world) send(r *http.Request) *reply {
	w.t.Helper()
	response, err := w.http.RoundTrip(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return readReply(w.t, response)
}

func readReply(t testing.TB, response *http.Response) *reply {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		t.Fatal(err)
	}
	return &reply{status: response.StatusCode, header: response.Header, body: string(body)}
}
