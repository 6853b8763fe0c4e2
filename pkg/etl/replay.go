package etl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// ReplayOptions say what Replay rebuilds.
type ReplayOptions struct {
	// Table is the gold table to rebuild from silver, such as "clusters"; "" or
	// "silver" for silver, quarantine and all of gold from bronze.
	Table string
	// BatchBytes, MemoryBytes and Workers are as in Options.
	BatchBytes, MemoryBytes int64
	Workers                 int
	// Progress is called as the rebuild goes on, never concurrently; nil for none.
	Progress func(Progress)
	// Pause is as in Options.
	Pause func()
}

// ReplaySummary is what Replay did: the rows of the tables it rebuilt.
type ReplaySummary struct {
	Started, Finished  time.Time
	Silver, Quarantine int64
	Gold               int64
	GoldTables         []string
	// Kept counts rows that were taken over as they were, because retention has
	// removed what they could be rebuilt from.
	Kept int64
}

// ErrBusy says that others committed to a table so often that a rebuild of it
// never came to its end. What was rebuilt before is complete.
var ErrBusy = errors.New("the table kept changing while it was rebuilt")

// errHalfRebuilt says that quarantine is of a newer generation than silver: a
// replay was cut off between the two.
var errHalfRebuilt = errors.New("a replay was cut off between quarantine and silver")

// Replay rebuilds layers from the one below: by newer rules, or because a table
// was damaged. Each table changes from the old rows to the new ones in one commit,
// so queries see the one or the other. A replay that is cut off leaves files that
// Vacuum finds and, at worst, gold of an older generation than silver, which the
// next run or replay rebuilds. An ETL run that commits meanwhile makes the rebuild
// of that table begin anew; have the schedule look at the lease.
func Replay(ctx context.Context, l *lake.Lake, o ReplayOptions) (ReplaySummary, error) {
	sum := ReplaySummary{Started: l.Now()}
	r, err := NewRunner(l, Options{BatchBytes: o.BatchBytes, MemoryBytes: o.MemoryBytes, Workers: o.Workers, Pause: o.Pause})
	if err != nil {
		return sum, err
	}
	r.replay = meter{show: o.Progress, now: Progress{Stage: "replay", Started: sum.Started}}
	if o.Table == "" || o.Table == lake.Silver {
		err = r.replayAll(ctx, &sum)
	} else {
		err = r.replayTable(ctx, o.Table, &sum)
	}
	sum.Finished = l.Now()
	return sum, err
}

// beaten says that another commit made a rebuild out of date.
func beaten(err error) bool {
	return errors.Is(err, delta.ErrConflict) || errors.Is(err, delta.ErrAlreadyCommitted)
}

func (r *Runner) replayAll(ctx context.Context, sum *ReplaySummary) error {
	for attempt := 0; ; attempt++ {
		if _, err := r.lake.Table(lake.Bronze).Snapshot(ctx); err != nil {
			return err
		}
		rebuilt, err := r.rebuildSilver(ctx)
		if beaten(err) && attempt < maxRounds {
			continue
		}
		if beaten(err) {
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
		if err != nil {
			return err
		}
		sum.Silver, sum.Quarantine, sum.Kept = rebuilt.silver, rebuilt.quarantine, rebuilt.kept
		break
	}
	for attempt := 0; ; attempt++ {
		silver, _, err := head(ctx, r.lake.Table(lake.Silver), appSilver)
		if err != nil {
			return err
		}
		got, err := r.refine(ctx, silver) // builds anew what is of an older generation
		sum.add(got)
		if !beaten(err) {
			return err
		}
		if attempt == maxRounds {
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
	}
}

func (r *Runner) replayTable(ctx context.Context, name string, sum *ReplaySummary) error {
	if slices.Contains(lake.Layers(), name) {
		return fmt.Errorf("replay %s: only %s and gold tables are built from another table", name, lake.Silver)
	}
	for attempt := 0; ; attempt++ {
		if _, err := r.lake.Table(name).Snapshot(ctx); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		silver, _, err := head(ctx, r.lake.Table(lake.Silver), appSilver)
		if err != nil {
			return err
		}
		if silver == nil {
			return fmt.Errorf("replay %s: %w: %s", name, lake.ErrNoTable, lake.Silver)
		}
		// What retention takes from silver has to be in the table first.
		if _, err = r.refine(ctx, silver); err == nil {
			got := refined{tables: map[string]bool{}}
			err = r.rebuildGold(ctx, silver, rebuildOf{tables: []string{name}}, &got)
			sum.add(got)
		}
		if !beaten(err) {
			return err
		}
		if attempt == maxRounds {
			return fmt.Errorf("%w: %w", ErrBusy, err)
		}
	}
}

func (s *ReplaySummary) add(got refined) {
	s.Gold += got.rows
	s.Kept += got.kept
	for t := range got.tables {
		if !slices.Contains(s.GoldTables, t) {
			s.GoldTables = append(s.GoldTables, t)
		}
	}
	slices.Sort(s.GoldTables)
}

// rebuiltSilver is what a rebuild of silver and quarantine came to.
type rebuiltSilver struct{ silver, quarantine, kept int64 }

// rebuildSilver cleanses all of bronze anew. Quarantine and silver each get their
// new rows in one commit that takes the old ones away and begins a generation.
// Rows of lines that bronze holds no more are taken over as they are.
func (r *Runner) rebuildSilver(ctx context.Context) (rebuiltSilver, error) {
	var out rebuiltSilver
	silver, quarantine := r.lake.Table(lake.Silver), r.lake.Table(lake.Quarantine)
	silverBase, _, err := head(ctx, silver, appSilver)
	if err != nil || silverBase == nil {
		return out, err
	}
	quarantineBase, _, err := head(ctx, quarantine, appSilver)
	if err != nil {
		return out, err
	}
	// Bronze last, so that it has all lines that the rows to be replaced were made of.
	bronze, err := r.lake.Table(lake.Bronze).Snapshot(ctx)
	if err != nil {
		return out, err
	}
	for _, snap := range []*delta.Snapshot{bronze, silverBase, quarantineBase} {
		if snap != nil {
			if err := checkRules(snap); err != nil {
				return out, err
			}
		}
	}
	if horizonOf(silverBase) != "" {
		// What silver is about to forget has to be in gold first.
		if _, err := r.refine(ctx, silverBase); err != nil {
			return out, err
		}
	}
	pass := r.newCleansing(r.portion)
	pass.keepEvents, pass.keepRefused = true, true
	if pass.eventsFrom, err = dayOf(horizonOf(silverBase)); err != nil {
		return out, err
	}
	if pass.refusedFrom, err = dayOf(horizonOf(quarantineBase)); err != nil {
		return out, err
	}
	for a := range bronze.Files() {
		r.replay.now.TotalFiles++
		r.replay.now.TotalBytes += a.Size
	}
	for a := range bronze.Files() {
		for b, err := range r.lake.Table(lake.Bronze).ScanFiles(ctx, bronze, one(a), bronzeSchema(), nil, nil) {
			if err != nil {
				return out, err
			}
			if err := pass.batch(ctx, b); err != nil {
				return out, err
			}
		}
		r.replay.now.Silver = pass.eventRows
		r.replay.add(lake.Silver, 1, a.Size)
	}
	if err := pass.flush(ctx); err != nil {
		return out, err
	}
	account, err := r.keepOrphans(ctx, bronze, silverBase, quarantineBase, pass)
	if err != nil {
		return out, err
	}
	silverAdds, quarantineAdds, err := pass.close(ctx)
	if err != nil {
		return out, err
	}
	next := max(generation(silverBase), generation(quarantineBase)) + 1
	// Quarantine first: that silver is behind it says that a replay was cut off.
	if quarantineBase != nil || len(quarantineAdds) > 0 {
		tx, err := rebuildTx(rebuild{
			base: quarantineBase, family: appSilver, generation: next, reaches: bronze.Version(),
			schema: quarantineSchema(), adds: quarantineAdds, rows: pass.refusedRows, account: account.quarantine,
			create: newTable{schema: quarantineSchema(), partition: "date", properties: properties(quarantineLayout().Stats, nil)},
		})
		if err != nil {
			return out, err
		}
		if _, err := r.settle(ctx, quarantine, tx); err != nil {
			return out, err
		}
	}
	tx, err := rebuildTx(rebuild{
		base: silverBase, family: appSilver, generation: next, reaches: bronze.Version(),
		schema: event.Schema(), adds: silverAdds, rows: pass.eventRows, account: account.silver,
	})
	if err != nil {
		return out, err
	}
	if _, err := r.settle(ctx, silver, tx); err != nil {
		return out, err
	}
	return rebuiltSilver{pass.eventRows, pass.refusedRows, account.kept}, nil
}

// rebuild is what a table is to become.
type rebuild struct {
	base       *delta.Snapshot // nil: there is no table yet
	family     string
	generation int64
	reaches    int64 // version of the layer below
	schema     columnar.Schema
	adds       []delta.Add
	rows       int64
	account    expired
	create     newTable
}

// rebuildTx is the transaction that replaces all rows of a table by others.
func rebuildTx(b rebuild) (delta.Tx, error) {
	tx := delta.Tx{
		Base: b.base, Operation: "WRITE",
		Parameters: map[string]any{"mode": "Overwrite"},
		Adds:       b.adds,
		Txn:        &delta.Txn{AppID: b.family + strconv.FormatInt(b.generation, 10), Version: b.reaches},
		ReadsTable: true, // a row that came meanwhile would be there twice
	}
	meta := *b.create.metadata()
	if b.base != nil {
		meta = b.base.Metadata()
		meta.Schema = extended(meta.Schema, b.schema)
		for a := range b.base.Files() {
			tx.Removes = append(tx.Removes, delta.RemoveOf(a, time.Time{}))
		}
	}
	meta, err := b.account.configure(meta, "")
	if err != nil {
		return delta.Tx{}, err
	}
	meta.Configuration[propGeneration] = strconv.FormatInt(b.generation, 10)
	meta.Configuration[propRules] = strconv.Itoa(event.Rules)
	tx.Metadata = &meta
	tx.Metrics = metrics(tx.Adds, len(tx.Removes), b.rows)
	return tx, nil
}

// extended is the schema of a table with the columns it lacks, also inside
// structs, at the end.
func extended(table, wanted columnar.Schema) columnar.Schema {
	out := slices.Clone(table)
	for _, f := range wanted {
		at := out.Index(f.Name)
		switch {
		case at < 0:
			out = append(out, f)
		case f.Type.Kind == columnar.Struct && out[at].Type.Kind == columnar.Struct:
			out[at].Type.Fields = extended(out[at].Type.Fields, f.Type.Fields)
		}
	}
	return out
}
