package etl_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
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
