//go:build linux

package main_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of /proc/PID/stat: USER_HZ, 100 on every Linux.
const tick = 10 * time.Millisecond

// cpuOf returns the CPU time that a process has used, all threads together.
func cpuOf(b testing.TB, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	// The name in parentheses may hold blanks; utime and stime are the 12th and 13th field after it.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var sum time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ticks) * tick
	}
	return sum
}

// residentOf returns the resident memory of a process in MiB.
func residentOf(b testing.TB, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		rest, found := strings.CutPrefix(line, "VmRSS:")
		if found {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// pin puts a running process on one CPU, so that server and load do not take it from each other.
func pin(b testing.TB, pid, cpu int) {
	b.Helper()
	if runtime.NumCPU() < 2 {
		return
	}
	out, err := exec.Command("taskset", "-a", "-c", "-p", strconv.Itoa(cpu), strconv.Itoa(pid)).CombinedOutput()
	if err != nil {
		b.Fatalf("taskset: %v\n%s", err, out)
	}
}

// signer measures RS256 signatures of an id_token's size.
type signer struct {
	key    *rsa.PrivateKey
	digest [32]byte
}

func newSigner(b testing.TB) *signer {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	return &signer{key: key, digest: sha256.Sum256(make([]byte, 600))}
}

// cost returns the CPU time of one signature, from as many as go into d, on the CPU of the servers. The
// other CPU is kept as busy as the load keeps it: two CPUs may share one core's time and clock.
func (s *signer) cost(b testing.TB, d time.Duration) time.Duration {
	b.Helper()
	var each time.Duration
	var group sync.WaitGroup
	var done atomic.Bool
	if runtime.NumCPU() > 1 {
		group.Go(func() {
			for block := s.digest; !done.Load(); {
				block = sha256.Sum256(block[:])
			}
		})
	}
	group.Go(func() {
		defer done.Store(true)
		runtime.LockOSThread() // and never unlocked: the thread, bound to a CPU, ends with the goroutine
		var err error
		if runtime.NumCPU() > 1 {
			var cpu unix.CPUSet
			cpu.Set(0)
			err = unix.SchedSetaffinity(0, &cpu)
		}
		before, n := threadCPU(b), 0
		for stop := time.Now().Add(d); err == nil && time.Now().Before(stop); n++ {
			_, err = rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, s.digest[:])
		}
		if err != nil {
			b.Error(err)
			return
		}
		each = (threadCPU(b) - before) / time.Duration(n)
	})
	group.Wait()
	if each == 0 {
		b.FailNow()
	}
	return each
}

func threadCPU(b testing.TB) time.Duration {
	b.Helper()
	const thread = 1 // RUSAGE_THREAD
	var usage syscall.Rusage
	err := syscall.Getrusage(thread, &usage)
	if err != nil {
		b.Error(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// commits counts the transactions in the write-ahead log of a data directory: frames whose header says
// that they end one (SQLite file format §4.1). generation changes when the log starts anew.
func commits(b testing.TB, dir string) (n int, generation uint64) {
	b.Helper()
	log, err := os.ReadFile(filepath.Join(dir, "propusk.db-wal"))
	if errors.Is(err, fs.ErrNotExist) || len(log) == 0 {
		return 0, 0
	}
	if err != nil {
		b.Fatal(err)
	}
	const header, frame = 32, 24
	size := int(binary.BigEndian.Uint32(log[8:]))
	generation = binary.BigEndian.Uint64(log[16:])
	for at := header; at+frame+size <= len(log); at += frame + size {
		if binary.BigEndian.Uint64(log[at+8:]) != generation {
			break // left over from before the log started anew
		}
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			n++
		}
	}
	return n, generation
}

// sizes returns the files of a data directory with their sizes and times of change, as text.
func sizes(b testing.TB, dir string) string {
	b.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	var text strings.Builder
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			b.Fatal(err)
		}
		// The shared memory of the log is a cache: readers mark themselves in it.
		if strings.HasSuffix(entry.Name(), "-shm") {
			continue
		}
		fmt.Fprintln(&text, entry.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return text.String()
}
