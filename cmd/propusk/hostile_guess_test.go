package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"

	"github.com/propusk/propusk/storage"
)

// guess is a browser that has the sign-in form and tries names and passwords on it.
type guess struct {
	p    *person
	form url.Values
}

func (w *world) guess() guess {
	w.t.Helper()
	p := w.person("")
	return guess{p, p.formAt("/login", "/login")}
}

// try posts the form with a name and a password.
func (g guess) try(name, password string) *reply {
	g.p.w.t.Helper()
	return g.p.post("/login", changed(g.form, "username", name, "password", password))
}

// loginUnknownOrWrong: nothing tells a name that exists from one that does not, nor a disabled person
// from an enabled one, nor a throttled one that exists from one that does not; each costs one hash or none.
func loginUnknownOrWrong(t *testing.T) {
	w := newWorld(t, inProduction)
	err := w.db.SetUserDisabled(t.Context(), storage.System, w.userID("carol"), true)
	if err != nil {
		t.Fatal(err)
	}
	g := w.guess()
	kinds := []struct{ name, password string }{
		{"nobdy", "wrong"}, {"alice", "wrong"}, {"carol", "carol"}, {"carol", "wrong"}, {"alice", ""},
		{"no@ex.example", "wrong"}, {"alice@example.com", "wrong"},
	}
	var want, throttled face
	for round := range 12 {
		for _, k := range kinds {
			var got *reply
			made := hashes(func() { got = g.try(k.name, k.password) })
			was := got.face()
			switch {
			case got.status == http.StatusTooManyRequests:
				if throttled.Status == 0 {
					throttled = was
				}
				if diff := cmp.Diff(throttled, was); diff != "" || made != 0 || got.header.Get("Retry-After") == "" {
					t.Errorf("%s throttled: %d hashes, answer (-first +this):\n%s", k.name, made, diff)
				}
			case want.Status == 0:
				want = was
				fallthrough
			default:
				if diff := cmp.Diff(want, was); diff != "" || made != 1 || got.status != http.StatusOK {
					t.Errorf("round %d, %s with %q: %d, %d hashes, answer (-unknown +this):\n%s", round, k.name, k.password, got.status, made, diff)
				}
			}
		}
	}
	if throttled.Status == 0 {
		t.Error("nobody was throttled")
	}
}

// loginGuessesAtOnce: fifty guesses at once count as fifty, however the name is spelled, and only the
// address they come from is shut out.
func loginGuessesAtOnce(t *testing.T) {
	w := newWorld(t)
	spellings := []string{"alice", "ALICE", " Alice ", "alice@example.com", "ALICE@Example.com", "ａｌｉｃｅ"}
	g := w.guess()
	var wrong, refused, other atomic.Int32
	count := func(got *reply) {
		switch {
		case got.status == http.StatusOK:
			wrong.Add(1)
		case got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != "":
			refused.Add(1)
		default: // 503 while all hashes are busy: the guess was not looked at
			other.Add(1)
		}
	}
	made := hashes(func() {
		together(50, func(i int) { count(g.try(spellings[i%len(spellings)], fmt.Sprint("wrong", i))) })
		for i := 0; i < 50 && refused.Load() == 0; i++ { // had the machine been too slow to look at ten
			count(g.try("alice", "wrong"))
		}
	})
	if wrong.Load() != 10 || made != 10 || refused.Load() < 1 {
		t.Errorf("%d guesses and %d hashes, %d refused, %d busy; want 10 guesses", wrong.Load(), made, refused.Load(), other.Load())
	}
	got := g.try("alice", "alice")
	if got.status != http.StatusTooManyRequests || got.setsCookie("session") {
		t.Errorf("the right password from the same address: got %d, want 429", got.status)
	}
	far := w.from("127.0.0.2").guess().try("alice", "alice")
	if far.status != http.StatusSeeOther || !far.setsCookie("session") {
		t.Errorf("the right password from another address: got %d, want a sign-in", far.status)
	}
	w.clock.Advance(5 * time.Minute)
	if got := g.try("alice", "alice"); got.status != http.StatusSeeOther {
		t.Errorf("after five minutes: got %d, want a sign-in", got.status)
	}
}

// loginLongPasswords: every byte of a password counts, and too many are refused before any work.
func loginLongPasswords(t *testing.T) {
	w := newWorld(t)
	add := func(login, password string) error {
		_, err := w.db.CreateUser(t.Context(), storage.System, storage.NewUser{Login: login, Password: password, Access: storage.Partial})
		return err
	}
	base := strings.Repeat("0123456789abcdef", 4) + "the 72th" // 72 bytes: where bcrypt stops
	for i, tail := range []string{"x", strings.Repeat("y", 128)} {
		login := fmt.Sprint("long", i)
		if err := add(login, base+tail); err != nil {
			t.Fatal(err)
		}
		g := w.guess()
		for _, other := range []string{base, base + tail + "z", base + "z" + tail[1:], base + tail[:len(tail)-1] + "z"} {
			if other == base+tail {
				continue
			}
			if got := g.try(login, other); got.status != http.StatusOK || got.setsCookie("session") {
				t.Errorf("%d bytes instead of %d: got %d, want the form again", len(other), len(base+tail), got.status)
			}
		}
		if got := g.try(login, base+tail); got.status != http.StatusSeeOther {
			t.Errorf("the right %d bytes: got %d, want a sign-in", len(base+tail), got.status)
		}
	}
	if add("nul", "before\x00after") == nil {
		t.Error("a password with NUL was accepted")
	}
	g := w.guess()
	for _, tt := range []struct {
		name, password string
		status         int
	}{
		{"NUL", "alice\x00", http.StatusBadRequest},
		{"no UTF-8", "alice\xff", http.StatusBadRequest},
		{"257 bytes", strings.Repeat("a", 257), http.StatusOK},
		{"60 KB", strings.Repeat("a", 60<<10), http.StatusOK},
		{"1 MB", strings.Repeat("a", 1<<20), http.StatusRequestEntityTooLarge},
	} {
		var got *reply
		made := hashes(func() { got = g.try("alice", tt.password) })
		if got.status != tt.status || made != 0 || got.setsCookie("session") {
			t.Errorf("%s: got %d with %d hashes, want %d with none", tt.name, got.status, made, tt.status)
		}
	}
}

// loginStorm: of many sign-ins at once a handful is worked on, some wait, the rest is told to come again;
// the token endpoint answers meanwhile.
func loginStorm(t *testing.T) {
	const people = 64
	w := newWorld(t)
	guesses := make([]guess, people)
	for i := range guesses {
		guesses[i] = w.from(fmt.Sprintf("127.0.1.%d", i+1)).guess()
	}
	var in, busy, pending atomic.Int32
	pending.Store(people)
	var storm sync.WaitGroup
	storm.Go(func() {
		together(people, func(i int) {
			defer pending.Add(-1)
			got := guesses[i].try([]string{"alice", "bob", "carol"}[i%3], []string{"alice", "bob", "carol"}[i%3])
			switch {
			case got.status == http.StatusSeeOther:
				in.Add(1)
			case got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "":
				busy.Add(1)
			default:
				t.Errorf("sign-in %d: got %d", i, got.status)
			}
		})
	})
	most, served := 0, 0
	for pending.Load() > 0 {
		most = max(most, hashing())
		if most > 0 && served < 5 {
			got := w.token(url.Values{"grant_type": {"client_credentials"}}, "Authorization", serviceApp.basic())
			if got.status == http.StatusOK && pending.Load() > 0 {
				served++
			} else if got.status != http.StatusOK {
				t.Errorf("token endpoint: %d %s", got.status, got.body)
			}
		}
	}
	storm.Wait()
	slots := min(max(2, runtime.GOMAXPROCS(0)/2), 8)
	if most < 1 || most > slots {
		t.Errorf("%d passwords were compared at once, want 1 to %d", most, slots)
	}
	if in.Load() < 1 || busy.Load() < 1 || in.Load()+busy.Load() != people {
		t.Errorf("%d signed in, %d were told to come again, of %d", in.Load(), busy.Load(), people)
	}
	if served < 5 {
		t.Errorf("%d token requests were answered while sign-ins waited, want 5", served)
	}
}

// hashing counts the goroutines that compare a password right now.
func hashing() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "argon2.deriveKey(") {
			n++
		}
	}
	return n
}

// loginOldHash: a hash under old parameters is renewed once, by whoever of many comes first.
func loginOldHash(t *testing.T) {
	w := newWorld(t)
	salt := []byte("sixteen bytes ok")
	old := fmt.Sprintf("$argon2id$v=%d$m=8192,t=1,p=1$%s$%s", argon2.Version, base64.RawStdEncoding.EncodeToString(salt),
		base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("alice"), salt, 1, 8192, 1, 32)))
	w.meddle(`UPDATE users SET password_hash = $1 WHERE login = 'alice'`, old)
	w.meddle(`CREATE TABLE renewals (hash TEXT);
		CREATE TRIGGER renewed AFTER UPDATE OF password_hash ON users BEGIN INSERT INTO renewals VALUES (new.password_hash); END;
		UPDATE users SET updated_at = updated_at + 1`)
	if got := w.guess().try("alice", "wrong"); got.status != http.StatusOK {
		t.Errorf("wrong password: got %d, want the form again", got.status)
	}
	if n := w.stored()["renewals"]; n != 0 {
		t.Errorf("a wrong password renewed the hash %d times", n)
	}
	guesses := make([]guess, 8)
	for i := range guesses {
		guesses[i] = w.guess()
	}
	together(len(guesses), func(i int) {
		if got := guesses[i].try("alice", "alice"); got.status != http.StatusSeeOther {
			t.Errorf("sign-in %d: got %d", i, got.status)
		}
	})
	var hash string
	err := w.connect().QueryRow(`SELECT password_hash FROM users WHERE login = 'alice'`).Scan(&hash)
	if err != nil {
		t.Fatal(err)
	}
	if n := w.stored()["renewals"]; n != 1 || hash == old || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash was renewed %d times, to %.40s", n, hash)
	}
	if got := w.guess().try("alice", "alice"); got.status != http.StatusSeeOther {
		t.Errorf("with the renewed hash: got %d", got.status)
	}
}
