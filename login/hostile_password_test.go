package login

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

var varying = regexp.MustCompile(`(name="(csrf|username)"[^>]*) value="[^"]*"`)

// HC-061: nothing but the text that was typed tells an unknown person from a known one.
func TestRefusalsLookTheSame(t *testing.T) {
	const typo = "hunter2-mistyped"
	w := newWorld(t, production)
	_, err := w.db.CreateUser(t.Context(), storage.System, storage.NewUser{Login: "dave", Name: "Dave", Access: storage.Partial})
	if err != nil {
		t.Fatal(err)
	}
	err = w.db.SetUserDisabled(t.Context(), storage.System, w.user("carol").ID, true)
	if err != nil {
		t.Fatal(err)
	}
	type face struct {
		Status  int
		Header  http.Header
		Body    string
		Cookies int
		Hashes  int
	}
	look := func(name, password string) face {
		b := w.browser()
		form := b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.ID = "aaaaaaaaaaaaaaaaaaaaaaaaaa" }))
		before := w.compared()
		a := b.send(http.MethodPost, "/login", form.with("username", name, "password", password))
		return face{a.status, a.header, varying.ReplaceAllString(a.body, "$1"), len(b.set), w.compared() - before}
	}
	want := look("nobody", typo)
	if want.Status != http.StatusOK || want.Hashes != 1 || want.Cookies != 0 {
		t.Fatalf("an unknown name: status %d, %d hashes, %d cookies", want.Status, want.Hashes, want.Cookies)
	}
	for _, tt := range []struct{ name, user, password string }{
		{"unknown e-mail", "nobody@example.com", typo},
		{"wrong password", "alice", typo},
		{"wrong password by e-mail", "alice@example.com", typo},
		{"disabled, right password", "carol", "carol"},
		{"disabled, wrong password", "carol", typo},
		{"without a password", "dave", ""},
		{"empty name", "", typo},
		{"name of 300 bytes", strings.Repeat("a", 300), typo},
		{"SQL", "' OR 1=1--", typo},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(want, look(tt.user, tt.password)); diff != "" {
				t.Errorf("face (-unknown +this):\n%s", diff)
			}
		})
	}
	if log := w.logs.String(); strings.Contains(log, typo) || !strings.Contains(log, "user=unknown") || strings.Contains(log, "nobody") {
		t.Errorf("want neither passwords nor what was typed as the name in the log:\n%s", log)
	}
}

// HC-062: fifty wrong guesses at once count as fifty, by whatever spelling; another address gets in.
func TestGuessingInParallel(t *testing.T) {
	for _, tt := range []struct {
		name      string
		spellings []string
		right     string
	}{
		{"known", []string{"alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.COM"}, "alice"},
		{"unknown", []string{"mallory", "MALLORY", " mallory"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, production)
			w.login.hashing.patience = time.Minute // however slow the machine
			var group sync.WaitGroup
			var mu sync.Mutex
			statuses := map[int]int{}
			for i := range 50 {
				group.Go(func() {
					b := w.browser()
					form := b.get("/login")
					a := b.send(http.MethodPost, "/login", form.with("username", tt.spellings[i%len(tt.spellings)], "password", "wrong"))
					mu.Lock()
					defer mu.Unlock()
					statuses[a.status]++
					if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") == "" {
						t.Error("429 without Retry-After")
					}
				})
			}
			group.Wait()
			if n := w.compared(); n != limitName {
				t.Errorf("%d passwords compared, want %d", n, limitName)
			}
			want := map[int]int{http.StatusOK: limitName, http.StatusTooManyRequests: 50 - limitName}
			if diff := cmp.Diff(want, statuses); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			if tt.right == "" {
				return
			}
			attacker := w.browser()
			a := attacker.signIn(attacker.get("/login"), tt.right, tt.right)
			wantPage(t, a, http.StatusTooManyRequests, "login-submit")
			if got := a.header.Get("Retry-After"); got != "300" {
				t.Errorf("Retry-After %q, want 300", got)
			}
			victim := w.browser()
			victim.address = "198.51.100.7:99"
			victim.signIn(victim.get("/login"), tt.right, tt.right)
			if victim.session() == nil {
				t.Error("the person cannot get in from another address")
			}
			w.clock.Advance(limitWindow)
			attacker.signIn(attacker.get("/login"), tt.right, tt.right)
			if attacker.session() == nil {
				t.Error("the address is shut out for longer than the window")
			}
		})
	}
}

// HC-064: passwords are compared whole, and long ones cost nothing.
func TestLongPasswords(t *testing.T) {
	w := newWorld(t, production)
	long := strings.Repeat("correct horse ", 14)[:190]
	_, err := w.db.CreateUser(t.Context(), storage.System, storage.NewUser{Login: "dave", Password: long, Access: storage.Partial})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		password string
		status   int
		hashes   int
	}{
		{"another after byte 72", long[:100] + "!" + long[101:], http.StatusOK, 1},
		{"cut at byte 72", long[:72], http.StatusOK, 1},
		{"with NUL", long + "\x00", http.StatusBadRequest, 0},
		{"257 bytes", strings.Repeat("x", 257), http.StatusOK, 0},
		{"60 KB", strings.Repeat("x", 60<<10), http.StatusOK, 0},
		{"1 MB", strings.Repeat("x", 1<<20), http.StatusRequestEntityTooLarge, 0},
		{"the right one", long, http.StatusSeeOther, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := w.browser()
			form := b.get("/login")
			before := w.compared()
			a := b.send(http.MethodPost, "/login", form.with("username", "dave", "password", tt.password))
			if a.status != tt.status || w.compared()-before != tt.hashes {
				t.Errorf("status %d after %d hashes, want %d after %d", a.status, w.compared()-before, tt.status, tt.hashes)
			}
			if signedIn := b.session() != nil; signedIn != (tt.status == http.StatusSeeOther) {
				t.Errorf("signed in: %t", signedIn)
			}
		})
	}
}

// HC-065: sixty-four people at once never cost more hashes than there are slots; the rest are turned
// away at once, and nobody is counted as a guesser.
func TestManySignInsAtOnce(t *testing.T) {
	w := newWorld(t, production)
	w.login.hashing = newAdmission(2, 4, time.Minute)
	var mu sync.Mutex
	running, peak := 0, 0
	gate := make(chan struct{})
	w.login.check = func(u *storage.User, _ string) (bool, bool) {
		mu.Lock()
		running++
		peak = max(peak, running)
		mu.Unlock()
		<-gate
		mu.Lock()
		running--
		mu.Unlock()
		return u != nil, false
	}
	people := []string{"alice", "bob", "carol"}
	statuses := make(chan answer)
	for i := range 64 {
		go func() {
			b := w.browser()
			b.address = fmt.Sprintf("192.0.2.%d:1", i+1)
			statuses <- b.send(http.MethodPost, "/login", b.get("/login").with("username", people[i%3], "password", "x"))
		}()
	}
	for range 64 - 6 { // two in the slots and four in the queue are still there
		a := <-statuses
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !a.shows("login-submit") {
			t.Fatalf("answered %d, want 503 with Retry-After and the form", a.status)
		}
	}
	close(gate)
	for range 6 {
		if a := <-statuses; a.status != http.StatusSeeOther {
			t.Errorf("one that was let in was answered %d", a.status)
		}
	}
	if peak != 2 {
		t.Errorf("%d hashes at once, want 2", peak)
	}
	if n := len(w.login.limiter.windows); n != 0 {
		t.Errorf("%d windows of failures are left", n)
	}
}

// HC-066: an old hash is renewed by a success, whoever else signs in at the same time, and never by a failure.
func TestOldHashIsRenewed(t *testing.T) {
	w := newWorld(t, production)
	w.login.hashing.patience = time.Minute // however slow the machine
	compare := w.login.check
	w.login.check = func(u *storage.User, password string) (bool, bool) {
		ok, _ := compare(u, password)
		return ok, ok // as if the parameters were old
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			b := w.browser()
			b.signIn(b.get("/login"), "alice", "alice")
			if b.session() == nil {
				t.Error("one of eight did not get in")
			}
		})
	}
	group.Wait()
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "wrong")
	if b.session() != nil {
		t.Error("a wrong password got in")
	}
	b.signIn(b.get("/login"), "alice", "alice")
	if b.session() == nil {
		t.Error("the password is lost after the renewal")
	}
}
