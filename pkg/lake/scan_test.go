package lake_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func oneFile(snap *delta.Snapshot, path string) iter.Seq[*delta.Add] {
	return func(yield func(*delta.Add) bool) {
		if a, ok := snap.File(path); ok {
			yield(a)
		}
	}
}

// atLeast keeps what may have a value of a column from lo on.
func atLeast(column string, lo int64) columnar.Keep {
	return func(b columnar.Bounds) bool {
		bound, ok := b.Bound(column)
		return !ok || bound.Max.Kind == columnar.Invalid && bound.Nulls != b.Rows() || bound.Max.Kind != columnar.Invalid && bound.Max.Int >= lo
	}
}

// TestPruningLosesNoRow: every row that a rule wants is read, and what is read is
// in the table.
func TestPruningLosesNoRow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLake(store.NewMemory("lake"))
		var all []*columnar.Batch
		id := int64(0)
		for range rapid.IntRange(1, 5).Draw(rt, "commits") {
			b := columnar.NewBatch(events())
			for range rapid.IntRange(1, 10).Draw(rt, "rows") {
				id++
				row(b, id, rapid.SampledFrom([]int64{noDate, -3, 0, 3, 19000}).Draw(rt, "date"), "x")
			}
			commit(t, l, "bronze", byDate(), b)
			all = append(all, b)
		}
		column := rapid.SampledFrom([]string{"date", "id", "at.x"}).Draw(rt, "column")
		lo := rapid.SampledFrom([]int64{-5, 0, 1, 3, 5, 20, 19000, 20000}).Draw(rt, "from")
		wanted := func(b *columnar.Batch, i int) bool {
			switch column {
			case "date":
				return !b.Columns[1].IsNull(i) && b.Columns[1].Ints[i] >= lo
			case "id":
				return b.Columns[0].Ints[i] >= lo
			}
			return b.Columns[3].Children[0].Ints[i] >= lo
		}
		pick := func(b *columnar.Batch) *columnar.Batch {
			var rows []int32
			for i := range b.Len {
				if wanted(b, i) {
					rows = append(rows, int32(i))
				}
			}
			return b.Take(rows)
		}
		var want, got []*columnar.Batch
		for _, b := range all {
			want = append(want, pick(b))
		}
		var stats lake.ScanStats
		v := view(t, l, "bronze")
		for b, err := range v.Scan(t.Context(), events(), atLeast(column, lo), &stats) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, pick(b))
		}
		if diff := cmp.Diff(textsOf(want...), textsOf(got...)); diff != "" {
			rt.Fatalf("%s >= %d (-want +got):\n%s", column, lo, diff)
		}
		snap, err := l.Table("bronze").Snapshot(t.Context())
		if err != nil || stats.Files+stats.FilesPruned != int64(snap.NumFiles()) {
			rt.Fatalf("stats %+v of %d files, %v", stats, snap.NumFiles(), err)
		}
	})
}

func TestAScanWithoutColumnsCounts(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	b := columnar.NewBatch(events())
	for i := range int64(20_000) {
		row(b, i, 19000+i%3, "x")
	}
	commit(t, l, "bronze", byDate(), b)
	v := view(t, l, "bronze")
	for name, want := range map[string]columnar.Schema{"no column": nil, "the partition column": events()[1:2], "an unknown column": {{Name: "no", Type: columnar.Of(columnar.String)}}} {
		var stats lake.ScanStats
		rows := 0
		for got, err := range v.Scan(t.Context(), want, nil, &stats) {
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Columns) != len(want) {
				t.Errorf("%s: %d columns", name, len(got.Columns))
			}
			for _, c := range got.Columns {
				if c.Len != got.Len {
					t.Errorf("%s: a column of %d rows in a batch of %d", name, c.Len, got.Len)
				}
			}
			rows += got.Len
		}
		if rows != b.Len || stats.Rows != int64(b.Len) {
			t.Errorf("%s: %d rows, %d counted, want %d", name, rows, stats.Rows, b.Len)
		}
	}
}

func TestFilesOfAnOlderSchemaHaveNulls(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	old := columnar.NewBatch(events())
	row(old, 1, 19000, "x")
	commit(t, l, "clusters", lake.Layout{}, old)
	grown := events()
	grown[3].Type = columnar.StructOf(append(grown[3].Type.Fields, columnar.Field{Name: "y", Type: columnar.Of(columnar.String)})...)
	grown = append(grown, columnar.Field{Name: "tags", Type: columnar.MapOf(columnar.Of(columnar.String), columnar.Of(columnar.String))})
	b := columnar.NewBatch(grown)
	b.Columns[0].AppendInt(2)
	b.Columns[1].AppendInt(19001)
	b.Columns[2].AppendString("y")
	b.Columns[3].Children[0].AppendInt(20)
	b.Columns[3].Children[1].AppendString("new")
	b.Columns[3].AppendNested()
	b.Columns[4].Children[0].AppendString("k")
	b.Columns[4].Children[1].AppendString("v")
	b.Columns[4].AppendNested()
	b.Len = 1
	commit(t, l, "clusters", lake.Layout{}, b)
	v := view(t, l, "clusters")
	want := []string{
		"map[at:map[x:10 y:<nil>] date:2022-01-08 00:00:00 +0000 UTC id:1 service:x tags:<nil>]",
		"map[at:map[x:20 y:new] date:2022-01-09 00:00:00 +0000 UTC id:2 service:y tags:map[k:v]]",
	}
	if diff := cmp.Diff(want, texts(t, v.Scan(t.Context(), v.Schema(), nil, nil))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	old2 := texts(t, v.Scan(t.Context(), events()[:1], nil, nil))
	if diff := cmp.Diff([]string{"map[id:1]", "map[id:2]"}, old2); diff != "" {
		t.Errorf("one column (-want +got):\n%s", diff)
	}
}

// TestABatchMayBeKept: nothing of a batch changes when the next is read, its
// dictionaries least of all, by which callers know strings again.
func TestABatchMayBeKept(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	b := columnar.NewBatch(events())
	for i := range int64(40_000) {
		service := "s" + string(rune('a'+i%26))
		if i > 20_000 { // the dictionary outgrows its limit in the middle
			service = strings.Repeat(service, 40) + string(rune(0x4e00+i%20_000))
		}
		row(b, i, 19000, service)
	}
	commit(t, l, "bronze", byDate(), b)
	var kept []*columnar.Batch
	var dicts []columnar.Bytes
	var before []string
	for got, err := range view(t, l, "bronze").Scan(t.Context(), events(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, got)
		before = append(before, services(got)...)
		var d columnar.Bytes
		if got.Columns[2].Codes != nil {
			d = columnar.Bytes{Data: append([]byte(nil), got.Columns[2].Dict.Data...), Ends: append([]uint32(nil), got.Columns[2].Dict.Ends...)}
		}
		dicts = append(dicts, d)
	}
	var after []string
	for i, k := range kept {
		after = append(after, services(k)...)
		if d := k.Columns[2].Dict; k.Columns[2].Codes != nil && !cmp.Equal(dicts[i], *d) {
			t.Errorf("the dictionary of batch %d changed from %d to %d strings", i, dicts[i].Len(), d.Len())
		}
	}
	if !slices.Equal(before, after) || len(kept) < 3 {
		t.Errorf("the rows of %d batches changed", len(kept))
	}
}

func services(b *columnar.Batch) (out []string) {
	for i := range b.Len {
		out = append(out, string(b.Columns[2].ByteAt(i)))
	}
	return out
}

func TestBrokenDataFilesAreNamed(t *testing.T) {
	for name, spoil := range map[string]func(body []byte) []byte{
		"gone":               func([]byte) []byte { return nil },
		"cut":                func(b []byte) []byte { return b[:len(b)/2] },
		"empty":              func([]byte) []byte { return []byte{} },
		"a text":             func(b []byte) []byte { return []byte(strings.Repeat("x", len(b))) },
		"a longer footer":    func(b []byte) []byte { b[len(b)-5] = 0x7f; return b },
		"broken data":        func(b []byte) []byte { clear(b[4:60]); return b },
		"bytes put in front": func(b []byte) []byte { return append([]byte("PAR1PAR1"), b...) },
	} {
		t.Run(name, func(t *testing.T) {
			s := store.NewMemory("lake")
			b := columnar.NewBatch(events())
			for i := range int64(100) {
				row(b, i, 19000, "x")
			}
			key := "bronze/" + commit(t, newLake(s), "bronze", byDate(), b)[0].Path
			body, _, err := store.ReadAll(t.Context(), s, key)
			if err != nil {
				t.Fatal(err)
			}
			if body = spoil(body); body == nil {
				err = s.Delete(t.Context(), key)
			} else {
				_, err = s.Put(t.Context(), key, body)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, err = range view(t, newLake(s), "bronze").Scan(t.Context(), events(), nil, nil) {
				if err != nil {
					break
				}
			}
			if err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestACancelledScanEnds(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	b := columnar.NewBatch(events())
	for i := range int64(30_000) {
		row(b, i, 19000+i%2, "x")
	}
	commit(t, l, "bronze", byDate(), b)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	batches := 0
	var last error
	for got, err := range view(t, l, "bronze").Scan(ctx, events(), nil, nil) {
		if last = err; got != nil {
			batches++
		}
		cancel()
	}
	if !errors.Is(last, context.Canceled) || batches != 1 {
		t.Errorf("%d batches, err = %v", batches, last)
	}
}

// TestBlocksOfFilesLoseNoRow: of many files some are ruled out together.
func TestBlocksOfFilesLoseNoRow(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	layout := byDate()
	layout.OpenFiles = 200
	b := columnar.NewBatch(events())
	for i := range int64(150) {
		date := 19000 + i
		if i%50 == 7 {
			date = noDate
		}
		row(b, i, date, "x")
	}
	commit(t, l, "bronze", layout, b)
	v := view(t, l, "bronze")
	files := int64(must(l.Table("bronze").Snapshot(t.Context())).NumFiles())
	if files < 140 {
		t.Fatalf("%d files", files)
	}
	for column, values := range map[string][2]int64{"date": {19000, 19150}, "id": {0, 150}, "at.x": {0, 1500}} {
		step := max(1, (values[1]-values[0])/150)
		for lo := values[0] - 2*step; lo < values[1]+2*step; lo += step {
			keep := atLeast(column, lo)
			asked := 0
			var stats lake.ScanStats
			var got []string
			for x, err := range v.Scan(t.Context(), events(), func(b columnar.Bounds) bool { asked++; return keep(b) }, &stats) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, textsOf(x)...)
			}
			var wanted []int32
			for i := range int32(b.Len) {
				value, null := b.Columns[0].Ints[i], false
				switch column {
				case "date":
					value, null = b.Columns[1].Ints[i], b.Columns[1].IsNull(int(i))
				case "at.x":
					value = b.Columns[3].Children[0].Ints[i]
				}
				if !null && value >= lo {
					wanted = append(wanted, i)
				}
			}
			for _, line := range textsOf(b.Take(wanted)) {
				if !slices.Contains(got, line) {
					t.Fatalf("%s >= %d: %s is missing", column, lo, line)
				}
			}
			if stats.Files+stats.FilesPruned != files {
				t.Fatalf("%s >= %d: stats %+v of %d files", column, lo, stats, files)
			}
			if column == "date" && lo > 19170 && asked > 80 {
				t.Errorf("date >= %d: %d files and blocks were asked about", lo, asked)
			}
		}
	}
}
