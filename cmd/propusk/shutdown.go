package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"
)

// stopTimeout is how long requests in flight may take to finish.
const stopTimeout = 10 * time.Second

// errCut is returned when requests were cut off.
var errCut = errors.New("stopped before every request had its answer")

// serve answers on the listeners until stop yields its first value: then readiness goes off, requests
// in flight finish (new ones are still taken for as long as linger says), and nil is returned; a
// second value, or stopTimeout, cuts them off. ready is
// called as soon as requests are answered.
func (s *server) serve(listeners []net.Listener, stop <-chan struct{}, ready func() error) error {
	upkeep, endUpkeep := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { s.db.Maintain(upkeep) })
	working.Go(func() { s.protocol.Deliver(upkeep) })
	defer func() {
		endUpkeep()
		working.Wait()
	}()
	return s.listenUntil(listeners, stop, ready)
}

// listenUntil is serve without the upkeep of the database and the delivery of logouts.
func (s *server) listenUntil(listeners []net.Listener, stop <-chan struct{}, ready func() error) error {
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- s.answer(l) }()
	}
	err := ready()
	if err != nil {
		return errors.Join(err, s.http.Close())
	}
	debug.FreeOSMemory() // what starting took and nothing needs any more: a third of an idle process
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("listener: %w", err), s.http.Close())
	case <-stop:
	}
	return s.finish(stop)
}

// finish lets requests in flight end.
func (s *server) finish(stop <-chan struct{}) error {
	s.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.linger+stopTimeout)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	select {
	case <-time.After(s.linger): // whoever sends requests here sees meanwhile that readiness is off
	case <-ctx.Done():
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		return errors.Join(errCut, s.http.Close())
	}
	return nil
}

// answer serves one listener, over TLS where there is a certificate.
func (s *server) answer(l net.Listener) error {
	if s.tls {
		return s.http.ServeTLS(l, "", "")
	}
	return s.http.Serve(l)
}
