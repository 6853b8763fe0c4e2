package columnar_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

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
