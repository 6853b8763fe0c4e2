package integration_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/internal/generate"
	"github.com/auditlake/auditlake/internal/oddities"
	"github.com/auditlake/auditlake/internal/trinoserver"
	"github.com/auditlake/auditlake/internal/truthtest"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

var rebuildEvents = flag.Int("rebuild-events", 60, "events a day, for 30 days, of the lake that Trino rebuilds")

// beside is a Trino and the lake that it is beside.
type beside struct {
	trino               *trinoserver.Server
	lakeURL, logs, into string
	source, files       store.Store // of delivered files, and of the lake
	problems            []string    // that verify is to tell
	location            func(string) string
}

// TestTrinoBesideUs is what ADR 34 leans on, on one Trino over one lake: gold that
// Trino makes of silver, in a fresh place, is ours row for row; what it writes among
// our tables is noticed.
func TestTrinoBesideUs(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	month := generate.Config{Seed: 3, Start: time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC), Days: 30, EventsPerDay: *rebuildEvents, Scenario: generate.Detections}
	half := month.Start.AddDate(0, 0, 15)
	b := &beside{
		lakeURL: lakeOnS3(t, endpoint, cfg, month, half),
		logs:    urlOf(endpoint, cfg, "logs"), into: urlOf(endpoint, cfg, "into"),
		location: trinoserver.Config{Lake: cfg}.Location,
	}
	var err error
	if b.source, err = store.Open(t.Context(), b.logs); err != nil {
		t.Fatal(err)
	}
	if b.files, err = store.Open(t.Context(), b.lakeURL); err != nil {
		t.Fatal(err)
	}
	b.deliver(t, oddities.Key, oddities.Lines())
	deliver(t, endpoint, cfg, month, half, time.Time{}) // which brings columns to tables that are there
	b.trino = trinoserver.Start(t, trinoserver.Config{Lake: cfg})
	t.Run("gold is built of silver", b.rebuilds)
	t.Run("JSON is printed anew", b.printsJSON)
	t.Run("what Trino writes is noticed", b.writes)
}

func (b *beside) deliver(t *testing.T, key, lines string) {
	t.Helper()
	if _, err := b.source.Put(t.Context(), key, []byte(lines)); err != nil {
		t.Fatal(err)
	}
}

func (b *beside) ask(t *testing.T, statement string) [][]any {
	t.Helper()
	rows, err := b.trino.Query(t.Context(), statement)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, statement, b.trino.LogTail())
	}
	return rows
}

// rebuilds runs what is printed and compares all rows of all gold tables, lineage
// included: silver has it.
func (b *beside) rebuilds(t *testing.T) {
	printed := truthtest.MustRun(t, "rebuild", "--lake", b.lakeURL, "--into", b.into, "--target", "trino", "--catalog", trinoserver.Catalog, "--schema", "rebuilt")
	_, printed, _ = strings.Cut(printed, "\n") // a comment
	statements := strings.Split(strings.TrimSuffix(printed, ";\n"), ";\n")
	began := time.Now()
	for _, s := range statements {
		b.ask(t, s)
	}
	t.Logf("%d statements in %s", len(statements), time.Since(began).Round(time.Second))
	if got := b.ask(t, statements[len(statements)-1]); !cmp.Equal([][]any{{json.Number("0")}}, got) {
		t.Errorf("run again, the last statement has inserted %v rows", got)
	}

	theirs := map[string]*lake.Table{}
	for _, table := range tablesOf(t, b.into) {
		theirs[table.Name] = table
	}
	tables, rows := 0, 0
	for _, table := range tablesOf(t, b.lakeURL) {
		if lake.Root(table.Name) == table.Name+"/" {
			continue // no gold table
		}
		tables++
		mine := rowsIn(t, table)
		rows += len(mine)
		if diff := cmp.Diff(mine, rowsIn(t, theirs[table.Name])); diff != "" {
			t.Errorf("%s: %d rows (-ours +Trino's):\n%.4000s", table.Name, len(mine), diff)
		}
	}
	t.Logf("%d tables, %d rows", tables, rows)
	if tables < 50 || tables != len(theirs) {
		t.Errorf("%d gold tables, and %d were built", tables, len(theirs))
	}
	const count = "SELECT jobId, count(*) AS n FROM clusters WHERE NOT isInteractive GROUP BY jobId ORDER BY n DESC, jobId LIMIT 5"
	ours := truthtest.MustRun(t, "query", "--lake", b.lakeURL, "--sql", count)
	if diff := cmp.Diff(ours, truthtest.MustRun(t, "query", "--lake", b.into, "--sql", count)); diff != "" {
		t.Errorf("jobs with the most clusters (-ours +rebuilt):\n%s", diff)
	}
}

// rowsIn are all rows of a table by our reader, as JSON with names, sorted.
func rowsIn(t *testing.T, table *lake.Table) []string {
	t.Helper()
	view, err := table.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for b, err := range view.Scan(t.Context(), view.Schema(), nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Len {
			rows = append(rows, []any{b.Row(i)})
		}
	}
	return texts(t, rows)
}

// printsJSON holds why silver is not built of bronze elsewhere.
func (b *beside) printsJSON(t *testing.T) {
	const delivered = `{"b":1,"a":1.0e3,"n":12345678901234567890,"f":0.1000,"e":"\u00e9\/","d":1,"d":2,"h":"\ud800"}`
	got := b.ask(t, "SELECT json_format(json_parse(j)), json_format(json_extract(j, '$')) FROM (VALUES '"+delivered+"') t(j)")
	want := [][]any{{
		`{"a":1000.0,"b":1,"d":2,"e":"é/","f":0.1,"h":"\uD800","n":12345678901234567890}`,
		`{"b":1,"a":1000.0,"n":12345678901234567890,"f":0.1,"e":"é/","d":1,"d":2,"h":"\uD800"}`,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("delivered JSON (-want +got):\n%s", diff)
	}
}

// lastCommit is the newest entry of a table's log, as it lies there.
func (b *beside) lastCommit(t *testing.T, root string) string {
	t.Helper()
	var newest string
	for info, err := range b.files.List(t.Context(), root+"_delta_log/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(info.Key, ".json") && !strings.Contains(info.Key, "/_trino_meta/") && info.Key > newest {
			newest = info.Key
		}
	}
	body, _, err := store.ReadAll(t.Context(), b.files, newest)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// writes has Trino write among our tables, one thing after the other, each with a
// delivery, a run and a proof after it. Problems stay until the end.
func (b *beside) writes(t *testing.T) {
	b.ask(t, "CREATE SCHEMA lake.w")
	for name, at := range map[string]string{"silver": "lake/silver", "dbfs": "lake/gold/dbfs"} {
		b.ask(t, fmt.Sprintf("CALL lake.system.register_table(schema_name => 'w', table_name => '%s', table_location => '%s')", name, b.location(at)))
	}
	const long = "a text of more than thirty-two characters, which Auditlake would cut"
	values := func(table, service string) string {
		return fmt.Sprintf(`INSERT INTO lake.w.%s (serviceName, actionName, date, date_time, eventKey, requestId, fileId, lineNumber)
			VALUES ('%s', 'foreign', DATE '2024-03-02', TIMESTAMP '2024-03-02 01:02:03.456 UTC', '0123456789abcdef0123456789abcdef', '%s', 999999, 1)`, table, service, long)
	}
	const (
		inGold    = "gold: table dbfs has more rows than silver has events"
		fromAfar  = "silver: file id 999999 has 1 rows in silver and quarantine, and none in bronze"
		ofNobody  = "gold: table nobodys has more rows than silver has events"
		inJobs    = "gold: table jobs has more rows than silver has events"
		rewritten = "silver: a version (MERGE) put rows in the place of others: Auditlake never does"
	)
	for i, step := range []struct {
		what, statement  string
		root             string // of the table that is written
		operation        string
		has, hasNot      []string // texts of the commit
		refused          string   // by the run
		problems, solves []string // for verify: more and fewer than before
	}{
		{
			what: "rows in a gold table", statement: values("dbfs", "dbfs"), root: "gold/dbfs/", operation: "WRITE",
			has:      []string{`"isBlindAppend":true`, long, `2024-03-02T01:02:03.456Z`, `"tags":{}`},
			problems: []string{inGold},
		},
		{
			// They go up, as format.md says, once: our transaction counts versions.
			what: "rows in silver", statement: values("silver", "jobs"), root: "silver/", operation: "WRITE",
			hasNot: []string{"auditlake.gold"}, problems: []string{fromAfar},
		},
		{
			what: "a table among those of gold", root: "gold/nobodys/", operation: "CREATE TABLE AS SELECT",
			statement: fmt.Sprintf(`CREATE TABLE lake.w.nobodys WITH (location = '%s') AS SELECT serviceName AS "serviceName", actionName,
				CAST(ROW('x') AS ROW("aB" varchar)) AS "requestParams" FROM lake.w.silver WHERE serviceName = 'jobs'`, b.location("lake/gold/nobodys")),
			has:      []string{`\"name\":\"servicename\"`, `\"name\":\"requestparams\"`, `\"name\":\"aB\"`},
			hasNot:   []string{"serviceName", "auditlake.rules"},
			problems: []string{ofNobody},
		},
		{
			what: "files of silver removed whole", statement: "DELETE FROM lake.w.silver WHERE actionName = 'foreign'", root: "silver/", operation: "MERGE",
			problems: []string{inJobs}, solves: []string{fromAfar},
		},
		{
			what: "small files of silver merged", statement: "ALTER TABLE lake.w.silver EXECUTE optimize", root: "silver/", operation: "OPTIMIZE",
			has: []string{`"dataChange":false`}, hasNot: []string{`"dataChange":true`, "auditlake.gold"},
		},
		{
			what: "rows of silver changed", statement: "UPDATE lake.w.silver SET actionName = 'changed' WHERE serviceName = 'dbfs'", root: "silver/", operation: "MERGE",
			refused: "(MERGE): rows were rewritten by another program", problems: []string{rewritten},
		},
	} {
		b.ask(t, step.statement)
		commit := b.lastCommit(t, step.root)
		for _, want := range append(step.has, `"operation":"`+step.operation+`"`, `"clusterId":"trino-476`) {
			if !strings.Contains(commit, want) {
				t.Errorf("%s: no %s in\n%.3000s", step.what, want, commit)
			}
		}
		for _, not := range append(step.hasNot, `{"txn":`, "response") {
			if strings.Contains(commit, not) {
				t.Errorf("%s: there is %s in\n%.3000s", step.what, not, commit)
			}
		}
		b.deliver(t, fmt.Sprintf("workspaceId=42/date=2024-03-20/auditlogs_w%d.json", i),
			fmt.Sprintf(`{"timestamp":1710925200000,"serviceName":"jobs","actionName":"x","requestParams":{"k":"%d"}}`+"\n", i))
		_, err := truthtest.Run(t, "etl", "--quiet", "--source", b.logs, "--lake", b.lakeURL)
		switch {
		case step.refused == "" && err != nil:
			t.Errorf("%s: the next run: %v", step.what, err)
		case step.refused != "" && (err == nil || !strings.Contains(err.Error(), step.refused)):
			t.Errorf("%s: the next run: %v, want %s", step.what, err, step.refused)
		}
		b.problems = slices.DeleteFunc(b.problems, func(p string) bool { return slices.Contains(step.solves, p) })
		b.problems = append(b.problems, step.problems...)
		slices.Sort(b.problems)
		out, _ := truthtest.Run(t, "verify", "--lake", b.lakeURL)
		if diff := cmp.Diff(b.problems, problemsIn(out)); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s\n%s", step.what, diff, out)
		}
	}
}

// problemsIn are the problems that verify has printed, without numbers of rows and
// versions, sorted.
func problemsIn(out string) (all []string) {
	for _, line := range strings.Split(out, "\n") {
		if p, ok := strings.CutPrefix(line, "PROBLEM "); ok {
			p = countsRE.ReplaceAllString(p, "has more rows than silver has events")
			all = append(all, versionRE.ReplaceAllString(p, "a version"))
		}
	}
	slices.Sort(all)
	return all
}

var (
	countsRE  = regexp.MustCompile(`has [0-9,]+ rows, silver has [0-9,]+ events of its services`)
	versionRE = regexp.MustCompile(`version [0-9]+`)
)
