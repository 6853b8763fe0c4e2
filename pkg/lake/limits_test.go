package lake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// TestFilesAreAsLargeAsTheLayoutSays also where all rows come in one batch.
func TestFilesAreAsLargeAsTheLayoutSays(t *testing.T) {
	b := columnar.NewBatch(events())
	noise := uint64(1)
	for i := range int64(100_000) {
		noise = noise*6364136223846793005 + 1442695040888963407
		row(b, i, 19000, fmt.Sprintf("%016x", noise))
	}
	for name, tc := range map[string]struct {
		fileBytes int64
		files     int
	}{"default": {0, 1}, "small": {300_000, 3}} {
		t.Run(name, func(t *testing.T) {
			l := newLake(store.NewMemory("lake"))
			layout := lake.Layout{PartitionBy: "date", Plain: []string{"service"}, FileBytes: tc.fileBytes}
			adds := commit(t, l, "bronze", layout, b)
			if tc.files == 1 && len(adds) != 1 || len(adds) < tc.files {
				t.Errorf("%d files, want %d", len(adds), tc.files)
			}
			for _, a := range adds {
				if tc.fileBytes > 0 && a.Size > 2*tc.fileBytes {
					t.Errorf("a file of %d bytes", a.Size)
				}
			}
			if diff := cmp.Diff(textsOf(b), texts(t, view(t, l, "bronze").Scan(t.Context(), events(), nil, nil))); diff != "" {
				t.Errorf("rows (-written +read):\n%s", diff)
			}
		})
	}
}

func TestOpenFilesAreBoundByTheLayout(t *testing.T) {
	layout := byDate()
	layout.OpenFiles = 2
	var batches []*columnar.Batch
	for range 2 {
		for d := range int64(3) {
			b := columnar.NewBatch(events())
			row(b, d, 19000+d, "x")
			batches = append(batches, b)
		}
	}
	if adds := commit(t, newLake(store.NewMemory("lake")), "bronze", layout, batches...); len(adds) != 6 {
		t.Errorf("3 dates twice with 2 open files: %d files, want 6", len(adds))
	}
}

// TestSealLeavesUploadsToClose: what is sealed takes no more rows and is uploaded
// once, in the order it was written.
func TestSealLeavesUploadsToClose(t *testing.T) {
	metered := store.NewMetered(store.NewMemory("lake"))
	w := newLake(metered).Table("bronze").NewWriter(events(), byDate())
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	row(b, 2, 19001, "y")
	for range 2 {
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := w.Seal(); err != nil {
			t.Fatal(err)
		}
	}
	if puts := metered.Usage().Put.Calls; puts != 0 {
		t.Errorf("%d uploads before Close", puts)
	}
	adds, err := w.Close(t.Context())
	if err != nil || len(adds) != 4 || metered.Usage().Put.Calls != 4 {
		t.Errorf("%d files in %d uploads, %v", len(adds), metered.Usage().Put.Calls, err)
	}
}

func TestACancelledWriteEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	faulty := storetest.NewFaulty(store.NewMemory("lake"))
	w := newLake(faulty).Table("bronze").NewWriter(events(), byDate())
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	if err := w.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := w.Write(ctx, b); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
	if _, err := w.Close(ctx); !errors.Is(err, context.Canceled) || faulty.Calls() > 0 {
		t.Errorf("close: %v after %d calls", err, faulty.Calls())
	}
}

// TestFootersAreKeptForViews and not for those who read a file once.
func TestFootersAreKeptForViews(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	row(b, 2, 19001, "x")
	commit(t, l, "bronze", byDate(), b)
	snap, err := l.Table("bronze").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	texts(t, l.Table("bronze").ScanFiles(t.Context(), snap, snap.Files(), events(), nil, nil))
	if got := l.CacheStats(); got != (lake.CacheStats{}) {
		t.Errorf("after reading files once: %+v", got)
	}
	for range 3 {
		texts(t, view(t, l, "bronze").Scan(t.Context(), events(), nil, nil))
	}
	got := l.CacheStats()
	if got.Bytes <= 0 {
		t.Errorf("%d bytes", got.Bytes)
	}
	got.Bytes = 0
	if diff := cmp.Diff(lake.CacheStats{Hits: 4, Misses: 2}, got); diff != "" {
		t.Errorf("three scans of two files (-want +got):\n%s", diff)
	}
}

// TestFiltersOfIDs: a value that is looked for is found without reading the row
// groups that lack it, also in files that were merged. Filters are read with the
// footer where a file is small, and then kept, within the bound of footers.
func TestFiltersOfIDs(t *testing.T) {
	metered := store.NewMetered(store.NewMemory("lake"))
	l := newLake(metered)
	layout := byDate()
	layout.Filters, layout.Plain = []string{"service"}, []string{"service"}
	const days, perDay = 20, 100
	for d := range int64(days) {
		b := columnar.NewBatch(events())
		for i := range int64(perDay) {
			row(b, d*perDay+i, 19000+d, fmt.Sprintf("%x", (d*perDay+i)*7919))
		}
		commit(t, l, "bronze", layout, b)
	}
	needle := columnar.StringValue(fmt.Sprintf("%x", (3*perDay+5)*7919))
	keep := func(b columnar.Bounds) bool { return columnar.MayHold(b, "service", needle) }
	find := func() (lake.ScanStats, store.Usage) {
		var stats lake.ScanStats
		before := metered.Usage()
		found := 0
		for b, err := range view(t, l, "bronze").Scan(t.Context(), events(), keep, &stats) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len {
				if string(b.Columns[2].ByteAt(i)) == string(needle.Bytes) {
					found++
				}
			}
		}
		if found != 1 {
			t.Errorf("%d rows of one", found)
		}
		return stats, metered.Usage().Minus(before)
	}
	cold, fetched := find()
	if cold.RowGroups > 4 || cold.RowGroups+cold.RowGroupsPruned != days {
		t.Errorf("%d row groups read, %d left out of %d", cold.RowGroups, cold.RowGroupsPruned, days)
	}
	if n := fetched.Get.Calls; n > days+cold.RowGroups {
		t.Errorf("%d requests for %d footers and %d row groups", n, days, cold.RowGroups)
	}
	if _, fetched = find(); fetched.Get.Calls > cold.RowGroups {
		t.Errorf("%d requests for %d row groups", fetched.Get.Calls, cold.RowGroups)
	}
	if held := l.CacheStats().Bytes; held < days*perDay {
		t.Errorf("%d bytes held with filters of %d values", held, days*perDay)
	}
}

// TestFootersStayWithinTheirBound: footers of all tables share one bound, and
// those that nobody uses any more make room.
func TestFootersStayWithinTheirBound(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	wide := byDate()
	var schema columnar.Schema
	for i := range 400 {
		schema = append(schema, columnar.Field{Name: fmt.Sprintf("column_%03d", i), Type: columnar.Of(columnar.String)})
	}
	schema = append(schema, events()...)
	const bound = 32 << 20
	most := int64(0)
	for i := range int64(300) {
		name := fmt.Sprintf("gold_%d", i%30)
		b := columnar.NewBatch(schema)
		for c := range 400 {
			b.Columns[c].AppendBytes([]byte("x"))
		}
		row(&columnar.Batch{Schema: events(), Columns: b.Columns[400:]}, i, 19000+i, "x")
		b.Len = 1
		commit(t, l, name, wide, b)
		for _, err := range view(t, l, name).Scan(t.Context(), events(), nil, nil) {
			if err != nil {
				t.Fatal(err)
			}
		}
		most = max(most, l.CacheStats().Bytes)
	}
	if most > bound || most < bound/2 {
		t.Errorf("at most %d bytes of footers held, the bound is %d", most, bound)
	}
}

// TestAFooterKeepsNothingElse: what was read to get at a footer goes with the scan.
func TestAFooterKeepsNothingElse(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	const files = 200
	random := rand.New(rand.NewPCG(1, 2))
	for i := range int64(files) {
		b := columnar.NewBatch(events())
		text := make([]byte, 100_000) // does not compress, so that the file is larger than what is read at its end
		for j := range text {
			text[j] = byte('!' + random.IntN(90))
		}
		row(b, i, 19000+i, string(text))
		commit(t, l, "bronze", byDate(), b)
	}
	held := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	v := view(t, l, "bronze")
	before := held()
	for _, err := range v.Scan(t.Context(), events()[:1], nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if took, told := held()-before, l.CacheStats().Bytes; told == 0 || took > 2*told+(1<<20) {
		t.Errorf("%d footers take %d bytes, and %d are told", files, took, told)
	}
	runtime.KeepAlive(l)
}
