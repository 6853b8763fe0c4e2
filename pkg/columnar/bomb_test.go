package columnar_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Small files that want to be large, made by whoever may write to the lake.

// allocated is how many bytes f takes from the heap, altogether.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// read is the first error of reading a file.
func read(t *testing.T, file []byte, want columnar.Schema) error {
	t.Helper()
	f, err := columnar.OpenFile(t.Context(), &memory{b: file}, int64(len(file)))
	if err != nil {
		return err
	}
	for _, err := range f.Read(t.Context(), want, nil) {
		if err != nil {
			return err
		}
	}
	return nil
}

// A frame that does not say how long it is goes on beyond what the page says.
func TestAFrameIsNoLongerThanItsPage(t *testing.T) {
	var frame bytes.Buffer
	w, err := zstd.NewWriter(&frame)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 300 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := format.PageHeader{Type: format.DataPage, UncompressedPageSize: 100}
	h.DataPageHeader = thrift.New(format.DataPageHeader{NumValues: 3, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})
	file := pageFile(t, 6, format.Required, h, nil, frame.Bytes())
	took := allocated(func() { err = read(t, file, columnar.Schema{{Name: "v", Type: columnar.Of(columnar.Binary)}}) })
	if err == nil || !strings.Contains(err.Error(), "exceeds") {
		t.Errorf("%v", err)
	}
	if took > 64<<20 {
		t.Errorf("%d bytes became %d", len(file), took)
	}
}

// Columns that are each within their limit are too much together: here of an eighth of
// what they may have, so that it takes no GB of memory.
func TestColumnsTogetherAreBounded(t *testing.T) {
	t.Cleanup(columnar.HoldAtMost(128 << 20))
	var schema columnar.Schema
	for i := range 20 {
		schema = append(schema, columnar.Field{Name: fmt.Sprint("c", i), Type: columnar.Of(columnar.Binary)})
	}
	b := columnar.NewBatch(schema)
	b.Len = 1
	b.Columns[0].AppendBytes(make([]byte, 60<<20/8))
	for i := range b.Columns {
		b.Columns[i] = b.Columns[0]
	}
	file, _ := write(t, schema, columnar.WriterOptions{}, b)
	if len(file) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(file))
	}
	if err := read(t, file, schema); err == nil || !strings.Contains(err.Error(), "smaller pages") {
		t.Errorf("20 columns: %v", err)
	}
	if err := read(t, file, schema[:5]); err != nil {
		t.Errorf("5 columns: %v", err)
	}
}

// A schema that nests without end is refused, and cheaply.
func TestSchemasNestSoDeep(t *testing.T) {
	nested := func(depth int) string {
		return `{"type":"struct","fields":[{"name":"a","type":` + strings.Repeat(`{"type":"array","elementType":`, depth) + `"long"` +
			strings.Repeat(`,"containsNull":true}`, depth) + `,"nullable":true,"metadata":{}}]}`
	}
	if _, err := columnar.ParseDeltaSchema(nested(90)); err != nil {
		t.Errorf("90 deep: %v", err)
	}
	var err error
	if took := allocated(func() { _, err = columnar.ParseDeltaSchema(nested(4000)) }); err == nil || took > 500<<20 {
		t.Errorf("4,000 deep: %v, with %d bytes", err, took)
	}
}
