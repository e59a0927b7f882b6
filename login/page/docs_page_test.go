package page

import (
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs: the answer in both languages, what may be kept of it, and what there is not.
func TestDocs(t *testing.T) {
	ask := func(p *Renderer, name, lang, etag string, inside *Shell) (*httptest.ResponseRecorder, bool) {
		r := httptest.NewRequest(http.MethodGet, path.Join(PathDocs, name), nil)
		r.Header.Set("Accept-Language", lang)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		return w, p.Docs(w, r, name, inside)
	}
	p := newRenderer(t, Config{})
	for lang, word := range map[string]string{"en": "Master key", "ru": "Главный ключ"} {
		w, ok := ask(p, "production", lang, "", nil)
		if !ok || w.Code != 200 || !strings.Contains(w.Body.String(), ">"+word+"</h2>") || w.Header().Get("Content-Language") != lang {
			t.Fatalf("%s: %t %d %v", lang, ok, w.Code, w.Header())
		}
		got := []string{w.Header().Get("Content-Security-Policy"), w.Header().Get("Cache-Control"), w.Header().Get("Vary")}
		if diff := cmp.Diff([]string{strict, "private, no-cache", "Accept-Language, Cookie"}, got); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
		if strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s: there is a script", lang)
		}
		again, _ := ask(p, "production", lang, w.Header().Get("ETag"), nil)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s: asked again: %d, %d bytes", lang, again.Code, again.Body.Len())
		}
	}
	inside, ok := ask(p, "", "en", "", &Shell{Person: alice})
	if !ok || inside.Header().Get("Cache-Control") != "no-store" || !strings.Contains(inside.Body.String(), "Alice Novak") {
		t.Errorf("signed in: %t %v", ok, inside.Header())
	}
	for _, name := range []string{"README", "nothing", "start.ru", "../html/home"} {
		w, ok := ask(p, name, "en", "", nil)
		if ok || len(w.Header()) > 0 || w.Body.Len() > 0 {
			t.Errorf("%q is a chapter", name)
		}
	}
}

// TestDocsLazy: a chapter is read when somebody asks for it, and once.
func TestDocsLazy(t *testing.T) {
	read := newDocs("en")["start"]
	first, err := read()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := read()
	if first != again {
		t.Error("a chapter was read twice")
	}
}
