package main

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// site is a relying party's own server, good or bad, that propusk may call; it keeps what came.
type site struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	came   []*http.Request // with their forms parsed
	after  chan struct{}   // one for each request that was answered
}

// newSite starts a site on TLS that answers nothing yet.
func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{answer: text(""), after: make(chan struct{}, 10_000)}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		s.came = append(s.came, r)
		answer := s.answer
		s.mu.Unlock()
		defer func() { s.after <- struct{}{} }()
		answer(w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// reached lets a world call the site, and no other address of this machine.
func (s *site) reached(setup *worldSetup) {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	reaching(strings.TrimPrefix(s.URL, "https://"))(setup)
	configured(func(c *serverConfig) { c.register.roots = roots })(setup)
}

func (s *site) at(path string) string { return s.URL + path }

func (s *site) answers(f http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// calls counts the requests that came.
func (s *site) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.came)
}

// last is the request that came last.
func (s *site) last() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.came) == 0 {
		return nil
	}
	return s.came[len(s.came)-1]
}

// text answers with a text.
func text(body string) http.HandlerFunc { return withStatus(http.StatusOK, body) }

func withStatus(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "planted=by-the-site; Path=/")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// leadingTo redirects.
func leadingTo(uri string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, uri, http.StatusTemporaryRedirect) }
}

// endlessAnswer writes until it is cut off.
func endlessAnswer(w http.ResponseWriter, _ *http.Request) {
	text := []byte(strings.Repeat("x", 64<<10))
	for {
		_, err := w.Write(text)
		if err != nil {
			return
		}
	}
}

// cutOff closes the connection in the middle of its answer.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"keys":[`))
	panic(http.ErrAbortHandler)
}

// bomb answers with a body that would unpack to 16 MB of blanks behind it.
func bomb(body string) http.HandlerFunc {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(body))
	blanks := []byte(strings.Repeat(" ", 1<<20))
	for range 16 {
		_, _ = z.Write(blanks)
	}
	_ = z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}
}

// toJSONText is a text as a JSON string.
func toJSONText(s string) []byte {
	out, _ := json.Marshal(s) // a string always can be
	return out
}
