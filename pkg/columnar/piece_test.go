package columnar_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// TestPiecesAreTheirRows: rows written from where they lie, the fields of a struct each
// from a place of its own, are those of a batch in which they were put together.
func TestPiecesAreTheirRows(t *testing.T) {
	str := columnar.Of(columnar.String)
	rapid.Check(t, func(rt *rapid.T) {
		schema := append(drawSchema(rt, 2), columnar.Field{Name: "s", Type: columnar.StructOf(
			columnar.Field{Name: "a", Type: str}, columnar.Field{Name: "b", Type: str})})
		o := columnar.WriterOptions{PageRows: 5, RowGroupRows: 12}
		var file bytes.Buffer
		w, err := columnar.NewWriter(&file, schema, o)
		if err != nil {
			rt.Fatal(err)
		}
		want := columnar.NewBatch(schema)
		last := len(schema) - 1
		for range rapid.IntRange(1, 3).Draw(rt, "parts") {
			n := rapid.IntRange(1, 20).Draw(rt, "rows")
			from := rapid.IntRange(0, 3).Draw(rt, "from")
			pieces := make([]columnar.Piece, len(schema))
			for c, f := range schema[:last] {
				v := columnar.NewVector(f.Type)
				for range n + from {
					drawValue(rt, v, maybeNull)
				}
				pieces[c] = columnar.Piece{Column: v, From: from}
				if rapid.Bool().Draw(rt, "by number") {
					pieces[c].Rows = make([]int32, n)
					for i := range n {
						pieces[c].Rows[i] = int32(rapid.IntRange(0, v.Len-1).Draw(rt, "row"))
					}
				}
				for i := range n {
					at := from + i
					if pieces[c].Rows != nil {
						at = int(pieces[c].Rows[i])
					}
					want.Columns[c].AppendFrom(v, at)
				}
			}
			st := &pieces[last]
			st.Fields = make([]columnar.Piece, 2)
			if rapid.Bool().Draw(rt, "some are null") {
				st.Null = rapid.SliceOfN(rapid.Bool(), n, n).Draw(rt, "null")
			}
			for i := range st.Fields {
				f := &st.Fields[i]
				f.Column, f.Rows = columnar.NewVector(str), make([]int32, n)
				for range 4 {
					drawValue(rt, f.Column, maybeNull)
				}
				for k := range n {
					f.Rows[k] = int32(rapid.IntRange(-1, 3).Draw(rt, "value"))
					if st.Null != nil && st.Null[k] {
						f.Rows[k] = -1
					}
				}
			}
			for k := range n {
				if st.Null != nil && st.Null[k] {
					want.Columns[last].AppendNull()
					continue
				}
				for i, f := range st.Fields {
					if at := f.Rows[k]; at < 0 {
						want.Columns[last].Children[i].AppendNull()
					} else {
						want.Columns[last].Children[i].AppendFrom(f.Column, int(at))
					}
				}
				want.Columns[last].AppendNested()
			}
			want.Len += n
			if err := w.WriteFrom(pieces, n); err != nil {
				rt.Fatal(err)
			}
		}
		stats, err := w.Close()
		if err != nil {
			rt.Fatal(err)
		}
		whole, wholeStats := write(t, schema, o, want)
		if diff := cmp.Diff(rows(t, whole, schema, nil), rows(t, file.Bytes(), schema, nil)); diff != "" {
			rt.Fatalf("rows (-of a batch +of pieces):\n%s", diff)
		}
		if diff := cmp.Diff(wholeStats, stats); diff != "" {
			rt.Fatalf("statistics (-of a batch +of pieces):\n%s", diff)
		}
	})
}

func TestPiecesThatDoNotFit(t *testing.T) {
	long, str := columnar.Of(columnar.Long), columnar.Of(columnar.String)
	schema := columnar.Schema{{Name: "s", Type: columnar.StructOf(columnar.Field{Name: "a", Type: str})}}
	text, number := columnar.NewVector(str), columnar.NewVector(long)
	text.AppendString("x")
	number.AppendInt(1)
	one := []int32{0}
	for name, piece := range map[string]columnar.Piece{
		"another type":         {Column: number},
		"another type inside":  {Fields: []columnar.Piece{{Column: number, Rows: one}}},
		"too few rows":         {Fields: []columnar.Piece{{Column: text, Rows: nil}}},
		"too many fields":      {Fields: []columnar.Piece{{Column: text, Rows: one}, {Column: text, Rows: one}}},
		"nulls of other rows":  {Fields: []columnar.Piece{{Column: text, Rows: one}}, Null: []bool{false, true}},
		"no struct but a text": {Column: text},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := columnar.NewWriter(&bytes.Buffer{}, schema, columnar.WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.WriteFrom([]columnar.Piece{piece}, 1); err == nil {
				t.Error("it was written")
			}
		})
	}
}
