package page

import (
	"net/http"
	"net/netip"
)

// Peer is the address a request came from, without port and zone, IPv4 in IPv6 as IPv4: what limits, logs
// and the audit go by. The server in front has put the client's in place of its proxies'. The zero Addr
// where there is none.
func Peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	addr, _ := netip.ParseAddr(r.RemoteAddr)
	return addr.Unmap().WithZone("")
}

// PeerText is [Peer] as text, "" where there is none.
func PeerText(r *http.Request) string {
	addr := Peer(r)
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}
