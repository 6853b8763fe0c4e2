package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/store"
)

// fatal is what a test and a rapid check have in common.
type fatal interface {
	Helper()
	Fatal(args ...any)
}

// addFile adds a file to a table of a lake.
func addFile(t fatal, l *lake.Lake, name string, layout lake.Layout, b *columnar.Batch) {
	t.Helper()
	ctx, table := noDeadline(), l.Table(name)
	w := table.NewWriter(b.Schema, layout)
	if err := w.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	adds, err := w.Close(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx := delta.Tx{Operation: "WRITE", Adds: adds}
	tx.Base, err = table.Snapshot(ctx)
	if errors.Is(err, lake.ErrNoTable) {
		tx.Metadata, err = &delta.Metadata{Schema: b.Schema}, nil
		if layout.PartitionBy != "" {
			tx.Metadata.PartitionColumns = []string{layout.PartitionBy}
		}
	}
	if err == nil {
		_, err = table.Commit(ctx, tx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// topPlans are plans of the first rows, %d of them, by what pruning knows of and by what
// it does not.
var topPlans = []string{
	"limit %d\n  sort date_time desc\n    project date_time, actor, extra, workspaceId, requestParams, requestParamsRest\n      scan t",
	"limit %d\n  sort date_time\n    project date_time, actor, extra, requestParams.x as x\n      filter workspaceId > 0\n        scan t",
	"limit %d\n  sort actor desc, workspaceId\n    project date_time, actor, extra, workspaceId\n      filter isInteractive\n        filter extra is not null\n          scan t",
	"limit %d\n  sort k\n    project autoterminationMinutes as k, actor, date_time, extra\n      filter actor like '%%a%%'\n        scan t",
	"limit %d\n  sort workspaceId desc, actor\n    project workspaceId + 1 as w, workspaceId, actor, date_time, extra\n      scan t",
	"limit %d\n  sort x\n    project requestParams.x as x, actor, date_time, extra\n      scan t",
}

// far is a store that takes its time, so that rows are read ahead.
type far struct{ store.Store }

func (s far) Get(ctx context.Context, key, etag string, offset, length int64) (io.ReadCloser, store.Object, error) {
	time.Sleep(5 * time.Millisecond)
	return s.Store.Get(ctx, key, etag, offset, length)
}

// TestLakeAgreesWithTheBook is TestExecutorAgreesWithTheBook over tables of a lake,
// which pick rows themselves and know of files and row groups. Its clock is that of the
// test: what sleeps costs no time.
func TestLakeAgreesWithTheBook(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) { agrees(t, rt) })
}

// lakeOf is the store of a lake with these files.
func lakeOf(t *rapid.T, files map[string][]*columnar.Batch) store.Store {
	s := store.NewMemory("lake")
	l := lake.New(s, lake.Options{})
	layout := lake.Layout{RowGroupRows: rapid.IntRange(1, 8).Draw(t, "rowGroupRows")}
	for _, name := range querytest.RandomTables {
		for _, f := range files[name] {
			addFile(t, l, name, layout, f)
		}
	}
	return s
}

// drawPlan is a random plan, or one of the first rows.
func drawPlan(t *rapid.T) query.Plan {
	if rapid.Bool().Draw(t, "any") {
		return querytest.DrawPlan(t)
	}
	text := fmt.Sprintf(rapid.SampledFrom(topPlans).Draw(t, "plan"), rapid.IntRange(0, 12).Draw(t, "rows"))
	plan, err := querytest.ParsePlan(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return plan
}

func agrees(t *testing.T, rt *rapid.T) {
	_, tables, files := drawTables(rt)
	memory := lakeOf(rt, files)
	l := lake.New(memory, lake.Options{})
	plan := drawPlan(rt)
	want := naiveAnswer(plan, tables)
	var got *exec.Result
	var err error
	for i := range 3 { // the first leaves traces of pages, the second has them kept, the third finds them
		got, err = exec.Run(noDeadline(), query.OfLake(l), plan, exec.Options{})
		if err != nil {
			rt.Fatalf("%v\n%s", err, plan)
		}
		if diff := cmp.Diff(want, resultText(got.Batch)); diff != "" {
			rt.Fatalf("time %d (-want +got):\n%s\n%s", i+1, diff, plan)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		got, err = exec.Run(t.Context(), query.OfLake(lake.New(far{memory}, lake.Options{})), plan, exec.Options{})
	})
	if err != nil {
		rt.Fatalf("read ahead: %v\n%s", err, plan)
	}
	if diff := cmp.Diff(want, resultText(got.Batch)); diff != "" {
		rt.Fatalf("read ahead (-want +got):\n%s\n%s", diff, plan)
	}
}

// hourly is a table of files of an hour each, rows in the order of time, in pages of
// which each file has some.
func hourly(t *testing.T, hours, rows int) *lake.Lake {
	l := lake.New(store.NewMemory("lake"), lake.Options{})
	schema := columnar.Schema{
		{Name: query.TimeColumn, Type: columnar.Of(columnar.Timestamp)},
		{Name: "id", Type: columnar.Of(columnar.Long)},
		{Name: "text", Type: columnar.Of(columnar.String)},
		{Name: "more", Type: columnar.Of(columnar.String)},
	}
	for h := range hours {
		b := columnar.NewBatch(schema)
		for i := range rows {
			b.Columns[0].AppendInt(int64(h)*3600_000_000 + int64(i)*1000)
			b.Columns[1].AppendInt(int64(h*rows + i))
			b.Columns[2].AppendString(fmt.Sprintf("text %d", i))
			b.Columns[3].AppendString(strings.Repeat("m", i%5))
			b.Len++
		}
		addFile(t, l, "t", lake.Layout{}, b)
	}
	return l
}

// TestTheLatestRowsAreNearlyAllThatIsRead counts rows.
func TestTheLatestRowsAreNearlyAllThatIsRead(t *testing.T) {
	l := hourly(t, 5, 20_000)
	plan := mustPlan(t, "limit 3\n  sort date_time desc\n    project date_time, id, text, more\n      scan t")
	got, err := exec.Run(t.Context(), query.OfLake(l), plan, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{99_999, 99_998, 99_997}, got.Batch.Columns[1].Ints); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s := got.Stats.Scan
	if s.Files != 5 || s.FilesPruned != 4 || s.Rows > 20_000+20_000-2*8192 {
		t.Errorf("%d of %d files left out, %d rows looked at", s.FilesPruned, s.Files, s.Rows)
	}
}

func noDeadline() context.Context { return context.Background() }

// scanned is a catalog whose tables are only scanned.
type scanned struct{ query.Catalog }

func (c scanned) Table(ctx context.Context, name string) (query.Table, error) {
	t, err := c.Catalog.Table(ctx, name)
	return struct{ query.Table }{t}, err
}

// TestTopOfManyRows compares with plans over tables that are only scanned: there are so
// many rows that files are left out while the first rows are looked for.
func TestTopOfManyRows(t *testing.T) {
	const seed = 20260301
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	schema := columnar.Schema{
		{Name: query.TimeColumn, Type: columnar.Of(columnar.Timestamp)},
		{Name: "name", Type: columnar.Of(columnar.String)},
		{Name: "id", Type: columnar.Of(columnar.Long)},
		{Name: "text", Type: columnar.Of(columnar.String)},
		{Name: "more", Type: columnar.Of(columnar.String)},
	}
	for _, nulls := range []int{0, 1, 400} { // of a thousand
		l := lake.New(store.NewMemory("lake"), lake.Options{})
		for range 8 {
			b := columnar.NewBatch(schema)
			from := random.IntN(30)
			for i := range 1500 {
				for _, v := range b.Columns {
					n := from + random.IntN(20)
					switch {
					case random.IntN(1000) < nulls:
						v.AppendNull()
					case v.Type.Kind == columnar.String:
						v.AppendString(fmt.Sprintf("%03d", n))
					default:
						v.AppendInt(int64(n*1000 + random.IntN(1000)))
					}
				}
				b.Columns[2].Ints[i] = int64(i) // of which filters want few
				b.Len++
			}
			addFile(t, l, "t", lake.Layout{RowGroupRows: 400}, b)
		}
		for _, order := range []string{"date_time desc", "date_time", "name desc, id", "name", "id desc, date_time"} {
			for _, top := range []int{1, 20, 300} {
				for _, where := range []string{"", "\n      filter more = '020'", "\n      filter id < 3"} {
					scan := "\n      scan t"
					if where != "" {
						scan = "\n        scan t"
					}
					plan := mustPlan(t, fmt.Sprintf("limit %d\n  sort %s\n    project date_time, name, id, text, more%s%s", top, order, where, scan))
					want, err := exec.Run(t.Context(), scanned{query.OfLake(l)}, plan, exec.Options{})
					if err != nil {
						t.Fatal(err)
					}
					got, err := exec.Run(t.Context(), query.OfLake(l), plan, exec.Options{})
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(resultText(want.Batch), resultText(got.Batch)); diff != "" {
						t.Errorf("%d nulls of 1000 (-scanned +picked):\n%s\n%s", nulls, diff, plan)
					}
				}
			}
		}
	}
}
