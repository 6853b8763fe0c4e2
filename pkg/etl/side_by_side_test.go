package etl_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

var seeds = flag.Int("seeds", 12, "schedules of each TestSideBySide…")

// policy has every layer lose rows, each at another time.
func policy() etl.RetentionOptions {
	return etl.RetentionOptions{BronzeDays: 2, SilverDays: 3, GoldDays: 4, QuarantineDays: 1}
}

// crowd is a lake on which several processes are at work at once: with files
// that vacuum is to delete, rows that retention is to remove, and deliveries that
// are not landed yet.
type crowd struct {
	base *aged
	want map[string][]string // once everything was done in turn
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{base: newAged(t)}
	c.base.days(1)
	c.base.must(optimizeJob)
	c.base.must(replayJob(""))
	c.base.pass(8 * 24 * time.Hour)
	c.base.days(4)
	alone := c.base.copyOf(t)
	for part := range lastParts {
		c.deliver(alone, part)
	}
	c.want = c.settle(t, alone)
	return c
}

const lastParts = 2

// deliver brings the last delivery: new keys, a new service, a late event and a
// line that is none. Its second part overwrites the first with more lines.
func (c *crowd) deliver(w *aged, part int) {
	lines := []string{
		eventAt(w.now(), 7000, "clusters", "create", `{"new":"x"}`), eventAt(w.now(), 7001, "fresh", "x", ""),
		eventAt(w.now().AddDate(0, 0, -10), 7002, "clusters", "edit", ""), "no event at last",
		eventAt(w.now(), 7003, "clusters", "create", `{"newer":"x"}`), eventAt(w.now(), 7004, "fresher", "x", ""),
	}
	w.deliver("workspaceId=42/date="+w.now().Format(time.DateOnly)+"/last.json", lines[:4+2*part]...)
}

// settle does what is left to do, alone, and gives the rows.
func (c *crowd) settle(t *testing.T, w *aged) map[string][]string {
	t.Helper()
	w.sound()
	w.run()
	w.sound()
	w.retain(policy())
	w.sound()
	return content(t, w.lake)
}

func crowdJobs() []job {
	return []job{
		{"run", runJob(etl.Options{})},
		{"optimize", optimizeJob},
		{"vacuum", vacuumJob},
		{"replay", replayJob("")},
		{"replay of one table", replayJob("clusters")},
		{"retention", retainJob(policy())},
	}
}

// TestOneInsideTheOther stops each job at its store calls, has a second process
// do each job meanwhile, and goes on.
func TestOneInsideTheOther(t *testing.T) {
	tally := storetest.NewTally(t, "one inside the other")
	c := newCrowd(t)
	for _, outer := range crowdJobs() {
		for _, inner := range crowdJobs() {
			t.Run(inner.name+" inside "+outer.name, func(t *testing.T) {
				t.Parallel()
				counting := c.base.copyOf(t)
				c.deliver(counting, 0)
				faulty := storetest.NewFaulty(counting.lake)
				if err := outer.do(t.Context(), counting.open(faulty), etl.SourceOf(counting.source)); err != nil {
					t.Fatal(err)
				}
				calls := make([]int, faulty.Calls())
				for i := range calls {
					calls[i] = i + 1
				}
				for _, n := range sample(calls) {
					tally.Run(t, fmt.Sprintf("at call %d", n), func(t *testing.T) { c.nest(t, outer, inner, n) })
				}
			})
		}
	}
}

func (c *crowd) nest(t *testing.T, outer, inner job, n int) {
	w := c.base.copyOf(t)
	c.deliver(w, 0)
	faulty := storetest.NewFaulty(w.lake)
	var once sync.Once
	faulty.Before(func(storetest.Op, string) {
		if faulty.Calls() < n {
			return
		}
		once.Do(func() {
			c.deliver(w, 1)
			if err := inner.do(t.Context(), w.open(w.lake), etl.SourceOf(w.source)); err != nil && !errors.Is(err, etl.ErrBusy) {
				t.Errorf("%s: %v", inner.name, err)
			}
		})
	})
	if err := outer.do(t.Context(), w.open(faulty), etl.SourceOf(w.source)); err != nil && !errors.Is(err, etl.ErrBusy) {
		t.Errorf("%s: %v", outer.name, err)
	}
	c.deliver(w, 1)
	same(t, "one inside the other", c.want, c.settle(t, w))
}

// failing is the store of a process of which rate in a hundred calls go wrong.
func failing(w *aged, rate int, rng *rand.Rand) *storetest.Faulty {
	faulty := storetest.NewFaulty(w.lake)
	faulty.FailBy(func(_ int, op storetest.Op) storetest.Fault {
		faults := storetest.FaultsOf(op)
		if rng.IntN(100) >= rate {
			return 0
		}
		return faults[rng.IntN(len(faults))]
	})
	return faulty
}

// process does a job with a store that fails now and then: one in three does not,
// and in one in three 8 % of the calls go wrong, which few jobs survive.
func process(ctx context.Context, t *testing.T, w *aged, j job, rng *rand.Rand) {
	rate := []int{0, 2, 8}[rng.IntN(3)]
	err := j.do(ctx, w.open(failing(w, rate, rng)), etl.SourceOf(w.source))
	if err != nil && !expected(err) && !errors.Is(err, etl.ErrBusy) {
		t.Errorf("%s: %v", j.name, err)
	}
}

// TestSideBySideOnANewLake lets three runners, two of them with failing stores,
// work on one lake while the source moves on. The third sees to it that every
// version of a file is read.
func TestSideBySideOnANewLake(t *testing.T) {
	tally := storetest.NewTally(t, "schedules on a new lake")
	want := settled(t, 3)
	for seed := range *seeds {
		tally.Run(t, "seed "+strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			w := newAged(t)
			for round, step := range deliveries(w.world) {
				step()
				var wg sync.WaitGroup
				for runner := range 2 {
					rng := rand.New(rand.NewPCG(uint64(seed), uint64(10*round+runner)))
					wg.Go(func() { process(t.Context(), t, w, crowdJobs()[0], rng) })
				}
				w.run()
				wg.Wait()
			}
			w.run()
			same(t, "side by side", want, content(t, w.lake))
			w.sound()
		})
	}
}

// TestSideBySide lets three processes work on one lake, each of which does one
// job after another with a failing store, while the source moves on. In the end
// the rows are those of a lake on which everything was done in turn.
func TestSideBySide(t *testing.T) {
	tally := storetest.NewTally(t, "schedules")
	c := newCrowd(t)
	for seed := range *seeds {
		tally.Run(t, "seed "+strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			w := c.base.copyOf(t)
			c.deliver(w, 0)
			var wg sync.WaitGroup
			for runner := range 3 {
				rng := rand.New(rand.NewPCG(uint64(seed), uint64(runner)))
				wg.Go(func() {
					for range 2 {
						process(t.Context(), t, w, crowdJobs()[rng.IntN(len(crowdJobs()))], rng)
					}
				})
			}
			c.deliver(w, 1)
			wg.Wait()
			same(t, "side by side", c.want, c.settle(t, w))
		})
	}
}

// TestUpkeepBesideRuns lets runs, OPTIMIZE, vacuum, and a replay at the end go on
// at once.
func TestUpkeepBesideRuns(t *testing.T) {
	w := newAged(t)
	w.hours(4)
	for round := range 6 {
		failed := make(chan error, 16)
		done := make(chan struct{})
		jobs := crowdJobs()[1:5]
		if round%2 == 0 {
			jobs = jobs[:2]
		}
		go func() {
			defer close(done)
			for i := range 6 {
				w.deliver(fmt.Sprintf("workspaceId=1/date=2024-03-10/r%d_%d.json", round, i),
					event(i, "clusters", "create", fmt.Sprintf(`{"r%d":"x"}`, i)), event(i, fmt.Sprintf("t%d", i%2), "x", ""), fmt.Sprint("no event ", i))
				if _, err := w.runOn(w.lake, etl.Options{}); err != nil {
					failed <- fmt.Errorf("run: %w", err)
				}
			}
		}()
		for _, j := range jobs {
			if err := j.do(t.Context(), w.open(w.lake), etl.SourceOf(w.source)); err != nil && !errors.Is(err, etl.ErrBusy) {
				failed <- fmt.Errorf("%s: %w", j.name, err)
			}
		}
		<-done
		close(failed)
		for err := range failed {
			t.Errorf("round %d: %v", round, err)
		}
		w.run()
		r := w.sound()
		if want := int64(16 + 18*(round+1)); r.Bronze != want || r.GoldTotal != r.Silver || r.SilverBehind+r.GoldBehind != 0 {
			t.Fatalf("round %d: report %+v, want %d rows in bronze", round, r, want)
		}
	}
	for table, rows := range content(t, w.lake) {
		for i, row := range rows {
			if i > 0 && row == rows[i-1] && !strings.Contains(row, "no event") {
				t.Errorf("%s has a row twice: %s", table, row)
			}
		}
	}
}
