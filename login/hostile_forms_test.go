package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

// HC-059: no POST without our own token of this very browser, and none from another site.
func TestForgedPosts(t *testing.T) {
	forgeries := []struct {
		name  string
		forge func(b *browser, form, stranger url.Values)
	}{
		{"no token", func(_ *browser, form, _ url.Values) { form.Del("csrf") }},
		{"rubbish", func(_ *browser, form, _ url.Values) { form.Set("csrf", "AAAA") }},
		{"token of another browser", func(_ *browser, form, stranger url.Values) { form.Set("csrf", stranger.Get("csrf")) }},
		{"sealed for something else", func(b *browser, form, _ url.Values) {
			form.Set("csrf", b.w.db.Seal("logout", []byte(`{"t":1}`)))
		}},
		{"too old", func(b *browser, form, _ url.Values) {
			b.w.clock.Advance(-formAge)
			form.Set("csrf", b.w.login.token(formToken{Request: form.Get("request"), Holder: holderOf(b)}))
			b.w.clock.Advance(formAge)
		}},
		{"from another origin", func(b *browser, _, _ url.Values) { b.header.Set("Origin", "https://evil.example") }},
		{"cross-site", func(b *browser, _, _ url.Values) { b.header.Set("Sec-Fetch-Site", "cross-site") }},
		{"same-site", func(b *browser, _, _ url.Values) { b.header.Set("Sec-Fetch-Site", "same-site") }},
		{"origin null", func(b *browser, _, _ url.Values) { b.header.Set("Origin", "null") }},
	}
	targets := []struct {
		name   string
		target string
		fields []string
		form   func(b *browser) answer
	}{
		{"sign-in", "/login", []string{"username", "bob", "password", "bob"}, func(b *browser) answer { return b.get("/login") }},
		{"sign-in for an app", "/login", []string{"username", "bob", "password", "bob"}, func(b *browser) answer {
			return b.authorize(b.w.request("shop", nil))
		}},
		{"choice of account", "/login", []string{"account", "keep"}, func(b *browser) answer {
			b.signIn(b.get("/login"), "alice", "alice")
			return b.authorize(b.w.request("shop", func(r *storage.AuthRequest) { r.Prompt = []string{"select_account"} }))
		}},
		{"consent", "/consent", []string{"decision", "allow"}, func(b *browser) answer {
			return b.signIn(b.authorize(b.w.request("shop", nil)), "alice", "alice")
		}},
		{"denial", "/consent", []string{"decision", "deny"}, func(b *browser) answer {
			return b.signIn(b.authorize(b.w.request("shop", nil)), "alice", "alice")
		}},
		{"sign-out", "/logout", nil, func(b *browser) answer {
			b.signIn(b.get("/login"), "alice", "alice")
			return b.get("/logout")
		}},
	}
	for _, target := range targets {
		t.Run(target.name, func(t *testing.T) {
			w := newWorld(t, production)
			stranger := target.form(w.browser()).hidden()
			for _, f := range forgeries {
				b := w.browser()
				form := target.form(b).with(target.fields...)
				before, compared := sidOf(b), w.compared()
				f.forge(b, form, stranger)
				a := b.send(http.MethodPost, target.target, form)
				if a.status != http.StatusForbidden || a.away != nil || a.header.Get("Location") != "" {
					t.Errorf("%s: answered %d to %q, want 403", f.name, a.status, a.header.Get("Location"))
				}
				if after := sidOf(b); after != before {
					t.Errorf("%s: session %q became %q", f.name, before, after)
				}
				if n := w.compared(); n != compared {
					t.Errorf("%s: %d passwords compared", f.name, n-compared)
				}
				for _, c := range b.set {
					if c.Name == w.login.names.session || strings.HasPrefix(c.Name, w.login.names.request) {
						t.Errorf("%s: sets %s", f.name, c.Raw)
					}
				}
			}
		})
	}
}

// sidOf is the id of the browser's live session, or "".
func sidOf(b *browser) string {
	s := b.session()
	if s == nil {
		return ""
	}
	return s.ID
}

// holderOf is what a genuine form of the browser would be bound to.
func holderOf(b *browser) string {
	if s := b.session(); s != nil {
		return sessionHolder(s)
	}
	if secret := b.cookies[b.w.login.names.form]; secret != "" {
		return formHolder(secret)
	}
	return ""
}

// A form of another kind, though of the same browser and request, does not do either.
func TestTokensDoNotServeOtherForms(t *testing.T) {
	w := newWorld(t, production)
	b := w.browser()
	signIn := b.authorize(w.request("shop", nil))
	consent := b.signIn(signIn, "alice", "alice")
	form := consent.with("decision", "allow")
	form.Set("csrf", signIn.hidden().Get("csrf"))
	wantPage(t, b.send(http.MethodPost, "/consent", form), http.StatusForbidden, "")
	form = consent.with("username", "bob", "password", "bob")
	wantPage(t, b.send(http.MethodPost, "/login", form), http.StatusForbidden, "")
}

// Pages without a referrer post "Origin: null", and browsers tell nothing more beyond https and localhost.
func TestFormsOnPlainHTTP(t *testing.T) {
	w := newWorld(t, development)
	b := w.browser()
	form := b.get("/login")
	b.header.Set("Origin", "null")
	a := b.send(http.MethodPost, "/login", form.with("username", "alice", "password", "alice"))
	if a.status != http.StatusSeeOther || b.session() == nil {
		t.Errorf("answered %d, want a sign-in", a.status)
	}
	b = w.browser()
	form = b.get("/login")
	b.header.Set("Origin", "null")
	b.header.Set("Sec-Fetch-Site", "cross-site")
	wantPage(t, b.send(http.MethodPost, "/login", form.with("username", "alice", "password", "alice")), http.StatusForbidden, "")
}
