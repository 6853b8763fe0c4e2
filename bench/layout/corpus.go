package layout

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
)

// corpus is the rows of one table with strings laid out plainly, as the ETL hands
// them to the writer, in the order of the table's layout.
type corpus struct {
	table string
	rows  *columnar.Batch
	plain []string // paths that are written without a dictionary today
	stats []string
	order []string
	group int    // rows of a row group today; 0: the writer's default
	sum   uint64 // of the hashes of all rows
	seed  maphash.Seed
}

func readCorpus(ctx context.Context, l *lake.Lake, name string) (*corpus, error) {
	view, err := l.Table(name).View(ctx)
	if err != nil {
		return nil, err
	}
	layout := etl.LayoutOf(name)
	c := &corpus{
		table: name, rows: columnar.NewBatch(view.Schema()),
		plain: layout.Plain, stats: layout.Stats, order: layout.Order, group: layout.RowGroupRows, seed: maphash.MakeSeed(),
	}
	for b, err := range view.Scan(ctx, view.Schema(), nil, nil) {
		if err != nil {
			return nil, err
		}
		c.rows.Append(b)
	}
	if c.rows.Len == 0 {
		return nil, fmt.Errorf("it has no rows to measure")
	}
	c.rows = c.rows.Take(c.sorted(c.order))
	c.sum = c.sumOf(c.rows)
	return c, nil
}

// sorted is the rows in the order of the columns; nulls first.
func (c *corpus) sorted(columns []string) []int32 {
	var keys []*columnar.Vector
	for _, name := range columns {
		if v := c.rows.Column(name); v != nil {
			keys = append(keys, v)
		}
	}
	order := make([]int32, c.rows.Len)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		for _, v := range keys {
			if x := compareRows(v, int(a), int(b)); x != 0 {
				return x
			}
		}
		return 0
	})
	return order
}

func compareRows(v *columnar.Vector, a, b int) int {
	switch {
	case v.IsNull(a) || v.IsNull(b):
		return cmp.Compare(ordinal(!v.IsNull(a)), ordinal(!v.IsNull(b)))
	case v.Type.Kind.InInts():
		return cmp.Compare(v.Ints[a], v.Ints[b])
	}
	return bytes.Compare(v.ByteAt(a), v.ByteAt(b))
}

func ordinal(is bool) int {
	if is {
		return 1
	}
	return 0
}

// sumOf adds the hashes of the rows: it is the same for the same rows in any order.
func (c *corpus) sumOf(b *columnar.Batch) uint64 {
	sum := uint64(0)
	var row []byte
	for i := range b.Len {
		row = row[:0]
		for _, v := range b.Columns {
			row = appendCell(row, v, i)
		}
		sum += maphash.Bytes(c.seed, row)
	}
	return sum
}

// appendCell adds a value such that no two different ones look the same.
func appendCell(to []byte, v *columnar.Vector, i int) []byte {
	number := func(x uint64) {
		for range 8 {
			to, x = append(to, byte(x)), x>>8
		}
	}
	if v.IsNull(i) {
		return append(to, 0)
	}
	to = append(to, 1)
	switch k := v.Type.Kind; {
	case k.InInts():
		number(uint64(v.Ints[i]))
	case k.InBytes():
		s := v.ByteAt(i)
		number(uint64(len(s)))
		to = append(to, s...)
	case k == columnar.Struct:
		for _, child := range v.Children {
			to = appendCell(to, child, i)
		}
	case k == columnar.Map || k == columnar.List:
		from, end := int(v.Offsets[i]), int(v.Offsets[i+1])
		number(uint64(end - from))
		for j := from; j < end; j++ {
			for _, child := range v.Children {
				to = appendCell(to, child, j)
			}
		}
	default:
		panic("layout: no table of a lake has a column of " + v.Type.String())
	}
	return to
}

// leaf is a scalar column of the corpus, through structs and maps.
type leaf struct {
	path string
	v    *columnar.Vector
}

func (c *corpus) leaves() []leaf {
	var out []leaf
	var walk func(path string, v *columnar.Vector)
	walk = func(path string, v *columnar.Vector) {
		switch v.Type.Kind {
		case columnar.Struct:
			for i, f := range v.Type.Fields {
				walk(path+"."+f.Name, v.Children[i])
			}
		case columnar.Map:
			walk(path+".key", v.Children[0])
			walk(path+".value", v.Children[1])
		case columnar.List:
			walk(path+".element", v.Children[0])
		default:
			out = append(out, leaf{strings.TrimPrefix(path, "."), v})
		}
	}
	for i, f := range c.rows.Schema {
		walk(f.Name, c.rows.Columns[i])
	}
	return out
}
