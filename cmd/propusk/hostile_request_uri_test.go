package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
)

// insideAddresses are https addresses of this machine and its networks in many spellings, with a port that
// the attacker watches where this machine can be reached at all.
func (c *trap) insideAddresses() []string {
	var list []string
	for _, host := range []string{
		"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "2130706433", "0x7f000001", "0177.0.0.1",
		"127.1", "127.0.1", "0", "0.0.0.0", "[::]", "127.255.255.254", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[::1%25lo]", "127.0.0.1.", "①②⑦.⓪.⓪.①",
	} {
		list = append(list, "https://"+host+":"+c.port+"/x")
	}
	return append(list, "https://169.254.169.254/latest/meta-data/", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://metadata.google.internal/", "https://10.0.0.1/", "https://172.16.0.1/",
		"https://192.168.0.1/", "https://100.64.0.1/", "https://192.0.0.1/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[ff02::1]/", "https://[2001:db8::1]/")
}

// foreignAddresses are no https addresses at all.
func (c *trap) foreignAddresses() []string {
	return []string{
		"http://10.0.0.1/", "http://signer.example/", "file:///etc/passwd", "ftp://127.0.0.1:" + c.port + "/", "gopher://127.0.0.1:" + c.port + "/", "data:,x", "javascript:alert(1)", "unix:/run/x",
		"https:///x", "https://", "//127.0.0.1:" + c.port + "/", "/x", "x", "https://user@127.0.0.1:" + c.port + "/", "https://signer.example@127.0.0.1:" + c.port + "/", "https://a:b@127.0.0.1:" + c.port + "/",
		"https://signer.example\\@127.0.0.1:" + c.port + "/", "https://signer.example/ x", "urn:ietf:params:oauth:request_uri:x",
	}
}

// referring is an authorization request by reference.
func (a party) referring(uri string, pairs ...string) url.Values {
	return changed(a.carrying("", "request", "", "request_uri", uri), pairs...)
}

// requestURIs: only what is registered is fetched, and of that nothing that is not the Internet at large.
func requestURIs(t *testing.T) {
	evil, s := newTrap(t), newSite(t)
	w := newWorld(t, inProduction, s.reached)
	owner := rsaOwner()
	a := w.signs("signer", owner)
	inside := append(evil.insideAddresses(), "http://127.0.0.1:"+evil.port+"/", "http://localhost:"+evil.port+"/", "http://[::1]:"+evil.port+"/")
	inside = slices.DeleteFunc(inside, func(uri string) bool { return strings.Contains(uri, "①") })
	w.changeApp(a.id, func(app *storage.App) { app.Registration.RequestURIs = append(inside, s.at("/object#one")) })
	s.answers(text(w.object(a, owner)))
	rows := map[string]url.Values{}
	for _, uri := range append(evil.foreignAddresses(), inside...) {
		rows[uri] = a.referring(uri)
	}
	for _, uri := range []string{
		s.at("/other"), s.at("/object/"), s.at("/object?x=1"), s.at("/OBJECT"), s.at("/object%20"), s.at("/./object"), s.at("/object") + "%23one", s.at("//object"),
		strings.Replace(s.at("/object"), "127.0.0.1", "localhost", 1), strings.Replace(s.at("/object"), "https", "HTTPS", 1), strings.Replace(s.at("/object"), "https", "http", 1), strings.Replace(s.at("/object"), "//", "//x@", 1),
	} {
		rows["not registered, "+uri] = a.referring(uri)
	}
	w.wantNoRequest(a, "invalid_request_uri", rows)
	if n := s.calls(); n != 0 {
		t.Errorf("%d calls to a site for addresses that are not registered there", n)
	}
	w.wantNoRequest(a, "invalid_request", map[string]url.Values{"both": a.referring(s.at("/object"), "request", w.object(a, owner))})
	refused := 0
	for _, uri := range evil.foreignAddresses() {
		_, err := w.db.UpdateApp(t.Context(), storage.System, a.id, func(app *storage.App) error {
			app.Registration.RequestURIs = []string{uri}
			return nil
		})
		if err != nil {
			refused++
		}
	}
	if refused != len(evil.foreignAddresses()) {
		t.Errorf("%d of %d foreign addresses cannot be registered", refused, len(evil.foreignAddresses()))
	}
	evil.wantNobody(t)
	// The fragment only tells versions apart: what is registered without one is the same address.
	p := w.person("alice")
	for _, uri := range []string{s.at("/object#one"), s.at("/object"), s.at("/object#" + strings.Repeat("2", 43))} {
		w.wantRequest(p, a, a.referring(uri, "state", "outer"))
	}
}

// requestHosts: what stands at a registered address is bounded and has to be the signed object itself; it
// learns nothing of the person.
func requestHosts(t *testing.T) {
	evil, s, quick := newTrap(t), newSite(t), newSite(t)
	w := newWorld(t, inProduction, s.reached, quick.reached)
	owner := rsaOwner()
	a := w.signs("signer", owner)
	w.changeApp(a.id, func(app *storage.App) { app.Registration.RequestURIs = []string{s.at("/object")} })
	good := w.object(a, owner)
	ask := map[string]url.Values{"": a.referring(s.at("/object"))}
	for what, tt := range map[string]struct {
		answer http.HandlerFunc
		code   string
	}{
		"a redirect to itself": {leadingTo(s.at("/object")), "invalid_request_uri"}, "a redirect to the attacker": {leadingTo(evil.at("/")), "invalid_request_uri"}, "endless": {endlessAnswer, "invalid_request_uri"},
		"a redirect to a file": {leadingTo("file:///etc/passwd"), "invalid_request_uri"}, "one byte too many": {text(good + strings.Repeat(" ", 48<<10)), "invalid_request_uri"}, "cut off": {cutOff, "invalid_request_uri"},
		"404 with the object": {withStatus(http.StatusNotFound, good), "invalid_request_uri"}, "206": {withStatus(http.StatusPartialContent, good), "invalid_request_uri"}, "500": {withStatus(http.StatusInternalServerError, "<script>"), "invalid_request_uri"},
		"a bomb": {bomb(good), "invalid_request_object"}, "nothing": {text(""), "invalid_request_object"}, "HTML": {text("<script>alert(1)</script>"), "invalid_request_object"}, "JSON": {text(string(toJSON(t, w.requestObject(a)))), "invalid_request_object"},
		"unsigned": {text("e30." + b64(string(toJSON(t, w.requestObject(a)))) + "."), "invalid_request_object"}, "a line end inside": {text(strings.Replace(good, ".", ".\n", 1)), "invalid_request_object"},
		"another address": {text(good + "\n" + good), "invalid_request_object"}, "request_uri inside": {text(w.object(a, owner, "request_uri", s.at("/object"))), "invalid_request_object"},
	} {
		s.answers(tt.answer)
		before := s.calls()
		w.wantNoRequest(a, tt.code, map[string]url.Values{what: ask[""]})
		if n := s.calls() - before; n != 4 {
			t.Errorf("%s: %d calls for four requests", what, n)
		}
	}
	evil.wantNobody(t)
	s.answers(text(good))
	p := w.person("alice")
	p.signIn()
	w.wantRequest(p, a, a.referring(s.at("/object"), "state", "of-the-person", "login_hint", "alice"))
	got := s.last()
	if diff := slices.DeleteFunc(headerNames(got), func(name string) bool { return name == "Accept" || name == "User-Agent" || name == "Connection" }); got.Method != http.MethodGet || got.URL.String() != "/object" || len(diff) != 0 || got.Header.Get("User-Agent") != "propusk" {
		t.Errorf("the site was sent %s %s with %v", got.Method, got.URL, got.Header)
	}
	requestSlow(t, w, s, quick, a)
}

// requestSlow: an address that never answers is given up, and whoever has it asked for many times stops no
// other app from getting its keys read.
func requestSlow(t *testing.T, w *world, s, quick *site, a party) {
	t.Helper()
	owner := rsaOwner()
	other := w.signs("quick", owner)
	w.changeApp(other.id, func(app *storage.App) { app.Registration.JWKS, app.Registration.JWKSURI = nil, quick.at("/keys") })
	quick.answers(text(string(rpSet(t, owner))))
	const many = 64
	held, over := make(chan struct{}, many), make(chan struct{}, many)
	s.answers(func(_ http.ResponseWriter, r *http.Request) {
		held <- struct{}{}
		<-r.Context().Done() // until propusk gives up
		over <- struct{}{}
	})
	waiting := make(chan []*reply)
	go func() {
		waiting <- atOnce(many, func() *reply { return w.get(authorizePath(a.referring(s.at("/object")))) })
	}()
	for range 8 {
		<-held
	}
	time.Sleep(200 * time.Millisecond) // time to take further places, if that were possible
	w.granted(w.token(asserting(w.assert(other, owner))))
	if len(over) > 0 {
		t.Errorf("the keys of another app were read only after %d slow calls were given up", len(over))
	}
	for _, got := range <-waiting {
		wantRefusedHere(t, "an address that never answers", got)
	}
}

func headerNames(r *http.Request) []string {
	var names []string
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
