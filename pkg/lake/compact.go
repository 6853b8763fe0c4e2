package lake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
)

// DefaultMinFiles is how many files of a tier are worth a merge: so many of them
// make about one file of the next tier.
const DefaultMinFiles = 8

// mergeTiers are the upper bounds, in bytes, of the sizes that are merged among
// themselves. They lie a factor of DefaultMinFiles apart, so a row is rewritten
// three times at most on its way from a small commit to a file of the final size.
// A file of the last bound or more is final: the writer closes files at
// defaultFileBytes, since it holds a file in memory, and three quarters of that are
// as good as the whole.
var mergeTiers = [...]int64{512 << 10, 4 << 20, defaultFileBytes / 4 * 3}

const (
	// mergeBytes bounds the files of one merge: two of the final size.
	mergeBytes = 2 * defaultFileBytes
	// sortBytes is how much decoded text is sorted at once. Merged files come in
	// the order of their lowest rows, so what one run of this size cannot put in
	// order is little.
	sortBytes = 32 << 20
	// sortChunk is how many rows go to the encoder at once: a page.
	sortChunk = 8192
)

// Merge is a set of small files of one partition that are to become few.
type Merge struct {
	Files []*delta.Add // in the order in which they are read
}

// Bytes is the size of the files.
func (m Merge) Bytes() int64 {
	n := int64(0)
	for _, a := range m.Files {
		n += a.Size
	}
	return n
}

// PlanMerges says which files of a snapshot are worth merging: in each partition
// the largest tier that has minFiles files (0: DefaultMinFiles), together with
// everything smaller. order is the column by whose lowest value files are read
// one after another; "" for none. It is a pure function.
func PlanMerges(snap *delta.Snapshot, minFiles int, order string) []Merge {
	if minFiles <= 0 {
		minFiles = DefaultMinFiles
	}
	partitions := map[string][]*delta.Add{}
	for a := range snap.Files() {
		if a.Size < mergeTiers[len(mergeTiers)-1] {
			key := partitionKey(snap, a)
			partitions[key] = append(partitions[key], a)
		}
	}
	var out []Merge
	for _, key := range slices.Sorted(maps.Keys(partitions)) {
		files := dueFiles(partitions[key], minFiles)
		if len(files) < 2 {
			continue
		}
		out = append(out, cutMerges(byLowest(snap, files, order))...)
	}
	return out
}

func partitionKey(snap *delta.Snapshot, a *delta.Add) string {
	var sb strings.Builder
	for _, c := range snap.Metadata().PartitionColumns {
		if v := a.PartitionValues[c]; v != nil {
			sb.WriteString(*v)
		}
		sb.WriteByte(0)
	}
	return sb.String()
}

// dueFiles are the files below the upper bound of the largest tier that has
// enough of them.
func dueFiles(files []*delta.Add, minFiles int) []*delta.Add {
	for t := len(mergeTiers) - 1; t >= 0; t-- {
		lower := int64(0)
		if t > 0 {
			lower = mergeTiers[t-1]
		}
		var below []*delta.Add
		inTier := 0
		for _, a := range files {
			if a.Size < mergeTiers[t] {
				below = append(below, a)
				if a.Size >= lower {
					inTier++
				}
			}
		}
		if inTier >= minFiles {
			return below
		}
	}
	return nil
}

// byLowest sorts files by the lower bound of a column, those without one first.
func byLowest(snap *delta.Snapshot, files []*delta.Add, order string) []*delta.Add {
	type placed struct {
		file   *delta.Add
		lowest columnar.Value
	}
	all := make([]placed, len(files))
	for i, a := range files {
		all[i].file = a
		if order == "" {
			continue
		}
		if b, ok := snap.Bounds(a).Bound(order); ok {
			all[i].lowest = b.Min
		}
	}
	slices.SortFunc(all, func(a, b placed) int {
		c := cmp.Compare(a.lowest.Kind, b.lowest.Kind)
		if c == 0 && a.lowest.Kind != columnar.Invalid {
			c = a.lowest.Compare(b.lowest)
		}
		return cmp.Or(c, strings.Compare(a.file.Path, b.file.Path))
	})
	out := make([]*delta.Add, len(all))
	for i, p := range all {
		out[i] = p.file
	}
	return out
}

// cutMerges deals files that lie in order to merges of bounded size.
func cutMerges(files []*delta.Add) []Merge {
	var out []Merge
	var cur Merge
	for _, a := range files {
		if len(cur.Files) > 0 && cur.Bytes()+a.Size > mergeBytes {
			out = append(out, cur)
			cur = Merge{}
		}
		cur.Files = append(cur.Files, a)
	}
	out = append(out, cur)
	return slices.DeleteFunc(out, func(m Merge) bool { return len(m.Files) < 2 })
}

// Rewrite writes the rows of a merge anew, in the layout's order as far as
// sortBytes reach, and returns the adds that take the place of its files. They
// change no data; commit them together with the removal of the files.
func (t *Table) Rewrite(ctx context.Context, snap *delta.Snapshot, m Merge, layout Layout) (adds []delta.Add, rows int64, err error) {
	schema := snap.Schema()
	s := &sorter{
		w: t.NewWriter(schema, layout), rows: columnar.NewBatch(schema),
		rowBytes: 8 * int64(leaves(columnar.StructOf(schema...))),
	}
	for _, name := range layout.Order {
		if i := schema.Index(name); i >= 0 && schema[i].Type.Kind.InInts() {
			s.keys = append(s.keys, i)
		}
	}
	for _, a := range m.Files {
		before := rows
		for b, err := range t.ScanFiles(ctx, snap, slices.Values([]*delta.Add{a}), schema, nil, nil) {
			if err != nil {
				return nil, 0, err
			}
			rows += int64(b.Len)
			if err := s.add(ctx, b); err != nil {
				return nil, 0, err
			}
		}
		if want := snap.Bounds(a).Rows(); want >= 0 && rows-before != want {
			return nil, 0, fmt.Errorf("%s%s has %d rows, the log says %d: it is left as it is", t.root, a.Path, rows-before, want)
		}
	}
	if err := s.flush(ctx); err != nil {
		return nil, 0, err
	}
	if adds, err = s.w.Close(ctx); err != nil {
		return nil, 0, err
	}
	for i := range adds {
		adds[i].DataChange = false
	}
	return adds, rows, nil
}

// leaves is the number of scalar columns in a type.
func leaves(t columnar.Type) int {
	switch t.Kind {
	case columnar.Struct:
		n := 0
		for _, f := range t.Fields {
			n += leaves(f.Type)
		}
		return n
	case columnar.Map:
		return leaves(*t.Key) + leaves(*t.Elem)
	case columnar.List:
		return leaves(*t.Elem)
	}
	return 1
}

// sorter collects rows up to sortBytes and passes them on in order.
type sorter struct {
	w        *Writer
	keys     []int // positions of the columns to sort by
	rows     *columnar.Batch
	bytes    int64
	rowBytes int64 // of a row without its text
}

func (s *sorter) add(ctx context.Context, b *columnar.Batch) error {
	s.rows.Append(b)
	s.bytes += b.TextBytes() + s.rowBytes*int64(b.Len)
	if s.bytes < sortBytes {
		return nil
	}
	return s.flush(ctx)
}

func (s *sorter) flush(ctx context.Context) error {
	order := make([]int32, s.rows.Len)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		for _, k := range s.keys {
			v := s.rows.Columns[k]
			if c := cmp.Compare(v.Ints[a], v.Ints[b]); c != 0 { // a null is 0
				return c
			}
		}
		return 0
	})
	for chunk := range slices.Chunk(order, sortChunk) {
		if err := s.w.Write(ctx, s.rows.Take(chunk)); err != nil {
			return err
		}
	}
	s.rows.Reset()
	s.bytes = 0
	return nil
}
