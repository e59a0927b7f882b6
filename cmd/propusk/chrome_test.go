package main_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// chrome is one headless Chromium; each tab it opens has cookies of its own.
type chrome struct {
	ctx   context.Context
	shots string // directory of the screenshots
}

// startChrome starts Chromium with a fresh profile that asks nobody but the server under test.
func startChrome(t *testing.T) *chrome {
	t.Helper()
	// Chromium leaves files behind when it is ended; they are left here and removed, or not, at the end.
	litter, err := os.MkdirTemp("", "propusk-chrome-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(litter) })
	options := []chromedp.ExecAllocatorOption{
		chromedp.Env("TMPDIR=" + litter),
		chromedp.ExecPath(tool(t, "chromium")),
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.NoSandbox, // Chromium refuses to run as root otherwise, and it only sees our own pages
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(60 * time.Second),
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	err = chromedp.Do(ctx)
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		dir = t.ArtifactDir()
	}
	err = os.MkdirAll(dir, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	return &chrome{ctx: ctx, shots: dir}
}

// tab is a person's browser window.
type tab struct {
	t        *testing.T
	ctx      context.Context
	shots    string
	problems []string // what the browser complained of; read when the tab is closed
}

// look is how a tab looks at the pages.
type look struct {
	Width int
	Dark  bool
	Lang  string
}

// name is the look as part of a file name.
func (l look) name() string {
	theme := "light"
	if l.Dark {
		theme = "dark"
	}
	return fmt.Sprintf("%s-%d-%s", l.Lang, l.Width, theme)
}

// open opens a tab without cookies, looking as l says. At the end of the test the browser must have had
// nothing to complain of.
func (c *chrome) open(t *testing.T, l look) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	err := chromedp.Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	heard := make(chan struct{})
	limited, stop := context.WithTimeout(ctx, 3*time.Minute)
	w := &tab{t: t, ctx: limited, shots: c.shots}
	go func() {
		defer close(heard)
		for m, err := range messages {
			if err != nil {
				return
			}
			w.hear(m)
		}
	}()
	t.Cleanup(func() {
		stop()
		cancel()
		<-heard
		for _, problem := range w.problems {
			t.Errorf("the browser complains: %s", problem)
		}
	})
	scheme, height := "light", int64(900)
	if l.Dark {
		scheme = "dark"
	}
	var shape []chromedp.EmulateViewportOption
	if l.Width < 600 {
		shape, height = append(shape, chromedp.EmulateMobile), 844
	}
	w.do("open",
		chromedp.EmulateViewport(int64(l.Width), height, shape...),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}),
	)
	return w
}

// hear notes what the browser complains of: blocked styles, scripts, frames and forms. A page with status
// 4xx is what some tests want; the browser notes it as an error of the network.
func (w *tab) hear(m chromedp.ConsoleMessage) {
	if m.Source == "network" || (m.Type != chromedp.ConsoleError && !m.IsException()) {
		return
	}
	w.problems = append(w.problems, m.Source+" "+m.String())
}

// command makes an action of a command of the protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// do runs actions; what names them in a failure.
func (w *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.ctx, time.Minute)
	defer stop()
	err := chromedp.Do(ctx, steps...)
	if err != nil {
		w.fail(what, err)
	}
}

// ask returns what an action finds.
func ask[T any](w *tab, what string, action chromedp.Action[T]) T {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.ctx, time.Minute)
	defer stop()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		w.fail(what, err)
	}
	return value
}

// fail ends the test and says where the tab stands.
func (w *tab) fail(what string, err error) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.ctx, 5*time.Second)
	defer stop()
	where, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	w.t.Fatalf("%s: %v, at %s:\n%s", what, err, where, text)
}

// signIn fills in the sign-in page and sends it.
func (w *tab) signIn(name, password string) {
	w.t.Helper()
	w.do("sign in as "+name,
		chromedp.WaitVisible(chromedp.CSS("#login-submit")),
		chromedp.Clear(chromedp.CSS(`input[name="username"]`)),
		chromedp.SendKeys(chromedp.CSS(`input[name="username"]`), name),
		chromedp.SendKeys(chromedp.CSS(`input[name="password"]`), password),
		chromedp.Click(chromedp.CSS("#login-submit")),
	)
}

// press clicks a button of the contract as soon as it is there.
func (w *tab) press(id string) {
	w.t.Helper()
	w.do("press "+id, chromedp.WaitVisible(chromedp.CSS("#"+id)), chromedp.Click(chromedp.CSS("#"+id)))
}

// text returns what the page says.
func (w *tab) text() string {
	w.t.Helper()
	return ask(w, "text", chromedp.Text(chromedp.CSS("body")))
}

// at returns the URL that the address bar shows.
func (w *tab) at() string {
	w.t.Helper()
	return ask(w, "location", chromedp.Location())
}

// shot writes a picture of the whole page.
func (w *tab) shot(name string) {
	w.t.Helper()
	yes := true // for speed: the files are larger, the pictures the same
	picture := ask(w, "screenshot", chromedp.Action[[]byte](func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		shot, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: &yes, FromSurface: &yes, OptimizeForSpeed: &yes, Format: page.CaptureScreenshotFormatPng,
		})
		if err != nil {
			return nil, err
		}
		return shot.Data, nil
	}))
	err := os.WriteFile(filepath.Join(w.shots, name+".png"), picture, 0o644)
	if err != nil {
		w.t.Fatal(err)
	}
}

// site is the app's own web site: its callback says "Back at the app" and keeps what came.
type site struct {
	URL  string // of the callback
	came chan url.Values
}

func startSite(t *testing.T) *site {
	t.Helper()
	s := &site{came: make(chan url.Values, 8)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/callback" {
			http.NotFound(w, r)
			return
		}
		_ = r.ParseForm()
		s.came <- r.Form
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>App</title><link rel="icon" href="data:,"><p id="back">Back at the app by %s`, r.Method)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL + "/callback"
	return s
}

// next waits until the browser is back at the app and returns what it brought.
func (s *site) next(w *tab) url.Values {
	w.t.Helper()
	w.do("back at the app", chromedp.WaitVisible(chromedp.CSS("#back")))
	select {
	case values := <-s.came:
		return values
	case <-time.After(10 * time.Second):
		w.t.Fatal("the app got nothing")
		return nil
	}
}
