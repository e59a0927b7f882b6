package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// logoutBytes bounds a sealed logout request: it travels in a URL.
const logoutBytes = 6000

// pendingLogout is a logout request on its way through the browser, sealed.
type pendingLogout struct {
	Request storage.LogoutRequest `json:"r"`
	At      int64                 `json:"t"` // unix seconds
}

// Logout takes over a validated RP-initiated logout request (OpenID Connect RP-Initiated Logout §2).
//
// A POST from another site arrives without the session cookie (SameSite=Lax), so it is turned into a
// GET of /logout with the request sealed in the query, where the session is seen.
func (l *Login) Logout(w http.ResponseWriter, r *http.Request, req *storage.LogoutRequest) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		l.logout(w, r, req)
		return
	}
	sealed := l.sealLogout(req)
	if len(sealed) > logoutBytes {
		l.problem(w, r, http.StatusBadRequest, "request_too_large", "invalid_request")
		return
	}
	http.Redirect(w, r, "/logout?logout="+sealed, http.StatusSeeOther)
}

// logout answers a logout request that came by GET. Only one whose hint names the session or the person
// of this very browser ends the session at once; everything else needs the person's word, and where
// nobody is signed in there is nothing to end.
func (l *Login) logout(w http.ResponseWriter, r *http.Request, req *storage.LogoutRequest) {
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	if v.session == nil {
		l.loggedOut(w, r, req)
		return
	}
	hinted, err := l.hinted(r, req, v.session)
	switch {
	case err != nil:
		l.failure(w, r, err)
	case hinted:
		l.endSession(w, r, v, req)
	default:
		l.confirmLogout(w, r, v, req)
	}
}

// hinted tells whether the sid of the hint is what the app that asks calls this session.
func (l *Login) hinted(r *http.Request, req *storage.LogoutRequest, s *storage.Session) (bool, error) {
	if req.SessionID == "" {
		return false, nil
	}
	app, err := l.db.App(r.Context(), req.AppID)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("app: %w", err)
	}
	return req.SessionID == l.db.SessionName(app, s.ID), nil
}

// showLogout is GET /logout: the person asks, or a logout request by POST comes back as a GET.
func (l *Login) showLogout(w http.ResponseWriter, r *http.Request) {
	req := new(storage.LogoutRequest)
	query := r.URL.Query()
	if query.Has("logout") {
		var ok bool
		req, ok = l.openLogout(query.Get("logout"))
		if !ok {
			l.problem(w, r, http.StatusBadRequest, "request_expired", "")
			return
		}
	}
	l.logout(w, r, req)
}

// postLogout is POST /logout: the person confirmed.
func (l *Login) postLogout(w http.ResponseWriter, r *http.Request) {
	form, ok := l.pages.Form(w, r)
	if !ok {
		return
	}
	v, err := l.visitor(r)
	if err != nil {
		l.failure(w, r, err)
		return
	}
	if v.session != nil {
		_, ok = l.checkSession(form, "", v.session)
	} else {
		// Signed out already, in another tab or by a second click: nothing is left to protect.
		_, ok = l.readToken(form)
	}
	if !ok {
		l.problem(w, r, http.StatusForbidden, "csrf", "")
		return
	}
	req := new(storage.LogoutRequest)
	if form.Get("logout") != "" {
		req, ok = l.openLogout(form.Get("logout"))
		if !ok {
			l.problem(w, r, http.StatusBadRequest, "request_expired", "")
			return
		}
	}
	if v.session == nil {
		l.loggedOut(w, r, req)
		return
	}
	l.endSession(w, r, v, req)
}

// confirmLogout asks whether to sign out.
func (l *Login) confirmLogout(w http.ResponseWriter, r *http.Request, v visitor, req *storage.LogoutRequest) {
	p := page.Logout{
		Stub:   page.Stub{Office: true, Serial: serial(v.session.ID)},
		Hidden: page.Hidden{CSRF: l.token(formToken{Holder: sessionHolder(v.session)})},
		Person: person(v.user),
		Since:  v.session.AuthTime,
		Sealed: l.sealLogout(req),
	}
	if req.AppID != "" {
		app, err := l.db.App(r.Context(), req.AppID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			l.failure(w, r, fmt.Errorf("app: %w", err))
			return
		}
		if err == nil {
			p.App = l.logoutApp(r, req, app)
		}
	}
	show := page.View{UILocales: req.UILocales}
	if req.RedirectURI != "" {
		show.FormAction = formAction(req.RedirectURI)
	}
	l.pages.Show(w, r, show, p)
}

// logoutApp is what the app that asks is called: as on its pass, an unchecked one by its host.
func (l *Login) logoutApp(r *http.Request, req *storage.LogoutRequest, app *storage.App) string {
	uri := req.RedirectURI
	if uri == "" && len(app.RedirectURIs) > 0 {
		uri = app.RedirectURIs[0]
	}
	return l.pages.AppStub(app.DisplayName(l.pages.Lang(r, req.UILocales)), uri, app.Trusted).Name
}

// endSession ends the browser's session and goes where the request says.
func (l *Login) endSession(w http.ResponseWriter, r *http.Request, v visitor, req *storage.LogoutRequest) {
	by := storage.Actor{Kind: storage.ActorUser, ID: v.user.ID, Address: page.PeerText(r)}
	err := l.db.EndSession(r.Context(), by, v.session.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrRevoked) {
		l.failure(w, r, fmt.Errorf("end session: %w", err))
		return
	}
	l.names.set(w, l.names.session, "", 0)
	frames, err := l.logoutFrames(r, v.session)
	if err != nil { // the person is signed out all the same
		l.log.LogAttrs(r.Context(), slog.LevelError, "front-channel logout", slog.Any("error", err))
	}
	if len(frames) == 0 {
		l.loggedOut(w, r, req)
		return
	}
	l.names.setState(w, "")
	l.tellFrames(w, r, req, frames)
}

// loggedOut sends the browser to the registered post_logout_redirect_uri, or says that it is done.
func (l *Login) loggedOut(w http.ResponseWriter, r *http.Request, req *storage.LogoutRequest) {
	l.keepState(w, r, visitor{})
	if req.RedirectURI == "" {
		l.pages.Show(w, r, page.View{UILocales: req.UILocales}, page.SignedOut{Stub: page.Stub{Office: true}, At: l.now()})
		return
	}
	w.Header().Set("Location", withState(req.RedirectURI, req.State))
	w.WriteHeader(http.StatusSeeOther)
}

// withState adds the state to the query of a registered URI without touching what stands there.
func withState(uri, state string) string {
	if state == "" {
		return uri
	}
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "state=" + url.QueryEscape(state)
	return u.String()
}

// sealLogout seals a logout request for a form or a query.
func (l *Login) sealLogout(req *storage.LogoutRequest) string {
	plain, _ := json.Marshal(pendingLogout{Request: *req, At: l.now().Unix()}) // strings and a number
	return l.db.Seal("logout", plain)
}

// openLogout reads a sealed logout request; false when it is not ours or older than 30 minutes.
func (l *Login) openLogout(sealed string) (*storage.LogoutRequest, bool) {
	plain, err := l.db.Unseal("logout", sealed)
	if err != nil {
		return nil, false
	}
	var p pendingLogout
	err = json.Unmarshal(plain, &p)
	if err != nil || l.now().Sub(time.Unix(p.At, 0)) >= requestAge {
		return nil, false
	}
	return &p.Request, true
}
