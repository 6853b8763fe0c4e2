package growth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// History is loading a table with a long log, of which nothing was cleaned up.
type History struct {
	Commits  int    `json:"commits"`
	Files    int    `json:"files"` // that are live
	Cold     Spread `json:"cold"`
	ColdGets int64  `json:"coldGets"`
	Warm     Spread `json:"warm"` // the same table again, unchanged
	WarmGets int64  `json:"warmGets"`
}

// mergedAt is how many files a commit of OPTIMIZE makes one of.
const mergedAt = 8

// measureHistory makes one log longer and longer. Its files exist by name alone:
// loading a table reads none of them.
func (b *bench) measureHistory(ctx context.Context) error {
	dir := filepath.Join(b.Scratch, "history")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	s, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	log := lake.New(s, lake.Options{}).Table(lake.Silver).Log()
	made := 0
	for _, commits := range b.commits {
		for ; made < commits; made++ {
			if _, err := log.Commit(ctx, nextCommit(log, made)); err != nil {
				return fmt.Errorf("commit %d: %w", made, err)
			}
		}
		h, err := b.loadHistory(ctx, s)
		if err != nil {
			return err
		}
		h.Commits = commits
		b.Logf("%d commits: cold %s ms, warm %s ms, %d live files", h.Commits, h.Cold, h.Warm, h.Files)
		b.out.History = append(b.out.History, h)
	}
	return os.RemoveAll(dir)
}

// nextCommit appends a file or, now and then, puts one in the place of those that were
// appended since.
func nextCommit(log *delta.Log, n int) delta.Tx {
	now := time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC)
	tx := delta.Tx{Base: log.Known(), Operation: "WRITE", Adds: []delta.Add{{
		Path: fmt.Sprintf("part-%08d.parquet", n), PartitionValues: map[string]*string{}, Size: 1 << 20, ModificationTime: now,
		DataChange: true, Stats: fmt.Sprintf(`{"numRecords":1000,"minValues":{"n":%d},"maxValues":{"n":%d},"nullCount":{"n":0}}`, n, n+1),
	}}}
	if tx.Base == nil {
		tx.Operation = "CREATE TABLE"
		tx.Metadata = &delta.Metadata{Schema: columnar.Schema{{Name: "n", Type: columnar.Of(columnar.Long)}}}
		return tx
	}
	if n%(mergedAt+1) != mergedAt {
		return tx
	}
	tx.Operation, tx.Adds[0].DataChange = "OPTIMIZE", false
	for before := n - mergedAt; before < n; before++ {
		if add, live := tx.Base.File(fmt.Sprintf("part-%08d.parquet", before)); live {
			gone := delta.RemoveOf(add, now)
			gone.DataChange = false
			tx.Removes = append(tx.Removes, gone)
		}
	}
	return tx
}

func (b *bench) loadHistory(ctx context.Context, s store.Store) (History, error) {
	var h History
	var cold, warm []time.Duration
	load := func(table *lake.Table) (time.Duration, error) {
		began := time.Now()
		snap, err := table.Snapshot(ctx)
		if err == nil {
			h.Files = snap.NumFiles()
		}
		return time.Since(began), err
	}
	for range b.cold {
		meter := store.NewMetered(s)
		table := lake.New(meter, lake.Options{}).Table(lake.Silver)
		took, err := load(table)
		if err != nil {
			return h, err
		}
		cold = append(cold, took)
		before := meter.Usage()
		h.ColdGets = before.Get.Calls
		for range b.warm {
			if took, err = load(table); err != nil {
				return h, err
			}
			warm = append(warm, took)
		}
		h.WarmGets = meter.Usage().Minus(before).Get.Calls / int64(b.warm)
	}
	h.Cold, h.Warm = spreadOf(cold), spreadOf(warm)
	return h, nil
}
