package etl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
)

// OptimizeOptions say what Optimize looks at. Zero values give the defaults.
type OptimizeOptions struct {
	// Tables are names such as "bronze" or "clusters"; nil for all.
	Tables []string
	// MinFiles is how many small files of like size in one partition are worth a
	// merge; default lake.DefaultMinFiles, at least 2.
	MinFiles int
	// Progress is called after each merge, never concurrently; nil for none.
	Progress func(Progress)
}

// OptimizeSummary is what Optimize did.
type OptimizeSummary struct {
	Started, Finished time.Time
	Tables            []OptimizedTable // that changed, in the order they were done
}

// OptimizedTable is what Optimize did to one table.
type OptimizedTable struct {
	Name         string
	FilesRemoved int64
	FilesAdded   int64
	BytesRemoved int64
	BytesAdded   int64
	Rows         int64
}

// commitBytes is how many bytes of merged files become one commit: few commits
// for a large backlog, and little work lost when one is beaten.
const commitBytes = 256 << 20

// Optimize merges small files into few large ones, without changing a row. It is
// safe beside everything else: a merge whose files somebody else replaced
// meanwhile is dropped, and its files are left to Vacuum. What was committed stays
// whatever happens afterwards.
func Optimize(ctx context.Context, l *lake.Lake, o OptimizeOptions) (OptimizeSummary, error) {
	sum := OptimizeSummary{Started: l.Now()}
	tables := o.Tables
	if tables == nil {
		var err error
		if tables, err = tablesOf(ctx, l); err != nil {
			return sum, err
		}
	}
	plans, total, err := planOptimize(ctx, l, tables, o.MinFiles)
	if err != nil {
		return sum, err
	}
	p := meter{show: o.Progress, now: Progress{Stage: "optimize", Started: sum.Started, TotalFiles: total.files, TotalBytes: total.bytes}}
	for _, plan := range plans {
		done, err := optimizeTable(ctx, l.Table(plan.table), plan, &p)
		if done.FilesRemoved > 0 {
			sum.Tables = append(sum.Tables, done)
		}
		if err != nil {
			return sum, fmt.Errorf("optimize %s: %w", plan.table, err)
		}
	}
	sum.Finished = l.Now()
	return sum, nil
}

// tablesOf are the tables of a lake that exist or may exist: the layers, then gold.
func tablesOf(ctx context.Context, l *lake.Lake) ([]string, error) {
	gold, err := l.Gold(ctx)
	if err != nil {
		return nil, err
	}
	return append(lake.Layers(), gold...), nil
}

// meter counts progress and shows it.
type meter struct {
	show func(Progress)
	now  Progress
}

func (m *meter) add(table string, files, bytes int64) {
	m.now.Table = table
	m.now.Files += files
	m.now.Bytes += bytes
	if m.show != nil {
		m.show(m.now)
	}
}

// optimizePlan is the merges that are due in one table.
type optimizePlan struct {
	table  string
	base   *delta.Snapshot
	merges []lake.Merge
}

type amount struct{ files, bytes int64 }

func planOptimize(ctx context.Context, l *lake.Lake, tables []string, minFiles int) ([]optimizePlan, amount, error) {
	var plans []optimizePlan
	var total amount
	for _, name := range tables {
		snap, err := l.Table(name).Snapshot(ctx)
		if errors.Is(err, delta.ErrNoTable) {
			continue
		}
		if err != nil {
			return nil, total, err
		}
		if err := checkRules(snap); err != nil {
			return nil, total, err
		}
		merges := mergesDue(name, snap, minFiles)
		if len(merges) == 0 {
			continue
		}
		for _, m := range merges {
			total.files += int64(len(m.Files))
			total.bytes += m.Bytes()
		}
		plans = append(plans, optimizePlan{name, snap, merges})
	}
	return plans, total, nil
}

// mergesDue is the plan for one table.
func mergesDue(name string, snap *delta.Snapshot, minFiles int) []lake.Merge {
	order := ""
	if by := LayoutOf(name).Order; len(by) > 0 {
		order = by[0]
	}
	return lake.PlanMerges(snap, minFiles, order)
}

// merged is a merge that was written and is not committed yet.
type merged struct {
	lake.Merge
	adds []delta.Add
	rows int64
}

func optimizeTable(ctx context.Context, t *lake.Table, plan optimizePlan, p *meter) (OptimizedTable, error) {
	done := OptimizedTable{Name: t.Name}
	var held []merged
	heldBytes := int64(0)
	commit := func() error {
		committed, err := commitMerges(ctx, t, plan.base, held)
		for _, m := range committed {
			done.FilesRemoved += int64(len(m.Files))
			done.BytesRemoved += m.Bytes()
			done.Rows += m.rows
			for i := range m.adds {
				done.FilesAdded++
				done.BytesAdded += m.adds[i].Size
			}
		}
		held, heldBytes = nil, 0
		return err
	}
	for _, m := range plan.merges {
		adds, rows, err := t.Rewrite(ctx, plan.base, m, LayoutOf(t.Name))
		if err != nil {
			return done, err
		}
		held = append(held, merged{m, adds, rows})
		heldBytes += m.Bytes()
		p.add(t.Name, int64(len(m.Files)), m.Bytes())
		if heldBytes >= commitBytes {
			if err := commit(); err != nil {
				return done, err
			}
		}
	}
	return done, commit()
}

// commitMerges commits those merges whose files are all still there. A beaten
// commit is tried again on what the winner left.
func commitMerges(ctx context.Context, t *lake.Table, base *delta.Snapshot, held []merged) ([]merged, error) {
	for attempt := 0; ; attempt++ {
		held = slices.DeleteFunc(slices.Clone(held), func(m merged) bool {
			return slices.ContainsFunc(m.Files, func(a *delta.Add) bool {
				_, live := base.File(a.Path)
				return !live
			})
		})
		if len(held) == 0 {
			return nil, nil
		}
		tx := optimizeTx(base, held)
		_, err := t.Commit(ctx, tx)
		unknown := errors.Is(err, delta.ErrOutcomeUnknown)
		if err == nil || !unknown && !errors.Is(err, delta.ErrConflict) || attempt == maxRounds {
			if err != nil {
				held = nil
			}
			return held, err
		}
		next, serr := t.Snapshot(ctx)
		if serr != nil {
			return nil, errors.Join(err, serr)
		}
		if unknown {
			// The files' last owner is the log: they are gone if this commit landed.
			if _, live := next.File(held[0].Files[0].Path); !live {
				return held, nil
			}
			return nil, err
		}
		base = next
	}
}

// optimizeTx is the transaction that puts merged files in the place of theirs, in
// Spark's words.
func optimizeTx(base *delta.Snapshot, held []merged) delta.Tx {
	tx := delta.Tx{
		Base: base, Operation: "OPTIMIZE",
		Parameters: map[string]any{"predicate": "[]", "zOrderBy": "[]", "auto": false},
	}
	var sizes []int64
	var removed, added int64
	for _, m := range held {
		for _, a := range m.Files {
			r := delta.RemoveOf(a, time.Time{})
			r.DataChange = false
			tx.Removes = append(tx.Removes, r)
			removed += a.Size
		}
		for i := range m.adds {
			sizes = append(sizes, m.adds[i].Size)
			added += m.adds[i].Size
		}
		tx.Adds = append(tx.Adds, m.adds...)
	}
	slices.SortFunc(sizes, func(a, b int64) int { return cmp.Compare(a, b) })
	if len(sizes) == 0 {
		sizes = []int64{0} // the files had no rows
	}
	quantile := func(q int) string { return strconv.FormatInt(sizes[(len(sizes)-1)*q/4], 10) }
	tx.Metrics = map[string]string{
		"numAddedFiles":   strconv.Itoa(len(tx.Adds)),
		"numRemovedFiles": strconv.Itoa(len(tx.Removes)),
		"numAddedBytes":   strconv.FormatInt(added, 10),
		"numRemovedBytes": strconv.FormatInt(removed, 10),
		"minFileSize":     quantile(0),
		"p25FileSize":     quantile(1),
		"p50FileSize":     quantile(2),
		"p75FileSize":     quantile(3),
		"maxFileSize":     quantile(4),
	}
	return tx
}
