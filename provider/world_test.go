package provider

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// world is a provider on a seeded database whose pages are answered at once: alice is signed in, has
// consented to everything, and whatever an app asks for is approved.
type world struct {
	t       testing.TB
	p       *Provider
	db      *storage.DB
	clock   *storagetest.Clock
	handler http.Handler
	session *storage.Session
	asked   *storage.AuthRequest   // the last request that reached the pages
	logout  *storage.LogoutRequest // the same for logout
	logs    bytes.Buffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	clock := storagetest.NewClock()
	return newWorldOn(t, storagetest.SeededAt(t, clock), clock)
}

// newWorldOn is newWorld on a database of the test's choice and the clock it goes by.
func newWorldOn(t testing.TB, db *storage.DB, clock *storagetest.Clock) *world {
	t.Helper()
	return newWorldWith(t, db, clock)
}

// newWorldWith is newWorldOn with the configuration changed.
func newWorldWith(t testing.TB, db *storage.DB, clock *storagetest.Clock, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, db: db, clock: clock}
	log := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), &w.logs), nil))
	pages, err := page.New(page.Config{Issuer: storagetest.Issuer, Dev: true, Logger: log, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Issuer: storagetest.Issuer, Dev: true, Now: w.clock.Now, Logger: log}
	for _, one := range change {
		one(&c)
	}
	w.p, err = New(c, w.db, pages)
	if err != nil {
		t.Fatal(err)
	}
	alice := w.user("alice")
	w.session, _, err = w.db.StartSession(t.Context(), storage.NewSession{UserID: alice.ID, ACR: "1", AMR: []string{"pwd"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range []string{"demo", "plain", "spa", "cli", "yourClientId"} {
		w.consent(alice.ID, app)
	}
	w.handler = w.p.Handler(Front{
		Authorize: func(rw http.ResponseWriter, r *http.Request, req *storage.AuthRequest) {
			w.asked = req
			w.p.Approve(rw, r, req, w.session, req.Scopes)
		},
		Logout: func(rw http.ResponseWriter, _ *http.Request, req *storage.LogoutRequest) {
			w.logout = req
			rw.WriteHeader(http.StatusNoContent)
		},
	})
	return w
}

func (w *world) user(name string) *storage.User {
	w.t.Helper()
	u, err := w.db.UserByName(context.Background(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *world) app(id string) *storage.App {
	w.t.Helper()
	app, err := w.db.App(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return app
}

// consent grants the app everything it has.
func (w *world) consent(userID, appID string) {
	w.t.Helper()
	var decisions []storage.Consent
	for _, s := range w.app(appID).Scopes {
		decisions = append(decisions, storage.Consent{Scope: s.Name, Granted: true, Offline: s.Offline, DecidedAt: w.clock.Now()})
	}
	err := w.db.Decide(context.Background(), storage.Actor{Kind: storage.ActorUser, ID: userID}, appID, decisions)
	if err != nil {
		w.t.Fatal(err)
	}
}

// change alters an app.
func (w *world) change(appID string, change func(*storage.App)) {
	w.t.Helper()
	_, err := w.db.UpdateApp(context.Background(), storage.System, appID, func(a *storage.App) error {
		change(a)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

const (
	callback = "http://localhost:8080/callback"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request is a good authorization request of the app with some parameters changed; "-" leaves one out.
func request(appID string, changes ...string) url.Values {
	q := url.Values{
		"client_id": {appID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile email"},
		"state": {"s-1"}, "nonce": {"n-1"}, "code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == "-" {
			q.Del(changes[i])
			continue
		}
		q.Set(changes[i], changes[i+1])
	}
	return q
}

// do sends a request to the real handler.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

func (w *world) get(target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

func (w *world) post(target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

// authorize sends an authorization request and returns what came back to the app.
func (w *world) authorize(q url.Values) url.Values {
	w.t.Helper()
	rec := w.get(PathAuthorize + "?" + q.Encode())
	location := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(location, q.Get("redirect_uri")) {
		w.t.Fatalf("authorize: %d, Location %q\n%s", rec.Code, location, rec.Body)
	}
	u, err := url.Parse(location)
	if err != nil {
		w.t.Fatal(err)
	}
	return u.Query()
}

func (w *world) code(q url.Values) string {
	w.t.Helper()
	answer := w.authorize(q)
	if answer.Get("code") == "" {
		w.t.Fatalf("no code: %v", answer)
	}
	return answer.Get("code")
}

func basic(id, secret string) []string {
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
}

var demoBasic = basic("demo", "demo-secret")

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {storage.GrantCode}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {storage.GrantRefreshToken}, "refresh_token": {token}}
}

// tokens is a token response or an error response.
type tokens struct {
	status int
	tokenResponse
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (w *world) token(form url.Values, header ...string) tokens {
	w.t.Helper()
	rec := w.post(PathToken, form, header...)
	out := tokens{status: rec.Code}
	err := json.Unmarshal(rec.Body.Bytes(), &out)
	if err != nil {
		w.t.Fatalf("token: %d %s", rec.Code, rec.Body)
	}
	return out
}

// login runs the code flow of demo and returns its tokens.
func (w *world) login(changes ...string) tokens {
	w.t.Helper()
	got := w.token(codeForm(w.code(request("demo", changes...))), demoBasic...)
	if got.status != http.StatusOK {
		w.t.Fatalf("login: %+v", got)
	}
	return got
}

func (w *world) object(rec *httptest.ResponseRecorder) map[string]any {
	w.t.Helper()
	var out map[string]any
	err := json.Unmarshal(rec.Body.Bytes(), &out)
	if err != nil {
		w.t.Fatalf("%d, not an object: %s", rec.Code, rec.Body)
	}
	return out
}

func (w *world) active(token string) bool {
	w.t.Helper()
	active, _ := w.object(w.post(PathIntrospect, url.Values{"token": {token}}, demoBasic...))["active"].(bool)
	return active
}

func payload(t testing.TB, jwt string) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", jwt)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	err = json.Unmarshal(text, &claims)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func jsonBase64(v json.RawMessage) string { return base64.RawURLEncoding.EncodeToString(v) }
