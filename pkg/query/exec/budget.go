package exec

import "github.com/auditlake/auditlake/pkg/columnar"

// budget counts the bytes that the operators of a query hold.
type budget struct{ max, used, peak int64 }

// resize changes what one holder has from *held to now.
func (b *budget) resize(held *int64, now int64) error {
	b.used += now - *held
	*held = now
	b.peak = max(b.peak, b.used)
	if b.used > b.max {
		return &LimitError{"MaxMemory", b.max}
	}
	return nil
}

// sizeOf is about how many bytes vectors occupy.
func sizeOf(vectors []*columnar.Vector) int64 {
	var n int64
	for _, v := range vectors {
		n += int64(len(v.Null) + 8*len(v.Ints) + 8*len(v.Floats) + len(v.Bytes.Data) + 4*len(v.Bytes.Ends) +
			4*len(v.Codes) + 4*len(v.Offsets))
		n += sizeOf(v.Children)
	}
	return n
}
