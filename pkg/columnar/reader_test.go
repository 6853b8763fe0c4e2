package columnar_test

import (
	"context"
	"hash/fnv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func id() columnar.Field {
	return columnar.Field{Name: "id", Type: columnar.Of(columnar.Long)}
}

// TestReaderLeavesOutNothing reads with random pages ruled out and random rows picked:
// what comes are picked rows, whole and in order, and all of those that are wanted.
func TestReaderLeavesOutNothing(t *testing.T) {
	var indexed, plain int
	rapid.Check(t, func(rt *rapid.T) {
		schema := append(drawSchema(rt, 2), id())
		var batches []*columnar.Batch
		n := int64(0)
		for range rapid.IntRange(1, 4).Draw(rt, "batches") {
			b := drawBatch(rt, schema[:len(schema)-1])
			b.Schema, b.Columns = schema, append(b.Columns, columnar.NewVector(columnar.Of(columnar.Long)))
			for range b.Len {
				b.Columns[len(schema)-1].AppendInt(n)
				n++
			}
			batches = append(batches, b)
		}
		file, _ := write(t, schema, drawOptions(rt), batches...)
		if rapid.Bool().Draw(rt, "foreign") {
			var err error
			file, err = rewrite(file, parquet.PageBufferSize(rapid.IntRange(20, 600).Draw(rt, "pageBytes")), parquet.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "version")))
			if err != nil {
				rt.Fatal(err)
			}
		}
		want := append(evolve(rt, schema[:len(schema)-1]), id())
		whole := rows(t, file, want, nil)

		lo := rapid.Int64Range(0, n).Draw(rt, "from")
		hi := rapid.Int64Range(0, n).Draw(rt, "to")
		filled := schema[0]
		wanted := func(i int64, isNull bool) bool { return i >= lo && i < hi && !isNull }
		keep := func(b columnar.Bounds) bool {
			x, ok := b.Bound("id")
			if ok && (x.Min.Kind == columnar.Long && x.Min.Int >= hi || x.Max.Kind == columnar.Long && x.Max.Int < lo) {
				return false
			}
			x, ok = b.Bound(filled.Name)
			return !ok || b.Rows() <= 0 || x.Nulls < b.Rows()
		}
		nulls := make([]bool, 0, n)
		for _, b := range batches {
			for i := range b.Len {
				nulls = append(nulls, b.Columns[0].IsNull(i))
			}
		}

		o := columnar.ReadOptions{Keep: keep, BatchRows: rapid.IntRange(1, 40).Draw(rt, "batchRows")}
		picked := make([]bool, n)
		for i := range picked {
			picked[i] = true
		}
		if rapid.Bool().Draw(rt, "choose") {
			first := evolve(rt, schema[:len(schema)-1])
			share := rapid.Uint32Range(0, 8).Draw(rt, "eighths")
			is := func(text string) bool {
				h := fnv.New32()
				_, _ = h.Write([]byte(text))
				return h.Sum32()%8 < share
			}
			for i, text := range rows(t, file, first, nil) {
				picked[i] = is(text)
			}
			o.Choose = &columnar.Choice{First: first, Rows: func(b *columnar.Batch) (out []int32, _ error) {
				check(t, b)
				for i, text := range text(b) {
					if is(text) {
						out = append(out, int32(i))
					}
				}
				return out, nil
			}}
		}
		f := open(t, file)
		r, err := f.NewReader(want, o)
		if err != nil {
			rt.Fatal(err)
		}
		seen := make([]bool, n)
		last := int64(-1)
		for g := range f.Groups() {
			for s, err := range r.Group(context.Background(), g) {
				if err != nil {
					rt.Fatal(err)
				}
				check(t, s.Batch)
				if s.Len > o.BatchRows {
					rt.Fatalf("a batch of %d rows, at most %d are wanted", s.Len, o.BatchRows)
				}
				lines, at := text(s.Batch), s.Rows
				if at == nil {
					for i := range s.Len {
						at = append(at, int32(i))
					}
				}
				for _, i := range at {
					row := s.Columns[len(want)-1].Ints[i]
					if row <= last || !picked[row] {
						rt.Fatalf("row %d after row %d, picked is %t", row, last, picked[row])
					}
					if diff := cmp.Diff(whole[row], lines[i]); diff != "" {
						rt.Fatalf("row %d (-whole +picked):\n%s", row, diff)
					}
					last, seen[row] = row, true
				}
			}
		}
		for row := range n {
			if wanted(row, nulls[row]) && picked[row] && !seen[row] {
				rt.Fatalf("row %d is missing", row)
			}
			if seen[row] {
				plain++
			} else if !wanted(row, nulls[row]) {
				indexed++
			}
		}
	})
	if indexed == 0 || plain == 0 {
		t.Errorf("%d rows were left out and %d were read: the test says nothing", indexed, plain)
	}
}

// TestPagesAreLeftOut counts bytes: of a row group of many pages only those are fetched
// that may have a wanted row, and of columns that are not looked at only those of rows
// that were picked.
func TestPagesAreLeftOut(t *testing.T) {
	schema := columnar.Schema{id(), {Name: "text", Type: columnar.Of(columnar.String)}}
	b := columnar.NewBatch(schema)
	for i := range int64(100_000) {
		b.Columns[0].AppendInt(i)
		text := fnv.New128()
		_, _ = text.Write([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		b.Columns[1].AppendBytes(text.Sum(nil))
		b.Len++
	}
	file, _ := write(t, schema, columnar.WriterOptions{Plain: []string{"text"}}, b)
	read := func(o columnar.ReadOptions) (got []int64, src *memory) {
		src = &memory{b: file}
		f, err := columnar.OpenFile(t.Context(), src, int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		src.bytes, src.reads = 0, 0
		r, err := f.NewReader(schema, o)
		if err != nil {
			t.Fatal(err)
		}
		for g := range f.Groups() {
			for s, err := range r.Group(t.Context(), g) {
				if err != nil {
					t.Fatal(err)
				}
				if s.Rows == nil {
					got = append(got, s.Columns[0].Ints...)
				}
				for _, i := range s.Rows {
					got = append(got, s.Columns[0].Ints[i])
				}
			}
		}
		return got, src
	}
	all, whole := read(columnar.ReadOptions{})
	if len(all) != b.Len || whole.reads != 1 {
		t.Fatalf("%d rows with %d reads", len(all), whole.reads)
	}
	around := func(x columnar.Bounds) bool {
		b, ok := x.Bound("id")
		return !ok || b.Min.Int <= 50_000 && b.Max.Int >= 50_000
	}
	got, some := read(columnar.ReadOptions{Keep: around})
	if len(got) != 8192 || got[0] != 6*8192 || some.bytes > whole.bytes/8 {
		t.Errorf("%d rows from %d on, %d bytes of %d", len(got), got[0], some.bytes, whole.bytes)
	}
	is := func(id int64) *columnar.Choice {
		return &columnar.Choice{First: schema[:1], Rows: func(b *columnar.Batch) (out []int32, _ error) {
			for i, x := range b.Columns[0].Ints {
				if x == id {
					out = append(out, int32(i))
				}
			}
			return out, nil
		}}
	}
	got, one := read(columnar.ReadOptions{Choose: is(70_000)})
	if len(got) != 1 || got[0] != 70_000 || one.bytes > whole.bytes*6/10 {
		t.Errorf("picked %v, %d bytes of %d", got, one.bytes, whole.bytes)
	}
	got, none := read(columnar.ReadOptions{Choose: is(-1)})
	if len(got) != 0 || none.bytes >= one.bytes || none.reads != 1 {
		t.Errorf("picked %v, %d bytes with %d reads", got, none.bytes, none.reads)
	}
}
