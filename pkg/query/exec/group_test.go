package exec_test

import (
	"fmt"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// TestManyGroups goes past the tables that few groups are found in: numbers far
// apart, and more pairs than the pair table has cells.
func TestManyGroups(t *testing.T) {
	schema := columnar.Schema{{Name: "a", Type: columnar.Of(columnar.Long)}, {Name: "b", Type: columnar.Of(columnar.String)}}
	lake := &querytest.Lake{}
	want := map[string]int64{}
	for f := range 4 {
		b := columnar.NewBatch(schema)
		for i := range 40_000 {
			x := uint64(f*30_000+i) * 0x9E3779B97F4A7C15
			a, s := int64(x>>44)-1<<18, fmt.Sprint(x>>20%3000)
			if i%5 == 0 {
				a = int64(x) // anywhere, negative too
			}
			b.Columns[0].AppendInt(a)
			b.Columns[1].AppendString(s)
			b.Len++
			want[fmt.Sprint(a, " ", s)]++
		}
		lake.Add("t", b)
	}
	for _, plain := range []bool{false, true} {
		lake.Plain = plain
		for _, keys := range []string{"a, b", "b, a"} {
			got, err := exec.Run(t.Context(), lake, mustPlan(t, "aggregate count() as n by "+keys+"\n  scan t"), exec.Options{MaxRows: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			a, b, n := got.Batch.Column("a"), got.Batch.Column("b"), got.Batch.Column("n")
			if got.Batch.Len != len(want) {
				t.Errorf("by %s: %d groups, not %d", keys, got.Batch.Len, len(want))
			}
			for i := range got.Batch.Len {
				if key := fmt.Sprint(a.Ints[i], " ", string(b.ByteAt(i))); want[key] != n.Ints[i] {
					t.Fatalf("by %s: %d rows of %s, not %d", keys, n.Ints[i], key, want[key])
				}
			}
		}
	}
}
