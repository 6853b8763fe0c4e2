package trino

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/auditlake/auditlake/pkg/lake/lookup"
)

// Trino's addresses are of IPv6, those of IPv4 within it, in the order of their bytes.

const (
	ipv4   = `(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	ipv6   = `[0-9A-Fa-f]*:[0-9A-Fa-f:.]*`
	port   = `:0*(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})`
	inIPv6 = "BETWEEN IPADDRESS '::ffff:0.0.0.0' AND IPADDRESS '::ffff:255.255.255.255'"
)

// address is the IP address that a text says, or null. What is around it is passed over:
// space, brackets, a port and a zone.
func address(x string) string {
	zone := `%(?:[\x{0}-\x{10FFFF}]+[^` + blank + `]|[^\]` + blank + `])`
	about := func(alternatives string) string {
		return quoteString(`\A[` + blank + `]*(?:` + alternatives + `)[` + blank + `]*\z`)
	}
	v4 := about(`\[?(` + ipv4 + `)\]?|(` + ipv4 + `)` + port)
	v6 := about(`\[?(` + ipv6 + `)(?:\]?|` + zone + `)|\[(` + ipv6 + `)\]` + port)
	extract := func(pattern string, group int) string {
		return fmt.Sprintf("regexp_extract(%s, %s, %d)", x, pattern, group)
	}
	return "TRY_CAST(coalesce(" + extract(v4, 1) + ", " + extract(v4, 2) + ", " + extract(v6, 1) + ", " + extract(v6, 2) + ") AS ipaddress)"
}

func inNetwork(c call) (string, error) {
	networks := make([]netip.Prefix, len(c.args)-1)
	for i := range networks {
		var err error
		if networks[i], err = lookup.ParseNetwork(c.text(i + 1)); err != nil {
			return "", err
		}
	}
	return let(c.args[0], func(x string) string {
		return "IF(" + x + " IS NULL, NULL, " + let(address(x), func(a string) string {
			tests := make([]string, len(networks))
			for i, n := range networks {
				tests[i] = within(a, n)
			}
			return "(" + a + " IS NOT NULL AND (" + strings.Join(tests, " OR ") + "))"
		}) + ")"
	}), nil
}

// within says that an address is in a network: one of IPv4 is in none of IPv6.
func within(a string, n netip.Prefix) string {
	lo := n.Addr().As16()
	hi := lo
	bits := n.Bits()
	if n.Addr().Is4() {
		bits += 96
	}
	for i := bits; i < 128; i++ {
		hi[i/8] |= 1 << (7 - i%8)
	}
	test := a + " BETWEEN " + addressLiteral(lo) + " AND " + addressLiteral(hi)
	if n.Addr().Is6() && bits < 96 {
		test += " AND " + a + " NOT " + inIPv6
	}
	return "(" + test + ")"
}

func addressLiteral(a [16]byte) string { return "IPADDRESS '" + netip.AddrFrom16(a).String() + "'" }

func network(c call) (string, error) {
	v4, v6 := c.constant(1).Int, c.constant(2).Int
	return let(c.args[0], func(x string) string {
		return let(address(x), func(a string) string {
			masked := func(bits int64) string { return "CAST(CAST(" + mask(a, bits) + " AS ipaddress) AS varchar)" }
			return fmt.Sprintf("IF(%s %s, %s || '/%d', %s || '/%d')", a, inIPv6, masked(v4+96), v4, masked(v6), v6)
		})
	}), nil
}

// mask is the bytes of an address with so many bits, and zeros behind.
func mask(a string, bits int64) string {
	whole, rest := bits/8, bits%8
	raw := "CAST(" + a + " AS varbinary)"
	kept := fmt.Sprintf("substr(%s, 1, %d)", raw, whole)
	if rest > 0 {
		kept += fmt.Sprintf(" || from_hex(lpad(to_base(bitwise_and(from_base(to_hex(substr(%s, %d, 1)), 16), %d), 16), 2, '0'))", raw, whole+1, 0xff&^(0xff>>rest))
	}
	return "rpad(" + kept + ", 16, X'00')"
}
