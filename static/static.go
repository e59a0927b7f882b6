package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"sync"
	"time"
)

// FS holds html/*.html, locale/*.yaml, the manual docs/*.md, and what is served: css/*, img/*, js/*.
//
//go:embed html/*.html locale/*.yaml docs/*.md css/* img/* js/*
var FS embed.FS

// Prefix is the path under which [Handler] is to be mounted.
const Prefix = "/static/"

// types are the kinds of file that are served; a file of another kind fails the first use, not a person.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type file struct {
	kind string
	body []byte
}

// assets are the files that are served, by address, and the address of each by name.
type assets struct {
	files map[string]file
	paths map[string]string
}

var served = sync.OnceValue(func() assets {
	byName := make(map[string]file)
	hash := sha256.New()
	for _, dir := range []string{"css", "img", "js"} {
		entries, err := fs.ReadDir(FS, dir)
		if err != nil {
			panic(fmt.Sprintf("static: %v", err))
		}
		for _, e := range entries {
			body, err := FS.ReadFile(path.Join(dir, e.Name()))
			if err != nil {
				panic(fmt.Sprintf("static: %v", err))
			}
			kind, ok := types[path.Ext(e.Name())]
			if !ok {
				panic(fmt.Sprintf("static: %s has no content type", e.Name()))
			}
			fmt.Fprintf(hash, "%s %d\n", e.Name(), len(body))
			hash.Write(body)
			byName[e.Name()] = file{kind: kind, body: body}
		}
	}
	root := Prefix + hex.EncodeToString(hash.Sum(nil)[:8]) + "/"
	a := assets{files: make(map[string]file), paths: make(map[string]string)}
	for name, f := range byName {
		a.files[root+name] = f
		a.paths[name] = root + name
	}
	return a
})

// Path returns the address of the named file, such as "/static/5f0c…/look.css". It panics when there is
// no such file: names are written in our templates only.
func Path(name string) string {
	address, ok := served().paths[name]
	if !ok {
		panic(fmt.Sprintf("static: no file %q", name))
	}
	return address
}

// Handler serves the files by their hashed addresses to GET and HEAD, to be kept for a year without
// asking again (RFC 8246). Anything else below [Prefix] is 404 and is not kept.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f, ok := served().files[r.URL.Path]
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", f.kind)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
	})
}
