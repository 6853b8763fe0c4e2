package etl_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// world is a source and a lake in memory. Its clock stands still.
type world struct {
	t      testing.TB
	source *store.Memory
	lake   *store.Memory
}

func newWorld(t testing.TB) *world {
	return &world{t: t, source: store.NewMemory("source"), lake: store.NewMemory("lake")}
}

func now() time.Time { return time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC) }

// deliver writes a file as Databricks would, replacing an older version.
func (w *world) deliver(key string, lines ...string) {
	w.t.Helper()
	body := ""
	if len(lines) > 0 {
		body = strings.Join(lines, "\n") + "\n"
	}
	if _, err := w.source.Put(w.t.Context(), key, []byte(body)); err != nil {
		w.t.Fatal(err)
	}
}

func newRunner(t testing.TB, source, lakeStore store.Store, o etl.Options) (*etl.Runner, *lake.Lake) {
	t.Helper()
	l := lake.New(lakeStore, lake.Options{Engine: "auditlake/test", Now: now})
	o.Sources = []etl.Source{etl.SourceOf(source)}
	o.Engine = "auditlake/test"
	r, err := etl.NewRunner(l, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, l
}

// run is one run by a fresh process.
func (w *world) run() etl.Summary {
	w.t.Helper()
	r, _ := newRunner(w.t, w.source, w.lake, etl.Options{})
	sum, err := r.Run(w.t.Context())
	if err != nil {
		w.t.Fatalf("run: %v", err)
	}
	return sum
}

func event(n int, service, action string, params string) string {
	if params == "" {
		params = "null"
	}
	return fmt.Sprintf(`{"version":"2.0","timestamp":%d,"workspaceId":"42","serviceName":%q,"actionName":%q,"requestId":"r-%d","userIdentity":{"email":"u%d@example.com"},"requestParams":%s,"response":{"statusCode":200}}`,
		now().UnixMilli()-int64(n)*1000, service, action, n, n%3, params)
}

const file1 = "workspaceId=42/date=2024-03-10/auditlogs_1.json"

// content is what a lake holds, as text: layer -> sorted rows without what a
// repeated run may do differently, such as times and batch numbers.
func content(t testing.TB, s store.Store) map[string][]string {
	t.Helper()
	l := lake.New(s, lake.Options{Now: now})
	gold, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, name := range append([]string{lake.Bronze, lake.Silver, lake.Quarantine, lake.Identities}, gold...) {
		view, err := l.Table(name).View(t.Context())
		if err != nil {
			continue
		}
		rows := []string{}
		for b, err := range view.Scan(t.Context(), view.Schema(), nil, nil) {
			if err != nil {
				t.Fatalf("scan %s: %v", name, err)
			}
			for i := range b.Len {
				rows = append(rows, rowText(b, i))
			}
		}
		slices.Sort(rows)
		out[name] = rows
	}
	return out
}

func rowText(b *columnar.Batch, i int) string {
	var sb strings.Builder
	for c, f := range b.Schema {
		switch f.Name {
		case "ingestedAt", "batchId", "sourceEtag", "fileId", "updatedAt", "namedAt", "checkedAt":
			continue
		}
		if v := b.Columns[c].Any(i); v != nil {
			fmt.Fprintf(&sb, "%s=%v ", f.Name, v)
		}
	}
	return sb.String()
}

// counts are the rows of each layer.
func counts(c map[string][]string) map[string]int {
	out := map[string]int{}
	for k, rows := range c {
		out[k] = len(rows)
	}
	return out
}

func expectCounts(t testing.TB, s store.Store, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, counts(content(t, s))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// sound fails the test if Verify finds anything.
func sound(t testing.TB, source, lakeStore store.Store) *etl.Report {
	t.Helper()
	r, err := etl.Verify(context.WithoutCancel(t.Context()), lake.New(lakeStore, lake.Options{Now: now}), []etl.Source{etl.SourceOf(source)})
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	if len(r.Problems) > 0 {
		t.Fatalf("verify found problems:\n%s", strings.Join(r.Problems, "\n"))
	}
	return r
}

func TestALineGoesThroughAllLayers(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1,
		event(1, "clusters", "create", `{"cluster_name":"my-test","autotermination_minutes":0}`),
		event(2, "accounts", "login", `{"user":"x"}`),
		`{"broken`,
	)
	sum := w.run()
	if sum.Bronze != 3 || sum.Silver != 2 || sum.Gold != 2 || sum.Quarantine != 1 {
		t.Errorf("summary = %+v", sum)
	}
	expectCounts(t, w.lake, map[string]int{"bronze": 3, "silver": 2, "quarantine": 1, "clusters": 1, "accounts": 1})
	sound(t, w.source, w.lake)
}

func TestSecondRunOnUnchangedSourceCommitsNothing(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""), "garbage")
	w.run()
	before := keysOf(t, w.lake, "_delta_log/")
	sum := w.run()
	if sum.Changed() {
		t.Errorf("second run changed something: %+v", sum)
	}
	if diff := cmp.Diff(before, keysOf(t, w.lake, "_delta_log/")); diff != "" {
		t.Errorf("log entries (-before +after):\n%s", diff)
	}
}

// keysOf lists the keys that contain part.
func keysOf(t testing.TB, s store.Store, part string) []string {
	t.Helper()
	var out []string
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(o.Key, part) {
			out = append(out, o.Key)
		}
	}
	return out
}

func TestOverwrittenFiles(t *testing.T) {
	a, b, c := event(1, "clusters", "create", ""), event(2, "clusters", "edit", ""), event(3, "jobs", "runNow", "")
	d, e, f := event(4, "jobs", "create", ""), event(5, "clusters", "delete", ""), event(6, "notebook", "attach", "")
	for name, tc := range map[string]struct {
		first, second []string
		fresh, lost   int64
	}{
		"lines appended":                   {[]string{a, b}, []string{a, b, d, e, f}, 3, 0},
		"lines inserted in the middle":     {[]string{a, b, c}, []string{a, d, e, b, f, c}, 3, 0},
		"lines inserted in front":          {[]string{a, b, c}, []string{d, a, b, c}, 1, 0},
		"lines in another order":           {[]string{a, b, c}, []string{c, a, b}, 0, 0},
		"same content again":               {[]string{a, b}, []string{a, b}, 0, 0},
		"a line repeated":                  {[]string{a, b}, []string{a, a, b}, 1, 0},
		"a repeated line repeated again":   {[]string{a, a, b}, []string{a, b, a, a}, 1, 0},
		"a line gone":                      {[]string{a, b, c}, []string{a, c}, 0, 1},
		"a line gone and others new":       {[]string{a, b, c}, []string{d, a, c, e}, 2, 1},
		"empty, then filled":               {nil, []string{a, b}, 2, 0},
		"filled, then empty":               {[]string{a, b}, nil, 0, 2},
		"first line grown beyond its end":  {[]string{a[:len(a)-1]}, []string{a}, 1, 1},
		"two lines of equal text appended": {[]string{a}, []string{a, b, b}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.deliver(file1, tc.first...)
			w.run()
			w.deliver(file1, tc.second...)
			sum := w.run()
			if sum.Bronze != tc.fresh || sum.Silver+sum.Quarantine != tc.fresh || sum.Gold != sum.Silver {
				t.Errorf("new rows: bronze %d, silver %d, quarantine %d, gold %d, want %d", sum.Bronze, sum.Silver, sum.Quarantine, sum.Gold, tc.fresh)
			}
			if sum.Superseded != tc.lost {
				t.Errorf("superseded = %d, want %d", sum.Superseded, tc.lost)
			}
			r := sound(t, w.source, w.lake)
			if r.Bronze != int64(len(tc.first))+tc.fresh || r.Lines != int64(len(tc.second)) || r.Superseded != tc.lost {
				t.Errorf("report = %+v", r)
			}
		})
	}
}

func TestALostLineThatComesBackIsNotDoubled(t *testing.T) {
	a, b := event(1, "clusters", "create", ""), event(2, "clusters", "edit", "")
	w := newWorld(t)
	for _, version := range [][]string{{a, b}, {a}, {a, b}, {a, b, a}} {
		w.deliver(file1, version...)
		w.run()
	}
	if r := sound(t, w.source, w.lake); r.Bronze != 3 || r.Superseded != 0 {
		t.Errorf("bronze %d, superseded %d, want 3 and 0", r.Bronze, r.Superseded)
	}
}

func TestLastLineWithoutEndIsContinued(t *testing.T) {
	a, b := event(1, "clusters", "create", ""), event(2, "clusters", "edit", "")
	w := newWorld(t)
	put := func(body string) {
		if _, err := w.source.Put(t.Context(), file1, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	put(a)
	w.run()
	put(a + "\n" + b)
	if sum := w.run(); sum.Bronze != 1 || sum.Superseded != 0 {
		t.Errorf("bronze %d, superseded %d, want 1 and 0", sum.Bronze, sum.Superseded)
	}
	sound(t, w.source, w.lake)
}

func TestSchemaGrowsWithTheFirstFileThatNeedsIt(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", `{"cluster_name":"a"}`), event(2, "ssh", "login", ""))
	w.run()
	w.deliver("workspaceId=42/date=2024-03-10/auditlogs_2.json",
		event(3, "clusters", "create", `{"cluster_name":"b","Cluster_Name":"second spelling","new key":"spaces","policy_id":"p"}`),
		event(4, "ssh", "login", `{"port":"22"}`))
	w.run()
	l := lake.New(w.lake, lake.Options{Now: now})
	fields := func(table string) []string {
		view, err := l.Table(table).View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		params, _ := view.Schema().Lookup("requestParams")
		var names []string
		for _, f := range params.Fields {
			names = append(names, f.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"cluster_name", "policy_id"}, fields("clusters")); diff != "" {
		t.Errorf("clusters.requestParams (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"placeholder", "port"}, fields("ssh")); diff != "" {
		t.Errorf("ssh.requestParams (-want +got):\n%s", diff)
	}
	rest := 0
	for _, row := range content(t, w.lake)["clusters"] {
		if strings.Contains(row, "requestParamsRest=map[Cluster_Name:second spelling new key:spaces]") {
			rest++
		}
	}
	if rest != 1 {
		t.Errorf("the keys without a column are not in requestParamsRest:\n%s", strings.Join(content(t, w.lake)["clusters"], "\n"))
	}
	sound(t, w.source, w.lake)
}

func TestMoreKeysThanColumnsLoseNothing(t *testing.T) {
	w := newWorld(t)
	var params []string
	for i := range 450 {
		params = append(params, fmt.Sprintf(`"key%03d":"v%d"`, i, i))
	}
	w.deliver(file1, event(1, "wide", "x", "{"+strings.Join(params, ",")+"}"))
	w.run()
	row := content(t, w.lake)["wide"][0]
	for i := range 450 {
		if !strings.Contains(row, fmt.Sprintf("key%03d:v%d", i, i)) {
			t.Fatalf("key%03d is lost in %s", i, row)
		}
	}
}

func TestGoldName(t *testing.T) {
	for service, want := range map[string]string{
		"clusters":                    "clusters",
		"databrickssql":               "databrickssql",
		"clamAVScanService-dataplane": "clamavscanservice_dataplane",
		"remoteHistoryService":        "remotehistoryservice",
		"RemoteHistoryService":        "remotehistoryservice",
		"":                            "_unknown",
		"silver":                      "service_silver",
		"Bronze":                      "service_bronze",
	} {
		if got := etl.GoldName([]byte(service), false); got != want {
			t.Errorf("GoldName(%q) = %q, want %q", service, got, want)
		}
	}
	seen := map[string]string{}
	for _, service := range []string{"a-b", "a_b", "a.b", "a b", "a/b", "_a", "-a", "__a", "ä", "ö", "_unknown", "_other", "../x", strings.Repeat("x", 300), strings.Repeat("x", 301)} {
		name := etl.GoldName([]byte(service), false)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q share the table %q", service, other, name)
		}
		seen[name] = service
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || name[0] == '_' {
			t.Errorf("GoldName(%q) = %q", service, name)
		}
	}
}

func TestTooManyServicesGoToOther(t *testing.T) {
	w := newWorld(t)
	var lines []string
	for i := range 505 {
		lines = append(lines, event(i, fmt.Sprintf("service%03d", i), "x", ""))
	}
	w.deliver(file1, lines...)
	w.run()
	c := content(t, w.lake)
	if got := len(c) - 2; got != 501 || len(c["_other"]) != 5 {
		t.Errorf("%d gold tables, %d rows in _other; want 501 and 5", got, len(c["_other"]))
	}
	sound(t, w.source, w.lake)
}

func TestLinesThatAreNoEvent(t *testing.T) {
	w := newWorld(t)
	good := event(1, "clusters", "create", "")
	huge := event(2, "notebook", "runCommand", `{"commandText":"`+strings.Repeat("x", 5<<20)+`"}`)
	w.deliver(file1,
		good, "", "   ", "not json", `{"timestamp":1}`, `{"serviceName":"x"}`, `[1,2]`, `"text"`,
		"{\"timestamp\":1709900000000,\"serviceName\":\"\xff\"}", huge,
		`{"timestamp":99999999999999}`, strings.Repeat("[", 100_000), "{\"timestamp\":\"nan\"}",
	)
	sum := w.run()
	if sum.Bronze != 11 || sum.Silver != 2 || sum.Quarantine != 9 {
		t.Errorf("bronze %d, silver %d, quarantine %d; want 11, 2, 9", sum.Bronze, sum.Silver, sum.Quarantine)
	}
	sound(t, w.source, w.lake)
	for _, row := range content(t, w.lake)["quarantine"] {
		if !strings.HasPrefix(row, "reason=") {
			t.Errorf("no reason in %s", row)
		}
	}
}

func TestNewerRulesAreNotTouched(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""))
	w.run()
	l := lake.New(w.lake, lake.Options{Now: now})
	setProperty(t, l, lake.Silver, "auditlake.rules", "99")
	w.deliver(file1, event(1, "clusters", "create", ""), event(2, "clusters", "create", ""))
	before := counts(content(t, w.lake))
	r, _ := newRunner(t, w.source, w.lake, etl.Options{})
	if _, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "newer version of auditlake") {
		t.Errorf("err = %v, want one that says to update", err)
	}
	if diff := cmp.Diff(before, counts(content(t, w.lake))); diff != "" {
		t.Errorf("an older binary wrote (-before +after):\n%s", diff)
	}
}

func setProperty(t *testing.T, l *lake.Lake, table, key, value string) {
	t.Helper()
	snap, err := l.Table(table).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	meta := snap.Metadata()
	meta.Configuration = maps.Clone(meta.Configuration)
	meta.Configuration[key] = value
	if err := commitMetadata(t.Context(), l.Table(table), snap, &meta); err != nil {
		t.Fatal(err)
	}
}

func TestVersionsWithoutNewLinesDoNotPileUp(t *testing.T) {
	w := newWorld(t)
	w.deliver(file1, event(1, "clusters", "create", ""))
	w.run()
	for i := range 45 { // each is a new version with the same lines
		w.deliver(file1, event(1, "clusters", "create", ""), strings.Repeat(" ", i+1))
		w.run()
	}
	l := lake.New(w.lake, lake.Options{Now: now})
	bronze, err := l.Table(lake.Bronze).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	silver, err := l.Table(lake.Silver).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if bronze.Version() != 45 || silver.Version() != 2 {
		t.Errorf("bronze is at %d, silver at %d, want 45 and 2", bronze.Version(), silver.Version())
	}
	sound(t, w.source, w.lake)
}
