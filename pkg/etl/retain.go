package etl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// RetentionOptions say how many whole days of each layer are kept, today apart; 0
// keeps them for ever. Bronze and quarantine go by the date of delivery, silver and
// gold by that of the event.
type RetentionOptions struct {
	BronzeDays, SilverDays, GoldDays, QuarantineDays int
	// Progress is called after each table, never concurrently; nil for none.
	Progress func(Progress)
}

// Any reports whether anything is to be removed at all.
func (o RetentionOptions) Any() bool {
	return o.BronzeDays != 0 || o.SilverDays != 0 || o.GoldDays != 0 || o.QuarantineDays != 0
}

// RetentionSummary is what Retain removed.
type RetentionSummary struct {
	Started, Finished time.Time
	Tables            []RetainedTable // that rows were removed from
}

// RetainedTable is what Retain removed from one table. The files stay until Vacuum
// finds them.
type RetainedTable struct {
	Name   string
	Before string // rows before this date were removed, yyyy-mm-dd
	Rows   int64
	Files  int64
	Bytes  int64
}

// Retain removes the rows that are older than they are kept: of partitioned tables
// whole dates, of gold tables whole files where all rows are too old, and the old
// rows of the others. Each table changes in one commit, which also says up to which
// date rows were removed and how many, so that Verify can prove the balance without
// them and the ETL does not bring them again. It is safe beside everything else.
//
// Rows go up before they are removed: first of all Retain does what an ETL run that
// was cut off has left to do.
func Retain(ctx context.Context, l *lake.Lake, o RetentionOptions) (RetentionSummary, error) {
	sum := RetentionSummary{Started: l.Now()}
	for _, days := range []int{o.BronzeDays, o.SilverDays, o.GoldDays, o.QuarantineDays} {
		if days < 0 {
			return sum, fmt.Errorf("retention of %d days: at least 1, or 0 for ever", days)
		}
	}
	r, err := NewRunner(l, Options{})
	if err != nil {
		return sum, err
	}
	bronze, err := r.loadState(ctx)
	if err != nil || bronze == nil {
		return sum, err
	}
	if err := r.raise(ctx, bronze, &Summary{}); err != nil {
		return sum, err
	}
	gold, err := l.Gold(ctx)
	if err != nil {
		return sum, err
	}
	horizon := func(days int) string { return l.Now().AddDate(0, 0, -days).Format(time.DateOnly) }
	re := &retention{lake: l, run: r, gold: gold}
	progress := meter{show: o.Progress, now: Progress{Stage: "retain", Started: sum.Started}}
	remove := func(name string, days int, do func(context.Context, *lake.Table, string) (RetainedTable, error)) error {
		if days == 0 {
			return nil
		}
		got, err := re.settle(ctx, name, horizon(days), do)
		if err != nil {
			return fmt.Errorf("retention of %s: %w", name, err)
		}
		if got.Files > 0 {
			sum.Tables = append(sum.Tables, got)
		}
		progress.add(name, got.Files, got.Bytes)
		return nil
	}
	// From the top down: a row that is gone below is proved by what is above.
	for _, name := range gold {
		if err := remove(name, o.GoldDays, re.goldTable); err != nil {
			return sum, err
		}
	}
	for _, layer := range []struct {
		name string
		days int
	}{{lake.Silver, o.SilverDays}, {lake.Quarantine, o.QuarantineDays}, {lake.Bronze, o.BronzeDays}} {
		if err := remove(layer.name, layer.days, re.dates); err != nil {
			return sum, err
		}
	}
	sum.Finished = l.Now()
	return sum, nil
}

type retention struct {
	lake *lake.Lake
	run  *Runner
	gold []string // tables that exist
}

// settle removes rows from a table, and again as long as others are faster. An
// unknown outcome needs no other care: what is gone is not removed again.
func (r *retention) settle(ctx context.Context, name, horizon string, do func(context.Context, *lake.Table, string) (RetainedTable, error)) (RetainedTable, error) {
	for attempt := 0; ; attempt++ {
		got, err := do(ctx, r.lake.Table(name), horizon)
		again := beaten(err) || errors.Is(err, delta.ErrOutcomeUnknown)
		if !again || attempt == maxRounds || ctx.Err() != nil {
			return got, err
		}
	}
}

// start is the newest snapshot of a table and the date before which rows go: a
// horizon never moves back. The snapshot is nil if there is no table.
func (r *retention) start(ctx context.Context, t *lake.Table, horizon string) (*delta.Snapshot, string, int64, error) {
	snap, err := t.Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return nil, "", 0, nil
	}
	if err != nil {
		return nil, "", 0, err
	}
	if err := checkRules(snap); err != nil {
		return nil, "", 0, err
	}
	horizon = max(horizon, horizonOf(snap))
	day, err := dayOf(horizon)
	return snap, horizon, day, err
}

// dates removes whole dates from a table that is partitioned by date.
func (r *retention) dates(ctx context.Context, t *lake.Table, horizon string) (RetainedTable, error) {
	out := RetainedTable{Name: t.Name}
	snap, horizon, day, err := r.start(ctx, t, horizon)
	if err != nil || snap == nil {
		return out, err
	}
	if t.Name == lake.Silver {
		// The account is by gold table, so each row has to be in one.
		if _, err := r.run.refine(ctx, snap); err != nil {
			return out, err
		}
		if r.gold, err = r.lake.Gold(ctx); err != nil {
			return out, err
		}
	}
	out.Before = horizon
	files := slices.Collect(filesBefore(snap, day))
	if len(files) == 0 {
		return out, nil
	}
	account, err := expiredOf(snap)
	if err != nil {
		return out, err
	}
	var gone tally
	if t.Name == lake.Silver {
		byTable, err := tallyByTable(ctx, r.lake, snap, slices.Values(files), r.gold)
		if err != nil {
			return out, err
		}
		for name, sum := range byTable {
			account.tables[name] = account.tables[name].plus(sum)
			gone = gone.plus(sum)
		}
		gone.keys = 0 // bronze has no keys to compare with
	} else if gone, err = tallyLines(ctx, t, snap, slices.Values(files)); err != nil {
		return out, err
	}
	account.tally = account.plus(gone)
	meta, err := account.configure(snap.Metadata(), horizon)
	if err != nil {
		return out, err
	}
	if t.Name == lake.Bronze {
		if meta.Configuration[landing.Property], err = r.landingSince(ctx, snap, horizon); err != nil {
			return out, err
		}
	}
	out.Rows = gone.rows
	return r.commit(ctx, t, snap, meta, files, nil, out)
}

// landingSince writes the landing state without the dates that go.
func (r *retention) landingSince(ctx context.Context, bronze *delta.Snapshot, horizon string) (string, error) {
	path, err := landingPath(bronze)
	if err != nil {
		return "", err
	}
	state, err := landing.Load(ctx, r.lake.Store(), path, nil)
	if err != nil {
		return "", err
	}
	return state.Since(ctx, horizon)
}

// goldTable removes the rows before a horizon from a table without partitions.
func (r *retention) goldTable(ctx context.Context, t *lake.Table, horizon string) (RetainedTable, error) {
	out := RetainedTable{Name: t.Name}
	snap, horizon, day, err := r.start(ctx, t, horizon)
	if err != nil || snap == nil {
		return out, err
	}
	out.Before = horizon
	account, err := expiredOf(snap)
	if err != nil {
		return out, err
	}
	schema := snap.Schema()
	w := t.NewWriter(schema, goldLayout(t.Name))
	var files []*delta.Add
	for a := range goldBefore(snap, day) {
		gone, err := tallyGold(ctx, t, snap, a, day)
		if err != nil {
			return out, err
		}
		if gone.rows == 0 {
			continue // its lower bound is only a bound
		}
		files = append(files, a)
		out.Rows += gone.rows
		account.tally = account.plus(gone)
		if gone.rows == snap.Bounds(a).Rows() {
			continue
		}
		if err := copySince(ctx, t, snap, a, day, w); err != nil {
			return out, err
		}
	}
	adds, err := w.Close(ctx)
	if err != nil || len(files) == 0 {
		return out, err
	}
	meta, err := account.configure(snap.Metadata(), horizon)
	if err != nil {
		return out, err
	}
	return r.commit(ctx, t, snap, meta, files, adds, out)
}

// copySince writes the rows of a day or later of a gold file anew.
func copySince(ctx context.Context, t *lake.Table, snap *delta.Snapshot, a *delta.Add, day int64, w *lake.Writer) error {
	for b, err := range t.ScanFiles(ctx, snap, one(a), snap.Schema(), nil, nil) {
		if err != nil {
			return err
		}
		date := b.Column("date")
		var rows []int32
		for i := range b.Len {
			if date.Ints[i] >= day {
				rows = append(rows, int32(i))
			}
		}
		if err := w.Write(ctx, b.Take(rows)); err != nil {
			return err
		}
	}
	return nil
}

// commit removes files, and with them the rows that adds do not bring back.
func (r *retention) commit(ctx context.Context, t *lake.Table, snap *delta.Snapshot, meta delta.Metadata, files []*delta.Add, adds []delta.Add, out RetainedTable) (RetainedTable, error) {
	tx := delta.Tx{
		Base: snap, Operation: "DELETE",
		Parameters: map[string]any{"predicate": fmt.Sprintf("[\"(date < '%s')\"]", out.Before)},
		Adds:       adds, Metadata: &meta,
	}
	for _, a := range files {
		tx.Removes = append(tx.Removes, delta.RemoveOf(a, time.Time{}))
		out.Files++
		out.Bytes += a.Size
	}
	tx.Metrics = map[string]string{
		"numRemovedFiles": strconv.Itoa(len(files)),
		"numAddedFiles":   strconv.Itoa(len(adds)),
		"numRemovedBytes": strconv.FormatInt(out.Bytes, 10),
		"numDeletedRows":  strconv.FormatInt(out.Rows, 10),
	}
	if _, err := t.Commit(ctx, tx); err != nil {
		return RetainedTable{Name: t.Name}, err
	}
	return out, nil
}

// tallyLines adds up the rows of files by the lines they came from.
func tallyLines(ctx context.Context, t *lake.Table, snap *delta.Snapshot, files iter.Seq[*delta.Add]) (sum tally, err error) {
	for b, err := range t.ScanFiles(ctx, snap, files, lineageSchema(), nil, nil) {
		if err != nil {
			return sum, err
		}
		from := lineagesOf(b)
		for i := range b.Len {
			sum.add(from.at(i))
		}
	}
	return sum, nil
}

// tallyGold adds up the rows of a gold file that are before a day.
func tallyGold(ctx context.Context, t *lake.Table, snap *delta.Snapshot, a *delta.Add, day int64) (sum tally, err error) {
	want := lineageSchema(columnar.Field{Name: "eventKey", Type: text}, columnar.Field{Name: "date", Type: date})
	for b, err := range t.ScanFiles(ctx, snap, one(a), want, nil, nil) {
		if err != nil {
			return sum, err
		}
		from, keys, days := lineagesOf(b), b.Column("eventKey"), b.Column("date")
		for i := range b.Len {
			if days.Ints[i] < day {
				sum.addEvent(keys.ByteAt(i), from.at(i))
			}
		}
	}
	return sum, nil
}
