package main

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hostileAlone are the cases that measure what the whole process does: memory taken, goroutines at
// work. Nothing else may run beside them.
var hostileAlone = map[string]bool{
	"HC-061": true, "HC-062": true, "HC-064": true, "HC-065": true, "HC-091": true, "HC-092": true, "HC-093": true,
}

// hashBytes is the memory of one comparison of a password (argon2id, 19 MiB): what a request allocates
// tells how many were made for it.
const hashBytes = 19 << 20

// hashes runs f and tells how many passwords were compared meanwhile.
func hashes(f func()) int { return int(allocated(f) / hashBytes) }

// allocated runs f and tells how many bytes the process allocated meanwhile.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// from is the same world seen from another address of this machine, 127.0.0.2 for example.
func (w *world) from(address string) *world {
	far := *w
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	far.http.transport = &http.Transport{DialContext: dialer.DialContext, DisableCompression: true}
	w.t.Cleanup(far.http.transport.CloseIdleConnections)
	return &far
}

// raw sends bytes as they are and returns the answers the server gives until it closes the connection
// or says nothing more.
func (w *world) raw(text string) []*reply {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		// The server may answer and close before it has read everything.
		_, _ = io.WriteString(conn, text)
	}()
	reader := bufio.NewReader(conn)
	patience := 5 * time.Second
	var list []*reply
	for {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		patience = time.Second // the first answer may take longer on a busy machine
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return list
		}
		body, err := io.ReadAll(response.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return list
		}
		list = append(list, &reply{status: response.StatusCode, header: response.Header, body: string(body)})
	}
}

// host is the issuer's host with its port, as a Host header has it.
func (w *world) host() string {
	w.t.Helper()
	u, err := url.Parse(w.issuer)
	if err != nil {
		w.t.Fatal(err)
	}
	return u.Host
}

// together runs f n times at once, behind one barrier, and waits for all.
func together(n int, f func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	done.Wait()
}

// cookies are what the answer sets.
func (r *reply) cookies() []*http.Cookie {
	return (&http.Response{Header: r.header}).Cookies()
}

// setsCookie tells whether the answer sets (not deletes) a cookie whose name contains part.
func (r *reply) setsCookie(part string) bool {
	return slices.ContainsFunc(r.cookies(), func(c *http.Cookie) bool {
		return strings.Contains(c.Name, part) && c.MaxAge >= 0
	})
}

// varying is what differs between two answers to the same question: the field csrf and what was typed.
var varying = regexp.MustCompile(`(name="(?:csrf|username)"[^>]*?) value="[^"]*"`)

// face is all of an answer that a stranger could compare.
type face struct {
	Status int
	Header http.Header
	Body   string
}

func (r *reply) face() face {
	h := maps.Clone(r.header)
	h.Del("Date")
	h.Del("X-Request-Id")
	return face{r.status, h, varying.ReplaceAllString(r.body, "$1")}
}

// wantPage checks that the answer is a page of ours with that status, which leads nowhere.
func wantPage(t testing.TB, what string, got *reply, status int) {
	t.Helper()
	if got.status != status || got.header.Get("Location") != "" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		t.Errorf("%s: got %d %s to %q, want a page with %d", what, got.status, got.header.Get("Content-Type"), got.header.Get("Location"), status)
	}
}

// wantUnchanged checks that no table has gained or lost a row.
func (w *world) wantUnchanged(what string, before map[string]int) {
	w.t.Helper()
	if diff := cmp.Diff(before, w.stored()); diff != "" {
		w.t.Errorf("%s: rows of the tables (-before +after):\n%s", what, diff)
	}
}

// sessionGone tells whether a session cookie with that value leads to nobody.
func (w *world) sessionGone(value string) bool {
	w.t.Helper()
	_, _, err := w.db.SessionBySecret(w.t.Context(), value)
	return err != nil
}
