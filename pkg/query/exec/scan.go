package exec

import (
	"bytes"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
)

// scan reads a table and gives its columns flat: fields of structs and values of
// map keys are columns like any other.
func (b *builder) scan(n *query.Bound, s query.Scan, useful []query.Expr) (rows, error) {
	if n.Table == nil {
		return func(func(*chunk, error) bool) {}, nil
	}
	schema := n.Table.Schema()
	want := projection(schema, n.Sources)
	inRange, implied := rangePredicates(s.Range, schema)
	keeper := keeper{cols: n.Cols, sources: n.Sources}
	keep := keeper.all(append(inRange, useful...))
	if len(implied) > 0 {
		i := schema.IndexFold(query.DateColumn)
		dates := keepDates(schema[i].Name, implied)
		keep = both(dates, keep) // the date alone tells of most files, and is cheaper to look at
	}
	readers := b.readers(n)
	if t, ok := query.RowsOf(n.Table); ok {
		return b.readRows(n, t, query.Request{Want: want, Keep: keep}, append(inRange, useful...), readers)
	}
	preds, err := b.predicates(inRange, n.Cols)
	if err != nil {
		return nil, err
	}
	all := func(yield func(*chunk, error) bool) {
		out := &chunk{cols: make([]*columnar.Vector, len(readers))}
		var stats query.ScanStats
		defer func() { b.stats.Scan.Add(stats) }()
		if err := b.look(); err != nil {
			yield(nil, err)
			return
		}
		for batch, err := range n.Table.Scan(b.ctx, want, keep, &stats) {
			if err == nil {
				err = b.look()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range readers {
				out.cols[i] = readers[i](batch)
			}
			out.n, out.sel = batch.Len, allRows(batch.Len)
			if !yield(out, nil) {
				return
			}
		}
	}
	if len(preds) == 0 {
		return all, nil
	}
	return filter(all, preds), nil
}

func (b *builder) readers(n *query.Bound) []reader {
	out := make([]reader, len(n.Cols))
	for i, src := range n.Sources {
		out[i] = newReader(src, n.Cols[i].Type, b.scope(nil))
	}
	return out
}

// rangePredicates is a time range as predicates: on the event time, and the ones
// that follow for the date, if the table has it.
func rangePredicates(r query.TimeRange, schema columnar.Schema) (exact []query.Expr, dates []dateBound) {
	at := query.Column(columnar.Timestamp, query.TimeColumn)
	i := schema.IndexFold(query.DateColumn)
	hasDate := i >= 0 && schema[i].Type.Kind == columnar.Date
	add := func(op query.Op, micros, day int64) {
		exact = append(exact, query.Compare{Op: op, L: at, R: query.Const{Value: columnar.IntValue(columnar.Timestamp, micros)}})
		if hasDate {
			dates = append(dates, dateBound{op, day})
		}
	}
	from, hasFrom, to, hasTo := r.Micros()
	if hasFrom {
		add(query.GreaterEqual, from, day(from))
	}
	if hasTo {
		add(query.Less, to, day(to-1)+1)
	}
	return exact, dates
}

// day is the date, in days since 1970, of an instant in microseconds.
func day(micros int64) int64 {
	const length = 24 * 3600 * 1_000_000
	d := micros / length
	if micros%length < 0 {
		d--
	}
	return d
}

// projection is the part of a schema that the sources are in.
func projection(schema columnar.Schema, sources []query.Source) columnar.Schema {
	var out columnar.Schema
	for _, f := range schema {
		var inside []query.Source
		used, whole := false, false
		for _, s := range sources {
			if len(s.Path) == 0 || s.Path[0] != f.Name {
				continue
			}
			used = true
			if len(s.Path) == 1 {
				whole = true
			} else {
				inside = append(inside, query.Source{Path: s.Path[1:], Key: s.Key})
			}
		}
		switch {
		case whole:
			out = append(out, f)
		case used:
			out = append(out, columnar.Field{Name: f.Name, Type: columnar.StructOf(projection(f.Type.Fields, inside)...)})
		}
	}
	return out
}

// reader finds one column of a scan in a batch.
type reader func(*columnar.Batch) *columnar.Vector

func newReader(src query.Source, t columnar.Type, s scope) reader {
	if src.Path == nil {
		var nulls nullVector
		return func(b *columnar.Batch) *columnar.Vector { return nulls.get(t, b.Len) }
	}
	find := func(b *columnar.Batch) *columnar.Vector {
		v := b.Column(src.Path[0])
		for _, name := range src.Path[1:] {
			v = v.Field(name)
		}
		return v
	}
	if src.Key == nil {
		return find
	}
	m := &mapKey{key: []byte(*src.Key), out: s.column(t.Kind)}
	return func(b *columnar.Batch) *columnar.Vector { return m.read(find(b)) }
}

// nullVector is a growing vector of nulls.
type nullVector struct{ v columnar.Vector }

func (n *nullVector) get(t columnar.Type, length int) *columnar.Vector {
	if n.v.Len < length {
		n.v = *columnar.NewVector(t)
		for range length {
			n.v.AppendNull()
		}
	}
	if n.v.Len == length {
		return &n.v
	}
	short := n.v
	short.Len = length
	return &short
}

// mapKey reads the value of one key out of a map in every row.
type mapKey struct {
	key  []byte
	out  column
	dict *columnar.Bytes // of the keys, at last
	hit  []bool          // by code: is the key
}

func (m *mapKey) read(v *columnar.Vector) *columnar.Vector {
	keys, values := v.Children[0], v.Children[1]
	if keys.Codes != nil && keys.Dict != m.dict {
		m.dict, m.hit = keys.Dict, make([]bool, keys.Dict.Len())
		for i := range m.hit {
			m.hit[i] = bytes.Equal(m.dict.At(i), m.key)
		}
	}
	m.out.begin(v.Len, values.Dict)
	for i := range v.Len {
		at := -1
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			if keys.Codes != nil && m.hit[keys.Codes[j]] || keys.Codes == nil && bytes.Equal(keys.Bytes.At(j), m.key) {
				at = j
			}
		}
		if at < 0 || v.IsNull(i) {
			m.out.null(i)
		} else {
			m.out.from(i, values, at)
		}
	}
	return m.out.vector()
}

// pathText is the path of a source as columnar.Bounds knows it.
func pathText(src query.Source) string { return strings.Join(src.Path, ".") }
