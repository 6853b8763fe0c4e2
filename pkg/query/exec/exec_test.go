package exec_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/named"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// TestQueries runs testdata/*.test. A file is a sequence of
//
//	table NAME            rows of one file of a table; again for another file
//	clear                 no tables from here on
//	query WHAT            a plan, or
//	named NAME k=v ...    a named query; from=... and to=... are its time range
//	expect                the answer, in order
//	notice                what one of the notices of the answer says
//	error                 what the error says, instead
//
// Each query is run over dictionary codes and over plain strings, in large and in
// tiny batches.
func TestQueries(t *testing.T) {
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".test"), func(t *testing.T) { runFile(t, name, string(text)) })
	}
}

func runFile(t *testing.T, file, text string) {
	lake := &querytest.Lake{}
	blocks := querytest.Blocks(text)
	for i := 0; i < len(blocks); i++ {
		b := blocks[i]
		verb, rest, _ := strings.Cut(b.Head, " ")
		switch verb {
		case "clear":
			lake = &querytest.Lake{}
		case "table":
			batch, err := querytest.ParseTable(b.Body)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, b.Line, err)
			}
			lake.Add(rest, batch)
		case "query", "named":
			var plan query.Plan
			var err error
			if verb == "query" {
				plan, err = querytest.ParsePlan(b.Body)
			} else {
				plan, err = namedPlan(rest)
			}
			if err == nil {
				roundTrip(t, plan)
			}
			var wants []querytest.Block
			for i+1 < len(blocks) && strings.Contains("expect notice error", blocks[i+1].Head) {
				i++
				wants = append(wants, blocks[i])
			}
			if len(wants) == 0 {
				t.Fatalf("%s:%d: nothing is expected", file, b.Line)
			}
			t.Run(rest, func(t *testing.T) {
				for _, plain := range []bool{false, true} {
					for _, size := range []int{0, 1, 3} {
						l := *lake
						l.Plain, l.BatchRows = plain, size
						var got *exec.Result
						runErr := err
						if err == nil {
							got, runErr = exec.Run(t.Context(), &l, plan, exec.Options{})
						}
						check(t, fmt.Sprintf("%s:%d: plain %v, batches of %d", file, b.Line, plain, size), wants, got, runErr)
					}
				}
			})
		default:
			t.Fatalf("%s:%d: %q is not known", file, b.Line, b.Head)
		}
	}
}

func namedPlan(call string) (query.Plan, error) {
	words := strings.Fields(call)
	params := map[string]string{}
	var r query.TimeRange
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		at, err := time.Parse(time.RFC3339, v)
		switch {
		case k == "from" && err == nil:
			r.From = at
		case k == "to" && err == nil:
			r.To = at
		default:
			params[k] = v
		}
	}
	return named.Build(words[0], params, r)
}

// roundTrip checks that the text of a plan says all of it.
func roundTrip(t *testing.T, p query.Plan) {
	t.Helper()
	again, err := querytest.ParsePlan(p.String())
	if err != nil {
		t.Fatalf("%v in\n%s", err, p)
	}
	if diff := cmp.Diff(p.String(), again.String()); diff != "" {
		t.Fatalf("plan printed, parsed and printed (-want +got):\n%s", diff)
	}
}

func check(t *testing.T, where string, wants []querytest.Block, got *exec.Result, err error) {
	t.Helper()
	for _, want := range wants {
		body := strings.TrimSpace(want.Body)
		switch want.Head {
		case "error":
			if err == nil || !strings.Contains(err.Error(), body) {
				t.Errorf("%s: error is %v, not %s", where, err, body)
			}
			continue
		case "notice":
			if err != nil || !strings.Contains(strings.Join(got.Notices, "\n"), body) {
				t.Errorf("%s: %v, no notice %s", where, err, body)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		batch, perr := querytest.ParseTable(want.Body)
		if perr != nil {
			t.Fatalf("line %d: %v", want.Line, perr)
		}
		if diff := cmp.Diff(querytest.Format(batch), querytest.Format(got.Batch)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", where, diff)
		}
	}
}

// numbers is a table of n rows in files of 1000: i counts up, s is one of 7.
func numbers(n int) *querytest.Lake {
	schema := columnar.Schema{{Name: "i", Type: columnar.Of(columnar.Long)}, {Name: "s", Type: columnar.Of(columnar.String)}}
	lake := &querytest.Lake{BatchRows: 100}
	for from := 0; from < n; from += 1000 {
		b := columnar.NewBatch(schema)
		for i := from; i < min(n, from+1000); i++ {
			b.Columns[0].AppendInt(int64(i))
			b.Columns[1].AppendString(fmt.Sprint("s", i%7))
			b.Len++
		}
		lake.Add("numbers", b)
	}
	return lake
}

func mustPlan(t testing.TB, text string) query.Plan {
	t.Helper()
	p, err := querytest.ParsePlan(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLimits(t *testing.T) {
	tests := map[string]struct {
		plan    string
		options exec.Options
		limit   string
	}{
		"memory of groups":         {"aggregate count() as n by i\n  scan numbers", exec.Options{MaxMemory: 1 << 20}, "MaxMemory"},
		"memory of sort":           {"sort s\n  project i, s\n    scan numbers", exec.Options{MaxMemory: 1 << 20}, "MaxMemory"},
		"memory of result":         {"project i, s\n  scan numbers", exec.Options{MaxMemory: 1 << 20}, "MaxMemory"},
		"memory of count distinct": {"aggregate distinct(s) as n by i\n  scan numbers", exec.Options{MaxMemory: 1 << 20}, "MaxMemory"},
		"one distinct count fits":  {"aggregate distinct(i) as n\n  scan numbers", exec.Options{MaxMemory: 1 << 20}, ""},
		"memory of percentile":     {"aggregate percentile(i, 0.5) as n\n  scan numbers", exec.Options{MaxMemory: 1 << 20}, "MaxMemory"},
		"rows":                     {"project i\n  scan numbers", exec.Options{MaxRows: 99_999}, "MaxRows"},
		"top rows fit":             {"limit 10\n  sort s\n    project i, s\n      scan numbers", exec.Options{MaxMemory: 1 << 20}, ""},
		"few groups fit":           {"aggregate count() as n by s\n  scan numbers", exec.Options{MaxMemory: 1 << 20}, ""},
	}
	words := map[string]string{"MaxMemory": "maxQueryMemoryMiB", "MaxRows": "more than 99999 rows"}
	lake := numbers(100_000)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := exec.Run(t.Context(), lake, mustPlan(t, tt.plan), tt.options)
			var limit *exec.LimitError
			switch {
			case tt.limit == "" && err != nil:
				t.Fatal(err)
			case tt.limit != "" && (!errors.As(err, &limit) || limit.Limit != tt.limit || !strings.Contains(err.Error(), words[tt.limit])):
				t.Fatalf("error is %v, not of %s", err, tt.limit)
			}
		})
	}
}

func TestLimitStopsTheScan(t *testing.T) {
	got, err := exec.Run(t.Context(), numbers(100_000), mustPlan(t, "limit 150\n  project i\n    scan numbers"), exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Batch.Len != 150 || got.Stats.Scan.Rows != 200 {
		t.Errorf("%d rows out of %d read, not 150 of 200", got.Batch.Len, got.Stats.Scan.Rows)
	}
}

// cancelling is a catalog whose scans end the context after some batches.
type cancelling struct {
	query.Catalog
	cancel func()
}

func (c cancelling) Table(ctx context.Context, name string) (query.Table, error) {
	t, err := c.Catalog.Table(ctx, name)
	return cancellingTable{t, c.cancel}, err
}

type cancellingTable struct {
	query.Table
	cancel func()
}

func (c cancellingTable) Scan(_ context.Context, want columnar.Schema, keep columnar.Keep, stats *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) { //nolint:contextcheck // see below
		n := 0
		// The scan itself does not look at the context.
		for b, err := range c.Table.Scan(context.Background(), want, keep, stats) {
			if n++; n == 3 {
				c.cancel()
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

func TestCancelStopsWithinABatch(t *testing.T) {
	for _, text := range []string{
		"project i\n  scan numbers",
		"aggregate count() as n by s\n  filter i > 5\n    scan numbers",
		"limit 5\n  sort s\n    project s\n      union\n        scan numbers\n        scan numbers",
		"window row_number() as n over s by i\n  project i, s\n    scan numbers",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := exec.Run(ctx, cancelling{numbers(10_000), cancel}, mustPlan(t, text), exec.Options{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v for\n%s", err, text)
		}
	}
}

func TestOnlyWhatIsNeededIsRead(t *testing.T) {
	batch, err := querytest.ParseTable(`
		a long | b string | s.x string | s.y string | m map<string,string>
		1      | q        | r          | t          | {k: v}`)
	if err != nil {
		t.Fatal(err)
	}
	lake := &querytest.Lake{}
	lake.Add("t", batch)
	tests := map[string]string{
		"project s.x as x\n  filter a = 1\n    scan t":       "a:long,s:struct<x:string>",
		"project s.x as x, s as s\n  scan t":                 "s:struct<x:string,y:string>",
		"project m.k as k\n  scan t":                         "m:map<string,string>",
		"aggregate count() as n\n  scan t":                   "",
		"aggregate count() as n\n  project a, b\n    scan t": "a:long,b:string",
	}
	for text, want := range tests {
		rec := &recording{Catalog: lake}
		if _, err := exec.Run(t.Context(), rec, mustPlan(t, text), exec.Options{}); err != nil {
			t.Errorf("%v for\n%s", err, text)
		}
		if got := columnar.StructOf(rec.want...).String(); got != "struct<"+want+">" {
			t.Errorf("read %s, not %s, for\n%s", got, want, text)
		}
	}
}

// recording notes the last schema that was asked for.
type recording struct {
	query.Catalog
	want columnar.Schema
}

func (r *recording) Table(ctx context.Context, name string) (query.Table, error) {
	t, err := r.Catalog.Table(ctx, name)
	return recordingTable{t, r}, err
}

type recordingTable struct {
	query.Table
	rec *recording
}

func (r recordingTable) Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *query.ScanStats) iter.Seq2[*columnar.Batch, error] {
	r.rec.want = want
	return r.Table.Scan(ctx, want, keep, stats)
}

func TestRangePrunesByDateAndTime(t *testing.T) {
	lake := &querytest.Lake{}
	for d := range int64(10) {
		b := columnar.NewBatch(columnar.Schema{
			{Name: "date_time", Type: columnar.Of(columnar.Timestamp)}, {Name: "date", Type: columnar.Of(columnar.Date)},
		})
		b.Columns[0].AppendInt(d*86400_000_000 + 5)
		b.Columns[1].AppendInt(d)
		b.Len = 1
		lake.Add("t", b)
	}
	day := func(d int64) time.Time { return time.Unix(d*86400, 0) }
	for _, hide := range []string{"", "date", "date_time"} {
		lake.Loosen = func(path string, b columnar.Bound) (columnar.Bound, bool) { return b, path != hide }
		plan := query.From("t", query.TimeRange{From: day(3), To: day(5)}).Aggregate(nil, query.CountRows("n"))
		got, err := exec.Run(t.Context(), lake, plan, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Batch.Columns[0].Ints[0] != 2 || got.Stats.Scan.FilesPruned != 8 {
			t.Errorf("without %q: %d rows, %d of %d files left out", hide, got.Batch.Columns[0].Ints[0], got.Stats.Scan.FilesPruned, got.Stats.Scan.Files)
		}
	}
}
