package main

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// signOut lets bob sign in at the app and out again as it asks (RP-Initiated Logout §2), and returns the
// id_token of the login and the answer.
func (w *truthWorld) signOut(a party) (string, *reply) {
	w.t.Helper()
	bob := w.person("bob")
	hint := w.login(bob, a).id
	session := bob.cookie("session")
	out := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {strings.TrimSuffix(a.redirect, "cb") + "out"}, "state": {"after"}}
	got := bob.get(w.at("end_session_endpoint") + "?" + out.Encode())
	if !w.sessionGone(session) {
		w.t.Fatalf("the session stands: %d\n%s", got.status, clipLog(got.body))
	}
	return hint, got
}

func useEndSession(w *truthWorld, _ string) {
	a := w.newApp()
	_, got := w.signOut(a)
	if to := got.location(); to == nil || to.String() != strings.TrimSuffix(a.redirect, "cb")+"out?state=after" {
		w.t.Errorf("got %d to %v", got.status, to)
	}
}

// notice signs bob out of an app that is told at its own address, and returns his id_token and what came.
func (w *truthWorld) notice(change func(*storage.App)) (id, token map[string]any) {
	w.t.Helper()
	a := w.newApp(func(a *storage.App) { a.Registration.BackchannelLogoutURI = w.site.URL + "/logout" }, change)
	hint, _ := w.signOut(a)
	select {
	case text := <-w.site.logouts:
		return claimsOf(w.t, hint), w.opened(text, "RS256")
	case <-time.After(30 * time.Second): // nothing is measured: it only ends a test that has failed
		w.t.Fatal("no logout token came")
		return nil, nil
	}
}

// useBackChannel: OpenID Connect Back-Channel Logout §2.4.
func useBackChannel(w *truthWorld, _ string) {
	id, token := w.notice(func(*storage.App) {})
	events, _ := token["events"].(map[string]any)
	if _, ok := events["http://schemas.openid.net/event/backchannel-logout"]; !ok || token["sub"] != id["sub"] || token["aud"] != id["aud"] ||
		token["iss"] != w.issuer || token["nonce"] != nil {
		w.t.Errorf("logout token %v", token)
	}
}

func useBackChannelSession(w *truthWorld, _ string) {
	id, token := w.notice(func(a *storage.App) { a.Registration.BackchannelSession = true })
	if token["sid"] == nil || token["sid"] != id["sid"] {
		w.t.Errorf("sid %v of the session %v", token["sid"], id["sid"])
	}
}

// frame signs bob out of an app that is told in a frame, and returns his id_token and the frame's address.
func (w *truthWorld) frame(session bool) (map[string]any, *url.URL) {
	w.t.Helper()
	var uri string
	a := w.newApp(func(a *storage.App) {
		uri = strings.TrimSuffix(a.RedirectURIs[0], "cb") + "frame"
		a.Registration.FrontchannelLogoutURI, a.Registration.FrontchannelSession = uri, session
	})
	hint, page := w.signOut(a)
	src := between(page.body, `<iframe`, `>`)
	src = strings.ReplaceAll(between(src, `src="`, `"`), "&amp;", "&")
	u, err := url.Parse(src)
	if err != nil || page.status != http.StatusOK || !strings.HasPrefix(src, uri) {
		w.t.Fatalf("no frame of %s: %d\n%s", uri, page.status, clipLog(page.body))
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src "+u.Scheme+"://"+u.Host) {
		w.t.Errorf("the page may not show it: %s", policy)
	}
	return claimsOf(w.t, hint), u
}

func between(text, begin, end string) string {
	_, rest, _ := strings.Cut(text, begin)
	inner, _, _ := strings.Cut(rest, end)
	return inner
}

// useFrontChannel: OpenID Connect Front-Channel Logout §2 and §3.
func useFrontChannel(w *truthWorld, _ string) {
	if _, u := w.frame(false); u.RawQuery != "" {
		w.t.Errorf("frame %s", u)
	}
}

func useFrontChannelSession(w *truthWorld, _ string) {
	id, u := w.frame(true)
	if u.Query().Get("sid") != id["sid"] || u.Query().Get("iss") != w.issuer {
		w.t.Errorf("frame %s of the session %v", u, id["sid"])
	}
}
