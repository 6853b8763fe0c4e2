package columnar_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Nothing in hexadecimal ids repeats, but each of their digits holds only half a
// byte: written without a dictionary, an id of 16 bytes in 32 digits must come
// near those 16, whichever the level.
func TestIdsAreCodedByTheirDigits(t *testing.T) {
	const rows, most = 20_000, 18.5
	r := rand.New(rand.NewPCG(1, 1))
	b := columnar.NewBatch(columnar.Schema{field("id", columnar.String)})
	for range rows {
		b.Columns[0].AppendString(fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()))
	}
	b.Len = rows
	for _, c := range []columnar.Compression{columnar.ZstdFastest, columnar.ZstdDefault, columnar.ZstdBetter} {
		file, _ := write(t, b.Schema, columnar.WriterOptions{Compression: c, Plain: []string{"id"}}, b)
		if size := float64(len(file)) / rows; size > most {
			t.Errorf("compression %d: %.2f bytes an id, want %.1f at most", c, size, most)
		}
	}
}

// idsOf are so many of a length, of which one in every so many is null; 0: none.
func idsOf(r *rand.Rand, rows, length, nulls int, text func(i int) string) *columnar.Batch {
	b := columnar.NewBatch(columnar.Schema{field("id", columnar.String)})
	for i := range rows {
		if nulls > 0 && r.IntN(nulls) == 0 {
			b.Columns[0].AppendNull()
			continue
		}
		s := text(i)
		for len(s) < length {
			s += fmt.Sprintf("%x", r.Uint64())
		}
		b.Columns[0].AppendString(s[:length])
	}
	b.Len = rows
	return b
}

// TestIdsOfOneLength are read back, whatever their length and number.
func TestIdsOfOneLength(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	random := func(int) string { return fmt.Sprintf("%016x", r.Uint64()) }
	for length := 15; length < 130; length += 1 + length/6 {
		for _, n := range []int{255, 256, 257, 4000} {
			for _, nulls := range []int{0, 3} {
				b := idsOf(r, n, length, nulls, random)
				file, _ := write(t, b.Schema, columnar.WriterOptions{Plain: []string{"id"}, PageRows: 3700}, b)
				if diff := cmp.Diff(text(b), rows(t, file, b.Schema, nil)); diff != "" {
					t.Fatalf("%d ids of %d bytes (-want +got):\n%.1000s", n, length, diff)
				}
			}
		}
	}
}

// TestIdsThatRepeatAreMatched: what is alike is not coded by its digits.
func TestIdsThatRepeatAreMatched(t *testing.T) {
	const n = 8192
	r := rand.New(rand.NewPCG(3, 3))
	var few []string
	for range n / 4 {
		few = append(few, fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()))
	}
	for name, tc := range map[string]struct {
		text func(i int) string
		most float64 // bytes an id
	}{
		"each four times":      {func(int) string { return few[r.IntN(len(few))] }, 10},
		"they begin alike":     {func(i int) string { return fmt.Sprintf("018f%06x-", i/50) }, 14},
		"they end alike":       {func(i int) string { return fmt.Sprintf("%016x%016d", r.Uint64(), i%7) }, 13},
		"one letter":           {func(int) string { return strings.Repeat("a", 32) }, 0.1},
		"nothing but its kind": {func(int) string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) }, 16.8},
	} {
		b := idsOf(r, n, 32, 0, tc.text)
		file, _ := write(t, b.Schema, columnar.WriterOptions{Plain: []string{"id"}}, b)
		if size := float64(len(file)) / n; size > tc.most {
			t.Errorf("%s: %.2f bytes an id, want %.1f at most", name, size, tc.most)
		}
		if diff := cmp.Diff(text(b), rows(t, file, b.Schema, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%.1000s", name, diff)
		}
	}
}
