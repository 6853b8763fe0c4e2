package columnar_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/auditlake/auditlake/pkg/columnar"
)

const batch = 8192 // rows of a page

// texts is a column of codes and one of plain strings, in row groups of so many pages.
func texts(t testing.TB, rows, pages int) (columnar.Schema, []byte) {
	schema := columnar.Schema{id(), {Name: "code", Type: columnar.Of(columnar.String)}, {Name: "text", Type: columnar.Of(columnar.String)}}
	b := columnar.NewBatch(schema)
	for i := range int64(rows) {
		b.Columns[0].AppendInt(i)
		if i%3 == 0 {
			b.Columns[1].AppendNull()
		} else {
			b.Columns[1].AppendBytes(fmt.Append(nil, "code ", i%100))
		}
		b.Columns[2].AppendBytes(fmt.Append(nil, i*7919))
		b.Len++
	}
	file, _ := write(t, schema, columnar.WriterOptions{RowGroupRows: pages * batch, Plain: []string{"text"}}, b)
	return schema, file
}

// cached reads columns of a file through a cache; keep rules out row groups and pages.
// Its error is the last row.
func cached(t testing.TB, c *columnar.PageCache, src *memory, name string, want columnar.Schema, keep columnar.Keep) []string {
	t.Helper()
	f, err := columnar.OpenFile(t.Context(), src, int64(len(src.b)))
	if err != nil {
		return []string{err.Error()}
	}
	src.reads, src.bytes = 0, 0
	r, err := f.NewReader(want, columnar.ReadOptions{Keep: keep, Pages: c.File(name)})
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for g := range f.Groups() {
		for s, err := range r.Group(t.Context(), g) {
			if err != nil {
				return append(out, err.Error())
			}
			check(t, s.Batch)
			out = append(out, text(s.Batch)...)
		}
	}
	return out
}

// TestAPageIsKeptOnItsSecondUse and found from the third on, whether pages are read by
// their places or one after the other.
func TestAPageIsKeptOnItsSecondUse(t *testing.T) {
	schema, file := texts(t, 2*batch+9, 100)
	for name, keep := range map[string]columnar.Keep{"all": nil, "some": func(b columnar.Bounds) bool {
		x, _ := b.Bound("id")
		return x.Min.Int < batch
	}} {
		t.Run(name, func(t *testing.T) {
			c := columnar.NewPageCache(64 << 20)
			want := cached(t, nil, &memory{b: file}, "", schema, keep)
			var stats []columnar.PageStats
			for range 4 {
				src := &memory{b: file}
				if diff := cmp.Diff(want, cached(t, c, src, "a", schema, keep)); diff != "" {
					t.Fatalf("reading %d (-without +cached):\n%s", len(stats)+1, diff)
				}
				if len(stats) >= 2 && src.reads > 0 && keep == nil {
					t.Errorf("reading %d fetched %d bytes", len(stats)+1, src.bytes)
				}
				stats = append(stats, c.Stats())
			}
			pages := stats[0].Misses
			if pages == 0 || stats[1].Misses != 2*pages || stats[1].Hits != 0 || stats[3].Misses != 2*pages || stats[3].Hits != 2*pages {
				t.Errorf("%+v", stats)
			}
			if stats[0].Bytes > 1000*pages || stats[1].Bytes < 10*stats[0].Bytes || stats[3].Bytes != stats[1].Bytes {
				t.Errorf("bytes held: %+v", stats)
			}
			if diff := cmp.Diff(want, cached(t, c, &memory{b: file}, "another", schema, keep)); diff != "" || c.Stats().Hits != stats[3].Hits {
				t.Errorf("a file of another name: %+v, (-want +got):\n%s", c.Stats(), diff)
			}
			c.Forget(func(string) bool { return true })
			if got := c.Stats().Bytes; got != 0 {
				t.Errorf("%d bytes of nothing", got)
			}
		})
	}
}

// TestALargeScanLeavesOthersAlone: what is asked for more often stays, however often more
// is read than there is room for, and some of that stays as well.
func TestALargeScanLeavesOthersAlone(t *testing.T) {
	schema, small := texts(t, 2*batch, 100)
	_, large := texts(t, 30*batch, 4)
	c := columnar.NewPageCache(3 << 19)
	dashboard := func() (misses int64) {
		before := c.Stats().Misses
		cached(t, c, &memory{b: small}, "small", schema, nil)
		return c.Stats().Misses - before
	}
	dashboard()
	dashboard()
	for i := range 5 {
		if misses := dashboard(); misses > 0 {
			t.Errorf("after %d large scans %d pages were read again", i, misses)
		}
		before := c.Stats()
		cached(t, c, &memory{b: large}, "large", schema[:1], nil)
		if hits := c.Stats().Hits - before.Hits; i > 2 && hits < 8 {
			t.Errorf("large scan %d found %d of 30 pages", i, hits)
		}
		if got := c.Stats().Bytes; got > 3<<19 {
			t.Errorf("%d bytes held", got)
		}
	}
}

// TestPagesKeepToTheirBudget, which is what they take of the heap, about.
func TestPagesKeepToTheirBudget(t *testing.T) {
	const budget = 4 << 20
	schema, file := texts(t, 4*batch, 3)
	_, tiny := texts(t, 50, 1)
	c := columnar.NewPageCache(budget)
	held := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	cached(t, nil, &memory{b: file}, "", schema, nil) // what is made once
	before := held()
	random := rand.New(rand.NewPCG(1, 2))
	for range 80 {
		n := random.IntN(25)
		cached(t, c, &memory{b: file}, fmt.Sprint("file ", n), schema[n%3:n%3+1], nil)
		cached(t, c, &memory{b: tiny}, fmt.Sprint("tiny ", random.IntN(200)), schema, nil)
		if got := c.Stats().Bytes; got > budget {
			t.Fatalf("%d bytes held of %d", got, budget)
		}
	}
	took, told := held()-before, c.Stats().Bytes
	if told < budget*9/10 || took > told*11/10 || took < told*8/10 {
		t.Errorf("pages take %d bytes, and %d are told", took, told)
	}
	runtime.KeepAlive(c)
}

// TestBrokenPagesAreToldEveryTime: whatever byte is another one, a cache changes nothing.
func TestBrokenPagesAreToldEveryTime(t *testing.T) {
	schema, file := texts(t, 300, 1)
	errors := 0
	for at := 4; at < len(file); at += 7 {
		broken := bytes.Clone(file)
		broken[at] ^= 0x55
		c := columnar.NewPageCache(1 << 20)
		want := cached(t, nil, &memory{b: broken}, "", schema, nil)
		if strings.HasPrefix(want[len(want)-1], "read row group") {
			errors++
		}
		for i := range 3 {
			if diff := cmp.Diff(want, cached(t, c, &memory{b: broken}, "a", schema, nil)); diff != "" {
				t.Fatalf("byte %d, reading %d (-without +cached):\n%s", at, i+1, diff)
			}
		}
	}
	if errors < 20 {
		t.Errorf("%d broken files are told: the test says little", errors)
	}
}

// TestForeignPagesAreKept as well, of every kind that another library writes.
func TestForeignPagesAreKept(t *testing.T) {
	for name, file := range foreignFiles(t) {
		c := columnar.NewPageCache(1 << 20)
		f := open(t, file)
		want := cached(t, nil, &memory{b: file}, "", f.Schema(), nil)
		for i := range 4 {
			src := &memory{b: file}
			if diff := cmp.Diff(want, cached(t, c, src, "a", f.Schema(), nil)); diff != "" {
				t.Errorf("%s, reading %d (-without +cached):\n%s", name, i+1, diff)
			}
			if i > 1 && src.bytes > 0 {
				t.Errorf("%s, reading %d fetched %d bytes", name, i+1, src.bytes)
			}
		}
	}
}

// TestPagesAreShared by goroutines while some are dropped.
func TestPagesAreShared(t *testing.T) {
	schema, file := texts(t, 3*batch, 2)
	want := cached(t, nil, &memory{b: file}, "", schema, nil)
	c := columnar.NewPageCache(1 << 20)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for k := range 5 {
				got := cached(t, c, &memory{b: file}, fmt.Sprint((i+k)%2), schema, nil)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-without +cached):\n%s", diff)
				}
				if k == 3 {
					c.Forget(func(name string) bool { return name == "1" })
				}
			}
		})
	}
	all.Wait()
	if c.Stats().Hits == 0 {
		t.Error("nothing was found")
	}
}

// TestNothingIsFetchedForNoRow: where the columns that are looked at are kept, others are
// fetched for rows that were picked alone.
func TestNothingIsFetchedForNoRow(t *testing.T) {
	schema, file := texts(t, 100, 1)
	c := columnar.NewPageCache(1 << 20)
	for i := range 3 {
		src := &memory{b: file}
		f, err := columnar.OpenFile(t.Context(), src, int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		src.reads = 0
		none := &columnar.Choice{First: schema[:1], Rows: func(*columnar.Batch) ([]int32, error) { return nil, nil }}
		r, err := f.NewReader(schema, columnar.ReadOptions{Choose: none, Pages: c.File("a")})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range r.Group(t.Context(), 0) {
			t.Errorf("a row, or %v", err)
		}
		if want := map[bool]int{true: 1, false: 0}[i < 2]; src.reads != want {
			t.Errorf("reading %d took %d requests", i+1, src.reads)
		}
	}
}

// twoDictionaries is a file of three pages of codes of which the second is a dictionary
// instead. The page index says that there is no dictionary at the beginning.
func twoDictionaries(t testing.TB) (columnar.Schema, []byte) {
	const rows = 3 * batch
	schema := columnar.Schema{{Name: "v", Type: columnar.Of(columnar.String)}}
	b := columnar.NewBatch(schema)
	for i := range rows {
		b.Columns[0].AppendBytes(fmt.Append(nil, i*i%5))
		b.Len++
	}
	file, _ := write(t, schema, columnar.WriterOptions{Compression: columnar.Uncompressed}, b)

	var meta format.FileMetaData
	footer := len(file) - 8 - int(binary.LittleEndian.Uint32(file[len(file)-8:]))
	var p thrift.CompactProtocol
	if err := thrift.Unmarshal(&p, file[footer:len(file)-8], &meta); err != nil {
		t.Fatal(err)
	}
	chunk := &meta.RowGroups[0].Columns[0]
	at := file[chunk.OffsetIndexOffset : chunk.OffsetIndexOffset+int64(chunk.OffsetIndexLength)]
	var index format.OffsetIndex
	if err := thrift.Unmarshal(&p, at, &index); err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(at, byte(2*index.PageLocations[0].Offset))
	if at[first] = 2 * 4; index.PageLocations[0].Offset >= 64 {
		t.Fatal("the dictionary is too long for the test")
	}
	page := index.PageLocations[1]
	second := file[page.Offset : page.Offset+int64(page.CompressedPageSize)]
	for size := len(second); ; size-- {
		h := format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: int32(size), CompressedPageSize: int32(size)}
		h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: 5, Encoding: format.Plain})
		var head bytes.Buffer
		if err := thrift.NewEncoder(p.NewWriter(&head)).Encode(&h); err != nil {
			t.Fatal(err)
		}
		if head.Len()+size == len(second) {
			clear(second)
			copy(second, head.Bytes())
			return schema, file
		}
	}
}

// TestASecondDictionaryIsToldEveryTime, also when it was kept by who read it as the only
// one.
func TestASecondDictionaryIsToldEveryTime(t *testing.T) {
	schema, file := twoDictionaries(t)
	c := columnar.NewPageCache(1 << 20)
	later := func() columnar.Keep {
		n := 0
		return func(columnar.Bounds) bool { n++; return n > 1 } // all pages but the first
	}
	want := cached(t, nil, &memory{b: file}, "", schema, nil)
	for i := range 6 {
		cached(t, c, &memory{b: file}, "a", schema, later())
		if diff := cmp.Diff(want, cached(t, c, &memory{b: file}, "a", schema, nil)); diff != "" {
			t.Fatalf("reading %d (-without +cached):\n%s", i+1, diff)
		}
	}
}
