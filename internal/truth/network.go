package truth

import (
	"net/netip"
	"strings"
)

// addressOf reads an address, with or without a port.
func addressOf(text any) (netip.Addr, bool) {
	s, _ := text.(string)
	if at, err := netip.ParseAddrPort(s); err == nil {
		return at.Addr(), true
	}
	at, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return at, err == nil
}

// networkOf is the /24 or /48 of an address, nil for none and for those that
// say nothing.
func networkOf(text any) any {
	at, found := addressOf(text)
	if !found {
		return nil
	}
	bits := 48
	if at.Is4() {
		if first := at.As4()[0]; first == 0 || first == 127 {
			return nil
		}
		bits = 24
	}
	network, err := at.Prefix(bits)
	if err != nil {
		return nil
	}
	return network.String()
}

const privateNetworks = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,0.0.0.0/8,::1/128,fc00::/7,fe80::/10"

// public gives the address of an event if it is in none of the networks, else
// nil.
func public(networks []string) func(*Event) any {
	var private []netip.Prefix
	for _, n := range networks {
		private = append(private, netip.MustParsePrefix(n))
	}
	return func(e *Event) any {
		at, found := addressOf(e.address)
		if !found {
			return nil
		}
		for _, n := range private {
			if n.Contains(at) {
				return nil
			}
		}
		return at.String()
	}
}
