package login

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// HC-059: no POST without our own token of this very browser, and none from another site.
func TestForgedPosts(t *testing.T) {
	forgeries := []struct {
		name  string
		forge func(b *browser, form, stranger url.Values)
	}{
		{"no token", func(_ *browser, form, _ url.Values) { form.Del("csrf") }},
		{"rubbish", func(_ *browser, form, _ url.Values) { form.Set("csrf", "AAAA") }},
		{"token of another browser", func(_ *browser, form, stranger url.Values) { form.Set("csrf", stranger.Get("csrf")) }},
		{"sealed for something else", func(b *browser, form, _ url.Values) {
			form.Set("csrf", b.w.db.Seal("logout", []byte(`{"t":1}`)))
		}},
		{"too old", func(b *browser, form, _ url.Values) {
			b.w.clock.Advance(-formAge)
			form.Set("csrf", b.w.login.token(formToken{Request: form.Get("request"), Holder: holderOf(b)}))
			b.w.clock.Advance(formAge)
		}},
		{"from another origin", func(b *browser, _, _ url.Values) { b.header.Set("Origin", "https://evil.example") }},
		{"cross-site", func(b *browser, _, _ url.Values) { b.header.Set("Sec-Fetch-Site", "cross-site") }},
		{"same-site", func(b *browser, _, _ url.Values) { b.header.Set("Sec-Fetch-Site", "same-site") }},
		{"origin null", func(b *browser, _, _ url.Values) { b.header.Set("Origin", "null") }},
	}
	targets := []struct {
		name   string
		target string
		fields []string
		form   func(b *browser) answer
	}{
		{"sign-in", "/login", []string{"username", "bob", "password", "bob"}, func(b *browser) answer { return b.get("/login") }},
		{"sign-in for an app", "/login", []string{"username", "bob", "password", "bob"}, func(b *browser) answer {
			return b.authorize(b.w.request("shop", nil))
		}},
		{"choice of account", "/login", []string{"account", "keep"}, func(b *browser) answer {
			b.signIn(b.get("/login"), "alice", "alice")
			return b.authorize(b.w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"select_account"} }))
		}},
		{"consent", "/consent", []string{"decision", "allow"}, func(b *browser) answer {
			return b.signIn(b.authorize(b.w.request("shop", nil)), "alice", "alice")
		}},
		{"denial", "/consent", []string{"decision", "deny"}, func(b *browser) answer {
			return b.signIn(b.authorize(b.w.request("shop", nil)), "alice", "alice")
		}},
		{"sign-out", "/logout", nil, func(b *browser) answer {
			b.signIn(b.get("/login"), "alice", "alice")
			return b.get("/logout")
		}},
	}
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			w := newWorld(t, production)
			stranger := target.form(w.browser()).hidden()
			for _, f := range forgeries {
				b := w.browser()
				form := target.form(b).with(target.fields...)
				before, compared := sidOf(b), w.compared()
				f.forge(b, form, stranger)
				a := b.send(http.MethodPost, target.target, form)
				if a.status != http.StatusForbidden || a.away != nil || a.header.Get("Location") != "" {
					t.Errorf("%s: answered %d to %q, want 403", f.name, a.status, a.header.Get("Location"))
				}
				if after := sidOf(b); after != before {
					t.Errorf("%s: session %q became %q", f.name, before, after)
				}
				if n := w.compared(); n != compared {
					t.Errorf("%s: %d passwords compared", f.name, n-compared)
				}
				for _, c := range b.set {
					if c.Name == w.login.names.session || strings.HasPrefix(c.Name, w.login.names.request) {
						t.Errorf("%s: sets %s", f.name, c.Raw)
					}
				}
			}
		})
	}
}

// sidOf is the id of the browser's live session, or "".
func sidOf(b *browser) string {
	s := b.session()
	if s == nil {
		return ""
	}
	return s.ID
}

// holderOf is what a genuine form of the browser would be bound to.
func holderOf(b *browser) string {
	if s := b.session(); s != nil {
		return sessionHolder(s)
	}
	if secret := b.cookies[b.w.login.names.form]; secret != "" {
		return formHolder(secret)
	}
	return ""
}

// A form of another kind, though of the same browser and request, does not do either.
func TestTokensDoNotServeOtherForms(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	signIn := b.authorize(w.request("shop", nil))
	consent := b.signIn(signIn, "alice", "alice")
	form := consent.with("decision", "allow")
	form.Set("csrf", signIn.hidden().Get("csrf"))
	wantPage(t, b.send(http.MethodPost, "/consent", form), http.StatusForbidden, "")
	form = consent.with("username", "bob", "password", "bob")
	wantPage(t, b.send(http.MethodPost, "/login", form), http.StatusForbidden, "")
}

// Pages without a referrer post "Origin: null", and browsers tell nothing more beyond https and localhost.
func TestFormsOnPlainHTTP(t *testing.T) {
	w := newWorld(t, development)
	b := w.browser()
	form := b.get("/login")
	b.header.Set("Origin", "null")
	a := b.send(http.MethodPost, "/login", form.with("username", "alice", "password", "alice"))
	if a.status != http.StatusSeeOther || b.session() == nil {
		t.Errorf("answered %d, want a sign-in", a.status)
	}
	b = w.browser()
	form = b.get("/login")
	b.header.Set("Origin", "null")
	b.header.Set("Sec-Fetch-Site", "cross-site")
	wantPage(t, b.send(http.MethodPost, "/login", form.with("username", "alice", "password", "alice")), http.StatusForbidden, "")
}

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

// HC-067: there is no address to return to that anybody could choose.
func TestReturnAddressesAreIgnored(t *testing.T) {
	w := newWorld(t, production)
	for _, to := range []string{"//evil", `/\evil`, "/\t/evil", "https:evil", "/%2f%2fevil", "javascript:x", "https://evil.example/"} {
		wishes := url.Values{}
		for _, name := range []string{"return_to", "next", "redirect_uri", "url", "continue"} {
			wishes.Set(name, to)
		}
		b := w.browser()
		form := b.get("/login?"+wishes.Encode()).with("username", "alice", "password", "alice")
		for name := range wishes {
			form.Set(name, to)
		}
		a := b.send(http.MethodPost, "/login?"+wishes.Encode(), form)
		if got := a.header.Get("Location"); a.status != http.StatusSeeOther || got != "/account" {
			t.Fatalf("%q leads to %d %q, want /", to, a.status, got)
		}
	}
}

// HC-025: no other method does anything.
func TestMethods(t *testing.T) {
	w := newWorld(t, production)
	for _, path := range []string{"/", "/login", "/consent", "/logout", "/device", "/welcome"} {
		b := w.browser()
		b.signIn(b.get("/login"), "alice", "alice")
		for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			a := b.send(method, path, nil)
			if a.status != http.StatusMethodNotAllowed || !strings.HasPrefix(a.header.Get("Allow"), "GET") || len(b.set) != 0 {
				t.Errorf("%s %s: %d, Allow %q, cookies %v", method, path, a.status, a.header.Get("Allow"), b.set)
			}
			if b.session() == nil {
				t.Errorf("%s %s ended the session", method, path)
			}
		}
	}
}

// A malformed session cookie is a person who is not signed in, never an error.
func TestHostileSessionCookies(t *testing.T) {
	w := newWorld(t, production)
	for name, value := range map[string]string{
		"random": "q7m2x0", "empty": "", "8 KB": strings.Repeat("a", 8<<10), "NUL": "a\x00b", "quotes": `"a"`,
		"SQL": "'--", "not UTF-8": "\xff\xfe", "sealed of another purpose": w.db.Seal("csrf", []byte("{}")),
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			b.header.Set("Cookie", w.login.names.session+"="+value)
			wantPage(t, b.get("/login"), http.StatusOK, "login-submit")
			wantAway(t, b.authorize(w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"none"} })), "error", "login_required")
		})
	}
}
