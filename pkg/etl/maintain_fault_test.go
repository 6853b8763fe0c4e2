package etl_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// upkeep is a piece of maintenance that must be harmless wherever it is cut off.
type upkeep struct {
	name    string
	prepare func(*aged)
	do      func(context.Context, *lake.Lake) error
}

func upkeeps() []upkeep {
	optimize := func(ctx context.Context, l *lake.Lake) error {
		_, err := etl.Optimize(ctx, l, etl.OptimizeOptions{MinFiles: 2})
		return err
	}
	return []upkeep{
		{"optimize", func(w *aged) { w.hours(3) }, optimize},
		{"vacuum", func(w *aged) {
			w.hours(3)
			if err := optimize(w.t.Context(), w.open(w.lake)); err != nil {
				w.t.Fatal(err)
			}
			w.pass(10 * 24 * time.Hour)
		}, func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Vacuum(ctx, l, etl.VacuumOptions{})
			return err
		}},
		{"retention", func(w *aged) { w.days(3) }, func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Retain(ctx, l, etl.RetentionOptions{BronzeDays: 2, SilverDays: 3, GoldDays: 2, QuarantineDays: 1})
			return err
		}},
		{"replay", func(w *aged) { w.hours(2) }, func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Replay(ctx, l, etl.ReplayOptions{})
			return err
		}},
		{"replay of one table", func(w *aged) { w.hours(2) }, func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Replay(ctx, l, etl.ReplayOptions{Table: "clusters"})
			return err
		}},
		{"replay after retention", func(w *aged) {
			w.days(3)
			w.retain(etl.RetentionOptions{BronzeDays: 2, SilverDays: 3, GoldDays: 2, QuarantineDays: 1})
		}, func(ctx context.Context, l *lake.Lake) error {
			_, err := etl.Replay(ctx, l, etl.ReplayOptions{})
			return err
		}},
		{"everything that is due", func(w *aged) { w.days(9) }, func(ctx context.Context, l *lake.Lake) error {
			if _, err := l.Gold(ctx); err != nil {
				return err
			}
			_, err := etl.Maintain(ctx, l, etl.MaintainOptions{Retention: etl.RetentionOptions{BronzeDays: 4, SilverDays: 4}})
			return err
		}},
	}
}

var everyFault = flag.Bool("every-fault", false, "TestUpkeepAndAFaultAtEveryCall breaks every call in every way, which takes minutes, instead of a sample")

// triedFaults is about how many faults are tried of each kind of maintenance if not
// all are.
const triedFaults = 37

// TestUpkeepAndAFaultAtEveryCall breaks each piece of maintenance at its store
// calls, in every way. Then either it is done again without faults, or an ETL run
// comes first: the rows must be those of the lake that no fault touched.
func TestUpkeepAndAFaultAtEveryCall(t *testing.T) {
	for _, u := range upkeeps() {
		for _, next := range []string{"again", "a run first"} {
			t.Run(u.name+", "+next, func(t *testing.T) {
				t.Parallel()
				base := newAged(t)
				u.prepare(base)
				finish := func(w *aged) map[string][]string {
					t.Helper()
					if next != "again" {
						w.hours(1)
						w.sound()
					}
					w.pass(2 * time.Hour) // a failed daily part is not tried again at once
					if err := u.do(t.Context(), w.open(w.lake)); err != nil {
						t.Fatalf("%s without faults: %v", u.name, err)
					}
					w.sound()
					return content(t, w.lake)
				}
				want := finish(base.copyOf(t))
				faulty := storetest.NewFaulty(base.copyOf(t).lake)
				if err := u.do(t.Context(), base.open(faulty)); err != nil {
					t.Fatal(err)
				}
				faults := storetest.Faults()
				all := faulty.Calls() * len(faults)
				step := 1 + all/triedFaults
				if step%len(faults) == 0 {
					step++ // or it would always be the same fault
				}
				if *everyFault {
					step = 1
				}
				cases := 0
				for k := 0; k < all; k += step {
					fault, n := faults[k%len(faults)], 1+k/len(faults)
					cases++
					w := base.copyOf(t)
					faulty := storetest.NewFaulty(w.lake)
					faulty.FailAt(n, fault)
					err := u.do(t.Context(), w.open(faulty))
					if err != nil && !errors.Is(err, storetest.ErrInjected) && !errors.Is(err, storetest.ErrCrashed) {
						t.Errorf("%s at call %d: %v", fault, n, err)
					}
					w.sound()
					if diff := cmp.Diff(want, finish(w)); diff != "" {
						t.Errorf("%s at call %d (%v): the lake differs (-want +got):\n%.2000s", fault, n, err, diff)
					}
				}
				t.Logf("%d faults", cases)
				if cases < triedFaults/2 {
					t.Errorf("only %d faults were tried: the matrix is not what it should be", cases)
				}
			})
		}
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
		jobs := upkeeps()
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
		for _, u := range jobs {
			if err := u.do(t.Context(), w.open(w.lake)); err != nil && !errors.Is(err, etl.ErrBusy) {
				failed <- fmt.Errorf("%s: %w", u.name, err)
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
