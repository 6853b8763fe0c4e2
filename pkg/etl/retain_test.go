package etl_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
)

// days lands one file a day, with events of that day and of the one before.
func (a *aged) days(n int) {
	a.t.Helper()
	for range n {
		a.hours(1)
		a.pass(23 * time.Hour)
	}
}

// oldest is the first date of a table's rows.
func (a *aged) oldest(table string) string {
	a.t.Helper()
	first := ""
	for _, row := range rowsOf(a.t, a.lake, table) {
		if d := row["date"].(time.Time).Format(time.DateOnly); first == "" || d < first {
			first = d
		}
	}
	return first
}

func (a *aged) retain(o etl.RetentionOptions) etl.RetentionSummary {
	a.t.Helper()
	sum, err := etl.Retain(a.t.Context(), a.open(a.lake), o)
	if err != nil {
		a.t.Fatalf("retain: %v", err)
	}
	return sum
}

// policies are retentions in every relation of the layers to each other.
func policies() map[string]etl.RetentionOptions {
	return map[string]etl.RetentionOptions{
		"bronze alone":           {BronzeDays: 5},
		"silver alone":           {SilverDays: 5},
		"gold alone":             {GoldDays: 5},
		"quarantine alone":       {QuarantineDays: 5},
		"all alike":              {BronzeDays: 5, SilverDays: 5, GoldDays: 5, QuarantineDays: 5},
		"longer the higher":      {BronzeDays: 3, SilverDays: 5, GoldDays: 8, QuarantineDays: 4},
		"shorter the higher":     {BronzeDays: 8, SilverDays: 5, GoldDays: 3, QuarantineDays: 4},
		"bronze and silver only": {BronzeDays: 4, SilverDays: 6},
	}
}

func TestRetentionKeepsTheBalance(t *testing.T) {
	base := newAged(t)
	base.days(10)
	for name, o := range policies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := base.copyOf(t)
			before := counts(content(t, w.lake))
			horizon := func(days int) string { return w.now().AddDate(0, 0, -days).Format(time.DateOnly) }
			sum := w.retain(o)
			r := w.sound()
			for table, days := range map[string]int{"bronze": o.BronzeDays, "silver": o.SilverDays, "clusters": o.GoldDays, "quarantine": o.QuarantineDays} {
				if got := w.oldest(table); days > 0 && got < horizon(days) {
					t.Errorf("%s has rows of %s, the horizon is %s", table, got, horizon(days))
				}
				if n := len(rowsOf(t, w.lake, table)); (days > 0) != (n < before[table]) {
					t.Errorf("%s has %d rows, it had %d", table, n, before[table])
				}
			}
			if len(sum.Tables) == 0 || (r.Expired > 0) != (o.SilverDays+o.QuarantineDays > 0) {
				t.Errorf("summary %+v, %d expired", sum, r.Expired)
			}
			if again := w.retain(o); len(again.Tables) != 0 {
				t.Errorf("the second retention removed %+v", again)
			}
			// What is gone does not come back, and life goes on.
			after := counts(content(t, w.lake))
			if s, err := w.runOn(w.lake, etl.Options{Sweep: true}); err != nil || s.Changed() {
				t.Errorf("a sweep brought %+v, %v", s, err)
			}
			if got := counts(content(t, w.lake)); fmt.Sprint(got) != fmt.Sprint(after) {
				t.Errorf("rows %v, want %v", got, after)
			}
			w.days(2)
			w.sound()
			w.retain(o)
			w.sound()
		})
	}
}

// TestReplayAfterRetention: what can be built is built, what cannot is kept, and
// what is gone stays gone.
func TestReplayAfterRetention(t *testing.T) {
	base := newAged(t)
	base.days(10)
	for name, o := range policies() {
		for _, table := range []string{"", "clusters"} {
			t.Run(name+" "+table, func(t *testing.T) {
				t.Parallel()
				w := base.copyOf(t)
				w.retain(o)
				before := content(t, w.lake)
				for range 2 {
					if _, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{Table: table}); err != nil {
						t.Fatal(err)
					}
					same(t, "replay", before, content(t, w.lake))
					w.sound()
				}
				w.days(3)
				w.sound()
				w.retain(o)
				w.sound()
				if _, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{}); err != nil {
					t.Fatal(err)
				}
				w.sound()
			})
		}
	}
}

// TestLateEventsAndRetention: events of long ago are delivered after retention has
// passed. They are rows like others until it passes again.
func TestLateEventsAndRetention(t *testing.T) {
	base := newAged(t)
	base.days(10)
	for name, o := range policies() {
		for _, replay := range []string{"no replay", "", "clusters"} {
			t.Run(name+" "+replay, func(t *testing.T) {
				t.Parallel()
				w := base.copyOf(t)
				w.retain(o)
				w.deliver(fmt.Sprintf("workspaceId=42/date=%s/late.json", w.now().Format(time.DateOnly)),
					eventAt(w.now().AddDate(0, 0, -9), 5000, "clusters", "create", ""), eventAt(w.now().AddDate(0, 0, -6), 5001, "late", "x", ""),
					eventAt(w.now().AddDate(0, 0, -4), 5002, "clusters", "edit", ""))
				w.run()
				w.sound()
				if replay != "no replay" {
					if _, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{Table: replay}); err != nil {
						t.Fatal(err)
					}
					w.sound()
				}
				w.days(1)
				w.retain(o)
				w.sound()
				if _, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{}); err != nil {
					t.Fatal(err)
				}
				w.sound()
			})
		}
	}
}

// TestVerifyFindsALossBehindRetention: that rows have expired is no excuse for
// others.
func TestVerifyFindsALossBehindRetention(t *testing.T) {
	for _, table := range []string{lake.Bronze, lake.Silver, lake.Quarantine, "clusters"} {
		for name, change := range map[string]func(*columnar.Batch) *columnar.Batch{"gone": without(0), "doubled": doubled} {
			t.Run(table+" "+name, func(t *testing.T) {
				t.Parallel()
				w := newAged(t)
				w.days(8)
				w.retain(etl.RetentionOptions{BronzeDays: 5, SilverDays: 4, GoldDays: 3, QuarantineDays: 4})
				rewrite(t, w.world, table, change)
				r, err := etl.Verify(t.Context(), w.open(w.lake), nil)
				if err != nil {
					t.Fatal(err)
				}
				layer := map[string]string{lake.Bronze: "bronze: ", "clusters": "gold: "}[table]
				if layer == "" {
					layer = "silver: "
				}
				if !strings.Contains(strings.Join(r.Problems, "\n"), layer) {
					t.Errorf("problems %q", r.Problems)
				}
			})
		}
	}
}
