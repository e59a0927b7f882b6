package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript runs the transcripts of testdata/script. Beside testscript's own commands they have:
//
//	seeded DIR                   a data directory as the first start of propusk dev leaves it
//	start NAME ARG...            propusk ARG... in the background until its line ready; sets $ISSUER
//	stop NAME                    SIGTERM; it must end with exit code 0; its output is in NAME.out, NAME.err
//	get [-H 'Name: value'] URL [STATUS]   a request; the answer is stdout
//	bearer FILE URL STATUS   a request with the token that FILE holds; the answer is stdout
//	mode PERM FILE               the file has these permission bits
//	port FILE...                 puts a free port in the place of PORT in the files
func TestScript(t *testing.T) {
	template := &seededTemplate{dir: t.TempDir()}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv(raceOptions, os.Getenv(raceOptions))
			env.Values[runningKey{}] = map[string]*background{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"seeded": template.copyTo,
			"start":  start,
			"stop":   stop,
			"get":    get,
			"bearer": bearer,
			"mode":   mode,
			"port":   port,
		},
	})
}

// runningKey is where a script's background processes are kept.
type runningKey struct{}

// background is a propusk that a script started.
type background struct {
	cmd    *exec.Cmd
	out    *output
	err    bytes.Buffer
	exited chan error
}

// output keeps what is written to it and reports the line ready.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan string
}

func (o *output) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		o.mu.Lock()
		fmt.Fprintln(&o.text, lines.Text())
		o.mu.Unlock()
		if issuer, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			o.ready <- issuer
		}
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARG...")
	}
	path, err := exec.LookPath(filepath.Join(firstDir(ts.Getenv("PATH")), "propusk"))
	ts.Check(err)
	b := &background{cmd: exec.Command(path, args[1:]...), out: &output{ready: make(chan string, 8)}, exited: make(chan error, 1)}
	b.cmd.Dir = ts.MkAbs(".")
	b.cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR"),
		masterKeyVariable + "=" + ts.Getenv(masterKeyVariable), raceOptions + "=" + ts.Getenv(raceOptions)}
	b.cmd.Stderr = &b.err
	pipe, err := b.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(b.cmd.Start())
	go func() {
		b.out.read(pipe)
		b.exited <- b.cmd.Wait()
	}()
	ts.Value(runningKey{}).(map[string]*background)[args[0]] = b
	ts.Defer(func() {
		b.cmd.Process.Kill()
	})
	select {
	case issuer := <-b.out.ready:
		ts.Setenv("ISSUER", issuer)
	case err := <-b.exited:
		ts.Fatalf("%s ended before it was ready: %v\n%s%s", args[0], err, b.out, b.err.String())
	case <-time.After(time.Minute):
		ts.Fatalf("%s is not ready after a minute", args[0])
	}
}

func stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stop NAME")
	}
	b := ts.Value(runningKey{}).(map[string]*background)[args[0]]
	if b == nil {
		ts.Fatalf("%s was not started", args[0])
	}
	ts.Check(b.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-b.exited:
		if err != nil {
			ts.Fatalf("%s ended by %v\n%s", args[0], err, b.err.String())
		}
	case <-time.After(time.Minute):
		ts.Fatalf("%s did not stop", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(b.out.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".err"), b.err.Bytes(), 0o600))
}

func get(ts *testscript.TestScript, neg bool, args []string) {
	header := ""
	if len(args) > 2 && args[0] == "-H" {
		header, args = args[1], args[2:]
	}
	want := "200"
	if len(args) == 2 {
		want = args[1]
	}
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: get [-H 'Name: value'] URL [STATUS]")
	}
	r, err := http.NewRequest("GET", args[0], nil)
	ts.Check(err)
	name, value, _ := strings.Cut(header, ": ")
	if name == "Host" {
		r.Host = value
	} else if name != "" {
		r.Header.Set(name, value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r) // redirects are answers
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), string(body))
	if got := fmt.Sprint(resp.StatusCode); got != want {
		ts.Fatalf("GET %s: got %s, want %s", args[0], got, want)
	}
}

func bearer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: bearer FILE URL STATUS")
	}
	token := strings.TrimSpace(ts.ReadFile(args[0]))
	get(ts, neg, []string{"-H", "Authorization: Bearer " + token, args[1], args[2]})
}

func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode PERM FILE")
	}
	info, err := os.Lstat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

func port(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: port FILE...")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(l.Close())
	free := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), "PORT", free)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// seededTemplate is made by the first script that needs it: signing keys take a second to make.
type seededTemplate struct {
	once sync.Once
	dir  string
}

func (s *seededTemplate) copyTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: seeded DIR")
	}
	from := filepath.Join(s.dir, "data")
	s.once.Do(func() {
		start(ts, false, []string{"template", "dev", "--listen", "127.0.0.1:0", "--data", from})
		stop(ts, false, []string{"template"})
	})
	to := ts.MkAbs(args[0])
	ts.Check(os.CopyFS(to, os.DirFS(from)))
	ts.Check(filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		perm := os.FileMode(0o600)
		if d.IsDir() {
			perm = 0o700
		}
		return os.Chmod(path, perm)
	}))
}

func firstDir(path string) string {
	dir, _, _ := strings.Cut(path, string(os.PathListSeparator))
	return dir
}
