package etl

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/store"
)

// heartbeat says when the lake was last looked after, and how far each source was
// looked at. It is a hint: without it the next run sweeps.
type heartbeat struct {
	At      time.Time           `json:"at"`
	Engine  string              `json:"engine"`
	Sources map[string]lookedAt `json:"sources"` // by URL
}

// lookedAt is what the last look at a source told.
type lookedAt struct {
	LastSweep time.Time `json:"lastSweep"`
	Newest    string    `json:"newest"`  // latest delivery date, yyyy-mm-dd
	Parents   []string  `json:"parents"` // folders that hold date= folders
}

const heartbeatKey = "_auditlake/heartbeat.json"

func (r *Runner) readHeartbeat(ctx context.Context) heartbeat {
	var b heartbeat
	if body, _, err := store.ReadAll(ctx, r.lake.Store(), heartbeatKey); err != nil || json.Unmarshal(body, &b) != nil {
		b = heartbeat{}
	}
	if b.Sources == nil {
		b.Sources = map[string]lookedAt{}
	}
	return b
}

func (r *Runner) writeHeartbeat(ctx context.Context, b heartbeat) error {
	b.At, b.Engine = r.lake.Now(), r.opts.Engine
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if _, err := r.lake.Store().Put(ctx, heartbeatKey, body); err != nil {
		return fmt.Errorf("write heartbeat: %w", err)
	}
	return nil
}

// sweeps is when each source was last swept.
func (b heartbeat) sweeps() map[string]time.Time {
	out := map[string]time.Time{}
	for url, s := range b.Sources {
		out[url] = s.LastSweep
	}
	return out
}

// forget takes the sweeps since back.
func (b heartbeat) forget(since map[string]time.Time) {
	for url, s := range b.Sources {
		s.LastSweep = since[url]
		b.Sources[url] = s
	}
}

// window says how much of a source a run looks at: where news is, if it runs on
// news. Else everything where that is cheap, was asked for, or has not been done for
// long, and the days before its newest delivery otherwise.
func (r *Runner) window(url string, last lookedAt) landing.Window {
	if r.news != nil {
		return landing.Window{Keys: append([]string{}, r.news[url]...), Parents: last.Parents}
	}
	now := r.lake.Now()
	age := now.Sub(last.LastSweep)
	if r.opts.Sweep || r.state.CheapSweep() || age >= r.opts.SweepEvery || age < 0 || last.Newest == "" {
		return landing.Window{}
	}
	return landing.Window{
		Since:   landing.Since(last.Newest, now.Format(time.DateOnly), r.opts.LookbackDays),
		Parents: last.Parents,
	}
}

// position is where a plan begins. A run whose changes are too many for one plan
// makes several, each behind the one before and with the same windows: what it
// lands meanwhile must not change what it looks at.
type position struct {
	after   *landing.File             // nil: at the beginning
	windows map[string]landing.Window // by source URL, of the first plan
	denied  []error                   // what the plans before could not read
	failed  map[string]error          // by URL, of sources that a plan before could not list
}

// plan lists the sources and compares them with the state. next is where the plan
// after it begins, if more was found than is planned at once. A source that cannot
// be listed does not keep the others waiting: it is one of the errors in failed.
func (r *Runner) plan(ctx context.Context, at position, beat *heartbeat, sum *Summary) (changes []landing.Change, next *position, failed []error, err error) {
	sum.Listed, sum.Unrecognised, sum.Examples, sum.Empty = 0, 0, nil, nil
	sum.Swept = true
	if at.after == nil {
		sum.Waiting = 0
		at.windows, at.failed = map[string]landing.Window{}, map[string]error{}
		for _, src := range r.opts.Sources {
			at.windows[src.URL] = r.window(src.URL, beat.Sources[src.URL])
		}
	}
	p := r.state.NewPlan(landing.PlanOptions{Horizon: r.horizon, Limit: r.limits.planFiles, After: at.after})
	for _, src := range r.opts.Sources {
		if err := at.failed[src.URL]; err != nil {
			failed = append(failed, err) // what it has before this plan would be missed
			continue
		}
		w, last := at.windows[src.URL], beat.Sources[src.URL]
		var broken error // of the lake
		got, err := landing.Discover(ctx, src.Store, r.state.SourceIndex(src.URL), w, func(f landing.File) error {
			broken = p.Add(ctx, f)
			return broken
		})
		if broken != nil {
			return nil, nil, nil, broken
		}
		if err != nil {
			at.failed[src.URL] = fmt.Errorf("list source %s: %w", src.URL, err)
			failed = append(failed, at.failed[src.URL])
			continue
		}
		sum.Listed += got.Files
		sum.Unrecognised += int64(got.Unrecognised)
		sum.Examples = append(sum.Examples, got.Examples...)
		last.Newest = max(last.Newest, got.Newest)
		last.Parents = got.Parents
		if w.Sweep() {
			last.LastSweep = r.lake.Now()
			if got.Files == 0 {
				sum.Empty = append(sum.Empty, src.URL)
			}
		} else {
			sum.Swept, sum.Since = false, w.Since
		}
		beat.Sources[src.URL] = last
	}
	changes, more, err := p.Changes(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	if more {
		at.after = &changes[len(changes)-1].File
		next = &at
	}
	r.progress.planned(p.Files, p.Bytes)
	return changes, next, failed, nil
}
