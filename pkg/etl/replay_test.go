package etl_test

import (
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
			again, err := etl.Replay(t.Context(), w.open(w.lake), etl.ReplayOptions{})
			if err != nil || again.Silver != 42 {
				t.Errorf("the second replay: %+v, %v", again, err)
			}
			w.sound()
			w.hours(1)
			w.sound()
		})
	}
}
