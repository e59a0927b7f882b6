package main

import (
	"errors"
	"fmt"
	"net"
	"testing"
)

// TestListenLoopback: localhost is either address, and both are ours or neither.
func TestListenLoopback(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			listeners, port, err := listenLoopback(host + ":0")
			if err != nil {
				t.Fatal(err)
			}
			defer closeListeners(listeners)
			for _, l := range listeners {
				addr := l.Addr().(*net.TCPAddr)
				if !addr.IP.IsLoopback() || addr.Port != port {
					t.Errorf("listens on %v, want port %d on loopback", addr, port)
				}
			}
			_, _, err = listenLoopback(fmt.Sprintf("127.0.0.1:%d", port))
			var f *failure
			if !errors.As(err, &f) || f.code != 1 || len(f.hints) != 1 {
				t.Errorf("the same port again: got %v, want an error with a hint", err)
			}
		})
	}
}

// TestListenLoopbackForeign: somebody else on [::1] would be localhost for some programs.
func TestListenLoopbackForeign(t *testing.T) {
	six, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		// A machine without IPv6 has only the other address: then there is one listener.
		listeners, _, err := listenLoopback("127.0.0.1:0")
		if err != nil || len(listeners) != 1 {
			t.Errorf("without IPv6: got %d listeners, %v", len(listeners), err)
		}
		closeListeners(listeners)
		return
	}
	defer six.Close()
	_, _, err = listenLoopback(fmt.Sprintf("127.0.0.1:%d", six.Addr().(*net.TCPAddr).Port))
	if err == nil {
		t.Fatal("shared the port with another program on [::1]")
	}
	four, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", six.Addr().(*net.TCPAddr).Port))
	if err != nil {
		t.Fatalf("127.0.0.1 was left open: %v", err)
	}
	four.Close()
}

// TestListenOn: a taken port is explained.
func TestListenOn(t *testing.T) {
	listeners, err := listenOn("127.0.0.1:0", "listen")
	if err != nil {
		t.Fatal(err)
	}
	defer closeListeners(listeners)
	_, err = listenOn(listeners[0].Addr().String(), "--listen")
	var f *failure
	if !errors.As(err, &f) || len(f.hints) != 1 || f.hints[0] != "stop it, or change --listen" {
		t.Errorf("got %v, want an error with a hint that names --listen", err)
	}
	_, err = listenOn("256.0.0.1:1", "listen")
	if err == nil {
		t.Error("listens on an address there is not")
	}
}
