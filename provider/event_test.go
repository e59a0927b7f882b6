package provider

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/propusk/propusk/storage"
)

// TestEvents: every attempt that names a known app is remembered once, with what its developers need and
// no secret.
func TestEvents(t *testing.T) {
	const uri = "http://localhost.evil.example/cb?x=%2f"
	for name, c := range map[string]struct {
		do   func(*world)
		want []storage.Event
	}{
		"a code": {func(w *world) { w.code(request("demo")) }, []storage.Event{{Endpoint: "authorize", Result: "ok", UserID: "alice"}}},
		"an error that goes back to the app": {func(w *world) { w.authorize(request("demo", "response_type", "token")) },
			[]storage.Event{{Endpoint: "authorize", Result: errUnsupportedResponse, Description: "response_type must be code"}}},
		"what the pages refuse": {func(w *world) {
			w.p.Refuse(httptest.NewRecorder(), get("/consent"), &storage.AuthRequest{AppID: "demo", RedirectURI: callback}, errAccessDenied, "the person refused")
		}, []storage.Event{{Endpoint: "authorize", Result: errAccessDenied, Description: "the person refused"}}},
		"a redirect URI that is not registered": {func(w *world) { w.get(PathAuthorize + "?" + request("demo", "redirect_uri", uri).Encode()) },
			[]storage.Event{{Endpoint: "authorize", Result: errInvalidRequest, Key: "redirect_uri_unregistered", Came: uri, RedirectURI: uri,
				Description: problemText["redirect_uri_unregistered"]}}},
		"a redirect URI with a secret": {func(w *world) {
			w.get(PathAuthorize + "?" + request("demo", "redirect_uri", "http://ann:pw@localhost.evil.example/cb?access_token=s3cret#x").Encode())
		}, []storage.Event{{Endpoint: "authorize", Result: errInvalidRequest, Key: "redirect_uri_unregistered", Came: "http://localhost.evil.example/cb",
			Description: problemText["redirect_uri_unregistered"] + "; a part of it that may hold a secret is not kept"}}},
		"an address after logout with a secret": {func(w *world) {
			w.get(PathEndSession + "?client_id=demo&post_logout_redirect_uri=" + url.QueryEscape("https://x.example/?sid=s3cret"))
		}, []storage.Event{{Endpoint: "endsession", Result: errInvalidRequest, Key: "logout_redirect", Came: "https://x.example/",
			Description: problemText["logout_redirect"] + "; a part of it that may hold a secret is not kept"}}},
		"a grant type of nobody's": {func(w *world) { w.token(url.Values{"grant_type": {"s3cret"}}, demoBasic...) },
			[]storage.Event{{Endpoint: "token", Grant: "unknown", Result: errUnsupportedGrant,
				Description: "grant_type must be one of " + strings.Join(offeredGrants, ", ")}}},
		"a redirect URI too long to be registered": {func(w *world) {
			w.get(PathAuthorize + "?" + request("demo", "redirect_uri", "http://localhost/"+strings.Repeat("x", 2048)).Encode())
		}, []storage.Event{{Endpoint: "authorize", Result: errInvalidRequest, Key: "parameter_invalid", Came: "redirect_uri is too long",
			Description: problemText["parameter_invalid"]}}},
		"a disabled app": {func(w *world) {
			w.change("demo", func(a *storage.App) { a.Enabled = false })
			w.get(PathAuthorize + "?" + request("demo").Encode())
		}, []storage.Event{{Endpoint: "authorize", Result: errUnauthorizedClient, Key: "client_disabled", Description: problemText["client_disabled"]}}},
		"tokens": {func(w *world) {
			code := w.code(request("demo"))
			w.token(codeForm(code), demoBasic...)
			w.token(codeForm(code), demoBasic...)
		}, []storage.Event{
			{Endpoint: "token", Grant: storage.GrantCode, Result: errInvalidGrant, UserID: "alice",
				Description: badCode("").description + ": it was used before: its grant is revoked now"},
			{Endpoint: "token", Grant: storage.GrantCode, Result: "ok", UserID: "alice"},
			{Endpoint: "authorize", Result: "ok", UserID: "alice"},
		}},
		"a wrong secret": {func(w *world) { w.token(refreshForm("x"), basic("demo", "wrong-secret")...) },
			[]storage.Event{{Endpoint: "token", Grant: storage.GrantRefreshToken, Result: errInvalidClient,
				Description: descriptionClient + `: the secret is none of the 1 live keys of app "demo"`}}},
		"another network": {func(w *world) {
			w.change("demo", func(a *storage.App) { a.NetworkAddresses = []string{"10.0.0.0/8"} })
			w.token(refreshForm("x"), demoBasic...)
		}, []storage.Event{{Endpoint: "token", Grant: storage.GrantRefreshToken, Result: errInvalidClient,
			Description: descriptionClient + `: the keys of app "demo" may not be used from 192.0.2.1`}}},
		"a device": {func(w *world) {
			d := w.demoDevice("openid")
			w.poll(d)
			for range 3 {
				w.token(pollForm(d), demoBasic...)
			}
			w.decide(d, "openid")
			w.clock.Advance(time.Minute)
			w.poll(d)
		}, []storage.Event{
			{Endpoint: "token", Grant: storage.GrantDeviceCode, Result: "ok", UserID: "alice"},
			{Endpoint: "token", Grant: storage.GrantDeviceCode, Result: errSlowDown,
				Description: "wait five seconds longer between polls: the interval is 10s now"},
			{Endpoint: "device", Result: "ok"},
		}},
		"introspection": {func(w *world) {
			w.post(PathIntrospect, url.Values{"token": {"x"}}, demoBasic...)
			w.post(PathIntrospect, url.Values{}, demoBasic...)
		}, []storage.Event{{Endpoint: "introspect", Result: errInvalidRequest, Description: "token is missing"}}},
		"userinfo without openid": {func(w *world) {
			got := w.token(url.Values{"grant_type": {storage.GrantClientCredentials}, "scope": {"extern.api"}}, demoBasic...)
			w.get(PathUserInfo, "Authorization", "Bearer "+got.AccessToken)
		}, []storage.Event{
			{Endpoint: "userinfo", Result: errInsufficientScope, Description: refuseOpenID.description},
			{Endpoint: "token", Grant: storage.GrantClientCredentials, Result: "ok"},
		}},
		"revocation": {func(w *world) { w.post(PathRevocation, url.Values{"token": {"x"}}, demoBasic...) },
			[]storage.Event{{Endpoint: "revocation", Result: "ok"}}},
		"logout": {func(w *world) { w.get(PathEndSession + "?client_id=demo") }, []storage.Event{{Endpoint: "endsession", Result: "ok"}}},
		"logout that goes astray": {func(w *world) { w.get(PathEndSession + "?client_id=demo&post_logout_redirect_uri=https://x.example/") },
			[]storage.Event{{Endpoint: "endsession", Result: errInvalidRequest, Key: "logout_redirect", Came: "https://x.example/", Description: problemText["logout_redirect"]}}},
		"a missing code": {func(w *world) { w.token(url.Values{"grant_type": {storage.GrantCode}}, demoBasic...) },
			[]storage.Event{{Endpoint: "token", Grant: storage.GrantCode, Result: errInvalidRequest, Description: "code is missing"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.do(w)
			got := w.db.Events("demo")
			if strings.Contains(w.logs.String(), "s3cret") || strings.Contains(w.logs.String(), "ann:pw") {
				t.Errorf("a secret in the log:\n%s", w.logs.String())
			}
			for i, e := range got {
				if e.ID == "" && e.Key != "" || e.AppID != "demo" || e.Address != "192.0.2.1" || e.Time.IsZero() {
					t.Errorf("event: %+v", e)
				}
				if e.UserID == w.session.UserID {
					got[i].UserID = "alice"
				}
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(storage.Event{}, "ID", "AppID", "Address", "Time")); diff != "" {
				t.Errorf("events, newest first (-want +got):\n%s", diff)
			}
		})
	}
}

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// TestEventIDs: a client finds its event by the id of the request, a person by the number on the page.
func TestEventIDs(t *testing.T) {
	w := newWorld(t)
	w.token(refreshForm("x"), append(demoBasic, requestID, "REQUEST1")...)
	page := w.get(PathAuthorize + "?" + request("demo", "redirect_uri", "http://x.example/").Encode()).Body.String()
	events := w.db.Events("demo")
	if len(events) != 2 || events[1].ID != "REQUEST1" || events[0].ID == "" || !strings.Contains(page, events[0].ID) {
		t.Errorf("got %+v", events)
	}
}

// TestEventsOfStrangers: what names no known app leaves nothing behind.
func TestEventsOfStrangers(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"nobody", "", "Demo", strings.Repeat("x", 5000)} {
		w.get(PathAuthorize + "?" + request(id).Encode())
		w.token(refreshForm("x"), basic(id, "secret")...)
		if got := w.db.Events(id); len(got) != 0 {
			t.Errorf("%.10q: %+v", id, got)
		}
	}
}

var secretLike = regexp.MustCompile(`demo-secret|wrong-secret|propusk_|eyJ|[A-Za-z0-9_-]{60}`)

// TestEventsHoldNoSecret: whatever was tried, nothing that opens a door is kept.
func TestEventsHoldNoSecret(t *testing.T) {
	w := newWorld(t)
	good := w.login("scope", "openid offline_access")
	w.token(codeForm(w.code(request("plain"))), demoBasic...)
	w.token(refreshForm(good.RefreshToken+"x"), demoBasic...)
	w.token(refreshForm(good.RefreshToken), basic("demo", "wrong-secret")...)
	w.post(PathRevocation, url.Values{"token": {good.AccessToken}}, demoBasic...)
	w.get(PathEndSession + "?client_id=plain&id_token_hint=" + good.IDToken)
	w.authorize(request("demo", "id_token_hint", good.AccessToken))
	d := w.demoDevice("openid")
	w.decide(d, "openid")
	w.poll(d)
	w.poll(d)
	for _, app := range []string{"demo", "plain"} {
		for _, e := range w.db.Events(app) {
			text, err := json.Marshal(e)
			w.must(err)
			if found := secretLike.Find(text); found != nil {
				t.Errorf("%s in %s", found, text)
			}
		}
	}
}
