package etl_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/storetest"
)

// rowsOf are the rows of a table by column name, in the order delivered.
func rowsOf(t testing.TB, s store.Store, table string) []map[string]any {
	t.Helper()
	view, err := lake.New(s, lake.Options{Now: now}).Table(table).View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	for b, err := range view.Scan(t.Context(), view.Schema(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			rows = append(rows, b.Row(i))
		}
	}
	slices.SortFunc(rows, func(a, b map[string]any) int { return int(a["lineNumber"].(int64) - b["lineNumber"].(int64)) })
	return rows
}

// paramsOf are the parameters of a gold row that are not null, in both columns.
func paramsOf(row map[string]any) (fields, rest map[string]any) {
	fields, rest = map[string]any{}, map[string]any{}
	if m, ok := row["requestParams"].(map[string]any); ok {
		for k, v := range m {
			if v != nil {
				fields[k] = v
			}
		}
	}
	if m, ok := row["requestParamsRest"].(map[string]any); ok {
		rest = m
	}
	return fields, rest
}

func TestParametersBecomeFields(t *testing.T) {
	type m = map[string]any
	var wide []string
	wideFields, wideRest := m{}, m{}
	for i := range 420 {
		key := fmt.Sprintf("k%03d", i)
		wide = append(wide, fmt.Sprintf(`"%s":"%d"`, key, i))
		if i < 400 {
			wideFields[key] = fmt.Sprint(i)
		} else {
			wideRest[key] = fmt.Sprint(i)
		}
	}
	long := strings.Repeat("k", 129)
	for name, tc := range map[string]struct {
		params       []string // of one event each
		fields, rest []m
	}{
		"none":                        {[]string{"null", "{}"}, []m{{}, {}}, []m{{}, {}}},
		"none, then some":             {[]string{"{}", `{"a":1}`}, []m{{}, {"a": "1"}}, []m{{}, {}}},
		"different ones":              {[]string{`{"a":1}`, `{"b":2}`, `{"a":3,"b":4}`}, []m{{"a": "1"}, {"b": "2"}, {"a": "3", "b": "4"}}, []m{{}, {}, {}}},
		"two spellings in two events": {[]string{`{"Id":1}`, `{"id":2}`, `{"ID":3}`}, []m{{"Id": "1"}, {"Id": "2"}, {"Id": "3"}}, []m{{}, {}, {}}},
		"two spellings in one event":  {[]string{`{"Id":1,"id":2,"ID":3}`, `{"id":4}`}, []m{{"Id": "1"}, {"Id": "4"}}, []m{{"id": "2", "ID": "3"}, {}}},
		"the known spelling second":   {[]string{`{"Id":1}`, `{"id":2,"Id":3}`}, []m{{"Id": "1"}, {"Id": "2"}}, []m{{}, {"Id": "3"}}},
		"names no engine takes":       {[]string{`{"a.b":1,"":2,"x y":3,"a=b":4,"(":5,"\n":6,"q\"":7,"` + "`" + `":8,"` + long + `":9}`}, []m{{}}, []m{{"a.b": "1", "": "2", "x y": "3", "a=b": "4", "(": "5", "\n": "6", `q"`: "7", "`": "8", long: "9"}}},
		"names that need quotes":      {[]string{`{"script-SHA256":1,"ü":2,"1":3,"select":4}`}, []m{{"script-SHA256": "1", "1": "3", "select": "4"}}, []m{{"ü": "2"}}},
		"a key called placeholder":    {[]string{`{"placeholder":1}`, `{}`}, []m{{"placeholder": "1"}, {}}, []m{{}, {}}},
		"columns of the table":        {[]string{`{"date":1,"requestParams":2,"email":3}`}, []m{{"date": "1", "requestParams": "2", "email": "3"}}, []m{{}}},
		"more than 400":               {[]string{"{" + strings.Join(wide, ",") + "}", `{"k400":"x"}`}, []m{wideFields, {}}, []m{wideRest, {"k400": "x"}}},
	} {
		for _, how := range []string{"in one run", "in a run each"} {
			t.Run(name+" "+how, func(t *testing.T) {
				w := newWorld(t)
				var lines []string
				for i, p := range tc.params {
					lines = append(lines, event(i, "svc", "x", p))
					if how == "in a run each" {
						w.deliver(file1, lines...)
						w.run()
					}
				}
				w.deliver(file1, lines...)
				w.run()
				for i, row := range rowsOf(t, w.lake, "svc") {
					fields, rest := paramsOf(row)
					if diff := cmp.Diff(tc.fields[i], fields); diff != "" {
						t.Errorf("event %d: fields (-want +got):\n%s", i, diff)
					}
					if diff := cmp.Diff(tc.rest[i], rest); diff != "" {
						t.Errorf("event %d: rest (-want +got):\n%s", i, diff)
					}
				}
				sound(t, w.source, w.lake)
			})
		}
	}
}

func TestColumnsThatThisBinaryDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", `{"cluster_id":"c-1"}`))
	w.run()
	table := lake.New(w.lake, lake.Options{Now: now}).Table("clusters")
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	str := columnar.Of(columnar.String)
	meta := snap.Metadata()
	meta.Schema = append(slices.Clone(meta.Schema),
		columnar.Field{Name: "dbus", Type: columnar.Of(columnar.Double)}, columnar.Field{Name: "tags", Type: columnar.MapOf(str, str)},
		columnar.Field{Name: "owner", Type: columnar.StructOf(columnar.Field{Name: "id", Type: str})}, columnar.Field{Name: "list", Type: columnar.ListOf(str)})
	response := meta.Schema.Index("response")
	meta.Schema[response].Type = columnar.StructOf(append(slices.Clone(meta.Schema[response].Type.Fields), columnar.Field{Name: "trace", Type: str})...)
	if err := commitMetadata(t.Context(), table, snap, &meta); err != nil {
		t.Fatal(err)
	}
	w.deliver(file1, event(1, "clusters", "create", `{"cluster_id":"c-1"}`), event(2, "clusters", "edit", `{"cluster_id":"c-2","new_key":"n"}`))
	w.run()
	rows := rowsOf(t, w.lake, "clusters")
	if len(rows) != 2 || rows[1]["clusterId"] != "c-2" || rows[1]["dbus"] != nil || rows[1]["owner"] != nil {
		t.Fatalf("rows %v", rows)
	}
	if fields, _ := paramsOf(rows[1]); fields["new_key"] != "n" {
		t.Errorf("fields %v", fields)
	}
	if r, _ := rows[1]["response"].(map[string]any); r["statusCode"] != int64(200) || r["trace"] != nil {
		t.Errorf("response %v", r)
	}
	sound(t, w.source, w.lake)
}

func TestServicesDoNotShareATable(t *testing.T) {
	seen := map[string]string{}
	for _, service := range []string{
		"service-a", "-a", "--a", "_a", "service_a", "a", "bronze", "service-bronze", "-bronze", "service-service-a",
		"unknown", "-unknown", "_unknown", "other", "-other", "_other", "service-other", "gold", "silver", "service-silver",
	} {
		name := etl.GoldName([]byte(service), false)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q share the table %q", service, other, name)
		}
		if name[0] == '_' || slices.Contains(lake.Layers(), name) {
			t.Errorf("GoldName(%q) = %q", service, name)
		}
		seen[name] = service
	}
}

// TestACrashWhileTablesAreMadeUpToTheLimit leaves some of too many tables,
// _other among them. The next run must come to the same ones.
func TestACrashWhileTablesAreMadeUpToTheLimit(t *testing.T) {
	w := newWorld(t)
	var lines []string
	for i := range 505 {
		lines = append(lines, event(i, fmt.Sprintf("service%03d", i), "x", ""))
	}
	w.deliver(file1, lines...)
	faulty := storetest.NewFaulty(w.lake)
	made := 0
	faulty.Before(func(op storetest.Op, key string) {
		if op == storetest.OpPutIfAbsent && strings.HasPrefix(key, "gold/") {
			if made++; made == 60 {
				faulty.FailAt(faulty.Calls()+1, storetest.CrashBefore)
			}
		}
	})
	r, _ := newRunner(t, w.source, faulty, etl.Options{})
	if _, err := r.Run(t.Context()); !errors.Is(err, storetest.ErrCrashed) {
		t.Fatalf("err = %v", err)
	}
	w.run()
	sound(t, w.source, w.lake)
	if got := len(rowsOf(t, w.lake, "_other")); got != 5 {
		t.Errorf("%d rows in _other, want 5", got)
	}
}

// TestRowsThatSomeoneElseRewroteAreNotTakenForNew: a file written in place of
// another holds rows that have come up already.
func TestRowsThatSomeoneElseRewroteAreNotTakenForNew(t *testing.T) {
	for _, name := range []string{lake.Bronze, lake.Silver} {
		w := newWorld(t)
		w.deliver(file1, event(1, "clusters", "create", ""), event(2, "clusters", "edit", ""))
		w.run()
		rewrite(t, w, name, func(rows *columnar.Batch) *columnar.Batch { return rows.Take([]int32{0}) })
		before := counts(content(t, w.lake))
		r, _ := newRunner(t, w.source, w.lake, etl.Options{})
		if _, err := r.Run(t.Context()); !errors.Is(err, etl.ErrRewritten) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: err = %v", name, err)
		}
		if diff := cmp.Diff(before, counts(content(t, w.lake))); diff != "" {
			t.Errorf("%s: rows (-before +after):\n%s", name, diff)
		}
	}
}

// rewrite replaces the first file of a table, as another tool would.
func rewrite(t testing.TB, w *world, name string, change func(*columnar.Batch) *columnar.Batch) {
	t.Helper()
	table := lake.New(w.lake, lake.Options{Now: now}).Table(name)
	snap, err := table.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := slices.Collect(snap.Files())[:1]
	rows := columnar.NewBatch(snap.Schema())
	for b, err := range table.ScanFiles(t.Context(), snap, slices.Values(files), snap.Schema(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		rows.Append(b)
	}
	layout := lake.Layout{}
	if columns := snap.Metadata().PartitionColumns; len(columns) > 0 {
		layout.PartitionBy = columns[0]
	}
	writer := table.NewWriter(snap.Schema(), layout)
	if err := writer.Write(t.Context(), change(rows)); err != nil {
		t.Fatal(err)
	}
	adds, err := writer.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Commit(t.Context(), delta.Tx{
		Base: snap, Operation: "DELETE", Adds: adds, Removes: []delta.Remove{delta.RemoveOf(files[0], now())},
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAPassThatHoldsTooMuchWritesWhatItHas(t *testing.T) {
	var lines []string
	for day := range 12 { // silver has a file for each day, and each is dealt by itself
		for i := range 5 {
			params := fmt.Sprintf(`{"cluster_name":"c%d","key%d":"v"}`, i, day)
			lines = append(lines, event(day*24*3600+i, []string{"clusters", "jobs"}[i%2], "create", params), event(day*24*3600+i, "ssh", "login", ""))
		}
	}
	whole, pieces := newWorld(t), newWorld(t)
	for _, w := range []*world{whole, pieces} {
		w.deliver(file1, lines...)
	}
	whole.run()
	r, l := newRunner(t, pieces.source, pieces.lake, etl.Options{BatchBytes: 500})
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content(t, whole.lake), content(t, pieces.lake)); diff != "" {
		t.Errorf("the lake differs (-at once +in pieces):\n%s", diff)
	}
	snap, err := l.Table("clusters").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if snap.Version() != 0 || snap.NumFiles() < 3 {
		t.Errorf("clusters is at version %d with %d files, want several files in one commit", snap.Version(), snap.NumFiles())
	}
	sound(t, pieces.source, pieces.lake)
}
