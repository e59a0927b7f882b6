package login

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// frameSeconds is how long the signed-out page waits for the apps' frames before it goes on.
const frameSeconds = "2"

// logoutFrames are the addresses of the apps that got tokens in a session and are told of its end through
// the browser (OpenID Connect Front-Channel Logout 1.0 §3).
func (l *Login) logoutFrames(r *http.Request, s *storage.Session) ([]string, error) {
	apps, err := l.db.FrontLogouts(r.Context(), s)
	if err != nil {
		return nil, fmt.Errorf("apps of the session: %w", err)
	}
	var frames []string
	for _, app := range apps {
		uri := app.Registration.FrontchannelLogoutURI
		if app.Registration.FrontchannelSession {
			uri = withParams(uri, "iss="+url.QueryEscape(l.issuer)+"&sid="+url.QueryEscape(l.db.SessionName(app, s.ID)))
		}
		frames = append(frames, uri)
	}
	return frames, nil
}

// tellFrames shows the signed-out page with the frames. Where the request says where to go on to, the
// page does so by itself, without a script: browsers load the frames meanwhile.
func (l *Login) tellFrames(w http.ResponseWriter, r *http.Request, req *storage.LogoutRequest, frames []string) {
	p := page.SignedOut{Stub: page.Stub{Office: true}, At: l.now(), Frames: frames}
	if req.RedirectURI != "" {
		p.Next = withState(req.RedirectURI, req.State)
		p.App = req.AppID
		app, err := l.db.App(r.Context(), req.AppID)
		if err == nil {
			p.App = l.logoutApp(r, req, app)
		}
		w.Header().Set("Refresh", frameSeconds+"; url="+p.Next)
	}
	l.pages.Show(w, r, page.View{UILocales: req.UILocales, FrameSrc: origins(frames)}, p)
}

// origins are the origins of web addresses, each once.
func origins(uris []string) []string {
	var list []string
	for _, uri := range uris {
		origin := storage.Origin(uri)
		if origin != "" && !slices.Contains(list, origin) {
			list = append(list, origin)
		}
	}
	return list
}

// withParams adds parameters to the query of a registered URI without touching what stands there.
func withParams(uri, params string) string {
	switch i := strings.IndexByte(uri, '?'); {
	case i < 0:
		return uri + "?" + params
	case i == len(uri)-1:
		return uri + params
	}
	return uri + "&" + params
}
