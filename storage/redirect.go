package storage

import (
	"net/url"
	"strings"
)

// uriMax bounds a redirect URI, in bytes.
const uriMax = 2048

// CheckRedirectURI validates a redirect URI for registration by an app of that kind; the same rules are
// asked again at every use, so that a row which should not be there never matches. *Invalid with field
// redirect_uris and one of the reasons redirect_too_long, redirect_characters, redirect_wildcard,
// redirect_fragment, redirect_invalid, redirect_relative, redirect_scheme, redirect_userinfo,
// redirect_host, redirect_port, redirect_path, redirect_reserved, redirect_http; or domain_excludes where it
// lies outside the app's trusted domains. What stays on this machine is let through here, because dev lets
// it; [DB.CreateApp] and [DB.UpdateApp] ask for its domain too where production is served.
func CheckRedirectURI(app *App, uri string) error { return checkURI(app, "redirect_uris", uri) }

// CheckPostLogoutURI is the same for post_logout_redirect_uris.
func CheckPostLogoutURI(app *App, uri string) error {
	return checkURI(app, "post_logout_redirect_uris", uri)
}

func checkURI(app *App, field, uri string) error {
	reason := uriReason(app, uri)
	switch {
	case reason != "":
		return &Invalid{Field: field, Reason: reason, Value: clip(uri, 200)}
	case !app.within(uri, true):
		return &Invalid{Field: field, Reason: "domain_excludes", Value: clip(uri, 200)}
	}
	return nil
}

// uriReason returns why the app may not register uri, or "".
func uriReason(app *App, uri string) string {
	switch {
	case len(uri) > uriMax:
		return "redirect_too_long"
	case !visibleASCII(uri) || strings.ContainsAny(uri, "\"<>\\^`{|}"):
		return "redirect_characters"
	case strings.Contains(uri, "*"):
		return "redirect_wildcard"
	case strings.Contains(uri, "#"):
		return "redirect_fragment"
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil && !strings.Contains(uri, ":"), err == nil && u.Scheme == "":
		return "redirect_relative"
	case err != nil:
		return "redirect_invalid"
	case !strings.HasPrefix(uri, u.Scheme+":"): // Parse folds the case of the scheme
		return "redirect_scheme"
	case !cleanQuery(u.RawQuery):
		return "redirect_reserved"
	case u.Scheme != "https" && u.Scheme != "http":
		return privateReason(app, uri, u)
	}
	return webReason(app, uri, u)
}

// cleanQuery tells that a redirect URI's own query is well-formed and holds none of the parameters of an
// answer: a client that reads the first of two would take what stands in the URI.
func cleanQuery(query string) bool {
	values, err := url.ParseQuery(query)
	for _, name := range []string{"code", "state", "iss", "error", "error_description", "access_token", "id_token", "response"} {
		if err != nil || values.Has(name) {
			return false
		}
	}
	return true
}

// privateReason holds for private-use schemes (RFC 8252 §7.1): native apps only, and the scheme is a
// reversed domain name, which keeps javascript:, data: and the like out as well.
func privateReason(app *App, uri string, u *url.URL) string {
	switch {
	case app.Type != AppNative || !strings.Contains(u.Scheme, "."):
		return "redirect_scheme"
	case u.User != nil || strings.Contains(u.Host, "@"):
		return "redirect_userinfo"
	case !cleanPath(u.EscapedPath() + u.Opaque):
		return "redirect_path"
	}
	return ""
}

// webReason holds for http and https.
func webReason(app *App, uri string, u *url.URL) string {
	authority, rest, ok := splitAuthority(uri)
	host, port, hasPort := splitPort(authority)
	switch {
	case !ok || u.Opaque != "":
		return "redirect_host"
	case u.User != nil || strings.Contains(authority, "@"):
		return "redirect_userinfo"
	case !validHost(host):
		return "redirect_host"
	case hasPort && !validPort(port):
		return "redirect_port"
	}
	path, _, _ := strings.Cut(rest, "?")
	switch {
	case !cleanPath(path):
		return "redirect_path"
	case u.Scheme == "http" && !isLoopbackHost(host) && !app.InsecureRedirect:
		return "redirect_http"
	}
	return ""
}

// splitAuthority cuts an http or https URI behind its authority, as bytes: nothing is decoded, so two
// URIs that differ are never taken for one.
func splitAuthority(uri string) (authority, rest string, ok bool) {
	_, after, ok := strings.Cut(uri, "://")
	if !ok {
		return "", "", false
	}
	end := strings.IndexAny(after, "/?#")
	if end < 0 {
		return after, "", true
	}
	return after[:end], after[end:], true
}

// splitPort cuts the port off an authority without user.
func splitPort(authority string) (host, port string, has bool) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.IndexByte(authority[colon:], ']') >= 0 {
		return authority, "", false
	}
	return authority[:colon], authority[colon+1:], true
}

// validPort accepts 1 to 65535 without leading zeros.
func validPort(port string) bool {
	if port == "" || len(port) > 5 || port[0] == '0' {
		return false
	}
	n := 0
	for _, c := range []byte(port) {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n <= 65535
}

// validHost accepts names, IPv4 addresses and bracketed IPv6 addresses without a zone.
func validHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && len(inner) >= 2 && strings.Trim(inner, "0123456789abcdefABCDEF:.") == ""
	}
	if host == "" || len(host) > 253 || host[0] == '.' || host[0] == '-' || strings.Contains(host, "..") {
		return false
	}
	return strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == ""
}

// cleanPath refuses what servers read differently: dot segments, with path parameters too, and encoded
// dots, slashes and backslashes.
func cleanPath(path string) bool {
	lower := strings.ToLower(path)
	for _, trick := range []string{"%2e", "%2f", "%5c", "%00"} {
		if strings.Contains(lower, trick) {
			return false
		}
	}
	for segment := range strings.SplitSeq(lower, "/") {
		name, _, _ := strings.Cut(segment, ";")
		if name == "." || name == ".." {
			return false
		}
	}
	return true
}

// visibleASCII tells whether s is made of ! to ~ only.
func visibleASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
