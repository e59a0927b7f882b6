package main_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/propusk/propusk/provider/providertest"
)

var desktop = look{Width: 1280, Lang: "en"}

// TestChromeFlow drives the pages as a person does: by pointer, by keyboard, without scripts.
func TestChromeFlow(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	c := startChrome(t)
	home := startSite(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret", "openid", "profile", "email", "phone")
	demo.RedirectURL = home.URL
	open := func(t *testing.T, parameters ...string) (*tab, attempt) {
		t.Helper()
		w, at := c.open(t, desktop), demo.attempt(parameters...)
		w.do("open the app's link", chromedp.Navigate(at.URL))
		return w, at
	}
	redeem := func(t *testing.T, w *tab, at attempt) *login {
		t.Helper()
		return demo.redeem(at, &providertest.Answer{URL: mustParse(t, home.URL), Values: home.next(w)})
	}

	t.Run("sign in, allow, come back", func(t *testing.T) {
		w, at := open(t)
		w.signIn("alice", "alice")
		w.do("tick phone", chromedp.WaitVisible(chromedp.CSS("#consent-allow")),
			chromedp.Click(chromedp.CSS(`input[name="scope"][value="phone"]`)))
		if text := w.text(); !strings.Contains(text, "127.0.0.1") || !strings.Contains(text, "@") {
			t.Errorf("the consent page does not say where the answer goes and which e-mail is shared:\n%s", text)
		}
		w.press("consent-allow")
		l := redeem(t, w, at)
		if got := demo.userInfo(l.Token)["phone_number"]; jsonType(got) != "string" {
			t.Errorf("phone_number: got %v, ticked on the page", got)
		}
		again := demo.attempt()
		w.do("again", chromedp.Navigate(again.URL))
		if next := redeem(t, w, again); next.ID.Subject != l.ID.Subject {
			t.Errorf("sub: got %s, want %s", next.ID.Subject, l.ID.Subject)
		}
	})
	t.Run("wrong password, then the right one", func(t *testing.T) {
		w, _ := open(t)
		w.signIn("bob", "wrong")
		w.do("the page again", chromedp.WaitVisible(chromedp.CSS(`[role="alert"]`)))
		name := ask(w, "name", chromedp.Value(chromedp.CSS(`input[name="username"]`)))
		password := ask(w, "password", chromedp.Value(chromedp.CSS(`input[name="password"]`)))
		if name != "bob" || password != "" {
			t.Errorf("fields: got %q and %q, want the name kept and the password gone", name, password)
		}
		w.shot("sign-in-wrong")
		w.signIn("bob", "bob")
		w.press("consent-allow")
		if home.next(w).Get("code") == "" {
			t.Errorf("no code")
		}
	})
	t.Run("deny", func(t *testing.T) {
		w, at := open(t)
		w.signIn("carol", "carol")
		w.press("consent-deny")
		if got := home.next(w); got.Get("error") != "access_denied" || got.Get("state") != at.State {
			t.Errorf("got %v, want access_denied with the state", got)
		}
	})
	t.Run("form_post", func(t *testing.T) {
		w, at := open(t, "response_mode", "form_post")
		w.signIn("alice", "alice")
		// The consent of the first subtest may stand: a page or none, the form comes by itself.
		redeem(t, w, at)
		if text := w.text(); !strings.Contains(text, "by POST") {
			t.Errorf("came %s, want by POST", text)
		}
	})
	t.Run("keyboard alone", func(t *testing.T) {
		w, at := open(t, "prompt", "consent")
		w.do("first page", chromedp.WaitVisible(chromedp.CSS("#login-submit")))
		w.tabTo(`username`)
		w.do("name", chromedp.KeyEvent("alice"))
		w.tabTo(`password`)
		w.do("password", chromedp.KeyEvent("alice"), chromedp.KeyEvent(kb.Enter))
		w.do("second page", chromedp.WaitVisible(chromedp.CSS("#consent-allow")))
		w.tabTo(`consent-allow`)
		w.do("allow", chromedp.KeyEvent(kb.Enter))
		redeem(t, w, at)
	})
	t.Run("without scripts", func(t *testing.T) {
		w := c.open(t, desktop)
		at := demo.attempt("response_mode", "form_post", "prompt", "consent")
		w.do("scripts off", command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(at.URL))
		w.signIn("alice", "alice")
		w.press("consent-allow")
		// The form that ends at the app, not the one of the page before, which may still be there.
		button := chromedp.CSS(`form[action^="http"] button`)
		w.do("go on", chromedp.WaitVisible(button), chromedp.Click(button))
		redeem(t, w, at)
	})
	t.Run("sign out", func(t *testing.T) {
		w, _ := open(t)
		w.signIn("alice", "alice")
		home.next(w)
		w.do("end", chromedp.Navigate(s.Issuer+"/connect/endsession"))
		w.press("logout-yes")
		w.do("done", chromedp.WaitNotPresent(chromedp.CSS("#logout-yes")))
		at := demo.attempt("prompt", "none")
		w.do("ask", chromedp.Navigate(at.URL))
		if got := home.next(w).Get("error"); got != "login_required" {
			t.Errorf("after signing out: got %q, want login_required", got)
		}
	})
	t.Run("error page at the failing URL", func(t *testing.T) {
		w := c.open(t, desktop)
		bad := changed(t, demo.attempt().URL, map[string][]string{"redirect_uri": {"https://evil.example/cb"}})
		w.do("bad link", chromedp.Navigate(bad))
		if got := w.at(); got != bad {
			t.Errorf("address bar: got %s, want %s", got, bad)
		}
		if text := w.text(); !strings.Contains(text, "https://evil.example/cb") || !strings.Contains(text, "E-") {
			t.Errorf("the page does not say what came, under a number:\n%s", text)
		}
	})
}

// tabTo presses Tab until the control with that id or name has the focus, and checks that one sees it.
func (w *tab) tabTo(name string) {
	w.t.Helper()
	for range 30 {
		focus := ask(w, "focus", chromedp.Evaluate[[3]string](`(() => {
			const e = document.activeElement, s = getComputedStyle(e)
			return [e.id, e.name || '', s.outlineStyle + s.boxShadow]
		})()`))
		if focus[0] == name || focus[1] == name {
			if focus[2] == "nonenone" {
				w.t.Errorf("%s: the focus cannot be seen", name)
			}
			return
		}
		w.do("Tab", chromedp.KeyEvent(kb.Tab))
	}
	w.t.Fatalf("Tab does not reach %s", name)
}
