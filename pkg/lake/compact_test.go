package lake_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// planOf plans merges of files given as "partition:size:lowest", sizes in KiB, and
// tells the plan as "partition: lowest lowest".
func planOf(t testing.TB, minFiles int, files ...string) []string {
	t.Helper()
	tab := newLake(store.NewMemory("lake")).Table("bronze")
	tx := delta.Tx{Operation: "WRITE", Metadata: &delta.Metadata{Schema: events(), PartitionColumns: []string{"date"}}}
	for i, f := range files {
		parts := strings.Split(f, ":")
		size, err := strconv.ParseInt(parts[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		add := delta.Add{Path: fmt.Sprintf("p%03d", i), Size: size << 10, DataChange: true, PartitionValues: map[string]*string{"date": &parts[0]}}
		if parts[2] != "" {
			add.Stats = fmt.Sprintf(`{"numRecords":1,"minValues":{"id":%s},"maxValues":{"id":%s}}`, parts[2], parts[2])
		}
		tx.Adds = append(tx.Adds, add)
	}
	if _, err := tab.Commit(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	snap, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range lake.PlanMerges(snap, minFiles, "id") {
		text := *m.Files[0].PartitionValues["date"] + ":"
		for _, a := range m.Files {
			lowest := "?"
			if b, ok := snap.Bounds(a).Bound("id"); ok && b.Min.Kind == columnar.Long {
				lowest = fmt.Sprint(b.Min.Int)
			}
			text += " " + lowest
		}
		out = append(out, text)
	}
	return out
}

// files are n equal files of a partition, in falling order.
func files(date string, sizeKiB, first, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s:%d:%d", date, sizeKiB, first+n-1-i))
	}
	return out
}

func TestMergePlans(t *testing.T) {
	const d1, d2 = "2024-03-10", "2024-03-11"
	for name, tc := range map[string]struct {
		minFiles int
		files    []string
		want     []string
	}{
		"nothing":                      {0, files(d1, 1, 0, 1), nil},
		"too few":                      {0, files(d1, 1, 0, 7), nil},
		"enough":                       {0, files(d1, 1, 0, 8), []string{d1 + ": 0 1 2 3 4 5 6 7"}},
		"enough, but in two dates":     {0, slices.Concat(files(d1, 1, 0, 5), files(d2, 1, 5, 5)), nil},
		"one date of two":              {0, slices.Concat(files(d1, 1, 0, 3), files(d2, 1, 5, 9)), []string{d2 + ": 5 6 7 8 9 10 11 12 13"}},
		"enough, but in two tiers":     {0, slices.Concat(files(d1, 1, 0, 7), files(d1, 1024, 10, 7)), nil},
		"a tier takes the smaller too": {0, slices.Concat(files(d1, 1, 50, 2), files(d1, 1024, 10, 8)), []string{d1 + ": 10 11 12 13 14 15 16 17 50 51"}},
		"a tier leaves the larger":     {0, slices.Concat(files(d1, 5000, 50, 2), files(d1, 1024, 10, 8)), []string{d1 + ": 10 11 12 13 14 15 16 17"}},
		"final files are left":         {0, files(d1, 24<<10, 0, 20), nil},
		"large ones in pieces":         {0, files(d1, 20<<10, 0, 8), []string{d1 + ": 0 1 2", d1 + ": 3 4 5", d1 + ": 6 7"}},
		"a piece of one is none":       {0, files(d1, 20<<10, 0, 10), []string{d1 + ": 0 1 2", d1 + ": 3 4 5", d1 + ": 6 7 8"}},
		"two, if two are enough":       {2, files(d1, 1, 0, 2), []string{d1 + ": 0 1"}},
		"without statistics first":     {2, []string{d1 + ":1:4", d1 + ":1:", d1 + ":1:2"}, []string{d1 + ": ? 2 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, planOf(t, tc.minFiles, tc.files...)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// TestARewriteHasTheSameRowsInOrder over dates, with more text than is sorted at
// once.
func TestARewriteHasTheSameRowsInOrder(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	layout := byDate()
	layout.Order = []string{"id"}
	rng := rand.New(rand.NewPCG(1, 2))
	var batches []*columnar.Batch
	for i := range 20 {
		b := columnar.NewBatch(events())
		for range 200 {
			row(b, rng.Int64N(1_000_000), 19000, strings.Repeat(string(rune('a'+i)), 10_100))
		}
		batches = append(batches, b)
		commit(t, l, "bronze", layout, b)
	}
	tab := l.Table("bronze")
	snap, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	plan := lake.PlanMerges(snap, 2, "id")
	if len(plan) != 1 {
		t.Fatalf("%d merges", len(plan))
	}
	adds, rows, err := tab.Rewrite(t.Context(), snap, plan[0], layout)
	if err != nil || rows != 4000 || len(adds) != 1 || adds[0].DataChange || strings.Count(adds[0].Tags["services"], ",") != 19 {
		t.Fatalf("%d rows, adds %+v, %v", rows, adds, err)
	}
	tx := delta.Tx{Base: snap, Operation: "OPTIMIZE", Adds: adds}
	for _, a := range plan[0].Files {
		r := delta.RemoveOf(a, now())
		r.DataChange = false
		tx.Removes = append(tx.Removes, r)
	}
	if _, err := tab.Commit(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	v := view(t, l, "bronze")
	if diff := cmp.Diff(textsOf(batches...), texts(t, v.Scan(t.Context(), events(), nil, nil))); diff != "" {
		t.Errorf("rows (-written +read):\n%.1000s", diff)
	}
	falls, last := 0, int64(-1)
	for b, err := range v.Scan(t.Context(), events(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range b.Columns[0].Ints {
			if id < last {
				falls++
			}
			last = id
		}
	}
	if falls != 1 { // 40 MB are two runs of 32
		t.Errorf("the ids fall %d times, want 1", falls)
	}
}

func TestARewriteDoesNotTrustAFileThatLacksRows(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	adds := commit(t, l, "bronze", byDate(), b)
	tab := l.Table("bronze")
	snap, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wrong := adds[0]
	wrong.Stats = `{"numRecords":2}`
	_, _, err = tab.Rewrite(t.Context(), snap, lake.Merge{Files: []*delta.Add{&wrong}}, byDate())
	if err == nil || !strings.Contains(err.Error(), wrong.Path) || !strings.Contains(err.Error(), "the log says 2") {
		t.Errorf("err = %v", err)
	}
}
