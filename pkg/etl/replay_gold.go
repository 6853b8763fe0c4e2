package etl

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// rebuildOf says which gold tables are rebuilt.
type rebuildOf struct {
	tables []string // that exist
	andNew bool     // make those that silver has events for and that do not exist
}

// rebuiltTable is a gold table that is being rebuilt.
type rebuiltTable struct {
	from    int64 // days since 1970: rows before are expired; noDay for none
	dropped tally // silver's rows before from
	kept    tally // rows taken over, because silver has them no more
	account expired
}

// drops leaves out, and accounts for, a row of a silver batch that retention has
// removed from the table. t may be nil.
func (t *rebuiltTable) drops(b *columnar.Batch, row int) bool {
	if t == nil || b.Columns[event.ColDate].Ints[row] >= t.from {
		return false
	}
	t.dropped.addEvent(b.Columns[event.ColEventKey].ByteAt(row), lineagesOf(b).at(row))
	return true
}

// tx replaces all rows of the table.
func (t *rebuiltTable) tx(base *delta.Snapshot, schema columnar.Schema, adds []delta.Add, rows, reaches int64) (delta.Tx, error) {
	return rebuildTx(rebuild{
		base: base, family: appGold, generation: generation(base) + 1, reaches: reaches,
		schema: schema, adds: adds, rows: rows, account: t.account,
	})
}

// rebuildGold builds gold tables anew from a version of silver, all in one pass
// over it. Rows that retention has removed from silver are taken over from the
// table as it is.
func (r *Runner) rebuildGold(ctx context.Context, silver *delta.Snapshot, what rebuildOf, out *refined) error {
	pass := &refining{run: r, targets: map[string]*goldTarget{}, byService: map[string]*goldTarget{}, only: !what.andNew}
	var err error
	if pass.existing, err = r.lake.Gold(ctx); err != nil {
		return err
	}
	var targets []*goldTarget
	for _, name := range what.tables {
		t, err := pass.target(ctx, name)
		if err != nil {
			return err
		}
		if t.base == nil || t.done > silver.Version() {
			// Others were faster: this version of silver would take rows away.
			return fmt.Errorf("rebuild %s: %w: it has reached version %d of silver", name, delta.ErrConflict, t.done)
		}
		from, err := dayOf(horizonOf(t.base))
		if err != nil {
			return err
		}
		t.done = -1
		t.anew = &rebuiltTable{from: from}
		t.rows = newGoldRows(t, t.base.Metadata().Configuration[propService])
		targets = append(targets, t)
	}
	// Before its first version every table lacks everything.
	const version = 0
	for a := range silver.Files() {
		r.replay.now.TotalFiles++
		r.replay.now.TotalBytes += a.Size
	}
	for a := range silver.Files() {
		if err := pass.file(ctx, silver, a, version); err != nil {
			return err
		}
		r.replay.add("gold", 1, a.Size)
	}
	if err := pass.each(ctx, r.spill); err != nil {
		return err
	}
	for _, t := range targets {
		if err := r.keepExpired(ctx, silver, t); err != nil {
			return fmt.Errorf("rebuild %s: %w", t.name, err)
		}
		out.kept += t.anew.kept.rows
	}
	return pass.finish(ctx, silver.Version(), out)
}

// keepExpired takes over the rows of the old table that silver has no more: those
// before silver's horizon, but for the few that came late and are in silver still.
//
// Of silver's rows that are expired, those the table has no more either are
// expired there too; so are the rows of silver that are before the table's own
// horizon.
func (r *Runner) keepExpired(ctx context.Context, silver *delta.Snapshot, t *goldTarget) error {
	below, err := expiredOf(silver)
	if err != nil {
		return err
	}
	before, err := dayOf(horizonOf(silver))
	if err != nil {
		return err
	}
	if before != noDay {
		late, err := r.lateRows(ctx, silver, before)
		if err != nil {
			return err
		}
		if err := r.copyExpired(ctx, t, before, late); err != nil {
			return err
		}
	}
	t.anew.account = expired{tally: t.anew.dropped.plus(below.tables[t.name]).minus(t.anew.kept)}
	return nil
}

// lateRows are silver's rows before its horizon.
func (r *Runner) lateRows(ctx context.Context, silver *delta.Snapshot, before int64) (map[lineage]bool, error) {
	late := map[lineage]bool{}
	for b, err := range r.lake.Table(lake.Silver).ScanFiles(ctx, silver, filesBefore(silver, before), lineageSchema(), nil, nil) {
		if err != nil {
			return nil, err
		}
		from := lineagesOf(b)
		for i := range b.Len {
			late[from.at(i)] = true
		}
	}
	return late, nil
}

func (r *Runner) copyExpired(ctx context.Context, t *goldTarget, before int64, late map[lineage]bool) error {
	table := r.lake.Table(t.name)
	schema := extended(t.base.Schema(), lineageSchema())
	w := table.NewWriter(schema, goldLayout(t.name))
	day, key := schema.Index("date"), schema.Index("eventKey")
	for b, err := range table.ScanFiles(ctx, t.base, goldBefore(t.base, before), schema, nil, nil) {
		if err != nil {
			return err
		}
		var rows []int32
		origins := lineagesOf(b)
		for i := range b.Len {
			from := origins.at(i)
			if b.Columns[day].Ints[i] >= before || late[from] {
				continue
			}
			rows = append(rows, int32(i))
			t.anew.kept.addEvent(b.Columns[key].ByteAt(i), from)
		}
		if len(rows) == 0 {
			continue
		}
		if err := w.Write(ctx, b.Take(rows)); err != nil {
			return err
		}
		t.spilled += int64(len(rows))
	}
	adds, err := w.Close(ctx)
	t.adds = append(t.adds, adds...)
	return err
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// goldBefore are the files of a gold table that may have rows before a day.
func goldBefore(snap *delta.Snapshot, day int64) iter.Seq[*delta.Add] {
	return func(yield func(*delta.Add) bool) {
		for a := range snap.Files() {
			b, ok := snap.Bounds(a).Bound("date_time")
			if ok && b.Min.Kind != columnar.Invalid && b.Min.Int >= day*microsPerDay {
				continue
			}
			if !yield(a) {
				return
			}
		}
	}
}

// tallyByTable adds up rows of silver by the gold table they belong to.
func tallyByTable(ctx context.Context, l *lake.Lake, silver *delta.Snapshot, files iter.Seq[*delta.Add], existing []string) (map[string]tally, error) {
	want := lineageSchema(columnar.Field{Name: "serviceName", Type: text}, columnar.Field{Name: "eventKey", Type: text})
	out := map[string]tally{}
	names := map[string]string{}
	for b, err := range l.Table(lake.Silver).ScanFiles(ctx, silver, files, want, nil, nil) {
		if err != nil {
			return nil, err
		}
		from, services, keys := lineagesOf(b), b.Column("serviceName"), b.Column("eventKey")
		for i := range b.Len {
			service := services.ByteAt(i)
			name, ok := names[string(service)]
			if !ok {
				name = resolveGold(GoldName(service, services.IsNull(i)), existing)
				names[string(service)] = name
			}
			t := out[name]
			t.addEvent(keys.ByteAt(i), from.at(i))
			out[name] = t
		}
	}
	return out, nil
}

// resolveGold is the table that the events under a table name are in: the table
// itself, or _other if there is no such table.
func resolveGold(name string, existing []string) string {
	if !slices.Contains(existing, name) && slices.Contains(existing, otherTable) {
		return otherTable
	}
	return name
}
