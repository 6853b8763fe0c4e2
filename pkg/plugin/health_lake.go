package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// probePrefix is where writes are tried out: beside the ETL's own state, in no
// table.
const probePrefix = "_auditlake/"

// checkLake reads the newest version of the tables that everything comes from,
// and how the last runs went.
func (c checkup) checkLake(ctx context.Context) (f finding, err error) {
	bronze, err := c.lake.Table(lake.Bronze).Snapshot(ctx)
	if errors.Is(err, lake.ErrNoTable) {
		f.text, f.brief = "can be read, and has no tables yet: the ETL has not brought anything in", brief{words: "lake without tables", empty: true}
		if last := c.shell.supervisor.Status(c.owner).Last; last != nil && last.Err != nil {
			// A lake that is too new to have the table runs cannot tell.
			_, _, text := c.explain(last.Err)
			f.warnings = append(f.warnings, c.ofAFailure("has no tables, since the last run failed "+ago(time.Since(last.Finished)), text))
		}
		if !c.writes() {
			f.warnings = append(f.warnings, "has no tables, and this data source does not fill it: check the path, enter a source and a schedule, or run auditlake etl")
		}
		return f, nil
	}
	if err != nil {
		return finding{}, err
	}
	silver, err := c.lake.Table(lake.Silver).Snapshot(ctx)
	if err != nil && !errors.Is(err, lake.ErrNoTable) {
		return finding{}, err
	}
	switch {
	case !c.totals:
		f.text = "can be read"
	case silver == nil:
		f.text = fmt.Sprintf("can be read, and has %d delivered lines, of which no events were made yet", rowsOf(bronze))
	default:
		f.text = fmt.Sprintf("can be read, and has %d delivered lines and %d events", rowsOf(bronze), rowsOf(silver))
		// The delivered milliseconds: a timestamp's statistics are rounded up.
		if ms, ok := newest(silver, "timestamp", columnar.Long); ok {
			f.text += "; the newest event is of " + time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 UTC")
		}
	}
	names, err := c.tables.Tables(ctx)
	if err != nil {
		return finding{}, err
	}
	f.brief.words = "lake with " + counted(len(names), "table")
	now := c.lake.Now()
	if us, ok := newest(bronze, "ingestedAt", columnar.Timestamp); ok {
		f.text += "; the newest lines came in " + ago(now.Sub(time.UnixMicro(us)))
	}
	return f, c.checkRuns(ctx, now, &f)
}

// checkRuns says how long ago the lake was looked after, and if the last run
// failed.
func (c checkup) checkRuns(ctx context.Context, now time.Time, f *finding) error {
	looked, err := etl.LookedAfter(ctx, c.lake.Store())
	if err != nil {
		return err
	}
	if !looked.IsZero() {
		f.text += "; a run of the ETL ended " + ago(now.Sub(looked))
		f.brief.words += ", last run " + ago(now.Sub(looked))
		if age := now.Sub(looked); age > staleAfter {
			f.warnings = append(f.warnings, "was last looked after "+ago(age)+": check that the ETL runs")
		}
	}
	last, err := etl.LastRun(ctx, c.lake)
	if err != nil {
		return err
	}
	if last == nil || last.Error == "" || looked.After(last.Finished) {
		return nil
	}
	f.warnings = append(f.warnings, c.ofAFailure("was not brought up to date by the last run, which failed "+ago(now.Sub(last.Finished)), c.conceal(last.Error)))
	return nil
}

// ofAFailure adds the reason for who may know of the whole lake.
func (c checkup) ofAFailure(words, reason string) string {
	if !c.totals {
		return words
	}
	return words + ": " + reason
}

// checkWrites does what a commit does, and compares clocks by the way.
func (c checkup) checkWrites(ctx context.Context) (f finding, err error) {
	_, root, err := c.settings.OpenWritable(ctx)
	if err != nil {
		return finding{}, err
	}
	if err := store.Probe(ctx, root, probePrefix); err != nil {
		return finding{}, err
	}
	skew, err := store.Skew(ctx, root, probePrefix, c.lake.Now)
	if err != nil {
		return finding{}, err
	}
	f.text = "works, with conditional writes"
	if skew.Abs() > maxSkew {
		f.warnings = append(f.warnings, fmt.Sprintf("the clock of the store and that of this machine are %s apart: correct the wrong one, since S3 refuses requests at 15 minutes",
			shortly(skew.Abs().Round(time.Second))))
	}
	return f, nil
}

func rowsOf(table *delta.Snapshot) (rows int64) {
	for add := range table.Files() {
		rows += max(table.Bounds(add).Rows(), 0)
	}
	return rows
}

// newest is the greatest value of a column, as statistics have it.
func newest(table *delta.Snapshot, column string, kind columnar.Kind) (value int64, ok bool) {
	for add := range table.Files() {
		if b, has := table.Bounds(add).Bound(column); has && b.Max.Kind == kind {
			value, ok = max(value, b.Max.Int), true
		}
	}
	return value, ok
}

// ago is an age in the largest unit that says enough.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return "less than a minute ago"
	case d < 2*time.Hour:
		return shortly(d.Truncate(time.Minute)) + " ago"
	case d < 2*day:
		return shortly(d.Truncate(time.Hour)) + " ago"
	}
	return shortly(d.Truncate(day)) + " ago"
}
