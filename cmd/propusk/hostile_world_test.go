package main

import (
	"context"
	"database/sql"
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
	"time"

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
	w.server, err = newServer(serverConfig{
		issuer: w.issuer, dev: !setup.production, proxies: setup.proxies, now: w.clock.Now, log: w.logger(),
	}, w.db)
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

// openDatabase opens a fresh copy of the seeded database.
func (w *world) openDatabase(production bool) {
	w.t.Helper()
	c := storagetest.Config(w.t, true)
	c.AnyIssuer = true
	if production {
		c = productionConfig(w.t)
	}
	c.Now, c.Logger = w.clock.Now, w.logger()
	db, err := storage.Open(context.Background(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db, w.dir, w.key = db, c.Dir, c.MasterKey
}

// logger is the one that ships, with everything it can say.
func (w *world) logger() *slog.Logger { return newLogger(w.log, slog.LevelDebug) }

const productionIssuer = "https://id.example"

// productionTemplate is a database as serve keeps one, with the contract's people and apps but without
// the switches that only dev knows.
var productionTemplate struct {
	once sync.Once
	file []byte
	key  []byte
	err  error
}

func productionConfig(t testing.TB) storage.Config {
	t.Helper()
	m := &productionTemplate
	m.once.Do(func() {
		m.key = storage.NewMasterKey()
		dir := filepath.Join(t.TempDir(), "template")
		past := func() time.Time { return storagetest.Start.Add(-24 * time.Hour) }
		var db *storage.DB
		db, m.err = storage.Create(context.Background(),
			storage.Config{Dir: dir, MasterKey: m.key, Issuer: productionIssuer, Now: past}, seedProduction)
		if m.err == nil {
			m.err = db.Close()
		}
		if m.err == nil {
			m.file, m.err = os.ReadFile(filepath.Join(dir, "propusk.db"))
		}
	})
	if m.err != nil {
		t.Fatalf("template database: %v", m.err)
	}
	dir := filepath.Join(t.TempDir(), "data")
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "propusk.db"), m.file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return storage.Config{Dir: dir, MasterKey: m.key, Issuer: productionIssuer}
}

func seedProduction(ctx context.Context, db *storage.DB) error {
	err := storage.Seed(ctx, db)
	if err != nil {
		return err
	}
	apps, err := db.DevOnlyApps(ctx)
	if err != nil {
		return err
	}
	for _, id := range apps {
		_, err = db.UpdateApp(ctx, storage.System, id, func(a *storage.App) error {
			if a.InsecureRedirect {
				a.RedirectURIs = []string{"https://www.example.com/"}
			}
			a.AnyLoopback, a.InsecureRedirect = false, false
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

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

// connect opens the database file beside the running server, as another process would.
func (w *world) connect() *sql.DB {
	w.t.Helper()
	beside, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "propusk.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = beside.Close() })
	return beside
}

// meddle really changes the file (SQLite skips a write of what is there already) beside the running server and returns when the server has noticed.
func (w *world) meddle(statement string, args ...any) {
	w.t.Helper()
	before := w.db.KeysVersion()
	beside := w.connect()
	_, err := beside.Exec(statement, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", statement, err)
	}
	_ = beside.Close()
	for range 1000 {
		if w.db.KeysVersion() != before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("the server has not noticed %q within ten seconds", statement)
}

// stored counts the rows of every table.
func (w *world) stored() map[string]int {
	w.t.Helper()
	beside := w.connect()
	defer beside.Close()
	rows, err := beside.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		err = rows.Scan(&name)
		if err == nil {
			err = beside.QueryRow(`SELECT count(*) FROM "` + name + `"`).Scan(&n)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		counts[name] = n
	}
	return counts
}

// audit lists the entries of one action, newest first.
func (w *world) audit(action string) []storage.AuditEntry {
	w.t.Helper()
	list, _, err := w.db.AuditLog(context.Background(), storage.AuditFilter{Action: action})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
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

// files returns the bytes of everything in the data directory, the write-ahead log included.
func (w *world) files() map[string][]byte {
	w.t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(w.dir, entry.Name()))
		if err != nil {
			w.t.Fatal(err)
		}
		files[entry.Name()] = content
	}
	return files
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
