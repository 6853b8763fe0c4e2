package lake_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

func byDate() lake.Layout {
	return lake.Layout{PartitionBy: "date", Tag: &lake.Tag{Name: "services", Column: "service", Label: func(v []byte, null bool) string {
		if null {
			return "none"
		}
		return string(v)
	}}}
}

// TestWhatIsWrittenIsRead over more dates than files are open at once, in any
// order, null dates among them. Every file has one date and names its services.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var batches []*columnar.Batch
		id := int64(0)
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			b := columnar.NewBatch(events())
			for range rapid.IntRange(0, 20).Draw(rt, "rows") {
				id++
				date := rapid.SampledFrom([]int64{noDate, -400, 0, 19000, 19001, 19002, 19003, 19004, 19005, 19006, 19007, 19008}).Draw(rt, "date")
				row(b, id, date, rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(rt, "service"))
			}
			batches = append(batches, b)
		}
		if id == 0 {
			return
		}
		l := newLake(store.NewMemory("lake"))
		adds := commit(t, l, "bronze", byDate(), batches...)
		v := view(t, l, "bronze")
		if diff := cmp.Diff(textsOf(batches...), texts(t, v.Scan(t.Context(), events(), nil, nil))); diff != "" {
			rt.Fatalf("rows (-written +read):\n%s", diff)
		}
		for _, add := range adds {
			services := map[string]bool{}
			snap, err := l.Table("bronze").Snapshot(t.Context())
			if err != nil {
				rt.Fatal(err)
			}
			for b, err := range l.Table("bronze").ScanFiles(t.Context(), snap, oneFile(snap, add.Path), events(), nil, nil) {
				if err != nil {
					rt.Fatal(err)
				}
				for i := range b.Len {
					label := "none"
					if !b.Columns[2].IsNull(i) {
						label = string(b.Columns[2].ByteAt(i))
					}
					services[label] = true
				}
			}
			if want := strings.Join(slices.Sorted(maps.Keys(services)), ","); add.Tags["services"] != want {
				rt.Fatalf("%s: tag %q, want %q", add.Path, add.Tags["services"], want)
			}
		}
	})
}

func TestPartitionsAreFolders(t *testing.T) {
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	row(b, 2, noDate, "x")
	row(b, 3, -1000, "x")
	l := newLake(store.NewMemory("lake"))
	got := map[string]string{}
	for _, add := range commit(t, l, "bronze", byDate(), b) {
		folder, name, _ := strings.Cut(add.Path, "/")
		value := "null"
		if v := add.PartitionValues["date"]; v != nil {
			value = *v
		}
		if got[folder] = value; !strings.HasPrefix(name, "part-") || !strings.HasSuffix(name, ".parquet") || !add.DataChange || add.Size == 0 {
			t.Errorf("add %+v", add)
		}
	}
	want := map[string]string{"date=2022-01-08": "2022-01-08", "date=__HIVE_DEFAULT_PARTITION__": "null", "date=1967-04-07": "1967-04-07"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("folders and values (-want +got):\n%s", diff)
	}
}

// TestAtMostEightFilesAreOpen: rows of one date in a row share a file, rows that
// come back after eight other dates begin a new one.
func TestAtMostEightFilesAreOpen(t *testing.T) {
	for dates, want := range map[int]int{1: 1, 8: 8, 9: 18} {
		l := newLake(store.NewMemory("lake"))
		var batches []*columnar.Batch
		for round := range 2 {
			for d := range dates {
				b := columnar.NewBatch(events())
				row(b, int64(round*100+d), 19000+int64(d), "x")
				batches = append(batches, b)
			}
		}
		if adds := commit(t, l, "bronze", byDate(), batches...); len(adds) != want {
			t.Errorf("%d dates twice: %d files, want %d", dates, len(adds), want)
		}
	}
}

func TestAWriterUploadsFullFiles(t *testing.T) {
	metered := store.NewMetered(store.NewMemory("lake"))
	w := newLake(metered).Table("bronze").NewWriter(events(), lake.Layout{Plain: []string{"service"}})
	noise := uint64(1)
	for i := range int64(80) { // 80 MB of hexadecimal digits: compressed, a little more than half
		b := columnar.NewBatch(events())
		text := make([]byte, 0, 1<<20)
		for len(text) < 1<<20 {
			noise = noise*6364136223846793005 + 1442695040888963407
			text = fmt.Appendf(text, "%016x", noise)
		}
		row(b, i, 19000, string(text))
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	before := metered.Usage().Put.Calls
	adds, err := w.Close(t.Context())
	if err != nil || before == 0 || len(adds) < 1 {
		t.Errorf("%d uploads before Close, %d files, %v", before, len(adds), err)
	}
}

func TestALayoutSaysHowLargeRowGroupsAre(t *testing.T) {
	b := columnar.NewBatch(events())
	for i := range int64(100) {
		row(b, i, 19000, "x")
	}
	for rows, want := range map[int]int64{0: 1, 40: 3, 100: 1} {
		l := newLake(store.NewMemory("lake"))
		commit(t, l, "bronze", lake.Layout{PartitionBy: "date", RowGroupRows: rows}, b)
		var stats lake.ScanStats
		for _, err := range view(t, l, "bronze").Scan(t.Context(), events(), nil, &stats) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if stats.RowGroups != want || stats.Rows != 100 {
			t.Errorf("%d rows a group: %d groups with %d rows, want %d with 100", rows, stats.RowGroups, stats.Rows, want)
		}
	}
}

func TestNothingWrittenIsNoFile(t *testing.T) {
	metered := store.NewMetered(store.NewMemory("lake"))
	w := newLake(metered).Table("bronze").NewWriter(events(), byDate())
	if err := w.Write(t.Context(), columnar.NewBatch(events())); err != nil {
		t.Fatal(err)
	}
	if adds, err := w.Close(t.Context()); err != nil || len(adds) > 0 || metered.Usage().Put.Calls > 0 {
		t.Errorf("%d files, %v", len(adds), err)
	}
}

func TestAnUploadThatFailsFailsTheWrite(t *testing.T) {
	faulty := storetest.NewFaulty(store.NewMemory("lake"))
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	w := newLake(faulty).Table("bronze").NewWriter(events(), byDate())
	if err := w.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	faulty.FailAt(1, storetest.ErrorBefore)
	if _, err := w.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "upload rows of bronze") {
		t.Errorf("err = %v", err)
	}
}
