package main_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestChromeLook opens every page in English and Russian, light and dark, on a desktop and a phone, and
// leaves a picture of each. Nothing may scroll sideways, and a thumb must hit every button.
func TestChromeLook(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	c := startChrome(t)
	home := startSite(t)
	demo := newApp(t, s.Issuer, "demo", "demo-secret", allScopes...)
	demo.RedirectURL = home.URL
	ground := map[bool]string{}
	for _, lang := range []string{"en", "ru"} {
		for _, width := range []int{1280, 390} {
			for _, dark := range []bool{false, true} {
				l := look{Width: width, Dark: dark, Lang: lang}
				t.Run(l.name(), func(t *testing.T) {
					w := c.open(t, l)
					walkPages(w, l, s, demo)
					ground[dark] = ask(w, "ground", chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
				})
			}
		}
	}
	if ground[true] == ground[false] {
		t.Errorf("dark and light have the same ground %s", ground[true])
	}
}

// walkPages shows each page once, from sign-in to signed out.
func walkPages(w *tab, l look, s *devServer, demo *app) {
	w.t.Helper()
	at := demo.attempt("ui_locales", l.Lang, "prompt", "consent")
	w.do("link", chromedp.Navigate(at.URL), chromedp.WaitVisible(chromedp.CSS("#login-submit")))
	w.inspect("sign-in", l)
	w.signIn("alice", "alice")
	w.do("consent", chromedp.WaitVisible(chromedp.CSS("#consent-allow")))
	w.inspect("consent", l)
	w.sameSize("consent-allow", "consent-deny")
	bad := changed(w.t, at.URL, url.Values{"redirect_uri": {"https://evil.example/cb"}})
	w.do("bad link", chromedp.Navigate(bad))
	w.inspect("problem", l)
	choose := demo.attempt("ui_locales", l.Lang, "prompt", "select_account")
	w.do("choose", chromedp.Navigate(choose.URL))
	w.inspect("choose", l)
	w.do("home", chromedp.Navigate(s.Issuer+"/?lang="+l.Lang))
	w.inspect("home", l)
	w.do("logout", chromedp.Navigate(s.Issuer+"/connect/endsession?ui_locales="+l.Lang),
		chromedp.WaitVisible(chromedp.CSS("#logout-yes")))
	w.inspect("logout", l)
	w.press("logout-yes")
	w.do("signed out", chromedp.WaitNotPresent(chromedp.CSS("#logout-yes")), chromedp.WaitVisible(chromedp.CSS("main")))
	w.inspect("signed-out", l)
}

// facts are what is measured of a page.
type facts struct {
	Lang     string
	Title    string
	Sideways int      // pixels that the page is too wide
	Small    []string // controls that are too low, with their heights
}

// inspect measures a page and takes its picture.
func (w *tab) inspect(page string, l look) {
	w.t.Helper()
	got := ask(w, "measure "+page, chromedp.Evaluate[facts](`(() => {
		const root = document.documentElement
		return {
			Lang: root.lang,
			Title: document.title,
			Sideways: Math.max(0, root.scrollWidth - root.clientWidth),
			Small: [...document.querySelectorAll('button, input:not([type=hidden]):not([type=checkbox]):not([type=radio])')]
				.filter((e) => e.offsetParent && e.checkVisibility() && !e.matches('.sr') && e.getBoundingClientRect().height < (innerWidth < 600 ? 44 : 32))
				.map((e) => (e.id || e.name || e.textContent.trim()) + ' ' + e.getBoundingClientRect().height),
		}
	})()`))
	w.shot(page + "-" + l.name())
	if got.Lang != l.Lang {
		w.t.Errorf("%s: lang %q, want %q", page, got.Lang, l.Lang)
	}
	cyrillic := strings.ContainsAny(w.text(), "абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
	if l.Lang == "ru" && !cyrillic {
		w.t.Errorf("%s: no Russian word in it", page)
	}
	if got.Title == "" {
		w.t.Errorf("%s: no title", page)
	}
	if got.Sideways > 0 {
		w.t.Errorf("%s: scrolls sideways by %d px", page, got.Sideways)
	}
	for _, control := range got.Small {
		w.t.Errorf("%s: too low to hit: %s px", page, control)
	}
}

// sameSize checks that neither of two buttons is made easier to press.
func (w *tab) sameSize(a, b string) {
	w.t.Helper()
	sizes := ask(w, "sizes", chromedp.Evaluate[[2][2]float64](`['`+a+`', '`+b+`'].map((id) => {
		const r = document.getElementById(id).getBoundingClientRect()
		return [Math.round(r.width), Math.round(r.height)]
	})`))
	if sizes[0] != sizes[1] {
		w.t.Errorf("%s is %v, %s is %v: want the same size", a, sizes[0], b, sizes[1])
	}
}
