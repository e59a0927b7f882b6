package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/propusk/propusk/static"
)

// PathDocs is where the manual is: its first chapter, and below it the others by name.
const PathDocs = "/docs"

// docsFirst is the file of the chapter at [PathDocs]. It is called so that a repository shows it as well.
const docsFirst = "README"

// docsChapters are the chapters in the order in which they are read: files NAME.md and NAME.ru.md of
// static/docs.
var docsChapters = []string{docsFirst, "start", "production", "apps", "registration", "logout", "conformance"}

// Docs is a chapter of the manual as anybody sees it (template docs); [Renderer.Docs] fills it.
type Docs struct {
	Title    string
	Text     template.HTML // the chapter, made of our own Markdown
	Chapters []DocsLink
	Sections []DocsLink // of this chapter
	Next     *DocsLink  // the chapter after this one; nil: there is none
}

// DocsLink is a chapter or a section of one.
type DocsLink struct {
	Address string
	Title   string
	Here    bool // it is the chapter that is shown
}

func (Docs) template() string      { return "docs" }
func (Docs) frame() (Stub, Hidden) { return Stub{Office: true}, Hidden{} }

// DocsInside is a chapter inside the frame of a person who is signed in.
type DocsInside struct {
	Shell
	Docs
}

func (DocsInside) template() string        { return "docs" }
func (d DocsInside) frame() (Stub, Hidden) { return d.Shell.frame() }

var docsPages = []content{DocsInside{}, Docs{}}

// chapter is what becomes of one file of the manual.
type chapter struct {
	title    string
	text     template.HTML
	sections []DocsLink
}

// newDocs prepares the chapters in one language. Each is read when somebody asks for it first: nobody may
// ever do, and then it costs nothing.
func newDocs(lang string) map[string]func() (*chapter, error) {
	all := make(map[string]func() (*chapter, error), len(docsChapters))
	for _, name := range docsChapters {
		all[name] = sync.OnceValues(func() (*chapter, error) {
			text, err := static.FS.ReadFile(docsFile(name, lang))
			if err != nil {
				return nil, fmt.Errorf("manual: %w", err)
			}
			return readChapter(text)
		})
	}
	return all
}

// docsFile is the file of a chapter: English ones have no language in their name.
func docsFile(name, lang string) string {
	if lang == "en" {
		return "docs/" + name + ".md"
	}
	return "docs/" + name + "." + lang + ".md"
}

// docsTitle is the heading a chapter begins with, without reading the rest.
func docsTitle(name, lang string) (string, error) {
	text, err := static.FS.ReadFile(docsFile(name, lang))
	if err != nil {
		return "", fmt.Errorf("manual: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	title, ok := strings.CutPrefix(line, "# ")
	if !ok {
		return "", fmt.Errorf("manual: %s does not begin with its title", docsFile(name, lang))
	}
	return title, nil
}

// Docs answers with a chapter of the manual, "" being the first one, or returns false and has not answered:
// there is no such chapter. inside is the frame of the person who is signed in; nil: nobody is. What
// everybody may see, browsers may keep and ask about again.
func (p *Renderer) Docs(w http.ResponseWriter, r *http.Request, name string, inside *Shell) bool {
	if name == docsFirst {
		return false // it has one address
	}
	if name == "" {
		name = docsFirst
	}
	lang := p.Lang(r, nil)
	read, ok := p.langs[lang].docs[name]
	if !ok {
		return false
	}
	chapter, err := read()
	if err != nil {
		p.brokenDocs(w, r, err)
		return true
	}
	d := Docs{Title: chapter.title, Text: chapter.text, Sections: chapter.sections}
	err = d.find(name, lang)
	if err != nil {
		p.brokenDocs(w, r, err)
		return true
	}
	if inside != nil {
		p.Show(w, r, View{}, DocsInside{Shell: *inside, Docs: d})
		return true
	}
	body, err := p.render(r, lang, d)
	if err != nil {
		p.brokenDocs(w, r, err)
		return true
	}
	p.keepLang(w, r)
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Content-Security-Policy", policy(nil))
	h.Set("Cache-Control", "private, no-cache") // private: language and theme are the reader's
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return true
}

// brokenDocs answers where a chapter cannot be shown; a test shows all of them.
func (p *Renderer) brokenDocs(w http.ResponseWriter, r *http.Request, err error) {
	p.config.Logger.ErrorContext(r.Context(), "page not rendered", "error", err, "path", r.URL.Path)
	http.Error(w, "Internal error", http.StatusInternalServerError)
}

// find fills in the list of chapters, and which comes next.
func (d *Docs) find(name, lang string) error {
	for i, chapter := range docsChapters {
		title, err := docsTitle(chapter, lang)
		if err != nil {
			return err
		}
		link := DocsLink{Address: docsAddress(chapter), Title: title, Here: chapter == name}
		d.Chapters = append(d.Chapters, link)
		if i > 0 && docsChapters[i-1] == name {
			d.Next = &link
		}
	}
	return nil
}

// docsAddress is where a chapter is served.
func docsAddress(name string) string {
	if name == docsFirst {
		return PathDocs
	}
	return PathDocs + "/" + name
}
