package integration_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
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

func TestTrinoAnswersAndEnds(t *testing.T) {
	s := trinoserver.Start(t, trinoserver.Config{})
	got, err := s.Query(t.Context(), `SELECT 9007199254740993, 'a', true, null, row(1, 'b'), map(array['k'], array['v'])`)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]any{{json.Number("9007199254740993"), "a", true, nil, []any{json.Number("1"), "b"}, map[string]any{"k": "v"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, err := s.Query(t.Context(), "SELECT 1 FROM lake.nowhere.nothing"); err == nil || !strings.Contains(err.Error(), "SCHEMA_NOT_FOUND") {
		t.Errorf("error is %v", err)
	}
	s.Stop()
	if answer, err := http.Get(s.URL + "/v1/info"); err == nil {
		t.Errorf("a server that was stopped answers: %s", answer.Status)
		_ = answer.Body.Close()
	}
}

// TestTrinoSeesTheSameRows has Trino read every table of a lake in a bucket that
// several runs and a merge have made, and compares all rows, value by value.
func TestTrinoSeesTheSameRows(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	trino := trinoserver.Start(t, trinoserver.Config{Lake: cfg})
	month := generate.Config{Seed: 3, Start: time.Date(2019, 12, 20, 0, 0, 0, 0, time.UTC), Days: 10, EventsPerDay: 300, Scenario: generate.Article}
	lakeURL := lakeOnS3(t, endpoint, cfg, month, month.Start.AddDate(0, 0, 2).Add(7*time.Hour), month.Start.AddDate(0, 0, 4))
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
	ask("CREATE SCHEMA lake.audit")
	rows, nulls, maps, structs := 0, 0, 0, 0
	for _, table := range tables {
		name := strings.Trim(strings.ReplaceAll(lake.Root(table.Name), "/", "_"), "_")
		location := trinoserver.Config{Lake: cfg}.Location("lake/" + strings.TrimSuffix(lake.Root(table.Name), "/"))
		ask(fmt.Sprintf("CALL lake.system.register_table(schema_name => 'audit', table_name => '%s', table_location => '%s')", name, location))
		view, err := table.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var columns []string
		for _, f := range view.Schema() {
			columns = append(columns, `"`+f.Name+`"`)
		}
		got := texts(t, ask("SELECT "+strings.Join(columns, ", ")+" FROM lake.audit."+name))
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
		FROM lake.audit.gold_clusters WHERE actionName = 'create' AND date = DATE '2019-12-28' GROUP BY 1`)
	want := [][]any{{"2019-12-28", json.Number("714"), true, json.Number("709")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("clusters created on the article's day (-want +got):\n%s", diff)
	}
}

// lakeOnS3 delivers a month to a bucket, up to each of the times and then all of
// it, with a run of the ETL after each, and gives the URL of the lake. The keys
// are in the environment for the rest of the test.
func lakeOnS3(t *testing.T, endpoint string, cfg store.S3Config, month generate.Config, until ...time.Time) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	options := url.Values{"endpoint": {endpoint}, "region": {s3server.Region}, "path_style": {"true"}}.Encode()
	logs, lakeURL := "s3://"+cfg.Bucket+"/logs?"+options, "s3://"+cfg.Bucket+"/lake?"+options
	source, err := store.Open(t.Context(), logs)
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string, body []byte) error {
		_, err := source.Put(t.Context(), key, body)
		return err
	}
	reached := time.Time{}
	for _, until := range append(until, time.Time{}) {
		if _, err := generate.WriteBetween(t.Context(), month, reached, until, put); err != nil {
			t.Fatal(err)
		}
		reached = until
		truthtest.MustRun(t, "etl", "--quiet", "--source", logs, "--lake", lakeURL)
	}
	return lakeURL
}

// tablesOf are the tables that exist in a lake.
func tablesOf(t *testing.T, lakeURL string) []*lake.Table {
	t.Helper()
	s, err := store.Open(t.Context(), lakeURL, store.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	l := lake.New(s, lake.Options{})
	gold, err := l.Gold(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var all []*lake.Table
	for _, name := range append(lake.Layers(), gold...) {
		all = append(all, l.Table(name))
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
