package login

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/propusk/propusk/storage"
)

// formToken is what the hidden field csrf of a form of ours holds, sealed. It says for whom the form was
// made: the request in the browser's cookie, and the session, or the random value of the pre-session
// cookie where there is neither.
type formToken struct {
	Request string `json:"r,omitempty"`
	Holder  string `json:"h,omitempty"`
	Asked   string `json:"w,omitempty"` // consent: what the page asked
	At      int64  `json:"t"`           // unix seconds
}

// sessionHolder binds a form to a session, formHolder to the pre-session cookie.
func sessionHolder(s *storage.Session) string { return "session:" + s.ID }
func formHolder(secret string) string         { return "form:" + secret }

// token seals the field csrf of a form.
func (l *Login) token(t formToken) string {
	t.At = l.now().Unix()
	plain, _ := json.Marshal(t) // strings and a number
	return l.db.Seal("csrf", plain)
}

// readToken opens the field csrf; false when it is not one of ours or older than 12 hours.
func (l *Login) readToken(form url.Values) (formToken, bool) {
	var t formToken
	plain, err := l.db.Unseal("csrf", form.Get("csrf"))
	if err != nil {
		return t, false
	}
	err = json.Unmarshal(plain, &t)
	if err != nil {
		return t, false
	}
	age := l.now().Sub(time.Unix(t.At, 0))
	return t, age < formAge && age > -time.Minute
}

// checkSession tells whether the form was made for this request ("" for none) and this session. It
// returns what the form asked.
func (l *Login) checkSession(form url.Values, request string, s *storage.Session) (asked string, ok bool) {
	t, ok := l.readToken(form)
	if !ok || s == nil || t.Request != request || t.Holder != sessionHolder(s) {
		return "", false
	}
	return t.Asked, true
}

// checkForm tells whether a sign-in form was made for this browser: for the pending request, whose cookie
// only this browser has, or else for its pre-session cookie.
func (l *Login) checkForm(r *http.Request, form url.Values, req *storage.AuthRequest) bool {
	t, ok := l.readToken(form)
	if !ok {
		return false
	}
	if req != nil {
		return t.Request == req.ID && t.Holder == ""
	}
	secret := l.names.formSecret(r)
	return secret != "" && t.Request == "" && t.Holder == formHolder(secret)
}

// browserToken makes the field csrf of a form that people fill in signed in or not, and sets the pre-session
// cookie where it is needed.
func (l *Login) browserToken(w http.ResponseWriter, r *http.Request, v visitor, asked string) string {
	if v.session != nil {
		return l.token(formToken{Holder: sessionHolder(v.session), Asked: asked})
	}
	return l.token(formToken{Holder: formHolder(l.preSession(w, r)), Asked: asked})
}

// checkBrowser tells whether such a form was made for this browser, and returns what it asked. One that was
// made before the person signed in still holds.
func (l *Login) checkBrowser(r *http.Request, form url.Values, v visitor) (asked string, ok bool) {
	t, ok := l.readToken(form)
	if !ok || t.Request != "" {
		return "", false
	}
	secret := l.names.formSecret(r)
	ok = v.session != nil && t.Holder == sessionHolder(v.session) || secret != "" && t.Holder == formHolder(secret)
	return t.Asked, ok
}

// preSession returns what the browser's forms are bound to before there is a session, and sets it.
func (l *Login) preSession(w http.ResponseWriter, r *http.Request) string {
	secret := l.names.formSecret(r)
	if secret == "" {
		secret = storage.NewID()
		l.names.set(w, l.names.form, secret, formAge)
	}
	return secret
}

// signInToken makes the field csrf of a sign-in form and sets the pre-session cookie where it is needed.
func (l *Login) signInToken(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest) string {
	if req != nil {
		return l.token(formToken{Request: req.ID})
	}
	return l.token(formToken{Holder: formHolder(l.preSession(w, r))})
}

// sameOrigin guards the POSTs before anything of them is read.
func (l *Login) sameOrigin(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
	}))
	guarded := guard.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Our pages send no referrer, so a form of theirs says "Origin: null"; what counts then is
		// Sec-Fetch-Site, which browsers leave out on plain http beyond localhost. There, and only there,
		// the sealed token stands alone.
		blind := !l.names.secure && r.Header.Get("Sec-Fetch-Site") == "" && strings.EqualFold(r.Header.Get("Origin"), "null")
		if blind {
			next.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}
