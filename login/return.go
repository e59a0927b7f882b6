package login

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/storage"
)

// home is where a sign-in for its own sake leads.
const home = "/account"

// returnBytes bounds the path that a sign-in comes back to: it travels in a cookie.
const returnBytes = 1500

// askOwn sends the browser to the sign-in page and back to the page it asked for: by a request that no app
// made, sealed into a cookie like all others. prompt "login" asks for the password of a person who is
// signed in already.
func (l *Login) askOwn(w http.ResponseWriter, r *http.Request, prompt ...string) {
	req := &storage.AuthRequest{ID: storage.NewID(), Prompt: prompt, CreatedAt: l.now(), Return: returnPath(r)}
	err := l.keep(w, r, req, progressBytes)
	if errors.Is(err, errTooLarge) { // a path of that many percent signs: the front page of the place will do
		req.Return = home
		err = l.keep(w, r, req, progressBytes)
	}
	if err != nil {
		l.failure(w, r, err)
		return
	}
	l.again(w, r, req)
}

// returnPath is the path and query of the request, exactly as sent. What must not stand in a Location is
// left out: the query first, then all of it.
func returnPath(r *http.Request) string {
	path := r.URL.EscapedPath()
	if r.URL.RawQuery != "" && ownPath(path+"?"+r.URL.RawQuery) {
		return path + "?" + r.URL.RawQuery
	}
	if ownPath(path) {
		return path
	}
	return home
}

// ownPath tells whether target is an absolute path of ours, with or without a query, that no browser takes
// for anything else: browsers read a backslash as a slash, leave out tabs and line breaks, and take two
// slashes for the beginning of another host (WHATWG URL §4.4).
func ownPath(target string) bool {
	if len(target) > returnBytes || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		return false
	}
	for _, c := range []byte(target) {
		if c <= ' ' || c >= 0x7f || c == '\\' || c == '#' {
			return false
		}
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	// As a proxy may decode it.
	return !strings.HasPrefix(u.Path, "//") && !strings.ContainsFunc(u.Path, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' })
}

// goBack sends the browser to where a request of our own came from. The path is looked at once more,
// though it comes from a sealed cookie: this is the one redirect whose target is not a constant.
func (l *Login) goBack(w http.ResponseWriter, target string) {
	if !ownPath(target) {
		target = home
	}
	w.Header().Set("Location", target) // as it is: http.Redirect would clean the path
	w.WriteHeader(http.StatusSeeOther)
}
