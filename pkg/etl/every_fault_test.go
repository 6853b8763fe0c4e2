package etl_test

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

var (
	everyFault = flag.Bool("every-fault", false, "break every store call in every way, and stop at every call for other work, which takes minutes, instead of a sample")
	sampled    = flag.Int("sampled", 2, "faults of each kind of work, and calls of each job, that are tried without -every-fault")
)

// job is what a process does to a lake.
type job struct {
	name string
	do   func(context.Context, *lake.Lake, etl.Source) error
}

// runJob is an ETL run.
func runJob(o etl.Options) func(context.Context, *lake.Lake, etl.Source) error {
	return func(ctx context.Context, l *lake.Lake, source etl.Source) error {
		o.Sources = []etl.Source{source}
		r, err := etl.NewRunner(l, o)
		if err == nil {
			_, err = r.Run(ctx)
		}
		return err
	}
}

func optimizeJob(ctx context.Context, l *lake.Lake, _ etl.Source) error {
	_, err := etl.Optimize(ctx, l, etl.OptimizeOptions{MinFiles: 2})
	return err
}

func vacuumJob(ctx context.Context, l *lake.Lake, _ etl.Source) error {
	_, err := etl.Vacuum(ctx, l, etl.VacuumOptions{})
	return err
}

func retainJob(o etl.RetentionOptions) func(context.Context, *lake.Lake, etl.Source) error {
	return func(ctx context.Context, l *lake.Lake, _ etl.Source) error {
		_, err := etl.Retain(ctx, l, o)
		return err
	}
}

// replayJob rebuilds one gold table, or everything if table is empty.
func replayJob(table string) func(context.Context, *lake.Lake, etl.Source) error {
	return func(ctx context.Context, l *lake.Lake, _ etl.Source) error {
		_, err := etl.Replay(ctx, l, etl.ReplayOptions{Table: table})
		return err
	}
}

// maintainJob does what is due of all tables.
func maintainJob(o etl.RetentionOptions) func(context.Context, *lake.Lake, etl.Source) error {
	return func(ctx context.Context, l *lake.Lake, _ etl.Source) error {
		if _, err := l.Gold(ctx); err != nil {
			return err
		}
		for _, name := range []string{lake.Bronze, lake.Silver, lake.Quarantine} {
			if _, err := l.Table(name).Snapshot(ctx); err != nil && !errors.Is(err, delta.ErrNoTable) {
				return err
			}
		}
		_, err := etl.Maintain(ctx, l, etl.MaintainOptions{Retention: o})
		return err
	}
}

// leasedJob merges files while it holds the lease, as the command line does.
func leasedJob(ctx context.Context, l *lake.Lake, source etl.Source) error {
	lease, err := etl.AcquireLease(ctx, l, rand.Text(), time.Minute)
	if errors.Is(err, etl.ErrLeased) {
		return optimizeJob(ctx, l, source)
	}
	if err != nil {
		return err
	}
	return errors.Join(optimizeJob(ctx, l, source), lease.Renew(ctx), lease.Release(ctx))
}

// work is a job that must be harmless wherever it is cut off, and the lake it is
// done to.
type work struct {
	job
	prepare func(*aged)
	reads   bool // the source, whose calls go wrong too
}

func works() []work {
	ingest := func(name string, prepare func(*aged), o etl.Options) work {
		return work{job{name, runJob(o)}, prepare, true}
	}
	deliver := func(step int) func(*aged) {
		return func(w *aged) {
			steps := deliveries(w.world)
			for _, step := range steps[:step-1] {
				step()
				w.run()
			}
			steps[step-1]()
		}
	}
	upkeep := func(name string, prepare func(*aged), do func(context.Context, *lake.Lake, etl.Source) error) work {
		return work{job{name, do}, prepare, false}
	}
	mixed := etl.RetentionOptions{BronzeDays: 2, SilverDays: 3, GoldDays: 2, QuarantineDays: 1}
	return []work{
		ingest("first delivery", deliver(1), etl.Options{}),
		ingest("overwritten file, new keys, new service", deliver(2), etl.Options{}),
		ingest("lines that are gone and doubled", deliver(3), etl.Options{}),
		ingest("several batches", deliver(2), etl.Options{BatchBytes: 1}),
		ingest("checkpoints of every table", func(w *aged) {
			w.hours(10) // version 10 is the next
			w.deliver(file1, event(1, "clusters", "create", `{"z":"1"}`), event(2, "jobs", "runNow", ""), "no event")
		}, etl.Options{}),
		upkeep("silver is behind", func(w *aged) { w.cutOff("silver/") }, runJob(etl.Options{})),
		upkeep("gold is behind", func(w *aged) { w.cutOff("gold/") }, runJob(etl.Options{})),
		upkeep("identities are behind", func(w *aged) { w.cutOff("identities/") }, runJob(etl.Options{})),
		upkeep("identities asked for", func(w *aged) {
			w.hours(2)
			w.deliver(file1, w.owner(1, "9"), w.owner(2, "12"))
			w.run()
		}, identifyJob),
		upkeep("optimize", func(w *aged) { w.hours(3) }, optimizeJob),
		upkeep("optimize under a lease", func(w *aged) { w.hours(2) }, leasedJob),
		upkeep("vacuum", func(w *aged) {
			w.hours(3)
			w.must(optimizeJob)
			w.pass(10 * 24 * time.Hour)
		}, vacuumJob),
		upkeep("log clean-up", func(w *aged) {
			w.hours(12)
			for range 2 { // merges, then vacuums: the logs are what is left to do
				w.must(maintainJob(etl.RetentionOptions{}))
				w.pass(10 * 24 * time.Hour)
			}
			w.pass(30 * 24 * time.Hour)
		}, maintainJob(etl.RetentionOptions{})),
		upkeep("retention", func(w *aged) { w.days(3) }, retainJob(mixed)),
		upkeep("replay", func(w *aged) { w.hours(2) }, replayJob("")),
		upkeep("replay of one table", func(w *aged) { w.hours(2) }, replayJob("clusters")),
		upkeep("replay after retention", func(w *aged) {
			w.days(3)
			w.retain(mixed)
		}, replayJob("")),
		upkeep("everything that is due", func(w *aged) { w.days(9) }, maintainJob(etl.RetentionOptions{BronzeDays: 4, SilverDays: 4})),
	}
}

// must does a job without faults.
func (a *aged) must(do func(context.Context, *lake.Lake, etl.Source) error) {
	a.t.Helper()
	if err := do(a.t.Context(), a.open(a.lake), etl.SourceOf(a.source)); err != nil {
		a.t.Fatal(err)
	}
}

// cutOff leaves a delivery of new keys behind by a run that died after its first
// object below prefix.
func (a *aged) cutOff(prefix string) {
	a.t.Helper()
	a.hours(2)
	a.deliver(file1, event(1, "clusters", "create", `{"z":"1","user_id":"109"}`), event(2, "fresh", "x", ""), "no event")
	faulty := storetest.NewFaulty(a.lake)
	var reached atomic.Bool
	faulty.Before(func(op storetest.Op, key string) {
		if op == storetest.OpPut && strings.HasPrefix(key, prefix) {
			reached.Store(true)
		}
	})
	faulty.FailBy(func(int, storetest.Op) storetest.Fault {
		if reached.Load() {
			return storetest.CrashBefore
		}
		return 0
	})
	if err := runJob(etl.Options{})(a.t.Context(), a.open(faulty), etl.SourceOf(a.source)); !errors.Is(err, storetest.ErrCrashed) {
		a.t.Fatalf("the run that is to be cut off: %v", err)
	}
}

// exists says whether there is a lake yet.
func (a *aged) exists() bool {
	_, err := a.open(a.lake).Table(lake.Bronze).Snapshot(a.t.Context())
	return !errors.Is(err, delta.ErrNoTable)
}

// faultCase is one call that goes wrong in one way.
type faultCase struct {
	call  int
	op    storetest.Op
	fault storetest.Fault
}

func (c faultCase) String() string { return fmt.Sprintf("call %d %s %s", c.call, c.op, c.fault) }

// sample is all cases with -every-fault; else some, always the same.
func sample[T any](all []T) []T {
	if *everyFault || len(all) <= *sampled {
		return all
	}
	out := make([]T, *sampled)
	for i, from := range mathrand.New(mathrand.NewPCG(1, uint64(len(all)))).Perm(len(all))[:*sampled] {
		out[i] = all[from]
	}
	return out
}

// TestEveryFault breaks each piece of work at its store calls, in every way. Then
// either it is done again without faults, or an ETL run comes first: the rows must
// be those of the lake that no fault touched.
func TestEveryFault(t *testing.T) {
	tally := storetest.NewTally(t, "matrix of faults")
	for _, u := range works() {
		ways := []string{"again", "a run first"}
		if u.reads {
			ways = []string{"again", "on the source"}
		}
		for _, way := range ways {
			t.Run(u.name+", "+way, func(t *testing.T) {
				t.Parallel()
				m := matrix{u, way, newAged(t)}
				u.prepare(m.base)
				want := m.finish(t, m.base.copyOf(t))
				all := m.cases(t)
				for _, c := range sample(all) {
					tally.Run(t, c.String(), func(t *testing.T) { m.try(t, c, want) })
				}
				t.Logf("%d faults", len(all))
			})
		}
	}
}

// matrix is one piece of work with everything that can go wrong.
type matrix struct {
	work
	way  string
	base *aged
}

// on does the work with one of the stores faulty.
func (m matrix) on(w *aged, fail func(*storetest.Faulty)) error {
	inner, other := store.Store(w.lake), store.Store(w.source)
	if m.way == "on the source" {
		inner, other = other, inner
	}
	faulty := storetest.NewFaulty(inner)
	fail(faulty)
	if m.way == "on the source" {
		return m.do(w.t.Context(), w.open(other), etl.SourceOf(faulty))
	}
	return m.do(w.t.Context(), w.open(faulty), etl.SourceOf(other))
}

// cases are every call that the work makes with every fault that disturbs it.
func (m matrix) cases(t *testing.T) []faultCase {
	var all []faultCase
	if err := m.on(m.base.copyOf(t), func(f *storetest.Faulty) {
		f.FailBy(func(call int, op storetest.Op) storetest.Fault {
			for _, fault := range storetest.FaultsOf(op) {
				all = append(all, faultCase{call, op, fault})
			}
			return 0
		})
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func (m matrix) try(t *testing.T, c faultCase, want map[string][]string) {
	w := m.base.copyOf(t)
	err := m.on(w, func(f *storetest.Faulty) { f.FailAt(c.call, c.fault) })
	if err != nil && !expected(err) {
		t.Errorf("with the fault: %v", err)
	}
	if w.exists() {
		w.sound()
	}
	same(t, fmt.Sprintf("after %v", err), want, m.finish(t, w))
}

// expected errors are those that the tests inject.
func expected(err error) bool {
	return errors.Is(err, storetest.ErrInjected) || errors.Is(err, storetest.ErrCrashed)
}

// finish does the work without faults, and gives the rows.
func (m matrix) finish(t *testing.T, w *aged) map[string][]string {
	t.Helper()
	if m.way == "a run first" {
		w.hours(1)
		w.sound()
	}
	w.pass(2 * time.Hour) // a failed daily part is not tried again at once
	if err := m.do(t.Context(), w.open(w.lake), etl.SourceOf(w.source)); err != nil {
		t.Fatalf("%s without faults: %v", m.name, err)
	}
	w.sound()
	return content(t, w.lake)
}
