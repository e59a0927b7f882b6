package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// listenOn opens an address. setting names where it was said, for the hint when somebody else has it.
func listenOn(address, setting string) ([]net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, withHint(fmt.Errorf("something listens on %s already", address), "stop it, or change "+setting)
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return []net.Listener{l}, nil
}

// listenLoopback opens address, which must be on this machine's loopback, on both 127.0.0.1 and [::1]:
// localhost is either, and which one a program tries first is its own affair. Port 0 picks one that is
// free on both. A machine without IPv6 does without [::1].
func listenLoopback(address string) (listeners []net.Listener, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	number, portErr := strconv.ParseUint(text, 10, 16)
	if err != nil || portErr != nil {
		return nil, 0, usageError(fmt.Sprintf("--listen %q is not host:port", address), "for example --listen "+defaultListen)
	}
	if host != "localhost" && host != "127.0.0.1" && host != "::1" {
		return nil, 0, usageError(fmt.Sprintf("dev listens on this machine alone, not on %q: anybody who reaches it can sign in as anyone", host),
			fmt.Sprintf("--listen 127.0.0.1:%d, or propusk serve for others", number))
	}
	for range 20 {
		listeners, err = loopbackPair(int(number))
		if err == nil {
			return listeners, listeners[0].Addr().(*net.TCPAddr).Port, nil
		}
		if number != 0 || !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, 0, withHint(fmt.Errorf("something listens on port %d already", number),
			"another propusk dev? --listen 127.0.0.1:0 picks a free port")
	}
	return nil, 0, fmt.Errorf("listen: %w", err)
}

// loopbackPair listens on one port of both loopback addresses.
func loopbackPair(port int) ([]net.Listener, error) {
	four, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	port = four.Addr().(*net.TCPAddr).Port
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		four.Close()
		return nil, err
	}
	if err != nil {
		return []net.Listener{four}, nil
	}
	return []net.Listener{four, six}, nil
}

// capped bounds the open connections of several listeners together: what is over the bound waits in
// the system's queue until another connection ends.
func capped(listeners []net.Listener, most int) []net.Listener {
	slots := make(chan struct{}, most)
	var all []net.Listener
	for _, l := range listeners {
		all = append(all, &cappedListener{Listener: l, slots: slots, closed: make(chan struct{})})
	}
	return all
}

type cappedListener struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a slot, then for a connection.
func (l *cappedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &cappedConn{Conn: conn, slots: l.slots}, nil
}

// Close also ends an Accept that waits for a slot.
func (l *cappedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type cappedConn struct {
	net.Conn
	once  sync.Once
	slots chan struct{}
}

// Close gives the slot back, once.
func (c *cappedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.slots })
	return err
}

// closeListeners closes what was opened for a server that does not start.
func closeListeners(listeners []net.Listener) error {
	var all []error
	for _, l := range listeners {
		all = append(all, l.Close())
	}
	return errors.Join(all...)
}
