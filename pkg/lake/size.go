package lake

import (
	"context"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// Bytes is about how many bytes a Scan would fetch: those of the files that keep does not
// rule out, as far as they are of the wanted columns. What share that is, is looked up in
// the largest of the files. Row groups that keep would rule out are counted.
func (v *View) Bytes(ctx context.Context, want columnar.Schema, keep columnar.Keep) (int64, error) {
	var sum int64
	var largest *delta.Add
	for add := range v.snap.Files() {
		if keep != nil && !keep(v.snap.Bounds(add)) {
			continue
		}
		sum += add.Size
		if largest == nil || add.Size > largest.Size {
			largest = add
		}
	}
	if largest == nil || len(want) == 0 {
		return 0, nil
	}
	src := &object{store: v.table.lake.store, key: v.table.root + largest.Path, stats: &ScanStats{}}
	file, err := v.table.footers.open(ctx, src, largest)
	if err != nil {
		return 0, err
	}
	wanted, all := file.ColumnBytes(want)
	if all == 0 {
		return 0, nil
	}
	return int64(float64(sum) * float64(wanted) / float64(all)), nil
}
