package columnar

import (
	"slices"
	"sync"
)

// leafMemory is what a leafWriter fills again and again. It goes from file to file,
// if it is small: tables of a hundred columns have files of a few rows.
type leafMemory struct {
	def, rep []uint8
	vals     []byte  // PLAIN values
	codes    []int32 // or codes into the dictionary

	spare *dictionary // of the row group, if it has one
	seen  []int32     // for each code the number of the page that has it

	sel     []int32
	scratch []byte
	packed  []byte
}

// leafMemories are those that no file uses.
var leafMemories = sync.Pool{New: func() any { return &leafMemory{} }}

// maxLeafMemory bounds what is kept for another file. Any column gets it, so more
// would in time be as much for every column as the largest needs.
const maxLeafMemory = 64 << 10

func (m *leafMemory) bytes() int {
	const code = 4
	n := cap(m.def) + cap(m.rep) + cap(m.vals) + cap(m.scratch) + cap(m.packed) + code*(cap(m.codes)+cap(m.seen)+cap(m.sel))
	if d := m.spare; d != nil {
		n += cap(d.values.Data) + code*(cap(d.values.Ends)+cap(d.hashes)+len(d.slots)+cap(d.inputCodes))
	}
	return n
}

// release gives the memory back, at the end of the file.
func (l *leafWriter) release() {
	m := l.leafMemory
	l.leafMemory, l.dict = nil, nil
	if m.bytes() <= maxLeafMemory {
		m.def, m.rep, m.vals, m.codes = m.def[:0], m.rep[:0], m.vals[:0], m.codes[:0]
		leafMemories.Put(m)
	}
}

// grow makes room for n more, twice as much as before at least: less is copied than
// by append, and a file's pages are of a size.
func grow[T any](s []T, n int) []T {
	if cap(s)-len(s) >= n {
		return s
	}
	return slices.Grow(s, max(n, len(s)))
}
