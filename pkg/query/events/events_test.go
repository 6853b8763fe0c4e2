package events_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/query"
	"github.com/auditlake/auditlake/pkg/query/events"
	"github.com/auditlake/auditlake/pkg/query/exec"
	"github.com/auditlake/auditlake/pkg/query/querytest"
)

// few are events of which three have one time, one of these a line to itself, and
// one nothing but a time and a place.
const few = `
date_time timestamp  | date date  | fileId long | lineNumber long | eventIndex long | ingestedAt timestamp | serviceName string | actionName string | actor string | email string | workspaceId long | sourceIPAddress string | userAgent string | sessionId string | requestId string | outcome string | response.statusCode long | response.errorMessage string | response.result string | requestParams map<string,string>
2024-03-05T10:00:00Z | 2024-03-05 | 7           | 1               | null            | 2024-03-06T00:00:00Z | clusters           | create            | ann@x        | ann@x        | 42               | 10.0.0.1               | Mozilla/5.0      | s1               | r1               | succeeded      | 200                      | null                         | {"cluster_id":"c-9"}   | {cluster_name: ETL nightly, cluster_id: c-9, num_workers: 2, empty: , who: ann@x, tags: {"a":1}}
2024-03-05T10:00:01Z | 2024-03-05 | 7           | 2               | 2               | 2024-03-06T00:00:00Z | accounts           | tokenLogin        | bob@x        | bob@x        | 0                | 10.0.0.2               | curl             | null             | r2               | denied         | 401                      | Token is expired             | null                   | {user: bob@x, path: a=b}
2024-03-05T10:00:01Z | 2024-03-05 | 7           | 2               | 1               | 2024-03-06T00:00:00Z | accounts           | login             | null         | null         | 0                | 10.0.0.2               | curl             | null             | r3               | error          | 500                      | null                         | null                   | null
2024-03-05T10:00:01Z | 2024-03-05 | 6           | 9               | null            | 2024-03-06T00:00:00Z | jobs               | run (100%)        | bob@x        | bob@x        | 42               | 10.0.0.2               | curl             | null             | r2               | unknown        | null                     | null                         | null                   | {}
2024-03-05T10:00:02Z | 2024-03-05 | 8           | 1               | null            | 2024-03-07T00:00:00Z | null               | null              | null         | null         | null             | null                   | null             | null             | null             | null           | null                     | null                         | null                   | null`

func lakeOf(t *testing.T, tables map[string]string) *querytest.Lake {
	t.Helper()
	lake := &querytest.Lake{}
	for name, text := range tables {
		batch, err := querytest.ParseTable(text)
		if err != nil {
			t.Fatal(err)
		}
		lake.Add(name, batch)
	}
	return lake
}

func theDay() query.TimeRange {
	from := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	return query.TimeRange{From: from, To: from.AddDate(0, 0, 1)}
}

// question is with its defaults.
func question(q events.Question) events.Question {
	if q.Table == "" {
		q.Table = "silver"
	}
	if q.Direction == "" {
		q.Direction = events.Backward
	}
	if q.Limit == 0 {
		q.Limit = events.DefaultLimit
	}
	if q.Range.IsZero() {
		q.Range = theDay()
	}
	return q
}

func ask(t *testing.T, c query.Catalog, q events.Question) []events.Line {
	t.Helper()
	table, err := c.Table(t.Context(), q.Table)
	if errors.Is(err, query.ErrNoTable) {
		table = nil
	} else if err != nil {
		t.Fatal(err)
	}
	lines, err := q.Ask(table, func(p query.Plan) (*columnar.Batch, error) {
		r, err := exec.Run(t.Context(), c, p, exec.Options{})
		if err != nil {
			return nil, err
		}
		return r.Batch, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func ids(lines []events.Line) (out []string) {
	for _, l := range lines {
		out = append(out, l.ID.String())
	}
	return out
}

// The ids of few, in order.
const (
	first  = "1709632800000000-7-1-0-1709683200000000"
	second = "1709632801000000-6-9-0-1709683200000000"
	third  = "1709632801000000-7-2-1-1709683200000000"
	fourth = "1709632801000000-7-2-2-1709683200000000"
	fifth  = "1709632802000000-8-1-0-1709769600000000"
)

func TestLines(t *testing.T) {
	lines := ask(t, lakeOf(t, map[string]string{"silver": few}), question(events.Question{}))
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%s %s %s %s", l.Time.Format(time.RFC3339), l.ID, l.Severity, l.Body))
	}
	want := []string{
		"2024-03-05T10:00:02Z " + fifth + " info -.- - unknown",
		"2024-03-05T10:00:01Z " + fourth + ` warning accounts.tokenLogin bob@x denied(401) error="Token is expired" path="a=b"`,
		"2024-03-05T10:00:01Z " + third + " error accounts.login - error(500)",
		"2024-03-05T10:00:01Z " + second + ` info jobs."run (100%)" bob@x unknown`,
		"2024-03-05T10:00:00Z " + first + ` info clusters.create ann@x succeeded cluster_name="ETL nightly" cluster_id=c-9 num_workers=2 tags={"a":1}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	labels := map[string]string{
		"serviceName": "clusters", "actionName": "create", "actor": "ann@x", "email": "ann@x", "workspaceId": "42",
		"sourceIPAddress": "10.0.0.1", "userAgent": "Mozilla/5.0", "sessionId": "s1", "requestId": "r1", "outcome": "succeeded",
		"response.statusCode": "200", "fileId": "7", "lineNumber": "1", "requestParams.cluster_name": "ETL nightly",
		"requestParams.cluster_id": "c-9", "requestParams.num_workers": "2", "requestParams.empty": "",
		"requestParams.who": "ann@x", "requestParams.tags": `{"a":1}`,
	}
	if diff := cmp.Diff(labels, lines[4].Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"fileId": "8", "lineNumber": "1"}, lines[0].Labels); diff != "" {
		t.Errorf("labels of nothing (-want +got):\n%s", diff)
	}
	if got := lines[1].Labels["eventIndex"]; got != "2" {
		t.Errorf("eventIndex %q", got)
	}
}

// TestLabelsAreKeysOfConditions: every label narrows to lines that have it.
func TestLabelsAreKeysOfConditions(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	for _, l := range ask(t, lake, question(events.Question{})) {
		for key, value := range l.Labels {
			left := ask(t, lake, question(events.Question{Where: []query.Condition{{Key: key, Operator: "=", Values: []string{value}}}}))
			if !slices.Contains(ids(left), l.ID.String()) {
				t.Errorf("%s = %s leaves %v, without %s", key, value, ids(left), l.ID)
			}
			for _, other := range left {
				if other.Labels[key] != value {
					t.Errorf("%s = %s leaves a line where it is %q", key, value, other.Labels[key])
				}
			}
		}
	}
}

func TestLongAndOddValues(t *testing.T) {
	long := strings.Repeat("ä", 3000)
	table := "date_time timestamp | fileId long | lineNumber long | ingestedAt timestamp | actor string | requestParams map<string,string>\n" +
		"2024-03-05T10:00:00Z | 1 | 1 | 2024-03-06T00:00:00Z | a\x1b[31mb | {text: " + long + "}"
	lines := ask(t, lakeOf(t, map[string]string{"silver": table}), question(events.Question{}))
	if want := `-.- "a\x1b[31mb" unknown text=` + strings.Repeat("ä", 80) + "…"; lines[0].Body != want {
		t.Errorf("body %q, not %q", lines[0].Body, want)
	}
	if want := strings.Repeat("ä", 2000) + "…"; lines[0].Labels["requestParams.text"] != want {
		t.Errorf("label of %d bytes", len(lines[0].Labels["requestParams.text"]))
	}
}

// TestTheTellingParameters: names and paths, then ids, others and JSON, at most eight.
func TestTheTellingParameters(t *testing.T) {
	table := `
date_time timestamp  | fileId long | lineNumber long | ingestedAt timestamp | serviceName string | requestParams.zeta string | requestParams.job_id string | requestParams.beta string | requestParams.list string | requestParams.newName string | requestParams.path string | requestParams.a string | requestParams.c string | requestParams.d string | requestParams.hidden string | requestParamsRest map<string,string>
2024-03-05T10:00:00Z | 1           | 1               | 2024-03-06T00:00:00Z | s                  | 1                         | 7                           | x                         | [1]                       | n                            | /p                        | ''                     | 3                      | null                   | [redacted]                  | {e f: 4, g: 5}`
	lines := ask(t, lakeOf(t, map[string]string{"s": table}), question(events.Question{Table: "s"}))
	if want := `s.- - unknown newName=n path=/p job_id=7 beta=x c=3 "e f"=4 g=5 zeta=1`; lines[0].Body != want {
		t.Errorf("body %q, not %q", lines[0].Body, want)
	}
	if got := lines[0].Labels["requestParamsRest.e f"]; got != "4" {
		t.Errorf("labels %v", lines[0].Labels)
	}
}

func TestSearch(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	for search, want := range map[string]string{
		"":                   "1 2 3 4 5",
		"  ":                 "1 2 3 4 5",
		"CLUSTERS":           "1",
		"etl":                "1",
		"nightly etl":        "1",
		`"etl nightly"`:      "1",
		`"nightly etl"`:      "",
		"cluster_name":       "1",
		"c-9":                "1",
		"c.9":                "",
		"(100%)":             "2",
		".*":                 "",
		"a=b":                "4",
		`"token is EXP`:      "4",
		"401":                "4",
		"42":                 "1 2",
		"bob@x":              "2 4",
		"bob@x curl 10.0.":   "2 4",
		"bob@x clusters":     "",
		"denied":             "4",
		`{"a":1}`:            "1",
		`"{\"cluster_id\":"`: "1",
		"2024":               "",
	} {
		words, err := events.SearchWords(search)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range ids(ask(t, lake, question(events.Question{Words: words, Direction: events.Forward}))) {
			got = append(got, fmt.Sprint(slices.Index([]string{first, second, third, fourth, fifth}, id)+1))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("search %s finds %q, not %q", search, got, want)
		}
	}
}

func TestSearchWords(t *testing.T) {
	for search, want := range map[string][]string{
		"":                      nil,
		" a\tb\u00a0 c\n":       {"a", "b", "c"},
		`"a b" c`:               {"a b", "c"},
		`a "b`:                  {"a", "b"},
		`a"b c"`:                {`a"b`, `c"`},
		`"say \"hi\" \ now" ""`: {`say "hi" \ now`},
		`"a"b a`:                {"a", "b"},
	} {
		got, err := events.SearchWords(search)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", search, err, diff)
		}
	}
	var many []string
	for i := range 21 {
		many = append(many, fmt.Sprint(i))
	}
	if _, err := events.SearchWords(strings.Join(many, " ")); !errors.Is(err, events.ErrQuestion) {
		t.Errorf("21 words: %v", err)
	}
	if diff := cmp.Diff([]string{`(?i)a\.b \(c\)`}, events.Highlights([]string{"a.b (c)"})); diff != "" {
		t.Error(diff)
	}
}

func TestQuestionsThatCannotBeAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		q    events.Question
		want string
	}{
		"lines":            {events.Question{Table: "bronze"}, "table bronze does not have events: there are silver"},
		"a look-up":        {events.Question{Table: "lookups.x"}, "table lookups.x does not have events"},
		"no limit":         {events.Question{Limit: -1}, "from 1 to 5000, not -1"},
		"too many":         {events.Question{Limit: 5001}, "from 1 to 5000, not 5001"},
		"sideways":         {events.Question{Direction: "sideways"}, `direction "sideways" is not known; there are backward and forward`},
		"no such column":   {events.Question{Where: []query.Condition{{Key: "emial", Operator: "=", Values: []string{"x"}}}}, "did you mean email"},
		"no such operator": {events.Question{Where: []query.Condition{{Key: "email", Operator: "~", Values: []string{"x"}}}}, `operator "~" is not known`},
	} {
		if _, err := question(tt.q).Plan(nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v does not say %q", name, err, tt.want)
		}
	}
	for _, text := range []string{"", "1-2-3-4", "1-2-3-4-5-6", "1-2-3-4-x", "1-2-3-4--5", "1-2-3-4-99999999999999999999"} {
		if _, err := events.ParseID(text); !errors.Is(err, events.ErrQuestion) {
			t.Errorf("%q is taken for an id: %v", text, err)
		}
	}
}

// TestGoingOn: after and before the id of any line come the others, in order, each
// once, also where many have one time.
func TestGoingOn(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	all := []string{first, second, third, fourth, fifth}
	for i, text := range all {
		id, err := events.ParseID(text)
		if err != nil || id.String() != text {
			t.Fatalf("%s becomes %s, %v", text, id, err)
		}
		for _, limit := range []int64{1, 2, 1000} {
			after := ids(ask(t, lake, question(events.Question{After: &id, Direction: events.Forward, Limit: limit})))
			want := all[i+1 : min(len(all), i+1+int(limit))]
			if diff := cmp.Diff(strings.Join(want, " "), strings.Join(after, " ")); diff != "" {
				t.Errorf("%d after %s (-want +got):\n%s", limit, text, diff)
			}
			before := ids(ask(t, lake, question(events.Question{Before: &id, Limit: limit})))
			want = slices.Clone(all[max(0, i-int(limit)):i])
			slices.Reverse(want)
			if diff := cmp.Diff(strings.Join(want, " "), strings.Join(before, " ")); diff != "" {
				t.Errorf("%d before %s (-want +got):\n%s", limit, text, diff)
			}
		}
	}
}

// TestContext: what who did an event, or its session, request or address, did before
// and after it is all that they did, with the event itself between.
func TestContext(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	compared := 0
	for _, l := range ask(t, lake, question(events.Question{})) {
		for _, key := range []string{"actor", "sessionId", "requestId", "sourceIPAddress"} {
			same := []query.Condition{{Key: key, Operator: "=", Values: []string{l.Labels[key]}}}
			if l.Labels[key] == "" {
				continue
			}
			all := ids(ask(t, lake, question(events.Question{Where: same, Direction: events.Forward})))
			around := ids(ask(t, lake, question(events.Question{Where: same, Before: &l.ID})))
			slices.Reverse(around)
			around = append(around, l.ID.String())
			around = append(around, ids(ask(t, lake, question(events.Question{Where: same, After: &l.ID, Direction: events.Forward})))...)
			if diff := cmp.Diff(all, around); diff != "" {
				t.Errorf("%s of %s (-all +around):\n%s", key, l.ID, diff)
			}
			compared++
		}
	}
	if compared != 12 {
		t.Errorf("%d were compared", compared)
	}
}

// TestPiecesAreTheWhole: a long time range is asked a piece at a time, and the lines
// are those of the whole, whatever the limit, words and direction. A page after the
// other gives all of them, too.
func TestPiecesAreTheWhole(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var rows strings.Builder
	rows.WriteString("date_time timestamp | fileId long | lineNumber long | eventIndex long | ingestedAt timestamp | actionName string | requestParams map<string,string>")
	for i := range 500 {
		at := from.Add(time.Duration(random.IntN(60*24)) * time.Hour)
		fmt.Fprintf(&rows, "\n%s | %d | %d | null | 2024-05-01T00:00:00Z | a%d | {}", at.Format(time.RFC3339), random.IntN(3), i, i%3)
	}
	lake := lakeOf(t, map[string]string{"silver": rows.String()})
	for range 60 {
		q := question(events.Question{
			Limit: 1 + random.Int64N(600), Direction: []events.Direction{events.Forward, events.Backward}[random.IntN(2)],
			Range: query.TimeRange{From: from.AddDate(0, 0, random.IntN(20)), To: from.AddDate(0, 0, 30+random.IntN(40))},
		})
		if random.IntN(2) == 0 {
			q.Words = []string{"A1"}
		}
		p, err := q.Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := exec.Run(t.Context(), lake, p, exec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := ids(events.Lines(r.Batch))
		if parts := len(q.Pieces(query.TimeRange{})); parts != 4 {
			t.Fatalf("%d pieces of %s", parts, q.Range)
		}
		if diff := cmp.Diff(want, ids(ask(t, lake, q))); diff != "" {
			t.Fatalf("%s of %s, limit %d (-want +got):\n%s", q.Direction, q.Range, q.Limit, diff)
		}
		var pages []string
		for page := q; len(pages) < len(want); {
			page.Limit = min(int64(len(want)-len(pages)), 1+q.Limit/3)
			lines := ask(t, lake, page)
			pages = append(pages, ids(lines)...)
			if int64(len(lines)) < page.Limit {
				break
			}
			last := lines[len(lines)-1].ID
			if q.Direction == events.Forward {
				page.After = &last
			} else {
				page.Before = &last
			}
		}
		if diff := cmp.Diff(want, pages); diff != "" {
			t.Fatalf("pages, %s of %s, limit %d (-want +got):\n%s", q.Direction, q.Range, q.Limit, diff)
		}
	}
}

// TestPiecesKnowTheTable: where there is nothing, nothing is asked.
func TestPiecesKnowTheTable(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
	text := func(parts []events.Question) (out []string) {
		for _, p := range parts {
			out = append(out, p.Range.String())
		}
		return out
	}
	q := question(events.Question{Range: query.TimeRange{From: day(1)}})
	got := text(q.Pieces(query.TimeRange{From: day(5), To: day(13)})) // 64 times three hours
	want := []string{
		"from 2024-01-12T21:00:00Z",
		"from 2024-01-12T12:00:00Z to 2024-01-12T21:00:00Z",
		"from 2024-01-11T00:00:00Z to 2024-01-12T12:00:00Z",
		"from 2024-01-01T00:00:00Z to 2024-01-11T00:00:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("backward (-want +got):\n%s", diff)
	}
	q.Direction = events.Forward
	got = text(q.Pieces(query.TimeRange{From: day(5), To: day(13)}))
	want = []string{
		"from 2024-01-01T00:00:00Z to 2024-01-05T03:00:00Z",
		"from 2024-01-05T03:00:00Z to 2024-01-05T12:00:00Z",
		"from 2024-01-05T12:00:00Z to 2024-01-07T00:00:00Z",
		"from 2024-01-07T00:00:00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("forward (-want +got):\n%s", diff)
	}
	if got := q.Pieces(query.TimeRange{From: day(1), To: day(1).Add(time.Hour)}); len(got) != 1 {
		t.Errorf("%d pieces of an hour", len(got))
	}
}

// TestWhatIsHiddenIsNotFound: neither by words, nor in bodies and labels.
func TestWhatIsHiddenIsNotFound(t *testing.T) {
	lake := lakeOf(t, map[string]string{"silver": few})
	seen := query.Redact(query.Scoped(lake, query.Scope{Workspaces: []int64{42}}), query.Redaction{Keys: []string{"cluster_name"}})
	if got := ids(ask(t, seen, question(events.Question{}))); !slices.Equal(got, []string{second, first}) {
		t.Errorf("in scope are %v", got)
	}
	for word, want := range map[string]int{"nightly": 0, "cluster_name": 1, "c-9": 1, "token": 0} {
		lines := ask(t, seen, question(events.Question{Words: []string{word}}))
		if len(lines) != want {
			t.Errorf("%q finds %d lines, not %d", word, len(lines), want)
		}
		for _, l := range lines {
			if all := l.Body + fmt.Sprint(l.Labels); strings.Contains(all, "nightly") || strings.Contains(l.Body, query.Redacted) {
				t.Errorf("%s", all)
			}
		}
	}
}

// TestThePageIsHeld: the tests that docs/explore.md names are there.
func TestThePageIsHeld(t *testing.T) {
	page, err := os.ReadFile("../../../docs/explore.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, pattern := range []string{"*_test.go", "../../plugin/*_test.go", "../../cli/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(source)
		}
	}
	named := regexp.MustCompile(`\[(Test\w+)\]`).FindAllStringSubmatch(string(page), -1)
	for _, m := range named {
		if !strings.Contains(tests.String(), "\nfunc "+m[1]+"(") {
			t.Errorf("there is no test %s", m[1])
		}
	}
	if len(named) < 12 {
		t.Errorf("%d tests are named: the rest is not read", len(named))
	}
}
