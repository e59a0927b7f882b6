package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// defaultListen is where both dev and serve listen unless told otherwise.
const defaultListen = "127.0.0.1:9998"

// settings are what a checked configuration of serve comes down to.
type settings struct {
	issuer    string
	listen    string
	data      string
	masterKey []byte
	proxies   []netip.Prefix
	tls       *certificate // nil: plain HTTP
}

// check reads the configuration as serve does and records every problem.
func (c *config) check(found *problems) settings {
	s := settings{issuer: c.Issuer, listen: c.Listen, data: c.Data}
	if s.listen == "" {
		s.listen = defaultListen
	}
	c.checkIssuer(found)
	c.checkListen(s.listen, found)
	if c.Data == "" {
		found.add("data", "missing: the directory of the database")
	} else {
		checkWritable(c.Data, found)
	}
	s.masterKey = c.masterKey(found)
	s.proxies = c.checkProxies(found)
	s.tls = c.checkTLS(found)
	c.checkPrivateHosts(found)
	switch c.Registration {
	case "", "closed", "token":
	case "open":
		found.add("registration", "open is for dev: say token, so that clients register with an administrator's personal access token")
	default:
		found.add("registration", "must be closed or token")
	}
	return s
}

// checkIssuer holds the issuer to scheme://host[:port] (OpenID Connect Discovery §3 allows a path;
// propusk has one issuer for each process and therefore none).
func (c *config) checkIssuer(found *problems) {
	if c.Issuer == "" {
		found.add("issuer", "missing: the https URL people and apps reach propusk at")
		return
	}
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		found.add("issuer", "must be a URL such as https://id.example.com")
		return
	}
	if u.Path != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(c.Issuer, "#") {
		found.add("issuer", "must end after host and port: no path (not even /), query or fragment")
	}
	if c.Issuer != strings.ToLower(c.Issuer) {
		found.add("issuer", "must be written in lower case: apps compare it letter by letter")
	}
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		found.add("issuer", "must leave out the scheme's default port")
	}
	switch {
	case u.Scheme == "https":
		if c.AllowInsecureLoopback {
			found.add("allow_insecure_loopback", "is for an http issuer on localhost; remove it")
		}
	case u.Scheme != "http":
		found.add("issuer", "must begin with https://")
	case !isLoopbackName(u.Hostname()):
		found.add("issuer", "must begin with https://: passwords and tokens would travel in clear")
	case !c.AllowInsecureLoopback:
		found.add("issuer", "must begin with https://")
		found.hint("for an http issuer on this machine alone say allow_insecure_loopback: true")
	}
}

// checkListen refuses to speak plain HTTP with anybody but this machine or a named proxy.
func (c *config) checkListen(listen string, found *problems) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		found.add("listen", "must be host:port, for example "+defaultListen)
		return
	}
	if isLoopbackName(host) {
		return
	}
	if strings.HasPrefix(c.Issuer, "http://") {
		found.add("listen", "must be on 127.0.0.1 or [::1] while the issuer is http")
		return
	}
	if c.TLSCert == "" && c.TLSKey == "" && len(c.TrustedProxies) == 0 {
		found.add("listen", fmt.Sprintf("%s would speak plain HTTP to everybody: give tls, or name the proxy before it in trusted_proxies, or listen on 127.0.0.1", listen))
	}
}

// checkProxies parses addresses and prefixes.
func (c *config) checkProxies(found *problems) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				found.add("trusted_proxies", fmt.Sprintf("%q is neither an address nor a prefix such as 10.0.0.0/8", text))
				continue
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		if prefix.Bits() == 0 {
			found.add("trusted_proxies", fmt.Sprintf("%q would believe everybody", text))
			continue
		}
		list = append(list, prefix.Masked())
	}
	return list
}

// checkPrivateHosts takes names and addresses, each with a port or without, and nothing that stands for many.
func (c *config) checkPrivateHosts(found *problems) {
	for _, text := range c.PrivateHosts {
		u, err := url.Parse("https://" + text)
		if err != nil || u.Host != text || u.Hostname() == "" || strings.ContainsAny(text, "*/ ,") || !portFits(u.Port()) {
			found.add("private_hosts", fmt.Sprintf("%q is neither a host nor host:port, for example crm.corp.example", text))
		}
	}
}

// portFits tells whether a port, if there is one, can be connected to.
func portFits(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && number > 0
}

// checkTLS loads the certificate.
func (c *config) checkTLS(found *problems) *certificate {
	if !c.has("tls") {
		return nil
	}
	if strings.HasPrefix(c.Issuer, "http://") {
		found.add("tls", "the issuer is http")
	}
	if c.TLSCert == "" || c.TLSKey == "" {
		found.add("tls", "needs both cert and key")
		return nil
	}
	cert, err := loadCertificate(c.TLSCert, c.TLSKey)
	if err != nil {
		found.add("tls", oneLine(err))
		return nil
	}
	return cert
}

// checkWritable makes sure that the data directory can be written, or made; a refused start leaves
// none behind.
func checkWritable(dir string, found *problems) {
	_, err := os.Stat(dir)
	if os.IsNotExist(err) {
		defer os.Remove(dir)
	}
	err = os.MkdirAll(dir, 0o700)
	if err != nil {
		found.add("data", oneLine(err))
		return
	}
	f, err := os.CreateTemp(dir, ".write-*")
	if err != nil {
		found.add("data", "cannot be written: "+oneLine(err))
		return
	}
	f.Close()
	os.Remove(f.Name())
}

// isLoopbackName tells whether a host is this machine by its name alone.
func isLoopbackName(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
