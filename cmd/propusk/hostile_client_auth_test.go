package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// hostileClientAuth holds the cases of client authentication.
var hostileClientAuth = map[string]func(*testing.T){
	"HC-040": hostileUnknownClient,
	"HC-041": hostileTwoMethods,
	"HC-042": hostileCarriers,
	"HC-043": hostileEmptySecret,
	"HC-045": hostileAssertions,
	"HC-046": hostileClientIDs,
}

// basicHeader is the Authorization header for any id and secret, encoded as RFC 6749 §2.3.1 wants.
func basicHeader(id, secret string) string { return party{id: id, secret: secret}.basic() }

// authenticatedForms are a good request to every place where clients authenticate, by name.
func (w *world) authenticatedForms(p *person) map[string]struct {
	path string
	form url.Values
} {
	w.t.Helper()
	got := w.login(p, demoApp)
	device := w.device(demoApp, demoApp.scope)
	p.approve(device)
	type place = struct {
		path string
		form url.Values
	}
	return map[string]place{
		"code":               {"/connect/token", demoApp.redeeming(p.code(demoApp))},
		"refresh":            {"/connect/token", demoApp.refreshing(got.refresh)},
		"device":             {"/connect/token", device.polling()},
		"device codes":       {"/connect/deviceauthorization", url.Values{"scope": {"openid"}}},
		"client_credentials": {"/connect/token", url.Values{"grant_type": {"client_credentials"}}},
		"introspection":      {"/connect/introspect", url.Values{"token": {got.access}}},
		"revocation":         {"/connect/revocation", url.Values{"token": {"garbage"}}},
	}
}

// hostileUnknownClient: nobody learns whether a client exists.
func hostileUnknownClient(t *testing.T) {
	for _, mode := range [][]worldOption{nil, {inProduction}} {
		w := newWorld(t, mode...)
		for name, at := range w.authenticatedForms(w.person("alice")) {
			body := func(id, secret string) *reply {
				return w.post(at.path, changed(at.form, "client_id", id, "client_secret", secret))
			}
			header := func(id, secret string) *reply {
				return w.post(at.path, changed(at.form, "client_id", "", "client_secret", ""), "Authorization", basicHeader(id, secret))
			}
			disabled := w.addApp(storage.App{ID: "off-" + strings.NewReplacer("_", "-", " ", "-").Replace(name), RedirectURIs: []string{"https://off.example/cb"}})
			w.changeApp(disabled.id, func(a *storage.App) { a.Enabled = false })
			unknown := body("nobody", "demo-secret")
			wantError(t, name, unknown, http.StatusUnauthorized, "invalid_client")
			if challenge := unknown.header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Basic ") {
				t.Errorf("%s: WWW-Authenticate %q, want Basic", name, challenge)
			}
			for what, got := range map[string]*reply{
				"wrong secret": body("demo", "wrong"), "wrong secret in the header": header("demo", "wrong"),
				"unknown client in the header": header("nobody", "demo-secret"), "disabled client": header(disabled.id, disabled.secret),
			} {
				if diff := cmp.Diff(unknown.told(), got.told()); diff != "" {
					t.Errorf("%s: %s differs from an unknown client (-unknown +this):\n%s", name, what, diff)
				}
			}
			if got := header("demo", "demo-secret"); got.status != http.StatusOK {
				t.Errorf("%s: the right secret: got %d %s", name, got.status, got.body)
			}
		}
	}
}

// told is everything a client can compare two answers by.
func (r *reply) told() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if name != "Date" && name != "X-Request-Id" {
			lines = append(lines, name+": "+strings.Join(r.header[name], ", "))
		}
	}
	return fmt.Sprintf("%d\n%s\n\n%s", r.status, strings.Join(lines, "\n"), r.body)
}

func hostileTwoMethods(t *testing.T) {
	w := newWorld(t)
	assertion := changed(url.Values{}, "client_assertion", "e30.e30.", "client_assertion_type", assertionType)
	for name, at := range w.authenticatedForms(w.person("alice")) {
		bare := changed(at.form, "client_id", "", "client_secret", "")
		asserted := url.Values{}
		maps.Copy(asserted, bare)
		maps.Copy(asserted, assertion)
		twice := w.request(http.MethodPost, at.path, bare.Encode())
		twice.Header["Authorization"] = []string{demoApp.basic(), demoApp.basic()}
		for what, got := range map[string]*reply{
			"header and body":                 w.post(at.path, changed(bare, "client_id", "demo", "client_secret", "demo-secret"), "Authorization", demoApp.basic()),
			"header and a secret alone":       w.post(at.path, changed(bare, "client_secret", "demo-secret"), "Authorization", demoApp.basic()),
			"header and another client_id":    w.post(at.path, changed(bare, "client_id", "plain"), "Authorization", demoApp.basic()),
			"assertion and secret":            w.post(at.path, changed(asserted, "client_id", "demo", "client_secret", "demo-secret")),
			"assertion and header":            w.post(at.path, asserted, "Authorization", demoApp.basic()),
			"two headers":                     w.send(twice),
			"the secret twice":                w.send(w.request(http.MethodPost, at.path, changed(bare, "client_id", "demo", "client_secret", "demo-secret").Encode()+"&client_secret=x")),
			"client_id of two different apps": w.send(w.request(http.MethodPost, at.path, changed(bare, "client_id", "demo", "client_secret", "demo-secret").Encode()+"&client_id=plain")),
		} {
			wantError(t, name+" with "+what, got, http.StatusBadRequest, "invalid_request")
		}
	}
}

// hostileCarriers: parameters come in a urlencoded body and nowhere else, so that no proxy's log knows
// a secret, and ours neither.
func hostileCarriers(t *testing.T) {
	w := newWorld(t)
	places := w.authenticatedForms(w.person("alice"))
	code := places["code"].form.Get("code")
	for name, at := range places {
		full := changed(at.form, "client_id", "demo", "client_secret", "demo-secret")
		get := w.get(at.path + "?" + full.Encode())
		if get.status != http.StatusMethodNotAllowed || get.header.Get("Allow") != http.MethodPost {
			t.Errorf("%s by GET: got %d, Allow %q; want 405, POST", name, get.status, get.header.Get("Allow"))
		}
		rest := changed(full, "client_secret", "")
		encoded, _ := json.Marshal(map[string]string{"client_id": "demo", "client_secret": "demo-secret", "token": "x", "grant_type": "client_credentials"})
		multipart := "--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\ndemo-secret\r\n--b--\r\n"
		for what, got := range map[string]*reply{
			"the secret in the query":         w.post(at.path+"?client_secret=demo-secret", rest),
			"the secret in query and body":    w.post(at.path+"?client_secret=demo-secret", full),
			"its name escaped":                w.post(at.path+"?client%5Fsecret=demo-secret", rest),
			"its name in other letters":       w.post(at.path+"?Client_Secret=demo-secret", rest),
			"everything in the query":         w.post(at.path+"?"+full.Encode(), nil),
			"JSON":                            w.send(w.bodyOf(at.path, "application/json", string(encoded))),
			"multipart":                       w.send(w.bodyOf(at.path, "multipart/form-data; boundary=b", multipart)),
			"no content type":                 w.send(w.bodyOf(at.path, "", full.Encode())),
			"text that is no urlencoded form": w.send(w.bodyOf(at.path, "application/x-www-form-urlencoded", "client_secret=%zz")),
		} {
			wantError(t, name+" with "+what, got, http.StatusBadRequest, "invalid_request")
		}
	}
	inQuery := w.post("/connect/token?code="+code, changed(places["code"].form, "code", ""))
	wantError(t, "the code in the query", inQuery, http.StatusBadRequest, "invalid_request")
	for _, secret := range []string{"demo-secret", code} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log knows %q", secret)
		}
	}
	if !strings.Contains(w.log.String(), "path=/connect/token") {
		t.Error("the log has no line for the token endpoint: it would not know a secret in any case")
	}
	w.granted(w.token(places["code"].form))
}

// bodyOf is a POST with a body of any kind.
func (w *world) bodyOf(path, kind, body string) *http.Request {
	w.t.Helper()
	r := w.request(http.MethodPost, path, body)
	r.Header.Del("Content-Type")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

func hostileEmptySecret(t *testing.T) {
	w := newWorld(t)
	token := w.login(w.person("alice"), spaApp).access
	for path, form := range map[string]url.Values{
		"/connect/introspect": {"token": {token}},
		"/connect/token":      {"grant_type": {"client_credentials"}, "scope": {"extern.api"}},
	} {
		for _, app := range []party{spaApp, {id: "cli"}, {id: "demo"}} {
			for what, got := range map[string]*reply{
				"an empty secret in the header": w.post(path, form, "Authorization", basicHeader(app.id, "")),
				"no secret in the body":         w.post(path, changed(form, "client_id", app.id)),
				"an empty secret in the body":   w.send(w.request(http.MethodPost, path, changed(form, "client_id", app.id).Encode()+"&client_secret=")),
				"a header without a colon":      w.post(path, form, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(app.id))),
			} {
				wantError(t, path+" as "+app.id+" with "+what, got, http.StatusUnauthorized, "invalid_client")
			}
		}
	}
}

// hostileClientIDs: what is no client_id is refused before or as an unknown one, and cannot write into
// the log.
func hostileClientIDs(t *testing.T) {
	w := newWorld(t, inProduction)
	for name, id := range map[string]string{
		"NUL": "de\x00mo", "ten kilobytes": strings.Repeat("demo", 2560), "SQL": "' OR 1=1--",
		"CRLF":                   "demo\r\ntime=2026-11-21 level=ERROR msg=forged",
		"right-to-left override": "\u202eomed", "not UTF-8": "demo\xff", "percent": "demo%00", "escape": "\x1b[2Jdemo",
	} {
		form := demoApp.redeeming("x", "client_id", id)
		for what, send := range map[string]func() *reply{
			"authorize": func() *reply { return w.get(authorizePath(demoApp.asking("client_id", id))) },
			"body":      func() *reply { return w.token(form) },
			"header": func() *reply {
				return w.token(changed(form, "client_id", "", "client_secret", ""), "Authorization", basicHeader(id, "demo-secret"))
			},
			"revocation": func() *reply {
				return w.post("/connect/revocation", url.Values{"client_id": {id}, "client_secret": {"x"}, "token": {"x"}})
			},
			"logout": func() *reply { return w.get("/connect/endsession?client_id=" + url.QueryEscape(id)) },
		} {
			before := w.log.String()
			got := send()
			if got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized || got.location() != nil {
				t.Errorf("%s at %s: got %d, want 400 or 401", name, what, got.status)
			}
			wantCleanLog(t, name+" at "+what, w.logSince(before))
		}
	}
}

// logSince is what was logged after before, once the request's own line is there: it is written when the
// answer has been sent.
func (w *world) logSince(before string) string {
	for range 500 {
		added := strings.TrimPrefix(w.log.String(), before)
		if strings.Contains(added, "msg=request ") && strings.HasSuffix(added, "\n") {
			return added
		}
		time.Sleep(10 * time.Millisecond)
	}
	return strings.TrimPrefix(w.log.String(), before)
}

// wantCleanLog: every line begins as lines of ours do and holds nothing that does something to a
// terminal; one line tells of the request, one more at most of the reason, and neither is long.
func wantCleanLog(t *testing.T, what, added string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(added, "\n"), "\n")
	requests := 0
	for _, line := range lines {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(line, "\r\x00\x1b\u202e") || len(line) > 4096 {
			t.Errorf("%s: log line of %d bytes %.300q", what, len(line), line)
		}
		if strings.Contains(line, "msg=request ") {
			requests++
		}
	}
	if requests != 1 || len(lines) > 2 {
		t.Errorf("%s: %d lines in the log, %d of them for the request; want one, and one for the reason:\n%s", what, len(lines), requests, added)
	}
}
