package login

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Lifetimes of the cookies. The database holds the real ends of sessions.
const (
	sessionCookieAge = 30 * 24 * time.Hour
	requestAge       = 30 * time.Minute
	formAge          = 12 * time.Hour
)

// secretLimit bounds what is looked up as a session secret.
const secretLimit = 256

// names are the names of our cookies and what they are set with. An https issuer uses the __Host- prefix
// and Secure. Plain http (development) can use neither, because WebKit drops Secure cookies on
// http://localhost, and as every port of a host shares one jar the names carry the issuer's port.
type names struct {
	session string
	form    string // before there is a session: what a plain sign-in form is bound to
	request string // prefix, followed by the end of the request's id
	state   string // the browser's state, for the page of session management; empty on http, where there is none
	secure  bool
}

// cookieNames derives the names from the issuer.
func cookieNames(issuer *url.URL) names {
	if issuer.Scheme == "https" {
		return names{
			session: "__Host-propusk_session",
			form:    "__Host-propusk_pre",
			request: "__Host-propusk_r_",
			state:   "__Host-propusk_state",
			secure:  true,
		}
	}
	port := issuer.Port()
	if port == "" {
		port = "80"
	}
	return names{
		session: "propusk_session_" + port,
		form:    "propusk_pre_" + port,
		request: "propusk_r_" + port + "_",
	}
}

// requestName is the cookie of one request. Only the end of the id is used: it is random in ids of every
// kind, and ten characters are enough to tell six cookies apart.
func (n names) requestName(id string) string {
	return n.request + id[len(id)-10:]
}

// set writes a cookie for the whole host; age 0 deletes it.
func (n names) set(w http.ResponseWriter, name, value string, age time.Duration) {
	c := &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   int(age / time.Second),
		HttpOnly: true,
		Secure:   n.secure,
		SameSite: http.SameSiteLaxMode,
	}
	if age <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// setState writes the browser's state for the page of OpenID Connect Session Management 1.0, "" for nobody is
// signed in. The page is framed by apps and read by its script, so the cookie is neither HttpOnly nor Lax;
// it is worth nothing but the comparison.
func (n names) setState(w http.ResponseWriter, state string) {
	if n.state == "" {
		return
	}
	c := &http.Cookie{Name: n.state, Value: state, Path: "/", MaxAge: int(sessionCookieAge / time.Second), Secure: true, SameSite: http.SameSiteNoneMode}
	if state == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// keepState corrects the browser's state where it is not that of the session: it ended elsewhere, or began
// before there was such a cookie.
func (l *Login) keepState(w http.ResponseWriter, r *http.Request, v visitor) {
	if l.names.state == "" {
		return
	}
	state := ""
	if v.session != nil {
		state = l.db.BrowserState(v.session.ID)
	}
	if plausible(r, l.names.state) != state {
		l.names.setState(w, state)
	}
}

// sessionSecret returns the session secret the browser presents, from its cookie and nowhere else. What
// cannot be one of ours counts as signed out.
func (n names) sessionSecret(r *http.Request) string {
	return plausible(r, n.session)
}

// formSecret returns what the browser's plain forms are bound to, or "".
func (n names) formSecret(r *http.Request) string {
	return plausible(r, n.form)
}

// plausible returns the cookie's value if it is short and made of base64url characters.
func plausible(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil || len(c.Value) > secretLimit {
		return ""
	}
	for _, b := range []byte(c.Value) {
		if !isWord(b) {
			return ""
		}
	}
	return c.Value
}

// isWord tells whether b may stand in ids and secrets of ours.
func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-_.~", b) >= 0
}
