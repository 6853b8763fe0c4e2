package querytest_test

import (
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// TestSettingsTakeEffect: tests over copies of a lake rely on each setting.
func TestSettingsTakeEffect(t *testing.T) {
	batch, err := querytest.ParseTable("s string | m map<string,string>\na | {k: v}\nb | null\na | {}")
	if err != nil {
		t.Fatal(err)
	}
	filled := &querytest.Lake{}
	filled.Add("t", batch)
	for _, plain := range []bool{false, true} {
		for _, size := range []int{1, 2, 0} {
			l := *filled
			l.Plain, l.BatchRows = plain, size
			asked := false
			l.Loosen = func(_ string, b columnar.Bound) (columnar.Bound, bool) { asked = true; return b, true }
			table, err := l.Table(t.Context(), "t")
			if err != nil {
				t.Fatal(err)
			}
			keep := func(b columnar.Bounds) bool { _, ok := b.Bound("s"); return ok }
			batches, rows := 0, 0
			for b, err := range table.Scan(t.Context(), table.Schema(), keep, &query.ScanStats{}) {
				if err != nil {
					t.Fatal(err)
				}
				batches++
				rows += b.Len
				if coded := b.Columns[0].Codes != nil; coded == plain {
					t.Errorf("plain is %v, and strings come as codes: %v", plain, coded)
				}
				if coded := b.Columns[1].Children[0].Codes != nil; coded == plain {
					t.Errorf("plain is %v, and keys come as codes: %v", plain, coded)
				}
			}
			if want := map[int]int{0: 1, 1: 3, 2: 2}[size]; batches != want || rows != 3 || !asked {
				t.Errorf("batches of %d: %d of them, %d rows, Loosen asked %v", size, batches, rows, asked)
			}
		}
	}
}
