package provider

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/propusk/propusk/storage"
	"github.com/propusk/propusk/storage/storagetest"
)

// TestStockProvider runs the library's own provider, router and all, on our adapter: code flow, refresh,
// userinfo, introspection, revocation.
func TestStockProvider(t *testing.T) {
	// The library goes by the real time, so the clock stands at it.
	clock := storagetest.NewClock()
	clock.Advance(time.Since(storagetest.Start))
	w := newWorldOn(t, storagetest.SeededAt(t, clock), clock)
	w.handler = w.p.Provider.Handler // never mounted outside this test
	a := &adapter{w.p}

	rec := w.get("/authorize?" + request("demo", "scope", "openid profile offline_access").Encode())
	login, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || login.Path != "/login" {
		t.Fatalf("authorize: %d %v", rec.Code, rec.Header())
	}
	id, err := a.complete(login.Query().Get("request"), w.session)
	if err != nil {
		t.Fatal(err)
	}
	rec = w.get("/authorize/callback?id=" + url.QueryEscape(id))
	answer, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || answer.Query().Get("code") == "" || answer.Query().Get("state") != "s-1" {
		t.Fatalf("callback: %d %v", rec.Code, rec.Header())
	}
	form := codeForm(answer.Query().Get("code"))
	first := stockToken(t, w, form)
	if claims := payload(t, first.IDToken); claims["sub"] != w.session.UserID || claims["nonce"] != "n-1" {
		t.Errorf("id_token: %v", claims)
	}
	if rec = w.post("/oauth/token", form, demoBasic...); rec.Code != http.StatusBadRequest {
		t.Errorf("the same code again: %d %s", rec.Code, rec.Body)
	}

	// The replay has ended the first grant: go on with another.
	id, err = a.complete(anotherRequest(t, w), w.session)
	if err != nil {
		t.Fatal(err)
	}
	rec = w.get("/authorize/callback?id=" + url.QueryEscape(id))
	answer, _ = url.Parse(rec.Header().Get("Location"))
	first = stockToken(t, w, codeForm(answer.Query().Get("code")))
	second := stockToken(t, w, refreshForm(first.RefreshToken))
	if second.RefreshToken == first.RefreshToken {
		t.Error("the refresh token did not rotate")
	}
	rec = w.get("/userinfo", "Authorization", "Bearer "+second.AccessToken)
	if got := w.object(rec); got["name"] != "Alice Novak" || got["sub"] != w.session.UserID {
		t.Errorf("userinfo: %v", got)
	}
	rec = w.post("/oauth/introspect", url.Values{"token": {second.AccessToken}}, demoBasic...)
	if got := w.object(rec); got["active"] != true || got["client_id"] != "demo" {
		t.Errorf("introspection: %v", got)
	}
	rec = w.post("/revoke", url.Values{"token": {second.RefreshToken}, "token_type_hint": {"refresh_token"}}, demoBasic...)
	if rec.Code != http.StatusOK {
		t.Errorf("revocation: %d %s", rec.Code, rec.Body)
	}
	rec = w.get("/userinfo", "Authorization", "Bearer "+second.AccessToken)
	if rec.Code != http.StatusForbidden { // the library's own status; ours is 401
		t.Errorf("userinfo after revocation: %d", rec.Code)
	}
	cc := stockToken(t, w, url.Values{"grant_type": {storage.GrantClientCredentials}, "scope": {"extern.api"}})
	if cc.AccessToken == "" {
		t.Errorf("client_credentials: %+v", cc)
	}
	rec = w.get("/keys")
	if strings.Contains(rec.Body.String(), `"d":`) {
		t.Error("JWKS holds a private key")
	}
}

func anotherRequest(t *testing.T, w *world) string {
	t.Helper()
	rec := w.get("/authorize?" + request("demo", "scope", "openid profile offline_access").Encode())
	login, err := url.Parse(rec.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return login.Query().Get("request")
}

func stockToken(t *testing.T, w *world, form url.Values) tokens {
	t.Helper()
	var rec *httptest.ResponseRecorder
	if form.Get("grant_type") == storage.GrantClientCredentials {
		form.Set("client_id", "demo")
		form.Set("client_secret", "demo-secret")
		rec = w.post("/oauth/token", form)
	} else {
		rec = w.post("/oauth/token", form, demoBasic...)
	}
	out := tokens{status: rec.Code}
	err := json.Unmarshal(rec.Body.Bytes(), &out)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatalf("token: %d %s", rec.Code, rec.Body)
	}
	return out
}

// TestAdapterTellsNothing holds the adapter's errors to constant text.
func TestAdapterTellsNothing(t *testing.T) {
	w := newWorld(t)
	a := &adapter{w.p}
	err := w.db.Close()
	if err != nil {
		t.Fatal(err)
	}
	_, got := a.GetClientByClientID(t.Context(), "not-cached")
	if got == nil || strings.Contains(errorText(t, got), "sql") {
		t.Errorf("got %v", got)
	}
	_, got = a.AuthRequestByID(t.Context(), base64.RawURLEncoding.EncodeToString([]byte("x")))
	if got == nil || !strings.Contains(errorText(t, got), "the request is unknown") {
		t.Errorf("got %v", got)
	}
}

// errorText is what the library would send of an error.
func errorText(t *testing.T, err error) string {
	t.Helper()
	text, marshalErr := json.Marshal(err)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	return string(text)
}

// complete is what a login page of the library's would do: it returns the id of the request once the person of
// the session has approved it.
func (a *adapter) complete(id string, s *storage.Session) (string, error) {
	r, err := a.request(id)
	if err != nil {
		return "", err
	}
	r.UserID, r.SessionID, r.AuthTime, r.ACR, r.AMR, r.DoneAt = s.UserID, s.ID, s.AuthTime, s.ACR, s.AMR, a.p.now()
	r, err = a.sealRequest(r)
	if err != nil {
		return "", err
	}
	return r.id, nil
}
