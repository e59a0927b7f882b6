package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/oauth2"
)

// dashboardPages are the pages of signed-in people, as an administrator opens them.
var dashboardPages = []struct{ name, path string }{
	{"account", "/account"}, {"account-profile", "/account/profile"}, {"account-password", "/account/password"},
	{"account-remove", "/account/apps/demo/remove"}, {"tokens", "/account/tokens"}, {"token-new", "/account/tokens/new"},
	{"apps", "/apps"}, {"apps-none", "/apps?q=nothing+like+it"}, {"app-new", "/apps/new"}, {"app", "/apps/demo"},
	{"app-setup", "/apps/demo/setup"}, {"app-authorization", "/apps/demo/authorization"}, {"app-settings", "/apps/demo/settings"}, {"app-protocol", "/apps/demo/protocol"},
	{"app-developers", "/apps/demo/developers"}, {"app-keys", "/apps/demo/keys"}, {"app-notices", "/apps/demo/notices"},
	{"app-events", "/apps/demo/events"}, {"scopes", "/scopes"}, {"users", "/users"}, {"user-new", "/users/new"},
	{"user", "/users/00000000000000000000000b0b"}, {"audit", "/audit"}, {"api", "/api/v1/docs"}, {"device", "/device"},
}

// TestChromeDashboardLook opens every page of signed-in people in both languages, light and dark, on a desktop
// and a phone, and leaves a picture of each.
func TestChromeDashboardLook(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	c := startChrome(t)
	home := startSite(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret", allScopes...)
	demo.RedirectURL = home.URL
	for _, l := range []look{{1280, false, "en"}, {390, true, "ru"}, {1280, true, "ru"}, {390, false, "en"}} {
		t.Run(l.name(), func(t *testing.T) {
			t.Parallel()
			w := c.open(t, l)
			w.do("consent", chromedp.Navigate(demo.attempt("prompt", "consent").URL))
			w.signIn("alice", "alice")
			w.press("consent-allow")
			home.next(w)
			bad := changed(t, demo.attempt().URL, url.Values{"redirect_uri": {"https://demo.example.com/new"}})
			w.do("a refusal for the log", chromedp.Navigate(bad))
			for _, p := range dashboardPages {
				sep := "?"
				if strings.Contains(p.path, "?") {
					sep = "&"
				}
				w.do(p.name, chromedp.Navigate(s.Issuer+p.path+sep+"lang="+l.Lang), chromedp.WaitVisible(chromedp.CSS("main")))
				w.inspect(p.name, l)
			}
		})
	}
}

// TestChromeDashboard is the way of the two admin documents through the pages, in a real browser.
func TestChromeDashboard(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	c := startChrome(t)
	home := startSite(t)
	goTo := func(w *tab, path string) {
		w.t.Helper()
		w.do("open "+path, chromedp.Navigate(s.Issuer+path), chromedp.WaitVisible(chromedp.CSS("body")))
	}
	fill := func(w *tab, field, text string) {
		w.t.Helper()
		w.do("fill "+field, chromedp.WaitVisible(chromedp.CSS(`[name="`+field+`"]`)),
			chromedp.SendKeys(chromedp.CSS(`[name="`+field+`"]`), text))
	}
	admin := c.open(t, desktop)
	goTo(admin, "/apps/new")
	admin.signIn("alice", "alice")
	admin.do("back where one wanted to go", chromedp.WaitVisible(chromedp.CSS("#app-create")))
	var clientID, secret string

	t.Run("an app is made and signs people in", func(t *testing.T) {
		fill(admin, "name", "Time sheets")
		fill(admin, "description", "Who worked when")
		fill(admin, "redirects", home.URL)
		admin.press("app-create")
		admin.do("set up", chromedp.WaitVisible(chromedp.CSS("#values")))
		admin.shot("app-setup-secret")
		env := ask(admin, ".env", chromedp.Text(chromedp.CSS("#values")))
		clientID, secret = between(env, "CLIENT_ID=", "\n"), between(env, "CLIENT_SECRET=", "\n")
		if !strings.HasPrefix(clientID, "app_") || !strings.HasPrefix(secret, "propusk_key_") {
			t.Fatalf("no client_id and secret on the page:\n%s", admin.text())
		}
		sheets := newApp(t, s.Issuer, clientID, secret, "openid", "profile")
		sheets.RedirectURL = home.URL
		person := c.open(t, desktop)
		at := sheets.attempt()
		person.do("the app's link", chromedp.Navigate(at.URL))
		person.signIn("bob", "bob")
		person.do("consent", chromedp.WaitVisible(chromedp.CSS(`input[name="scope"][value="profile"]`)),
			chromedp.Click(chromedp.CSS(`input[name="scope"][value="profile"]`)))
		person.press("consent-allow")
		if home.next(person).Get("code") == "" {
			t.Errorf("no code for the new app")
		}
		goTo(person, "/account")
		if text := person.text(); !strings.Contains(text, "Time sheets") {
			t.Errorf("the account does not show the app with access:\n%s", text)
		}
		goTo(person, "/apps/"+clientID)
		if text := person.text(); strings.Contains(text, "Time sheets") {
			t.Errorf("somebody without a role sees the app:\n%s", text)
		}
	})
	t.Run("the secret is not shown again", func(t *testing.T) {
		for _, path := range []string{"/apps/" + clientID + "/setup", "/apps/" + clientID + "/keys", "/apps/" + clientID} {
			goTo(admin, path)
			if strings.Contains(admin.text(), secret) {
				t.Errorf("%s shows the secret", path)
			}
		}
	})
	t.Run("a refused redirect URI is added by one button", func(t *testing.T) {
		sheets := newApp(t, s.Issuer, clientID, secret, "openid")
		sheets.RedirectURL = home.URL + "?from=sheets"
		goTo(admin, strings.TrimPrefix(sheets.attempt().URL, s.Issuer))
		number := errorNumber.FindString(admin.text())
		goTo(admin, "/apps/"+clientID+"/events")
		if text := admin.text(); number == "" || !strings.Contains(text, number) {
			t.Fatalf("the log of the app does not hold the refusal %q:\n%s", number, text)
		}
		goTo(admin, "/apps/"+clientID)
		add := chromedp.CSS(`button[form="add-it"]`)
		admin.do("add it", chromedp.WaitVisible(add), chromedp.Click(add), chromedp.WaitNotPresent(add))
		goTo(admin, strings.TrimPrefix(sheets.attempt("prompt", "none").URL, s.Issuer))
		if got := home.next(admin); got.Get("error") != "consent_required" || got.Get("from") != "sheets" {
			t.Errorf("at the added URI came %v", got)
		}
	})
	t.Run("an access key more, and one less", func(t *testing.T) {
		goTo(admin, "/apps/"+clientID+"/keys")
		fill(admin, "label", "api-key")
		admin.press("key-new")
		admin.do("the key", chromedp.WaitVisible(chromedp.CSS("#keys .copy code")))
		second := ask(admin, "key", chromedp.Text(chromedp.CSS("#keys .copy code")))
		if !strings.HasPrefix(second, "propusk_key_") || second == secret {
			t.Errorf("the new key is %q", second)
		}
		for _, key := range []string{secret, second} {
			if status := tokenStatus(t, s.Issuer, clientID, key); status != http.StatusBadRequest {
				t.Errorf("with a live key: %d, want 400 for the wrong code", status)
			}
		}
	})
	t.Run("a token for scripts", func(t *testing.T) {
		goTo(admin, "/account/tokens/new")
		fill(admin, "name", "nightly")
		admin.do("what it may", chromedp.Click(chromedp.CSS(`input[name="scope"][value="apps.read"]`)))
		admin.press("token-make")
		admin.do("the token", chromedp.WaitVisible(chromedp.CSS(".copy code")))
		admin.shot("token-made")
		token := between(admin.text(), "propusk_pat_", "\n")
		found := apiApp(t, s.Issuer, "propusk_pat_"+strings.TrimSpace(token), clientID)
		if found["client_name"] != "Time sheets" {
			t.Errorf("the API says %v of the app", found)
		}
	})
	t.Run("disabling a person acts at once", func(t *testing.T) {
		person := c.open(t, desktop)
		goTo(person, "/account")
		person.signIn("carol", "carol")
		person.do("in", chromedp.WaitVisible(chromedp.CSS("#profile-edit")))
		goTo(admin, "/users?q=carol")
		admin.do("carol", chromedp.Click(chromedp.CSS(`main table a[href^="/users/"]`)), chromedp.WaitVisible(chromedp.CSS("#user-disable")))
		admin.press("user-disable")
		admin.do("disabled", chromedp.WaitVisible(chromedp.CSS("#user-enable")))
		goTo(person, "/account")
		person.do("out", chromedp.WaitVisible(chromedp.CSS("#login-submit")))
		goTo(admin, "/audit?q=carol")
		if text := admin.text(); !strings.Contains(text, "Carol Lind") {
			t.Errorf("the audit does not say who was disabled:\n%s", text)
		}
	})
}

// TestChromeDevice: a device without a browser, and the person who lets it in.
func TestChromeDevice(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	c := startChrome(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	device := oauth2.Config{ClientID: "cli", Scopes: []string{"openid", "profile", "email", "extern.api"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: s.Issuer + "/connect/deviceauthorization", TokenURL: s.Issuer + "/connect/token", AuthStyle: oauth2.AuthStyleInParams,
	}}
	for person, allow := range map[string]bool{"bob": true, "carol": false} {
		name := map[bool]string{true: "allow", false: "deny"}[allow]
		t.Run(name, func(t *testing.T) {
			answer, err := device.DeviceAuth(ctx)
			if err != nil {
				t.Fatal(err)
			}
			w := c.open(t, desktop)
			w.do("the address on the device's screen", chromedp.Navigate(answer.VerificationURI),
				chromedp.WaitVisible(chromedp.CSS(`input[name="user_code"]`)),
				chromedp.SendKeys(chromedp.CSS(`input[name="user_code"]`), strings.ToLower(strings.ReplaceAll(answer.UserCode, "-", " "))))
			w.press("device-submit")
			w.do("is this the code", chromedp.WaitVisible(chromedp.CSS(`main .asks`)))
			w.shot("device-confirm-" + name)
			w.press("device-submit")
			w.signIn(person, person)
			button := map[bool]string{true: "consent-allow", false: "consent-deny"}[allow]
			w.do("consent", chromedp.WaitVisible(chromedp.CSS("#"+button)))
			w.shot("device-consent-" + name)
			w.press(button)
			w.do("done", chromedp.WaitVisible(chromedp.CSS(".stamp")))
			w.shot("device-done-" + name)
			token, err := device.DeviceAccessToken(ctx, answer)
			if !allow {
				if err == nil || !strings.Contains(err.Error(), "access_denied") {
					t.Errorf("after a refusal: got %v, %v, want access_denied", token, err)
				}
				return
			}
			if err != nil || token.Extra("id_token") == nil {
				t.Errorf("the device got %v, %v, want tokens", token, err)
			}
		})
	}
}

// errorNumber is the number on an error page.
var errorNumber = regexp.MustCompile(`E-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// between is what stands in s after begin and before end.
func between(s, begin, end string) string {
	_, rest, _ := strings.Cut(s, begin)
	value, _, _ := strings.Cut(rest, end)
	return strings.TrimSpace(value)
}

// tokenStatus is what the token endpoint answers a client with a wrong code.
func tokenStatus(t *testing.T, issuer, id, secret string) int {
	t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"wrong"}, "redirect_uri": {"https://x.example/"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+"/connect/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// apiApp reads an app from the REST API.
func apiApp(t *testing.T, issuer, token, id string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/api/v1/apps/%s", issuer, id), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var found map[string]any
	err = json.NewDecoder(answer.Body).Decode(&found)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the API answers %d, %v, %v", answer.StatusCode, found, err)
	}
	return found
}
