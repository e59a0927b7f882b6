package storage

import (
	"context"
	"slices"
	"strings"
)

// MatchRedirectURI tells whether uri is where the app may be sent: registered letter by letter (RFC 9700
// §2.1); or, for a native app, a registered http loopback URI with another port (RFC 8252 §7.3); or any
// clean http loopback URI where any_loopback is on. Both the request's and the registered URI are
// validated again, and so is that it lies within the trusted domains; what leads to the person's own machine
// is exempt here, because only dev registers that outside the domains.
func (a *App) MatchRedirectURI(uri string) bool { return a.match(a.RedirectURIs, uri) }

// MatchPostLogoutURI is the same for post_logout_redirect_uri (RP-Initiated Logout §3.1).
func (a *App) MatchPostLogoutURI(uri string) bool { return a.match(a.PostLogoutURIs, uri) }

func (a *App) match(registered []string, uri string) bool {
	if uri == "" || uriReason(a, uri) != "" || !a.within(uri, true) {
		return false
	}
	if slices.Contains(registered, uri) {
		return true
	}
	host, portless, loopback := loopbackURI(uri)
	if !loopback {
		return false
	}
	if a.AnyLoopback {
		return true
	}
	return a.Type == AppNative && slices.ContainsFunc(registered, func(known string) bool {
		knownHost, knownPortless, ok := loopbackURI(known)
		return ok && knownHost == host && knownPortless == portless && uriReason(a, known) == ""
	})
}

// loopbackURI tells whether uri is http on exactly localhost, 127.0.0.1 or [::1], and returns the host
// and the URI without its port.
func loopbackURI(uri string) (host, portless string, ok bool) {
	if !strings.HasPrefix(uri, "http://") {
		return "", "", false
	}
	authority, rest, ok := splitAuthority(uri)
	host, _, _ = splitPort(authority)
	if !ok || !isLoopbackHost(host) {
		return "", "", false
	}
	return host, "http://" + host + rest, true
}

// isLoopbackHost knows the three names of this machine; 127.0.0.2 or LOCALHOST is none of them.
func isLoopbackHost(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

// isLoopback is isLoopbackHost for a host with or without port.
func isLoopback(authority string) bool {
	host, _, _ := splitPort(authority)
	return isLoopbackHost(host)
}

// RedirectKey is what redirect URIs are compared by at the token endpoint: the URI itself, byte for
// byte, with "/" in place of an empty path, which RFC 3986 §6.2.3 defines as equal for http and https.
// Nothing else is ever normalized.
func RedirectKey(uri string) string {
	if !strings.HasPrefix(uri, "https://") && !strings.HasPrefix(uri, "http://") {
		return uri
	}
	authority, rest, _ := splitAuthority(uri)
	if authority == "" || strings.HasPrefix(rest, "/") {
		return uri
	}
	return uri[:len(uri)-len(rest)] + "/" + rest
}

// AllowsOrigin tells whether scripts of that origin may call the token endpoints for the app: an enabled
// browser app's own origins, those of its redirect URIs within the trusted domains.
func (a *App) AllowsOrigin(origin string) bool {
	if !a.Enabled || a.Type != AppBrowser || origin == "" {
		return false
	}
	if a.AnyLoopback {
		_, portless, ok := loopbackURI(origin)
		if ok && strings.Count(portless, "/") == 2 && uriReason(a, origin) == "" {
			return true
		}
	}
	return slices.ContainsFunc(a.RedirectURIs, func(uri string) bool {
		return Origin(uri) == origin && a.within(uri, true)
	})
}

// Origin returns the origin of a web address as browsers write it (RFC 6454 §6.2): lower case, without a
// default port; "" for others.
func Origin(uri string) string {
	scheme, _, _ := strings.Cut(uri, ":")
	if scheme != "http" && scheme != "https" {
		return ""
	}
	authority, _, ok := splitAuthority(uri)
	host, port, hasPort := splitPort(authority)
	if !ok || !validHost(host) {
		return ""
	}
	if hasPort && !(scheme == "http" && port == "80" || scheme == "https" && port == "443") {
		host += ":" + port
	}
	return scheme + "://" + strings.ToLower(host)
}

// OriginKnown tells whether any enabled app allows that origin: preflights name no app. It reads a list
// in memory, which is made anew when an app changes.
func (db *DB) OriginKnown(ctx context.Context, origin string) bool {
	apps, err := listOf(db, "origins", func() ([]*App, error) {
		return readAll(ctx, db, scanApp, appColumns+` WHERE enabled AND type = $1`, string(AppBrowser))
	})
	if err != nil {
		db.logger.ErrorContext(ctx, "origins of apps", "error", err)
		return false
	}
	return slices.ContainsFunc(apps, func(a *App) bool { return a.AllowsOrigin(origin) })
}
