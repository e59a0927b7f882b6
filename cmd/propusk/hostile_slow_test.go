package main

import (
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Of the slow connections: how many there are, how many the listener takes, and how long nothing may
// happen before the test gives up.
const (
	slowConns   = 40
	slowTaken   = 30
	slowGivesUp = 30 * time.Second
)

// dosSlowConnections: who sends a byte at a time is cut off, and then others are served.
func dosSlowConnections(t *testing.T) {
	var open atomic.Int64
	w := newWorld(t, tuned(func(s *http.Server) {
		for name, d := range map[string]time.Duration{"ReadHeaderTimeout": s.ReadHeaderTimeout, "ReadTimeout": s.ReadTimeout} {
			if d <= 0 || d > 10*time.Second {
				t.Errorf("%s is %s, want at most 10s", name, d)
			}
		}
		if s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > 64<<10 {
			t.Errorf("WriteTimeout %s, IdleTimeout %s, MaxHeaderBytes %d", s.WriteTimeout, s.IdleTimeout, s.MaxHeaderBytes)
		}
		// As they are, but twenty times as fast.
		s.ReadHeaderTimeout, s.ReadTimeout, s.IdleTimeout = s.ReadHeaderTimeout/20, s.ReadTimeout/20, s.IdleTimeout/20
		s.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed:
				open.Add(-1)
			}
		}
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = w.server.http.Serve(capped([]net.Listener{listener}, slowTaken)[0]) }()

	heads := []string{
		"GET /login HTTP/1.1\r\nHost: " + w.host() + "\r\nX-Slow: ",
		"POST /connect/token HTTP/1.1\r\nHost: " + w.host() + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: " + w.host() + "\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n",
		"", // says nothing at all
	}
	var cut atomic.Int64
	var slow sync.WaitGroup
	for i := range slowConns {
		slow.Go(func() {
			if slowly(t, listener.Addr().String(), heads[i%len(heads)]) {
				cut.Add(1)
			}
		})
	}
	if got := w.get("/healthz"); got.status != http.StatusOK {
		t.Errorf("on another listener: got %d", got.status)
	}
	// One more than the listener takes waits for its turn, and gets it.
	behind := *w
	behind.http.addr = listener.Addr().String()
	behind.http.transport = &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: slowGivesUp}
	if got := behind.get("/login"); got.status != http.StatusOK {
		t.Errorf("behind the slow ones: got %d", got.status)
	}
	slow.Wait()
	if cut.Load() != slowConns {
		t.Errorf("%d of %d slow connections were cut", cut.Load(), slowConns)
	}
	w.http.transport.CloseIdleConnections()
	for range 1000 {
		if open.Load() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d connections are left", open.Load())
}

// slowly sends head and then a byte now and again until the server has had enough. It tells whether that
// came to pass.
func slowly(t *testing.T, addr, head string) bool {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Errorf("dial: %v", err)
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(slowGivesUp))
	_, err = io.WriteString(conn, head)
	if err != nil {
		return true
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	}()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			timeout, ok := err.(net.Error)
			return !ok || !timeout.Timeout()
		case <-ticker.C:
			if head != "" {
				_, _ = io.WriteString(conn, "a") // fails once the server is gone: then the copy ends too
			}
		}
	}
}
