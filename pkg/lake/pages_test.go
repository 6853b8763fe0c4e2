package lake_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestPagesAreKeptForViews and not for those who read a file once.
func TestPagesAreKeptForViews(t *testing.T) {
	metered := store.NewMetered(store.NewMemory("lake"))
	l := newLake(metered)
	b := columnar.NewBatch(events())
	for i := range int64(20_000) {
		row(b, i, 19000, fmt.Sprint("service ", i%7))
	}
	commit(t, l, "bronze", byDate(), b)
	snap := must(l.Table("bronze").Snapshot(t.Context()))
	for range 3 {
		texts(t, l.Table("bronze").ScanFiles(t.Context(), snap, snap.Files(), events(), nil, nil))
	}
	if got := l.PageStats(); got != (lake.CacheStats{}) {
		t.Errorf("after reading files three times: %+v", got)
	}
	var gets []int64
	for range 3 {
		before := metered.Usage().Get.Calls
		var stats lake.ScanStats
		got := texts(t, view(t, l, "bronze").Scan(t.Context(), events(), nil, &stats))
		if diff := cmp.Diff(textsOf(b), got); diff != "" {
			t.Errorf("rows (-written +read):\n%s", diff)
		}
		if stats.Rows != int64(b.Len) {
			t.Errorf("%d rows counted", stats.Rows)
		}
		gets = append(gets, metered.Usage().Get.Calls-before)
	}
	got := l.PageStats()
	if gets[0] == 0 || gets[1] == 0 || gets[2] != 0 || got.Hits == 0 || got.Misses != 2*got.Hits {
		t.Errorf("three scans: %v requests, %+v", gets, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range view(t, l, "bronze").Scan(ctx, events(), nil, nil) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a scan that was cancelled goes on: %v", err)
		}
	}
}

// TestFilesThatAreGoneAreForgotten with the next View: of what no snapshot has nothing is
// kept.
func TestFilesThatAreGoneAreForgotten(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	fill := func(name string) []delta.Add {
		b := columnar.NewBatch(events())
		for i := range int64(100) {
			row(b, i, 19000, name)
		}
		adds := commit(t, l, name, byDate(), b)
		for range 3 {
			texts(t, view(t, l, name).Scan(t.Context(), events(), nil, nil))
		}
		return adds
	}
	fill("other")
	pages, footers := l.PageStats().Bytes, l.CacheStats().Bytes
	gone := fill("bronze")
	old := view(t, l, "bronze")
	if l.PageStats().Bytes <= pages || l.CacheStats().Bytes <= footers {
		t.Fatal("nothing is kept")
	}
	table := l.Table("bronze")
	tx := delta.Tx{Operation: "DELETE", Base: must(table.Snapshot(t.Context()))}
	for i := range gone {
		tx.Removes = append(tx.Removes, delta.RemoveOf(&gone[i], now()))
	}
	if _, err := table.Commit(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if n := len(texts(t, view(t, l, "bronze").Scan(t.Context(), events(), nil, nil))); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if l.PageStats().Bytes != pages || l.CacheStats().Bytes != footers {
		t.Errorf("%d bytes of pages, %d without the table; of footers %d, %d without it", l.PageStats().Bytes, pages, l.CacheStats().Bytes, footers)
	}
	if n := len(texts(t, old.Scan(t.Context(), events(), nil, nil))); n != 100 {
		t.Errorf("the older view has %d rows", n)
	}
}

// TestPagesAreSharedByScans of several goroutines, with room for some of them.
func TestPagesAreSharedByScans(t *testing.T) {
	l := lake.New(store.NewMemory("lake"), lake.Options{Now: now, PageBytes: 300_000})
	var all []*columnar.Batch
	for d := range int64(6) {
		b := columnar.NewBatch(events())
		for i := range int64(2000) {
			row(b, i, 19000+d, fmt.Sprint("service ", i%7))
		}
		commit(t, l, "bronze", byDate(), b)
		all = append(all, b)
	}
	want := textsOf(all...)
	var scans sync.WaitGroup
	for range 4 {
		scans.Go(func() {
			for range 4 {
				if diff := cmp.Diff(want, texts(t, view(t, l, "bronze").Scan(t.Context(), events(), nil, nil))); diff != "" {
					t.Errorf("(-written +read):\n%s", diff)
				}
			}
		})
	}
	scans.Wait()
	if got := l.PageStats(); got.Hits == 0 || got.Bytes > 300_000 {
		t.Errorf("%+v", got)
	}
}
