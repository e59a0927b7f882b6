package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestChromeDocs opens every chapter of the manual in English and Russian, on a desktop in the light and on a
// phone in the dark. Nothing may scroll sideways but code and tables, and the browser has nothing to complain of.
func TestChromeDocs(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	c := startChrome(t)
	files, err := filepath.Glob("../../static/docs/*.ru.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d chapters, %v", len(files), err)
	}
	for _, l := range []look{{1280, false, "en"}, {390, true, "ru"}} {
		t.Run(l.name(), func(t *testing.T) {
			w := c.open(t, l)
			for _, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".ru.md")
				path := "/docs/" + name
				if name == "README" {
					path = "/docs"
				}
				w.do(path, chromedp.Navigate(s.Issuer+path+"?lang="+l.Lang), chromedp.WaitVisible(chromedp.CSS("article h1")))
				w.inspect("docs-"+strings.ToLower(name), l)
			}
		})
	}
}
