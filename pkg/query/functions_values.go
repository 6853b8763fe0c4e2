package query

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
)

func absLong(a []columnar.Value) columnar.Value {
	switch {
	case a[0].Int == math.MinInt64:
		return columnar.Value{}
	case a[0].Int < 0:
		return columnar.IntValue(columnar.Long, -a[0].Int)
	}
	return columnar.IntValue(columnar.Long, a[0].Int)
}

func absDouble(a []columnar.Value) columnar.Value {
	return columnar.FloatValue(math.Abs(a[0].Float))
}
func floor(a []columnar.Value) columnar.Value { return columnar.FloatValue(math.Floor(a[0].Float)) }
func ceil(a []columnar.Value) columnar.Value  { return columnar.FloatValue(math.Ceil(a[0].Float)) }

func greatest(a []columnar.Value) columnar.Value {
	out := a[0]
	for _, v := range a[1:] {
		if v.Compare(out) > 0 {
			out = v
		}
	}
	return out
}

func least(a []columnar.Value) columnar.Value {
	out := a[0]
	for _, v := range a[1:] {
		if v.Compare(out) < 0 {
			out = v
		}
	}
	return out
}

func timestampMillis(a []columnar.Value) columnar.Value {
	if ms := a[0].Int; ms <= math.MaxInt64/1000 && ms >= math.MinInt64/1000 {
		return columnar.IntValue(columnar.Timestamp, ms*1000)
	}
	return columnar.Value{}
}

func unixMillis(a []columnar.Value) columnar.Value {
	return columnar.IntValue(columnar.Long, (a[0].Int-mod(a[0].Int, 1000))/1000)
}

func hour(t time.Time) int { return t.Hour() }

// dayOfWeek is 1 for Monday to 7 for Sunday.
func dayOfWeek(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// clock is a function of what the clock of a time zone shows, UTC if none is given.
func clock(f func(time.Time) int) func(call) (Eval, error) {
	return func(c call) (Eval, error) {
		loc, err := zoneOf(c, 1)
		return func(a []columnar.Value) columnar.Value { return longValue(f(time.UnixMicro(a[0].Int).In(loc))) }, err
	}
}

func zoneOf(c call, arg int) (*time.Location, error) {
	if arg >= len(c.args) {
		return time.UTC, nil
	}
	zone := string(c.args[arg].Bytes)
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known", zone)
	}
	return loc, nil
}

// dateParts are what date_format knows, by the letter after %, as Go's time has it.
var dateParts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'i': "04", 's': "05", 'S': "05",
	'T': "15:04:05", 'M': "January", 'b': "Jan", 'W': "Monday", 'a': "Mon", 'j': "002",
}

func dateFormat(c call) (Eval, error) {
	loc, err := zoneOf(c, 2)
	if err != nil {
		return nil, err
	}
	format := string(c.args[1].Bytes)
	var parts []func(buf []byte, t time.Time) []byte
	for rest := format; rest != ""; {
		literal, after, found := strings.Cut(rest, "%")
		parts = append(parts, func(buf []byte, _ time.Time) []byte { return append(buf, literal...) })
		if rest = after; !found {
			break
		}
		if rest == "" {
			return nil, fmt.Errorf("format %q ends in %%", format)
		}
		letter := rest[0]
		rest = rest[1:]
		layout, known := dateParts[letter]
		switch {
		case letter == '%':
			parts = append(parts, func(buf []byte, _ time.Time) []byte { return append(buf, '%') })
		case letter == 'f':
			parts = append(parts, func(buf []byte, t time.Time) []byte { return fmt.Appendf(buf, "%06d", t.Nanosecond()/1000) })
		case known:
			parts = append(parts, func(buf []byte, t time.Time) []byte { return t.AppendFormat(buf, layout) })
		default:
			return nil, fmt.Errorf("format %q: %%%c is not known; there are %%Y %%y %%m %%d %%H %%i %%s %%f %%T %%M %%b %%W %%a %%j %%%%", format, letter)
		}
	}
	var buf []byte
	return func(a []columnar.Value) columnar.Value {
		t := time.UnixMicro(a[0].Int).In(loc)
		buf = buf[:0]
		for _, p := range parts {
			buf = p(buf, t)
		}
		return bytesValue(buf)
	}, nil
}

// ParseAddress reads an IP address as audit logs have it: with a port or without,
// IPv6 in brackets or not, IPv4 within IPv6 as what it is.
func ParseAddress(s []byte) (netip.Addr, bool) {
	text := strings.TrimSpace(string(s))
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		var port netip.AddrPort
		port, err = netip.ParseAddrPort(text)
		addr = port.Addr()
	}
	return addr.Unmap().WithZone(""), err == nil
}

func inNetwork(c call) (Eval, error) {
	networks := make([]netip.Prefix, len(c.args)-1)
	for i, v := range c.args[1:] {
		var err error
		if networks[i], err = lookup.ParseNetwork(string(v.Bytes)); err != nil {
			return nil, err
		}
	}
	return func(a []columnar.Value) columnar.Value {
		addr, ok := ParseAddress(a[0].Bytes)
		inside := false
		for _, n := range networks {
			inside = inside || ok && n.Contains(addr)
		}
		return boolValue(inside)
	}, nil
}

func network(c call) (Eval, error) {
	v4, v6 := c.args[1].Int, c.args[2].Int
	if v4 < 0 || v4 > 32 || v6 < 0 || v6 > 128 {
		return nil, errors.New("a network has 0 to 32 bits in IPv4 and 0 to 128 in IPv6")
	}
	return func(a []columnar.Value) columnar.Value {
		addr, ok := ParseAddress(a[0].Bytes)
		if !ok {
			return columnar.Value{}
		}
		bits := int(v6)
		if addr.Is4() {
			bits = int(v4)
		}
		return bytesValue([]byte(netip.PrefixFrom(addr, bits).Masked().String()))
	}, nil
}
