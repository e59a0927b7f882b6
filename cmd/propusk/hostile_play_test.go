package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// party is an app as the tests play it.
type party struct {
	id, secret string // no secret: public
	redirect   string
	scope      string
}

// The seeded apps, with a redirect URI that is registered letter by letter.
var (
	demoApp    = party{"demo", "demo-secret", "http://localhost:8080/callback", "openid profile email"}
	plainApp   = party{"plain", "plain-secret", "http://localhost:8080/callback", "openid profile email"}
	spaApp     = party{"spa", "", "http://localhost:5173/callback", "openid profile email"}
	serviceApp = party{"service", "service-secret", "", "extern.api"}
)

// verifier is the PKCE verifier of every request of these tests that names no other.
const verifier = "hostile-corpus-verifier-0123456789-abcdefghijklmnop"

// challengeOf is BASE64URL(SHA256(verifier)) (RFC 7636 §4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// changed returns values with name, value pairs changed; the value "" removes the parameter.
func changed(values url.Values, pairs ...string) url.Values {
	if len(pairs)%2 != 0 {
		panic("changed: a name without a value")
	}
	out := url.Values{}
	for name, list := range values {
		out[name] = list
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Del(pairs[i])
		if pairs[i+1] != "" {
			out.Set(pairs[i], pairs[i+1])
		}
	}
	return out
}

// asking is a good authorization request of the app, with changes.
func (a party) asking(pairs ...string) url.Values {
	return changed(url.Values{
		"response_type": {"code"}, "client_id": {a.id}, "redirect_uri": {a.redirect}, "scope": {a.scope},
		"state": {"state-of-the-app"}, "nonce": {"nonce-of-the-app"},
		"code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"},
	}, pairs...)
}

// authorizePath is the URL of an authorization request by GET, without the issuer.
func authorizePath(values url.Values) string { return "/connect/authorize?" + values.Encode() }

// redeeming is a good token request of the app for the code, with changes. Confidential apps send their
// secret in the body.
func (a party) redeeming(code string, pairs ...string) url.Values {
	return changed(a.signed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {a.redirect}, "code_verifier": {verifier},
	}), pairs...)
}

// refreshing is a good token request of the app for the refresh token, with changes.
func (a party) refreshing(token string, pairs ...string) url.Values {
	return changed(a.signed(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}), pairs...)
}

// signed adds the app's credentials to a form.
func (a party) signed(form url.Values) url.Values {
	form.Set("client_id", a.id)
	if a.secret != "" {
		form.Set("client_secret", a.secret)
	}
	return form
}

// basic is the Authorization header of the app (RFC 6749 §2.3.1).
func (a party) basic() string {
	pair := url.QueryEscape(a.id) + ":" + url.QueryEscape(a.secret)
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

// json reads the body as an object; nil if it is none.
func (r *reply) json() map[string]any {
	var object map[string]any
	err := json.Unmarshal([]byte(r.body), &object)
	if err != nil {
		return nil
	}
	return object
}

// text is a member of the JSON body that is a string, or "".
func (r *reply) text(name string) string {
	s, _ := r.json()[name].(string)
	return s
}

// location is where the answer redirects to, or nil.
func (r *reply) location() *url.URL {
	if r.header.Get("Location") == "" {
		return nil
	}
	u, err := url.Parse(r.header.Get("Location"))
	if err != nil {
		return nil
	}
	return u
}

// request makes a request for a path of the issuer; headers are name, value pairs.
func (w *world) request(method, path, body string, headers ...string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(method, w.issuer+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

// get asks for a path without cookies.
func (w *world) get(path string, headers ...string) *reply {
	w.t.Helper()
	return w.send(w.request(http.MethodGet, path, "", headers...))
}

// post sends a form without cookies.
func (w *world) post(path string, form url.Values, headers ...string) *reply {
	w.t.Helper()
	return w.send(w.request(http.MethodPost, path, form.Encode(), headers...))
}

// token asks the token endpoint.
func (w *world) token(form url.Values, headers ...string) *reply {
	w.t.Helper()
	return w.post("/connect/token", form, headers...)
}

// userinfo presents an access token in the header.
func (w *world) userinfo(token string) *reply {
	w.t.Helper()
	return w.get("/connect/userinfo", "Authorization", "Bearer "+token)
}

// introspect asks about a token as that app.
func (w *world) introspect(a party, token string) *reply {
	w.t.Helper()
	return w.post("/connect/introspect", url.Values{"token": {token}}, "Authorization", a.basic())
}

// active tells what the app is told of the token.
func (w *world) active(a party, token string) bool {
	w.t.Helper()
	got := w.introspect(a, token)
	if got.status != http.StatusOK {
		w.t.Fatalf("introspection: %d %s", got.status, got.body)
	}
	return got.json()["active"] == true
}

// tokens are what a login gave to an app.
type tokens struct{ access, refresh, id string }

// granted reads a good answer of the token endpoint.
func (w *world) granted(got *reply) tokens {
	w.t.Helper()
	all := tokens{got.text("access_token"), got.text("refresh_token"), got.text("id_token")}
	if got.status != http.StatusOK || all.access == "" {
		w.t.Fatalf("token endpoint: %d %s", got.status, got.body)
	}
	return all
}

// login lets the person sign in at the app and the app redeem its code.
func (w *world) login(p *person, a party, pairs ...string) tokens {
	w.t.Helper()
	return w.granted(w.token(a.redeeming(p.code(a, pairs...))))
}

// addApp registers a further app; its scopes default to all that demo has. Confidential apps take their
// secret in header and body.
func (w *world) addApp(app storage.App) party {
	w.t.Helper()
	if app.Name == "" {
		app.Name = app.ID
	}
	if app.Scopes == nil {
		known, err := w.db.App(context.Background(), demoApp.id)
		if err != nil {
			w.t.Fatal(err)
		}
		app.Scopes = known.Scopes
	}
	if app.AuthMethods == nil && (app.Type == storage.AppWeb || app.Type == "") {
		app.AuthMethods = []string{storage.AuthBasic, storage.AuthPost}
	}
	made, secret, err := w.db.CreateApp(context.Background(), storage.System, storage.NewApp{App: app})
	if err != nil {
		w.t.Fatal(err)
	}
	a := party{id: made.ID, secret: secret, scope: "openid profile email"}
	if len(made.RedirectURIs) > 0 {
		a.redirect = made.RedirectURIs[0]
	}
	return a
}

// changeApp updates an app.
func (w *world) changeApp(id string, change func(*storage.App)) {
	w.t.Helper()
	_, err := w.db.UpdateApp(context.Background(), storage.System, id, func(a *storage.App) error {
		change(a)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// userID is the sub of a seeded person.
func (w *world) userID(login string) string {
	w.t.Helper()
	u, err := w.db.UserByName(context.Background(), login)
	if err != nil {
		w.t.Fatal(err)
	}
	return u.ID
}

// wantError checks status and error code of a refusal of the protocol.
func wantError(t testing.TB, what string, got *reply, status int, code string) {
	t.Helper()
	if got.status != status || got.text("error") != code {
		t.Errorf("%s: got %d %s, want %d %s", what, got.status, strings.TrimSpace(got.body), status, code)
	}
}
