package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// allow gives the app passes of the person, as the consent page does.
func (w *world) allow(name, app string, scopes ...string) {
	w.t.Helper()
	var list []storage.Consent
	for _, s := range scopes {
		c := storage.Consent{Scope: s, Granted: true, Offline: s != "email"}
		if s == storage.ScopeOffline {
			c.Until = w.clock.Now().Add(storage.OfflineConsent)
		}
		list = append(list, c)
	}
	err := w.db.Decide(context.Background(), storage.Actor{Kind: storage.ActorUser, ID: w.user(name).ID}, app, list)
	if err != nil {
		w.t.Fatal(err)
	}
}

// sessionsOf counts where a person is signed in.
func (w *world) sessionsOf(name string) int {
	w.t.Helper()
	list, err := w.db.Sessions(context.Background(), w.user(name).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

func TestAccount(t *testing.T) {
	w := newWorld(t)
	w.allow("alice", "demo", "openid", "profile", "extern.api", "phone", "email", "offline_access")
	b := w.as("alice")
	got := b.get("/account")
	want(t, got, http.StatusOK, "Alice Novak", "Алиса Новикова", "alice@example.com", "7 921 555-01-42", "12 Harbour St, Saint Petersburg 199034, Russia",
		"Your reports", "Mobile phone", "While you are away, until "+w.clock.Now().Add(storage.OfflineConsent).UTC().Format("2 January 2006"), "this session",
		"192.0.2.1", `href="/account/apps/demo/remove"`, "never used")
	away := got.body[strings.Index(got.body, "While you are away, until"):]
	away = away[:strings.Index(away, "</p>")]
	if strings.Contains(away, "Mobile phone") || strings.Contains(away, "E-mail") || !strings.Contains(away, "Your reports") {
		t.Errorf("while away the app may do %q, want what its offline column and the decision say", away)
	}
	for name, value := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY"} {
		if got.header.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
		}
	}
	b.lang = "ru"
	want(t, b.get("/account"), http.StatusOK, "Приложения с\u00a0доступом", "Отчёты")
}

func TestAccountSignedOut(t *testing.T) {
	w := newWorld(t)
	b := &browser{w: w}
	for _, path := range []string{"/account", "/account/profile", "/account/password", "/account/tokens", "/account/tokens/new", "/users", "/audit", "/audit/export"} {
		got := b.get(path)
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.to(), "/login") {
			t.Errorf("%s answered %d to %q, want the sign-in page", path, got.status, got.to())
		}
	}
	a := w.as("alice")
	a.get("/account")
	a.secret = ""
	want(t, a.post("/account/look", "lang", "ru"), http.StatusForbidden)
}

// TestAccountCSRF sends every form without its hidden field: nothing may happen.
func TestAccountCSRF(t *testing.T) {
	w := newWorld(t)
	w.allow("alice", "demo", "openid", "profile")
	b, bob := w.as("alice"), w.user("bob").ID
	other := w.as("alice")
	_, token, _ := w.token("bob", "", "me.read")
	paths := []string{"/account/look", "/account/profile", "/account/password", "/account/apps/demo/remove", "/account/sessions/end",
		"/account/sessions/" + other.session + "/end", "/account/tokens/new", "/account/tokens/x/revoke", "/users/new"}
	for _, p := range []string{"profile", "access", "password", "link", "disable", "enable", "sessions/end", "sessions/x/end", "apps/demo/remove", "tokens/" + token + "/revoke"} {
		paths = append(paths, "/users/"+bob+"/"+p)
	}
	for _, path := range paths {
		want(t, b.postForm(path, url.Values{"access": {"full"}, "lang": {"ru"}, "password": {"long enough 1"}}), http.StatusForbidden)
		want(t, b.postForm(path, url.Values{"csrf": {other.csrfOf("/account")}}), http.StatusForbidden)
	}
	if got := w.user("bob"); got.Access != storage.Partial || got.Disabled() {
		t.Errorf("a form without its hidden field changed bob: %+v", got)
	}
	if n := w.sessionsOf("alice"); n != 2 {
		t.Errorf("%d sessions are left, want 2", n)
	}
}

// csrfOf is the hidden field of a page as this browser sees it.
func (b *browser) csrfOf(path string) string {
	b.get(path)
	return b.csrf
}

func TestRemovePass(t *testing.T) {
	w := newWorld(t)
	w.allow("alice", "demo", "openid", "profile", "offline_access")
	w.allow("bob", "plain", "openid", "profile")
	b := w.as("alice")
	want(t, b.get("/account/apps/demo/remove"), http.StatusOK, "Remove the pass of Demo?", "Your name", "Background work of the app stops too")
	for _, path := range []string{"/account/apps/plain/remove", "/account/apps/none/remove"} {
		want(t, b.get(path), http.StatusNotFound)
		want(t, b.post(path), http.StatusNotFound)
	}
	want(t, b.follow(b.post("/account/apps/demo/remove")), http.StatusOK, "The pass is removed", "No app has access to your account")
	if n := w.audited("consent.withdraw", "demo", "ok"); n != 1 {
		t.Errorf("%d audit entries of the removal, want 1", n)
	}
	list, err := w.db.Passes(context.Background(), w.user("bob").ID)
	if err != nil || len(list) != 1 {
		t.Errorf("bob has %d passes (%v), want his own", len(list), err)
	}
}

func TestEndSessions(t *testing.T) {
	w := newWorld(t)
	b, phone, bob := w.as("alice"), w.as("alice"), w.as("bob")
	b.get("/account")
	want(t, b.post("/account/sessions/"+bob.session+"/end"), http.StatusNotFound)
	want(t, bob.get("/account"), http.StatusOK)
	want(t, b.follow(b.post("/account/sessions/"+phone.session+"/end")), http.StatusOK, "The session has ended.")
	if got := phone.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("the ended session still sees the account: %d", got.status)
	}
	w.as("alice")
	w.as("alice")
	want(t, b.follow(b.post("/account/sessions/end")), http.StatusOK, "The other sessions have ended.")
	if n := w.sessionsOf("alice"); n != 1 {
		t.Errorf("%d sessions are left, want this one", n)
	}
	if n := w.sessionsOf("bob"); n != 1 {
		t.Errorf("bob has %d sessions, want 1", n)
	}
}

func TestKeepLook(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	b.get("/account")
	got := b.post("/account/look", "lang", "ru", "theme", "dark")
	if to := got.to(); to != "/account?done=saved" {
		t.Errorf("went to %q", to)
	}
	cookies := strings.Join(got.header.Values("Set-Cookie"), "\n")
	for _, part := range []string{"propusk_lang_9998=ru;", "propusk_theme_9998=dark;"} {
		if !strings.Contains(cookies, part) {
			t.Errorf("no cookie %q in\n%s", part, cookies)
		}
	}
	got = b.post("/account/look", "lang", "xx", "theme", "device")
	cookies = strings.Join(got.header.Values("Set-Cookie"), "\n")
	if strings.Contains(cookies, "lang") || !strings.Contains(cookies, "propusk_theme_9998=;") {
		t.Errorf("the cookies are\n%s", cookies)
	}
}

func TestProfile(t *testing.T) {
	w := newWorld(t)
	b := w.as("bob")
	form := func(change ...string) url.Values {
		f := url.Values{"csrf": {b.csrfOf("/account/profile")}}
		for i := 0; i < len(change); i += 2 {
			f.Set(change[i], change[i+1])
		}
		return f
	}
	want(t, b.get("/account/profile"), http.StatusOK, `value="Bob Orlov"`, `value="Боб Орлов"`, "Your administrator changes these.")
	wantNot(t, b.get("/account/profile"), `name="login"`, `name="email"`, `name="claims"`, `name="phone_number_verified"`, `name="preferred_username"`)

	got := b.postForm("/account/profile", form("name", " Robert Orlov ", "name#ru", "", "phone_number", "+7 921 000", "birthdate", "1990",
		"address.street_address", "1 Quay\r\nflat 2", "address.locality", "Tomsk", "address.formatted", "",
		"login", "root", "access", "full", "email", "x@example.com", "email_verified", "true", "phone_number_verified", "true", "claims", "role: admin"))
	if got.to() != "/account?done=saved" {
		t.Fatalf("answered %d:\n%s", got.status, got.body)
	}
	u := w.user("bob")
	type person struct {
		Login, Name, Email string
		Access             storage.Access
		Claims             map[string]any
	}
	wantBob := person{"bob", "Robert Orlov", "bob@example.com", storage.Partial, map[string]any{
		"given_name": "Bob", "family_name": "Orlov", "locale": "en", "phone_number": "+7 921 000", "birthdate": "1990",
		"address": map[string]any{"street_address": "1 Quay\nflat 2", "locality": "Tomsk", "formatted": "1 Quay\nflat 2\nTomsk"},
	}}
	if diff := cmp.Diff(wantBob, person{u.Login, u.Name, u.Email, u.Access, u.Claims}); diff != "" {
		t.Errorf("bob (-want +got):\n%s", diff)
	}

	bad := b.postForm("/account/profile", form("name", "Kept Name", "website", "javascript:alert(1)"))
	want(t, bad, http.StatusUnprocessableEntity, "This is not a web address", `value="Kept Name"`)
	if got := w.user("bob").Name; got != "Robert Orlov" {
		t.Errorf("a refused form renamed bob to %q", got)
	}
}

// TestProfilePhone: a new number is not verified any more, whoever changes it; the same one stays so.
func TestProfilePhone(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	for _, tt := range []struct {
		name, phone string
		want        any
	}{{"the same", "+7 921 555-01-42", true}, {"another", "+7 000", nil}} {
		b.get("/account/profile")
		b.post("/account/profile", "name", "Alice Novak", "phone_number", tt.phone)
		if got := w.user("alice").Claims["phone_number_verified"]; got != tt.want {
			t.Errorf("%s: verified is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	b, phone := w.as("alice"), w.as("alice")
	tests := []struct{ name, current, fresh, again, says string }{
		{"differ", "alice", "a good long one", "another", "The two new passwords differ"},
		{"wrong", "nope", "a good long one", "a good long one", "The present password is wrong"},
		{"short", "alice", "short", "short", "shorter than 8 characters"},
		{"common", "alice", "password1", "password1", "tried first"},
	}
	for _, tt := range tests {
		b.get("/account/password")
		got := b.post("/account/password", "current", tt.current, "password", tt.fresh, "again", tt.again)
		want(t, got, http.StatusUnprocessableEntity, tt.says)
		wantNot(t, got, `"`+tt.fresh+`"`, `"`+tt.current+`" autocomplete="current`, `"nope"`)
	}
	got := b.follow(b.post("/account/password", "current", "alice", "password", "a good long one", "again", "a good long one"))
	want(t, got, http.StatusOK, "The password is changed")
	if got := phone.get("/account"); got.status != http.StatusSeeOther {
		t.Errorf("another session outlives the change of password: %d", got.status)
	}
	ok, _ := w.db.CheckPassword(w.user("alice"), "a good long one")
	if !ok {
		t.Error("the new password does not fit")
	}
}

// TestPasswordGuesses: a browser left alone does not help to guess the password.
func TestPasswordGuesses(t *testing.T) {
	w := newWorld(t)
	b := w.as("alice")
	b.get("/account/password")
	var got answer
	for range 11 {
		got = b.post("/account/password", "current", "guess", "password", "a good long one", "again", "a good long one")
	}
	want(t, got, http.StatusTooManyRequests, "Too many attempts")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	got = b.post("/account/password", "current", "alice", "password", "a good long one", "again", "a good long one")
	want(t, got, http.StatusTooManyRequests)
}

func TestDevice(t *testing.T) {
	tests := []struct {
		agent, browser, system string
		phone                  bool
	}{
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux", false},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge", "Windows", false},
		{"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 YaBrowser/25.8 Safari/537.36", "Яндекс Браузер", "Windows", false},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", "Safari", "iPhone", true},
		{"Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36", "Chrome", "Android", true},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari", "macOS", false},
		{"curl/8.14.1", "curl", "", false},
		{"test", "", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		browser, system, phone := device(tt.agent)
		if browser != tt.browser || system != tt.system || phone != tt.phone {
			t.Errorf("device(%q) = %q, %q, %t; want %q, %q, %t", tt.agent, browser, system, phone, tt.browser, tt.system, tt.phone)
		}
	}
}
