package delta_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

const root = "gold/clusters/"

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// open is a log on s that fails the test on every warning.
func open(t testing.TB, s store.Store) *delta.Log {
	return delta.Open(s, root, delta.Options{Engine: "auditlake/test", Now: clock, OnWarning: func(err error) {
		t.Errorf("warning: %v", err)
	}})
}

func schema() columnar.Schema {
	return columnar.Schema{
		{Name: "id", Type: columnar.Of(columnar.Long)},
		{Name: "name", Type: columnar.Of(columnar.String)},
		{Name: "date", Type: columnar.Of(columnar.Date)},
	}
}

func metadata() *delta.Metadata {
	return &delta.Metadata{ID: "11111111-2222-3333-4444-555555555555", Schema: schema(), PartitionColumns: []string{"date"}}
}

func str(s string) *string { return &s }

func add(path string) delta.Add {
	return delta.Add{
		Path: "date=2026-03-01/" + path, PartitionValues: map[string]*string{"date": str("2026-03-01")},
		Size: 100, ModificationTime: now, DataChange: true, Stats: `{"numRecords":3}`,
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("must: %v", err))
	}
	return v
}

// commit writes tx on the newest snapshot, or creates the table.
func commit(t testing.TB, l *delta.Log, tx delta.Tx) int64 {
	t.Helper()
	base, err := l.Snapshot(t.Context())
	switch {
	case errors.Is(err, delta.ErrNoTable):
		tx.Metadata = metadata()
	case err != nil:
		t.Fatal(err)
	}
	tx.Base = base
	v, err := l.Commit(t.Context(), tx)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// describe is all of a snapshot that a reader sees, as text.
func describe(s *delta.Snapshot, apps ...string) string {
	var b strings.Builder
	m := s.Metadata()
	fmt.Fprintf(&b, "version %d at %s, protocol %v\n", s.Version(), s.Timestamp().Format(time.RFC3339), s.Protocol())
	fmt.Fprintf(&b, "table %s %s by %q, created %s\n", m.ID, m.Schema.DeltaJSON(), m.PartitionColumns, m.CreatedTime)
	for _, k := range slices.Sorted(maps.Keys(m.Configuration)) {
		fmt.Fprintf(&b, "%s=%s\n", k, m.Configuration[k])
	}
	for _, app := range apps {
		v, ok := s.Txn(app)
		fmt.Fprintf(&b, "txn %s %d %t\n", app, v, ok)
	}
	for a := range s.Files() {
		fmt.Fprintf(&b, "%s %d %s %s %v", a.Path, a.Size, a.ModificationTime, a.Stats, a.Tags)
		for _, k := range slices.Sorted(maps.Keys(a.PartitionValues)) {
			if v := a.PartitionValues[k]; v == nil {
				fmt.Fprintf(&b, " %s=null", k)
			} else {
				fmt.Fprintf(&b, " %s=%q", k, *v)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func paths(s *delta.Snapshot) []string {
	var out []string
	for a := range s.Files() {
		out = append(out, strings.TrimPrefix(a.Path, "date=2026-03-01/"))
	}
	return out
}

// put writes an object of the log.
func put(t testing.TB, s store.Store, name, body string) {
	t.Helper()
	if _, err := s.Put(t.Context(), root+"_delta_log/"+name, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s store.Store, name string) string {
	t.Helper()
	body, _, err := store.ReadAll(t.Context(), s, root+"_delta_log/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func remove(t testing.TB, s store.Store, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := s.Delete(t.Context(), root+"_delta_log/"+name); err != nil {
			t.Fatal(err)
		}
	}
}

func json(v int64) string { return fmt.Sprintf("%020d.json", v) }

func TestLifeOfATable(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	l := open(t, s)
	if _, err := l.Snapshot(t.Context()); !errors.Is(err, delta.ErrNoTable) {
		t.Fatalf("Snapshot of nothing: %v", err)
	}

	a, b := add("a"), add("b")
	a.Tags = map[string]string{"services": "clusters"}
	v, err := l.Commit(t.Context(), delta.Tx{
		Operation: "CREATE TABLE", Metadata: metadata(), Adds: []delta.Add{a, b}, Txn: &delta.Txn{AppID: "app", Version: 1},
	})
	if err != nil || v != 0 {
		t.Fatalf("create: version %d, %v", v, err)
	}
	base := must(l.Snapshot(t.Context()))
	if diff := cmp.Diff([]string{"a", "b"}, paths(base)); diff != "" {
		t.Fatal(diff)
	}
	if v, ok := base.Txn("app"); v != 1 || !ok {
		t.Errorf("Txn = %d, %t", v, ok)
	}

	live, _ := base.File("date=2026-03-01/a")
	gone := delta.RemoveOf(live, now)
	gone.DataChange = false
	c := add("c")
	c.DataChange = false
	commit(t, l, delta.Tx{Operation: "OPTIMIZE", Removes: []delta.Remove{gone}, Adds: []delta.Add{c}})

	evolved := must(l.Snapshot(t.Context())).Metadata()
	evolved.Schema = append(slices.Clone(evolved.Schema), columnar.Field{Name: "more", Type: columnar.Of(columnar.String)})
	evolved.Configuration = map[string]string{"auditlake.rules": "1"}
	commit(t, l, delta.Tx{Operation: "ADD COLUMNS", Metadata: &evolved})

	warm := must(l.Snapshot(t.Context()))
	cold := must(open(t, s).Snapshot(t.Context()))
	if diff := cmp.Diff(describe(cold, "app"), describe(warm, "app")); diff != "" {
		t.Errorf("a warm snapshot differs from a cold one (-cold +warm)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b", "c"}, paths(warm)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(describe(base), describe(must(l.SnapshotAt(t.Context(), 0)))); diff != "" {
		t.Errorf("version 0 differs from what it was\n%s", diff)
	}

	var ops []string
	for c, err := range l.Commits(t.Context(), -1, warm.Version()) {
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, fmt.Sprintf("%d %s %s rearranges=%t", c.Version, c.Info.Operation, c.Info.Engine, c.Rearranges()))
	}
	want := []string{
		"0 CREATE TABLE auditlake/test rearranges=false",
		"1 OPTIMIZE auditlake/test rearranges=true",
		"2 ADD COLUMNS auditlake/test rearranges=false",
	}
	if diff := cmp.Diff(want, ops); diff != "" {
		t.Error(diff)
	}
}

func TestLogEntryAsWritten(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	l := open(t, s)
	a := add("a b.parquet")
	a.Stats = `{"numRecords":3,"minValues":{"name":"<&>"}}`
	commit(t, l, delta.Tx{Operation: "CREATE TABLE", Adds: []delta.Add{a}})
	live, _ := must(l.Snapshot(t.Context())).File(a.Path)
	commit(t, l, delta.Tx{
		Operation: "STREAMING UPDATE", Parameters: map[string]any{"outputMode": "Append", "epochId": "7"},
		Metrics: map[string]string{"numAddedFiles": "1"}, Txn: &delta.Txn{AppID: "app", Version: 7},
		Removes: []delta.Remove{delta.RemoveOf(live, now)}, Adds: []delta.Add{add("b")},
	})
	for version, want := range []string{
		`{"commitInfo":{"timestamp":1772366400000,"operation":"CREATE TABLE","operationParameters":{},"isolationLevel":"WriteSerializable","isBlindAppend":true,"engineInfo":"auditlake/test","txnId":""}}
{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"11111111-2222-3333-4444-555555555555","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}},{\"name\":\"date\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["date"],"configuration":{},"createdTime":1772366400000}}
{"add":{"path":"date=2026-03-01/a%20b.parquet","partitionValues":{"date":"2026-03-01"},"size":100,"modificationTime":1772366400000,"dataChange":true,"stats":"{\"numRecords\":3,\"minValues\":{\"name\":\"<&>\"}}"}}
`,
		`{"commitInfo":{"timestamp":1772366400000,"operation":"STREAMING UPDATE","operationParameters":{"epochId":"7","outputMode":"Append"},"readVersion":0,"isolationLevel":"WriteSerializable","isBlindAppend":false,"operationMetrics":{"numAddedFiles":"1"},"engineInfo":"auditlake/test","txnId":""}}
{"txn":{"appId":"app","version":7,"lastUpdated":1772366400000}}
{"remove":{"path":"date=2026-03-01/a%20b.parquet","deletionTimestamp":1772366400000,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"date":"2026-03-01"},"size":100}}
{"add":{"path":"date=2026-03-01/b","partitionValues":{"date":"2026-03-01"},"size":100,"modificationTime":1772366400000,"dataChange":true,"stats":"{\"numRecords\":3}"}}
`,
	} {
		got := get(t, s, json(int64(version)))
		i := strings.Index(got, `"txnId":"`) + len(`"txnId":"`)
		got = got[:i] + got[i+36:] // a UUID
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %d\n%s", version, diff)
		}
	}
}

func TestIllegalTransactions(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	l := open(t, s)
	commit(t, l, delta.Tx{Adds: []delta.Add{add("a"), add("b")}})
	base := must(l.Snapshot(t.Context()))
	live, _ := base.File("date=2026-03-01/a")
	changed := func(change func(*delta.Metadata)) *delta.Metadata {
		m := base.Metadata()
		m.Schema = slices.Clone(m.Schema)
		change(&m)
		return &m
	}
	field := func(name string) func(*delta.Metadata) {
		return func(m *delta.Metadata) {
			m.Schema = append(m.Schema, columnar.Field{Name: name, Type: columnar.Of(columnar.String)})
		}
	}
	with := func(change func(*delta.Add)) []delta.Add {
		a := add("new")
		change(&a)
		return []delta.Add{a}
	}
	for _, c := range []struct {
		tx   delta.Tx
		want string
	}{
		{delta.Tx{Adds: []delta.Add{add("c"), add("c")}}, "two actions"},
		{delta.Tx{Adds: []delta.Add{add("a")}, Removes: []delta.Remove{delta.RemoveOf(live, now)}}, "two actions"},
		{delta.Tx{Removes: []delta.Remove{{Path: "x"}}}, "not live"},
		{delta.Tx{Adds: with(func(a *delta.Add) { a.Path = "../x" })}, "inside the table"},
		{delta.Tx{Adds: with(func(a *delta.Add) { a.Path = "s3://b/x" })}, "inside the table"},
		{delta.Tx{Adds: with(func(a *delta.Add) { a.Path = "_x" })}, "hidden"},
		{delta.Tx{Adds: with(func(a *delta.Add) { a.PartitionValues = nil })}, "0 partition values"},
		{delta.Tx{Adds: with(func(a *delta.Add) { a.PartitionValues = map[string]*string{"day": nil} })}, `no value for partition column "date"`},
		{delta.Tx{Adds: with(func(a *delta.Add) { a.PartitionValues = map[string]*string{"date": str("today")} })}, `partition column "date"`},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) { m.Schema = m.Schema[:2] })}, `"date" is not`},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) { m.Schema = m.Schema[1:] })}, `"id" was dropped`},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) { m.Schema[0], m.Schema[1] = m.Schema[1], m.Schema[0] })}, `"id" was moved`},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) { m.Schema[0].Type = columnar.Of(columnar.String) })}, "from long to string"},
		{delta.Tx{Metadata: changed(field("NAME"))}, `only in case from "name"`},
		{delta.Tx{Metadata: changed(field("a b"))}, "forbidden character"},
		{delta.Tx{Metadata: changed(field(""))}, "no name"},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) { m.ID = "other" })}, "id changed"},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) { m.PartitionColumns = nil })}, "partition columns changed"},
		{delta.Tx{Metadata: changed(func(m *delta.Metadata) {
			m.Configuration = map[string]string{"delta.columnMapping.mode": "name"}
		})}, "column mapping"},
		{delta.Tx{Txn: &delta.Txn{}}, "no application id"},
	} {
		c.tx.Base = base
		if _, err := l.Commit(t.Context(), c.tx); !errors.Is(err, delta.ErrInvalidTx) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want ErrInvalidTx with %q", err, c.want)
		}
	}
	if _, err := l.Commit(t.Context(), delta.Tx{Base: base, Metadata: changed(func(m *delta.Metadata) {
		m.Configuration = map[string]string{"delta.appendOnly": "true"}
	}), Removes: []delta.Remove{delta.RemoveOf(live, now)}}); !errors.Is(err, delta.ErrUnsupported) {
		t.Errorf("remove from an append-only table: %v", err)
	}
	if got := must(open(t, s).Snapshot(t.Context())).Version(); got != 0 {
		t.Errorf("an illegal transaction made version %d", got)
	}
}

func TestNestedEvolution(t *testing.T) {
	t.Parallel()
	text := columnar.Of(columnar.String)
	field := func(name string, t columnar.Type) columnar.Field { return columnar.Field{Name: name, Type: t} }
	inner := func(names ...string) columnar.Type {
		var fields columnar.Schema
		for _, n := range names {
			fields = append(fields, field(n, text))
		}
		return columnar.StructOf(fields...)
	}
	l := open(t, store.NewMemory(t.Name()))
	m := &delta.Metadata{Schema: columnar.Schema{field("id", text), field("p", inner("a", "b")), field("l", columnar.ListOf(inner("x")))}}
	must(l.Commit(t.Context(), delta.Tx{Metadata: m}))
	for _, c := range []struct {
		schema columnar.Schema
		want   string // empty: legal
	}{
		{columnar.Schema{field("id", text), field("p", inner("a", "b", "c")), field("l", columnar.ListOf(inner("x", "y")))}, ""},
		{columnar.Schema{field("id", text), field("p", inner("a", "c", "b")), field("l", columnar.ListOf(inner("x")))}, `"p.b" was moved`},
		{columnar.Schema{field("id", text), field("p", inner("a")), field("l", columnar.ListOf(inner("x")))}, `"p.b" was dropped`},
		{columnar.Schema{field("id", text), field("p", inner("a", "b", "B")), field("l", columnar.ListOf(inner("x")))}, `"p.B": the name differs only in case from "p.b"`},
		{columnar.Schema{field("id", text), field("p", inner("a", "b", "c")), field("l", columnar.ListOf(text))}, `"l.element" changed its type`},
	} {
		base := must(l.Snapshot(t.Context()))
		m := base.Metadata()
		m.Schema = c.schema
		_, err := l.Commit(t.Context(), delta.Tx{Base: base, Metadata: &m})
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestAlreadyCommittedNeedsNoStore(t *testing.T) {
	t.Parallel()
	l := open(t, store.NewMemory(t.Name()))
	commit(t, l, delta.Tx{Txn: &delta.Txn{AppID: "app", Version: 5}})
	base := must(l.Snapshot(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, v := range []int64{4, 5} {
		_, err := l.Commit(ctx, delta.Tx{Base: base, Txn: &delta.Txn{AppID: "app", Version: v}})
		if !errors.Is(err, delta.ErrAlreadyCommitted) || errors.Is(err, delta.ErrConflict) {
			t.Errorf("txn %d: %v", v, err)
		}
	}
}

func TestCreateTwice(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	must(open(t, s).Commit(t.Context(), delta.Tx{Metadata: metadata()}))
	if _, err := open(t, s).Commit(t.Context(), delta.Tx{Metadata: metadata()}); !errors.Is(err, delta.ErrTableExists) {
		t.Errorf("got %v, want ErrTableExists", err)
	}
}

// A log whose first entries were cleaned up must not be begun anew below its
// checkpoint: nobody would ever read that entry.
func TestCreateBelowACheckpoint(t *testing.T) {
	t.Parallel()
	s := store.NewMemory(t.Name())
	grow(t, open(t, s), 12)
	for v := range int64(10) {
		remove(t, s, json(v))
	}
	_, err := open(t, s).Commit(t.Context(), delta.Tx{Metadata: metadata(), Txn: &delta.Txn{AppID: "app", Version: 1}})
	if !errors.Is(err, delta.ErrTableExists) {
		t.Errorf("got %v, want ErrTableExists", err)
	}
	if _, err := s.Head(t.Context(), root+"_delta_log/"+json(0)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("version 0: %v", err)
	}
}
