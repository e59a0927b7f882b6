package main

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/propusk/propusk/storage"
)

// markup is what a person or an app calls itself, or sends, to become part of a page.
const markup = `</title></p>'"><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">`

// loginMarkup: whatever a page repeats stays text, and nothing of it could run.
func loginMarkup(t *testing.T) {
	for name, options := range map[string][]worldOption{"dev": nil, "production": {inProduction}} {
		w := newWorld(t, options...)
		mallory := w.addMallory()
		app := w.addApp(storage.App{
			ID: "mallory-app", Name: markup, Names: map[string]string{"ru": markup}, Description: markup, Type: storage.AppWeb,
			RedirectURIs: []string{"https://app.example/cb"}, PostLogoutURIs: []string{"https://app.example/"},
		})
		_, _, err := w.db.CreateApp(t.Context(), storage.System, storage.NewApp{App: storage.App{
			ID: "runs", Name: "Runs", PolicyURI: "javascript:alert(1)", TosURI: "data:text/html,<script>alert(1)</script>",
		}})
		if err == nil {
			t.Error("an app with a javascript: link was accepted")
		}
		// Should the row be there all the same: no link either.
		w.meddle(`UPDATE apps SET policy_uri = 'javascript:alert(1)', tos_uri = 'data:text/html,<script>alert(1)</script>' WHERE id = 'mallory-app'`)
		for _, page := range w.markupPages(mallory, app) {
			if !page.silent && !strings.Contains(visibleText(page.got.body), "alert(1)") {
				t.Errorf("%s, %s: does not repeat the markup: nothing is tested\n%s", name, page.name, clipLog(page.got.body))
			}
			wantHarmless(t, name+", "+page.name, page.got)
		}
	}
}

// addMallory adds a person whose every value is markup.
func (w *world) addMallory() *person {
	w.t.Helper()
	_, err := w.db.CreateUser(w.t.Context(), storage.System, storage.NewUser{
		Login: "mallory", Password: "a long password", Name: markup, Access: storage.Partial,
		Claims: map[string]any{"phone_number": markup, "address": map[string]any{"formatted": markup}, "name#ru": markup},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p := w.person("mallory")
	p.password = "a long password"
	return p
}

// markupPage is an answer that had markup to repeat; silent ones drop it.
type markupPage struct {
	name   string
	got    *reply
	silent bool
}

// markupPages leads mallory through every page, with markup wherever it can be put.
func (w *world) markupPages(p *person, app party) []markupPage {
	w.t.Helper()
	everywhere := []string{
		"login_hint", markup, "ui_locales", markup, "error_description", markup, "state", markup, "nonce", markup,
		"acr_values", markup, "display", "page", markup, markup, "scope", "openid profile phone address",
	}
	var pages []markupPage
	add := func(name string, got *reply, silent bool) { pages = append(pages, markupPage{name, got, silent}) }
	query := url.Values{"error": {markup}, "error_description": {markup}, "lang": {markup}, "as": {markup}}.Encode()
	add("plain sign-in", p.get("/login?"+query), true)
	_, signIn := p.open(authorizePath(app.asking(everywhere...)))
	add("sign-in", signIn, false)
	action, form := p.fill(signIn)
	add("wrong password", p.post(action, changed(form, "username", markup, "password", markup)), false)
	_, consent := p.follow(action, p.post(action, form))
	add("consent", consent, false)
	_, choose := p.open(authorizePath(app.asking(append(everywhere, "prompt", "select_account")...)))
	add("choice of account", choose, false)
	add("sign-out", p.get("/logout"), false)
	add("sign-out for the app", p.get("/connect/endsession?"+url.Values{"client_id": {app.id}, "state": {markup}, "ui_locales": {markup}}.Encode()), false)
	add("form_post", p.walk(authorizePath(app.asking(append(everywhere, "response_mode", "form_post")...))), true)
	silent := strings.HasPrefix(w.issuer, "https:") // in production a problem is told by its number
	for name, pairs := range map[string][]string{
		"unknown client":  {"client_id", markup},
		"foreign URI":     {"redirect_uri", "https://evil.example/" + markup},
		"javascript: URI": {"redirect_uri", "javascript:alert(1)"},
		"data: URI":       {"redirect_uri", "data:text/html," + markup},
		"near miss":       {"redirect_uri", "", "redirect_urj", markup},
	} {
		add(name, p.get(authorizePath(app.asking(append(everywhere, pairs...)...))), silent)
	}
	add("foreign sign-out URI", p.get("/connect/endsession?"+url.Values{"client_id": {app.id}, "post_logout_redirect_uri": {"javascript:" + markup}}.Encode()), silent)
	add("unknown client signing out", p.get("/connect/endsession?"+url.Values{"client_id": {markup}}.Encode()), silent)
	add("no such page", p.get("/"+url.PathEscape(markup)+"?"+url.QueryEscape(markup)+"="+url.QueryEscape(markup)), true)
	add("no such request", p.get("/consent?"+url.Values{"request": {markup}}.Encode()), true)
	add("form of another kind", p.post("/login", url.Values{"request": {markup}, "csrf": {markup}}), true)
	return append(pages, w.markupOffice(p, app)...)
}

// visibleText is the text a page shows and the values of its fields.
func visibleText(page string) string {
	var b strings.Builder
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return ""
	}
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if value, ok := attr(n, "value"); ok {
			b.WriteString(value)
		}
	}
	return b.String()
}

// wantHarmless parses a page as a browser does and checks that nothing of it runs or loads. The one
// script there is, which submits a form_post answer, is named by its hash in the policy.
func wantHarmless(t *testing.T, what string, got *reply) {
	t.Helper()
	policy := got.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-") || strings.Contains(policy, "*") {
		t.Errorf("%s: Content-Security-Policy %q", what, policy)
	}
	if got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: %d %s", what, got.status, got.header.Get("Content-Type"))
	}
	root, err := html.Parse(strings.NewReader(got.body))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			src, file := attr(n, "src")
			if file && n.FirstChild == nil && strings.HasPrefix(src, "/static/") && strings.Contains(policy, "script-src 'self'") {
				continue // propusk's own
			}
			if n.FirstChild == nil || n.FirstChild.Data != "document.forms[0].submit()" || !strings.Contains(policy, "script-src 'sha256-") {
				t.Errorf("%s: a script:\n%s", what, clipLog(got.body))
			}
		case "img", "iframe", "object", "embed", "base", "style":
			t.Errorf("%s: an element %s:\n%s", what, n.Data, clipLog(got.body))
		}
		for _, a := range n.Attr {
			wantHarmlessAttribute(t, what, a)
		}
	}
}

func wantHarmlessAttribute(t *testing.T, what string, a html.Attribute) {
	t.Helper()
	if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
		t.Errorf("%s: an attribute %s=%q", what, a.Key, a.Val)
	}
	if a.Key != "href" && a.Key != "src" && a.Key != "action" && a.Key != "formaction" {
		return
	}
	u, err := url.Parse(strings.TrimSpace(a.Val))
	if err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || u.Scheme == "" && u.Host != "" {
		t.Errorf("%s: leads to %s=%q", what, a.Key, a.Val)
	}
}
