package page

import (
	"bytes"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/propusk/propusk/static"
)

// Config is what every page needs to know of the instance.
type Config struct {
	Issuer string           // absolute URL, shown as host in the header; https decides HSTS and Secure
	Name   string           // of the organisation, on the stub of pages without an app; empty: the issuer's host
	Dev    bool             // shows the dev bar, and problems in full
	Logger *slog.Logger     // nil: slog.Default()
	Now    func() time.Time // nil: time.Now
}

// Renderer renders pages; safe for concurrent use.
type Renderer struct {
	config Config
	host   string // of the issuer, with its port
	secure bool   // the issuer is https
	cookie string // name of the language cookie
	langs  map[string]*language
}

// language is everything that is bound to one language: its texts and the templates using them. Each page
// is read when it is shown first: all of them together would keep a third of an idle process's memory and
// half of its start.
type language struct {
	text  *text
	pages map[string]func() (*template.Template, error)
	docs  map[string]func() (*chapter, error)
}

// View is what a page is shown with, beside its own struct.
type View struct {
	Status     int      // 0: 200, or 400 for a Problem
	UILocales  []string // of the request, for Lang
	FrameSrc   []string // origins whose pages may stand in frames, "https://host:port"
	FormAction []string // further CSP form-action sources, for forms that end at an app: "https:", "http:", "myapp:"
}

// frame is what the layout shows around every page.
type frame struct {
	Lang    string
	Host    string
	Dev     bool
	Theme   string // "light" or "dark" where the person chose one
	Style   string // address of the style sheet
	Script  string // address of the script, for signed-in pages
	Icon    string
	English string // links of the footer
	Russian string
}

// sheet is what a template is executed with.
type sheet struct {
	Frame frame
	Stub  Stub
	Shell Shell // of a signed-in page
	Page  any
}

// content is a page's struct.
type content interface {
	template() string      // name of its file in static/html
	frame() (Stub, Hidden) // Hidden is zero on a page without a form
}

// pages are all there are; the template of each is a file in static/html.
// The dashboard's are listed beside their structs.
var pages = slices.Concat(
	[]content{SignIn{}, Choose{}, Consent{}, Logout{}, SignedOut{}, Home{}, Problem{}},
	devicePages, accountPages, peoplePages, appPages, apiPages, docsPages,
)

// New reads the locales and layouts; any error in them fails here.
func New(c Config) (*Renderer, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if issuer.Host == "" {
		return nil, fmt.Errorf("issuer %q: no host", c.Issuer)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Name == "" {
		c.Name = issuer.Host
	}
	p := &Renderer{
		config: c,
		host:   issuer.Host,
		secure: issuer.Scheme == "https",
		cookie: cookieName(issuer),
		langs:  make(map[string]*language),
	}
	texts, err := loadTexts(c.Now)
	if err != nil {
		return nil, err
	}
	for _, x := range texts {
		l, err := newLanguage(x)
		if err != nil {
			return nil, err
		}
		p.langs[x.lang] = l
	}
	return p, nil
}

// newLanguage reads the layouts and prepares the pages. An error in the template of a page shows up when it
// is shown first; a test shows all of them.
func newLanguage(x *text) (*language, error) {
	base, err := template.New("").Funcs(x.funcs()).ParseFS(static.FS, "html/layout.html", "html/shell.html", "html/parts.html", "html/app-parts.html")
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	l := &language{text: x, pages: make(map[string]func() (*template.Template, error), len(pages)), docs: newDocs(x.lang)}
	for _, c := range pages {
		l.pages[c.template()] = sync.OnceValues(func() (*template.Template, error) { return read(base, c.template()) })
	}
	return l, nil
}

// read reads the template of one page with the layout around it.
func read(base *template.Template, name string) (*template.Template, error) {
	t, err := base.Clone()
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	t, err = t.ParseFS(static.FS, "html/"+name+".html")
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return t, nil
}

// Show renders data, one of the structs of this package that have a template,
// into a buffer and then writes it, never to be stored. It adds to the headers that are set already
// (Retry-After, cookies). A page that cannot be rendered is logged and answered with a plain 500.
func (p *Renderer) Show(w http.ResponseWriter, r *http.Request, v View, data any) {
	lang := p.Lang(r, v.UILocales)
	body, err := p.render(r, lang, data)
	if err != nil {
		p.config.Logger.ErrorContext(r.Context(), "page not rendered", "error", err, "path", r.URL.Path)
		http.Error(w, "Internal error", http.StatusInternalServerError)
		return
	}
	p.keepLang(w, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", p.policyOf(data, v))
	status := v.Status
	if status == 0 {
		status = http.StatusOK
		if _, ok := data.(Problem); ok {
			status = http.StatusBadRequest
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the other side may be gone; nothing is left to do then
}

func (p *Renderer) render(r *http.Request, lang string, data any) ([]byte, error) {
	c, ok := data.(content)
	if !ok {
		return nil, fmt.Errorf("%T is not a page", data)
	}
	l := p.langs[lang]
	stub, hidden := c.frame()
	s := sheet{
		Frame: frame{
			Lang:    lang,
			Host:    p.host,
			Dev:     p.config.Dev,
			Theme:   p.theme(r),
			Style:   static.Path("look.css"),
			Script:  static.Path("copy.js"),
			Icon:    static.Path("favicon.svg"),
			English: langLink(r, hidden.Request, "en"),
			Russian: langLink(r, hidden.Request, "ru"),
		},
		Stub: p.ownStub(stub),
		Page: data,
	}
	if inside, ok := c.(shelled); ok {
		s.Shell = inside.shell()
	}
	if problem, ok := data.(Problem); ok {
		if s.Stub.Serial == "" {
			s.Stub.Serial = problem.ID
		}
		explained, err := l.text.explain(problem, s.Stub, p.config.Dev, r.Method)
		if err != nil {
			return nil, err
		}
		s.Page = explained
	}
	t, err := l.pages[c.template()]()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	err = t.ExecuteTemplate(&buf, layoutOf(c), s)
	if err != nil {
		return nil, fmt.Errorf("page %s in %s: %w", c.template(), lang, err)
	}
	return buf.Bytes(), nil
}
