package columnar_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// rewrite reads a file with parquet-go, page index and all, and writes its rows
// anew with parquet-go.
func rewrite(file []byte, options ...parquet.WriterOption) ([]byte, error) {
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("parquet-go cannot open the file: %w", err)
	}
	var out bytes.Buffer
	w := parquet.NewWriter(&out, append(options, f.Schema())...)
	for _, g := range f.RowGroups() {
		r := g.Rows()
		if _, err := parquet.CopyRows(w, r); err != nil {
			return nil, fmt.Errorf("parquet-go cannot read the file: %w", err)
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// What this package writes another library reads, and the other way round, for
// both versions of data pages and the compressions in use.
func TestAnotherLibraryAgrees(t *testing.T) {
	codecs := map[string]parquet.WriterOption{
		"snappy": parquet.Compression(&parquet.Snappy), "zstd": parquet.Compression(&parquet.Zstd),
		"gzip": parquet.Compression(&parquet.Gzip),
		"none": parquet.Compression(&parquet.Uncompressed),
	}
	names := []string{"snappy", "zstd", "gzip", "none"}
	rapid.Check(t, func(rt *rapid.T) {
		schema := drawSchema(rt, 3)
		var want []string
		var batches []*columnar.Batch
		for range rapid.IntRange(1, 3).Draw(rt, "batches") {
			b := drawBatch(rt, schema)
			batches, want = append(batches, b), append(want, text(b)...)
		}
		file, _ := write(t, schema, drawOptions(rt), batches...)
		codec := rapid.SampledFrom(names).Draw(rt, "codec")
		theirs, err := rewrite(file, codecs[codec], parquet.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "pages")))
		if err != nil {
			rt.Fatalf("%s: %v", columnar.StructOf(schema...), err)
		}
		if len(want) == 0 {
			return
		}
		if diff := cmp.Diff(want, rows(t, theirs, schema, nil)); diff != "" {
			rt.Fatalf("%s (-written +read):\n%s", columnar.StructOf(schema...), diff)
		}
	})
}

// The file is what every engine reads: see the comment of Writer.
func TestPhysicalLayout(t *testing.T) {
	batch := events(20000, 1)
	file, _ := write(t, batch.Schema, columnar.WriterOptions{RowGroupRows: 15000, Plain: []string{"requestId"}}, batch)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	meta := f.Metadata()
	if meta.Version != 1 || len(meta.RowGroups) != 2 || meta.CreatedBy != "auditlake version 1.0.0" {
		t.Errorf("version %d, %d row groups, created by %q", meta.Version, len(meta.RowGroups), meta.CreatedBy)
	}
	for _, g := range meta.RowGroups {
		for _, c := range g.Columns {
			m := c.MetaData
			for _, e := range m.Encoding {
				if e != format.Plain && e != format.RLE && e != format.RLEDictionary {
					t.Errorf("%v: encoding %s", m.PathInSchema, e)
				}
			}
			for _, s := range m.EncodingStats {
				if s.PageType != format.DataPage && s.PageType != format.DictionaryPage {
					t.Errorf("%v: page of type %s", m.PathInSchema, s.PageType)
				}
			}
			dict := slices.Contains(m.Encoding, format.RLEDictionary)
			if want := m.PathInSchema[0] == "actionName"; want && !dict {
				t.Errorf("%v: no dictionary", m.PathInSchema)
			}
			if m.PathInSchema[0] == "requestId" && dict {
				t.Errorf("%v: a dictionary", m.PathInSchema)
			}
			if c.OffsetIndexLength == 0 {
				t.Errorf("%v: no offset index", m.PathInSchema)
			}
			if indexed := c.ColumnIndexLength > 0; indexed == (m.PathInSchema[0] == "requestParams") {
				t.Errorf("%v: column index %v", m.PathInSchema, indexed)
			}
		}
	}
	var got []string
	for _, e := range meta.Schema {
		line := e.Name
		if e.Type.Valid {
			line += " " + e.Type.V.String()
		}
		if e.RepetitionType.Valid {
			line += " " + e.RepetitionType.V.String()
		}
		if s := e.LogicalType.String(); s != "" {
			line += " " + s
		}
		if e.FieldID != 0 {
			t.Errorf("%s: field id %d", e.Name, e.FieldID)
		}
		got = append(got, line)
	}
	for _, want := range []string{
		"timestamp INT64 OPTIONAL",
		"date_time INT64 OPTIONAL TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)",
		"date INT32 OPTIONAL DATE",
		"serviceName BYTE_ARRAY OPTIONAL STRING",
		"requestParams OPTIONAL MAP", "key_value REPEATED", "key BYTE_ARRAY REQUIRED STRING", "value BYTE_ARRAY OPTIONAL STRING",
		"response OPTIONAL", "statusCode INT32 OPTIONAL",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no schema element %q in %q", want, got)
		}
	}
}
