package history_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/history"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

func ingestion() time.Time { return time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC) }

// bring runs the ETL over a source, proves the lake, and opens it.
func bring(t *testing.T, from, to store.Store) *lake.Lake {
	t.Helper()
	l := lake.New(to, lake.Options{Now: ingestion})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(from)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := etl.Verify(t.Context(), l, []etl.Source{etl.SourceOf(from)})
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("verify: %v, %v", err, report)
	}
	return l
}

// generated is a folder with the lake of some days of generated logs.
func generated(t *testing.T) string {
	t.Helper()
	logs, dir := t.TempDir(), t.TempDir()
	cfg := generate.Config{Seed: 11, Start: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), Days: 5, EventsPerDay: 400}
	if _, err := generate.Write(t.Context(), cfg, time.Time{}, generate.Folder(logs)); err != nil {
		t.Fatal(err)
	}
	bring(t, folder(t, logs), folder(t, dir))
	return dir
}

func folder(t *testing.T, dir string) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lineage is where a line came from, and its identity as a text.
var lineage = []string{"eventKey", "sourceFile", "fileId", "lineNumber", "ingestedAt", "eventIndex", "eventCount"}

// events are the rows of the gold tables, as sorted text, without some columns.
func events(t *testing.T, l *lake.Lake, without ...string) map[string][]string {
	t.Helper()
	names, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, name := range names {
		v, err := l.Table(name).View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range v.Scan(t.Context(), v.Schema(), nil, nil) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len {
				row := b.Row(i)
				for _, c := range without {
					delete(row, c)
				}
				text, err := json.Marshal(row)
				if err != nil {
					t.Fatal(err)
				}
				out[name] = append(out[name], string(text))
			}
		}
		slices.Sort(out[name])
	}
	return out
}

// TestASilverTableComesBackAsItIs imports the silver table of a lake of generated logs
// and compares every gold table of the lake that it becomes, row for row.
func TestASilverTableComesBackAsItIs(t *testing.T) {
	t.Parallel()
	dir := generated(t)
	all, out := history.Everything(), store.NewMemory("out")
	r, err := history.Import(t.Context(), history.Table(folder(t, filepath.Join(dir, "silver")), "silver"), out, history.Options{Cut: &all, RoundBytes: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	if r.Untimed != 0 || r.Left != 0 || r.Lines < 1500 {
		t.Errorf("report %+v", r)
	}
	got := bring(t, out, store.NewMemory("lake"))
	want := lake.New(folder(t, dir), lake.Options{})
	if diff := cmp.Diff(events(t, want, lineage...), events(t, got, lineage...)); diff != "" {
		t.Errorf("rows (-delivered +imported):\n%s", diff)
	}
}

// audit is the schema of system.access.audit.
func audit() columnar.Schema {
	str := columnar.Of(columnar.String)
	texts := func(names ...string) (out columnar.Schema) {
		for _, n := range names {
			out = append(out, columnar.Field{Name: n, Type: str})
		}
		return out
	}
	s := texts("account_id", "workspace_id", "version")
	s = append(s, columnar.Field{Name: "event_time", Type: columnar.Of(columnar.Timestamp)}, columnar.Field{Name: "event_date", Type: columnar.Of(columnar.Date)})
	s = append(s, texts("source_ip_address", "user_agent", "session_id")...)
	s = append(s, columnar.Field{Name: "user_identity", Type: columnar.StructOf(texts("email", "subject_name")...)})
	s = append(s, texts("service_name", "action_name", "request_id")...)
	s = append(s, columnar.Field{Name: "request_params", Type: columnar.MapOf(str, str)})
	s = append(s, columnar.Field{Name: "response", Type: columnar.StructOf(append(
		columnar.Schema{{Name: "status_code", Type: columnar.Of(columnar.Integer)}}, texts("error_message", "result")...)...)})
	return append(s, texts("audit_level", "event_id")...)
}

// auditOf writes silver's rows as a table like system.access.audit, by days.
func auditOf(t *testing.T, silver *lake.Table, to *lake.Lake) {
	t.Helper()
	v, err := silver.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table := to.Table("audit")
	w := table.NewWriter(audit(), lake.Layout{PartitionBy: "event_date", Stats: []string{"event_time"}})
	for b, err := range v.Scan(t.Context(), event.Schema(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		out := columnar.NewBatch(audit())
		for i := range b.Len {
			for c, from := range []int{
				event.ColAccountID, event.ColWorkspaceID, event.ColVersion, event.ColDateTime, event.ColDate, event.ColSourceIPAddress,
				event.ColUserAgent, event.ColSessionID, -1, event.ColServiceName, event.ColActionName, event.ColRequestID,
				event.ColRequestParams, -2, event.ColAuditLevel, event.ColEventKey,
			} {
				dst := out.Columns[c]
				switch {
				case from == event.ColWorkspaceID && !b.Columns[from].IsNull(i):
					dst.AppendString(fmt.Sprint(b.Columns[from].Ints[i]))
				case from == event.ColWorkspaceID:
					dst.AppendNull()
				case from == -1:
					dst.Children[0].AppendFrom(b.Columns[event.ColEmail], i)
					dst.Children[1].AppendFrom(b.Columns[event.ColSubjectName], i)
					dst.AppendNested()
				case from == -2 && b.Columns[event.ColResponse].IsNull(i):
					dst.AppendNull()
				case from == -2:
					r := b.Columns[event.ColResponse]
					if r.Children[0].IsNull(i) {
						dst.Children[0].AppendNull()
					} else {
						dst.Children[0].AppendInt(r.Children[0].Ints[i])
					}
					dst.Children[1].AppendFrom(r.Children[1], i)
					dst.Children[2].AppendFrom(r.Children[2], i)
					dst.AppendNested()
				default:
					dst.AppendFrom(b.Columns[from], i)
				}
			}
			out.Len++
		}
		if err := w.Write(t.Context(), out); err != nil {
			t.Fatal(err)
		}
	}
	adds, err := w.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	meta := &delta.Metadata{Schema: audit(), PartitionColumns: []string{"event_date"}}
	if _, err := table.Commit(t.Context(), delta.Tx{Operation: "WRITE", Adds: adds, Metadata: meta}); err != nil {
		t.Fatal(err)
	}
}

// TestACopyOfSystemAccessAudit imports a Delta table with the columns of the system
// table, and its Parquet files as an export. What that table has no column for is left out
// of the comparison.
func TestACopyOfSystemAccessAudit(t *testing.T) {
	t.Parallel()
	dir, copied := generated(t), t.TempDir()
	delivered := lake.New(folder(t, dir), lake.Options{})
	auditOf(t, delivered.Table(lake.Silver), lake.New(folder(t, copied), lake.Options{}))
	without := append(slices.Clone(lineage), "orgId", "shardName", "identityMetadata", "extra")
	want := events(t, delivered, without...)
	root := lake.Root("audit")

	exported := store.NewMemory("exported") // the live files alone
	for o, err := range folder(t, copied).List(t.Context(), root, "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(o.Key, "_delta_log") {
			continue
		}
		body, _, err := store.ReadAll(t.Context(), folder(t, copied), o.Key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := exported.Put(t.Context(), o.Key, body); err != nil {
			t.Fatal(err)
		}
	}
	for name, in := range map[string]history.Input{
		"table": history.Table(folder(t, filepath.Join(copied, root)), "t"), "files": history.Files(exported, "f"),
	} {
		all, out := history.Everything(), store.NewMemory("out")
		r, err := history.Import(t.Context(), in, out, history.Options{Cut: &all})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r.Untimed != 0 || len(r.Extra) != 0 {
			t.Errorf("%s: report %+v", name, r)
		}
		got := bring(t, out, store.NewMemory("lake"))
		if diff := cmp.Diff(want, events(t, got, without...)); diff != "" {
			t.Errorf("%s: rows (-delivered +imported):\n%s", name, diff)
		}
		for table, rows := range events(t, got) {
			for _, row := range rows {
				if !strings.Contains(row, `"extra":"{\"eventId\":`) {
					t.Fatalf("%s: %s has a row without its event_id: %s", name, table, row)
				}
			}
		}
	}
}
