package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/propusk/propusk/storage"
)

func trapParallelRedemption(t *testing.T, w *world) {
	form := codeForm(w.code(request("demo")))
	var good, bad int
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for range 16 {
		all.Go(func() {
			<-start
			rec := w.post(PathToken, form, demoBasic...)
			mu.Lock()
			defer mu.Unlock()
			if rec.Code == http.StatusOK {
				good++
			} else {
				bad++
			}
		})
	}
	close(start)
	all.Wait()
	if good > 1 || good+bad != 16 {
		t.Errorf("%d of 16 succeeded, want at most one", good)
	}
}

func trapDowngrade(t *testing.T, w *world) {
	form := codeForm(w.code(request("demo")))
	form.Del("code_verifier")
	if got := w.token(form, demoBasic...); got.status != 400 || got.Error != errInvalidGrant {
		t.Errorf("without verifier: %+v", got)
	}
	form = codeForm(w.code(request("plain", "code_challenge", "-", "code_challenge_method", "-")))
	if got := w.token(form, basic("plain", "plain-secret")...); got.status != 400 || got.Error != errInvalidGrant {
		t.Errorf("with a verifier nobody asked for: %+v", got)
	}
}

func trapMethods(t *testing.T, w *world) {
	for _, method := range []string{"plain", "-", "s256", "S512", ""} {
		answer := w.authorize(request("demo", "code_challenge_method", method))
		if answer.Get("error") != errInvalidRequest || answer.Get("state") != "s-1" {
			t.Errorf("method %q: %v", method, answer)
		}
	}
}

func trapPublicWithoutPKCE(t *testing.T, w *world) {
	answer := w.authorize(request("spa", "code_challenge", "-", "code_challenge_method", "-"))
	if answer.Get("error") != errInvalidRequest || w.asked != nil {
		t.Errorf("got %v, pages reached: %v", answer, w.asked != nil)
	}
}

func trapCallback(t *testing.T, w *world) {
	w.authorize(request("demo"))
	for _, path := range []string{PathAuthorize + "/callback", "/authorize/callback", "/callback"} {
		rec := w.get(path + "?id=" + w.asked.ID)
		if rec.Code != http.StatusNotFound || rec.Header().Get("Location") != "" {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Header())
		}
	}
	rec := httptest.NewRecorder()
	w.p.HttpHandler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/authorize/callback?id="+w.asked.ID, nil))
	if rec.Code != http.StatusNotFound {
		t.Errorf("the library's own router is reachable: %d", rec.Code)
	}
}

func trapTwoCodes(t *testing.T, w *world) {
	first := w.code(request("demo"))
	rec := httptest.NewRecorder()
	w.p.Approve(rec, httptest.NewRequest(http.MethodGet, "/", nil), w.asked, w.session, w.asked.Scopes)
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	got := w.token(codeForm(first), demoBasic...)
	if got.status != http.StatusOK {
		t.Fatalf("first code: %+v", got)
	}
	if again := w.token(codeForm(u.Query().Get("code")), demoBasic...); again.Error != errInvalidGrant {
		t.Errorf("second code of the same request: %+v", again)
	}
	if w.active(got.AccessToken) {
		t.Error("the replay left the first token active")
	}
}

func trapLoopback(t *testing.T, w *world) {
	w.change("cli", func(a *storage.App) { a.AnyLoopback, a.RedirectURIs = false, []string{"http://127.0.0.1/cb"} })
	for _, uri := range []string{
		"https://127.0.0.1:9/cb", "http://user:pw@127.0.0.1:9/cb", "http://127.0.0.1:9/cb#f", "http://127.0.0.1:9/%63b",
		"http://127.0.0.2:9/cb", "http://localhost:9/cb", "http://[::1]:9/cb",
	} {
		rec := w.get(PathAuthorize + "?" + request("cli", "redirect_uri", uri).Encode())
		if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
			t.Errorf("%s: %d, Location %q", uri, rec.Code, rec.Header().Get("Location"))
		}
	}
	w.code(request("cli", "redirect_uri", "http://127.0.0.1:65535/cb"))
}
