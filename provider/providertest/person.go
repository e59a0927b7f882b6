package providertest

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Person is somebody with a browser that has cookies and HTML forms and no script. It fills in what the
// contract names (fields username, password and user_code, buttons consent-allow, consent-deny,
// device-submit, logout-yes) and sends every other field as the page gave it.
type Person struct {
	Login    string
	Password string
	Deny     bool     // presses Deny on the consent page
	Switch   bool     // asks for another account where one may be chosen
	Tick     []string // optional scopes to tick beside those that are ticked; "*" is all
	Language string   // Accept-Language; empty: none is sent
	Code     string   // what they type where a device's code is asked for; empty: what stands there

	Shown []*Page // the pages of the last walk, in order

	// Browser holds the person's cookies and follows no redirect.
	Browser *http.Client

	t      testing.TB
	issuer *url.URL
}

// Answer is what an app receives at the end of a walk, or the page at which the walk ended.
type Answer struct {
	URL    *url.URL   // where it came, without what the response mode put there
	Values url.Values // code, state, iss or error …
	Post   bool       // by form_post
	Page   *Page      // instead of all this: the walk ended at a page of the provider
}

// NewPerson is somebody who knows the seeded password of login.
func NewPerson(t testing.TB, issuer, login string) *Person {
	t.Helper()
	base, err := url.Parse(issuer)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Jar:           jar,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Person{Login: login, Password: login, t: t, issuer: base, Browser: client}
}

// Walk opens a URL and goes on until the answer leaves the provider or no form is left to fill in.
func (p *Person) Walk(target string) *Answer {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.walkFrom(request)
}

// Post opens a URL by sending a form, as another site's page does.
func (p *Person) Post(target string, values url.Values) *Answer {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodPost, target, strings.NewReader(values.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.walkFrom(request)
}

func (p *Person) walkFrom(request *http.Request) *Answer {
	p.t.Helper()
	p.Shown = nil
	for range 16 {
		response, body := p.send(request)
		location := response.Header.Get("Location")
		if response.StatusCode >= 300 && response.StatusCode < 400 && location != "" {
			next, err := request.URL.Parse(location)
			if err != nil {
				p.t.Fatalf("Location %q: %v", location, err)
			}
			if next.Host != p.issuer.Host || next.Scheme != p.issuer.Scheme {
				return queryAnswer(next)
			}
			request, err = http.NewRequest(http.MethodGet, next.String(), nil)
			if err != nil {
				p.t.Fatal(err)
			}
			continue
		}
		page := readPage(p.t, request.URL, response, body)
		for _, f := range page.forms {
			if f.action.Host != p.issuer.Host && f.method == http.MethodPost {
				return &Answer{URL: f.action, Values: f.values, Post: true}
			}
		}
		p.Shown = append(p.Shown, page)
		request = p.fillIn(page)
		if request == nil {
			return &Answer{Page: page}
		}
	}
	p.t.Fatalf("the walk does not end: last at %s", request.URL)
	return nil
}

// Kinds lists what the last walk showed.
func (p *Person) Kinds() []string {
	var list []string
	for _, page := range p.Shown {
		list = append(list, page.Kind)
	}
	return list
}

func (p *Person) send(request *http.Request) (*http.Response, string) {
	p.t.Helper()
	if p.Language != "" {
		request.Header.Set("Accept-Language", p.Language)
	}
	response, err := p.Browser.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		p.t.Fatal(err)
	}
	return response, string(body)
}

// buttons are what a person presses who agrees.
var buttons = map[string]string{
	"sign-in": "login-submit", "consent": "consent-allow", "logout": "logout-yes", "device": "device-submit", "device-confirm": "device-submit",
}

// fillIn answers a page, or returns nil where there is nothing to answer.
func (p *Person) fillIn(page *Page) *http.Request {
	if (page.Kind == "sign-in" || page.Kind == "device") && p.seen(page.Kind) > 1 {
		return nil // a second one in one walk says that the password or the code was wrong
	}
	press := buttons[page.Kind]
	switch {
	case page.Kind == "":
		return nil
	case page.Kind == "consent" && p.Deny:
		press = "consent-deny"
	case page.Kind == "choose" && p.Switch:
		press = "account=other"
	case page.Kind == "choose":
		press = "account=keep"
	}
	f, pressed := page.form(press)
	if f == nil {
		p.t.Fatalf("%s: no button %s in\n%s", page.URL, press, page.HTML)
	}
	if page.Kind == "sign-in" {
		f.values.Set("username", p.Login)
		f.values.Set("password", p.Password)
	}
	if page.Kind == "device" && p.Code != "" {
		f.values.Set("user_code", p.Code)
	}
	for _, b := range f.boxes {
		if b.ticked || p.ticks(b.value) {
			f.values.Add(b.name, b.value)
		}
	}
	if pressed.name != "" {
		f.values.Set(pressed.name, pressed.value)
	}
	request, err := http.NewRequest(http.MethodPost, f.action.String(), strings.NewReader(f.values.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.issuer.String())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return request
}

func (p *Person) ticks(scope string) bool {
	for _, s := range p.Tick {
		if s == scope || s == "*" {
			return true
		}
	}
	return false
}

func (p *Person) seen(kind string) int {
	n := 0
	for _, page := range p.Shown {
		if page.Kind == kind {
			n++
		}
	}
	return n
}

// queryAnswer takes the parameters of the answer out of the redirect.
func queryAnswer(u *url.URL) *Answer {
	values := u.Query()
	bare := *u
	bare.RawQuery = ""
	return &Answer{URL: &bare, Values: values}
}
