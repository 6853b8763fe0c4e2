package etl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store"
)

func TestReplayGivesTheSameRows(t *testing.T) {
	for _, table := range []string{"", "clusters", "s1"} {
		t.Run("table "+table, func(t *testing.T) {
			w := newAged(t)
			w.hours(12)
			before := content(t, w.lake)
			sum, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{Table: table})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "replay", before, content(t, w.lake))
			w.sound()
			if want := len(before["silver"]); table == "" && (sum.Silver != int64(want) || sum.Gold != int64(want) || sum.Quarantine != 12 || sum.Kept != 0) {
				t.Errorf("summary %+v, want %d rows", sum, want)
			}
			if diff := cmp.Diff([]string{table}, sum.GoldTables); table != "" && diff != "" {
				t.Errorf("gold tables (-want +got):\n%s", diff)
			}
			w.hours(2)
			w.sound()
			again, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{BatchBytes: 1}) // in many pieces
			if err != nil || again.Silver != 42 {
				t.Errorf("the second replay: %+v, %v", again, err)
			}
			w.sound()
			w.hours(1)
			w.sound()
		})
	}
}

// TestAReplayBringsNewKeys: silver has an event with a key that the gold table has
// not seen when it is rebuilt.
func TestAReplayBringsNewKeys(t *testing.T) {
	for _, table := range []string{"", "clusters"} {
		w := newAged(t)
		w.hours(2)
		w.deliver("workspaceId=42/date=2024-03-10/new.json", eventAt(w.now(), 1, "clusters", "create", `{"a":"1","b":"2"}`))
		if _, err := w.runOn(blocking{w.lake, "gold/"}, etl.Options{}); err == nil {
			t.Fatal("the run got through")
		}
		if _, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{Table: table}); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, row := range content(t, w.lake)["clusters"] {
			found = found || strings.Contains(row, "a:1 b:2")
		}
		if !found {
			t.Errorf("after a replay of %q the parameters are gone", table)
		}
		w.sound()
	}
}

// failingLast refuses the commits of one gold table, once n commits of others have
// landed.
type failingLast struct {
	store.Store
	prefix string
	n      *atomic.Int64
	others chan struct{}
}

func (f failingLast) PutIfAbsent(ctx context.Context, key string, body []byte) error {
	if strings.HasPrefix(key, f.prefix) {
		<-f.others
		return fmt.Errorf("put %s: %w", key, store.ErrDenied)
	}
	err := f.Store.PutIfAbsent(ctx, key, body)
	if strings.HasPrefix(key, "gold/") && err == nil && f.n.Add(-1) == 0 {
		close(f.others)
	}
	return err
}

// TestANewTableIsNotForgotten: a replay is cut off when all gold tables are rebuilt
// but one that did not exist before.
func TestANewTableIsNotForgotten(t *testing.T) {
	w := newAged(t)
	w.hours(2) // clusters, jobs, s0, s1
	w.deliver("workspaceId=42/date=2024-03-10/new.json", eventAt(w.now(), 1, "fresh", "x", ""))
	if _, err := w.runOn(blocking{w.lake, "gold/"}, etl.Options{}); err == nil {
		t.Fatal("the run got through")
	}
	n := &atomic.Int64{}
	n.Store(4)
	if _, err := etl.Replay(t.Context(), w.open(failingLast{w.lake, "gold/fresh/", n, make(chan struct{})}), etl.ReplayOptions{}); !errors.Is(err, store.ErrDenied) {
		t.Fatalf("err = %v", err)
	}
	w.sound()
	w.run()
	if r := w.sound(); r.Gold["fresh"] != 1 || r.GoldBehind != 0 || r.GoldTotal != r.Silver {
		t.Errorf("report %+v", r)
	}
}
