package query

import (
	"errors"
	"math"
	"net/netip"
	"strings"

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

func sqrt(a []columnar.Value) columnar.Value { return finite(math.Sqrt(a[0].Float)) }
func exp(a []columnar.Value) columnar.Value  { return columnar.FloatValue(math.Exp(a[0].Float)) }
func ln(a []columnar.Value) columnar.Value   { return finite(math.Log(a[0].Float)) }
func pow(a []columnar.Value) columnar.Value {
	return columnar.FloatValue(math.Pow(a[0].Float, a[1].Float))
}
func log10(a []columnar.Value) columnar.Value { return finite(math.Log10(a[0].Float)) }

// finite is null for what a function has no value for.
func finite(f float64) columnar.Value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return columnar.Value{}
	}
	return columnar.FloatValue(f)
}

func sign(a []columnar.Value) columnar.Value {
	switch f := a[0].Float; {
	case f > 0:
		return columnar.FloatValue(1)
	case f < 0:
		return columnar.FloatValue(-1)
	}
	return a[0]
}

// round: beyond 15 decimals a double has no more of them.
func round(a []columnar.Value) columnar.Value {
	f, digits := a[0].Float, int64(0)
	if len(a) > 1 {
		digits = a[1].Int
	}
	unit := math.Pow(10, math.Abs(float64(digits)))
	switch {
	case digits > 15 || math.IsInf(f*unit, 0):
		return columnar.FloatValue(f)
	case digits < -308:
		return columnar.FloatValue(0)
	case digits < 0:
		return columnar.FloatValue(math.Round(f/unit) * unit)
	}
	return columnar.FloatValue(math.Round(f*unit) / unit)
}

func modLong(a []columnar.Value) columnar.Value {
	switch a[1].Int {
	case 0:
		return columnar.Value{}
	case -1: // the least long has no negative
		return longValue(0)
	}
	return columnar.IntValue(columnar.Long, a[0].Int%a[1].Int)
}

func modDouble(a []columnar.Value) columnar.Value {
	if a[1].Float == 0 {
		return columnar.Value{}
	}
	return columnar.FloatValue(math.Mod(a[0].Float, a[1].Float))
}

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
