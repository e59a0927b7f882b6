package login

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// link makes a one-time link of the seeded person.
func (w *world) link(login string, purpose storage.LinkPurpose) string {
	w.t.Helper()
	secret, _, err := w.db.CreateLink(w.t.Context(), storage.Command, w.user(login).ID, purpose)
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}

func (b *browser) welcome(form answer, password, again string) answer {
	return b.open(http.MethodPost, "/welcome", form.with("password", password, "again", again))
}

func TestWelcome(t *testing.T) {
	for _, purpose := range []storage.LinkPurpose{storage.LinkInvite, storage.LinkRecover} {
		t.Run(string(purpose), func(t *testing.T) {
			w := newWorld(t, production)
			old := w.browser()
			old.signIn(old.get("/login"), "bob", "bob")
			target := "/welcome?link=" + w.link("bob", purpose)
			b := w.browser()
			for range 3 { // looking at it does not use it up
				wantPage(t, b.get(target), http.StatusOK, "welcome-submit")
			}
			form := b.get(target)
			if !strings.Contains(form.body, `autocomplete="new-password"`) || form.header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("the page is not what it must be: %v\n%s", form.header, form.body)
			}
			for _, bad := range [][2]string{{"correct horse", "correct house"}, {"short", "short"}, {"password", "password"}, {"", ""}} {
				again := b.welcome(form, bad[0], bad[1])
				wantPage(t, again, http.StatusOK, "welcome-submit")
				if !again.shows("wrong") || strings.Contains(again.body, bad[0]+`"`) && bad[0] == "correct horse" {
					t.Errorf("%q: not told, or told too much", bad[0])
				}
				if link := form.hidden().Get("link"); strings.Contains(again.body, "?link") || strings.Count(again.body, link) != 1 {
					t.Error("the link stands elsewhere than in its hidden field")
				}
				form = again
			}
			a := b.welcome(form, "correct horse battery", "correct horse battery")
			if s := b.session(); a.path != "/account" || s == nil || s.UserID != w.user("bob").ID {
				t.Fatalf("ends at %s with session %v", a.path, s)
			}
			if purpose == storage.LinkRecover && old.session() != nil {
				t.Error("a session from before the recovery still stands")
			}
			wantPage(t, b.get(target), http.StatusGone, "")
			another := b.get("/logout").with("link", form.hidden().Get("link"), "password", "correct horse battery", "again", "correct horse battery")
			wantPage(t, b.send(http.MethodPost, "/welcome", another), http.StatusForbidden, "")
			fresh := w.browser()
			fresh.signIn(fresh.get("/login"), "bob", "correct horse battery")
			if fresh.session() == nil {
				t.Error("the new password does not let in")
			}
			if strings.Contains(w.logs.String(), "propusk_link_") {
				t.Error("the log holds the link")
			}
		})
	}
}

func TestWelcomeRefuses(t *testing.T) {
	w := newWorld(t, production)
	good := w.link("bob", storage.LinkInvite)
	expired := w.link("carol", storage.LinkInvite)
	for name, link := range map[string]string{"none": "", "rubbish": "propusk_link_x", "long": strings.Repeat("a", 6000), "changed": good[:len(good)-1] + "x"} {
		b := w.browser()
		wantPage(t, b.get("/welcome?link="+link), http.StatusGone, "")
		form := b.get("/welcome?link=" + good)
		forged := form.with("password", "correct horse battery", "again", "correct horse battery")
		forged.Set("link", link)
		a := b.send(http.MethodPost, "/welcome", forged)
		if a.status != http.StatusGone || b.session() != nil {
			t.Errorf("%s: POST answered %d, session %v", name, a.status, b.session())
		}
	}
	b := w.browser()
	form := b.get("/welcome?link=" + expired)
	wantPage(t, form, http.StatusOK, "welcome-submit")
	w.clock.Advance(storage.LinkInviteTTL)
	late := b.get("/login") // for a token that is not too old
	forged := late.with("link", expired, "password", "correct horse battery", "again", "correct horse battery")
	wantPage(t, b.send(http.MethodPost, "/welcome", forged), http.StatusGone, "")

	again := w.link("bob", storage.LinkInvite)
	b = w.browser()
	form = b.get("/welcome?link=" + again)
	fields := form.with("password", "correct horse battery", "again", "correct horse battery")
	fields.Del("csrf")
	wantPage(t, b.send(http.MethodPost, "/welcome", fields), http.StatusForbidden, "")
	b.header.Set("Origin", "https://evil.example")
	wantPage(t, b.welcome(form, "correct horse battery", "correct horse battery"), http.StatusForbidden, "")
	wantPage(t, w.browser().welcome(form, "correct horse battery", "correct horse battery"), http.StatusForbidden, "")
	_, _, err := w.db.LinkBySecret(t.Context(), again)
	if err != nil {
		t.Errorf("a forged form used the link up: %v", err)
	}
}

// Of twenty who use one link at once, one gets in.
func TestWelcomeOnce(t *testing.T) {
	w := newWorld(t, production)
	w.login.hashing = newAdmission(2, 32, time.Minute)
	target := "/welcome?link=" + w.link("bob", storage.LinkRecover)
	var group sync.WaitGroup
	browsers := make([]*browser, 20)
	for i := range browsers {
		browsers[i] = w.browser()
		form := browsers[i].get(target)
		group.Go(func() { browsers[i].welcome(form, "correct horse battery", "correct horse battery") })
	}
	group.Wait()
	in := 0
	for _, b := range browsers {
		if b.session() != nil {
			in++
		}
	}
	if in != 1 {
		t.Errorf("%d got in, want 1", in)
	}
}

// TestWelcomeWhileSignedIn: whoever was signed in in this browser is signed out by the person of the link.
func TestWelcomeWhileSignedIn(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	b.signIn(b.get("/login"), "alice", "alice")
	former := b.copy()
	form := b.get("/welcome?link=" + w.link("bob", storage.LinkInvite))
	b.welcome(form, "correct horse battery", "correct horse battery")
	if s := b.session(); s == nil || s.UserID != w.user("bob").ID || former.session() != nil {
		t.Errorf("session %v, former %v", s, former.session())
	}
}

// TestWelcomeBusy: setting passwords is admitted like signing in, and a link is not lost by it.
func TestWelcomeBusy(t *testing.T) {
	w := newWorld(t, production)
	link := w.link("bob", storage.LinkInvite)
	b := w.browser()
	form := b.get("/welcome?link=" + link)
	w.login.hashing = newAdmission(1, 0, time.Millisecond)
	leave, err := w.login.hashing.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := b.welcome(form, "correct horse battery", "correct horse battery")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	wantPage(t, a, http.StatusServiceUnavailable, "welcome-submit")
	// A link that is none costs nothing, so it is not turned away for want of a slot.
	forged := form.with("password", "correct horse battery", "again", "correct horse battery")
	forged.Set("link", "propusk_link_x")
	wantPage(t, b.send(http.MethodPost, "/welcome", forged), http.StatusGone, "")
	leave()
	_, _, err = w.db.LinkBySecret(t.Context(), link)
	if errors.Is(err, storage.ErrNotFound) {
		t.Fatal("the link is gone")
	}
	b.welcome(a, "correct horse battery", "correct horse battery")
	if b.session() == nil {
		t.Error("the second try failed")
	}
}
