package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// forwardedHeaders are what proxies say about the client. Only X-Forwarded-For is ever read, and only
// from a trusted proxy; none of them reaches a handler.
var forwardedHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port",
	"X-Forwarded-Prefix", "X-Real-Ip", "True-Client-Ip", "X-Client-Ip", "Cf-Connecting-Ip",
}

// believe sets r.RemoteAddr to the client's address when a trusted proxy passes a request on, and
// removes every forwarded header. The chain is read from its end, where the nearest proxy wrote: the
// first address that is not a trusted proxy is the client; what stands before it anybody could write.
func believe(proxies []netip.Prefix) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(proxies) > 0 {
				r.RemoteAddr = client(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), proxies)
			}
			for _, name := range forwardedHeaders {
				delete(r.Header, name)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// client returns the address to hold responsible for a request.
func client(peer string, forwarded []string, proxies []netip.Prefix) string {
	from, err := netip.ParseAddrPort(peer)
	if err != nil || !trusted(from.Addr(), proxies) {
		return peer
	}
	chain := strings.Split(strings.Join(forwarded, ","), ",")
	for _, text := range slices.Backward(chain) {
		addr, ok := parseHop(strings.TrimSpace(text))
		if !ok {
			return peer // a proxy that writes what we cannot read is held responsible itself
		}
		peer = netip.AddrPortFrom(addr, 0).String()
		if !trusted(addr, proxies) {
			break
		}
	}
	return peer
}

// parseHop reads one element of X-Forwarded-For, which some proxies write with a port.
func parseHop(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err == nil {
		return addr.Unmap(), true
	}
	with, err := netip.ParseAddrPort(text)
	return with.Addr().Unmap(), err == nil
}

func trusted(addr netip.Addr, proxies []netip.Prefix) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// devHosts are the names a dev instance is called by, with any port (a container maps ports): itself,
// and the machine as seen from a container.
var devHosts = []string{"localhost", "127.0.0.1", "::1", "host.docker.internal"}

// onlyHosts answers 421 (RFC 9110 §15.5.20) to a Host that is not the issuer's: pages never show up
// under a name an attacker chose (DNS rebinding), and nothing is ever built from that header.
func onlyHosts(c serverConfig) func(http.Handler) http.Handler {
	issuer, _ := url.Parse(c.issuer) // was checked
	defaultPort := map[string]string{"https": "443", "http": "80"}[issuer.Scheme]
	names := append(slices.Clone(devHosts), c.hosts...)
	known := func(host string) bool {
		host = strings.ToLower(host)
		if host == issuer.Host || issuer.Port() == "" && host == net.JoinHostPort(issuer.Hostname(), defaultPort) {
			return true
		}
		return c.dev && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, withoutPort(host)) })
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if known(r.Host) {
				next.ServeHTTP(w, r)
				return
			}
			text := "this server does not answer for that host"
			if c.dev {
				text += ": call it " + c.issuer + ", or start it with --host NAME"
			}
			plain(w, http.StatusMisdirectedRequest, text)
		})
	}
}

// withoutPort is the host of a Host header, brackets of IPv6 removed.
func withoutPort(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return strings.Trim(name, "[]")
}
