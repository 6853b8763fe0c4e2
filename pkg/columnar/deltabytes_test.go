package columnar_test

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Strings that share beginnings, as writers of Parquet 2 spell them.
func TestDeltaByteArrays(t *testing.T) {
	schema := parquet.NewSchema("delta", parquet.Group{
		"decimal": parquet.Encoded(parquet.Decimal(2, 38, parquet.FixedLenByteArrayType(16)), &parquet.DeltaByteArray),
		"text":    parquet.Optional(parquet.Encoded(parquet.String(), &parquet.DeltaByteArray)),
	})
	rapid.Check(t, func(rt *rapid.T) {
		var file bytes.Buffer
		w := parquet.NewWriter(&file, schema, parquet.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "version")),
			parquet.PageBufferSize(rapid.IntRange(50, 5000).Draw(rt, "page")))
		var want []string
		for range rapid.IntRange(1, 300).Draw(rt, "rows") {
			u := big.NewInt(rapid.Int64Min(0).Draw(rt, "unscaled"))
			null, text := parquet.NullValue().Level(0, 0, 1), "null"
			if s := rapid.StringMatching(`(prefix){0,4}[a-cé]{0,5}`).Draw(rt, "text"); s != "" {
				null, text = parquet.ByteArrayValue([]byte(s)).Level(0, 1, 1), s
			}
			if _, err := w.WriteRows([]parquet.Row{{parquet.FixedLenByteArrayValue(u.FillBytes(make([]byte, 16))).Level(0, 0, 0), null}}); err != nil {
				rt.Fatal(err)
			}
			want = append(want, new(big.Rat).SetFrac(u, big.NewInt(100)).FloatString(2)+" "+text)
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		var got []string
		read := columnar.Schema{{Name: "decimal", Type: columnar.DecimalOf(38, 2)}, field("text", columnar.String)}
		for b, err := range open(t, file.Bytes()).Read(t.Context(), read, nil) {
			if err != nil {
				rt.Fatal(err)
			}
			check(t, b)
			for i := range b.Len {
				text := "null"
				if !b.Columns[1].IsNull(i) {
					text = string(b.Columns[1].ByteAt(i))
				}
				got = append(got, string(b.Columns[0].ByteAt(i))+" "+text)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// Lengths that promise more than a page holds are refused before anything is made
// room for.
func TestHostileDeltaByteArrays(t *testing.T) {
	for name, body := range map[string][]byte{
		"a prefix of nothing":        {128, 1, 4, 1, 2, 128, 1, 4, 1, 0},
		"a suffix that is not there": {128, 1, 4, 1, 0, 128, 1, 4, 1, 20},
		"a negative suffix":          {128, 1, 4, 1, 0, 128, 1, 4, 1, 1},
		"a block of no miniblocks":   {128, 1, 0, 1, 0},
		"a block of no values":       {0, 4, 1, 0},
		"another count":              {128, 1, 4, 2, 0},
		"it breaks off":              {128, 1},
	} {
		h := format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{
			NumValues: 1, Encoding: format.DeltaByteArray, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
		})}
		file := pageFile(t, 6, format.Required, h, nil, body)
		bounded(t, 1<<20, 0, func() {
			for b, err := range open(t, file).Read(t.Context(), columnar.Schema{field("v", columnar.Binary)}, nil) {
				if b != nil || !errors.Is(err, columnar.ErrCorrupt) {
					t.Errorf("%s: %v, %v", name, b, err)
				}
			}
		})
	}
}
