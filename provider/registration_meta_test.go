package provider

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/storage"
)

// TestRegisterLanguages: names and documents in a language are kept and said again (RFC 7591 §2.2), and gone
// when an update leaves them out; others in a language are ignored.
func TestRegisterLanguages(t *testing.T) {
	w := openWorld(t, "open")
	local := object{
		"client_name#ru": "Банк", "client_name#ja-Jpan-JP": "銀行", "logo_uri#ru": "https://a.example/ru.png", "client_uri#de": "https://a.example/de",
		"policy_uri#en-GB": "https://a.example/p", "tos_uri#ru": "https://a.example/t",
	}
	sent := object{"redirect_uris": []any{"https://a.example/cb"}, "contacts#ru": []any{"a@b.example"}, "tos_uri#fr": nil}
	for name, value := range local {
		sent[name] = value
	}
	made := w.registered(sent)
	read := w.object(w.send(http.MethodGet, place(made), "", rat(made)))
	for _, answer := range []object{made, read} {
		got := object{}
		for name, value := range answer {
			if strings.Contains(name, "#") {
				got[name] = value
			}
		}
		if diff := cmp.Diff(local, got); diff != "" {
			t.Error(diff)
		}
	}
	app := w.app(made["client_id"].(string))
	for lang, want := range map[string]string{"en": "https://a.example/p", "ru": ""} {
		if got := app.Policy(lang); got != want {
			t.Errorf("policy in %s: %q, want %q", lang, got, want)
		}
	}
	w.change(app.ID, func(a *storage.App) { a.Registration.RefreshTokenTTL = 7200 })
	rec := w.send(http.MethodPut, place(made), object{"client_id": app.ID, "redirect_uris": []any{"https://a.example/cb"}, "tos_uri#ru": "https://a.example/new"}, rat(made))
	replaced := w.object(rec)
	if rec.Code != http.StatusOK || replaced["tos_uri#ru"] != "https://a.example/new" || replaced["client_name#ru"] != nil || replaced["logo_uri#ru"] != nil {
		t.Errorf("replaced: %d %s", rec.Code, rec.Body)
	}
	if got := w.app(app.ID).Registration.RefreshTokenTTL; got != 7200 {
		t.Errorf("an update by the client changed refresh_token_ttl to %d", got)
	}
}

// TestRegisterLanguagesRefused: what a member in a language may hold is what the member may.
func TestRegisterLanguagesRefused(t *testing.T) {
	w := openWorld(t, "open")
	many := object{}
	for i := range 51 {
		many[fmt.Sprintf("client_name#x-%d", i)] = "A"
	}
	for name, c := range map[string]object{
		"a document by script":  {"policy_uri#ru": "javascript:x"},
		"a logo in clear":       {"logo_uri#ru": "http://a.example/l"},
		"a number":              {"tos_uri#ru": 1},
		"no language":           {"tos_uri#": "https://a.example/t"},
		"markup for a language": {"client_name#<b>": "A"},
		"an endless language":   {"client_name#" + strings.Repeat("a-", 40) + "a": "A"},
		"controls in a name":    {"client_name#ru": "a\x00b"},
		"51 languages":          many,
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			c["redirect_uris"] = []any{"https://a.example/cb"}
			rec := w.send(http.MethodPost, PathRegister, c, "")
			if answer := w.object(rec); rec.Code != http.StatusBadRequest || answer["error"] != errInvalidMetadata || answer["error_description"] == "" {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
}

// TestResponseTypeWords: the words of a response type are a set: registered in any order it is one, said in
// the advertised order, and answered in any.
func TestResponseTypeWords(t *testing.T) {
	w := openWorld(t, "open", func(c *Config) { c.Implicit = true })
	made := w.registered(object{"redirect_uris": []any{"https://a.example/cb"}, "grant_types": []any{"authorization_code", "implicit"},
		"response_types": []any{"token code id_token", "id_token token code", "token id_token", "code"}})
	want := []any{"code id_token token", "id_token token", "code"}
	if diff := cmp.Diff(want, made["response_types"]); diff != "" {
		t.Errorf("registered (-want +got):\n%s", diff)
	}
	app := w.app(made["client_id"].(string))
	for kind, want := range map[string]bool{"code": true, "token id_token": true, "id_token token": true, "token code id_token": true,
		"id_token": false, "id_token code": false, "token": false, "id_token token token": false, "": false} {
		if got := app.Answers(kind); got != want {
			t.Errorf("%q: got %t, want %t", kind, got, want)
		}
	}
}

// TestImplicitOffCarried: an app that carries response types beyond code is told why it gets no answer where they
// are off; discovery and its registration say nothing of them, and code goes on working.
func TestImplicitOffCarried(t *testing.T) {
	w := newWorld(t)
	w.change("demo", func(a *storage.App) { a.Registration.ResponseTypes = []string{"code", "id_token token"} })
	q := request("demo", "response_type", "token id_token", "nonce", "n")
	got := w.authorize(q)
	if got.Get("error") != errUnsupportedResponse || !strings.Contains(got.Get("error_description"), "switched off") {
		t.Errorf("answer %v", got)
	}
	if types := w.object(w.get(PathDiscovery))["response_types_supported"]; !cmp.Equal(types, []any{"code"}) {
		t.Errorf("discovery: %v", types)
	}
	if got := w.login(); got.AccessToken == "" {
		t.Errorf("by code: %+v", got)
	}
}

// TestRefreshTokenTTL: an app's own lifetime ends the refresh tokens of a grant, however often they are used;
// without one it is 90 days. It holds for the device grant too, and introspection says so.
func TestRefreshTokenTTL(t *testing.T) {
	const ttl = 12 * time.Hour
	ways := map[string]func(*world) tokens{
		"code": func(w *world) tokens { return w.login("scope", "openid offline_access") },
		"device": func(w *world) tokens {
			d := w.demoDevice("openid offline_access")
			w.decide(d, "openid", "offline_access")
			return w.poll(d)
		},
	}
	for name, begin := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.change("demo", func(a *storage.App) { a.Registration.RefreshTokenTTL = int64(ttl / time.Second) })
			start := w.clock.Now()
			got := begin(w)
			for range 3 {
				w.clock.Advance(ttl/3 - time.Minute)
				got = w.token(refreshForm(got.RefreshToken), demoBasic...)
				if got.RefreshToken == "" {
					t.Fatalf("after %v: %+v", w.clock.Now().Sub(start), got)
				}
			}
			said := w.object(w.post(PathIntrospect, url.Values{"token": {got.RefreshToken}}, demoBasic...))
			if exp, _ := said["exp"].(float64); time.Unix(int64(exp), 0).Sub(start).Round(time.Minute) != ttl {
				t.Errorf("introspection: exp %v, want %v after the start", time.Unix(int64(exp), 0), ttl)
			}
			w.clock.Advance(3 * time.Minute)
			if late := w.token(refreshForm(got.RefreshToken), demoBasic...); late.Error != errInvalidGrant {
				t.Errorf("after %v: %+v", w.clock.Now().Sub(start), late)
			}
		})
	}
	now := time.Unix(0, 0)
	for name, c := range map[string]struct {
		ttl   int64
		until time.Time
		want  time.Duration
	}{
		"default":               {0, time.Time{}, storage.RefreshAbsolute},
		"shorter":               {3600, time.Time{}, time.Hour},
		"longer than the usual": {400 * 86400, time.Time{}, 400 * 24 * time.Hour},
		"consent ends before":   {86400, now.Add(time.Hour), time.Hour},
		"consent ends after":    {3600, now.Add(24 * time.Hour), time.Hour},
	} {
		app := &storage.App{Registration: storage.Registration{RefreshTokenTTL: c.ttl}}
		if got := storage.RefreshEnds(app, now, c.until).Sub(now); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
