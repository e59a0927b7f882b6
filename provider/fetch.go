package provider

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Bounds of an outgoing call.
const (
	fetchTime   = 5 * time.Second
	fetchURLMax = 2048
	fetchesMax  = 32 // under way at once
	fetchHeader = 16 << 10
	postAnswer  = 4 << 10 // what is read of the answer to a post, so that the connection ends in order
)

// errFetch is why an outgoing call was not made or brought nothing usable.
var errFetch = errors.New("not fetched")

// outgoing is the one HTTP client for addresses that clients named. It follows no redirects, keeps no
// cookies and no connections, obeys no proxy of the environment, and talks to public addresses only.
type outgoing struct {
	allowed []string
	client  *http.Client  // verifies certificates
	lax     *http.Client  // does not, for the hosts named
	trusted []string      // whose certificate is not verified
	slots   chan struct{} // one for each fetch under way
	lanes   lanes
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
}

func newOutgoing(c Config) *outgoing {
	o := &outgoing{allowed: lowered(c.AllowHosts), trusted: lowered(c.InsecureHosts), slots: make(chan struct{}, fetchesMax)}
	o.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	o.client = o.newClient(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots})
	//nolint:gosec // only for hosts that the configuration names for it
	o.lax = o.newClient(&tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true})
	return o
}

func lowered(list []string) []string {
	low := make([]string, len(list))
	for i, s := range list {
		low[i] = strings.ToLower(s)
		if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") { // an IPv6 address without a port
			low[i] = low[i][1 : len(s)-1]
		}
	}
	return low
}

func (o *outgoing) newClient(secure *tls.Config) *http.Client {
	return &http.Client{
		Timeout:       fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: o.dial, TLSClientConfig: secure, DisableKeepAlives: true, DisableCompression: true,
			TLSHandshakeTimeout: fetchTime, ResponseHeaderTimeout: fetchTime, MaxResponseHeaderBytes: fetchHeader,
		},
	}
}

// allows tells whether the configuration names a host, with this port or with any.
func (o *outgoing) allows(host, port string) bool {
	host = strings.ToLower(host)
	return slices.Contains(o.allowed, host) || slices.Contains(o.allowed, net.JoinHostPort(host, port))
}

// dial resolves a name once and connects to what came out, so that nothing can change between the look at
// the address and its use. One forbidden address among several forbids the host.
func (o *outgoing) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: address: %w", errFetch, err)
	}
	var list []netip.Addr
	literal, err := netip.ParseAddr(host)
	if err == nil {
		list = []netip.Addr{literal}
	} else {
		list, err = o.lookup(ctx, host)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: lookup: %w", errFetch, err)
	}
	if !o.allows(host, port) {
		for _, address := range list {
			if !public(address) {
				return nil, fmt.Errorf("%w: %s has an address that is not public", errFetch, host)
			}
		}
	}
	dialer := net.Dialer{Timeout: fetchTime}
	err = fmt.Errorf("%w: %s has no address", errFetch, host)
	for i, address := range list {
		if i == 4 {
			break
		}
		var conn net.Conn
		conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(address.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// notPublic are networks that netip's own methods do not know (RFC 6890).
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
}

// global6 is all of IPv6 that is given out for the Internet at large (RFC 4291 §2.4). What lies outside is
// of this machine and its networks, or holds an IPv4 address in some way.
var global6 = netip.MustParsePrefix("2000::/3")

// public tells whether an address belongs to the Internet at large: not to this machine, its networks,
// or a mechanism that could lead back there.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if a.Is6() && !global6.Contains(a) {
		return false
	}
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(n netip.Prefix) bool { return n.Contains(a) })
}

// checkTarget refuses a URL that no call may go to, before anything is resolved: other schemes than https
// (http for allowed hosts on this machine), user names, fragments.
func (o *outgoing) checkTarget(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || len(text) > fetchURLMax || u.Host == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" || u.Hostname() == "" {
		return nil, fmt.Errorf("%w: not an absolute URL without user and fragment", errFetch)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && o.allows(u.Hostname(), port) && local(u.Hostname()):
	default:
		return nil, fmt.Errorf("%w: the URL must begin with https://", errFetch)
	}
	return u, nil
}

func local(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

func (o *outgoing) do(ctx context.Context, method, target, header, value string, body io.Reader) (*http.Response, error) {
	u, err := o.checkTarget(target)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFetch, err)
	}
	r.Header.Set(header, value)
	r.Header.Set("User-Agent", "propusk")
	client := o.client
	if slices.Contains(o.trusted, strings.ToLower(u.Hostname())) || slices.Contains(o.trusted, strings.ToLower(u.Host)) {
		client = o.lax
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFetch, err)
	}
	return answer, nil
}

// fetch gets what stands at a URL that a client named: at most limit bytes, within five seconds, answered
// with 200 and without a redirect. Every error is errFetch.
func (p *Provider) fetch(ctx context.Context, url string, accept string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	target, err := p.out.checkTarget(url)
	if err != nil {
		return nil, err
	}
	leave, err := p.out.lanes.enter(ctx, target.Host)
	if err != nil {
		return nil, err
	}
	defer leave()
	select {
	case p.out.slots <- struct{}{}:
		defer func() { <-p.out.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: too many calls under way", errFetch)
	}
	answer, err := p.out.do(ctx, http.MethodGet, url, "Accept", accept, nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: answered %d", errFetch, answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFetch, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%w: larger than %d bytes", errFetch, limit)
	}
	return text, nil
}

// post sends body to a URL that a client named; anything but a 2xx within five seconds is errFetch.
func (p *Provider) post(ctx context.Context, url, contentType string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	answer, err := p.out.do(ctx, http.MethodPost, url, "Content-Type", contentType, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, postAnswer))
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("%w: answered %d", errFetch, answer.StatusCode)
	}
	return nil
}
