package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests of this package that are named after somebody else's client run the binary itself, as a
// person would, and speak to it over the network only.

// program returns the path of propusk, built once per run beside the test binary, whose directory the go
// command removes. What stands in GOFLAGS holds for it: under make test it has the race detector, and finds
// everything compiled.
func program(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "propusk-under-test")
	out, err := exec.Command("go", "build", "-o", path, module+"/cmd/propusk").CombinedOutput()
	if err != nil {
		return "", errors.New("go build: " + err.Error() + "\n" + string(out))
	}
	return path, nil
})

// devServer is a running "propusk dev".
type devServer struct {
	Issuer string        // http://localhost:PORT
	Dir    string        // its data
	Ready  time.Duration // from the start of the process to the line "ready …"
	Screen []string      // what it printed on stdout before that line
	PID    int

	cmd    *exec.Cmd
	stderr *lockedBuffer
	done   chan error
	once   sync.Once
}

// startDev starts "propusk dev" with a fresh data directory on a free port and returns when it is ready.
// The test fails if it does not become ready, and at the end if it does not stop with exit code 0.
func startDev(t testing.TB, args ...string) *devServer {
	t.Helper()
	return startDevIn(t, filepath.Join(t.TempDir(), "data"), args...)
}

// startDevIn is startDev on a data directory of the caller's, to start a second time.
func startDevIn(t testing.TB, dir string, args ...string) *devServer {
	t.Helper()
	path := program(t)
	s := &devServer{Dir: dir, stderr: &lockedBuffer{}, done: make(chan error, 1)}
	args = append([]string{"dev", "--listen", "127.0.0.1:0", "--data", dir}, args...)
	s.cmd = exec.Command(path, args...)
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err = s.cmd.Start()
	if err != nil {
		t.Fatal(err)
	}
	s.PID = s.cmd.Process.Pid
	ready := make(chan string, 8) // more than one line would be a mistake, not a deadlock
	go func() {
		var screen []string
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			issuer, found := strings.CutPrefix(lines.Text(), "ready ")
			if !found {
				screen = append(screen, lines.Text())
				continue
			}
			s.Screen = screen
			ready <- issuer
		}
		s.done <- s.cmd.Wait()
	}()
	t.Cleanup(func() { s.Stop(t) })
	select {
	case s.Issuer = <-ready:
		s.Ready = time.Since(start)
	case err := <-s.done:
		s.done <- err
		t.Fatalf("propusk dev ended before it was ready: %v\n%s", err, s.stderr)
	case <-time.After(60 * time.Second):
		t.Fatalf("propusk dev is not ready after a minute\n%s", s.stderr)
	}
	return s
}

// Stop asks the server to end, as a terminal's Ctrl-C does, and checks that it ends well. Further calls
// do nothing.
func (s *devServer) Stop(t testing.TB) {
	t.Helper()
	s.once.Do(func() {
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		select {
		case err := <-s.done:
			if err != nil {
				t.Errorf("propusk dev: %v\n%s", err, s.stderr)
			}
		case <-time.After(30 * time.Second):
			_ = s.cmd.Process.Kill()
			t.Errorf("propusk dev did not stop within 30 s of SIGINT\n%s", s.stderr)
		}
		if t.Failed() {
			text := s.stderr.String()
			t.Logf("end of the log of propusk dev:\n%s", text[max(0, len(text)-4000):])
		}
	})
}

// lockedBuffer collects a child's output while tests read it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// tool returns the path of a program that testdata/install.sh installs.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: run testdata/install.sh (make tools)", name)
	}
	return path
}

// testdata returns the absolute path of a file in the repository's testdata, which must exist.
func testdata(t testing.TB, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", "..", "testdata"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	// Opened, not only looked at: the go command then knows that a cached result depends on it.
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("%v: run testdata/install.sh (make tools)", err)
	}
	_ = f.Close()
	return path
}

func mustParse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
