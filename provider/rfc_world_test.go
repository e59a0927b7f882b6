package provider

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// The world of the RFCs' examples: their issuer, their client and its credentials, so that the requests of
// the texts can be sent as they are printed, but for the paths and the tokens in them.

const (
	rfcIssuer   = "https://server.example.com"
	rfcClient   = "s6BhdRkqt3"
	rfcCallback = "https://client.example.com/cb"
)

// rfcKey is the key of RFC 9101 §4.
const rfcKey = `{"keys": [{"kty": "RSA", "kid": "k2bdc", "e": "AQAB",
 "n": "x5RbkAZkmpRxia65qRQ1wwSMSxQUnS7gcpVTV_cdHmfmG2ltd2yabEO9XadD8pJNZubINPpmgHh3J1aD9WRwS05ucmFq3CfFsluLt13_7oX5yDRSKX7poXmT_5ko8k4NJZPMAO8fPToDTH7kHYbONSE2FYa5GZ60CUsFhSonI-dcMDJ0Ary9lxIw5k2z4TAdARVWcS7sD07VhlMMshrwsPHBQgTatlkxyIHXbYdtak8fqvNAwr7OlVEvM_Ipf5OfmdB8Sd-wjzaBsyP4VhJKoi_qdgSzpC694XZeYPq45Sw-q51iFUlcOlTCI7z6jltUtnR6ySn6XDGFnzH5Fe5ypw"}]}`

// rfcWorld is a world whose provider is that of the examples. read, write and dolphin are scopes of the
// resource of RFC 7662 §2.2, reademail is one of that of RFC 9068 §3.
func rfcWorld(t *testing.T) *world {
	t.Helper()
	clock := storagetest.NewClock()
	w := newWorldWith(t, storagetest.SeededAt(t, clock), clock, func(c *Config) { c.Issuer, c.Implicit = rfcIssuer, true })
	app := storage.App{
		ID: rfcClient, Name: "My Example Client", Type: storage.AppWeb, WithoutPKCE: true,
		RedirectURIs: []string{rfcCallback, "https://client.example.org/cb", "https://client.example/cb"},
		GrantTypes:   []string{storage.GrantCode, storage.GrantRefreshToken, storage.GrantClientCredentials},
		AuthMethods:  []string{storage.AuthBasic, storage.AuthPost},
		Scopes:       []storage.AppScope{{Name: storage.ScopeOpenID}, {Name: "profile"}, {Name: "email"}, {Name: storage.ScopeOffline, Offline: true}},
	}
	app.Registration.JWKS, app.Registration.ResponseTypes = []byte(rfcKey), []string{"code", "code id_token"}
	for name, audience := range map[string]string{
		"read": "https://protected.example.net/resource", "write": "https://protected.example.net/resource",
		"dolphin": "https://protected.example.net/resource", "reademail": "https://rs.example.com/",
	} {
		text := map[string]string{"en": name, "ru": name}
		w.must(w.db.CreateScope(t.Context(), storage.System, storage.Scope{Name: name, Title: text, Text: text, Audience: audience}))
		app.Scopes = append(app.Scopes, storage.AppScope{Name: name})
	}
	_, _, err := w.db.CreateApp(t.Context(), storage.System, storage.NewApp{Secret: "gX1fBat3bV", App: app})
	w.must(err)
	w.consent(w.session.UserID, rfcClient)
	return w
}

// example sends a request as an RFC prints it: the request line and the headers may be wrapped with spaces in
// front, the body stands behind an empty line and may be wrapped too.
func (w *world) example(text string) *httptest.ResponseRecorder {
	w.t.Helper()
	head, body, _ := strings.Cut(strings.TrimSpace(text), "\n\n")
	var b strings.Builder
	for i, line := range strings.Split(head, "\n") {
		wrapped := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if i > 0 && !wrapped {
			b.WriteString("\r\n")
		}
		b.WriteString(strings.TrimSpace(line))
		if strings.HasSuffix(line, " ") {
			b.WriteString(" ")
		}
	}
	for _, cut := range []string{"\n", " ", "\t"} {
		body = strings.ReplaceAll(body, cut, "")
	}
	b.WriteString("\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(b.String())))
	if err != nil {
		w.t.Fatalf("%v in\n%s", err, text)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	return w.do(r)
}

// members holds an object against the names its text requires and those it allows besides.
func members(t *testing.T, what string, got map[string]any, required, optional []string) {
	t.Helper()
	for _, name := range required {
		if got[name] == nil || got[name] == "" {
			t.Errorf("%s: %s is missing in %v", what, name, got)
		}
	}
	for name := range got {
		if !slices.Contains(required, name) && !slices.Contains(optional, name) {
			t.Errorf("%s: %s is %v, which does not belong there", what, name, got[name])
		}
	}
}

// refusedAs holds the answer to a direct request against the error it must be, as JSON that nobody keeps.
func (w *world) refusedAs(what string, rec *httptest.ResponseRecorder, status int, code string) {
	w.t.Helper()
	h := rec.Header()
	got := w.object(rec)
	if rec.Code != status || got["error"] != code || !strings.HasPrefix(h.Get("Content-Type"), "application/json") || h.Get("Cache-Control") != "no-store" {
		w.t.Errorf("%s: got %d %s %v, want %d %s as JSON", what, rec.Code, rec.Body, h, status, code)
	}
	members(w.t.(*testing.T), what, got, []string{"error"}, []string{"error_description"})
}

// rfcLogin is the code flow of the examples' client, with these scopes.
func (w *world) rfcLogin(scope string) tokens {
	w.t.Helper()
	q := url.Values{"response_type": {"code"}, "client_id": {rfcClient}, "redirect_uri": {rfcCallback}, "scope": {scope}, "state": {"xyz"}}
	form := url.Values{"grant_type": {storage.GrantCode}, "code": {w.code(q)}, "redirect_uri": {rfcCallback}}
	got := w.token(form, basic(rfcClient, "gX1fBat3bV")...)
	if got.status != http.StatusOK {
		w.t.Fatalf("login: %+v", got)
	}
	return got
}

// same compares what a text prints with what came.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
