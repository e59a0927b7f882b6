package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// slow is an HTTP server whose one request has begun and waits for release.
type slow struct {
	s       *server
	address string
	begun   chan struct{}
	release chan struct{}
	answer  chan error
	served  chan error
}

// startSlow starts it and its request.
func startSlow(t *testing.T, stop chan struct{}) *slow {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &slow{s: &server{}, address: l.Addr().String(), begun: make(chan struct{}), release: make(chan struct{}),
		answer: make(chan error, 1), served: make(chan error, 1)}
	x.s.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(x.begun)
		select {
		case <-x.release:
		case <-r.Context().Done():
		}
		plain(w, 200, "done")
	})}
	go func() { x.served <- x.s.listenUntil([]net.Listener{l}, stop, func() error { return nil }) }()
	go func() {
		resp, err := http.Get("http://" + x.address)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		x.answer <- err
	}()
	<-x.begun
	return x
}

// TestStop: readiness goes off, the request in flight gets its answer, and only then serving ends well.
func TestStop(t *testing.T) {
	stop := make(chan struct{}, 2)
	x := startSlow(t, stop)
	stop <- struct{}{}
	for !x.s.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	select {
	case err := <-x.served:
		t.Fatalf("serving ended with a request in flight: %v", err)
	default:
	}
	close(x.release)
	if err := <-x.answer; err != nil {
		t.Errorf("the request in flight: %v", err)
	}
	if err := <-x.served; err != nil {
		t.Errorf("serving ended by %v", err)
	}
	_, err := net.Dial("tcp", x.address)
	if err == nil {
		t.Error("new connections are still accepted")
	}
}

// TestStopTwice: a second signal does not wait for anybody.
func TestStopTwice(t *testing.T) {
	stop := make(chan struct{}, 2)
	x := startSlow(t, stop)
	stop <- struct{}{}
	stop <- struct{}{}
	if err := <-x.served; !errors.Is(err, errCut) {
		t.Errorf("got %v, want errCut", err)
	}
	if err := <-x.answer; err == nil {
		t.Error("the request in flight got an answer")
	}
	close(x.release)
}

// TestListenerFails: a server that cannot accept any more ends instead of looking alive.
func TestListenerFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{http: &http.Server{Handler: http.NotFoundHandler()}}
	err = s.listenUntil([]net.Listener{l}, nil, func() error { return l.Close() })
	if err == nil {
		t.Error("serving ended well without a listener")
	}
}

// TestCapped: connections over the bound wait until another one ends.
func TestCapped(t *testing.T) {
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := capped([]net.Listener{raw}, 1)[0]
	defer l.Close()
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		var d net.Dialer
		c, err := d.DialContext(context.Background(), "tcp", raw.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	defer dial().Close()
	defer dial().Close()
	one := <-accepted
	select {
	case <-accepted:
		t.Fatal("a second connection was accepted over a bound of one")
	case <-time.After(50 * time.Millisecond):
	}
	one.Close()
	one.Close() // giving the slot back twice would raise the bound
	two := <-accepted
	select {
	case <-accepted:
		t.Fatal("a third connection was accepted")
	default:
	}
	go l.Close()
	if _, open := <-accepted; open {
		t.Error("Accept goes on after Close")
	}
	two.Close()
}

// TestLinger: after a stop was asked for, requests are still answered for a while, so that whoever sends
// them sees that readiness is off; a second stop does not wait.
func TestLinger(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{linger: time.Hour, http: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		plain(w, 200, "done")
	})}}
	stop, served := make(chan struct{}, 2), make(chan error, 1)
	go func() { served <- s.listenUntil([]net.Listener{l}, stop, func() error { return nil }) }()
	stop <- struct{}{}
	for !s.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	resp, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatalf("a new request while it lingers: %v", err)
	}
	resp.Body.Close()
	stop <- struct{}{}
	<-served
	_, err = net.Dial("tcp", l.Addr().String())
	if err == nil {
		t.Error("new connections are still accepted")
	}
}
