package etl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// DefaultVacuumRetention is how long Vacuum keeps what no table needs any more.
// Readers and slow writers may be at it still.
const DefaultVacuumRetention = 7 * 24 * time.Hour

// VacuumOptions say what Vacuum deletes. Zero values give the defaults.
type VacuumOptions struct {
	// Retention is how long an object is kept after its last use. Default and,
	// without Force, least is DefaultVacuumRetention.
	Retention time.Duration
	// Force allows a shorter Retention: nobody may be writing to the lake, or
	// reading an older version of it.
	Force bool
	// DryRun deletes nothing, writes nothing, and lists what would go.
	DryRun bool
	// Progress is called after each table, never concurrently; nil for none.
	Progress func(Progress)
}

// VacuumSummary is what Vacuum deleted or, in a dry run, would delete.
type VacuumSummary struct {
	Started, Finished time.Time
	Before            time.Time       // objects last used before this were deleted
	Tables            []VacuumedTable // that something was deleted from
	Files, Bytes      int64
	// Objects are what would go, by key, in a dry run only.
	Objects []store.Object
}

// VacuumedTable is what Vacuum deleted from one table, or from the state outside
// the tables, whose names are "landing" and "unfinished".
type VacuumedTable struct {
	Name         string
	Files, Bytes int64
}

// ErrRetention says that a retention is too short to be safe.
var ErrRetention = errors.New("retention is too short")

// Names of what is vacuumed outside of the tables.
const (
	partLanding    = "landing"
	partUnfinished = "unfinished"
)

// deleteBatch is how many objects are deleted at once: S3's limit of one request.
const deleteBatch = 1000

// Vacuum deletes objects that no table needs: data files that neither a live add
// nor a removal younger than the retention names and that no follower of the log
// has yet to read, landing state that is out of date, and files that killed writers
// left unfinished. Each has to be older than the retention by the store's own
// clock, which spares what a slow writer has not committed yet. A table that cannot
// be read is left alone and is one of the errors.
func Vacuum(ctx context.Context, l *lake.Lake, o VacuumOptions) (VacuumSummary, error) {
	sum := VacuumSummary{Started: l.Now()}
	if o.Retention == 0 {
		o.Retention = DefaultVacuumRetention
	}
	if o.Retention < DefaultVacuumRetention && !o.Force || o.Retention < 0 {
		return sum, fmt.Errorf("%w: %s is under %s: force it only if nobody writes to the lake or reads older versions of it",
			ErrRetention, o.Retention, DefaultVacuumRetention)
	}
	if _, err := l.Table(lake.Bronze).Snapshot(ctx); errors.Is(err, delta.ErrNoTable) {
		return sum, nil // no lake
	} else if err != nil {
		return sum, err
	}
	now, err := storeTime(ctx, l, o)
	if err != nil {
		return sum, err
	}
	sum.Before = now.Add(-o.Retention)
	v := &vacuum{
		lake: l, opts: o, before: sum.Before, sum: &sum,
		progress: meter{show: o.Progress, now: Progress{Stage: "vacuum", Started: sum.Started}},
	}
	err = v.run(ctx)
	sum.Finished = l.Now()
	if err == nil && !o.DryRun {
		err = writeMaintained(ctx, l, func(m *maintained) { m.Vacuumed = sum.Started })
	}
	return sum, err
}

// storeTime is the time by the clock of the store or of this host, whichever is
// behind: an object must not look older than it is. A store tells its time by
// dating an object, so a dry run goes by this host alone.
func storeTime(ctx context.Context, l *lake.Lake, o VacuumOptions) (time.Time, error) {
	now := l.Now()
	if o.DryRun {
		return now, nil
	}
	if err := writeMaintained(ctx, l, func(*maintained) {}); err != nil {
		return now, err
	}
	obj, err := l.Store().Head(ctx, maintainedKey)
	if err != nil {
		return now, fmt.Errorf("ask the store for its time: %w", err)
	}
	if obj.LastModified.Before(now) {
		now = obj.LastModified
	}
	return now, nil
}

type vacuum struct {
	lake     *lake.Lake
	opts     VacuumOptions
	before   time.Time
	sum      *VacuumSummary
	progress meter
}

func (v *vacuum) run(ctx context.Context) error {
	gold, err := v.lake.GoldFolders(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range append(lake.Layers(), gold...) {
		if err := v.table(ctx, name); err != nil {
			failed = append(failed, fmt.Errorf("vacuum %s: %w", name, err))
		}
		if ctx.Err() != nil {
			return errors.Join(failed...)
		}
	}
	if err := v.landing(ctx); err != nil {
		failed = append(failed, fmt.Errorf("vacuum landing state: %w", err))
	}
	if err := v.unfinished(ctx); err != nil {
		failed = append(failed, fmt.Errorf("vacuum unfinished files: %w", err))
	}
	return errors.Join(failed...)
}

func (v *vacuum) table(ctx context.Context, name string) error {
	t := v.lake.Table(name)
	snap, err := t.Snapshot(ctx)
	var needed map[string]bool
	switch {
	case errors.Is(err, delta.ErrNoTable):
		snap = nil // all there is was left by runs that died before the first commit
	case err != nil:
		return err
	default:
		if err := snap.Writable(); err != nil {
			return err
		}
		if err := checkRules(snap); err != nil {
			return err
		}
		if needed, err = v.needed(ctx, t, snap); err != nil {
			return err
		}
	}
	root := lake.Root(name)
	var old []store.Object
	for o, err := range v.lake.Store().List(ctx, root, "") {
		if err != nil {
			return fmt.Errorf("list files: %w", err)
		}
		path := strings.TrimPrefix(o.Key, root)
		if !o.LastModified.Before(v.before) || hidden(path) || needed[path] {
			continue
		}
		if snap != nil {
			if _, live := snap.File(path); live {
				continue
			}
		}
		old = append(old, o)
	}
	return v.delete(ctx, name, t, snap, old)
}

// hidden says that a path is none of a data file: the log, and what others keep
// beside it.
func hidden(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "_") || strings.HasPrefix(segment, ".") {
			return true
		}
	}
	return false
}

// needed are the files, live ones apart, that somebody may still read: those that
// were removed within the retention, and those that a follower of the table, or
// Verify in its place, reads to get on.
func (v *vacuum) needed(ctx context.Context, t *lake.Table, snap *delta.Snapshot) (map[string]bool, error) {
	out := map[string]bool{}
	for r := range snap.Tombstones() {
		if !r.DeletionTime.Before(v.before) {
			out[r.Path] = true
		}
	}
	done, err := v.followed(ctx, t.Name, snap)
	if err != nil {
		return nil, err
	}
	_, commits, err := lacking(ctx, t, snap, done)
	if err != nil {
		return nil, err
	}
	for _, c := range commits {
		for i := range c.Adds {
			out[c.Adds[i].Path] = true
		}
		for i := range c.Removes {
			out[c.Removes[i].Path] = true
		}
	}
	if v.opts.Retention <= snap.TombstoneRetention() {
		return out, nil
	}
	// The snapshot has forgotten some of the removals.
	first, err := t.Log().First(ctx)
	if err != nil {
		return nil, err
	}
	for c, err := range t.Log().Commits(ctx, first-1, snap.Version()) {
		if err != nil {
			return nil, err
		}
		for i := range c.Removes {
			if !c.Removes[i].DeletionTime.Before(v.before) {
				out[c.Removes[i].Path] = true
			}
		}
	}
	return out, nil
}

// followed is the version of a table up to which its followers have read it.
func (v *vacuum) followed(ctx context.Context, table string, snap *delta.Snapshot) (int64, error) {
	done, ok, err := followedUpTo(ctx, v.lake, table, snap)
	if err != nil || ok {
		return done, err
	}
	first, err := v.lake.Table(table).Log().First(ctx)
	return first - 1, err
}

// followedUpTo is the version of a table up to which its followers have read it:
// its own if it has none. ok is false if nothing says how far they are.
func followedUpTo(ctx context.Context, l *lake.Lake, table string, snap *delta.Snapshot) (version int64, ok bool, err error) {
	switch table {
	case lake.Bronze:
		silver, done, err := head(ctx, l.Table(lake.Silver), appSilver)
		return min(done, snap.Version()), silver != nil && done >= 0, err
	case lake.Silver:
		mark, err := (&Runner{lake: l}).readWatermark(ctx)
		return mark.Version, mark.App == appOf(appGold, snap) && mark.Version <= snap.Version(), err
	}
	return snap.Version(), true, nil
}

func (v *vacuum) delete(ctx context.Context, name string, t *lake.Table, snap *delta.Snapshot, old []store.Object) error {
	if len(old) == 0 {
		v.progress.add(name, 0, 0)
		return nil
	}
	if v.opts.DryRun || snap == nil {
		return v.remove(ctx, name, old, v.lake.Store().Delete)
	}
	bytes := int64(0)
	folders := map[string]bool{}
	for _, o := range old {
		bytes += o.Size
		folders[o.Key[:strings.LastIndexByte(o.Key, '/')]] = true
	}
	millis := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	if _, err := t.Commit(ctx, delta.Tx{
		Base: snap, Operation: "VACUUM START",
		Parameters: map[string]any{
			"retentionCheckEnabled":    !v.opts.Force,
			"defaultRetentionMillis":   millis(snap.TombstoneRetention()),
			"specifiedRetentionMillis": millis(v.opts.Retention),
		},
		Metrics: map[string]string{
			"numFilesToDelete": strconv.Itoa(len(old)), "sizeOfDataToDelete": strconv.FormatInt(bytes, 10),
		},
	}); err != nil {
		return err
	}
	status := "COMPLETED"
	before := v.sum.Files
	failure := v.remove(ctx, name, old, v.lake.Store().Delete)
	if failure != nil {
		status = "FAILED"
	}
	base, err := t.Snapshot(ctx)
	if err == nil {
		_, err = t.Commit(ctx, delta.Tx{
			Base: base, Operation: "VACUUM END",
			Parameters: map[string]any{"status": status},
			Metrics: map[string]string{
				"numDeletedFiles":        strconv.FormatInt(v.sum.Files-before, 10),
				"numVacuumedDirectories": strconv.Itoa(len(folders)),
			},
		})
	}
	return errors.Join(failure, err)
}

// remove deletes objects, or notes them in a dry run.
func (v *vacuum) remove(ctx context.Context, name string, old []store.Object, del func(context.Context, ...string) error) error {
	if len(old) == 0 {
		return nil
	}
	done := VacuumedTable{Name: name}
	var failure error
	for batch := range slices.Chunk(old, deleteBatch) {
		keys := make([]string, len(batch))
		bytes := int64(0)
		for i, o := range batch {
			keys[i] = o.Key
			bytes += o.Size
		}
		if v.opts.DryRun {
			v.sum.Objects = append(v.sum.Objects, batch...)
		} else if failure = del(ctx, keys...); failure != nil {
			break
		}
		done.Files += int64(len(batch))
		done.Bytes += bytes
		v.progress.add(name, int64(len(batch)), bytes)
	}
	if done.Files > 0 {
		v.sum.Tables = append(v.sum.Tables, done)
		v.sum.Files += done.Files
		v.sum.Bytes += done.Bytes
	}
	return failure
}
