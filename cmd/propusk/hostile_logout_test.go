package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// hostileLogout holds the cases of signing out.
var hostileLogout = map[string]func(*testing.T){
	"HC-072": logoutForeignURI,
	"HC-073": logoutLeakedHint,
	"HC-117": noticeHostile,
	"HC-118": noticeBounded,
	"HC-119": logoutTricks,
	"HC-120": logoutFramesOnly,
}

const afterLogout = "http://localhost:8080/" // registered for demo

// endSessionPath is the URL of an RP-initiated logout by GET.
func endSessionPath(pairs ...string) string {
	return "/connect/endsession?" + changed(url.Values{"state": {"st"}}, pairs...).Encode()
}

// logoutForeignURI: nobody is sent anywhere that is not registered, nor without an id_token that says
// for whom.
func logoutForeignURI(t *testing.T) {
	w := newWorld(t)
	p := w.person("alice")
	hint := w.login(p, demoApp).id
	session := p.cookie("session")
	for _, evil := range []string{
		"https://evil.example/", "http://localhost:8080.evil.example/", "http://localhost:8080/#f", "http://user@localhost:8080/",
		"javascript:alert(1)", "//evil.example", "HTTP://localhost:8080/", demoApp.redirect + "\t",
	} {
		for _, pairs := range [][]string{
			{"id_token_hint", hint, "post_logout_redirect_uri", evil},
			{"client_id", demoApp.id, "post_logout_redirect_uri", evil},
		} {
			wantPage(t, pairs[0]+" with "+evil, p.get(endSessionPath(pairs...)), http.StatusBadRequest)
			got := p.post("/connect/endsession", changed(nil, pairs...))
			wantPage(t, pairs[0]+" with "+evil+" by POST", got, http.StatusBadRequest)
		}
	}
	if w.sessionGone(session) {
		t.Fatal("a refused request ended the session")
	}
	for name, path := range map[string]string{
		"neither hint nor client_id": endSessionPath("post_logout_redirect_uri", afterLogout),
		"client_id without a hint":   endSessionPath("client_id", demoApp.id, "post_logout_redirect_uri", afterLogout),
		"foreign, without anything":  endSessionPath("post_logout_redirect_uri", "https://evil.example/"),
	} {
		p := w.person("bob")
		p.signIn()
		got := p.get(path)
		wantPage(t, name, got, http.StatusOK)
		if w.sessionGone(p.cookie("session")) {
			t.Errorf("%s: ends the session without a word of the person", name)
		}
		got = p.post("/logout", p.sheet(got, "/logout").fields)
		wantPage(t, name+", confirmed", got, http.StatusOK)
		if p.cookie("session") != "" {
			t.Errorf("%s: confirmed, but still signed in", name)
		}
	}
	// With the hint and a registered URI it does go there, so that the refusals above mean something.
	got := p.get(endSessionPath("id_token_hint", hint, "post_logout_redirect_uri", afterLogout))
	if to := got.header.Get("Location"); to != afterLogout+"?state=st" || !w.sessionGone(session) {
		t.Errorf("a good request: got %d to %q", got.status, to)
	}
}

// logoutLeakedHint: an id_token that leaked ends nobody's session from another browser.
func logoutLeakedHint(t *testing.T) {
	w := newWorld(t, inProduction)
	alice, bob := w.person("alice"), w.person("bob")
	leaked := w.login(alice, demoApp)
	bob.signIn()
	session, other := alice.cookie("session"), bob.cookie("session")
	fields := []string{"id_token_hint", leaked.id, "post_logout_redirect_uri", afterLogout, "logout_hint", "alice"}
	nobody := w.person("")
	for _, got := range []*reply{
		nobody.get(endSessionPath(fields...)),
		nobody.send(w.request(http.MethodPost, "/connect/endsession", changed(nil, fields...).Encode(), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")),
		nobody.get("/logout"),
		nobody.post("/logout", url.Values{"id_token_hint": {leaked.id}}),
	} {
		for _, c := range got.cookies() {
			if strings.Contains(c.Name, "session") {
				t.Errorf("touches the session cookie: %s", c.Raw)
			}
		}
	}
	// In somebody else's browser it is a question to that person about their own session.
	got := bob.get(endSessionPath(fields...))
	wantPage(t, "in another person's browser", got, http.StatusOK)
	if w.sessionGone(other) {
		t.Error("bob was signed out by alice's id_token")
	}
	if w.sessionGone(session) {
		t.Error("alice was signed out without her browser")
	}
	if got := w.userinfo(leaked.access); got.status != http.StatusOK {
		t.Errorf("alice's token: got %d", got.status)
	}
	if list := w.audit("session.end"); len(list) != 0 {
		t.Errorf("sessions were ended: %v", list)
	}
	// A POST from another site has no cookie (SameSite=Lax); what it leads to is a GET that asks.
	cross := w.request(http.MethodPost, "/connect/endsession", changed(nil, "client_id", demoApp.id).Encode(),
		"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	got = w.send(cross)
	to := got.location()
	if got.status != http.StatusSeeOther || to == nil {
		t.Fatalf("cross-site POST: got %d", got.status)
	}
	wantPage(t, "where a cross-site POST leads", alice.get(to.RequestURI()), http.StatusOK)
	if w.sessionGone(session) {
		t.Error("a POST from another site signed alice out without a word of hers")
	}
}
