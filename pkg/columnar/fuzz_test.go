package columnar_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"runtime"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// bounded calls f on an input of size bytes and fails if it allocates much more
// than what base and the input explain.
func bounded(t *testing.T, base, size int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(base+1000*size); got > limit {
		t.Errorf("%d bytes lead to %d bytes allocated, over %d", size, got, limit)
	}
}

// pageTypes are columns of all physical types, with a type to read each as.
var pageTypes = []struct {
	physical format.Type
	length   int32
	logical  format.LogicalType
	want     columnar.Type
}{
	{physical: format.Boolean, want: columnar.Of(columnar.Boolean)},
	{physical: format.Int32, want: columnar.Of(columnar.Long)},
	{physical: format.Int64, want: columnar.Of(columnar.Long)},
	{physical: format.Int96, want: columnar.Of(columnar.Timestamp)},
	{physical: format.Float, want: columnar.Of(columnar.Double)},
	{physical: format.Double, want: columnar.Of(columnar.Double)},
	{physical: format.ByteArray, want: columnar.Of(columnar.Binary)},
	{physical: format.FixedLenByteArray, length: 16, logical: decimal(38), want: columnar.DecimalOf(38, 2)},
	{physical: format.ByteArray, logical: decimal(38), want: columnar.DecimalOf(38, 2)},
	{physical: format.Int64, logical: decimal(18), want: columnar.DecimalOf(18, 2)},
}

func decimal(precision int32) format.LogicalType {
	return format.LogicalType{Value: &format.DecimalType{Precision: precision, Scale: 2}}
}

// pageFile is a file of one column chunk: a dictionary page, if there is one, and
// a data page of the version of its header. If that says how large the page is, the body
// is compressed with Zstandard.
func pageFile(t testing.TB, typ uint8, repetition format.FieldRepetitionType, h format.PageHeader, dict, body []byte) []byte {
	t.Helper()
	var p thrift.CompactProtocol
	var out bytes.Buffer
	encode := func(v any) {
		if err := thrift.NewEncoder(p.NewWriter(&out)).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	pt := pageTypes[int(typ)%len(pageTypes)]
	out.WriteString("PAR1")
	meta := format.ColumnMetaData{Type: pt.physical, PathInSchema: []string{"v"}}
	if h.UncompressedPageSize > 0 {
		meta.Codec = format.Zstd
	}
	if len(dict) > 0 {
		d := format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: int32(len(dict)), CompressedPageSize: int32(len(dict))}
		d.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: 3, Encoding: format.Plain})
		meta.DictionaryPageOffset = int64(out.Len())
		encode(&d)
		out.Write(dict)
	}
	meta.DataPageOffset = int64(out.Len())
	h.CompressedPageSize = int32(len(body))
	if meta.Codec == format.Uncompressed {
		h.UncompressedPageSize = int32(len(body))
	}
	encode(&h)
	out.Write(body)
	meta.TotalCompressedSize = int64(out.Len()) - 4
	meta.NumValues = int64(h.DataPageHeader.V.NumValues + h.DataPageHeaderV2.V.NumValues)

	root := format.SchemaElement{Name: "root"}
	root.NumChildren.Set(1)
	leaf := format.SchemaElement{Name: "v", LogicalType: pt.logical}
	leaf.Type.Set(pt.physical)
	leaf.RepetitionType.Set(repetition)
	if pt.length > 0 {
		leaf.TypeLength.Set(pt.length)
	}
	at := out.Len()
	encode(&format.FileMetaData{
		Version: 1, Schema: []format.SchemaElement{root, leaf}, NumRows: meta.NumValues, CreatedBy: "a fuzzer",
		RowGroups: []format.RowGroup{{NumRows: meta.NumValues, Columns: []format.ColumnChunk{{MetaData: meta}}}},
	})
	return append(binary.LittleEndian.AppendUint32(out.Bytes(), uint32(out.Len()-at)), "PAR1"...)
}

// FuzzPage reads any bytes as a page of each type, encoding and repetition, where
// FuzzOpenFile seldom gets to.
func FuzzPage(f *testing.F) {
	var ints []byte
	for i := range int64(4) {
		ints = binary.LittleEndian.AppendUint64(ints, uint64(i))
	}
	texts := []byte{1, 0, 0, 0, 'a', 0, 0, 0, 0, 2, 0, 0, 0, 'b', 'c'}
	for typ := range uint8(len(pageTypes)) {
		f.Add(typ, uint8(0), uint8(format.Plain), false, int32(4), []byte(nil), append(bytes.Clone(ints), ints...))
		f.Add(typ, uint8(0), uint8(format.RLEDictionary), false, int32(4), append(bytes.Clone(ints), ints...), []byte{2, 8, 1})
		f.Add(typ, uint8(1), uint8(format.Plain), false, int32(3), []byte(nil), append([]byte{2, 0, 0, 0, 3, 5}, ints...))
		f.Add(typ, uint8(2), uint8(format.Plain), true, int32(3), []byte(nil), append([]byte{3, 2, 6, 1}, ints...))
		f.Add(typ, uint8(0), uint8(format.DeltaBinaryPacked), false, int32(1), []byte(nil), []byte{128, 1, 4, 1, 0})
		f.Add(typ, uint8(0), uint8(format.RLE), false, int32(9), []byte(nil), []byte{2, 0, 0, 0, 18, 1})
	}
	f.Add(uint8(6), uint8(0), uint8(format.Plain), false, int32(3), []byte(nil), texts)
	f.Add(uint8(6), uint8(0), uint8(format.RLEDictionary), false, int32(16<<20), texts, []byte{2, 0x80, 0x80, 0x80, 16, 1})
	f.Add(uint8(6), uint8(0), uint8(format.DeltaLengthByteArray), false, int32(1), []byte(nil), []byte{128, 1, 4, 1, 6, 'a', 'b', 'c'})
	f.Add(uint8(6), uint8(0), uint8(format.DeltaByteArray), false, int32(2), []byte(nil), []byte{128, 1, 4, 2, 0, 2, 0, 0, 0, 0, 128, 1, 4, 2, 4, 1, 0, 0, 0, 0, 'a', 'b', 'c'})
	f.Add(uint8(7), uint8(0), uint8(format.DeltaByteArray), false, int32(1), []byte(nil), append([]byte{128, 1, 4, 1, 0, 128, 1, 4, 1, 32}, make([]byte, 16)...))
	f.Add(uint8(8), uint8(0), uint8(format.Plain), false, int32(1), []byte(nil), append([]byte{17, 0, 0, 0}, make([]byte, 17)...))
	f.Fuzz(func(t *testing.T, typ, repetition, encoding uint8, v2 bool, values int32, dict, body []byte) {
		rep := format.FieldRepetitionType(repetition % 3)
		enc := format.Encoding(encoding % 10)
		var h format.PageHeader
		if v2 {
			h.Type = format.DataPageV2
			levels := min(3, len(body))
			h.DataPageHeaderV2 = thrift.New(format.DataPageHeaderV2{NumValues: values, Encoding: enc, RepetitionLevelsByteLength: int32(levels / 2), DefinitionLevelsByteLength: int32(levels - levels/2)})
		} else {
			h.Type = format.DataPage
			h.DataPageHeader = thrift.New(format.DataPageHeader{NumValues: values, Encoding: enc, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})
		}
		want := pageTypes[int(typ)%len(pageTypes)].want
		if rep == format.Repeated {
			want = columnar.ListOf(want)
		}
		file := pageFile(t, typ, rep, h, dict, body)
		// Sixteen million values of one run are legal, and 8 bytes each.
		bounded(t, 1<<30, len(file), func() { readBroken(t, file, columnar.Schema{{Name: "v", Type: want}}) })
	})
}

// foreignFiles are files of another library that have what a Writer never makes.
func foreignFiles(t testing.TB) map[string][]byte {
	t.Helper()
	type row struct {
		Millis   time.Time         `parquet:"millis,timestamp(millisecond)"`
		Small    int8              `parquet:"small,optional"`
		Numbers  []int64           `parquet:"numbers,list"`
		Texts    map[string]string `parquet:"texts"`
		Delta    string            `parquet:"delta,delta"`
		DeltaInt int32             `parquet:"deltaInt,delta"`
		Boolean  bool              `parquet:"boolean"`
	}
	out := map[string][]byte{"decimals": decimalFile(t, 3, []*big.Int{big.NewInt(-1), big.NewInt(1 << 60)})}
	for version := 1; version <= 2; version++ {
		for name, codec := range map[string]parquet.WriterOption{
			"snappy": parquet.Compression(&parquet.Snappy), "gzip": parquet.Compression(&parquet.Gzip), "none": parquet.Compression(&parquet.Uncompressed),
		} {
			var file bytes.Buffer
			rows := []row{{Millis: time.UnixMilli(5), Numbers: []int64{1, 2}, Texts: map[string]string{"a": "b"}, Delta: "x"}, {DeltaInt: 7, Boolean: true}}
			if err := parquet.Write(&file, rows, parquet.DataPageVersion(version), codec); err != nil {
				t.Fatal(err)
			}
			out[fmt.Sprint(name, " v", version)] = file.Bytes()
		}
	}
	return out
}

// FuzzForeignFile reads any bytes as a file, as whatever types it says it has.
func FuzzForeignFile(f *testing.F) {
	for _, file := range foreignFiles(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		bounded(t, 1<<30, len(file), func() {
			opened, err := columnar.OpenFile(t.Context(), &memory{b: file}, int64(len(file)))
			if err != nil {
				return
			}
			readBroken(t, file, opened.Schema())
		})
	})
}

// FuzzDecimalValue reads any text as a decimal.
func FuzzDecimalValue(f *testing.F) {
	for _, text := range []string{"1", "-0.50", "1e38", ".", "-", "1e-9999999", "9.99e37"} {
		f.Add(text, uint8(38), uint8(6))
	}
	f.Fuzz(func(t *testing.T, text string, precision, scale uint8) {
		typ := columnar.DecimalOf(int(precision)%38+1, int(scale)%(int(precision)%38+2))
		v, err := columnar.DecimalValue(typ, text)
		if err != nil {
			return
		}
		again, err := columnar.DecimalValue(typ, string(v.Bytes))
		if err != nil || again.Compare(v) != 0 || !bytes.Equal(again.Bytes, v.Bytes) {
			t.Errorf("%q is %s as %s, and that is %s, %v", text, v.Bytes, typ, again.Bytes, err)
		}
	})
}
