// Package generate writes realistic Databricks audit logs in the layout in
// which Databricks delivers them, and the exact truth about what it wrote.
//
//	truth, err := generate.Write(ctx, cfg, time.Time{}, sink)
//
// The same Config gives the same bytes, on any machine and with any number of
// cores: everything is drawn from Config.Seed and nothing from the clock.
//
// # How it works
//
//	world    users, jobs, workspaces; fixed by the seed
//	planner  one day at a time: a list of events of 56 bytes each
//	files    events of one workspace and one slot of time become one object,
//	         which may be delivered again with more lines
//	writer   turns one event into one line; a pure function of event and world
//	Truth    counts what the writer decided, over the newest version of each file,
//	         and has package truth answer all queries from the lines
//
// A line is never kept: a file that is delivered again is written again from
// its events, so memory is bounded by the events of about a day.
//
// # Layout
//
//	workspaceId=<id>/date=<yyyy-mm-dd>/auditlogs_<internal-id>.json[.gz]
//	workspaceId=0/date=<yyyy-mm-dd>/auditlogs_<internal-id>.json
//	date=<yyyy-mm-dd>/auditlogs_<internal-id>.json            the older layout
//	_databricks_dev, .hidden/x.json, .../_SUCCESS             to be ignored
//	workspaceId=<id>/date=<yyyy-mm-dd>/readme.txt             not recognisable
//
// # What Auditlake makes of it
//
// Truth follows these rules. A bronze row is one non-blank line of the newest
// version of a file. It goes to quarantine when it is not valid UTF-8, not a
// JSON object, has no integer timestamp, or lies before 2013 or more than two
// days ahead. Everything else is one silver row and one row of one gold table.
package generate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/auditlake/auditlake/internal/plant"
	"github.com/auditlake/auditlake/internal/truth"
)

// Scenario is the story the logs tell.
type Scenario string

const (
	// Default is ordinary traffic.
	Default Scenario = "default"
	// Article is ordinary traffic with the job storm of 2019-12-28 that the
	// article "Monitor Your Databricks Workspace with Audit Logs" finds.
	Article Scenario = "article"
	// Detections is ordinary traffic with stories in it for every query of the
	// catalog, of package plant.
	Detections Scenario = "detections"
)

// Detail is how much the truth has.
type Detail string

const (
	// Basic is the numbers of the layers and the panels of the article.
	Basic Detail = "basic"
	// Full is also the answers of all queries. It reads every line again and
	// keeps the events.
	Full Detail = "full"
)

const (
	defaultWorkspaces = 4
	maxDays           = 3700
	maxEventsPerDay   = 20_000_000
	maxWorkspaces     = 1000
	// fullEvents is up to how many events the truth is full unless asked.
	// It takes some 40 µs an event, many times what writing it does.
	fullEvents = 100_000
)

// Config says what to generate. The zero Scenario is Default, zero Workspaces
// are four.
type Config struct {
	Seed  uint64
	Start time.Time // first day, UTC midnight
	Days  int
	// EventsPerDay is a mean over the week: weekdays have more, weekends less.
	EventsPerDay int
	Scenario     Scenario
	Workspaces   int // besides workspaceId=0, which carries account events
	// Truth is Full for up to 100,000 events and for Detections, unless said.
	Truth Detail
}

// Validate reports everything that is wrong with c.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	start := c.Start.UTC()
	if !start.Equal(start.Truncate(24 * time.Hour)) {
		errs = append(errs, fmt.Errorf("start %s is not midnight UTC", c.Start.Format(time.RFC3339)))
	}
	if start.Year() < 2013 || start.Year() >= 2090 {
		errs = append(errs, fmt.Errorf("start %s is outside 2013 to 2089", start.Format(time.DateOnly)))
	}
	if c.Days < 1 || c.Days > maxDays {
		errs = append(errs, fmt.Errorf("days is %d, want 1 to %d", c.Days, maxDays))
	}
	if c.EventsPerDay < 1 || c.EventsPerDay > maxEventsPerDay {
		errs = append(errs, fmt.Errorf("events per day is %d, want 1 to %d", c.EventsPerDay, maxEventsPerDay))
	}
	if c.Workspaces < 1 || c.Workspaces > maxWorkspaces {
		errs = append(errs, fmt.Errorf("workspaces is %d, want 1 to %d", c.Workspaces, maxWorkspaces))
	}
	switch c.Scenario {
	case Default:
	case Article:
		if day := int(stormDate.Sub(start) / (24 * time.Hour)); stormDate.Before(start) || day >= c.Days {
			errs = append(errs, fmt.Errorf("scenario %s needs %s among its %d days from %s",
				Article, stormDate.Format(time.DateOnly), c.Days, start.Format(time.DateOnly)))
		}
	case Detections:
		if c.Days < plant.Days {
			errs = append(errs, fmt.Errorf("scenario %s needs %d days, not %d", Detections, plant.Days, c.Days))
		}
	default:
		errs = append(errs, fmt.Errorf("unknown scenario %q, want %s, %s or %s", c.Scenario, Default, Article, Detections))
	}
	if c.Truth != Basic && c.Truth != Full {
		errs = append(errs, fmt.Errorf("unknown detail of the truth %q, want %s or %s", c.Truth, Basic, Full))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	if c.Scenario == "" {
		c.Scenario = Default
	}
	if c.Workspaces == 0 {
		c.Workspaces = defaultWorkspaces
	}
	if c.Truth == "" {
		c.Truth = Basic
		if c.Days*c.EventsPerDay <= fullEvents || c.Scenario == Detections {
			c.Truth = Full
		}
	}
	c.Start = c.Start.UTC()
	return c
}

// Delivery is one object written at one moment. The same Key may be delivered
// again later with lines inserted anywhere. Body is valid until the next
// iteration.
type Delivery struct {
	At   time.Time
	Key  string
	Body []byte
}

// Deliveries yields everything cfg describes in order of time.
func Deliveries(cfg Config) (iter.Seq[Delivery], error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	cfg = cfg.withDefaults()
	return func(yield func(Delivery) bool) {
		w := newWriter(newWorld(cfg))
		for s := range schedule(w.world) {
			body := w.file(s.file, s.version, ignore)
			if !yield(Delivery{At: time.UnixMilli(s.at).UTC(), Key: s.file.key, Body: body}) {
				return
			}
		}
	}, nil
}

// Write passes every delivery up to and including until to sink, in order of
// time, and returns the truth about them. A zero until means all. The body is
// valid until sink returns.
func Write(ctx context.Context, cfg Config, until time.Time, sink func(key string, body []byte) error) (*Truth, error) {
	return WriteBetween(ctx, cfg, time.Time{}, until, sink)
}

// WriteBetween is Write for a sink that already holds the deliveries up to
// and including after. The truth still covers everything up to until.
func WriteBetween(ctx context.Context, cfg Config, after, until time.Time, sink func(key string, body []byte) error) (*Truth, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	cfg = cfg.withDefaults()
	w := newWriter(newWorld(cfg))
	tally := newTally(w.world)
	var log *truth.Log
	if cfg.Truth == Full {
		log = truth.NewLog()
	}
	for s := range schedule(w.world) {
		at := time.UnixMilli(s.at)
		if !until.IsZero() && at.After(until) {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		newest := s.next == 0 || (!until.IsZero() && time.UnixMilli(s.next).After(until))
		deliver := at.After(after)
		if !newest && !deliver {
			continue
		}
		see := ignore
		if newest && s.file.recognised() {
			see = tally.add
		}
		body := w.file(s.file, s.version, see)
		if newest && s.file.recognised() {
			tally.files++
			tally.bytes += int64(len(body))
			if log != nil {
				log.Add(s.file.key, w.b)
			}
		}
		if !deliver {
			continue
		}
		if err := sink(s.file.key, body); err != nil {
			return nil, fmt.Errorf("deliver %s: %w", s.file.key, err)
		}
	}
	t := tally.truth(until)
	if log != nil {
		t.Queries = log.Cases(cfg.Start, cfg.Start.AddDate(0, 0, cfg.Days))
	}
	t.Planted = w.world.script.Marks
	return t, nil
}

// ignore is for lines that the truth does not count: those of a version that
// was overwritten.
func ignore(*decided) {}
