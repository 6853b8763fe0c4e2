package delta_test

import (
	stdjson "encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
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

// quiet is a log that keeps its warnings to itself.
func quiet(s store.Store) *delta.Log { return delta.Open(s, root, delta.Options{Now: clock}) }

// addLine is the add action of a file in a log entry.
func addLine(path, stats string, values map[string]*string) string {
	return string(must(stdjson.Marshal(map[string]any{"add": map[string]any{
		"path": path, "stats": stats, "partitionValues": values, "size": 1, "dataChange": true,
	}})))
}

// fixtureFiles adds files of the fixture tables, if they are at hand, to what a
// fuzzer begins with.
func fixtureFiles(f *testing.F, pattern string, add func(body []byte)) {
	f.Helper()
	if os.Getenv("AUDITLAKE_FIXTURES") == "" {
		return
	}
	found, err := filepath.Glob(filepath.Join(fixtures(), "*", "*", "delta", "_delta_log", pattern))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range found {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(body) < 64<<10 {
			add(body)
		}
	}
}

// FuzzCheckpoint reads any bytes as a checkpoint, in Parquet and as JSON.
func FuzzCheckpoint(f *testing.F) {
	s, _ := checkpointed(f)
	f.Add([]byte(get(f, s, checkpointAt4)), true)
	f.Add([]byte(checkpointAsJSON(f, s)), false)
	f.Add([]byte(otherParquet(f)), true)
	f.Add([]byte(`{"checkpointMetadata":{"version":4}}
{"sidecar":{"path":"../../x","sizeInBytes":-1,"modificationTime":0}}`), false)
	fixtureFiles(f, "*.checkpoint.parquet", func(body []byte) { f.Add(body, true) })
	f.Fuzz(func(t *testing.T, body []byte, isParquet bool) {
		s := store.NewMemory("fuzz")
		name := "00000000000000000004.checkpoint.5f8cbd4a-1b0b-4e5b-a1f7-2f9f4ab5b1b1.json"
		if isParquet {
			name = checkpointAt4
		}
		put(t, s, name, string(body))
		bounded(t, 512<<20, len(body), func() { mustReadOrRefuse(t, s) })
	})
}

// mustReadOrRefuse fails unless the table can be read or is refused for what it is.
func mustReadOrRefuse(t *testing.T, s store.Store) {
	t.Helper()
	snap, err := quiet(s).Snapshot(t.Context())
	if err != nil {
		for _, known := range []error{delta.ErrCorrupt, delta.ErrUnsupported, delta.ErrNoTable, delta.ErrLogGap, store.ErrNotFound} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Fatalf("an error of no kind: %v", err)
	}
	_ = snap.Writable()
	for a := range snap.Files() {
		for _, segment := range strings.Split(a.Path, "/") {
			if segment == "" || segment == "." || segment == ".." {
				t.Errorf("file %q leaves the table", a.Path)
			}
		}
		readAllBounds(snap, a)
	}
}

func readAllBounds(snap *delta.Snapshot, a *delta.Add) {
	b := snap.Bounds(a)
	b.Rows()
	for _, f := range snap.Schema() {
		b.Bound(f.Name)
		for _, inner := range f.Type.Fields {
			b.Bound(f.Name + "." + inner.Name)
		}
		_, _, _ = snap.PartitionValue(a, f.Name)
	}
}

// FuzzHint reads any bytes as _last_checkpoint: the table is the same as without.
func FuzzHint(f *testing.F) {
	for _, hint := range []string{
		`{"version":4,"size":5,"sizeInBytes":100,"numOfAddFiles":3}`, `{"version":3}`, `{"version":9223372036854775807}`,
		`{"version":-1,"parts":1}`, `{"version":4.5}`, `{"version":"4"}`, `{"version":4,"checkpointSchema":{"type":"struct"},"checksum":"x"}`, "", "null", "[",
	} {
		f.Add([]byte(hint))
	}
	fixtureFiles(f, "_last_checkpoint", func(body []byte) { f.Add(body) })
	good, _ := checkpointed(f)
	want := describe(must(quiet(good).Snapshot(f.Context())), apps...)
	f.Fuzz(func(t *testing.T, hint []byte) {
		s := copyOf(t, good)
		put(t, s, "_last_checkpoint", string(hint))
		var got string
		bounded(t, 64<<20, len(hint), func() {
			got = describe(must(quiet(s).Snapshot(t.Context())), apps...)
		})
		if got != want {
			t.Errorf("with the hint %q:\n%s\nwant\n%s", hint, got, want)
		}
	})
}

// FuzzLogName puts an object of any name into a log.
func FuzzLogName(f *testing.F) {
	for _, name := range []string{
		json(5), json(6), "00000000000000000004.crc", "00000000000000000000.00000000000000000004.compacted.json",
		"00000000000000000009.checkpoint.parquet", "00000000000000000009.checkpoint.0000000001.9999999999.parquet",
		"09223372036854775807.json", "09223372036854775807.checkpoint.parquet", "99999999999999999999.json",
		"00000000000000000004.checkpoint.0000000001.0000000001.parquet", "_staged_commits/00000000000000000005.x.json", ".tmp", "x",
	} {
		f.Add(name)
	}
	good, _ := checkpointed(f)
	f.Fuzz(func(t *testing.T, name string) {
		s := copyOf(t, good)
		if _, err := s.Put(t.Context(), root+"_delta_log/"+name, []byte(`{"commitInfo":{}}`)); err != nil {
			return // no name of an object
		}
		bounded(t, 64<<20, len(name), func() { mustReadOrRefuse(t, s) })
	})
}

// allKinds is a log with a column of every kind, partitioned by a date and a text.
func allKinds() string {
	var fields []string
	for k := columnar.Boolean; k < columnar.Decimal; k++ {
		fields = append(fields, `{\"name\":\"c_`+k.String()+`\",\"type\":\"`+k.String()+`\",\"nullable\":true,\"metadata\":{}}`)
	}
	fields = append(fields,
		`{\"name\":\"d\",\"type\":\"decimal(20,3)\",\"nullable\":true,\"metadata\":{}}`,
		`{\"name\":\"s\",\"type\":{\"type\":\"struct\",\"fields\":[{\"name\":\"x\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]},\"nullable\":true,\"metadata\":{}}`)
	return `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"x","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[` + strings.Join(fields, ",") + `]}","partitionColumns":[],"configuration":{}}}
`
}

// FuzzStats reads any text as the statistics of a file.
func FuzzStats(f *testing.F) {
	f.Add(`{"numRecords":3,"minValues":{"c_long":-1,"c_string":"a","c_date":"2024-02-29","c_timestamp":"2024-01-01T00:00:00.000Z","c_double":1e308,"d":1.5,"s":{"x":1}},"maxValues":{"c_long":9223372036854775807,"c_boolean":true,"c_binary":"\u00ff"},"nullCount":{"c_long":0,"s":{"x":2}}}`)
	f.Add(`{"numRecords":-1,"nullCount":{"c_long":1e99}}`)
	f.Add(`{"minValues":{"c_timestamp":"0000-01-01T00:00:00+23:59","c_date":"9999-99-99"},"tightBounds":false}`)
	f.Add(strings.Repeat(`{"minValues":`, 200))
	f.Add(strings.Repeat(`[`, 5000))
	f.Fuzz(func(t *testing.T, stats string) {
		s := store.NewMemory("fuzz")
		put(t, s, json(0), allKinds()+addLine("a", stats, nil))
		snap, err := quiet(s).Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		bounded(t, 16<<20, len(stats), func() {
			for a := range snap.Files() {
				readAllBounds(snap, a)
			}
		})
	})
}

// FuzzPartition reads any text as the partition value of a column of any kind, and
// any path.
func FuzzPartition(f *testing.F) {
	for _, text := range []string{"", "2024-02-29", "-9223372036854775808", "1e-400", "NaN", "12345678901234567.891", "2024-01-01 10:00:00.123456", "2024-01-01T10:00:00Z", "a%2Fb", "\x00", strings.Repeat("9", 200)} {
		f.Add(text, "date=2024-02-29/part-0.parquet")
	}
	for _, path := range []string{"a%252Fb%20c", "%", "%zz", "../x", "a/../../x", "/x", "s3://b/k", "file:///x", "//", "a//b", "_delta_log/x", "%2e%2e/x", "\\..\\x"} {
		f.Add("1", path)
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		s := store.NewMemory("fuzz")
		values := map[string]*string{"d": &text}
		for k := columnar.Boolean; k < columnar.Decimal; k++ {
			values["c_"+k.String()] = &text
		}
		columns := `"` + strings.Join(slices.Sorted(maps.Keys(values)), `","`) + `"`
		all := strings.Replace(allKinds(), `"partitionColumns":[]`, `"partitionColumns":[`+columns+`]`, 1)
		put(t, s, json(0), all+addLine(path, "", values))
		bounded(t, 16<<20, len(text)+len(path), func() { mustReadOrRefuse(t, s) })
	})
}

// FuzzProperties reads any text as the properties that this package goes by.
func FuzzProperties(f *testing.F) {
	for _, text := range []string{"interval 30 days", "interval 65535 weeks 65535 weeks", "9223372036854775807", "-1", "true", "name", "interval", "interval 1 week 1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := store.NewMemory("fuzz")
		l := quiet(s)
		m := metadata()
		m.Configuration = map[string]string{}
		for _, p := range []string{
			"delta.deletedFileRetentionDuration", "delta.logRetentionDuration", "delta.checkpointInterval", "delta.appendOnly",
		} {
			m.Configuration[p] = text
		}
		must(l.Commit(t.Context(), delta.Tx{Metadata: m}))
		for range 3 {
			commit(t, l, delta.Tx{Adds: []delta.Add{add("a")}})
		}
		snap := must(l.Snapshot(t.Context()))
		if d := snap.TombstoneRetention(); d < 0 {
			t.Errorf("%q is a retention of %s", text, d)
		}
		if _, err := l.CleanUp(t.Context(), snap, 2); err != nil {
			t.Error(err)
		}
		if got := must(quiet(s).Snapshot(t.Context())); got.NumFiles() != 1 {
			t.Errorf("%d files", got.NumFiles())
		}
	})
}
