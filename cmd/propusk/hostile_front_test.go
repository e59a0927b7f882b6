package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/propusk/propusk/storage"
)

// logoutTricks: a post_logout_redirect_uri counts letter by letter and for its own app, and what is sealed on
// the way cannot be changed, kept, or used by others.
func logoutTricks(t *testing.T) {
	w := newWorld(t, inProduction)
	other := w.signs("signer", rsaOwner())
	w.changeApp(demoApp.id, func(app *storage.App) { app.PostLogoutURIs = []string{"https://app.example/out?a=1", afterLogout} })
	p := w.person("alice")
	hint := w.login(p, demoApp).id
	session := p.cookie("session")
	for _, evil := range []string{
		"https://signer.example/out", other.redirect, demoApp.redirect, "https://app.example/out", "https://app.example/out?a=1&b=2", "https://app.example/out?A=1", "https://app.example/out/?a=1", "https://app.example/./out?a=1",
		"https://app.example/%6Fut?a=1", "https://app.example/out?a=1#", "https://app.example:443/out?a=1", "https://APP.example/out?a=1", "https://app.example/out?a=1%0d%0aSet-Cookie:x=1", "https://app.example@evil.example/out?a=1",
		"https://app.example/out?a=1 ", "https://app.example\\@evil.example/", "data:text/html,x", "///evil.example", "/out", "https:app.example/out?a=1", "http://app.example/out?a=1", "*", "null",
	} {
		wantPage(t, evil, p.get(endSessionPath("id_token_hint", hint, "post_logout_redirect_uri", evil)), http.StatusBadRequest)
	}
	twice := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://app.example/out?a=1", "https://evil.example/"}}
	wantPage(t, "twice", p.get("/connect/endsession?"+twice.Encode()), http.StatusBadRequest)
	long := changed(nil, "id_token_hint", hint, "post_logout_redirect_uri", afterLogout, "state", strings.Repeat("s", 4097))
	wantPage(t, "a long state", p.get("/connect/endsession?"+long.Encode()), http.StatusBadRequest)
	// By POST the request is sealed into the address of a GET.
	sealed := p.post("/connect/endsession", changed(nil, "client_id", demoApp.id)).location()
	if sealed == nil || sealed.Path != "/logout" {
		t.Fatalf("a POST leads to %v", sealed)
	}
	for _, changedText := range mangled(sealed.Query().Get("logout"))[:40] {
		wantPage(t, "sealed, changed", p.get("/logout?logout="+url.QueryEscape(changedText)), http.StatusBadRequest)
	}
	mine := p.post("/connect/endsession", changed(nil, "id_token_hint", hint, "post_logout_redirect_uri", "https://app.example/out?a=1", "state", "a&b=#\r\n\"><")).location()
	if mine != nil { // line ends in state are refused before
		t.Errorf("a state with line ends leads to %s", mine)
	}
	state := `a&b=# "><script>`
	mine = p.post("/connect/endsession", changed(nil, "id_token_hint", hint, "post_logout_redirect_uri", "https://app.example/out?a=1", "state", state)).location()
	wantPage(t, "in another person's browser", w.signedIn("bob").get(mine.RequestURI()), http.StatusOK)
	if w.sessionGone(session) {
		t.Fatal("the session is gone")
	}
	got := p.get(mine.RequestURI())
	if to := got.header.Get("Location"); to != "https://app.example/out?a=1&state="+url.QueryEscape(state) || !w.sessionGone(session) {
		t.Errorf("the good request: got %d to %q", got.status, to)
	}
	w.clock.Advance(31 * time.Minute)
	wantPage(t, "sealed, half an hour later", p.get(mine.RequestURI()), http.StatusBadRequest)
}

// signedIn is a person with a session.
func (w *world) signedIn(login string) *person {
	p := w.person(login)
	p.signIn()
	return p
}

// frames are the addresses that a page loads in frames, and that nothing else of it loads or runs.
func framesOf(t *testing.T, got *reply) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	var frames []string
	for n := range root.Descendants() {
		src, _ := attr(n, "src")
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "iframe":
			frames = append(frames, src)
		case slices.Contains([]string{"script", "object", "embed", "base", "style", "meta"}, n.Data) && n.Data != "meta":
			t.Errorf("an element %s:\n%s", n.Data, clipLog(got.body))
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "srcdoc" || a.Key == "style" {
				t.Errorf("an attribute %s", a.Key)
			}
		}
	}
	return frames
}

// logoutFramesOnly: the signed-out page loads what is registered by the apps of this session, and nothing else.
func logoutFramesOnly(t *testing.T) {
	w := newWorld(t, inProduction)
	uris := map[string]string{
		"one": "https://one.example/out?x=1", "two": "https://two.example:8443/out?q=';script-src'*'", "off": "https://off.example/out", "stranger": "https://stranger.example/out",
		"script": "https://script.example/out", "markup": "https://markup.example/out",
	}
	for id, uri := range uris {
		w.addApp(storage.App{ID: id, RedirectURIs: []string{"https://" + strings.Split(uri, "/")[2] + "/cb"}, Registration: storage.Registration{FrontchannelLogoutURI: uri, FrontchannelSession: true}})
	}
	p := w.person("alice")
	var all tokens
	for id, uri := range uris {
		if id != "stranger" {
			all = w.login(p, party{id, w.newSecret(id), "https://" + strings.Split(uri, "/")[2] + "/cb", "openid"})
		}
	}
	w.changeApp("off", func(app *storage.App) { app.Enabled = false })
	for id, uri := range map[string]string{"script": "javascript:alert(1)", "markup": `https://x\" onload=\"alert(1); script-src *`} {
		w.meddle(`UPDATE apps SET registration = replace(registration, $1, $2) WHERE id = $3`, uris[id], uri, id)
	}
	sid, _ := claimsOf(t, all.id)["sid"].(string)
	hint := w.login(p, demoApp).id
	got := p.get(endSessionPath("id_token_hint", hint, "post_logout_redirect_uri", afterLogout, "state", `"><iframe src=//evil.example>`, "logout_hint", `"><iframe src=//evil.example>`, "sid", "x", "iss", "https://evil.example"))
	wantSent := "&iss=" + url.QueryEscape(w.issuer) + "&sid=" + sid
	var kept []string
	for _, src := range framesOf(t, got) {
		if !strings.HasPrefix(src, "#") { // what the template made of a script
			kept = append(kept, src)
		}
	}
	slices.Sort(kept)
	policy := got.header.Get("Content-Security-Policy")
	_, framed, _ := strings.Cut(policy, "; frame-src ")
	sources := strings.Fields(framed)
	slices.Sort(sources)
	if fmt.Sprint(sources) != "[https://one.example https://two.example:8443]" || strings.Count(policy, "script-src") != 0 || strings.Contains(policy, "*") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if !slices.Contains(kept, uris["one"]+wantSent) || !slices.Contains(kept, strings.ReplaceAll(uris["two"], "'", "%27")+wantSent) {
		t.Errorf("frames %q", kept)
	}
	for _, src := range kept {
		u, err := url.Parse(src)
		if err != nil || u.Scheme != "https" || u.Host == "off.example" || u.Host == "stranger.example" || u.Host == "evil.example" {
			t.Errorf("a frame of %q", src)
		}
	}
	if refresh := got.header.Get("Refresh"); refresh != "2; url="+afterLogout+"?state="+url.QueryEscape(`"><iframe src=//evil.example>`) {
		t.Errorf("Refresh %q", refresh)
	}
	framesRegistered(t, w)
}

// framesRegistered: what is framed is at an origin of the app.
func framesRegistered(t *testing.T, w *world) {
	t.Helper()
	for _, uri := range []string{
		"https://evil.example/out", "https://one.example:8443/out", "http://one.example/out", "https://one.example.evil.example/", "https://one.example@evil.example/", "javascript:alert(1)", "data:text/html,x", "https://one.example/#f",
		`https://one.example/"><script>`, "https://one.example/ x", "https://one.example/\n", "//one.example/", "https:one.example", "https://*.example/", "blob:https://one.example/x", "http://localhost/out", "http://127.0.0.1/out",
	} {
		_, err := w.db.UpdateApp(t.Context(), storage.System, "one", func(app *storage.App) error {
			app.Registration.FrontchannelLogoutURI = uri
			return nil
		})
		if err == nil {
			t.Errorf("%q can be registered", uri)
		}
	}
	_, err := w.db.UpdateApp(t.Context(), storage.System, "one", func(app *storage.App) error {
		app.RedirectURIs, app.Registration.FrontchannelLogoutURI = []string{"https://[::1]:8080/cb"}, "https://[::1:8080]/out"
		return nil
	})
	if err == nil {
		t.Error("a host of IPv6 and a port are taken for another host")
	}
}

// newSecret makes a key of an app and returns it.
func (w *world) newSecret(id string) string {
	w.t.Helper()
	_, secret, err := w.db.AddAppKey(w.t.Context(), storage.System, id, "test", time.Time{})
	if err != nil {
		w.t.Fatal(err)
	}
	return secret
}
