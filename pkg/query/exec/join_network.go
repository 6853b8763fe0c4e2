package exec

import (
	"net/netip"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
	"github.com/auditlake/auditlake/pkg/query"
)

// A join by network looks an address up once for each length that networks of the
// right have, the longest first: the address cut to that length is the network that
// it would be in.

// networkBits are the lengths of networks, each once, the longest first.
type networkBits struct{ v4, v6 []int }

func (b *networkBits) of(a netip.Addr) *[]int {
	if a.Is4() {
		return &b.v4
	}
	return &b.v6
}

func (b *networkBits) add(p netip.Prefix) {
	lengths := b.of(p.Addr())
	at, ok := slices.BinarySearchFunc(*lengths, p.Bits(), func(have, want int) int { return want - have })
	if !ok {
		*lengths = slices.Insert(*lengths, at, p.Bits())
	}
}

func (b *networkBits) some() bool { return len(b.v4)+len(b.v6) > 0 }

// networkAt is the network that a value names, if it is one.
func networkAt(v *columnar.Vector, i int) (netip.Prefix, bool) {
	if v.IsNull(i) {
		return netip.Prefix{}, false
	}
	p, err := lookup.ParseNetwork(string(v.ByteAt(i)))
	return p, err == nil
}

// appendNetwork writes a network so that equal ones have equal bytes.
func appendNetwork(key []byte, p netip.Prefix) []byte {
	return append(append(key, byte(p.Bits())), p.Addr().AsSlice()...)
}

// findNetwork is the row of the smallest network that an address is in, with the key
// that the table holds, or -1.
func (t *joinTable) findNetwork(addresses *columnar.Vector, i int) int32 {
	if addresses.IsNull(i) {
		return -1
	}
	address, ok := query.ParseAddress(addresses.ByteAt(i))
	if !ok {
		return -1
	}
	n := len(t.key)
	for _, bits := range *t.bits.of(address) {
		p, err := address.Prefix(bits)
		if err != nil {
			continue
		}
		t.key = appendNetwork(t.key[:n], p)
		if row, ok := t.first[string(t.key)]; ok {
			return row
		}
	}
	return -1
}

// leastOfEach leaves one row to each key.
func (t *joinTable) leastOfEach() {
	for key, least := range t.first {
		for row := t.next[least]; row >= 0; row = t.next[row] {
			if t.compare(row, least) < 0 {
				least = row
			}
		}
		t.first[key] = least
	}
	for i := range t.next {
		t.next[i] = -1
	}
}

// compare orders two rows by the columns that the join gives.
func (t *joinTable) compare(i, j int32) int {
	for _, v := range t.cols {
		if d := compareAt(v, int(i), v, int(j)); d != 0 {
			return d
		}
	}
	return 0
}
