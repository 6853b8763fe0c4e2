package etl

import "github.com/auditlake/auditlake/pkg/columnar"

// lineage is where a row came from: a line of a delivered file, and of a line that
// wraps several events the place of one of them, from 1, and how many there are.
// index and count are 0 of a line that is an event, and in bronze.
type lineage struct{ file, line, index, count int64 }

// lineageSchema is the columns that a lineage is read from. Bronze, and a table
// that no line with several events has come to, reads null in the last two.
func lineageSchema(more ...columnar.Field) columnar.Schema {
	return append(columnar.Schema{
		{Name: "fileId", Type: long},
		{Name: "lineNumber", Type: long},
		{Name: "eventIndex", Type: long},
		{Name: "eventCount", Type: long},
	}, more...)
}

// lineages are those of the rows of a batch.
type lineages struct{ file, line, index, count *columnar.Vector }

func lineagesOf(b *columnar.Batch) lineages {
	return lineages{b.Column("fileId"), b.Column("lineNumber"), b.Column("eventIndex"), b.Column("eventCount")}
}

func (l lineages) at(i int) lineage {
	out := lineage{file: l.file.Ints[i], line: l.line.Ints[i]}
	if !l.index.IsNull(i) && !l.count.IsNull(i) {
		out.index, out.count = l.index.Ints[i], l.count.Ints[i]
	}
	return out
}

// tally is an order-free account of a set of rows.
//
// The events of a line are a chain: in walk each adds its own link and takes the
// next one away, so that all of them together are the link of the line, as bronze
// has it, and any of them alone is not.
type tally struct {
	rows    int64
	further int64  // of rows: events that are not the first of their line
	walk    uint64 // sum over the rows of their part of a chain
	keys    uint64 // sum over the rows of the first half of the event key
}

// lines is how many lines the rows are of.
func (t tally) lines() int64 { return t.rows - t.further }

func (t *tally) add(l lineage) {
	t.rows++
	if l.index > 1 {
		t.further++
	}
	t.walk += l.link(l.index)
	if l.index < l.count {
		t.walk -= l.link(l.index + 1)
	}
}

func (l lineage) link(index int64) uint64 {
	line := mix(uint64(l.file)*0x9e3779b97f4a7c15 + uint64(l.line))
	if index <= 1 {
		return line
	}
	return mix(line + uint64(index)*0xd1b54a32d192ed03)
}

// mix spreads a number over 64 bits (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
