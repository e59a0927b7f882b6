package storage

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the trusted domains of an app.
const (
	domainsMax = 50
	domainMax  = 300 // bytes of one
)

// checkAppDomains normalizes the trusted domains: one host[:port][/path] each, the host in lower case,
// without scheme and slash at the end; blank and repeated ones are left out. Without a port the default
// one of https or http is meant, on this machine's own names any. Reasons, field trusted_domains:
// domain_invalid, domain_too_many. The URIs are compared with them by [CheckRedirectURI].
func checkAppDomains(a *App) error {
	var list []string
	for _, entry := range a.TrustedDomains {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		domain, ok := tidyDomain(entry)
		if !ok {
			return &Invalid{Field: "trusted_domains", Reason: "domain_invalid", Value: clip(entry, 200)}
		}
		if !slices.Contains(list, domain) {
			list = append(list, domain)
		}
		if len(list) > domainsMax {
			return &Invalid{Field: "trusted_domains", Reason: "domain_too_many"}
		}
	}
	a.TrustedDomains = list
	return nil
}

// tidyDomain brings one entry to the form it is compared in.
func tidyDomain(entry string) (string, bool) {
	authority, path, _ := strings.Cut(entry, "/")
	path = strings.Trim(path, "/")
	host, port, hasPort := splitPort(strings.ToLower(authority))
	u, err := url.Parse("https://" + host + "/" + path)
	switch {
	case len(entry) > domainMax || !visibleASCII(entry) || strings.ContainsAny(entry, "\"<>\\^`{|}*?#@"):
		return "", false
	case err != nil || u.Scheme != "https" || !validHost(host) || hasPort && !validPort(port) || !cleanPath("/"+path):
		return "", false
	case strings.Contains(path, "//"), !plainEscapes(path): // the first also of https://host
		return "", false
	}
	if hasPort && port != "443" {
		host += ":" + port
	}
	if path != "" {
		host += "/" + path
	}
	return host, true
}

// within tells whether a URI that uriReason accepts lies within the trusted domains: exactly the host, and the
// path by whole segments and without escapes that could leave it. There is no bound where there are no
// domains. Private-use schemes of native apps have no host: the system hands such a URI to a program on the
// same device, so no domain could hold it. What stays on this machine is exempt where loopback is set.
func (a *App) within(uri string, loopback bool) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	if len(a.TrustedDomains) == 0 || scheme != "https" && scheme != "http" {
		return true
	}
	authority, rest, ok := splitAuthority(uri)
	host, port, _ := splitPort(strings.ToLower(authority))
	local := isLoopbackHost(host)
	if local && loopback {
		return true
	}
	standard := port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80"
	path, _, _ := strings.Cut(rest, "?")
	return ok && slices.ContainsFunc(a.TrustedDomains, func(domain string) bool {
		place, under, _ := strings.Cut(domain, "/")
		knownHost, knownPort, hasPort := splitPort(place)
		switch {
		case knownHost != host:
			return false
		case hasPort && knownPort != port && !(knownPort == "80" && scheme == "http" && standard):
			return false
		case !hasPort && !standard && !local:
			return false
		}
		return under == "" || plainEscapes(path) && (path == "/"+under || strings.HasPrefix(path, "/"+under+"/"))
	})
}

// plainEscapes refuses escapes that a proxy in front of the app may decode to something which leads out of a
// path: dots, slashes, semicolons, another escape, control characters, and whatever is not UTF-8, overlong
// forms of these among it.
func plainEscapes(path string) bool {
	plain, err := url.PathUnescape(path)
	if err != nil || !utf8.ValidString(plain) || strings.ContainsFunc(plain, unicode.IsControl) {
		return false
	}
	lower := strings.ToLower(path)
	return !slices.ContainsFunc([]string{"%2e", "%2f", "%5c", "%3b", "%25"}, func(escape string) bool {
		return strings.Contains(lower, escape)
	})
}

// checkLoopbackDomains asks for a domain also for what stays on this machine, which only dev does not.
func checkLoopbackDomains(a *App) error {
	for _, list := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", a.RedirectURIs}, {"post_logout_redirect_uris", a.PostLogoutURIs}} {
		for _, uri := range list.uris {
			if !a.within(uri, false) {
				return &Invalid{Field: list.field, Reason: "domain_excludes", Value: clip(uri, 200)}
			}
		}
	}
	r := &a.Registration
	for _, x := range append(r.uris(), namedURI{"backchannel_logout_uri", r.BackchannelLogoutURI}, namedURI{"frontchannel_logout_uri", r.FrontchannelLogoutURI}) {
		if x.uri != "" && !isDocument(x.member) && !a.within(x.uri, false) {
			return &Invalid{Field: x.member, Reason: "domain_excludes", Value: clip(x.uri, 200)}
		}
	}
	return nil
}

// blameDomains names the trusted domains as the wrong field where a URI was registered already.
func blameDomains(before *App, err error) error {
	var invalid *Invalid
	if !errors.As(err, &invalid) || invalid.Reason != "domain_excludes" {
		return err
	}
	known := func(uri string) bool { return clip(uri, 200) == invalid.Value }
	r := &before.Registration
	others := append(r.uris(), namedURI{uri: r.BackchannelLogoutURI}, namedURI{uri: r.FrontchannelLogoutURI})
	if slices.ContainsFunc(before.RedirectURIs, known) || slices.ContainsFunc(before.PostLogoutURIs, known) ||
		slices.ContainsFunc(others, func(x namedURI) bool { return x.uri != "" && known(x.uri) }) {
		return &Invalid{Field: "trusted_domains", Reason: "domain_excludes", Value: invalid.Value}
	}
	return err
}
