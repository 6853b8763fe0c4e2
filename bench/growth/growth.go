// Package growth measures what happens to Auditlake when a lake grows and when many
// ask at once. It compares Auditlake with itself.
//
//	window     the same 7-day panels on lakes of 30 to 730 days of equal density
//	history    loading a table with 10 to 10,000 commits in its log
//	known      a run of the ETL that knows 7,000 to 700,000 delivered files
//	crowd      1 to 64 panels at once, through the built plugin
//	dashboard  twelve panels at once, as a browser refreshes them
//	backfill   panels while the plugin brings in a backlog, and without
//	latency    the dashboard over a store whose first byte takes 30 ms
//
// Files are in the page cache of the system. Cold is a lake, or a plugin, that has
// answered nothing yet.
package growth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/auditlake/auditlake/bench/lakes"
	"github.com/auditlake/auditlake/bench/measure"
)

// Part is the name under which the figures are kept.
const Part = "growth"

// Figures are what a measurement found.
type Figures struct {
	Taken     measure.Taken `json:"taken"`
	Window    []Window      `json:"window"`
	History   []History     `json:"history"`
	Known     []Known       `json:"known"`
	Crowd     []Crowd       `json:"crowd"`
	Dashboard Dashboard     `json:"dashboard"`
	Backfill  Backfill      `json:"backfill"`
	Latency   []Latency     `json:"latency"`
}

// sizes are how much is measured. Full is bounded so that all of it takes less than
// 25 minutes on two cores.
type sizes struct {
	eventsPerDay int
	days         []int // of the lakes, ascending
	commits      []int // ascending
	known        []int // days of filesPerDay files each, ascending
	clients      []int
	crowd        time.Duration // of each number of clients
	refreshes    int           // of a dashboard
	backlog      int           // days that the backfill has to bring in
	backfill     time.Duration // at most, of each of its two halves
	firstByte    time.Duration
	warm, cold   int // answers
}

func sizesOf(o measure.Options) sizes {
	if o.Scale == measure.Small {
		return sizes{
			eventsPerDay: 500 * o.Times, days: []int{10, 20}, commits: []int{10, 100}, known: []int{7, 14},
			clients: []int{1, 4}, crowd: 200 * time.Millisecond, refreshes: 2, backlog: 120, backfill: 500 * time.Millisecond,
			firstByte: 2 * time.Millisecond, warm: 2, cold: 1,
		}
	}
	return sizes{
		eventsPerDay: 4000 * o.Times, days: []int{30, 90, 365, 730}, commits: []int{10, 1000, 10_000}, known: []int{7, 70, 700},
		clients: []int{1, 2, 4, 8, 16, 32, 64}, crowd: 4 * time.Second, refreshes: 30, backlog: 365, backfill: 25 * time.Second,
		firstByte: 30 * time.Millisecond, warm: max(21, 3*o.Rounds), cold: max(5, o.Rounds),
	}
}

// bench is one measurement under way.
type bench struct {
	measure.Options
	sizes
	lakes []*lakes.Made // one for each of days
	out   *Figures
}

// Run measures and keeps the figures.
func Run(ctx context.Context, o measure.Options) error {
	f, err := Measure(ctx, o)
	if err != nil {
		return err
	}
	return measure.Save(o, Part, f)
}

// Measure is Run without keeping anything. A lake that is in the scratch folder
// already is taken from there, and all of them are removed at the end.
func Measure(ctx context.Context, o measure.Options) (_ *Figures, err error) {
	b := &bench{Options: o, sizes: sizesOf(o), out: &Figures{}}
	defer func() {
		for _, m := range b.lakes {
			err = errors.Join(err, m.Remove())
		}
	}()
	b.out.Taken = measure.Taken{
		At: time.Now().UTC(), Commit: measure.Commit(ctx, o.Root), Rounds: b.warm, Scale: o.Scale, Times: o.Times,
		Machine: measure.Describe(ctx, nil),
	}
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"lakes", b.makeLakes},
		{"window", b.measureWindow},
		{"history", b.measureHistory},
		{"known", b.measureKnown},
		{"plugin", b.measurePlugin},
		{"latency", b.measureLatency},
	} {
		began := time.Now()
		if err := step.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
		b.Logf("%s: %s", step.name, time.Since(began).Round(100*time.Millisecond))
	}
	return b.out, nil
}

func (b *bench) makeLakes(ctx context.Context) error {
	for _, days := range b.days {
		m, err := lakes.Make(ctx, b.Scratch, lakes.Spec{Days: days, EventsPerDay: b.eventsPerDay})
		if err != nil {
			return err
		}
		b.Logf("lake of %d days: %d events, made in %s", days, m.Events, m.Took.Round(time.Second))
		b.lakes = append(b.lakes, m)
	}
	return nil
}

// largest is the lake with the most days.
func (b *bench) largest() *lakes.Made { return b.lakes[len(b.lakes)-1] }

// Spread is how long many of the same thing took, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	Max float64 `json:"max"`
	N   int     `json:"n"`
}

// spreadOf takes percentiles as nearest rank.
func spreadOf(took []time.Duration) Spread {
	if len(took) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(took))
	at := func(percent int) float64 { return millis(sorted[max(1, (percent*len(sorted)+99)/100)-1]) }
	return Spread{P50: at(50), P95: at(95), Max: at(100), N: len(sorted)}
}

func (s Spread) String() string { return fmt.Sprintf("%.1f / %.1f", s.P50, s.P95) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
