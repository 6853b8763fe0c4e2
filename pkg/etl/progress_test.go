package etl_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/auditlake/auditlake/pkg/etl"
)

// TestProgressIsToldOften over one large file and some small ones: it never goes
// back, each stage of the large file is told of more than once, and the share that
// is done ends at 1. It can be held up more often than that.
func TestProgressIsToldOften(t *testing.T) {
	w := newWorld(t)
	var large strings.Builder
	const rows = 40_000
	for i := range rows {
		large.WriteString(event(i, "clusters", "create", fmt.Sprintf(`{"cluster_name":"%0800d"}`, i)))
		large.WriteByte('\n')
	}
	w.deliver("workspaceId=42/date=2024-03-10/auditlogs_large.json", strings.TrimSuffix(large.String(), "\n"))
	for day := range 3 {
		w.deliver(fmt.Sprintf("workspaceId=42/date=2024-03-0%d/auditlogs_1.json", day+1), event(day, "jobs", "runNow", ""))
	}
	var last etl.Progress
	stages, calls := map[string]int{}, 0
	var pauses atomic.Int64
	r, _ := newRunner(t, w.source, w.lake, etl.Options{Pause: func() { pauses.Add(1) }, Progress: func(p etl.Progress) {
		calls++
		stages[p.Stage]++
		if p.Bytes < last.Bytes || p.Files < last.Files || p.Done < last.Done || p.Bronze < last.Bronze ||
			p.Silver < last.Silver || p.Gold < last.Gold || p.Done > 1 || p.Bytes > p.TotalBytes {
			t.Errorf("call %d: %+v after %+v", calls, p, last)
		}
		last = p
	}})
	sum, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{"bronze", "silver", "gold"} {
		if stages[stage] < 4 {
			t.Errorf("%s was told of %d times for %d bytes", stage, stages[stage], sum.Bytes)
		}
	}
	if pauses.Load() < sum.Bytes>>20 {
		t.Errorf("%d pauses in %d bytes", pauses.Load(), sum.Bytes)
	}
	if last.Done != 1 || last.Files != 4 || last.Bytes != last.TotalBytes || last.Bytes != sum.Bytes || last.Gold != sum.Gold || last.Silver != sum.Silver {
		t.Errorf("in the end %+v, the summary is %+v", last, sum)
	}
}
