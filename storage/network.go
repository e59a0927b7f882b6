package storage

import (
	"net/netip"
	"slices"
	"strings"
)

// networksMax bounds the network addresses of an app: each use of a key compares with all of them.
const networksMax = 50

// checkAppNetworks normalizes the network addresses: single ones and CIDR, IPv4 in IPv6 as IPv4, blank and
// repeated ones left out. Reasons, field network_addresses: network_invalid, network_too_many.
func checkAppNetworks(a *App) error {
	var list []string
	for _, entry := range a.NetworkAddresses {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		network, ok := parseNetwork(entry)
		if !ok {
			return &Invalid{Field: "network_addresses", Reason: "network_invalid", Value: clip(entry, 100)}
		}
		text := network.String()
		if network.IsSingleIP() {
			text = network.Addr().String()
		}
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
		if len(list) > networksMax {
			return &Invalid{Field: "network_addresses", Reason: "network_too_many"}
		}
	}
	a.NetworkAddresses = list
	return nil
}

// parseNetwork reads a single address or a CIDR without its host bits.
func parseNetwork(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, false
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if network.Addr().Is4In6() {
		if network.Bits() < 96 {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), true
}

// AllowsAddress tells whether the app's keys may be used from that address: from anywhere where no network
// addresses are set. The zero Addr (an unknown peer) is in no network.
func (a *App) AllowsAddress(addr netip.Addr) bool {
	if len(a.NetworkAddresses) == 0 {
		return true
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(a.NetworkAddresses, func(text string) bool {
		network, ok := parseNetwork(text)
		return ok && network.Contains(addr)
	})
}
