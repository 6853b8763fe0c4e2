package etl_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	rules "github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// TestReplayByNewerRules raises what the tables say of their rules.
func TestReplayByNewerRules(t *testing.T) {
	w := newAged(t)
	w.hours(2)
	l := w.open(w.lake)
	tables := []string{lake.Silver, lake.Quarantine, "clusters", "jobs"}
	for _, name := range tables {
		setProperty(t, l, name, "auditlake.rules", "0")
	}
	if _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range tables {
		snap, err := l.Table(name).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c := snap.Metadata().Configuration; c["auditlake.rules"] != strconv.Itoa(rules.Rules) || c["auditlake.generation"] != "2" {
			t.Errorf("%s: configuration %v", name, c)
		}
	}
	setProperty(t, l, lake.Silver, "auditlake.rules", "99")
	for what, do := range map[string]func() error{
		"replay":   func() error { _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{}); return err },
		"optimize": func() error { _, err := etl.Optimize(t.Context(), l, etl.OptimizeOptions{MinFiles: 2}); return err },
		"retain":   func() error { _, err := etl.Retain(t.Context(), l, policy()); return err },
		"vacuum":   func() error { _, err := etl.Vacuum(t.Context(), l, etl.VacuumOptions{}); return err },
	} {
		if err := do(); !errors.Is(err, etl.ErrNewerRules) {
			t.Errorf("%s: err = %v, want ErrNewerRules", what, err)
		}
	}
}

// TestReplayMendsWhatWasDamaged: rows of silver and gold that somebody changed are
// made anew.
func TestReplayMendsWhatWasDamaged(t *testing.T) {
	for _, table := range []string{lake.Silver, lake.Quarantine, "clusters"} {
		for name, change := range map[string]func(*columnar.Batch) *columnar.Batch{"a row gone": without(0), "a row doubled": doubled} {
			t.Run(table+", "+name, func(t *testing.T) {
				w := landed(t)
				want := content(t, w.lake)
				rewrite(t, w, table, change)
				if len(problems(t, w.lake)) == 0 {
					t.Fatal("nothing is damaged")
				}
				l := lake.New(w.lake, lake.Options{Now: now})
				o := etl.ReplayOptions{}
				if table == "clusters" {
					o.Table = table
				}
				if _, err := etl.Replay(t.Context(), l, o); err != nil {
					t.Fatal(err)
				}
				same(t, "replay", want, content(t, w.lake))
			})
		}
	}
}

// TestReplayOfManyServices has tables past the limit, and one service that silver
// has no more events of.
func TestReplayOfManyServices(t *testing.T) {
	w := newWorld(t)
	var lines []string
	for i := range 505 {
		lines = append(lines, event(i, fmt.Sprintf("service%03d", i), "x", ""))
	}
	w.deliver(file1, lines...)
	w.run()
	want := content(t, w.lake)
	l := lake.New(w.lake, lake.Options{Now: now})
	tables, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"_other", "", "service001"} {
		if _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{Table: table}); err != nil {
			t.Fatal(err)
		}
		if gold, err := l.Gold(t.Context()); err != nil || len(gold) != len(tables) {
			t.Errorf("after a replay of %q there are %d gold tables (%v), want %d", table, len(gold), err, len(tables))
		}
		sound(t, w.source, w.lake)
	}
	same(t, "replay", want, content(t, w.lake))
}

// TestAWriterOfAnOlderGeneration commits after a rebuild what it has planned
// before: it must not get in.
func TestAWriterOfAnOlderGeneration(t *testing.T) {
	w := landed(t)
	l := lake.New(w.lake, lake.Options{Now: now})
	for _, name := range []string{lake.Silver, "clusters"} {
		t.Run(name, func(t *testing.T) {
			before, err := l.Table(name).Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{}); err != nil {
				t.Fatal(err)
			}
			app := map[string]string{lake.Silver: "auditlake/silver/1", "clusters": "auditlake/gold/1"}[name]
			_, err = l.Table(name).Commit(t.Context(), delta.Tx{Base: before, Operation: "STREAMING UPDATE", Txn: &delta.Txn{AppID: app, Version: 1000}})
			if !errors.Is(err, delta.ErrConflict) {
				t.Errorf("err = %v, want a conflict", err)
			}
		})
	}
}

// TestALongLivedRunner goes on through everything that others do to its lake.
func TestALongLivedRunner(t *testing.T) {
	w := newAged(t)
	l := w.open(w.lake)
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(w.source)}})
	if err != nil {
		t.Fatal(err)
	}
	other := func() *lake.Lake { return w.open(w.lake) }
	for round := range 3 {
		for i, do := range []func() error{
			func() error { return nil },
			func() error { _, err := etl.Replay(t.Context(), other(), etl.ReplayOptions{}); return err },
			func() error { _, err := etl.Retain(t.Context(), other(), policy()); return err },
			func() error {
				_, err := etl.Optimize(t.Context(), other(), etl.OptimizeOptions{MinFiles: 2})
				return err
			},
			func() error {
				w.pass(8 * 24 * time.Hour)
				_, err := etl.Vacuum(t.Context(), other(), etl.VacuumOptions{})
				return err
			},
			func() error {
				_, err := etl.Replay(t.Context(), other(), etl.ReplayOptions{Table: "clusters"})
				return err
			},
			func() error {
				_, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{Retention: policy()})
				return err
			},
		} {
			w.deliver(fmt.Sprintf("workspaceId=1/date=%s/f%d_%d.json", w.now().Format(time.DateOnly), round, i),
				eventAt(w.now(), i, "clusters", "create", fmt.Sprintf(`{"k%d":"v"}`, i)), eventAt(w.now(), i, fmt.Sprintf("r%d", i), "x", ""), "no event")
			if err := do(); err != nil {
				t.Fatalf("round %d, step %d: %v", round, i, err)
			}
			sum, err := r.Run(t.Context())
			if err != nil || sum.Bronze != 3 {
				t.Fatalf("round %d, step %d: %d new rows, %v", round, i, sum.Bronze, err)
			}
			if rep := w.sound(); rep.GoldBehind+rep.SilverBehind != 0 {
				t.Errorf("round %d, step %d: report %+v", round, i, rep)
			}
			w.pass(time.Hour)
		}
	}
}
