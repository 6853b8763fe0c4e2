package growth_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/bench/growth"
	"github.com/auditlake/auditlake/bench/measure"
)

// TestASmallMeasurement builds the plugin and takes every figure once.
func TestASmallMeasurement(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	o := measure.Options{Root: root, Scratch: t.TempDir(), Rounds: 1, Scale: measure.Small, Times: 1, Log: t.Output()}
	f, err := growth.Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Window) != 6 || len(f.History) != 2 || len(f.Known) != 2 || len(f.Crowd) != 2 || len(f.Latency) != 2 {
		t.Errorf("some figures were not taken: %+v", f)
	}
	for _, w := range f.Window {
		if w.Rows == 0 || w.Warm.N == 0 || w.ColdGets == 0 {
			t.Errorf("window: %+v", w)
		}
	}
	for _, h := range f.History {
		if h.Files == 0 || h.ColdGets == 0 || h.WarmGets != 0 {
			t.Errorf("history: %+v", h)
		}
	}
	for _, k := range f.Known {
		if k.Idle.Requests == 0 || k.New.Requests <= k.Idle.Requests {
			t.Errorf("known: %+v", k)
		}
	}
	if b := f.Backfill; b.Idle.N == 0 || b.During.N == 0 {
		t.Errorf("backfill: %+v", b)
	}
	for _, part := range []string{"last 7 days", "long log", "known files", "12 panels", "Many at once", "during a backfill"} {
		if !strings.Contains(f.Section(), part) {
			t.Errorf("the section does not speak of %s", part)
		}
	}
	// A warm refresh looks for news, and has the pages.
	if l := f.Latency[1]; l.Warm.Lists == 0 || l.Warm.Gets != 0 || l.Cold.Gets == 0 || l.Cold.Wall.P50 <= f.Latency[0].Cold.Wall.P50 {
		t.Errorf("latency: %+v", l)
	}
}
