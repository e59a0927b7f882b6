package providertest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Page is a page that a person saw.
type Page struct {
	Kind   string // "sign-in", "choose", "consent", "device", "device-confirm", "logout"; "" for a page with nothing to fill in
	URL    *url.URL
	Status int
	Header http.Header
	HTML   string
	Lang   string // of <html>
	forms  []*form
}

// form is an HTML form as a browser would send it.
type form struct {
	action  *url.URL
	method  string
	values  url.Values // hidden and text fields, and the boxes that are ticked
	boxes   []box
	buttons []button
}

type box struct {
	name, value string
	ticked      bool
}

type button struct{ id, name, value string }

// readPage parses a page and says what it asks for.
func readPage(t testing.TB, at *url.URL, response *http.Response, body string) *Page {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	page := &Page{URL: at, Status: response.StatusCode, Header: response.Header, HTML: body}
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "html":
			page.Lang, _ = attribute(n, "lang")
		case n.Data == "form":
			page.forms = append(page.forms, readForm(t, at, n))
		}
	}
	for kind, id := range map[string]string{
		"sign-in": "login-submit", "consent": "consent-allow", "logout": "logout-yes", "choose": "account=keep", "device-confirm": "device-submit",
	} {
		f, _ := page.form(id)
		if f == nil {
			continue
		}
		page.Kind = kind
		if f.values.Has("user_code") {
			page.Kind = "device"
		}
	}
	return page
}

// form returns the form that holds the button with that id, or with that name=value, or nil.
func (s *Page) form(press string) (*form, button) {
	for _, f := range s.forms {
		for _, b := range f.buttons {
			if b.id == press || b.name+"="+b.value == press {
				return f, b
			}
		}
	}
	return nil, button{}
}

func readForm(t testing.TB, at *url.URL, n *html.Node) *form {
	t.Helper()
	action, _ := attribute(n, "action")
	target, err := at.Parse(action)
	if err != nil {
		t.Fatalf("action %q: %v", action, err)
	}
	method, _ := attribute(n, "method")
	f := &form{action: target, method: strings.ToUpper(method), values: url.Values{}}
	for field := range n.Descendants() {
		if field.Type != html.ElementNode {
			continue
		}
		name, _ := attribute(field, "name")
		value, _ := attribute(field, "value")
		kind, _ := attribute(field, "type")
		switch {
		case field.Data == "button":
			id, _ := attribute(field, "id")
			f.buttons = append(f.buttons, button{id: id, name: name, value: value})
		case field.Data != "input" || name == "":
		case kind == "checkbox":
			_, ticked := attribute(field, "checked")
			f.boxes = append(f.boxes, box{name: name, value: value, ticked: ticked})
		default:
			f.values.Add(name, value)
		}
	}
	return f
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
