package delta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// daily is a table that gets one commit a day, and a checkpoint every ten.
func daily(t testing.TB, commits int) (*store.Memory, func() time.Time) {
	t.Helper()
	at := now
	tick := func() time.Time { return at }
	s := store.NewMemory(t.Name())
	s.Now = tick
	l := delta.Open(s, root, delta.Options{Now: tick})
	for i := range commits {
		tx := delta.Tx{Adds: []delta.Add{add(fmt.Sprint(i))}, Operation: "WRITE"}
		if i == 0 {
			tx.Metadata = metadata()
		} else {
			tx.Base = must(l.Snapshot(t.Context()))
		}
		must(l.Commit(t.Context(), tx))
		at = at.Add(24 * time.Hour)
	}
	return s, tick
}

// logNames are the objects of a log, numbers shortened.
func logNames(t testing.TB, s store.Store) string {
	t.Helper()
	var names []string
	for o, err := range s.List(t.Context(), root+"_delta_log/", "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, strings.TrimLeft(strings.TrimPrefix(o.Key, root+"_delta_log/"), "0"))
	}
	return names[0] + " ... " + names[len(names)-2]
}

func TestCleanUpKeepsWhatIsNeeded(t *testing.T) {
	for name, tc := range map[string]struct {
		commits int
		keep    int64
		deleted int
		log     string
	}{
		"nothing is old":                   {25, 100, 0, ".json ... 24.json"},
		"old, but no checkpoint is":        {38, 100, 0, ".json ... 37.json"},
		"up to the newest old checkpoint":  {58, 100, 21, "20.checkpoint.parquet ... 57.json"},
		"a follower is at the checkpoint":  {58, 20, 21, "20.checkpoint.parquet ... 57.json"},
		"a follower is behind it":          {58, 19, 10, "10.checkpoint.parquet ... 57.json"},
		"a follower is at the beginning":   {58, 3, 0, ".json ... 57.json"},
		"a follower that has read nothing": {58, -1, 0, ".json ... 57.json"},
	} {
		t.Run(name, func(t *testing.T) {
			s, tick := daily(t, tc.commits)
			open := func() *delta.Log { return delta.Open(s, root, delta.Options{Now: tick}) }
			before := must(open().Snapshot(t.Context()))
			n, err := open().CleanUp(t.Context(), before, tc.keep)
			if err != nil || n != tc.deleted {
				t.Errorf("%d objects deleted, want %d: %v", n, tc.deleted, err)
			}
			if got := logNames(t, s); got != tc.log {
				t.Errorf("the log is %s, want %s", got, tc.log)
			}
			after := must(open().Snapshot(t.Context()))
			if diff := cmp.Diff(describe(before), describe(after)); diff != "" {
				t.Errorf("the table (-before +after):\n%s", diff)
			}
			first := must(open().First(t.Context()))
			for c, err := range open().Commits(t.Context(), first-1, after.Version()) {
				if err != nil {
					t.Errorf("commit %v: %v", c, err)
				}
			}
			if tc.deleted > 0 && first > tc.keep {
				t.Errorf("the log begins at %d, somebody needs %d", first, tc.keep)
			}
			if again, err := open().CleanUp(t.Context(), after, tc.keep); err != nil || again != 0 {
				t.Errorf("the second time %d objects, %v", again, err)
			}
		})
	}
}

// TestCleanUpCutOff leaves a table readable, and what is left without a hole.
func TestCleanUpCutOff(t *testing.T) {
	for _, fault := range storetest.Faults() {
		for n := 1; n <= 4; n++ {
			s, tick := daily(t, 58)
			opts := delta.Options{Now: tick}
			snap := must(delta.Open(s, root, opts).Snapshot(t.Context()))
			faulty := storetest.NewFaulty(s)
			faulty.FailAt(n, fault)
			_, err := delta.Open(faulty, root, opts).CleanUp(t.Context(), snap, 57)
			l := delta.Open(s, root, opts)
			if diff := cmp.Diff(describe(snap), describe(must(l.Snapshot(t.Context())))); diff != "" {
				t.Errorf("%s at call %d (%v): the table (-before +after):\n%s", fault, n, err, diff)
			}
			if _, err := l.CleanUp(t.Context(), snap, 57); err != nil {
				t.Errorf("%s at call %d, again: %v", fault, n, err)
			}
			if first := must(l.First(t.Context())); first != 20 {
				t.Errorf("%s at call %d: the log begins at %d", fault, n, first)
			}
		}
	}
}

func TestVersionAt(t *testing.T) {
	s, tick := daily(t, 5)
	l := delta.Open(s, root, delta.Options{Now: tick})
	for days, want := range map[int]int64{0: 0, 2: 2, 9: 4} {
		at := now.AddDate(0, 0, days).Add(time.Hour)
		if v, ok, err := l.VersionAt(t.Context(), at); v != want || !ok || err != nil {
			t.Errorf("after %d days: version %d, %t, %v; want %d", days, v, ok, err, want)
		}
	}
	if v, ok, err := l.VersionAt(t.Context(), now.Add(-time.Hour)); ok || err != nil {
		t.Errorf("before its time: version %d, %t, %v", v, ok, err)
	}
}

// TestFirstGoesPastAHole: what a clean-up that was cut off has left below it is of
// no use.
func TestFirstGoesPastAHole(t *testing.T) {
	s, tick := daily(t, 25)
	l := delta.Open(s, root, delta.Options{Now: tick})
	remove(t, s, json(3), json(5))
	if first, err := l.First(t.Context()); first != 6 || err != nil {
		t.Errorf("first %d, %v; want 6", first, err)
	}
	if l.Known() != nil {
		t.Error("a log that was not looked at knows a snapshot")
	}
	if snap := must(l.Snapshot(t.Context())); l.Known() != snap {
		t.Error("the newest snapshot is not known")
	}
}
