// Package outbound is what every connection to a host keeps to that settings name: S3
// and what speaks it, SQS, STS, Trino, Databricks.
//
// Who edits a data source chooses such a host, and the plugin calls it from Grafana's
// network, which may reach what the editor cannot. Private addresses are allowed, since
// MinIO and Trino are there. Two things are not:
//
//   - Metadata services of clouds and all else that is link-local: what answers there
//     gives credentials of the machine to whoever asks. The address is looked at when the
//     connection is made, so no name, redirect or second answer of DNS leads there.
//   - Redirects: they would carry the signature or token of a request to a host that
//     nobody has named.
//
// Where a proxy is used, the proxy decides what can be reached.
package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrMetadata is why an address is not connected to.
var ErrMetadata = errors.New("the address is that of a cloud's metadata service, or link-local, and is not connected to")

// metadata are addresses of metadata services that are not link-local.
func metadata() []netip.Addr {
	return []netip.Addr{
		netip.MustParseAddr("fd00:ec2::254"),   // AWS
		netip.MustParseAddr("fd20:ce::254"),    // Google
		netip.MustParseAddr("100.100.100.200"), // Alibaba
		netip.MustParseAddr("168.63.129.16"),   // Azure's wire server
		netip.MustParseAddr("192.0.0.192"),     // Oracle
	}
}

// embedded are the prefixes under which IPv6 addresses have an IPv4 address in their last
// four bytes.
func embedded() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("::/96")}
}

// Control refuses addresses of metadata services. It is the Control of a net.Dialer.
func Control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %q: %w", address, err)
	}
	ip := to.Addr().Unmap().WithZone("")
	for _, p := range embedded() {
		if ip.Is6() && p.Contains(ip) && ip != netip.IPv6Loopback() {
			b := ip.As16()
			ip = netip.AddrFrom4([4]byte(b[12:]))
			break
		}
	}
	if ip.IsLinkLocalUnicast() {
		return ErrMetadata
	}
	for _, m := range metadata() {
		if ip == m {
			return ErrMetadata
		}
	}
	return nil
}

// Transport is that of net/http, which keeps to Control.
func Transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: Control}).DialContext
	return t
}

// NoRedirect gives a redirect to the caller. It is the CheckRedirect of an http.Client.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
