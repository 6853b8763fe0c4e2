package lake_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func now() time.Time { return time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC) }

func newLake(s store.Store) *lake.Lake { return lake.New(s, lake.Options{Engine: "test", Now: now}) }

func events() columnar.Schema {
	return columnar.Schema{
		{Name: "id", Type: columnar.Of(columnar.Long)},
		{Name: "date", Type: columnar.Of(columnar.Date)},
		{Name: "service", Type: columnar.Of(columnar.String)},
		{Name: "at", Type: columnar.StructOf(columnar.Field{Name: "x", Type: columnar.Of(columnar.Long)})},
	}
}

const noDate = int64(-1)

// row appends one event; noDate and "" are null.
func row(b *columnar.Batch, id, date int64, service string) {
	c := b.Columns
	c[0].AppendInt(id)
	if c[1].AppendInt(date); date == noDate {
		c[1].Null = append(make([]bool, b.Len), true)
	} else if c[1].Null != nil && len(c[1].Null) < c[1].Len {
		c[1].Null = append(c[1].Null, false)
	}
	if service == "" {
		c[2].AppendNull()
	} else {
		c[2].AppendString(service)
	}
	c[3].Children[0].AppendInt(id * 10)
	c[3].AppendNested()
	b.Len++
}

// commit writes batches as one version of a table, which it creates if need be.
func commit(t testing.TB, l *lake.Lake, table string, layout lake.Layout, batches ...*columnar.Batch) []delta.Add {
	t.Helper()
	tab := l.Table(table)
	schema := batches[0].Schema
	w := tab.NewWriter(schema, layout)
	for _, b := range batches {
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	adds, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tx := delta.Tx{Operation: "WRITE", Adds: adds}
	snap, err := tab.Snapshot(t.Context())
	switch {
	case errors.Is(err, lake.ErrNoTable):
		tx.Metadata = &delta.Metadata{Schema: schema}
		if layout.PartitionBy != "" {
			tx.Metadata.PartitionColumns = []string{layout.PartitionBy}
		}
	case err != nil:
		t.Fatal(err)
	default:
		tx.Base = snap
		if meta := snap.Metadata(); !schema.Equal(meta.Schema) {
			meta.Schema = schema
			tx.Metadata = &meta
		}
	}
	if _, err := tab.Commit(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	return adds
}

func view(t testing.TB, l *lake.Lake, table string) *lake.View {
	t.Helper()
	v, err := l.Table(table).View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// texts are the rows of a scan as text, sorted.
func texts(t testing.TB, scan iter.Seq2[*columnar.Batch, error]) []string {
	t.Helper()
	var out []string
	for b, err := range scan {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			out = append(out, fmt.Sprint(b.Row(i)))
		}
	}
	slices.Sort(out)
	return out
}

func textsOf(batches ...*columnar.Batch) []string {
	var out []string
	for _, b := range batches {
		for i := range b.Len {
			out = append(out, fmt.Sprint(b.Row(i)))
		}
	}
	slices.Sort(out)
	return out
}

func TestTablesLieWhereTheLayoutSays(t *testing.T) {
	for table, want := range map[string]string{
		"bronze": "bronze/", "silver": "silver/", "quarantine": "quarantine/", "runs": "runs/", "identities": "identities/",
		"clusters": "gold/clusters/", "_unknown": "gold/_unknown/",
	} {
		if got := lake.Root(table); got != want {
			t.Errorf("Root(%q) = %q, want %q", table, got, want)
		}
	}
	l := newLake(store.NewMemory("lake"))
	if first, second := l.Table("clusters"), l.Table("clusters"); first != second {
		t.Error("asking twice gives two tables")
	}
}

func TestWhatIsNotThere(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	if _, err := l.Table("clusters").View(t.Context()); !errors.Is(err, lake.ErrNoTable) || !strings.Contains(err.Error(), "clusters") {
		t.Errorf("View: err = %v", err)
	}
	if _, err := l.Table("clusters").SnapshotAt(t.Context(), 3); err == nil {
		t.Error("SnapshotAt of no table: no error")
	}
	if names, err := l.Gold(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("Gold of an empty lake = %q, %v", names, err)
	}
}

func TestGoldTablesAreThoseWithALog(t *testing.T) {
	s := store.NewMemory("lake")
	l := newLake(s)
	b := columnar.NewBatch(events())
	row(b, 1, 19000, "x")
	for _, table := range []string{"jobs", "clusters", "_unknown", "bronze"} {
		commit(t, l, table, lake.Layout{}, b)
	}
	if _, err := s.Put(t.Context(), "gold/half/part-1.parquet", []byte("x")); err != nil {
		t.Fatal(err)
	}
	names, err := newLake(s).Gold(t.Context())
	if diff := cmp.Diff([]string{"_unknown", "clusters", "jobs"}, names); diff != "" || err != nil {
		t.Errorf("Gold: %v (-want +got):\n%s", err, diff)
	}
}

func TestAViewDoesNotMove(t *testing.T) {
	l := newLake(store.NewMemory("lake"))
	one, two := columnar.NewBatch(events()), columnar.NewBatch(events())
	row(one, 1, 19000, "x")
	row(two, 2, 19000, "y")
	commit(t, l, "bronze", lake.Layout{PartitionBy: "date"}, one)
	before := view(t, l, "bronze")
	commit(t, l, "bronze", lake.Layout{PartitionBy: "date"}, two)
	if diff := cmp.Diff(textsOf(one), texts(t, before.Scan(t.Context(), events(), nil, nil))); diff != "" {
		t.Errorf("the older view (-want +got):\n%s", diff)
	}
	after := view(t, l, "bronze")
	if diff := cmp.Diff(textsOf(one, two), texts(t, after.Scan(t.Context(), events(), nil, nil))); diff != "" || after.Version() != before.Version()+1 {
		t.Errorf("the newer view (-want +got):\n%s", diff)
	}
}
