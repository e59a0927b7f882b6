package static_test

import (
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/propusk/propusk/static"
)

func get(method, target string) *http.Response {
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w.Result()
}

func TestHandler(t *testing.T) {
	look := static.Path("look.css")
	hashed := regexp.MustCompile(`^/static/[0-9a-f]{16}/look\.css$`)
	if !hashed.MatchString(look) {
		t.Fatalf("Path = %q, want %s", look, hashed)
	}
	const kept = "public, max-age=31536000, immutable"
	tests := []struct {
		name, method, target string
		status               int
		kind, cache          string
	}{
		{"style", "GET", look, 200, "text/css; charset=utf-8", kept},
		{"style, head", "HEAD", look, 200, "text/css; charset=utf-8", kept},
		{"picture", "GET", static.Path("favicon.svg"), 200, "image/svg+xml", kept},
		{"post", "POST", look, 405, "text/plain; charset=utf-8", ""},
		{"unhashed", "GET", "/static/look.css", 404, "text/plain; charset=utf-8", "no-store"},
		{"another hash", "GET", "/static/0000000000000000/look.css", 404, "text/plain; charset=utf-8", "no-store"},
		{"a template", "GET", path.Dir(look) + "/layout.html", 404, "text/plain; charset=utf-8", "no-store"},
		{"a folder", "GET", path.Dir(look) + "/", 404, "text/plain; charset=utf-8", "no-store"},
		{"out of it", "GET", path.Dir(look) + "/../../locale/en.yaml", 404, "text/plain; charset=utf-8", "no-store"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := get(tt.method, tt.target)
			if res.StatusCode != tt.status || res.Header.Get("Content-Type") != tt.kind || res.Header.Get("Cache-Control") != tt.cache {
				t.Errorf("got %d %q %q, want %d %q %q", res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"),
					tt.status, tt.kind, tt.cache)
			}
			if tt.status == 405 && res.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow = %q", res.Header.Get("Allow"))
			}
		})
	}
}

// TestStyleReferences follows every url() of a style to a file that is served, and finds nothing foreign.
func TestStyleReferences(t *testing.T) {
	look := static.Path("look.css")
	css, err := static.FS.ReadFile("css/look.css")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, m := range regexp.MustCompile(`url\(([^)]*)\)`).FindAllStringSubmatch(string(css), -1) {
		found++
		res := get("GET", path.Join(path.Dir(look), m[1]))
		if res.StatusCode != 200 {
			t.Errorf("%s: status %d", m[1], res.StatusCode)
		}
	}
	if found == 0 || strings.Contains(string(css), "@import") || strings.Contains(string(css), "//") {
		t.Errorf("%d references; or the style imports something", found)
	}
}

func TestPathPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Path of a missing file did not panic")
		}
	}()
	static.Path("missing.css")
}
