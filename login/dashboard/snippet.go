package dashboard

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// snippets writes ready code for one app: every value in it is the app's own, and the secret is read from
// the environment.
type snippets struct {
	Issuer   string
	ID       string
	Public   bool
	Service  bool   // no person signs in
	Post     bool   // the secret travels in the body
	Signs    string // private_key_jwt or client_secret_jwt, where the app sends assertions instead of a secret
	Alg      string // by which it signs them
	Insecure bool   // the issuer is plain http
	Scopes   []string
	Redirect string // the first that leads to a web server, else the first
	Listen   string // host:port on which the program answers Redirect
	Path     string // of Redirect
	Start    string // a path for the beginning of the sign-in
	Port     string
}

// newSnippets reads what the code depends on.
func newSnippets(issuer string, app *storage.App) snippets {
	s := snippets{
		Issuer:   issuer,
		ID:       app.ID,
		Public:   app.Public(),
		Service:  !app.Allows(storage.GrantCode),
		Post:     !slices.Contains(app.AuthMethods, storage.AuthBasic),
		Insecure: strings.HasPrefix(issuer, "http:"),
		Redirect: "https://app.example.com/callback",
		Start:    "/login",
	}
	s.Signs = signingMethod(app)
	s.Alg = signingAlg(app, s.Signs)
	for _, scope := range app.Scopes {
		s.Scopes = append(s.Scopes, scope.Name)
	}
	if len(app.RedirectURIs) > 0 {
		s.Redirect = app.RedirectURIs[0]
		isWeb := func(uri string) bool { return strings.HasPrefix(uri, "http") }
		if i := slices.IndexFunc(app.RedirectURIs, isWeb); i >= 0 {
			s.Redirect = app.RedirectURIs[i]
		}
	}
	s.place(app.Type == storage.AppNative)
	return s
}

// place says where a program listens for the redirect URI: on its own port on this machine, else on 8080
// behind whatever answers the address in public.
func (s *snippets) place(native bool) {
	u, err := url.Parse(s.Redirect)
	if err != nil {
		u = &url.URL{}
	}
	s.Path, s.Port = cmp.Or(u.EscapedPath(), "/"), "8080"
	host := u.Hostname()
	local := host == "localhost" || net.ParseIP(host).IsLoopback()
	if local {
		s.Port = cmp.Or(u.Port(), "8080")
	}
	if native && local && u.Port() == "" {
		u.Host = net.JoinHostPort(host, s.Port)
		s.Redirect = u.String()
	}
	s.Listen = net.JoinHostPort("", s.Port)
	if local {
		s.Listen = net.JoinHostPort(host, s.Port)
	}
	if s.Path == s.Start {
		s.Start = "/start"
	}
}

// scope is the scope parameter.
func (s snippets) scope() string { return strings.Join(s.Scopes, " ") }

// env is a file .env; secret is the new one, "" where it is not known any more.
func (s snippets) env(secret string) string {
	pairs := [][2]string{{"OIDC_ISSUER", s.Issuer}, {"OIDC_CLIENT_ID", s.ID}}
	switch {
	case s.Signs == storage.AuthPrivateKeyJWT:
		pairs = append(pairs, [2]string{"OIDC_CLIENT_KEY_FILE", "client-key.pem"})
	case !s.Public:
		pairs = append(pairs, [2]string{"OIDC_CLIENT_SECRET", secret})
	}
	if !s.Service {
		pairs = append(pairs, [2]string{"OIDC_REDIRECT_URI", s.Redirect})
	}
	pairs = append(pairs, [2]string{"OIDC_SCOPE", s.scope()})
	var b strings.Builder
	b.WriteString("# What an OpenID Connect client needs to sign people in by propusk: keep it out of version control.\n")
	for _, p := range pairs {
		b.WriteString(p[0] + "=" + envValue(p[1]) + "\n")
	}
	return b.String()
}

// envValue quotes a value of a file .env so that a shell that sources it reads it as it is.
func envValue(value string) string {
	special := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~:/@%+,", r))
	}
	if !strings.ContainsFunc(value, special) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// all are the snippets in the order of the page, the first one open.
func (s snippets) all() []page.Snippet {
	list := []page.Snippet{
		{ID: "go", Title: "Go", Files: s.golang(), Then: s.begin(s.Start), Open: true},
		{ID: "node", Title: "Node.js", Files: s.node(), Then: s.begin(s.Start)},
	}
	if s.Signs != "" { // the others would need more than a page of code for it
		return list
	}
	return append(list,
		page.Snippet{ID: "python", Title: "Python", Files: s.python(), Then: s.begin(s.Start)},
		page.Snippet{ID: "spring", Title: "Spring Boot", Files: s.spring(), Then: s.begin("/")}, // it asks at every page
		page.Snippet{ID: "curl", Title: "curl", Files: s.curl()},
	)
}

// begin is what is opened in the browser to sign in; "" where nobody does.
func (s snippets) begin(path string) string {
	if s.Service {
		return ""
	}
	return s.origin() + path
}

// origin is where the running program is opened in the browser; "" where the redirect URI is none of the web.
func (s snippets) origin() string {
	u, err := url.Parse(s.Redirect)
	if err != nil || u.Host == "" {
		return "http://localhost:" + s.Port
	}
	return u.Scheme + "://" + u.Host
}

// quoted is a string literal that Go, JavaScript, Python, YAML and Java read alike. What stands in an app's
// URIs and scopes is visible ASCII, so only two characters need care.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// quotedList is a list of them.
func quotedList(list []string) string {
	var all []string
	for _, s := range list {
		all = append(all, quoted(s))
	}
	return strings.Join(all, ", ")
}

// fill writes the values, name and value in turn, into the text where «name» stands.
func fill(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		pairs[i] = "«" + pairs[i] + "»"
	}
	return strings.TrimPrefix(strings.NewReplacer(pairs...).Replace(text), "\n")
}

// when is text where the condition holds, else "".
func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}
