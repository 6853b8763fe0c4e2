package columnar_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/auditlake/auditlake/pkg/columnar"
)

func TestDictionaryOverflow(t *testing.T) {
	schema := columnar.Schema{field("s", columnar.String), field("n", columnar.Long)}
	b := columnar.NewBatch(schema)
	for i := range 60000 { // first few strings, then ever new ones
		b.Column("s").AppendString(fmt.Sprintf("value %d", max(i%7, i-20000)))
		b.Column("n").AppendInt(int64(i))
	}
	b.Len = 60000
	file, _ := write(t, schema, columnar.WriterOptions{DictionaryBytes: 64 << 10, RowGroupRows: 50000}, b)
	var got []string
	var sizes []int
	forms := map[bool]int{}
	for batch, err := range open(t, file).Read(context.Background(), schema, nil) {
		if err != nil {
			t.Fatal(err)
		}
		check(t, batch)
		got = append(got, text(batch)...)
		sizes = append(sizes, batch.Len)
		forms[batch.Columns[0].Codes != nil] += batch.Len
	}
	if diff := cmp.Diff(text(b), got); diff != "" {
		t.Error(diff)
	}
	if forms[true] < 20000 || forms[false] < 10000 {
		t.Errorf("%d rows as codes, %d plain, batches %v", forms[true], forms[false], sizes)
	}
}

func TestDictionaryIsSharedWithinARowGroup(t *testing.T) {
	b := events(40000, 1)
	file, _ := write(t, b.Schema, columnar.WriterOptions{RowGroupRows: 20000}, b)
	dicts := map[*columnar.Bytes]int{}
	for batch, err := range open(t, file).Read(context.Background(), b.Schema, nil) {
		if err != nil {
			t.Fatal(err)
		}
		dicts[batch.Column("actionName").Dict] += batch.Len
	}
	if len(dicts) != 2 {
		t.Errorf("dictionaries and their rows: %v", dicts)
	}
}

func TestWriteFromCodes(t *testing.T) {
	b := events(30000, 1)
	file, _ := write(t, b.Schema, columnar.WriterOptions{RowGroupRows: 7000}, b)
	var coded []*columnar.Batch
	for batch, err := range open(t, file).Read(context.Background(), b.Schema, nil) {
		if err != nil {
			t.Fatal(err)
		}
		coded = append(coded, batch)
	}
	again, _ := write(t, b.Schema, columnar.WriterOptions{}, coded...)
	if diff := cmp.Diff(text(b), rows(t, again, b.Schema, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestBatchMayBeReused(t *testing.T) {
	schema := columnar.Schema{field("s", columnar.String)}
	var out bytes.Buffer
	w, err := columnar.NewWriter(&out, schema, columnar.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b := columnar.NewBatch(schema)
	dict := &columnar.Bytes{}
	var want []string
	for i := range 50 {
		b.Reset()
		if i%2 == 0 {
			b.Columns[0].AppendString(fmt.Sprintf("%03d", i))
		} else { // the same dictionary, filled anew
			dict.Data, dict.Ends = dict.Data[:0], dict.Ends[:0]
			dict.AppendString(fmt.Sprintf("%03d", i))
			b.Columns[0].Codes, b.Columns[0].Dict, b.Columns[0].Len = []int32{0}, dict, 1
		}
		b.Len = 1
		want = append(want, text(b)...)
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, rows(t, out.Bytes(), schema, nil)); diff != "" {
		t.Error(diff)
	}
}

// A struct in a list, with nulls in one Write and without in the one before.
func TestStructsInListsOverWrites(t *testing.T) {
	schema := columnar.Schema{{Name: "l", Type: columnar.ListOf(columnar.StructOf(
		columnar.Field{Name: "s", Type: columnar.StructOf(field("a", columnar.Long))}, field("b", columnar.Long)))}}
	var batches []*columnar.Batch
	var want []string
	for i := range int64(4) {
		b := columnar.NewBatch(schema)
		list := b.Columns[0]
		list.AppendNull()
		for j := range int64(3) {
			elem := list.Children[0]
			if i%2 == 1 && j == 1 {
				elem.AppendNull()
				continue
			}
			if (i+j)%3 == 0 {
				elem.Children[0].AppendNull()
			} else {
				elem.Children[0].Children[0].AppendInt(i)
				elem.Children[0].AppendNested()
			}
			elem.Children[1].AppendInt(j)
			elem.AppendNested()
		}
		list.AppendNested()
		b.Len = 2
		batches, want = append(batches, b), append(want, text(b)...)
	}
	file, _ := write(t, schema, columnar.WriterOptions{PageRows: 1}, batches...)
	if diff := cmp.Diff(want, rows(t, file, schema, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestLargeStrings(t *testing.T) {
	schema := columnar.Schema{field("raw", columnar.String), field("n", columnar.Long), field("tag", columnar.String)}
	b := columnar.NewBatch(schema)
	for i := range 40 {
		b.Column("raw").AppendString(fmt.Sprint(i) + strings.Repeat("é", 5<<19))
		b.Column("n").AppendInt(int64(i))
		b.Column("tag").AppendString("t")
	}
	b.Len = 40
	for _, plain := range [][]string{nil, {"raw"}} {
		file, stats := write(t, schema, columnar.WriterOptions{Plain: plain}, b)
		n := 0
		for batch, err := range open(t, file).Read(context.Background(), schema, nil) {
			if err != nil {
				t.Fatal(err)
			}
			if size := len(batch.Columns[0].Bytes.Data); size > 64<<20 {
				t.Errorf("a batch of %d bytes", size)
			}
			for i := range batch.Len {
				if !bytes.Equal(batch.Columns[0].ByteAt(i), b.Columns[0].ByteAt(n)) || batch.Columns[1].Ints[i] != int64(n) {
					t.Fatalf("row %d differs", n)
				}
				n++
			}
		}
		if n != 40 {
			t.Errorf("%d rows", n)
		}
		bound, _ := stats.Bound("raw")
		if len(bound.Min.Bytes) > 1100 || len(bound.Max.Bytes) > 1100 || bound.Max.Compare(columnar.StringValue("9é")) < 0 {
			t.Errorf("bounds of %d and %d bytes", len(bound.Min.Bytes), len(bound.Max.Bytes))
		}
	}
}

func TestEmptyFile(t *testing.T) {
	schema := silver()
	file, stats := write(t, schema, columnar.WriterOptions{}, columnar.NewBatch(schema))
	if got := rows(t, file, schema, nil); len(got) != 0 || stats.NumRows != 0 || open(t, file).NumRows() != 0 {
		t.Errorf("rows %v", got)
	}
}

func TestWantIsEmpty(t *testing.T) {
	b := events(20000, 1)
	file, _ := write(t, b.Schema, columnar.WriterOptions{}, b)
	src := &memory{b: file}
	f, err := columnar.OpenFile(context.Background(), src, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for batch, err := range f.Read(context.Background(), columnar.Schema{}, nil) {
		if err != nil {
			t.Fatal(err)
		}
		n += batch.Len
	}
	if n != 20000 || src.reads != 1 {
		t.Errorf("%d rows with %d reads", n, src.reads)
	}
}

func TestOnlyWantedBytesAreRead(t *testing.T) {
	b := events(100000, 1)
	file, _ := write(t, b.Schema, columnar.WriterOptions{}, b)
	src := &memory{b: file}
	f, err := columnar.OpenFile(context.Background(), src, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	src.reads, src.bytes = 0, 0
	for _, err := range f.Read(context.Background(), columnar.Schema{field("actionName", columnar.String)}, nil) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if src.reads != 1 || src.bytes > int64(len(file))/20 {
		t.Errorf("%d reads, %d bytes of %d", src.reads, src.bytes, len(file))
	}
}

func TestWrongTypes(t *testing.T) {
	b := events(1, 1)
	file, _ := write(t, b.Schema, columnar.WriterOptions{}, b)
	str := columnar.Of(columnar.String)
	for name, want := range map[string]columnar.Schema{
		"column date is date, wanted timestamp":                        {field("date", columnar.Timestamp)},
		"column timestamp is long, wanted integer":                     {field("timestamp", columnar.Integer)},
		"column requestParams is map<string,string>, wanted":           {{Name: "requestParams", Type: columnar.StructOf(field("a", columnar.String))}},
		"column response.statusCode is integer, wanted string":         {{Name: "response", Type: columnar.StructOf(field("statusCode", columnar.String))}},
		"column requestParams.value is string, wanted long":            {{Name: "requestParams", Type: columnar.MapOf(str, columnar.Of(columnar.Long))}},
		"column email is string, wanted struct<":                       {{Name: "email", Type: columnar.StructOf(field("a", columnar.String))}},
		"column response is struct<statusCode:integer,errorMessage:st": {field("response", columnar.String)},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range open(t, file).Read(context.Background(), want, nil) {
				if !errors.Is(err, columnar.ErrType) || !strings.HasPrefix(err.Error(), name) {
					t.Errorf("error %v", err)
				}
			}
		})
	}
}

func TestWriterErrors(t *testing.T) {
	if _, err := columnar.NewWriter(&bytes.Buffer{}, columnar.Schema{{Name: "r", Type: columnar.StructOf()}}, columnar.WriterOptions{}); err == nil {
		t.Error("a struct without fields was accepted")
	}
	for _, typ := range []columnar.Type{columnar.DecimalOf(3, 1), columnar.Of(columnar.TimestampNTZ), columnar.Of(columnar.Invalid)} {
		if _, err := columnar.NewWriter(&bytes.Buffer{}, columnar.Schema{{Name: "x", Type: columnar.ListOf(typ)}}, columnar.WriterOptions{}); err == nil {
			t.Errorf("%s was accepted", typ)
		}
	}
	full := errors.New("disk full")
	w, err := columnar.NewWriter(failing{full}, silver(), columnar.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(events(1, 1)); err != nil {
		t.Fatal(err)
	}
	if w.Size() == 0 || w.Rows() != 1 {
		t.Errorf("size %d, rows %d", w.Size(), w.Rows())
	}
	if err := w.Write(columnar.NewBatch(silver()[1:])); err == nil {
		t.Error("a batch of another schema was accepted")
	}
	if w, err = columnar.NewWriter(failing{full}, silver(), columnar.WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); !errors.Is(err, full) {
		t.Errorf("close: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Files of other writers: old timestamps, small integers, lists of two levels.
func TestForeignTypes(t *testing.T) {
	at := time.Date(2024, 2, 29, 12, 34, 56, 789000000, time.UTC)
	day := at.Truncate(24 * time.Hour)
	type row struct {
		Millis   time.Time        `parquet:"millis,timestamp(millisecond)"`
		Nanos    time.Time        `parquet:"nanos,timestamp(nanosecond)"`
		Int96    deprecated.Int96 `parquet:"int96"`
		Required string           `parquet:"required,dict"`
		Small    int8             `parquet:"small"`
		Unsigned uint32           `parquet:"unsigned"`
		Numbers  []int64          `parquet:"numbers"`
		Decimal  int64            `parquet:"decimal,decimal(2:18)"`
		Delta    string           `parquet:"delta"`
		DeltaInt int64            `parquet:"deltaInt,delta"`
		Dict     int64            `parquet:"dict,dict"`
		Boolean  bool             `parquet:"boolean"`
		Optional *int64           `parquet:"optional"`
	}
	nanos := uint64(at.Sub(day))
	julian := uint32(day.Unix()/86400 + 2440588)
	var in []row
	for i := range 20 {
		in = append(in, row{
			Millis: at, Nanos: at.Add(999), Int96: deprecated.Int96{uint32(nanos), uint32(nanos >> 32), julian},
			Required: fmt.Sprint(i % 3), Small: -3, Unsigned: 1<<32 - 1, Numbers: []int64{1, 2, int64(i)}[:i%4%3+1],
			Optional: new(int64), Delta: fmt.Sprint("value ", i), DeltaInt: int64(i * i), Dict: int64(i % 2), Boolean: i%3 == 0,
		})
	}
	var out bytes.Buffer
	if err := parquet.Write(&out, in, parquet.DataPageVersion(2)); err != nil {
		t.Fatal(err)
	}
	f := open(t, out.Bytes())
	ts := columnar.Of(columnar.Timestamp)
	want := columnar.Schema{
		{Name: "millis", Type: ts},
		{Name: "nanos", Type: ts},
		{Name: "int96", Type: ts},
		field("required", columnar.String), field("small", columnar.Long), field("unsigned", columnar.Long),
		{Name: "numbers", Type: columnar.ListOf(columnar.Of(columnar.Long))},
		field("delta", columnar.String), field("deltaInt", columnar.Long), field("DICT", columnar.Long), field("boolean", columnar.Boolean),
	}
	var got []string
	for b, err := range f.Read(context.Background(), want, func(g columnar.Bounds) bool {
		if b, _ := g.Bound("millis"); b.Min.Int != at.UnixMicro() {
			t.Errorf("bound of millis: %v", b)
		}
		// A count of 0 and no count look the same; only our own files are believed.
		if b, _ := g.Bound("optional"); b.Nulls != -1 {
			t.Errorf("nulls of optional: %d", b.Nulls)
		}
		return true
	}) {
		if err != nil {
			t.Fatal(err)
		}
		check(t, b)
		for i := range b.Len {
			got = append(got, fmt.Sprint(b.Row(i)))
		}
	}
	for i, line := range got {
		numbers := []any{}
		for _, n := range in[i].Numbers {
			numbers = append(numbers, n)
		}
		want := fmt.Sprint(map[string]any{
			"millis": at, "nanos": at, "int96": at, "required": in[i].Required, "small": int64(-3), "unsigned": int64(1<<32 - 1),
			"numbers": numbers, "delta": in[i].Delta, "deltaInt": in[i].DeltaInt, "DICT": in[i].Dict, "boolean": in[i].Boolean,
		})
		if line != want {
			t.Errorf("row %d:\n got %s\nwant %s", i, line, want)
		}
	}
	if len(got) != len(in) {
		t.Errorf("%d rows", len(got))
	}
	if typ, _ := f.Schema().Lookup("decimal"); !typ.Equal(columnar.DecimalOf(18, 2)) {
		t.Errorf("decimal is %s", typ)
	}
	for _, err := range f.Read(context.Background(), columnar.Schema{field("decimal", columnar.Long)}, nil) {
		if !errors.Is(err, columnar.ErrType) || !strings.Contains(err.Error(), "decimal(18,2)") {
			t.Errorf("decimal: %v", err)
		}
	}
}

// tries is how often TestCorruptFiles breaks each file: other bytes each time.
var tries = flag.Int("tries", 300, "broken files of each compression")

// Broken bytes give an error or rows, and take memory in proportion to the file.
func TestCorruptFiles(t *testing.T) {
	b := events(300, 1)
	var before, m runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, c := range []columnar.Compression{columnar.ZstdFastest, columnar.Snappy, columnar.Uncompressed} {
		good, _ := write(t, b.Schema, columnar.WriterOptions{Compression: c, PageRows: 50, RowGroupRows: 120, DictionaryBytes: 600}, b)
		footer := int(binary.LittleEndian.Uint32(good[len(good)-8:]))
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 0))
		for range *tries {
			bad := bytes.Clone(good)
			for range 1 + r.IntN(3) {
				at := r.IntN(len(bad))
				if r.IntN(2) == 0 { // the footer is where lengths and offsets are
					at = len(bad) - 1 - r.IntN(footer+8)
				}
				switch r.IntN(3) {
				case 0:
					bad[at] ^= 1 << r.IntN(8)
				case 1:
					bad[at] = byte(r.Uint32())
				case 2:
					n := min(r.IntN(20), len(bad)-at)
					for i := range n {
						bad[at+i] = 0xFF
					}
				}
			}
			if r.IntN(10) == 0 {
				bad = bad[:r.IntN(len(bad))]
			}
			readBroken(t, bad, b.Schema)
		}
	}
	runtime.ReadMemStats(&m)
	if m.Sys-before.Sys > 4<<30 {
		t.Errorf("%d MiB of memory, %d before", m.Sys>>20, before.Sys>>20)
	}
}

func readBroken(t *testing.T, file []byte, schema columnar.Schema) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("panic: %v", p)
		}
	}()
	f, err := columnar.OpenFile(context.Background(), &memory{b: file}, int64(len(file)))
	if err != nil {
		return
	}
	keep := func(g columnar.Bounds) bool {
		for _, c := range schema {
			g.Bound(c.Name)
		}
		return true
	}
	n := 0
	for b, err := range f.Read(context.Background(), schema, keep) {
		if err != nil {
			return
		}
		if n++; n > 30 {
			return // a row count that is made up, of columns that are not there
		}
		_ = text(b)
	}
	readBrokenPages(f, schema)
}

// readBrokenPages is readBroken with pages left out and rows picked.
func readBrokenPages(f *columnar.File, schema columnar.Schema) {
	asked := 0
	keep := func(g columnar.Bounds) bool {
		for _, c := range schema {
			g.Bound(c.Name)
		}
		asked++
		return asked%3 > 0
	}
	odd := func(b *columnar.Batch) (out []int32, _ error) {
		_ = text(b)
		for i := 1; i < b.Len; i += 2 {
			out = append(out, int32(i))
		}
		return out, nil
	}
	r, err := f.NewReader(schema, columnar.ReadOptions{Keep: keep, Choose: &columnar.Choice{First: schema[:1], Rows: odd}, BatchRows: 20})
	if err != nil {
		return
	}
	for g := range min(f.Groups(), 10) {
		n := 0
		for s, err := range r.Group(context.Background(), g) {
			if n++; err != nil || n > 30 {
				break
			}
			_ = text(s.Batch)
		}
	}
}

func FuzzOpenFile(f *testing.F) {
	b := events(50, 1)
	var out bytes.Buffer
	w, err := columnar.NewWriter(&out, b.Schema, columnar.WriterOptions{PageRows: 20})
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		f.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		if int64(len(file)) > 0 {
			readBroken(t, file, silver())
		}
	})
}

func TestFooterLengths(t *testing.T) {
	good, _ := write(t, silver(), columnar.WriterOptions{}, events(10, 1))
	set := func(n uint32) []byte {
		bad := bytes.Clone(good)
		binary.LittleEndian.PutUint32(bad[len(bad)-8:], n)
		return bad
	}
	for name, file := range map[string][]byte{
		"empty": nil, "eleven bytes": good[:11], "no magic": good[:len(good)-1], "all of it": set(uint32(len(good))),
		"4 GiB": set(1<<32 - 1), "nothing": set(0), "a little": set(7),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := columnar.OpenFile(context.Background(), &memory{b: file}, int64(len(file))); !errors.Is(err, columnar.ErrCorrupt) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	b := events(30000, 1)
	file, _ := write(t, b.Schema, columnar.WriterOptions{}, b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last error
	for _, err := range open(t, file).Read(ctx, b.Schema, nil) {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("error %v", last)
	}
}
