package delta_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// checkpointed is a table with all that a checkpoint can hold, and a checkpoint
// at its head, version 4.
func checkpointed(t testing.TB) (*store.Memory, *delta.Log) {
	t.Helper()
	s := store.NewMemory(t.Name())
	l := open(t, s)
	a := add("a b+c%.parquet")
	a.Tags = map[string]string{"services": "clusters,jobs", "empty": ""}
	null := add("null")
	null.PartitionValues = map[string]*string{"date": nil}
	bare := add("bare")
	bare.Stats = ""
	commit(t, l, delta.Tx{Adds: []delta.Add{a, null, bare}, Txn: &delta.Txn{AppID: "app", Version: 3}})
	m := must(l.Snapshot(t.Context())).Metadata()
	m.Configuration = map[string]string{"auditlake.state": "_auditlake/landing/x.json", "empty": ""}
	commit(t, l, delta.Tx{Metadata: &m, Txn: &delta.Txn{AppID: "other/app", Version: -1}})
	grow(t, l, 2)
	live, _ := must(l.Snapshot(t.Context())).File(bare.Path)
	gone := delta.RemoveOf(live, now)
	commit(t, l, delta.Tx{Removes: []delta.Remove{gone}, Adds: []delta.Add{add("instead")}})
	if err := l.Checkpoint(t.Context(), must(l.Snapshot(t.Context()))); err != nil {
		t.Fatal(err)
	}
	return s, l
}

const checkpointAt4 = "00000000000000000004.checkpoint.parquet"

var apps = []string{"app", "other/app", "nobody"}

func TestSnapshotFromCheckpoint(t *testing.T) {
	t.Parallel()
	s, l := checkpointed(t)
	for _, more := range []int{0, 3} {
		grow(t, l, more)
		want := describe(must(l.Snapshot(t.Context())), apps...)
		for _, left := range []string{"all", "no hint", "no entries before", "no checkpoint"} {
			c := copyOf(t, s)
			switch left {
			case "no hint":
				remove(t, c, "_last_checkpoint")
			case "no entries before":
				remove(t, c, json(0), json(1), json(2), json(3))
			case "no checkpoint":
				remove(t, c, "_last_checkpoint", checkpointAt4)
			}
			got := describe(must(open(t, c).Snapshot(t.Context())), apps...)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", left, diff)
			}
		}
	}
}

func copyOf(t testing.TB, s store.Store) *store.Memory {
	t.Helper()
	out := store.NewMemory(s.String())
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.ReadAll(t.Context(), s, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		must(out.Put(t.Context(), o.Key, body))
	}
	return out
}

func TestBadHints(t *testing.T) {
	t.Parallel()
	s, l := checkpointed(t)
	want := describe(must(l.Snapshot(t.Context())), apps...)
	for _, hint := range []string{
		`{"version":99}`, `{"version":-1}`, `{"version":2,"size":5}`, `{"version":4,"parts":3}`,
		`{`, ``, `[]`, `{"version":"4"}`, "\x00",
	} {
		put(t, s, "_last_checkpoint", hint)
		l := delta.Open(s, root, delta.Options{Now: clock})
		got := describe(must(l.Snapshot(t.Context())), apps...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("hint %q\n%s", hint, diff)
		}
	}
	put(t, s, "_last_checkpoint", `{"version":4}`)
	if diff := cmp.Diff(2, must(open(t, s).SnapshotAt(t.Context(), 2)).NumFiles()-2); diff != "" {
		t.Errorf("a version before the hint\n%s", diff)
	}
}

func TestBrokenCheckpoint(t *testing.T) {
	t.Parallel()
	s, l := checkpointed(t)
	want := describe(must(l.Snapshot(t.Context())), apps...)
	whole := get(t, s, checkpointAt4)
	for name, body := range map[string]string{"empty": "", "cut": whole[:len(whole)/2], "text": "PAR1, or not", "other table": otherParquet(t)} {
		put(t, s, checkpointAt4, body)
		var warnings []error
		l := delta.Open(s, root, delta.Options{Now: clock, OnWarning: func(err error) { warnings = append(warnings, err) }})
		snap, err := l.Snapshot(t.Context())
		if name == "other table" { // it is a checkpoint, of nothing
			if !errors.Is(err, delta.ErrCorrupt) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, describe(snap, apps...)); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
		if len(warnings) != 1 || !errors.Is(warnings[0], delta.ErrCorrupt) || !strings.Contains(warnings[0].Error(), checkpointAt4) {
			t.Errorf("%s: warnings %v", name, warnings)
		}
	}
	put(t, s, checkpointAt4, "")
	remove(t, s, json(0))
	_, err := delta.Open(s, root, delta.Options{Now: clock}).Snapshot(t.Context())
	if !errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), checkpointAt4) {
		t.Errorf("no way around it: %v", err)
	}
}

func otherParquet(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	w := must(columnar.NewWriter(&b, schema(), columnar.WriterOptions{}))
	must(w.Close())
	return b.String()
}

// parquetRows reads a checkpoint of a store as columns.
func parquetRows(t testing.TB, s store.Store, name string) []*columnar.Batch {
	t.Helper()
	body := []byte(get(t, s, name))
	f := must(columnar.OpenFile(t.Context(), inMemory(body), int64(len(body))))
	var out []*columnar.Batch
	for b, err := range f.Read(t.Context(), f.Schema(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

type inMemory []byte

func (m inMemory) ReadRange(_ context.Context, offset, length int64) ([]byte, error) {
	if offset+length > int64(len(m)) {
		return nil, io.ErrUnexpectedEOF
	}
	return m[offset : offset+length], nil
}

// removedPaths are the tombstones of a checkpoint.
func removedPaths(t testing.TB, s store.Store, name string) []string {
	t.Helper()
	var out []string
	for _, b := range parquetRows(t, s, name) {
		v := b.Column("remove")
		for i := range b.Len {
			if !v.IsNull(i) {
				out = append(out, string(v.Field("path").ByteAt(i)))
			}
		}
	}
	return out
}

func TestCheckpointSchemaIsSparks(t *testing.T) {
	t.Parallel()
	s, _ := checkpointed(t)
	want := "struct<" +
		"txn:struct<appId:string,version:long,lastUpdated:long>," +
		"add:struct<path:string,partitionValues:map<string,string>,size:long,modificationTime:long,dataChange:boolean,stats:string,tags:map<string,string>>," +
		"remove:struct<path:string,deletionTimestamp:long,dataChange:boolean,extendedFileMetadata:boolean,partitionValues:map<string,string>,size:long>," +
		"metaData:struct<id:string,name:string,description:string,format:struct<provider:string,options:map<string,string>>,schemaString:string,partitionColumns:array<string>,configuration:map<string,string>,createdTime:long>," +
		"protocol:struct<minReaderVersion:integer,minWriterVersion:integer,readerFeatures:array<string>,writerFeatures:array<string>>>"
	rows := parquetRows(t, s, checkpointAt4)
	if diff := cmp.Diff(want, columnar.StructOf(rows[0].Schema...).String()); diff != "" {
		t.Error(diff)
	}
	n := 0
	for _, b := range rows {
		n += b.Len
	}
	hint := fmt.Sprintf(`{"version":4,"size":%d,"sizeInBytes":%d,"numOfAddFiles":5}`, n, len(get(t, s, checkpointAt4)))
	if diff := cmp.Diff(hint, get(t, s, "_last_checkpoint")); diff != "" {
		t.Error(diff)
	}
}

func TestTombstonesExpire(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, c := range []struct {
		retention string
		age       time.Duration
		kept      bool
	}{
		{"", 6 * day, true},
		{"", 8 * day, false},
		{"interval 30 days", 29 * day, true},
		{"interval 1 week", 8 * day, false},
		{"interval 1 week 2 days", 8 * day, true},
		{"nonsense", 6 * day, true},
	} {
		s := store.NewMemory(t.Name())
		at := now
		l := delta.Open(s, root, delta.Options{Now: func() time.Time { return at }})
		m := metadata()
		m.Configuration = map[string]string{"delta.deletedFileRetentionDuration": c.retention}
		must(l.Commit(t.Context(), delta.Tx{Metadata: m, Adds: []delta.Add{add("a"), add("b")}}))
		base := must(l.Snapshot(t.Context()))
		live, _ := base.File("date=2026-03-01/a")
		must(l.Commit(t.Context(), delta.Tx{Base: base, Removes: []delta.Remove{delta.RemoveOf(live, at)}}))
		at = at.Add(c.age)
		for _, l := range []*delta.Log{l, delta.Open(s, root, delta.Options{Now: func() time.Time { return at }})} {
			if err := l.Checkpoint(t.Context(), must(l.Snapshot(t.Context()))); err != nil {
				t.Fatal(err)
			}
			got := removedPaths(t, s, "00000000000000000001.checkpoint.parquet")
			if kept := len(got) == 1; kept != c.kept {
				t.Errorf("retention %q, %s old: %v", c.retention, c.age, got)
			}
		}
	}
}

func TestCheckpointInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		property string
		want     []string
	}{
		{"", []string{"10", "20"}},
		{"7", []string{"14", "21", "7"}},
		{"often", []string{"10", "20"}},
	} {
		s := store.NewMemory(t.Name())
		l := open(t, s)
		m := metadata()
		m.Configuration = map[string]string{"delta.checkpointInterval": c.property}
		must(l.Commit(t.Context(), delta.Tx{Metadata: m}))
		grow(t, l, 22)
		got := map[string]bool{}
		for o := range s.List(t.Context(), "", "") {
			if strings.Contains(o.Key, "checkpoint.parquet") {
				name := strings.TrimPrefix(o.Key, root+"_delta_log/")
				got[strings.TrimLeft(name[:20], "0")] = true
			}
		}
		want := map[string]bool{}
		for _, v := range c.want {
			want[v] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("property %q\n%s", c.property, diff)
		}
	}
}

// Whoever commits at a multiple of the interval writes the checkpoint. If that
// one does not, another does, but only then.
func TestCheckpointOfSeveralWriters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		interval int64 // of the writer of even versions
		want     []int64
	}{
		{2, []int64{2, 4, 6, 8}},
		{1000, []int64{5, 9}},
	} {
		s := store.NewMemory(t.Name())
		odd := delta.Open(s, root, delta.Options{Now: clock, CheckpointInterval: 2})
		even := delta.Open(s, root, delta.Options{Now: clock, CheckpointInterval: c.interval})
		for range 5 {
			grow(t, even, 1)
			grow(t, odd, 1)
		}
		var got []int64
		for v := range int64(10) {
			if _, err := s.Head(t.Context(), fmt.Sprintf("%s_delta_log/%020d.checkpoint.parquet", root, v)); err == nil {
				got = append(got, v)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("interval %d\n%s", c.interval, diff)
		}
	}
}

// Multi-part and V2 checkpoints are only read; here they are made of a classic
// one. A V2 checkpoint may carry the classic name.
func TestOtherCheckpoints(t *testing.T) {
	t.Parallel()
	s, l := checkpointed(t)
	want := describe(must(l.Snapshot(t.Context())), apps...)
	classic := get(t, s, checkpointAt4)
	actions := checkpointAsJSON(t, s)
	const uuid = "80a083e8-7026-4e79-81be-64bd76c43a11"
	for name, objects := range map[string]map[string]string{
		"multi-part of one": {"00000000000000000004.checkpoint.0000000001.0000000001.parquet": classic},
		"multi-part": {
			"00000000000000000004.checkpoint.0000000001.0000000002.parquet": classic,
			"00000000000000000004.checkpoint.0000000002.0000000002.parquet": otherParquet(t),
		},
		"V2 in JSON, no sidecar": {"00000000000000000004.checkpoint." + uuid + ".json": actions},
		"V2 in Parquet":          {"00000000000000000004.checkpoint." + uuid + ".parquet": classic},
		"V2 with sidecars": {
			"00000000000000000004.checkpoint." + uuid + ".json": `{"checkpointMetadata":{"version":4}}
{"sidecar":{"path":"one%20.parquet","sizeInBytes":1,"modificationTime":1}}
{"sidecar":{"path":"file:///elsewhere/_delta_log/_sidecars/two.parquet","sizeInBytes":1,"modificationTime":1}}`,
			"_sidecars/one .parquet": classic, "_sidecars/two.parquet": otherParquet(t),
		},
	} {
		c := copyOf(t, s)
		remove(t, c, checkpointAt4, json(0), json(1), json(2), json(3))
		for key, body := range objects {
			put(t, c, key, body)
		}
		got, err := open(t, c).Snapshot(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, describe(got, apps...)); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
	}

	// A part is missing: the checkpoint does not count.
	c := copyOf(t, s)
	remove(t, c, checkpointAt4)
	put(t, c, "00000000000000000004.checkpoint.0000000002.0000000002.parquet", otherParquet(t))
	if diff := cmp.Diff(want, describe(must(open(t, c).Snapshot(t.Context())), apps...)); diff != "" {
		t.Errorf("half of a multi-part\n%s", diff)
	}
	// A sidecar is missing: go the long way.
	put(t, c, "00000000000000000004.checkpoint."+uuid+".json", `{"sidecar":{"path":"gone.parquet"}}`)
	if diff := cmp.Diff(want, describe(must(delta.Open(c, root, delta.Options{Now: clock}).Snapshot(t.Context())), apps...)); diff != "" {
		t.Errorf("a missing sidecar\n%s", diff)
	}
}

// checkpointAsJSON is what the log entries up to version 4 come to, without
// what was removed.
func checkpointAsJSON(t testing.TB, s store.Store) string {
	t.Helper()
	var keep []string
	for v := range int64(5) {
		for line := range strings.Lines(get(t, s, json(v))) {
			switch {
			case strings.HasPrefix(line, `{"commitInfo"`), strings.Contains(line, "/bare"):
			case v == 0 && strings.HasPrefix(line, `{"metaData"`):
			default:
				keep = append(keep, line)
			}
		}
	}
	return `{"checkpointMetadata":{"version":4}}` + "\n" + strings.Join(keep, "")
}

// A retention that is longer than this package can count is long, not short: what
// vacuum may delete hangs on it.
func TestLongRetentions(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for text, atLeast := range map[string]time.Duration{
		"interval 87600 hours": 10 * year, "interval 65535 weeks": 90 * year, "interval 99999999999 weeks 99999999999 days": 90 * year,
		"interval 315360000000 milliseconds": 9 * year, "interval 604800000000 microseconds": 6 * 24 * time.Hour,
	} {
		s := store.NewMemory(t.Name())
		l := open(t, s)
		m := metadata()
		m.Configuration = map[string]string{"delta.deletedFileRetentionDuration": text}
		must(l.Commit(t.Context(), delta.Tx{Metadata: m}))
		if got := must(l.Snapshot(t.Context())).TombstoneRetention(); got < atLeast {
			t.Errorf("%s is %s, want %s at least", text, got, atLeast)
		}
	}
}
