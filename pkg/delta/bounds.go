package delta

import (
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/valyala/fastjson"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// statColumns finds a scalar column of a schema by its dotted path.
type statColumns struct {
	leaves map[string]*statColumn
}

type statColumn struct {
	path      []string
	typ       columnar.Type
	partition bool
}

func newStatColumns(m *Metadata) *statColumns {
	c := &statColumns{leaves: map[string]*statColumn{}}
	c.add(m.Schema, nil)
	for _, name := range m.PartitionColumns {
		if leaf, ok := c.leaves[name]; ok {
			leaf.partition = true
		}
	}
	return c
}

func (c *statColumns) add(s columnar.Schema, above []string) {
	for _, f := range s {
		path := append(above[:len(above):len(above)], f.Name)
		if f.Type.Kind == columnar.Struct {
			c.add(f.Type.Fields, path)
		} else if f.Type.Kind < columnar.Struct {
			c.leaves[strings.Join(path, ".")] = &statColumn{path: path, typ: f.Type}
		}
	}
}

// known is what has been read of a file's statistics. A query looks at the bounds of
// each file of a table, and the text of some hundred bytes is by far the most of
// that. It takes 16 bytes of a file that nobody asked about, and some 100 of one that
// was asked for one column, with 48 more for each further one; strings take their
// lengths on top. It belongs to the Add, which snapshots share, so it lives as long
// as the file is live. Several goroutines may read and add to it: who adds copies,
// and of two at once one is lost and is read again.
type known struct {
	state atomic.Pointer[knownBounds]
}

// knownBounds does not change.
type knownBounds struct {
	rows    int64
	columns []knownBound
}

// knownBound is a columnar.Bound with no room for what a column has not.
type knownBound struct {
	column   *statColumn
	ok       bool
	ints     bool // min, max and nulls are the bound, both sides being known
	min, max int64
	nulls    int64
	other    *columnar.Bound // if not ints
}

func newKnownBound(c *statColumn, b columnar.Bound, ok bool) knownBound {
	switch k := c.typ.Kind; {
	case !ok:
		return knownBound{column: c}
	case b.Min.Kind == k && b.Max.Kind == k && k.InInts():
		return knownBound{column: c, ok: true, ints: true, min: b.Min.Int, max: b.Max.Int, nulls: b.Nulls}
	}
	return knownBound{column: c, ok: true, other: &b}
}

func (k *knownBound) bound() (columnar.Bound, bool) {
	switch {
	case !k.ok:
		return columnar.Bound{}, false
	case k.ints:
		kind := k.column.typ.Kind
		return columnar.Bound{Min: columnar.IntValue(kind, k.min), Max: columnar.IntValue(kind, k.max), Nulls: k.nulls}, true
	}
	return *k.other, true
}

// fileBounds is the columnar.Bounds of a live file.
type fileBounds struct {
	columns *statColumns
	add     *Add

	parser *fastjson.Parser // not nil once the text was read
	stats  *fastjson.Value  // nil if there are none that can be read
}

// maxStatsBytes is how long statistics are at most that are looked at: parsed they take
// several hundred times as much.
const maxStatsBytes = 1 << 20

func (b *fileBounds) load() *fastjson.Value {
	if b.parser == nil {
		b.parser = &fastjson.Parser{}
		if b.add.Stats != "" && len(b.add.Stats) <= maxStatsBytes {
			if v, err := b.parser.Parse(b.add.Stats); err == nil {
				b.stats = v
			}
		}
	}
	return b.stats
}

// state is what is known, with the rows at least.
func (b *fileBounds) state() *knownBounds {
	if b.add.known != nil {
		if s := b.add.known.state.Load(); s != nil {
			return s
		}
	}
	s := &knownBounds{rows: count(b.load().Get("numRecords"))}
	b.keep(s)
	return s
}

func (b *fileBounds) keep(s *knownBounds) {
	if b.add.known != nil {
		b.add.known.state.Store(s)
	}
}

// Rows implements columnar.Bounds.
func (b *fileBounds) Rows() int64 { return b.state().rows }

// Bound implements columnar.Bounds.
func (b *fileBounds) Bound(path string) (columnar.Bound, bool) {
	c, ok := b.columns.leaves[path]
	if !ok {
		return columnar.Bound{}, false
	}
	s := b.state()
	for i := range s.columns {
		if s.columns[i].column == c {
			return s.columns[i].bound()
		}
	}
	bound, ok := b.read(c)
	// What was known of the column under an older schema goes.
	columns := slices.DeleteFunc(slices.Clone(s.columns), func(k knownBound) bool { return slices.Equal(k.column.path, c.path) })
	b.keep(&knownBounds{rows: s.rows, columns: append(columns, newKnownBound(c, bound, ok))})
	return bound, ok
}

// read is the bound of a column from the text.
func (b *fileBounds) read(c *statColumn) (columnar.Bound, bool) {
	if c.partition {
		return b.partition(c)
	}
	stats := b.load()
	if stats == nil {
		return columnar.Bound{}, false
	}
	at := func(group string) *fastjson.Value { return stats.Get(group).Get(c.path...) }
	out := columnar.Bound{
		Min:   readStats(at("minValues"), c.typ.Kind, lower),
		Max:   readStats(at("maxValues"), c.typ.Kind, upper),
		Nulls: count(at("nullCount")),
	}
	if out.Min.Kind == columnar.Invalid && out.Max.Kind == columnar.Invalid && out.Nulls < 0 {
		return columnar.Bound{}, false
	}
	return out, true
}

func (b *fileBounds) partition(c *statColumn) (columnar.Bound, bool) {
	v, ok, err := parsePartition(b.add.PartitionValues[c.path[0]], c.typ)
	switch {
	case err != nil, math.IsNaN(v.Float): // where NaN sorts is disputed
		return columnar.Bound{}, false
	case !ok:
		return columnar.Bound{Nulls: b.Rows()}, true
	}
	return columnar.Bound{Min: v, Max: v}, true
}
