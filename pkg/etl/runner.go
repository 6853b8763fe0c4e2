package etl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// Source is a folder or bucket prefix that Databricks delivers to.
type Source struct {
	// URL identifies the source in the landing state, without options or secrets:
	// a file that was read under one URL is a new file under another.
	URL   string
	Store store.Store
}

// Options say what a Runner reads and how much it takes on at once. Zero values
// give the defaults.
type Options struct {
	Sources []Source
	// MemoryBytes is what a run may add to the resident memory of the process,
	// with what the garbage collector needs; it is met from 128 MiB on, unless
	// single lines have many megabytes. More than 768 MiB makes no difference, and
	// is the default.
	MemoryBytes int64
	// Workers is how many processors a run may keep busy, without the garbage
	// collector; waiting for the store does not count. With one, all is done one after
	// another; with two, the next batch is staged while one is brought to gold; with
	// more, which is the default, the steps of staging overlap, too.
	Workers int
	// BatchBytes is about how much delivered JSON becomes one bronze commit, and
	// half of what is held on the way to gold. Default 64 MiB, less where
	// MemoryBytes says so.
	BatchBytes int64
	// LookbackDays is how many days before the newest known delivery date a run
	// looks for new and changed files; a sweep looks at everything. Default 3.
	LookbackDays int
	// SweepEvery is the time between full sweeps. Default 24 h.
	SweepEvery time.Duration
	// Sweep makes every run a full sweep.
	Sweep bool
	// Progress is called from Run after each step, and every 8 MiB within one,
	// never concurrently; nil for none. Run waits for it.
	Progress func(Progress)
	// Pause is called from Run every few milliseconds of work, and may be called
	// concurrently; nil for none. The work goes on when it returns.
	Pause func()
	// Engine names the writer, such as "auditlake/1.2.0".
	Engine string
}

const (
	defaultLookbackDays = 3
	defaultSweepEvery   = 24 * time.Hour
	// maxRounds bounds how often a run plans anew because the source moved or
	// another run was faster. What is left waits for the next run.
	maxRounds = 10
)

// Summary is what a run did.
type Summary struct {
	Started, Finished time.Time
	Swept             bool   // looked at everything
	Since             string // else: the first delivery date looked at; "" for a run on news
	Listed            int64  // delivered files seen
	Files             int64  // files read
	Bytes             int64  // bytes of files read
	Bronze            int64  // rows added, per layer
	Quarantine        int64
	Silver            int64
	Gold              int64
	GoldTables        []string // tables that got rows
	Superseded        int64    // lines that newest file versions lack; Databricks promises none
	DuplicateKeys     int64
	TruncatedParams   int64
	Unrecognised      int64    // keys in the source that are no delivery
	Examples          []string // some of them
	Empty             []string // sources without any delivered file
	Damaged           []string // files that break off
	Waiting           int64    // files that kept changing and are left for the next run
	Quality           Quality
	BronzeVersion     int64 // -1: no table
	SilverVersion     int64
}

// Changed reports whether the run committed anything to a layer.
func (s Summary) Changed() bool {
	return s.Files+s.Bronze+s.Silver+s.Quarantine+s.Gold > 0
}

// Runner runs the ETL from sources into a lake. Any number of runners may work
// on one lake, in one process or many: each line still comes up once. A Runner
// itself runs one Run at a time.
type Runner struct {
	lake   *lake.Lake
	opts   Options
	limits limits
	cpu    *semaphore.Weighted // held while gold is encoded

	lines     *landing.LineReader
	pages     pages
	sources   map[int]store.Store // by the manifest's index
	state     *landing.State
	statePath string
	horizon   string    // of bronze: what is delivered under an earlier date is left alone
	replay    meter     // of a rebuild
	goldDone  watermark // that gold is known to have reached; of no application if unknown
	progress  *tracker
	portion   *portion // of the batch that is being brought to gold
	ahead     *ahead   // of the last commit to bronze
	handed    handed   // from silver to gold

	news      map[string][]string // by source URL, of the run under way; nil for one that looks for itself
	recent    *recentKeys         // events of the run under way; nil outside of runs
	delivered map[int64]int64     // when the files of the last batch were delivered, by id, in milliseconds since 1970
}

// NewRunner checks the options. It does no I/O.
func NewRunner(l *lake.Lake, o Options) (*Runner, error) {
	seen := map[string]bool{}
	for _, s := range o.Sources {
		if seen[s.URL] {
			return nil, fmt.Errorf("source %s is given twice", s.URL)
		}
		seen[s.URL] = true
	}
	if o.LookbackDays <= 0 {
		o.LookbackDays = defaultLookbackDays
	}
	if o.SweepEvery <= 0 {
		o.SweepEvery = defaultSweepEvery
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Pause == nil {
		o.Pause = func() {}
	}
	lim := limitsOf(o)
	progress := newTracker(time.Time{}, o)
	return &Runner{
		lake: l, opts: o, limits: lim, cpu: semaphore.NewWeighted(int64(lim.workers)),
		lines: landing.NewLineReader(), pages: newPages(lim), progress: progress, portion: progress.waiting(), delivered: map[int64]int64{},
	}, nil
}

// Run lands what is new in the sources and brings it up to gold, then finishes
// what an earlier run may have left. On unchanged sources it commits nothing. A
// run that fails is recorded too, unless it was cut off or there is no lake yet;
// what it committed is complete, and the next run goes on from there.
func (r *Runner) Run(ctx context.Context) (Summary, error) { return r.RunOn(ctx, nil) }

// RunOn is Run for what somebody has heard of: keys of new deliveries, by the URL of
// their source. Only the folders that they lie in are listed. News is a hint, which
// need not be right or complete; nil looks for itself.
func (r *Runner) RunOn(ctx context.Context, news map[string][]string) (Summary, error) {
	r.news = news
	defer func() { r.news = nil }()
	sum := Summary{Started: r.lake.Now(), BronzeVersion: -1, SilverVersion: -1}
	r.progress = newTracker(sum.Started, r.opts)
	r.portion = r.progress.waiting()
	r.recent = &recentKeys{}
	defer func() { r.recent, r.ahead, r.handed = nil, nil, nil }()
	err := r.run(ctx, &sum)
	sum.Finished = r.lake.Now()
	// A run that failed before there was a lake must not make one.
	if (sum.Changed() || err != nil && sum.BronzeVersion >= 0) && ctx.Err() == nil {
		if rerr := r.record(ctx, sum, err); rerr != nil && err == nil {
			err = fmt.Errorf("record the run: %w", rerr)
		}
	}
	return sum, err
}

func (r *Runner) run(ctx context.Context, sum *Summary) error {
	var at position
	for rounds := 0; ; {
		next, err := r.round(ctx, at, sum)
		if err != nil || next == nil {
			return err
		}
		if next.after == nil {
			if rounds++; rounds > maxRounds {
				return nil
			}
		}
		at = *next
	}
}

// round plans once, from a position on, and lands the plan, batch by batch. next
// is where another plan is due: behind this one, where more was found than is
// planned at once, or at the beginning, if the source or the lake moved meanwhile.
// It is nil if nothing is left.
func (r *Runner) round(ctx context.Context, at position, sum *Summary) (next *position, err error) {
	r.progress.stage("listing")
	base, err := r.loadState(ctx)
	if err != nil {
		return nil, err
	}
	// What an interrupted run landed goes up before anything new is read.
	if err := r.raise(ctx, base, sum); err != nil {
		return nil, err
	}
	beat := r.readHeartbeat(ctx)
	swept := beat.sweeps()
	changes, next, failed, err := r.plan(ctx, at, &beat, sum)
	if err != nil {
		return nil, err
	}
	denied := at.denied
	if base == nil && len(changes) > 0 {
		// A new lake: does its store keep the promise that commits stand on?
		if err := store.Probe(ctx, r.lake.Store(), "_auditlake/"); err != nil {
			return nil, err
		}
	}
	moved, err := r.landAll(ctx, base, changes, sum, &denied)
	if err != nil {
		return nil, err
	}
	if moved {
		return &position{}, nil
	}
	if next != nil {
		next.denied = denied
		return next, nil
	}
	if len(denied) > 0 {
		beat.forget(swept) // so that the next run looks for what could not be read
	}
	failed = append(failed, denied...)
	if sum.BronzeVersion >= 0 { // else there is no lake to look after
		if err := r.writeHeartbeat(ctx, beat); err != nil {
			failed = append(failed, err)
		}
	}
	if sum.Waiting > 0 && len(failed) == 0 {
		return &position{}, nil
	}
	return nil, errors.Join(failed...)
}

// landAll brings the changes to gold, batch by batch. moved says that another run
// has landed something of them, too.
func (r *Runner) landAll(ctx context.Context, base *delta.Snapshot, changes []landing.Change, sum *Summary, denied *[]error) (moved bool, err error) {
	var soon *upcoming
	defer func() { soon.drop() }()
	batches := landing.Batches(changes, r.limits.batchBytes, r.limits.largeBytes, r.limits.batchFiles)
	for i, batch := range batches {
		got, err := r.stagedAt(ctx, base, soon, batch)
		soon = nil
		if err != nil {
			return false, err
		}
		r.portion = got.progress
		if i+1 < len(batches) && r.limits.overlaps() {
			s := r.newStaging(base, r.progress.begin(sizeOf(batches[i+1])))
			soon = r.stageSoon(ctx, s, got.next(), batches[i+1])
		}
		err = r.commitStaged(ctx, base, got)
		if errors.Is(err, delta.ErrConflict) || errors.Is(err, delta.ErrAlreadyCommitted) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		sum.Files += got.files
		sum.Bytes += got.bytes
		sum.Bronze += got.rows
		sum.Superseded += got.superseded
		sum.Damaged = append(sum.Damaged, got.damaged...)
		sum.Waiting += int64(got.skipped)
		sum.Quality.add(got.quality)
		*denied = append(*denied, got.denied...)
		r.portion.landed(int64(len(batch)), got.rows)
		planned := r.statePath
		if base, err = r.loadState(ctx); err != nil {
			return false, err
		}
		if err := r.raise(ctx, base, sum); err != nil {
			return false, err
		}
		if r.statePath != planned {
			return true, nil // another run has landed something of what is left, too
		}
		r.portion.raised(sum)
		r.portion = r.progress.waiting()
		if r.handed = nil; got.ahead != nil {
			r.pages.recycle(got.ahead.pass.filled)
		}
	}
	return false, nil
}

// stagedAt is the batch staged where it goes now: as it comes, if it was begun for
// that place, else from the beginning.
func (r *Runner) stagedAt(ctx context.Context, base *delta.Snapshot, soon *upcoming, batch []landing.Change) (*staged, error) {
	at := placeOf(base, r.state)
	var progress *portion
	if soon != nil {
		<-soon.done
		soon.cancel()
		if soon.staged.at == at {
			return soon.staged, soon.err
		}
		progress = soon.staged.progress
	} else {
		progress = r.progress.begin(sizeOf(batch))
	}
	return r.newStaging(base, progress).stage(ctx, at, batch)
}

func sizeOf(batch []landing.Change) (bytes int64) {
	for _, c := range batch {
		bytes += c.Size
	}
	return bytes
}

// raise brings what bronze has, up to a snapshot, to silver and gold.
func (r *Runner) raise(ctx context.Context, bronze *delta.Snapshot, sum *Summary) error {
	if bronze != nil {
		sum.BronzeVersion = bronze.Version()
	}
	for attempt := 0; ; attempt++ {
		c, err := r.cleanse(ctx, bronze)
		sum.Silver += c.silver
		sum.Quarantine += c.quarantine
		sum.DuplicateKeys += c.counts.DuplicateKeys
		sum.TruncatedParams += c.counts.TruncatedParams
		sum.Quality.add(c.quality)
		if err == nil {
			if c.snap != nil {
				sum.SilverVersion = c.snap.Version()
			}
			var g refined
			g, err = r.refine(ctx, c.snap)
			sum.Gold += g.rows
			sum.Quality.add(Quality{NewTables: g.made, NewKeys: g.fields})
			for t := range g.tables {
				if !slices.Contains(sum.GoldTables, t) {
					sum.GoldTables = append(sum.GoldTables, t)
				}
			}
			slices.Sort(sum.GoldTables)
		}
		// Another run committed the same rows, or changed the table meanwhile: look
		// again at what is left.
		beaten := errors.Is(err, delta.ErrConflict) || errors.Is(err, delta.ErrAlreadyCommitted)
		if !beaten || attempt == maxRounds {
			return err
		}
	}
}

// loadState reads the landing state that bronze's newest version names.
func (r *Runner) loadState(ctx context.Context) (*delta.Snapshot, error) {
	snap, err := r.lake.Table(lake.Bronze).Snapshot(ctx)
	path := ""
	switch {
	case errors.Is(err, delta.ErrNoTable):
		snap = nil
	case err != nil:
		return nil, err
	default:
		if err := checkRules(snap); err != nil {
			return nil, err
		}
		if path, err = landingPath(snap); err != nil {
			return nil, err
		}
	}
	r.horizon = horizonOf(snap)
	if r.state == nil || path != r.statePath {
		state := landing.Empty(r.lake.Store())
		if path != "" {
			if state, err = landing.Load(ctx, r.lake.Store(), path, r.state); err != nil {
				return nil, err
			}
		}
		r.state, r.statePath = state, path
	}
	r.sources = map[int]store.Store{}
	for _, s := range r.opts.Sources {
		if err := distinct(s.URL, r.state.Sources); err != nil {
			return nil, err
		}
		r.sources[r.state.SourceIndex(s.URL)] = s.Store
	}
	return snap, nil
}

// distinct refuses a source that shares files with another one the lake knows:
// under two URLs a file is two files, and its lines would come in twice.
func distinct(url string, known []string) error {
	for _, k := range known {
		if overlap, err := store.Overlap(url, k); err == nil && overlap && url != k {
			return fmt.Errorf("source %s overlaps with %s, which the lake has been reading: its lines would come in twice; go on with that URL", url, k)
		}
	}
	return nil
}

// landingPath is where the landing state of a version of bronze is.
func landingPath(bronze *delta.Snapshot) (string, error) {
	path := bronze.Metadata().Configuration[landing.Property]
	if path == "" {
		return "", fmt.Errorf("table %s has no property %s: it was not written by auditlake", lake.Bronze, landing.Property)
	}
	return path, nil
}

// numbers are the columns of runs that are numbers. Those that nothing was measured
// for are not there.
func (s Summary) numbers() map[string]int64 {
	q := s.Quality
	out := map[string]int64{
		"filesRead": s.Files, "bytesRead": s.Bytes,
		"bronzeRows": s.Bronze, "quarantineRows": s.Quarantine,
		"silverRows": s.Silver, "goldRows": s.Gold, "goldTables": int64(len(s.GoldTables)),
		"supersededLines": s.Superseded, "duplicateKeys": s.DuplicateKeys,
		"truncatedParams": s.TruncatedParams, "unrecognisedKeys": s.Unrecognised,
		"bronzeVersion": s.BronzeVersion, "silverVersion": s.SilverVersion,
		"refusedText": q.Refused.Text, "refusedJson": q.Refused.JSON, "refusedTime": q.Refused.Time, "refusedDamaged": q.Refused.Damaged,
		"repeatedEvents": q.Repeated, "newTables": int64(len(q.NewTables)), "newKeys": q.NewKeys,
		"overwrittenFiles": q.Overwrites, "overwriteLines": q.OverwriteLines, "lostLines": q.Lost,
	}
	if q.Lag.Events > 0 {
		out["deliveryLagP50Ms"] = q.Lag.Percentile(0.5).Milliseconds()
		out["deliveryLagP95Ms"] = q.Lag.Percentile(0.95).Milliseconds()
		out["deliveryLagMaxMs"] = q.Lag.Max.Milliseconds()
	}
	return out
}

// record appends the run to the table of runs.
func (r *Runner) record(ctx context.Context, sum Summary, failure error) error {
	rows := columnar.NewBatch(runsSchema())
	outcome := "succeeded"
	if failure != nil {
		outcome = "failed"
	}
	for i, f := range rows.Schema {
		v := rows.Columns[i]
		switch f.Name {
		case "startedAt":
			v.AppendInt(sum.Started.UnixMicro())
		case "finishedAt":
			v.AppendInt(sum.Finished.UnixMicro())
		case "outcome":
			v.AppendString(outcome)
		case "error":
			if failure == nil {
				v.AppendNull()
			} else {
				v.AppendString(strings.ToValidUTF8(failure.Error(), "\uFFFD"))
			}
		case "engine":
			v.AppendString(r.opts.Engine)
		default:
			if n, ok := sum.numbers()[f.Name]; ok {
				v.AppendInt(n)
			} else {
				v.AppendNull()
			}
		}
	}
	rows.Len = 1
	table := r.lake.Table(lake.Runs)
	w := table.NewWriter(rows.Schema, lake.Layout{})
	if err := w.Write(ctx, rows); err != nil {
		return err
	}
	adds, err := w.Close(ctx)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		base, _, err := head(ctx, table, "")
		if err != nil {
			return err
		}
		tx := delta.Tx{Base: base, Operation: "WRITE", Parameters: map[string]any{"mode": "Append"}, Metrics: metrics(adds, 0, 1), Adds: adds}
		if base == nil {
			tx.Metadata = newTable{schema: runsSchema(), properties: properties(nil, nil)}.metadata()
			delete(tx.Metadata.Configuration, "delta.dataSkippingStatsColumns")
		} else {
			tx.Metadata = grown(base, runsSchema())
		}
		_, err = table.Commit(ctx, tx)
		if !errors.Is(err, delta.ErrConflict) || attempt == maxRounds {
			return err
		}
	}
}

// SourceOf is the source in a store, identified by its URL without options: the
// same bucket through another endpoint is the same source.
func SourceOf(s store.Store) Source {
	url, _, _ := strings.Cut(s.String(), "?")
	return Source{URL: url, Store: s}
}
