package provider

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/propusk/propusk/storage"
)

func TestDeviceFlow(t *testing.T) {
	w := newWorld(t)
	d := w.demoDevice("openid email phone offline_access unknown.scope")
	want := deviceResponse{
		DeviceCode: d.DeviceCode, UserCode: d.UserCode, Verify: w.p.issuer + "/device",
		Complete: w.p.issuer + "/device?user_code=" + d.UserCode, ExpiresIn: 600, Interval: 5,
	}
	if diff := cmp.Diff(want, d.deviceResponse); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if got := w.poll(d); got.status != 400 || got.Error != "authorization_pending" {
		t.Errorf("before the decision: %+v", got)
	}
	w.decide(d, "openid", "email", "offline_access")
	got := w.poll(d)
	if got.status != 200 || got.Scope != "openid email offline_access" || got.TokenType != "Bearer" || got.RefreshToken == "" {
		t.Fatalf("tokens: %+v", got)
	}
	claims := payload(t, got.IDToken)
	delete(claims, "at_hash")
	now := float64(w.clock.Now().Unix())
	wantClaims := map[string]any{
		"iss": w.p.issuer, "sub": w.session.UserID, "aud": "demo", "iat": now, "exp": now + 3600,
		"auth_time": float64(w.session.AuthTime.Unix()), "nonce": "n-d", "acr": "1", "amr": []any{"pwd"}, "sid": w.session.ID,
	}
	if diff := cmp.Diff(wantClaims, claims); diff != "" {
		t.Errorf("id_token (-want +got):\n%s", diff)
	}
	info := w.object(w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken))
	if info["email"] != "alice@example.com" || info["phone_number"] != nil {
		t.Errorf("userinfo: %v", info)
	}
	if again := w.token(refreshForm(got.RefreshToken), demoBasic...); again.status != 200 || payload(t, again.IDToken)["nonce"] != nil {
		t.Errorf("refresh: %+v", again)
	}
}

func TestDeviceOfApps(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		form   url.Values
		header []string
		want   string
		status int
	}{
		"public":                     {form: url.Values{"client_id": {"cli"}, "scope": {"openid"}}, status: 200},
		"secret in the body":         {form: url.Values{"client_id": {"yourClientId"}, "client_secret": {"yourClientSecret"}, "scope": {"openid extern.api"}}, status: 200},
		"secret by Basic":            {form: url.Values{"scope": {"openid"}}, header: demoBasic, status: 200},
		"without its secret":         {form: url.Values{"client_id": {"demo"}, "scope": {"openid"}}, want: errInvalidClient, status: 401},
		"wrong secret":               {form: url.Values{"client_id": {"demo"}, "client_secret": {"x"}, "scope": {"openid"}}, want: errInvalidClient, status: 401},
		"a method it does not have":  {form: url.Values{"scope": {"openid"}}, header: basic("yourClientId", "yourClientSecret"), want: errInvalidClient, status: 401},
		"nobody":                     {form: url.Values{"client_id": {"nobody"}, "scope": {"openid"}}, want: errInvalidClient, status: 401},
		"without the grant":          {form: url.Values{"scope": {"extern.api"}}, header: basic("service", "service-secret"), want: errUnauthorizedClient, status: 400},
		"without scope":              {form: url.Values{"client_id": {"cli"}}, want: errInvalidScope, status: 400},
		"a misspelt scope parameter": {form: url.Values{"client_id": {"cli"}, "scopes": {"openid"}}, want: errInvalidRequest, status: 400},
		"claims that are no JSON":    {form: url.Values{"client_id": {"cli"}, "scope": {"openid"}, "claims": {"x"}}, want: errInvalidRequest, status: 400},
		"claims that name a person":  {form: url.Values{"client_id": {"cli"}, "scope": {"openid"}, "claims": {`{"id_token":{"sub":{"value":"a"}}}`}}, want: errInvalidRequest, status: 400},
		"scope in other letters":     {form: url.Values{"client_id": {"cli"}, "SCOPE": {"openid"}}, want: errInvalidRequest, status: 400},
	} {
		got := w.askDevice(c.form, c.header...)
		if got.status != c.status || got.Error != c.want || (got.DeviceCode != "") != (c.status == 200) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if rec := w.get(PathDevice + "?client_id=cli&scope=openid"); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", rec.Code)
	}
}

func TestDeviceRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		happen func(*world, device)
		want   string
	}{
		"denied":  {func(w *world, d device) { w.decide(d) }, errAccessDenied},
		"expired": {func(w *world, _ device) { w.clock.Advance(storage.DeviceCodeTTL) }, errExpiredToken},
		"session ended": {func(w *world, d device) {
			w.decide(d, "openid")
			err := w.db.EndSession(w.t.Context(), storage.System, w.session.ID)
			if err != nil {
				w.t.Fatal(err)
			}
		}, errInvalidGrant},
		"the grant type was taken": {func(w *world, d device) {
			w.decide(d, "openid")
			w.change("demo", func(a *storage.App) { a.GrantTypes = []string{storage.GrantCode} })
		}, errUnauthorizedClient},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.demoDevice("openid")
			c.happen(w, d)
			if got := w.poll(d); got.Error != c.want {
				t.Errorf("got %+v, want %q", got, c.want)
			}
		})
	}
	w := newWorld(t)
	d := w.demoDevice("openid")
	w.decide(d, "openid")
	if got := w.token(pollForm(d), basic("plain", "plain-secret")...); got.Error != errInvalidGrant {
		t.Errorf("another app: %+v", got)
	}
	form := pollForm(d)
	form.Del("device_code")
	if got := w.token(form, demoBasic...); got.Error != errInvalidRequest {
		t.Errorf("no device_code: %+v", got)
	}
	form.Set("device-code", d.DeviceCode)
	if got := w.token(form, demoBasic...); !strings.Contains(got.Description, "device-code") {
		t.Errorf("misspelt: %+v", got)
	}
	if got := w.poll(d); got.status != 200 {
		t.Errorf("what strangers did spoilt the code: %+v", got)
	}
}

// TestDeviceWithoutOpenID: plain OAuth, as with a code.
func TestDeviceWithoutOpenID(t *testing.T) {
	w := newWorld(t)
	d := w.demoDevice("extern.api")
	w.decide(d, "extern.api")
	got := w.poll(d)
	if got.status != 200 || got.IDToken != "" || got.Scope != "extern.api" {
		t.Errorf("got %+v", got)
	}
}

func TestDeviceFlood(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"client_id": {"cli"}, "scope": {"openid"}}
	for range storage.DeviceCodesPerAddress {
		if got := w.askDevice(form); got.status != 200 {
			t.Fatalf("got %+v", got)
		}
	}
	rec := w.post(PathDevice, form)
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") != "60" || !strings.Contains(rec.Body.String(), errTemporarilyUnavail) {
		t.Errorf("one more: %d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

// TestDeviceClient drives the flow with golang.org/x/oauth2: it asks, polls, is told to wait, and gets its
// tokens after somebody has decided.
func TestDeviceClient(t *testing.T) {
	w := newWorld(t)
	var polls atomic.Int64
	var asked device
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == PathToken {
			w.clock.Advance(storage.DevicePollInterval) // it is told to hurry, and the clock with it
			if polls.Add(1) == 2 {
				w.decide(asked, "openid", "profile")
			}
		}
		w.handler.ServeHTTP(rw, r)
	}))
	defer server.Close()
	client := oauth2.Config{ClientID: "cli", Scopes: []string{"openid", "profile"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: server.URL + PathDevice, TokenURL: server.URL + PathToken, AuthStyle: oauth2.AuthStyleInParams,
	}}
	codes, err := client.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if codes.Interval != 5 || codes.VerificationURIComplete != w.p.issuer+"/device?user_code="+codes.UserCode {
		t.Errorf("got %+v", codes)
	}
	asked.UserCode = codes.UserCode
	codes.Interval = 1
	token, err := client.DeviceAccessToken(t.Context(), codes)
	if err != nil {
		t.Fatal(err)
	}
	idToken, _ := token.Extra("id_token").(string)
	if payload(t, idToken)["sub"] != w.session.UserID || token.RefreshToken == "" || polls.Load() != 2 {
		t.Errorf("after %d polls: %v", polls.Load(), token.Extra("scope"))
	}
	_, err = client.DeviceAccessToken(t.Context(), codes)
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != errInvalidGrant {
		t.Errorf("again: %v", err)
	}
}

func TestDeviceDiscovery(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{PathDiscovery, PathMetadata} {
		doc := w.object(w.get(path))
		grants, _ := doc["grant_types_supported"].([]any)
		if doc["device_authorization_endpoint"] != w.p.issuer+PathDevice || !slices.Contains(grants, any(storage.GrantDeviceCode)) {
			t.Errorf("%s: %v, %v", path, doc["device_authorization_endpoint"], grants)
		}
	}
}
