package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl"
	etlevent "github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
	"github.com/auditlake/auditlake/pkg/store"
)

// planted is in the lines of delivered only where a redaction of command texts and
// of the keys token, user and cluster_name hides it.
const planted = "hunter2"

// delivered are events and lines that are none, each with a planted text. Escapes
// and letter case are as nobody would write them.
var delivered = []string{
	event("notebook", "runCommand", `{"commandText":"SELECT 'hunter2'","notebookId":"1"}`),
	event("notebook", "runCommand", `{"COMMANDTEXT":"hunter2 in capitals","status":"finished"}`),
	event("notebook", "runCommand", `{"\u0063ommandText":"\u0068unter2 with escapes"}`),
	event("notebook", "runCommand", `{"commandText":{"source":["hunter2"]},"token":"hunter2","Token":"hunter2 again"}`),
	event("notebook", "runCommand", `{"commandText":null,"notebookId":"2"}`),
	event("jobs", "create", `{"new_settings":"{\"tasks\":[{\"sql\":{\"commandText\":\"hunter2\"},\"name\":\"kept\"}]}"}`),
	event("jobs", "create", `{"new_settings":"{\"commandText\":\"hunter2 ... truncated"}`),
	event("jobs", "create", `{"new_settings":"{\"comm\\u0061ndText\":\"hunter2 ... truncated"}`),
	event("jobs", "create", `{"odd key (token)":"kept","to ken":"kept","token":"hunter2 ✓"}`),
	event("clusters", "create", `{"cluster_name":"job-66-run-1hunter2","cluster_id":"kept-1","autotermination_minutes":"0"}`),
	event("jobs", "runSucceeded", `{"jobId":"66","runId":"7","clusterId":"kept-1"}`),
	event("accounts", "login", `{"user":"hunter2@example.com"}`),
	event("accounts", "IpAccessDenied", `{"userId":"5","user":"hunter2@example.com"}`),
	event("databrickssql", "commandSubmit", `"{\"commandText\":\"hunter2"`),
	event("databrickssql", "commandSubmit", `["hunter2"]`),
	`{"timestamp":1710000000000,"serviceName":"databrickssql","response":"hunter2","message":"kept","more":{"token":["hunter2"]}}`,
	`{"timestamp":1710000000000,"serviceName":"databrickssql","response":{"statusCode":"many","errorMessage":"hunter2","note":"hunter2"}}`,
	`{"timestamp":{"token":"hunter2"}}`,
	`{"timestamp":"soon"}`,
	`{"requestParams":{"commandText":"hunter2 and no timestamp","notebookId":"kept"}}`,
	envelope(`{"commandText":"hunter2","notebookId":"kept-2"}`, `{"statusCode":400,"errorMessage":"near hunter2","result":"hunter2"}`),
	envelope(text(`{"commandText":"SELECT 'hunter2'","token":"hunter2","notebookId":"kept-3"}`), text(`{"statusCode":1,"errorMessage":"near hunter2"}`)),
	envelope(text(`{"comm\u0061ndText":"\u0068unter2","nested":"{\"commandText\":\"hunter2\"}"}`), text(`{"statusCode":"kept-4","note":"hunter2"}`)),
	envelope(text(`{"commandText":"hunter2 ... truncated`), text(`hunter2`)),
	envelope(text(`["hunter2"]`), `["hunter2"]`),
	`{"records":[` + envelope(text(`{"commandText":"hunter2","notebookId":"kept-5"}`), text(`{"errorMessage":"hunter2"}`)) + `,` +
		event("files", "runCommand", `{"commandText":"hunter2","notebookId":"kept-6"}`) + `]}`,
	`{"commandText":"hunter2`,
	"{\"commandText\":\"hunter2 \xff\"}",
	`"hunter2"`,
}

// envelope is an event of Azure, and text the JSON as JSON text.
func envelope(params, response string) string {
	return `{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/files/runCommand","properties":{"serviceName":"files",` +
		`"actionName":"runCommand","requestParams":` + params + `,"response":` + response + `,"logId":"kept-log"}}`
}

func text(json string) string { return fmt.Sprintf("%q", json) }

// event has a result and an error that quote what was run.
func event(service, action, params string) string {
	return fmt.Sprintf(`{"timestamp":1710000000000,"workspaceId":42,"serviceName":%q,"actionName":%q,"requestParams":%s,`+
		`"response":{"statusCode":400,"errorMessage":"[PARSE_ERROR] near hunter2","result":"{\"summary\":\"hunter2\"}"}}`, service, action, params)
}

func deliveredLake(t testing.TB) *lake.Lake {
	t.Helper()
	source := store.NewMemory("source")
	if _, err := source.Put(t.Context(), "workspaceId=42/date=2024-03-09/auditlogs_1.json", []byte(strings.Join(delivered, "\n")+"\n")); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC) }
	l := lake.New(store.NewMemory("lake"), lake.Options{Engine: "auditlake/test", Now: now})
	r, err := etl.NewRunner(l, etl.Options{Sources: []etl.Source{etl.SourceOf(source)}, Engine: "auditlake/test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func everything() query.Redaction {
	return query.Redaction{CommandText: true, Keys: []string{"TOKEN", "user", "Cluster_Name"}}
}

// columnsOf are the paths of a table, those of maps with some keys.
func columnsOf(t testing.TB, table query.Table) (out [][]string) {
	t.Helper()
	for _, f := range table.Schema() {
		switch f.Type.Kind {
		case columnar.Struct:
			for _, inner := range f.Type.Fields {
				out = append(out, []string{f.Name, inner.Name}, []string{strings.ToUpper(f.Name), strings.ToLower(inner.Name)})
			}
		case columnar.Map:
			for _, key := range []string{"commandText", "COMMANDTEXT", "token", "Token", "new_settings", "cluster_name", "user", "odd key (token)"} {
				out = append(out, []string{f.Name, key})
			}
		default:
			out = append(out, []string{f.Name})
		}
	}
	return out
}

// TestPlantedTextsAreNowhere asks every column of every table of a real lake in
// every way there is, and looks for what was planted.
func TestPlantedTextsAreNowhere(t *testing.T) {
	l := deliveredLake(t)
	catalog := query.Redact(query.OfLake(l), everything())
	names, err := catalog.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"accounts", "bronze", "clusters", "databrickssql", "files", "identities", "jobs", "notebook", "quarantine", "runs", "silver"}, names); diff != "" {
		t.Fatalf("tables (-want +got):\n%s", diff)
	}
	run := func(p query.Plan) *exec.Result {
		t.Helper()
		got, err := exec.Run(t.Context(), catalog, p, exec.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, p)
		}
		if text := querytest.Format(got.Batch); strings.Contains(text, planted) {
			t.Errorf("planted text in\n%s\n%s", p, text)
		}
		return got
	}
	hidden := 0
	for _, name := range names {
		table, err := catalog.Table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		all := query.From(name, query.TimeRange{})
		var whole []query.Output
		for _, f := range table.Schema() {
			whole = append(whole, query.As(f.Name, query.Name(f.Name)))
		}
		run(all.Project(whole...))
		for _, path := range columnsOf(t, table) {
			col := query.Expr(query.Name(path...))
			if len(path) > 1 {
				col = query.Column(columnar.Invalid, path...)
			}
			run(all.Project(query.As("x", col)).Sort(query.Desc("x")).Limit(20))
			run(all.Aggregate([]query.Output{query.As("x", col)}, query.CountRows("n")))
			run(all.Aggregate(nil, query.Agg{Name: "lo", Func: query.Min, Arg: col}, query.Agg{Name: "hi", Func: query.Max, Arg: col},
				query.Agg{Name: "p", Func: query.Percentile, Arg: col, P: 0.5}, query.Agg{Name: "l", Func: query.ArgMax, Arg: col, By: col}))
			if got, _ := table.Schema().Lookup(path[0]); got.Kind == columnar.Binary {
				continue
			}
			text := query.Cast{X: col, To: columnar.String}
			for _, p := range []query.Expr{
				query.Like{X: text, Pattern: "%" + planted + "%"},
				query.Match{X: text, Pattern: planted},
				query.Compare{Op: query.Equal, L: text, R: query.Str("SELECT 'hunter2'")},
				query.Match{X: query.Fn("lower", query.Fn("concat", text, query.Str(""))), Pattern: planted},
			} {
				if got := run(all.Filter(p).Aggregate(nil, query.CountRows("n"))); got.Batch.Columns[0].Ints[0] != 0 {
					t.Errorf("%s of %s is true of %d rows", p, name, got.Batch.Columns[0].Ints[0])
				}
			}
			got := run(all.Filter(query.Like{X: text, Pattern: "%" + query.Redacted + "%"}).Aggregate(nil, query.CountRows("n")))
			hidden += int(got.Batch.Columns[0].Ints[0])
		}
	}
	if hidden < 60 {
		t.Errorf("only %d values were hidden", hidden)
	}
}

// TestWhatNobodyHidStays: redaction takes away no more than it must.
func TestWhatNobodyHidStays(t *testing.T) {
	catalog := query.Redact(query.OfLake(deliveredLake(t)), everything())
	tests := map[string]struct{ plan, want string }{
		"null stays null":         {"aggregate count(requestParams.commandText) as n, count() as rows\n  scan notebook", "4 5"},
		"other parameters":        {"sort x\n  aggregate by requestParams.notebookId as x\n    scan notebook", "null; 1; 2"},
		"JSON around it":          {"project requestParams.new_settings as x\n  filter requestParams.new_settings like '%kept%'\n    scan jobs", `{"tasks":[{"sql":{"commandText":"[redacted]"},"name":"kept"}]}`},
		"keys that look like it":  {"project requestParamsRest.`odd key (token)` as x, requestParamsRest.`to ken` as y\n  filter requestParams.token is not null\n    scan jobs", "kept kept"},
		"derived of other keys":   {"project clusterId, jobId, isInteractive, creator, response.statusCode as s\n  scan clusters", "kept-1 [redacted] null [redacted] 400"},
		"a filter on the hidden":  {"aggregate count() as n\n  filter requestParams.COMMANDTEXT = '[redacted]'\n    scan notebook", "4"},
		"unknown members":         {"project extra\n  filter extra like '%kept%'\n    scan databrickssql", `{"message":"kept","more":{"token":"[redacted]"},"response":"[redacted]"}`},
		"lines of no event":       {"project raw\n  filter raw like '%kept%'\n    scan quarantine", `{"requestParams":{"commandText":"[redacted]","notebookId":"kept"}}`},
		"reasons without a quote": {"sort r\n  aggregate count() as n by reason as r\n    scan quarantine", "no timestamp 1; not JSON: [redacted] 1; not a JSON object but string 1; not valid UTF-8 1; timestamp is not a whole number of milliseconds: [redacted] 2"},
		"an envelope": {
			"project raw\n  filter raw like '%kept-2%'\n    scan bronze",
			`{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/files/runCommand","properties":{"serviceName":"files","actionName":"runCommand",` +
				`"requestParams":{"commandText":"[redacted]","notebookId":"kept-2"},"response":{"statusCode":400,"errorMessage":"[redacted]","result":"[redacted]"},"logId":"kept-log"}}`,
		},
		"an envelope with JSON as text": {
			"project raw\n  filter raw like '%kept-3%'\n    scan bronze",
			`{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/files/runCommand","properties":{"serviceName":"files","actionName":"runCommand",` +
				`"requestParams":"{\"commandText\":\"[redacted]\",\"token\":\"[redacted]\",\"notebookId\":\"kept-3\"}","response":"{\"statusCode\":1,\"errorMessage\":\"[redacted]\"}","logId":"kept-log"}}`,
		},
		"a line that wraps two events": {"aggregate count() as n\n  filter raw like '%kept-5%kept-6%'\n    scan bronze", "1"},
		"runs":                         {"project bronzeRows, outcome\n  scan runs", fmt.Sprint(len(delivered), " succeeded")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := ask(t, catalog, tt.plan); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestNothingToHideCostsNothing: without keys it is the same catalog, and a scan
// of other columns gives the same batches.
func TestNothingToHideCostsNothing(t *testing.T) {
	in := &querytest.Lake{}
	in.Add("t", parsed(t, "requestParams.commandText string | requestParams.n long | actor string\nSELECT 1 | 7 | ann@x"))
	if got := query.Redact(in, query.Redaction{Keys: []string{""}}); got != query.Catalog(in) {
		t.Errorf("got %T", got)
	}
	table, err := query.Redact(in, query.Redaction{CommandText: true}).Table(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := in.Table(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	dicts := func(table query.Table) (out []*columnar.Bytes) {
		want := columnar.Schema{table.Schema()[1], {Name: "requestParams", Type: columnar.StructOf(table.Schema()[0].Type.Fields[1])}}
		for b, err := range table.Scan(t.Context(), want, nil, &query.ScanStats{}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, b.Columns[0].Dict)
		}
		return out
	}
	if got, want := dicts(table), dicts(plain); !slices.Equal(got, want) {
		t.Errorf("other dictionaries: %v and %v", got, want)
	}
}

// TestEveryDerivedColumnIsKnown: a column of gold that the redaction does not know
// is hidden, so one that the ETL learns to derive must be told to it.
func TestEveryDerivedColumnIsKnown(t *testing.T) {
	l := deliveredLake(t)
	catalog := query.Redact(query.OfLake(l), query.Redaction{Keys: []string{"nobody has this"}})
	derived := 0
	names, err := l.Gold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, lake.Bronze, lake.Quarantine, lake.Silver) {
		redacted, err := catalog.Table(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range redacted.Schema() {
			if f.Name == "response" || f.Name == "rawBytes" || f.Type.Kind >= columnar.Struct {
				continue
			}
			plan := query.From(name, query.TimeRange{}).Aggregate([]query.Output{query.As("x", query.Name(f.Name))}).Sort(query.Asc("x"))
			answer := func(c query.Catalog) string {
				got, err := exec.Run(t.Context(), c, plan, exec.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return querytest.Format(got.Batch)
			}
			// What quotes events is rewritten whatever the keys, and so are hashes.
			quotes := slices.Contains([]string{"raw", "extra", "reason", "eventKey", "lineHash", "sourceEtag"}, f.Name)
			if before, after := answer(query.OfLake(l)), answer(catalog); before != after && !quotes {
				t.Errorf("%s.%s: %s became %s: derivedKnown in columns.go does not have it", name, f.Name, before, after)
			}
			if etlevent.Schema().Index(f.Name) >= 0 || !slices.Contains(names, name) {
				continue
			}
			if derived++; ask(t, query.OfLake(l), "aggregate count("+f.Name+") as n\n  scan "+name) == "0" {
				t.Errorf("%s.%s is always null, so that nothing is known of it: give an event of delivered the parameters that it is made from", name, f.Name)
			}
		}
	}
	if derived == 0 {
		t.Error("gold has no derived columns")
	}
}

// TestDerivedColumnsHideWithWhatTheyAreMadeFrom: the SQL of a column, by which other
// engines make it, names every parameter and member that it is made from.
func TestDerivedColumnsHideWithWhatTheyAreMadeFrom(t *testing.T) {
	l := deliveredLake(t)
	recipes, err := etl.PlanRecipes(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recipes.Tables {
		for _, c := range recipes.Columns(r) {
			if c.Making != etl.Derived {
				continue
			}
			keys := map[string]bool{}
			c.SQL(etl.Words{
				Param:   func(key string) string { keys[key] = true; return key },
				Member:  func(_, key string) string { keys[key] = true; return key },
				Group:   func(text, _ string) string { return text },
				Matches: func(text, _ string) string { return text },
			})
			values := "sort x\n  aggregate count() as n by " + c.Name + " as x\n    filter " + c.Name + " is not null\n      scan " + r.Table
			plain := ask(t, query.OfLake(l), values)
			for key := range keys {
				hidden := query.Redact(query.OfLake(l), query.Redaction{Keys: []string{key}})
				if got := ask(t, hidden, values); got == plain {
					t.Errorf("%s.%s is made from %s, which derivedKnown in columns.go does not say: where that is hidden it is still %s", r.Table, c.Name, key, got)
				}
			}
			if len(keys) == 0 {
				t.Errorf("%s.%s is made from nothing", r.Table, c.Name)
			}
		}
	}
}

// TestNoHashConfirmsAGuess: who knows all of an event but what is hidden guesses that, and
// compares hashes.
func TestNoHashConfirmsAGuess(t *testing.T) {
	l := deliveredLake(t)
	plain := query.OfLake(l)
	with := func(key string) query.Catalog {
		return query.Redact(plain, query.Redaction{CommandText: true, HashKey: []byte(key)})
	}
	for column, table := range map[string]string{"lineHash": "bronze", "eventKey": "silver", "sourceEtag": "bronze"} {
		plan := "sort x\n  aggregate count() as n by " + column + " as x\n    scan " + table
		guessed := ask(t, plain, plan)
		for name, catalog := range map[string]query.Catalog{"a key": with("a"), "no key": with("")} {
			got := ask(t, catalog, plan)
			for _, hash := range strings.FieldsFunc(guessed, func(r rune) bool { return r == ' ' || r == ';' }) {
				if len(hash) == 32 && strings.Contains(got, hash) {
					t.Errorf("%s of %s with %s is the hash of what is hidden", column, table, name)
				}
			}
		}
		if a, again, b := ask(t, with("a"), plan), ask(t, with("a"), plan), ask(t, with("b"), plan); a != again || a == b {
			t.Errorf("%s: %s, then %s, and with another key %s", column, a, again, b)
		}
		if after := ask(t, with("a"), plan); strings.Count(after, ";") != strings.Count(guessed, ";") {
			t.Errorf("%s: other hashes are equal: %s became %s", column, guessed, after)
		}
	}
	versions := map[query.Version]bool{}
	for _, c := range []query.Catalog{plain, with("a"), with("b"), with("")} {
		table, err := c.Table(t.Context(), "silver")
		if err != nil {
			t.Fatal(err)
		}
		versions[table.Version()] = true
	}
	if len(versions) != 4 {
		t.Errorf("an answer of one is taken for that of another: %v", versions)
	}
}

// drawJSON makes a value with kept and planted texts, the latter just below hidden
// keys.
func drawJSON(t *rapid.T, depth int, leaf string) string {
	space := func() string { return rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space") }
	kind := 0
	if depth > 0 {
		kind = rapid.IntRange(0, 5).Draw(t, "kind")
	}
	switch kind {
	case 0, 1:
		return rapid.SampledFrom([]string{`"` + leaf + `"`, `"` + leaf + `\"\n\u00e9"`, "null", "-1.5e3", "true", `""`, "{}", "[ ]"}).Draw(t, "scalar")
	case 2:
		items := make([]string, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range items {
			items[i] = space() + drawJSON(t, depth-1, leaf) + space()
		}
		return "[" + strings.Join(items, ",") + "]"
	case 3:
		text, err := json.Marshal(drawJSON(t, depth-1, leaf))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	members := make([]string, rapid.IntRange(0, 4).Draw(t, "members"))
	for i := range members {
		key := rapid.SampledFrom([]string{`"commandText"`, `"COMMANDtext"`, `"comm\u0061ndText"`, `"a"`, `"to\"ken"`, `"command"`}).Draw(t, "key")
		inside := leaf
		if i := slices.Index([]string{`"commandText"`, `"COMMANDtext"`, `"comm\u0061ndText"`}, key); i >= 0 {
			inside = planted
		}
		members[i] = space() + key + space() + ":" + space() + drawJSON(t, depth-1, inside) + space()
	}
	return "{" + strings.Join(members, ",") + "}"
}

// TestRedactedJSONIsTheRestOfIt: whatever the spaces, escapes and depths, nothing
// planted is left, all else is, and it is JSON.
func TestRedactedJSONIsTheRestOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := `{"timestamp":1,"x":` + drawJSON(t, 4, "kept") + "}"
		if !json.Valid([]byte(line)) {
			t.Fatalf("no JSON: %s", line)
		}
		redact := func(line string) string {
			b := columnar.NewBatch(columnar.Schema{{Name: "raw", Type: columnar.Of(columnar.String)}})
			b.Columns[0].AppendString(line)
			b.Len = 1
			in := &querytest.Lake{}
			in.Add("bronze", b)
			plan := query.From("bronze", query.TimeRange{}).Project(query.As("raw", query.Name("raw")))
			got, err := exec.Run(context.Background(), query.Redact(in, query.Redaction{CommandText: true}), plan, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return string(got.Batch.Columns[0].ByteAt(0))
		}
		got := redact(line)
		if !json.Valid([]byte(got)) || strings.Contains(got, planted) || strings.Count(got, "kept") != strings.Count(line, "kept") || redact(got) != got {
			t.Fatalf("%s\nbecame\n%s", line, got)
		}
	})
}
