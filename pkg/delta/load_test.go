package delta_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// grow adds n commits of one file each.
func grow(t testing.TB, l *delta.Log, n int) {
	t.Helper()
	for range n {
		base, err := l.Snapshot(t.Context())
		name := "first"
		if err == nil {
			name = fmt.Sprintf("f%03d", base.Version()+1)
		}
		commit(t, l, delta.Tx{Adds: []delta.Add{add(name)}})
	}
}

// calls records what reaches a store, by operation and the name in the log.
func calls(s store.Store) (counted store.Store, took func() []string) {
	f := storetest.NewFaulty(s)
	var seen []string
	f.Before(func(op storetest.Op, key string) {
		if op != storetest.OpRead {
			seen = append(seen, fmt.Sprintf("%s %s", op, strings.TrimPrefix(key, root+"_delta_log/")))
		}
	})
	return f, func() []string { out := seen; seen = nil; return out }
}

func TestCostOfASnapshot(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	writer := open(t, s)
	grow(t, writer, 12)

	counted, took := calls(s)
	l := open(t, counted)
	must(l.Snapshot(t.Context()))
	want := []string{
		"get _last_checkpoint", "list ", "get 00000000000000000010.checkpoint.parquet",
		"get " + json(11),
	}
	if diff := cmp.Diff(want, took()); diff != "" {
		t.Errorf("cold\n%s", diff)
	}
	first := must(l.Snapshot(t.Context()))
	if diff := cmp.Diff([]string{"list "}, took()); diff != "" {
		t.Errorf("warm, nothing new\n%s", diff)
	}
	if again := must(l.Snapshot(t.Context())); again != first {
		t.Error("nothing new, but another snapshot")
	}
	took()
	grow(t, writer, 2)
	must(l.Snapshot(t.Context()))
	if diff := cmp.Diff([]string{"list ", "get " + json(12), "get " + json(13)}, took()); diff != "" {
		t.Errorf("warm, two commits\n%s", diff)
	}
	commit(t, l, delta.Tx{Adds: []delta.Add{add("mine")}})
	if diff := cmp.Diff([]string{"list ", "put if absent " + json(14)}, took()); diff != "" {
		t.Errorf("commit\n%s", diff)
	}
	must(l.Snapshot(t.Context()))
	if diff := cmp.Diff([]string{"list "}, took()); diff != "" {
		t.Errorf("after my own commit\n%s", diff)
	}
}

func TestTableBegunAnew(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	l := open(t, s)
	grow(t, l, 5)
	must(l.Snapshot(t.Context()))
	for v := range int64(5) {
		remove(t, s, json(v))
	}
	if _, err := l.Snapshot(t.Context()); !errors.Is(err, delta.ErrNoTable) {
		t.Fatalf("deleted: %v", err)
	}
	for _, n := range []int{3, 5, 7} { // below, at and above the old head
		l := open(t, s)
		grow(t, l, 5)
		must(l.Snapshot(t.Context())) // a listing shows the ETag of my own commit
		for v := range int64(5) {
			remove(t, s, json(v))
		}
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("anew%d", i))
			commit(t, open(t, s), delta.Tx{Adds: []delta.Add{add(want[i])}})
		}
		got := must(l.Snapshot(t.Context()))
		if diff := cmp.Diff(want, paths(got)); diff != "" || got.Version() != int64(n-1) {
			t.Errorf("%d commits: version %d\n%s", n, got.Version(), diff)
		}
		for v := range int64(n) {
			remove(t, s, json(v))
		}
	}
}

func TestGaps(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	l := open(t, s)
	grow(t, l, 15)
	for v := range int64(4) {
		remove(t, s, json(v)) // as log clean-up does
	}
	cold := open(t, s)
	if got := must(cold.Snapshot(t.Context())); got.Version() != 14 || got.NumFiles() != 15 {
		t.Errorf("cleaned up: version %d with %d files", got.Version(), got.NumFiles())
	}
	must(cold.SnapshotAt(t.Context(), 10))
	if _, err := cold.SnapshotAt(t.Context(), 15); !errors.Is(err, delta.ErrNoVersion) {
		t.Errorf("SnapshotAt the future: %v", err)
	}
	for _, v := range []int64{2, 5} {
		if _, err := cold.SnapshotAt(t.Context(), v); !errors.Is(err, delta.ErrLogGap) {
			t.Errorf("SnapshotAt %d: %v", v, err)
		}
	}

	var versions []int64
	var failed error
	for c, err := range cold.Commits(t.Context(), 3, 14) {
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, c.Version)
	}
	if diff := cmp.Diff([]int64{4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, versions); diff != "" {
		t.Error(diff)
	}
	for _, err := range cold.Commits(t.Context(), 1, 14) {
		failed = err
	}
	var gap *delta.GapError
	if !errors.As(failed, &gap) || gap.Version != 2 || !errors.Is(failed, delta.ErrLogGap) || !strings.Contains(failed.Error(), json(2)) {
		t.Errorf("Commits over a gap: %v", failed)
	}

	remove(t, s, json(12))
	_, err := open(t, s).Snapshot(t.Context())
	if !errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), json(12)) {
		t.Errorf("hole after the checkpoint: %v", err)
	}
}

func TestHoleWithoutCheckpoint(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	grow(t, open(t, s), 3)
	remove(t, s, json(1))
	_, err := open(t, s).Snapshot(t.Context())
	if !errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), json(1)) {
		t.Errorf("got %v, want ErrCorrupt that names version 1", err)
	}
}

func TestBrokenEntries(t *testing.T) {
	t.Parallel()
	const head = `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"x","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{},"createdTime":1}}
`
	for name, c := range map[string]struct{ entry, want string }{
		"fine":                 {`{"add":{"path":"a","size":1,"modificationTime":1,"dataChange":true,"partitionValues":{}}}`, ""},
		"unknown":              {`{"fancy":{"x":1}}` + "\n" + `{"add":{"path":"a","size":1,"news":[1,{}],"dataChange":true}}`, ""},
		"odd commitInfo":       {`{"commitInfo":{"timestamp":"yesterday","operation":7,"operationParameters":{"a":[1]},"operationMetrics":{"n":5}}}`, ""},
		"commitInfo of a list": {`{"commitInfo":[]}`, ""},
		"blank lines":          {"\n\r\n" + `{"add":{"path":"a","size":1}}` + "\n\n", ""},
		"cut off":              {`{"add":{"path":"a","si`, "line 3"},
		"not an object":        {`7`, "line 3"},
		"size is text":         {`{"add":{"path":"a","size":"1"}}`, "line 3"},
		"negative size":        {`{"add":{"path":"a","size":-1}}`, "size -1"},
		"no path":              {`{"add":{"size":1}}`, "path is missing"},
		"bad escape":           {`{"remove":{"path":"%zz"}}`, "%zz"},
		"partition is number":  {`{"add":{"path":"a","partitionValues":{"date":7}}}`, "line 3"},
		"no appId":             {`{"txn":{"version":1}}`, "appId"},
		"schema is no JSON":    {`{"metaData":{"schemaString":"nope"}}`, "schemaString"},
	} {
		s := store.NewMemory(name)
		put(t, s, json(0), head+c.entry)
		_, err := open(t, s).Snapshot(t.Context())
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), root+"_delta_log/"+json(0))):
			t.Errorf("%s: got %v, want ErrCorrupt with the key and %q", name, err, c.want)
		}
	}
	for name, entry := range map[string]string{
		"metaData": strings.SplitAfter(head, "\n")[0],
		"protocol": strings.SplitAfter(head, "\n")[1],
	} {
		s := store.NewMemory(name)
		put(t, s, json(0), entry)
		if _, err := open(t, s).Snapshot(t.Context()); !errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), "no "+name) {
			t.Errorf("no %s: %v", name, err)
		}
	}
}

// What the log says of itself is kept when the table is written back.
func TestForeignMetadataIsKept(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	const text = `{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{\"comment\":\"the key\"}}]}`
	put(t, s, json(0), `{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"x","name":"n","description":"d","format":{"provider":"parquet","options":{}},"schemaString":"`+text+`","partitionColumns":[],"configuration":{"a":"b"},"createdTime":1}}
`)
	l := open(t, s)
	base := must(l.Snapshot(t.Context()))
	m := base.Metadata()
	m.Configuration = map[string]string{"a": "c"}
	must(l.Commit(t.Context(), delta.Tx{Base: base, Metadata: &m}))
	want := `{"metaData":{"id":"x","name":"n","description":"d","format":{"provider":"parquet","options":{}},"schemaString":"` + text + `","partitionColumns":[],"configuration":{"a":"c"},"createdTime":1}}`
	if got := strings.Split(get(t, s, json(1)), "\n"); !slices.Contains(got, want) {
		t.Errorf("got %s", got[1])
	}
}

const gateTable = `
	1/2                                            | read write |
	1/1                                            | read write |
	2/2                                            | read write |
	2/5                                            | read       | writer version 5
	1/7 appendOnly                                 | read write |
	1/7 changeDataFeed                             | read       | changeDataFeed
	3/7 timestampNtz v2Checkpoint vacuumProtocolCheck | read write |
	3/7 deletionVectors                            | read       | deletionVectors
	3/7 columnMapping                              | read       | columnMapping
	3/7 catalogManaged                             |            | catalogManaged
	3/7 typeWidening                               |            | typeWidening
	4/7                                            |            | reader version 4
	2/5 mode=none                                  | read       | writer version 5
	2/5 mode=name                                  |            | column mapping
	3/7 columnMapping mode=id                      |            | column mapping
	1/2 mode=name                                  | read write |
	1/2 type=decimal(10,2)                         | read       | "id" is decimal(10,2), which is read here and not written
	3/7 timestampNtz type=timestamp_ntz            | read       | "id" is timestamp_ntz, which is read here and not written
	1/2 type=decimal(40,2)                         |            | decimal(40,2)
	1/2 type=void                                  |            | column "id": type "void" is not supported: drop the column
	1/2 notnull                                    | read       | "id" may not hold null
	1/2 invariant                                  | read       | invariant
	1/2 dv                                         |            | deletion vector
	1/2 outside                                    |            | outside the table
	1/2 orc                                        |            | "orc"
`

func TestGates(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(gateTable) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 3 {
			continue
		}
		table, may, reason := strings.TrimSpace(cells[0]), strings.Fields(cells[1]), strings.TrimSpace(cells[2])
		s := store.NewMemory(table)
		put(t, s, json(0), gateLog(strings.Fields(table)))
		snap, err := open(t, s).Snapshot(t.Context())
		if slices.Contains(may, "read") != (err == nil) {
			t.Errorf("%s: read: %v", table, err)
			continue
		}
		if err == nil {
			err = snap.Writable()
			if slices.Contains(may, "write") != (err == nil) {
				t.Errorf("%s: write: %v", table, err)
			}
		}
		if err != nil && (!errors.Is(err, delta.ErrUnsupported) || !strings.Contains(err.Error(), reason)) {
			t.Errorf("%s: %v, want ErrUnsupported with %q", table, err, reason)
		}
	}
}

func gateLog(words []string) string {
	var readers, writers []string
	mode, kind, provider, nullable, meta, extra := "", "long", "parquet", "true", "{}", ""
	features := strings.HasSuffix(words[0], "/7")
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "mode":
			mode = `"delta.columnMapping.mode":"` + value + `"`
		case "type":
			kind = value
		case "orc":
			provider = "orc"
		case "notnull":
			nullable = "false"
		case "invariant":
			meta = `{\"delta.invariants\":\"x > 0\"}`
		case "dv":
			extra = `{"add":{"path":"a","deletionVector":{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^","offset":4}}}`
		case "outside":
			extra = `{"add":{"path":"s3://other/table/a"}}`
		default:
			readers, writers = append(readers, `"`+w+`"`), append(writers, `"`+w+`"`)
		}
	}
	protocol := fmt.Sprintf(`"minReaderVersion":%c,"minWriterVersion":%c`, words[0][0], words[0][2])
	if features {
		protocol += fmt.Sprintf(`,"writerFeatures":[%s]`, strings.Join(writers, ","))
		if words[0][0] == '3' {
			protocol += fmt.Sprintf(`,"readerFeatures":[%s]`, strings.Join(readers, ","))
		}
	}
	return fmt.Sprintf(`{"protocol":{%s}}
{"metaData":{"id":"x","format":{"provider":"%s"},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"%s\",\"nullable\":%s,\"metadata\":%s}]}","partitionColumns":[],"configuration":{%s}}}
%s`, protocol, provider, kind, nullable, meta, mode, extra)
}

func FuzzLogEntry(f *testing.F) {
	f.Add([]byte(gateLog([]string{"1/2", "dv"})))
	f.Add([]byte(gateLog([]string{"3/7", "deletionVectors"})))
	f.Add([]byte(`{"add":{"path":"a","stats":"{\"numRecords\":1,\"minValues\":{\"id\":1}}","tags":{"a":null}}}`))
	f.Fuzz(func(t *testing.T, entry []byte) {
		s := store.NewMemory("fuzz")
		put(t, s, json(0), gateLog([]string{"1/2"}))
		put(t, s, json(1), string(entry))
		l := delta.Open(s, root, delta.Options{})
		snap, err := l.Snapshot(t.Context())
		if err != nil {
			return
		}
		for a := range snap.Files() {
			b := snap.Bounds(a)
			b.Rows()
			b.Bound("id")
		}
	})
}
