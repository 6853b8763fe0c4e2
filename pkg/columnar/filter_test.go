package columnar_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// ids is n rows of a column id, as text that says its number from first on, every
// tenth of them null, and of a column word with few values.
func ids(first, n int) *columnar.Batch {
	str := columnar.Of(columnar.String)
	b := columnar.NewBatch(columnar.Schema{{Name: "id", Type: str}, {Name: "word", Type: str}, {Name: "in", Type: columnar.StructOf(columnar.Field{Name: "id", Type: str})}})
	for i := first; i < first+n; i++ {
		if i%10 == 9 {
			b.Columns[0].AppendNull()
		} else {
			b.Columns[0].AppendString(hexID(i))
		}
		b.Columns[1].AppendString([]string{"one", "two", "three"}[i%3])
		b.Columns[2].Children[0].AppendString(hexID(-i))
		b.Columns[2].AppendNested()
		b.Len++
	}
	return b
}

func hexID(i int) string { return fmt.Sprintf("%016x", uint64(i)*0x9E3779B97F4A7C15) }

// probe reads the row groups of a file that may hold a value.
func probe(t *testing.T, f *columnar.File, path, value string) (rows []string) {
	t.Helper()
	keep := func(b columnar.Bounds) bool { return columnar.MayHold(b, path, columnar.StringValue(value)) }
	for b, err := range f.Read(t.Context(), columnar.Schema{{Name: "id", Type: columnar.Of(columnar.String)}}, keep) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, text(b)...)
	}
	return rows
}

// mayHold is how many row groups of a file may hold a value.
func mayHold(t *testing.T, f *columnar.File, path, value string) (groups int) {
	t.Helper()
	v := columnar.StringValue(value)
	for range f.Read(t.Context(), nil, func(b columnar.Bounds) bool {
		if columnar.MayHold(b, path, v) {
			groups++
		}
		return false
	}) {
		t.Fatal("rows of row groups that were left out")
	}
	return groups
}

// TestFiltersHaveEveryValue: whatever way strings are written, plain, in codes, or
// first the one and then the other.
func TestFiltersHaveEveryValue(t *testing.T) {
	for name, o := range map[string]columnar.WriterOptions{
		"plain":            {Plain: []string{"id", "in.id"}},
		"codes":            {},
		"codes, then none": {DictionaryBytes: 10_000},
		"first page plain": {PageRows: 500, DictionaryBytes: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			o.RowGroupRows = 2000
			o.Filters = []string{"id", "word", "in.id"}
			b := ids(1, 9000)
			file, _ := write(t, b.Schema, o, b)
			f := open(t, file)
			falsely := 0
			for i := 1; i <= 9000; i++ {
				kept := mayHold(t, f, "id", hexID(i))
				if i%10 == 9 {
					kept++ // the row has null
				}
				if kept == 0 || mayHold(t, f, "in.id", hexID(-i)) == 0 {
					t.Fatalf("%s or %s, of row %d, is in no filter", hexID(i), hexID(-i), i)
				}
				falsely += kept - 1
			}
			for i := 20_000; i < 21_000; i++ {
				falsely += mayHold(t, f, "id", hexID(i))
			}
			if falsely > 46_000/20 {
				t.Errorf("%d of some 46,000 row groups look as if they had a value", falsely)
			}
			if kept := mayHold(t, f, "word", "two"); kept != 5 {
				t.Errorf("a word of all row groups is in %d", kept)
			}
			if kept := mayHold(t, f, "word", "four"); kept > 1 {
				t.Errorf("a word of no row group is in %d", kept)
			}
		})
	}
}

// TestFiltersAreFetchedWhenAsked: not before, all of a column at once, and once.
func TestFiltersAreFetchedWhenAsked(t *testing.T) {
	b := ids(1, 50_000)
	file, _ := write(t, b.Schema, columnar.WriterOptions{RowGroupRows: 10_000, Plain: []string{"id"}, Filters: []string{"id"}}, b)
	src := &memory{b: file}
	f, err := columnar.OpenFile(t.Context(), src, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	kept := int64(0)
	f.OnGrowth(func(n int64) { kept += n })
	reads := func(value string) int {
		before := src.reads
		probe(t, f.With(src), "id", value)
		return src.reads - before
	}
	if n := src.reads; n != 1 {
		t.Errorf("opening takes %d reads", n)
	}
	if n := reads(hexID(1)); n != 2 {
		t.Errorf("the first search takes %d reads, not one of filters and one of rows", n)
	}
	if n := reads(hexID(30_001)); n != 1 {
		t.Errorf("the second search takes %d reads, not one", n)
	}
	if kept < 50_000 || kept > 2*50_000 {
		t.Errorf("%d bytes are kept for 45,000 values", kept)
	}
}

// TestBrokenFiltersLoseNothing: the bytes of a filter's header may be anything, or not
// to be had. What its bits say nobody can check.
func TestBrokenFiltersLoseNothing(t *testing.T) {
	const rows, bits = 300, 512
	b := ids(1, rows)
	file, _ := write(t, b.Schema, columnar.WriterOptions{Plain: []string{"id"}, Filters: []string{"id"}}, b)
	src := &places{memory: memory{b: file}}
	f, err := columnar.OpenFile(t.Context(), src, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	src.read = nil
	if found := probe(t, f, "id", hexID(rows+1)); len(found) != 0 {
		t.Fatalf("%d rows of a value that is not there", len(found))
	}
	if len(src.read) != 1 || src.read[0].length <= bits {
		t.Fatalf("reads %v, not one of a filter of %d bytes and its header", src.read, bits)
	}
	at, header := int(src.read[0].offset), int(src.read[0].length)-bits
	random := rand.New(rand.NewPCG(1, 36))
	for range 5000 {
		broken := bytes.Clone(file)
		for range 1 + random.IntN(3) {
			broken[at+random.IntN(header)] = byte(random.Uint32())
		}
		if found := probe(t, open(t, broken), "id", hexID(7)); len(found) != rows {
			t.Fatalf("%d rows of %d with the header %x, seed 36", len(found), rows, broken[at:at+header])
		}
	}
	if f, err = columnar.OpenFile(t.Context(), src, int64(len(file))); err != nil {
		t.Fatal(err)
	}
	src.without = int64(at)
	if found := probe(t, f, "id", hexID(rows+1)); len(found) != rows {
		t.Errorf("%d rows of %d where the filter cannot be read", len(found), rows)
	}
}

// places is a memory that knows what was read of it, and lacks what begins at without.
type places struct {
	memory
	read    []place
	without int64
}

type place struct{ offset, length int64 }

func (p *places) ReadRange(ctx context.Context, offset, length int64) ([]byte, error) {
	p.read = append(p.read, place{offset, length})
	if p.without > 0 && offset == p.without {
		return nil, fmt.Errorf("range %d+%d is broken", offset, length)
	}
	return p.memory.ReadRange(ctx, offset, length)
}
