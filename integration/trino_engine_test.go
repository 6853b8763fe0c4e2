package integration_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/trinoserver"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/trino"
)

// TestTrinoRunsStatements is what the engine makes of a real Trino, which at last is
// killed.
func TestTrinoRunsStatements(t *testing.T) {
	server := trinoserver.Start(t, trinoserver.Config{})
	e, err := trino.Open(trino.Config{
		URL: server.URL, User: "test", Catalog: trinoserver.Scratch, Schema: "default", Source: "auditlake test", ClientTags: []string{"a", "b"},
		SessionProperties: map[string]string{"query_max_run_time": "10m"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	for name, test := range map[string]func(*testing.T, *trino.Engine){
		"types round trip":              typesRoundTrip,
		"the types of a plan":           typesOfAPlan,
		"what a query took":             whatAQueryTook,
		"limits":                        limits,
		"a query that nobody waits for": nobodyWaits,
		"what is wrong":                 whatIsWrong,
		"tables that are registered":    registered,
	} {
		t.Run(name, func(t *testing.T) { test(t, e) })
	}
	t.Run("Trino is killed", func(t *testing.T) {
		time.AfterFunc(2*time.Second, server.Stop)
		_, info, err := e.Run(t.Context(), long, nil, exec.Options{})
		if !errors.Is(err, trino.ErrUnavailable) || !strings.Contains(err.Error(), strings.TrimPrefix(server.URL, "http://")) ||
			!strings.Contains(err.Error(), "that the coordinator runs") || info.QueryID == "" {
			t.Errorf("%v, %+v", err, info)
		}
	})
}

const (
	thousands = "UNNEST(sequence(1, 10000))"
	// long takes hours and gives one row; many gives 100,000,000 in no time.
	long = "SELECT count(*) FROM " + thousands + " a(x) CROSS JOIN " + thousands + " b(x) CROSS JOIN " + thousands + " c(x) WHERE (a.x * b.x + c.x) % 1000003 = 7"
	many = "SELECT a.x, b.x, 'some text that takes memory' FROM " + thousands + " a(x) CROSS JOIN " + thousands + " b(x)"
)

func registered(t *testing.T, e *trino.Engine) {
	if _, _, err := e.Run(t.Context(), "CREATE TABLE IF NOT EXISTS numbers AS SELECT x FROM "+thousands+" a(x)", nil, exec.Options{}); err != nil {
		t.Fatal(err)
	}
	if names, err := e.Tables(t.Context()); err != nil || !slices.Contains(names, "numbers") {
		t.Errorf("%v, %v", names, err)
	}
}

// valuesOf is the rows of an answer.
func valuesOf(r *exec.Result) (rows [][]any) {
	for i := range r.Batch.Len {
		var row []any
		for _, c := range r.Batch.Columns {
			row = append(row, c.Any(i))
		}
		rows = append(rows, row)
	}
	return rows
}

func typesRoundTrip(t *testing.T, e *trino.Engine) {
	statement := `SELECT * FROM (VALUES
		(true, tinyint '-128', smallint '32767', -2147483648, bigint '9223372036854775807', real '1.5', nan(), decimal '12.50',
		 decimal '12345678901234567890.5', 'a"é<', char 'x ', x'00ff', date '1969-12-31', timestamp '1969-12-31 23:59:59.999999',
		 timestamp '2024-03-10 01:02:03.123456789', timestamp '2024-01-31 12:00:00.000001 America/New_York', time '01:02:03.5', time '01:02:03 +02:00',
		 interval '1' day, interval '3' month, json '{"b": 1}', uuid '12151fd2-7586-11e9-8f9e-2a86e4085a59',
		 array[1, null, 3], map(array['b', 'a'], array[bigint '9007199254740993', null]), cast(row(1, 'x<y', nan(), date '2024-01-01') as row(n bigint, s varchar, f double, d date)), null),
		(null, null, null, null, bigint '-9223372036854775808', null, infinity(), null, null, null, null, null, date '9999-12-31', null, null, null, null, null, null, null, null, null, null, null, null, null)
	)`
	res, info, err := e.Run(t.Context(), statement, nil, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) any {
		us, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		v := columnar.NewVector(columnar.Of(columnar.Timestamp))
		v.AppendInt(us.UnixMicro())
		return v.Any(0)
	}
	day := func(days int64) any {
		v := columnar.NewVector(columnar.Of(columnar.Date))
		v.AppendInt(days)
		return v.Any(0)
	}
	binary := columnar.NewVector(columnar.Of(columnar.Binary))
	binary.AppendBytes([]byte{0, 255})
	want := [][]any{
		{
			true, int64(-128), int64(32767), int64(-2147483648), int64(math.MaxInt64), 1.5, math.NaN(), 12.5,
			"12345678901234567890.5", `a"é<`, "x ", binary.Any(0), day(-1), at("1969-12-31T23:59:59.999999Z"),
			at("2024-03-10T01:02:03.123456Z"), at("2024-01-31T17:00:00.000001Z"), "01:02:03.5", "01:02:03+02:00",
			"1 00:00:00.000", "0-3", `{"b":1}`, "12151fd2-7586-11e9-8f9e-2a86e4085a59",
			"[1,null,3]", `{"a":null,"b":9007199254740993}`, `{"n":1,"s":"x<y","f":"NaN","d":"2024-01-01T00:00:00Z"}`, nil,
		},
		{nil, nil, nil, nil, int64(math.MinInt64), nil, math.Inf(1), nil, nil, nil, nil, nil, day(2932896), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil},
	}
	if diff := cmp.Diff(want, valuesOf(res), cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	if info.QueryID == "" || !strings.HasSuffix(info.URL, "/ui/query.html?"+info.QueryID) {
		t.Errorf("info %+v", info)
	}
}

func typesOfAPlan(t *testing.T, e *trino.Engine) {
	text, long := columnar.Of(columnar.String), columnar.Of(columnar.Long)
	schema := columnar.Schema{
		{Name: "n", Type: long},
		{Name: "m", Type: columnar.MapOf(text, text)},
		{Name: "s", Type: columnar.StructOf(columnar.Field{Name: "code", Type: long}, columnar.Field{Name: "at", Type: columnar.Of(columnar.Timestamp)})},
		{Name: "l", Type: columnar.ListOf(long)},
	}
	res, _, err := e.Run(t.Context(), `SELECT 1, map(array['b', 'a'], array['x', null]), row(bigint '7', timestamp '2024-01-01 00:00:00.000001'), array[bigint '1', null]
		UNION ALL SELECT null, null, null, null ORDER BY 1 NULLS LAST`, schema, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, s, l := res.Batch.Columns[1], res.Batch.Columns[2], res.Batch.Columns[3]
	got := fmt.Sprint(m.Children[0].Len, " ", string(m.Children[0].ByteAt(0)), m.Children[1].IsNull(0), string(m.Children[1].ByteAt(1)), " ",
		s.Children[0].Ints[0], " ", s.Children[1].Ints[0], s.IsNull(1), "", l.Offsets)
	if want := "2 atruex 7 1704067200000001 true[0 2 2]"; got != want {
		t.Errorf("got %s, not %s", got, want)
	}
	if !res.Schema.Equal(schema) {
		t.Errorf("schema %v", res.Schema)
	}
}

func whatAQueryTook(t *testing.T, e *trino.Engine) {
	registered(t, e)
	res, info, err := e.Run(t.Context(), "SELECT count(DISTINCT x % 100) FROM numbers", nil, exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Batch.Columns[0].Ints[0]; got != 100 {
		t.Errorf("%d values", got)
	}
	if info.Splits < 1 || info.Rows != 10000 || info.Nodes != 1 || info.CPU <= 0 || info.Elapsed <= 0 || res.Stats.Scan.Rows != info.Rows {
		t.Errorf("info %+v, stats %+v", info, res.Stats)
	}
}

func limits(t *testing.T, e *trino.Engine) {
	for name, test := range map[string]struct {
		o    exec.Options
		want exec.LimitError
	}{
		"rows":   {exec.Options{MaxRows: 1000}, exec.LimitError{Limit: "MaxRows", Max: 1000}},
		"memory": {exec.Options{MaxMemory: 4 << 20}, exec.LimitError{Limit: "MaxMemory", Max: 4 << 20}},
	} {
		began := time.Now()
		_, info, err := e.Run(t.Context(), many, nil, test.o)
		limit, ok := errors.AsType[*exec.LimitError](err)
		if !ok || *limit != test.want {
			t.Errorf("%s: %v", name, err)
		}
		endsSoon(t, e, info.QueryID, began)
	}
}

func nobodyWaits(t *testing.T, e *trino.Engine) {
	for name, statement := range map[string]string{
		"before the first row": long,
		"while rows come":      many,
	} {
		for cause, with := range map[string]func(context.Context) (context.Context, context.CancelFunc){
			"canceled": func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(2*time.Second, cancel)
				return ctx, cancel
			},
			"timeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 2*time.Second)
			},
		} {
			t.Run(name+", "+cause, func(t *testing.T) {
				ctx, cancel := with(t.Context())
				defer cancel()
				_, info, err := e.Run(ctx, statement, nil, exec.Options{MaxRows: 1_000_000_000, MaxMemory: 1 << 30})
				if !errors.Is(err, ctx.Err()) || err == nil {
					t.Errorf("ended with %v", err)
				}
				endsSoon(t, e, info.QueryID, time.Now())
			})
		}
	}
}

// endsSoon checks that the cluster ends a query that was given up. Left alone it would
// go on for minutes at the least; a busy machine takes some seconds to end it.
func endsSoon(t *testing.T, e *trino.Engine, id string, since time.Time) {
	t.Helper()
	if id == "" {
		t.Fatal("the query has no id")
	}
	for {
		res, _, err := e.Run(t.Context(), "SELECT state FROM system.runtime.queries WHERE query_id = '"+id+"'", nil, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		state := fmt.Sprint(valuesOf(res))
		if state == "[[FAILED]]" || state == "[[FINISHED]]" {
			return
		}
		if time.Since(since) > 10*time.Second {
			t.Fatalf("query %s is %s", id, state)
		}
	}
}

func whatIsWrong(t *testing.T, e *trino.Engine) {
	for statement, want := range map[string]struct {
		class        error
		line, column int
		text         string
	}{
		"SELECT\n  nothing FROM system.runtime.nodes": {trino.ErrStatement, 2, 3, "Column 'nothing' cannot be resolved"},
		"SELEC 1":            {trino.ErrStatement, 1, 1, "mismatched input 'SELEC'"},
		"SELECT 1 FROM gone": {trino.ErrNotRegistered, 1, 15, "register"},
		"SELECT 1/(length(node_id) - length(node_id)) FROM system.runtime.nodes": {trino.ErrStatement, 0, 0, "Division by zero"},
	} {
		_, info, err := e.Run(t.Context(), statement, nil, exec.Options{})
		failed, ok := errors.AsType[*trino.Error](err)
		if !ok || !errors.Is(err, want.class) || failed.Line != want.line || failed.Column != want.column || !strings.Contains(err.Error(), want.text) || info.QueryID == "" {
			t.Errorf("%s: %v (%+v)", statement, err, failed)
		}
	}
}

// TestTrinoAnswersQueriesOfALake has the command line answer by a Trino, over the tables of
// a bucket that grow meanwhile, and compares with what the embedded engine says.
func TestTrinoAnswersQueriesOfALake(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	server := trinoserver.Start(t, trinoserver.Config{Lake: cfg})
	month := generate.Config{Seed: 3, Start: time.Date(2019, 12, 20, 0, 0, 0, 0, time.UTC), Days: 10, EventsPerDay: 300, Scenario: generate.Article}
	half := month.Start.AddDate(0, 0, 4)
	lakeURL := lakeOnS3(t, endpoint, cfg, month, half)
	if _, err := server.Query(t.Context(), "CREATE SCHEMA lake.auditlake"); err != nil {
		t.Fatal(err)
	}
	for _, table := range tablesOf(t, lakeURL) {
		location := trinoserver.Config{Lake: cfg}.Location("lake/" + strings.TrimSuffix(lake.Root(table.Name), "/"))
		if _, err := server.Query(t.Context(), fmt.Sprintf("CALL lake.system.register_table(schema_name => 'auditlake', table_name => '%s', table_location => '%s')", table.Name, location)); err != nil {
			t.Fatal(err)
		}
	}
	deliver(t, endpoint, cfg, month, half, time.Time{})
	ask := func(args ...string) string {
		args = append([]string{"query", "--lake", lakeURL, "--format", "csv", "--trino-url", server.URL, "--trino-catalog", "lake"}, args...)
		return truthtest.MustRun(t, args...)
	}
	for _, question := range [][]string{
		{"--named", "clusters_by_creator"},
		{"--named", "clusters_created_per_day"},
		{"--sql", "select actionName, count(*) as n, min(date_time) as first from silver group by 1 order by n desc, 1 limit 20"},
	} {
		here, there := ask(question...), ask(append(question, "--engine", "trino")...)
		if diff := cmp.Diff(here, there); diff != "" || strings.Count(here, "\n") < 3 {
			t.Errorf("%s (-here +Trino):\n%s", question, diff)
		}
	}
	got := ask("--dialect", "trino", "--sql", "SELECT count(*) AS n FROM clusters WHERE $__timeFilter(date_time)", "--from", "2019-12-28", "--to", "2019-12-29")
	want := ask("--sql", "SELECT count(*) AS n FROM clusters WHERE $__timeFilter(date_time)", "--from", "2019-12-28", "--to", "2019-12-29")
	if got != want || got == "n\n0\n" {
		t.Errorf("SQL of Trino: %q, not %q", got, want)
	}
}
