package etl_test

import (
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store"
)

// BenchmarkMedallion brings 30 days of 10,000 events from delivered files on the
// local disk into bronze, silver and gold, with fsync, as the command line does.
// MB/s is of raw JSON. With -short it is one day. For the throughput of one core:
//
//	GOMAXPROCS=1 go test -run '^$' -bench Medallion -benchtime 1x -count 5 ./pkg/etl
func BenchmarkMedallion(b *testing.B) {
	dir, days := b.TempDir(), 30
	if testing.Short() {
		days = 1
	}
	truth, err := generate.Write(b.Context(), generate.Config{
		Seed: 1, Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Days: days, EventsPerDay: 10_000,
	}, time.Time{}, generate.Folder(dir))
	if err != nil {
		b.Fatal(err)
	}
	source, err := store.OpenLocal(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(truth.Source.Bytes)
	for b.Loop() {
		lakeStore, err := store.OpenLocal(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		r, _ := newRunner(b, source, lakeStore, etl.Options{})
		sum, err := r.Run(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if sum.Gold != truth.Layers.Silver || sum.Bronze != truth.Layers.Bronze {
			b.Fatalf("gold %d, bronze %d; the truth is %d and %d", sum.Gold, sum.Bronze, truth.Layers.Silver, truth.Layers.Bronze)
		}
	}
}
