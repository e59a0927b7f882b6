package storage

import (
	"net/url"
	"strings"
)

// checkLogoutURIs checks backchannel_logout_uri and frontchannel_logout_uri: absolute, https (http on this
// machine only), without fragment, user and control characters, and within the trusted domains. One for
// the front channel has scheme, host and port of a registered redirect URI (OpenID Connect Front-Channel
// Logout 1.0 §2). Reasons: uri_invalid, domain_excludes,
// logout_uri_origin.
func checkLogoutURIs(a *App) error {
	r := &a.Registration
	for _, x := range []struct{ field, uri string }{
		{"backchannel_logout_uri", r.BackchannelLogoutURI}, {"frontchannel_logout_uri", r.FrontchannelLogoutURI},
	} {
		switch {
		case x.uri == "":
		case !validLogoutURI(x.uri):
			return &Invalid{Field: x.field, Reason: "uri_invalid", Value: clip(x.uri, 200)}
		case !a.within(x.uri, true):
			return &Invalid{Field: x.field, Reason: "domain_excludes", Value: clip(x.uri, 200)}
		}
	}
	if r.FrontchannelLogoutURI == "" {
		return nil
	}
	origin := Origin(r.FrontchannelLogoutURI)
	for _, uri := range a.RedirectURIs {
		if origin != "" && Origin(uri) == origin {
			return nil
		}
	}
	if a.AnyLoopback && strings.HasPrefix(origin, "http://") { // validLogoutURI lets http pass on this machine only
		return nil
	}
	return &Invalid{Field: "frontchannel_logout_uri", Reason: "logout_uri_origin", Value: clip(r.FrontchannelLogoutURI, 200)}
}

func validLogoutURI(uri string) bool {
	if len(uri) > uriMax || !visibleASCII(uri) || strings.ContainsAny(uri, "\"<>\\^`{|}#") {
		return false
	}
	u, err := url.Parse(uri)
	return err == nil && u.Opaque == "" && u.Host != "" && u.User == nil &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Host))
}
