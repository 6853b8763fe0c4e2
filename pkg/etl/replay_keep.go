package etl

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// accounts are what is expired from silver and quarantine after a rebuild.
type accounts struct {
	silver, quarantine expired
	kept               int64
}

// keepOrphans takes over the rows of files that retention removed from bronze, and
// settles the accounts. Without retention there is nothing to do.
//
// The rows of the files that bronze has are all made anew, so what is expired of
// them is what the pass dropped. Of the other files bronze had as many rows as its
// account says, and what is left of them was kept: the rest is expired.
func (r *Runner) keepOrphans(ctx context.Context, bronze, silver, quarantine *delta.Snapshot, pass *cleansing) (accounts, error) {
	var out accounts
	lost, err := expiredOf(bronze)
	if err != nil {
		return out, err
	}
	was, err := expiredOf(silver)
	if err != nil {
		return out, err
	}
	if horizonOf(bronze) != "" {
		live, err := r.liveFiles(ctx, bronze)
		if err != nil {
			return out, err
		}
		k := &keeper{lake: r.lake, live: live}
		if err := k.keep(ctx, lake.Silver, silver, "date", pass.eventsFrom, pass.silver, &pass.eventRows); err != nil {
			return out, err
		}
		if err := k.keep(ctx, lake.Quarantine, quarantine, "date", pass.refusedFrom, pass.quarantine, &pass.refusedRows); err != nil {
			return out, err
		}
		lost.tally = lost.minus(k.kept)
		out.kept = k.kept.rows
	}
	out.silver = expired{tally: pass.droppedEvents, tables: was.tables}
	out.quarantine = expired{tally: pass.droppedRefused}
	if horizonOf(silver) != "" {
		out.silver.tally = out.silver.plus(lost.tally)
	} else {
		out.quarantine.tally = out.quarantine.plus(lost.tally)
	}
	return out, r.dropLate(ctx, silver, pass.eventsFrom, out.silver.tables)
}

// dropLate adds silver's rows before its horizon, which came after retention had
// passed, to the accounts of their gold tables: the rebuild leaves them out.
func (r *Runner) dropLate(ctx context.Context, silver *delta.Snapshot, from int64, tables map[string]tally) error {
	if from == noDay {
		return nil
	}
	existing, err := r.lake.Gold(ctx)
	if err != nil {
		return err
	}
	late, err := tallyByTable(ctx, r.lake, silver, filesBefore(silver, from), existing)
	for name, t := range late {
		tables[name] = tables[name].plus(t)
	}
	return err
}

// filesBefore are the files of a table partitioned by date whose date is before a
// day.
func filesBefore(snap *delta.Snapshot, day int64) iter.Seq[*delta.Add] {
	return func(yield func(*delta.Add) bool) {
		for a := range snap.Files() {
			v, ok, err := snap.PartitionValue(a, "date")
			if err == nil && ok && v.Int < day && !yield(a) {
				return
			}
		}
	}
}

// liveFiles are the ids of the files that bronze has rows of.
func (r *Runner) liveFiles(ctx context.Context, bronze *delta.Snapshot) (bitset, error) {
	path, err := landingPath(bronze)
	if err != nil {
		return nil, err
	}
	state, err := landing.Load(ctx, r.lake.Store(), path, r.state)
	if err != nil {
		return nil, err
	}
	live := make(bitset, state.NextFileID/64+1)
	for _, date := range slices.Sorted(maps.Keys(state.Dates)) {
		entries, err := state.Entries(ctx, date)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			live.set(e.FileID)
		}
	}
	return live, nil
}

// bitset is a set of small numbers.
type bitset []uint64

func (b bitset) set(n int64) {
	if i := n / 64; n >= 0 && i < int64(len(b)) {
		b[i] |= 1 << (n % 64)
	}
}

func (b bitset) has(n int64) bool {
	i := n / 64
	return n >= 0 && i < int64(len(b)) && b[i]&(1<<(n%64)) != 0
}

// keeper copies the rows of files that bronze has no more.
type keeper struct {
	lake *lake.Lake
	live bitset
	kept tally
}

// keep copies rows of a table, from a day on, to a writer of its new rows.
func (k *keeper) keep(ctx context.Context, name string, snap *delta.Snapshot, date string, from int64, w *lake.Writer, written *int64) error {
	if snap == nil {
		return nil
	}
	table := k.lake.Table(name)
	schema := layerSchema(name)
	day := schema.Index(date)
	for a := range snap.Files() {
		orphans, err := k.orphans(ctx, table, snap, a)
		if err != nil {
			return err
		}
		if !orphans {
			continue
		}
		for b, err := range table.ScanFiles(ctx, snap, one(a), schema, nil, nil) {
			if err != nil {
				return err
			}
			var rows []int32
			origins := lineagesOf(b)
			for i := range b.Len {
				l := origins.at(i)
				if k.live.has(l.file) || b.Columns[day].Ints[i] < from {
					continue
				}
				rows = append(rows, int32(i))
				k.kept.add(l)
			}
			if len(rows) == 0 {
				continue
			}
			*written += int64(len(rows))
			if err := w.Write(ctx, b.Take(rows)); err != nil {
				return err
			}
		}
	}
	return nil
}

// orphans says whether a file has rows of files that bronze has no more. It reads
// one narrow column.
func (k *keeper) orphans(ctx context.Context, table *lake.Table, snap *delta.Snapshot, a *delta.Add) (bool, error) {
	for b, err := range table.ScanFiles(ctx, snap, one(a), columnar.Schema{{Name: "fileId", Type: long}}, nil, nil) {
		if err != nil {
			return false, err
		}
		for i := range b.Len {
			if !k.live.has(b.Columns[0].Ints[i]) {
				return true, nil
			}
		}
	}
	return false, nil
}

// layerSchema is the columns of silver or quarantine as this binary writes them.
func layerSchema(name string) columnar.Schema {
	if name == lake.Quarantine {
		return quarantineSchema()
	}
	return event.Schema()
}
