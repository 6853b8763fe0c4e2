package etl_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestMaintainDoesWhatIsDue(t *testing.T) {
	w := newAged(t)
	l := w.open(w.lake)
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(w.source)}})
	if err != nil {
		t.Fatal(err)
	}
	optimized, daily := map[string]int{}, 0
	for i := range 40 {
		day := w.now().Format(time.DateOnly)
		w.deliver(fmt.Sprintf("workspaceId=42/date=%s/f%d.json", day, i), eventAt(w.now(), i, "clusters", "create", ""), "no event")
		if _, err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		sum, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{Retention: etl.RetentionOptions{BronzeDays: 3, SilverDays: 3, GoldDays: 3}})
		if err != nil || len(sum.Warnings) > 0 {
			t.Fatalf("%v, %v", err, sum.Warnings)
		}
		for _, x := range sum.Optimized.Tables {
			optimized[x.Name]++
		}
		if sum.Daily {
			daily++
		}
		w.pass(6 * time.Hour)
	}
	// 40 runs in ten days: four files a date are no tier, gold and runs are not
	// dated. The first run is due because nothing says when the last was.
	if diff := cmp.Diff(map[string]int{"clusters": 5, "runs": 5}, optimized); diff != "" || daily != 10 {
		t.Errorf("daily part done %d times, want 10; optimized (-want +got):\n%s", daily, diff)
	}
	w.sound()
	if got := w.oldest("clusters"); got < w.now().AddDate(0, 0, -4).Format(time.DateOnly) {
		t.Errorf("gold has rows of %s", got)
	}
	for table, most := range map[string]int{"clusters": 12, "runs": 12, "bronze": 20} {
		if got := w.filesOf()[table]; got > most {
			t.Errorf("%s has %d files", table, got)
		}
	}
}

func TestMaintainCostsLittleWhenNothingIsDue(t *testing.T) {
	w := newAged(t)
	w.hours(3)
	metered := store.NewMetered(w.lake)
	l := w.open(metered)
	if _, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	before := metered.Usage()
	sum, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{})
	if err != nil || sum.Changed() || sum.Daily {
		t.Errorf("%+v, %v", sum, err)
	}
	if n := metered.Usage().Minus(before).Requests(); n > 2 {
		t.Errorf("%d requests", n)
	}
}

func TestADailyPartThatFailedIsTriedAgain(t *testing.T) {
	w := newAged(t)
	w.days(6)
	maintain := func(s store.Store) (bool, error) {
		sum, err := etl.Maintain(t.Context(), w.open(s), etl.MaintainOptions{Retention: etl.RetentionOptions{SilverDays: 2}})
		return sum.Daily, err
	}
	broken := denying{w.lake, keysOf(t, w.lake, "silver/date")[0]}
	if did, err := maintain(broken); !did || !errors.Is(err, store.ErrDenied) {
		t.Errorf("first: %t, %v", did, err)
	}
	if did, err := maintain(w.lake); did || err != nil {
		t.Errorf("at once: %t, %v", did, err)
	}
	w.pass(time.Hour)
	if did, err := maintain(w.lake); !did || err != nil {
		t.Errorf("an hour later: %t, %v", did, err)
	}
	if got := w.oldest("silver"); got < w.now().AddDate(0, 0, -2).Format(time.DateOnly) {
		t.Errorf("silver has rows of %s", got)
	}
	w.pass(time.Hour)
	if did, err := maintain(w.lake); did || err != nil {
		t.Errorf("another hour later: %t, %v", did, err)
	}
}

// TestLogsAreCleanedUp over months, with a follower that is behind: what it needs
// stays, and a run without hints finds its way.
func TestLogsAreCleanedUp(t *testing.T) {
	w := newAged(t)
	w.days(20)
	blocked := blocking{w.lake, "silver/"}
	for range 50 {
		w.deliver(fmt.Sprintf("workspaceId=42/date=%s/f.json", w.now().Format(time.DateOnly)), eventAt(w.now(), 1, "clusters", "create", ""))
		if _, err := w.runOn(blocked, etl.Options{}); err == nil {
			t.Fatal("the run got through")
		}
		if _, err := etl.Maintain(t.Context(), w.open(w.lake), etl.MaintainOptions{}); err != nil {
			t.Fatal(err)
		}
		w.pass(24 * time.Hour)
	}
	w.sound()
	w.run()
	w.sound()
	for range 45 {
		w.days(1)
		if _, err := etl.Maintain(t.Context(), w.open(w.lake), etl.MaintainOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []string{"bronze", "silver", "gold/clusters"} {
		if n := len(keysOf(t, w.lake, table+"/_delta_log/")); n > 75 {
			t.Errorf("%s has %d log objects", table, n)
		}
	}
	w.sound()
	if err := w.lake.Delete(t.Context(), "_auditlake/gold/watermark.json", "_auditlake/heartbeat.json"); err != nil {
		t.Fatal(err)
	}
	w.sound()
	w.days(2)
	if r := w.sound(); r.GoldTotal != r.Silver || r.GoldBehind != 0 {
		t.Errorf("report %+v", r)
	}
	if _, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	w.sound()
}

func TestLease(t *testing.T) {
	w := newAged(t)
	l := w.open(w.lake)
	mine, err := etl.AcquireLease(t.Context(), l, "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "you", time.Hour); !errors.Is(err, etl.ErrLeased) || !strings.Contains(err.Error(), "me until 2024-03-10T13:00:00Z") {
		t.Errorf("you: %v", err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "me", time.Hour); err != nil {
		t.Errorf("me again: %v", err)
	}
	w.pass(50 * time.Minute)
	if err := mine.Renew(t.Context()); err != nil {
		t.Errorf("renew: %v", err)
	}
	w.pass(50 * time.Minute)
	if _, err := etl.AcquireLease(t.Context(), l, "you", time.Hour); !errors.Is(err, etl.ErrLeased) {
		t.Errorf("you, after a renewal: %v", err)
	}
	w.pass(10 * time.Minute)
	yours, err := etl.AcquireLease(t.Context(), l, "you", time.Hour)
	if err != nil {
		t.Fatalf("you, after its time: %v", err)
	}
	if err := mine.Renew(t.Context()); !errors.Is(err, etl.ErrLeased) {
		t.Errorf("renew what was taken over: %v", err)
	}
	if err := mine.Release(t.Context()); err != nil {
		t.Errorf("release what was taken over: %v", err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "me", time.Hour); !errors.Is(err, etl.ErrLeased) {
		t.Errorf("me, while you have it: %v", err)
	}
	if err := yours.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "me", time.Hour); err != nil {
		t.Errorf("me, after you gave it back: %v", err)
	}
	if _, err := w.lake.Put(t.Context(), "_auditlake/lease.json", []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "you", time.Hour); err != nil {
		t.Errorf("a lease that cannot be read: %v", err)
	}
	never := `{"holder":"me","expires":"2199-01-01T00:00:00Z"}`
	if _, err := w.lake.Put(t.Context(), "_auditlake/lease.json", []byte(never)); err != nil {
		t.Fatal(err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "you", time.Hour); err != nil {
		t.Errorf("a lease of a clock that is wrong: %v", err)
	}
	if _, err := etl.AcquireLease(t.Context(), l, "", time.Hour); err == nil {
		t.Error("nobody got the lease")
	}
}

// TestUpkeepOfNoLake makes none.
func TestUpkeepOfNoLake(t *testing.T) {
	s := store.NewMemory("lake")
	l := lake.New(s, lake.Options{Now: now})
	if _, err := etl.Optimize(t.Context(), l, etl.OptimizeOptions{}); err != nil {
		t.Errorf("optimize: %v", err)
	}
	if sum, err := etl.Vacuum(t.Context(), l, etl.VacuumOptions{}); err != nil || sum.Files > 0 {
		t.Errorf("vacuum: %+v, %v", sum, err)
	}
	if _, err := etl.Maintain(t.Context(), l, etl.MaintainOptions{}); err != nil {
		t.Errorf("maintain: %v", err)
	}
	if _, err := etl.Retain(t.Context(), l, etl.RetentionOptions{BronzeDays: 1, GoldDays: 1}); err != nil {
		t.Errorf("retain: %v", err)
	}
	if _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{}); !errors.Is(err, lake.ErrNoTable) {
		t.Errorf("replay: %v", err)
	}
	if _, err := etl.Replay(t.Context(), l, etl.ReplayOptions{Table: "clusters"}); !errors.Is(err, lake.ErrNoTable) {
		t.Errorf("replay of clusters: %v", err)
	}
	if _, err := etl.Retain(t.Context(), l, etl.RetentionOptions{BronzeDays: -1}); err == nil {
		t.Error("retention of -1 days: no error")
	}
	if got := keysOf(t, s, ""); len(got) != 0 {
		t.Errorf("keys %q", got)
	}
}
