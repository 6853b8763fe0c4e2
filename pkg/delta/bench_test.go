package delta_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// largeTable has 100,000 files on 400 days, with a checkpoint and one commit
// after it. The statistics are those of a silver file, about 500 bytes.
func largeTable(b *testing.B) store.Store {
	b.Helper()
	s := store.NewMemory("large")
	l := delta.Open(s, root, delta.Options{Now: clock})
	var adds []delta.Add
	for i := range 100_000 {
		day := now.AddDate(0, 0, -i%400).Format("2006-01-02")
		adds = append(adds, delta.Add{
			Path:            fmt.Sprintf("date=%s/part-00000-%08x-2f1a-4c51-9d55-0123456789ab-c000.zstd.parquet", day, i),
			PartitionValues: map[string]*string{"date": &day}, Size: int64(i), ModificationTime: now, DataChange: true,
			Stats: fmt.Sprintf(`{"numRecords":%d,"minValues":{"id":%d,"name":"%0200d"},"maxValues":{"id":%d,"name":"%0200d"},"nullCount":{"id":0,"name":0}}`, i, i, i, i, i),
		})
	}
	must(l.Commit(b.Context(), delta.Tx{Metadata: metadata(), Adds: adds}))
	base := must(l.Snapshot(b.Context()))
	if err := l.Checkpoint(b.Context(), base); err != nil {
		b.Fatal(err)
	}
	must(l.Commit(b.Context(), delta.Tx{Base: base, Adds: []delta.Add{add("last")}}))
	return s
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkColdSnapshot(b *testing.B) {
	s := largeTable(b)
	var kept *delta.Snapshot
	for b.Loop() {
		kept = must(delta.Open(s, root, delta.Options{Now: clock}).Snapshot(b.Context()))
	}
	files, with := kept.NumFiles(), heap()
	runtime.KeepAlive(kept)
	b.ReportMetric(float64(with-heap())/float64(files), "heap-B/file")
}

func BenchmarkCommit(b *testing.B) {
	s := largeTable(b)
	l := delta.Open(s, root, delta.Options{Now: clock, CheckpointInterval: 1 << 40})
	i := 0
	for b.Loop() {
		i++
		must(l.Commit(b.Context(), delta.Tx{Base: must(l.Snapshot(b.Context())), Adds: []delta.Add{add(fmt.Sprint(i))}}))
	}
}

func BenchmarkCheckpoint(b *testing.B) {
	l := delta.Open(largeTable(b), root, delta.Options{Now: clock})
	s := must(l.Snapshot(b.Context()))
	for b.Loop() {
		if err := l.Checkpoint(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBounds(b *testing.B) {
	l := delta.Open(largeTable(b), root, delta.Options{Now: clock})
	s := must(l.Snapshot(b.Context()))
	for b.Loop() {
		for a := range s.Files() {
			if got, ok := s.Bounds(a).Bound("id"); ok && got.Min.Int < 0 {
				b.Fatal(got)
			}
		}
	}
}
