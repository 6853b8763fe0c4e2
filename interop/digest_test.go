//go:build interop

package interop_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// The canonical text of a row, the same in every engine:
//
//	row, struct   ( name value ... )    names in byte order
//	map           { key value ... }     keys in byte order
//	null          -
//	scalar, name  <bytes in decimal>:<text>
//
// The text of a number is decimal, of a boolean true or false, of a timestamp its
// microseconds since 1970 UTC, of a date yyyy-mm-dd, of bytes their hex. A field
// that a file lacks is null.
//
// The number of a text is the first 64 bits of its SHA-256, big-endian. The
// digest of a table is the sum of the numbers of its rows modulo 2^64: the order
// of rows does not count, how often one occurs does. The digest of a column sums
// the numbers of <name value>; it only serves to say where two tables differ.

// digest is one reader's answer for one table.
type digest struct {
	Rows    int               `json:"rows"`
	Digest  string            `json:"digest"`
	Columns map[string]string `json:"columns"`
	Probes  []int             `json:"probes"` // rows found by each probe; none from some readers
	Error   string            `json:"error"`
}

// form is what nulls of nested types are taken for.
type form int

const (
	exact      form = iota
	nullsEmpty      // a null map is an empty one, a null struct has null fields
)

// digestOf reads a whole table with Auditlake itself.
func digestOf(t *testing.T, view *lake.View, form form) digest {
	t.Helper()
	schema := view.Schema()
	order := byName(schema)
	sums := make([]uint64, len(schema))
	var sum uint64
	var row []byte
	d := digest{Columns: map[string]string{}}
	for b, err := range view.Scan(t.Context(), schema, nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			row = append(row[:0], '(')
			for _, c := range order {
				start := len(row)
				row = form.value(scalar(row, schema[c].Name), b.Columns[c], i)
				sums[c] += numberOf(row[start:])
			}
			row = append(row, ')')
			sum += numberOf(row)
		}
		d.Rows += b.Len
	}
	d.Digest = word(sum)
	for c, f := range schema {
		d.Columns[f.Name] = word(sums[c])
	}
	return d
}

func numberOf(text []byte) uint64 {
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:])
}

func word(n uint64) string { return fmt.Sprintf("%016x", n) }

// byName is the positions of the fields in byte order of their names.
func byName(s columnar.Schema) []int {
	order := make([]int, len(s))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(s[a].Name, s[b].Name) })
	return order
}

func scalar[T string | []byte](dst []byte, text T) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(text)), 10), ':')
	return append(dst, text...)
}

// value appends the canonical text of value i of v.
func (f form) value(dst []byte, v *columnar.Vector, i int) []byte {
	null := v.IsNull(i)
	if null && !(f == nullsEmpty && (v.Type.Kind == columnar.Struct || v.Type.Kind == columnar.Map)) {
		return append(dst, '-')
	}
	switch k := v.Type.Kind; k {
	case columnar.Boolean:
		return scalar(dst, strconv.FormatBool(v.Ints[i] != 0))
	case columnar.Date:
		return scalar(dst, time.Unix(v.Ints[i]*24*60*60, 0).UTC().Format(time.DateOnly))
	case columnar.String:
		return scalar(dst, v.ByteAt(i))
	case columnar.Binary:
		return scalar(dst, hex.EncodeToString(v.ByteAt(i)))
	case columnar.Struct:
		dst = append(dst, '(')
		for _, c := range byName(v.Type.Fields) {
			// Children are null where the struct is.
			dst = f.value(scalar(dst, v.Type.Fields[c].Name), v.Children[c], i)
		}
		return append(dst, ')')
	case columnar.Map:
		keys, values := v.Children[0], v.Children[1]
		var entries []int
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			entries = append(entries, int(j))
		}
		slices.SortFunc(entries, func(a, b int) int { return slices.Compare(keys.ByteAt(a), keys.ByteAt(b)) })
		dst = append(dst, '{')
		for _, j := range entries {
			dst = f.value(scalar(dst, keys.ByteAt(j)), values, j)
		}
		return append(dst, '}')
	default:
		if k.InInts() {
			return scalar(dst, strconv.FormatInt(v.Ints[i], 10))
		}
		panic("interop: no canonical text for " + k.String())
	}
}
