package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// person is somebody with a browser of their own: cookies and HTML forms, no script.
type person struct {
	login, password string
	tick            []string // optional scopes to tick beside those that are ticked
	deny            bool     // presses Deny

	w   *world
	jar http.CookieJar

	csrf, csrfOf string // hidden token of propusk's own pages, and the session it is of
}

// person is somebody who knows the seeded password of login.
func (w *world) person(login string) *person {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &person{login: login, password: login, w: w, jar: jar}
}

// sheet is a form on a page as a browser would send it.
type sheet struct {
	action string     // a path of the issuer, or another site's URL
	method string     // upper case
	fields url.Values // hidden and text fields
	ticked url.Values // boxes that are ticked
	boxes  []string   // the values of all boxes
}

// send carries out a request with the person's cookies; redirects are not followed.
func (p *person) send(r *http.Request) *reply {
	p.w.t.Helper()
	for _, c := range p.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	response, err := p.w.http.RoundTrip(r)
	if err != nil {
		p.w.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	p.jar.SetCookies(r.URL, response.Cookies())
	return readReply(p.w.t, response)
}

// get asks for a path of the issuer.
func (p *person) get(path string) *reply {
	p.w.t.Helper()
	return p.send(p.w.request(http.MethodGet, path, ""))
}

// post sends a form from the issuer's own page; headers replace what the browser says about itself.
func (p *person) post(path string, form url.Values, headers ...string) *reply {
	p.w.t.Helper()
	r := p.w.request(http.MethodPost, path, form.Encode())
	r.Header.Set("Origin", p.w.issuer)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return p.send(r)
}

// follow goes on from an answer while it redirects inside the issuer. It returns the first page, or the
// redirect that leaves, and the path it came to.
func (p *person) follow(path string, got *reply) (string, *reply) {
	p.w.t.Helper()
	for range 10 {
		to := got.location()
		if got.status < 300 || got.status > 399 || to == nil || to.IsAbs() && !strings.HasPrefix(to.String(), p.w.issuer+"/") {
			return path, got
		}
		path = to.RequestURI()
		got = p.get(path)
	}
	p.w.t.Fatalf("the redirects do not end: last at %s", path)
	return "", nil
}

// open gets a path and follows the redirects.
func (p *person) open(path string) (string, *reply) {
	p.w.t.Helper()
	return p.follow(path, p.get(path))
}

// walk opens a path, signs in and consents as far as it is asked, and returns the redirect that leaves
// the issuer, or the page where it ended.
func (p *person) walk(path string) *reply {
	p.w.t.Helper()
	_, got := p.open(path)
	for range 6 {
		action, form := p.fill(got)
		if form == nil {
			return got
		}
		_, got = p.follow(action, p.post(action, form))
	}
	return got
}

// fill fills in the form of a page: sign-in, choice of account, consent; nil where there is none of them.
func (p *person) fill(page *reply) (string, url.Values) {
	p.w.t.Helper()
	if page.status != http.StatusOK {
		return "", nil
	}
	switch {
	case strings.Contains(page.body, `id="login-submit"`):
		s := p.sheet(page, "/login")
		return s.action, changed(s.fields, "username", p.login, "password", p.password)
	case strings.Contains(page.body, `id="consent-allow"`):
		s := p.sheet(page, "/consent")
		decision := "allow"
		if p.deny {
			decision = "deny"
		}
		form := changed(s.fields, "decision", decision)
		for _, scope := range s.boxes {
			if slices.Contains(p.tick, scope) || slices.Contains(s.ticked["scope"], scope) {
				form.Add("scope", scope)
			}
		}
		return s.action, form
	case strings.Contains(page.body, `value="keep"`):
		s := p.sheet(page, "/login")
		return s.action, changed(s.fields, "account", "keep")
	}
	return "", nil
}

// code walks a good authorization request of the app, with changes, and returns the code.
func (p *person) code(a party, pairs ...string) string {
	p.w.t.Helper()
	got := p.walk(authorizePath(a.asking(pairs...)))
	to := got.location()
	if to == nil || to.Query().Get("code") == "" {
		p.w.t.Fatalf("authorize: no code, but %d %s\n%s", got.status, got.header.Get("Location"), clipLog(got.body))
	}
	return to.Query().Get("code")
}

// signIn signs the person in without an app.
func (p *person) signIn() *reply {
	p.w.t.Helper()
	_, page := p.open("/login")
	action, form := p.fill(page)
	if form == nil {
		p.w.t.Fatalf("no sign-in form: %d", page.status)
	}
	return p.post(action, form)
}

// cookie returns the value of the person's cookie whose name contains part, or "".
func (p *person) cookie(part string) string {
	at, err := url.Parse(p.w.issuer)
	if err != nil {
		p.w.t.Fatal(err)
	}
	for _, c := range p.jar.Cookies(at) {
		if strings.Contains(c.Name, part) {
			return c.Value
		}
	}
	return ""
}

// sheet returns the form of a page that goes to action.
func (p *person) sheet(page *reply, action string) sheet {
	p.w.t.Helper()
	for _, s := range sheets(page.body) {
		if s.action == action {
			return s
		}
	}
	p.w.t.Fatalf("no form that goes to %s in\n%s", action, clipLog(page.body))
	return sheet{}
}

// sheets reads the forms of a page.
func sheets(page string) []sheet {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	var list []sheet
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		s := sheet{fields: url.Values{}, ticked: url.Values{}}
		s.action, _ = attr(n, "action")
		s.method, _ = attr(n, "method")
		s.method = strings.ToUpper(s.method)
		for field := range n.Descendants() {
			s.add(field)
		}
		list = append(list, s)
	}
	return list
}

// add takes an input into the form.
func (s *sheet) add(field *html.Node) {
	name, named := attr(field, "name")
	if field.Type != html.ElementNode || field.Data != "input" || !named {
		return
	}
	value, _ := attr(field, "value")
	kind, _ := attr(field, "type")
	if kind != "checkbox" {
		s.fields.Add(name, value)
		return
	}
	s.boxes = append(s.boxes, value)
	if _, ticked := attr(field, "checked"); ticked {
		s.ticked.Add(name, value)
	}
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
