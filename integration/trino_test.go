package integration_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/trinoserver"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// TestTrinoSeesTheSameRows has Trino read every table of a lake in a bucket that
// several runs and a merge have made, and compares all rows, value by value.
func TestTrinoSeesTheSameRows(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	trino := trinoserver.Start(t, trinoserver.Config{Lake: cfg})
	month := generate.Config{Seed: 3, Start: time.Date(2019, 12, 20, 0, 0, 0, 0, time.UTC), Days: 10, EventsPerDay: 300, Scenario: generate.Article}
	lakeURL := lakeOnS3(t, endpoint, cfg, month, month.Start.AddDate(0, 0, 2).Add(7*time.Hour), month.Start.AddDate(0, 0, 4), time.Time{})
	truthtest.MustRun(t, "optimize", "--lake", lakeURL)

	tables := tablesOf(t, lakeURL)
	if len(tables) < 15 {
		t.Errorf("the lake has only %d tables", len(tables))
	}
	ask := func(statement string) [][]any {
		t.Helper()
		rows, err := trino.Query(t.Context(), statement)
		if err != nil {
			t.Fatalf("%v\n%s", err, trino.LogTail())
		}
		return rows
	}
	truthtest.MustRun(t, "register", "--lake", lakeURL, "--target", "trino", "--catalog", trinoserver.Catalog, "--schema", "audit", "--trino-url", trino.URL)
	rows, nulls, maps, structs := 0, 0, 0, 0
	for _, table := range tables {
		view, err := table.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var columns []string
		for _, f := range view.Schema() {
			columns = append(columns, `"`+f.Name+`"`)
		}
		got := texts(t, ask("SELECT "+strings.Join(columns, ", ")+" FROM lake.audit.\""+table.Name+`"`))
		var mine [][]any
		for b, err := range view.Scan(t.Context(), view.Schema(), nil, nil) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len {
				var row []any
				for c, v := range b.Columns {
					value := onTheWire(view.Schema()[c].Type, v.Any(i))
					switch value.(type) {
					case nil:
						nulls++
					case map[string]any:
						maps++
					case []any:
						structs++
					}
					row = append(row, value)
				}
				mine = append(mine, row)
			}
		}
		rows += len(mine)
		if diff := cmp.Diff(texts(t, mine), got); diff != "" {
			t.Errorf("%s: %d rows, Trino sees %d (-ours +Trino):\n%.4000s", table.Name, len(mine), len(got), diff)
		}
	}
	t.Logf("%d tables, %d rows, among their values %d nulls, %d maps, %d structs", len(tables), rows, nulls, maps, structs)
	if nulls == 0 || maps == 0 || structs == 0 {
		t.Errorf("there is no null, map or struct: %d, %d, %d", nulls, maps, structs)
	}

	// Once more what the article says, by Trino's own hand.
	got := ask(`SELECT date, count(*), min(date_time) >= TIMESTAMP '2019-12-28 00:00:00 UTC', count(requestParams.cluster_creator)
		FROM lake.audit.clusters WHERE actionName = 'create' AND date = DATE '2019-12-28' GROUP BY 1`)
	want := [][]any{{"2019-12-28", json.Number("714"), true, json.Number("709")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clusters created on the article's day (-want +got):\n%s", diff)
	}

	// The server that all this leans on.
	got = ask(`SELECT 9007199254740993, 'a', true, null, row(1, 'b'), map(array['k'], array['v'])`)
	want = [][]any{{json.Number("9007199254740993"), "a", true, nil, []any{json.Number("1"), "b"}, map[string]any{"k": "v"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types of the protocol (-want +got):\n%s", diff)
	}
	if _, err := trino.Query(t.Context(), "SELECT 1 FROM lake.nowhere.nothing"); err == nil || !strings.Contains(err.Error(), "SCHEMA_NOT_FOUND") {
		t.Errorf("error is %v", err)
	}
	trino.Stop()
	if answer, err := http.Get(trino.URL + "/v1/info"); err == nil {
		t.Errorf("a server that was stopped answers: %s", answer.Status)
		_ = answer.Body.Close()
	}
}

// TestTablesAreRegisteredOnce registers a lake again and again while it grows, as a
// schedule does, beside a table of the same name from elsewhere.
func TestTablesAreRegisteredOnce(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	trino := trinoserver.Start(t, trinoserver.Config{Lake: cfg})
	// Few events: most services appear only in the second half.
	month := generate.Config{Seed: 3, Start: time.Date(2019, 12, 20, 0, 0, 0, 0, time.UTC), Days: 10, EventsPerDay: 12, Scenario: generate.Article}
	half := month.Start.Add(30 * time.Hour)
	lakeURL := lakeOnS3(t, endpoint, cfg, month, half)
	before := tablesOf(t, lakeURL)
	args := []string{"register", "--lake", lakeURL, "--target", "trino", "--catalog", trinoserver.Catalog, "--trino-url", trino.URL}
	said := func(registered, already int, more ...string) {
		t.Helper()
		out := truthtest.MustRun(t, append(args, more...)...)
		if want := fmt.Sprintf("%d registered, 0 described anew, %d already registered.", registered, already); !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	said(len(before), 0, "--dry-run")
	said(len(before), 0)
	said(0, len(before))

	deliver(t, endpoint, cfg, month, half, time.Time{})
	after := tablesOf(t, lakeURL)
	if len(after) <= len(before) {
		t.Fatalf("%d tables, and then %d: no gold table is new", len(before), len(after))
	}
	said(len(after)-len(before), len(before))
	said(0, len(after))
	rows, err := trino.Query(t.Context(), "SELECT count(*) FROM lake.auditlake."+after[len(after)-1].Name)
	if err != nil || len(rows) != 1 || rows[0][0] == json.Number("0") {
		t.Errorf("the last table has %v, %v", rows, err)
	}

	// The statements that are printed do the same, in another schema.
	for _, statement := range strings.Split(truthtest.MustRun(t, append(args, "--print", "--schema", "printed")...), "\n") {
		if strings.HasPrefix(statement, "--") || statement == "" {
			continue
		}
		if _, err := trino.Query(t.Context(), strings.TrimSuffix(statement, ";")); err != nil {
			t.Fatal(err)
		}
	}
	said(0, len(after), "--schema", "printed")

	// A name that is taken: the others are registered all the same.
	location := trinoserver.Config{Lake: cfg}.Location
	for _, statement := range []string{
		"CREATE SCHEMA lake.taken",
		fmt.Sprintf("CALL lake.system.register_table(schema_name => 'taken', table_name => 'silver', table_location => '%s')", location("lake/bronze")),
	} {
		if _, err := trino.Query(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, registered := range []int{len(after) - 1, 0} {
		out, err := truthtest.Run(t, append(args, "--schema", "taken")...)
		if want := "lake.taken.silver is registered at " + location("lake/bronze") + " and lies at " + location("lake/silver"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
		if want := fmt.Sprintf("%d registered, ", registered); !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// lakeOnS3 delivers a month to a bucket, from its begin to the first of the times and
// from each of them to the next, with a run of the ETL after each, and gives the URL of
// the lake. The keys are in the environment for the rest of the test.
func lakeOnS3(t *testing.T, endpoint string, cfg store.S3Config, month generate.Config, times ...time.Time) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	var from time.Time
	for _, until := range times {
		deliver(t, endpoint, cfg, month, from, until)
		from = until
	}
	return urlOf(endpoint, cfg, "lake")
}

// deliver delivers what lies between two times and runs the ETL. A time of zero is
// the begin, or the end.
func deliver(t *testing.T, endpoint string, cfg store.S3Config, month generate.Config, from, until time.Time) {
	t.Helper()
	logs := urlOf(endpoint, cfg, "logs")
	source, err := store.Open(t.Context(), logs)
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string, body []byte) error {
		_, err := source.Put(t.Context(), key, body)
		return err
	}
	if _, err := generate.WriteBetween(t.Context(), month, from, until, put); err != nil {
		t.Fatal(err)
	}
	truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", urlOf(endpoint, cfg, "lake"))
}

func urlOf(endpoint string, cfg store.S3Config, prefix string) string {
	options := url.Values{"endpoint": {endpoint}, "region": {s3server.Region}, "path_style": {"true"}}
	return "s3://" + cfg.Bucket + "/" + prefix + "?" + options.Encode()
}

// tablesOf are the tables that exist in a lake.
func tablesOf(t *testing.T, lakeURL string) []*lake.Table {
	t.Helper()
	s, err := store.Open(t.Context(), lakeURL, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	l := lake.New(s, lake.Options{})
	gold, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []*lake.Table
	for _, name := range append(lake.Layers(), gold...) {
		if _, err := l.Table(name).View(t.Context()); !errors.Is(err, lake.ErrNoTable) {
			all = append(all, l.Table(name))
		}
	}
	return all
}

// onTheWire is a value as Trino's protocol has it. Names of fields are not there.
func onTheWire(typ columnar.Type, value any) any {
	switch v := value.(type) {
	case time.Time:
		if typ.Kind == columnar.Date {
			return v.Format(time.DateOnly)
		}
		return v.Format("2006-01-02 15:04:05.000") + " UTC"
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case map[string]any:
		if typ.Kind != columnar.Struct {
			return v
		}
		fields := []any{}
		for _, f := range typ.Fields {
			fields = append(fields, onTheWire(f.Type, v[f.Name]))
		}
		return fields
	}
	return value
}

// texts are rows as JSON, sorted: neither side promises an order.
func texts(t *testing.T, rows [][]any) []string {
	t.Helper()
	var all []string
	for _, row := range rows {
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	slices.Sort(all)
	return all
}
