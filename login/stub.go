package login

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// stub is the left part of the pass for a request: who asks, and where the answer goes. A device is
// answered where it is, so its app is told from others by its client_id, and the number is the code on
// its screen.
func (l *Login) stub(r *http.Request, req *storage.AuthRequest, app *storage.App) page.Stub {
	if req.Device != "" {
		return l.deviceStub(r, app, req.State)
	}
	s := l.pages.AppStub(app.DisplayName(l.pages.Lang(r, req.UILocales)), req.RedirectURI, app.Trusted)
	s.Serial = serial(req.ID)
	return s
}

// view is how a page of the request is shown: in the language it asks for, and with a form that may end
// at the app, if one is to be answered.
func view(req *storage.AuthRequest) page.View {
	v := page.View{UILocales: req.UILocales}
	if req.RedirectURI != "" {
		v.FormAction = formAction(req.RedirectURI)
	}
	return v
}

// schemeSource is what may stand as a scheme in a Content-Security-Policy.
var schemeSource = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// formAction names the schemes a form may be redirected to on its way to uri: the app may send the
// browser on to other https origins, so 'self' and the app's own origin would break sign-ins.
func formAction(uri string) []string {
	list := []string{"https:"}
	u, err := url.Parse(uri)
	if err != nil {
		return list
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "" && scheme != "https" && schemeSource.MatchString(scheme) {
		list = append(list, scheme+":")
	}
	return list
}

// serial is the number of a request or session as people see it, "7F3A-91C2". It tells nothing of the id.
func serial(id string) string {
	sum := sha256.Sum256([]byte("serial\x00" + id))
	return fmt.Sprintf("%X-%X", sum[0:2], sum[2:4])
}

// person is who is signed in, for the pages.
func person(u *storage.User) page.Person {
	p := page.Person{Name: u.Name, Detail: u.Email}
	if p.Name == "" {
		p.Name = u.Login
	}
	if p.Detail == "" {
		p.Detail = u.Login
	}
	return p
}

// policies are the app's links, in the language of the page where the app has them in it.
func (l *Login) policies(r *http.Request, in input) page.Policies {
	lang := l.pages.Lang(r, in.req.UILocales)
	return page.Policies{PolicyURI: in.app.Policy(lang), TosURI: in.app.Terms(lang)}
}
