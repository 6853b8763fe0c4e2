package etl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// MaintainOptions say what Maintain looks after. Zero values give the defaults.
type MaintainOptions struct {
	// Retention is how long rows are kept; the zero value keeps them for ever. Its
	// Progress is not used.
	Retention RetentionOptions
	// DailyEvery is the time between two vacuums, and with them retention and log
	// clean-up. Default 24 h.
	DailyEvery time.Duration
	// VacuumRetention is as in VacuumOptions.
	VacuumRetention time.Duration
	// Progress is called as Maintain goes on, never concurrently; nil for none.
	Progress func(Progress)
}

// MaintainSummary is what Maintain did.
type MaintainSummary struct {
	Started, Finished time.Time
	Optimized         OptimizeSummary
	Daily             bool // the daily part was due: the fields below
	Retained          RetentionSummary
	Vacuumed          VacuumSummary
	LogObjects        int // log entries and checkpoints deleted
	// Warnings are what went wrong without harm: log clean-up.
	Warnings []error
}

// Changed reports whether Maintain did anything worth telling.
func (s MaintainSummary) Changed() bool {
	return len(s.Optimized.Tables)+len(s.Retained.Tables)+len(s.Vacuumed.Tables)+s.LogObjects+len(s.Warnings) > 0
}

const (
	defaultDailyEvery = 24 * time.Hour
	// retryDaily is when a daily part that failed is tried again.
	retryDaily = time.Hour
)

// Maintain does what is due after a run: it merges the small files of the tables
// that l has looked at and, once a day, applies retention, vacuums and cleans up
// logs. Whether anything is due it sees from snapshots in memory and one small
// object. Each part is done even if another fails; the errors are joined.
func Maintain(ctx context.Context, l *lake.Lake, o MaintainOptions) (MaintainSummary, error) {
	sum := MaintainSummary{Started: l.Now()}
	if o.DailyEvery <= 0 {
		o.DailyEvery = defaultDailyEvery
	}
	var failed []error
	part := func(err error) {
		if err != nil {
			failed = append(failed, err)
		}
	}
	var err error
	if due := optimizeDue(l); len(due) > 0 {
		sum.Optimized, err = Optimize(ctx, l, OptimizeOptions{Tables: due, Progress: o.Progress})
		part(err)
	}
	if ctx.Err() == nil && readMaintained(ctx, l).due(sum.Started, o.DailyEvery) {
		sum.Daily = true
		part(daily(ctx, l, o, &sum))
	}
	sum.Finished = l.Now()
	return sum, errors.Join(failed...)
}

// daily does the part that is due once a day. It counts as done only if nothing
// failed.
func daily(ctx context.Context, l *lake.Lake, o MaintainOptions, sum *MaintainSummary) error {
	if _, err := l.Table(lake.Bronze).Snapshot(ctx); errors.Is(err, delta.ErrNoTable) {
		return nil // no lake yet
	} else if err != nil {
		return err
	}
	if err := writeMaintained(ctx, l, func(m *maintained) { m.Tried = sum.Started }); err != nil {
		return err
	}
	var retaining, vacuuming, noting error
	if o.Retention.Any() {
		retain := o.Retention
		retain.Progress = o.Progress
		sum.Retained, retaining = Retain(ctx, l, retain)
	}
	sum.Vacuumed, vacuuming = Vacuum(ctx, l, VacuumOptions{Retention: o.VacuumRetention, Progress: o.Progress})
	sum.LogObjects, sum.Warnings = cleanUpLogs(ctx, l)
	if retaining == nil && vacuuming == nil {
		noting = writeMaintained(ctx, l, func(m *maintained) { m.Done = sum.Started })
	}
	return errors.Join(retaining, vacuuming, noting)
}

// optimizeDue are the tables that have files worth merging, as far as l knows them.
func optimizeDue(l *lake.Lake) []string {
	var due []string
	for _, name := range l.Known() {
		if snap := l.Table(name).Log().Known(); snap != nil && len(mergesDue(name, snap, 0)) > 0 {
			due = append(due, name)
		}
	}
	return due
}

// cleanUpLogs deletes old log entries that no follower needs.
func cleanUpLogs(ctx context.Context, l *lake.Lake) (deleted int, warnings []error) {
	names, err := tablesOf(ctx, l)
	if err != nil {
		return 0, []error{err}
	}
	for _, name := range names {
		n, err := cleanUpLog(ctx, l, name)
		deleted += n
		if err != nil {
			warnings = append(warnings, fmt.Errorf("clean up the log of %s: %w", name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return deleted, warnings
}

func cleanUpLog(ctx context.Context, l *lake.Lake, name string) (int, error) {
	t := l.Table(name)
	snap, err := t.Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := checkRules(snap); err != nil {
		return 0, err
	}
	keep, ok, err := followedUpTo(ctx, l, name, snap)
	if err != nil || !ok {
		return 0, err
	}
	return t.Log().CleanUp(ctx, snap, keep)
}

// maintained says when the lake was last maintained. It is a hint: without it what
// is due daily is due.
type maintained struct {
	Tried    time.Time `json:"tried"`    // the daily part began
	Done     time.Time `json:"done"`     // it came to its end
	Vacuumed time.Time `json:"vacuumed"` // a vacuum began that came to its end
}

// due reports whether the daily part is. Clocks of several hosts may differ.
func (m maintained) due(now time.Time, every time.Duration) bool {
	return now.Sub(m.Done).Abs() >= every && now.Sub(m.Tried).Abs() >= min(retryDaily, every)
}

const maintainedKey = "_auditlake/maintenance.json"

func readMaintained(ctx context.Context, l *lake.Lake) (m maintained) {
	if body, _, err := store.ReadAll(ctx, l.Store(), maintainedKey); err != nil || json.Unmarshal(body, &m) != nil {
		return maintained{}
	}
	return m
}

func writeMaintained(ctx context.Context, l *lake.Lake, change func(*maintained)) error {
	m := readMaintained(ctx, l)
	change(&m)
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := l.Store().Put(ctx, maintainedKey, body); err != nil {
		return fmt.Errorf("write maintenance hint: %w", err)
	}
	return nil
}
