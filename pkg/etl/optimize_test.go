package etl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
)

func TestOptimizeChangesNoRow(t *testing.T) {
	w := newAged(t)
	w.hours(20)
	before := content(t, w.lake)
	var stages []string
	sum, err := etl.Optimize(t.Context(), w.open(w.lake), etl.OptimizeOptions{Progress: func(p etl.Progress) {
		stages = append(stages, p.Stage+" "+p.Table)
	}})
	if err != nil {
		t.Fatal(err)
	}
	files := w.filesOf()
	if files["clusters"] != 1 || files["jobs"] != 1 || files["bronze"] > 3 || files["runs"] != 1 {
		t.Errorf("files after OPTIMIZE: %v", files)
	}
	if len(sum.Tables) < 5 || len(stages) < 5 {
		t.Errorf("summary %+v, progress %q", sum, stages)
	}
	same(t, "OPTIMIZE", before, content(t, w.lake))
	w.sound()
	if diff := cmp.Diff([]string{"STREAMING UPDATE", "OPTIMIZE"}, w.operations("clusters")); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if again, err := etl.Optimize(t.Context(), w.open(w.lake), etl.OptimizeOptions{}); err != nil || len(again.Tables) != 0 {
		t.Errorf("a second OPTIMIZE did %+v, %v", again, err)
	}
	// Followers pass over it, and silver's tags are those of all merged rows.
	w.hours(10)
	if _, err := etl.Optimize(t.Context(), w.open(w.lake), etl.OptimizeOptions{MinFiles: 2}); err != nil {
		t.Fatal(err)
	}
	w.hours(1)
	w.sound()
	tags := map[string]bool{}
	snap, err := w.open(w.lake).Table(lake.Silver).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for a := range snap.Files() {
		tags[a.Tags["auditlake.gold"]] = true
	}
	if !tags["clusters,jobs"] || !tags["s0,s1,s2"] {
		t.Errorf("tags of silver's files: %v", tags)
	}
}
