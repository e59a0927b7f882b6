//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire is one keep-alive connection that sends requests made beforehand and reads of an answer no more
// than it needs, so that the load costs less than what is measured.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
}

// reply is an answer on a wire.
type reply struct {
	Status   int
	Location string
	Body     []byte
}

func dial(host string) (*wire, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// do sends one request and reads its answer.
func (w *wire) do(request []byte) (reply, error) {
	err := w.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err != nil {
		return reply{}, err
	}
	_, err = w.conn.Write(request)
	if err != nil {
		return reply{}, err
	}
	return w.read()
}

// rush is do for requests that the server may refuse before it has read them: the answer is read while
// the request is still being sent, and what the server said counts though it then hangs up.
func (w *wire) rush(request []byte) (reply, error) {
	err := w.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if err != nil {
		return reply{}, err
	}
	wrote := make(chan error, 1)
	go func() {
		_, err := w.conn.Write(request)
		wrote <- err
	}()
	got, err := w.read()
	_ = w.conn.Close()
	sent := <-wrote
	if err != nil {
		return got, errors.Join(sent, err)
	}
	return got, nil
}

func (w *wire) read() (reply, error) {
	var got reply
	line, err := w.r.ReadSlice('\n')
	if err != nil {
		return got, err
	}
	if len(line) < 12 {
		return got, fmt.Errorf("status line %q", line)
	}
	got.Status, err = strconv.Atoi(string(line[9:12]))
	if err != nil {
		return got, err
	}
	length, chunked := 0, false
	for {
		line, err = w.r.ReadSlice('\n')
		if err != nil {
			return got, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(value))
			if err != nil {
				return got, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Location")):
			got.Location = string(value)
		}
	}
	if chunked {
		return w.readChunks(got)
	}
	// An answer with neither says something and hangs up; its status is enough.
	got.Body = make([]byte, length)
	_, err = io.ReadFull(w.r, got.Body)
	return got, err
}

// readChunks reads a body of unknown length.
func (w *wire) readChunks(got reply) (reply, error) {
	for {
		line, err := w.r.ReadString('\n')
		if err != nil {
			return got, err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return got, err
		}
		chunk := make([]byte, size+2)
		_, err = io.ReadFull(w.r, chunk)
		if err != nil {
			return got, err
		}
		got.Body = append(got.Body, chunk[:size]...)
		if size == 0 {
			return got, nil
		}
	}
}

// request makes the bytes of a request; body, if not empty, is a form.
func request(method string, target *url.URL, body string, header ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, target.RequestURI(), target.Host)
	for i := 0; i < len(header); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
	}
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return b.Bytes()
}

// load keeps n wires busy for a while, each with a job of its own, and returns how many jobs were done.
// The first error ends it.
func load(b testing.TB, host string, n int, d time.Duration, job func(*wire) error) int64 {
	b.Helper()
	var done atomic.Int64
	var failed atomic.Pointer[error]
	stop := time.Now().Add(d)
	var group sync.WaitGroup
	for range n {
		group.Go(func() {
			w, err := dial(host)
			if err != nil {
				failed.Store(&err)
				return
			}
			defer w.conn.Close()
			for time.Now().Before(stop) && failed.Load() == nil {
				err := job(w)
				if err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(*err)
	}
	return done.Load()
}

// expect is a job that sends one request and wants a status.
func expect(bytes []byte, status int, within string) func(*wire) error {
	return func(w *wire) error {
		got, err := w.do(bytes)
		if err != nil {
			return err
		}
		if got.Status != status || !strings.Contains(string(got.Body), within) {
			return fmt.Errorf("answer %d %.300s: want %d and %q", got.Status, got.Body, status, within)
		}
		return nil
	}
}
