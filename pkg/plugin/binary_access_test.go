package plugin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/internal/host"
)

// Who sees what, through the real binary.

// planted is in places that only the events themselves may show.
const (
	plantedCommand = "PLANTED-COMMAND-TEXT"
	plantedKey     = "PLANTED-CONFIGURED-KEY"
	plantedValue   = "PLANTED-EVENT-VALUE"
)

// eventLine is an event of workspace 77 whose every text is planted.
func eventLine(request string, minute int) string {
	return eventOf(77, request, minute, "notebook", "runCommand", map[string]any{
		"notebookId": plantedValue + "-notebook", "commandText": "SELECT '" + plantedCommand + "'",
		"token_value": plantedKey, "nested": `{"commandText":"` + plantedCommand + `"}`,
	})
}

func eventOf(workspace int64, request string, minute int, service, action string, params map[string]any) string {
	line, err := json.Marshal(map[string]any{
		"version": "2.0", "auditLevel": "WORKSPACE_LEVEL", "workspaceId": workspace, "requestId": request,
		"timestamp":   time.Date(2019, 12, 28, 12, minute, 0, 0, time.UTC).UnixMilli(),
		"serviceName": service, "actionName": action, "sourceIPAddress": "192.0.2.7", "userAgent": plantedValue + "-agent",
		"userIdentity": map[string]any{"email": plantedValue + "@example.com"}, "requestParams": params,
		"response":     map[string]any{"statusCode": 400, "errorMessage": plantedValue + " near " + plantedCommand, "result": plantedCommand},
		"unknownField": plantedValue + "-extra",
	})
	if err != nil {
		panic(err)
	}
	return string(line)
}

// envelopeLine is an event of workspace 77 in Azure's envelope.
func envelopeLine(request string) string {
	text := func(v map[string]any) string {
		body, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(body)
	}
	return text(map[string]any{
		"time": "2019-12-28T12:11:00Z", "operationName": "Microsoft.Databricks/notebook/runCommand", "Host": "adb-77.1.azuredatabricks.net",
		"identity": text(map[string]any{"email": plantedValue + "@example.com"}),
		"properties": map[string]any{
			"serviceName": "notebook", "actionName": "runCommand", "requestId": request, "logId": plantedValue + "-log",
			"requestParams": text(map[string]any{"commandText": plantedCommand, "token_value": plantedKey, "notebookId": plantedValue}),
			"response":      text(map[string]any{"statusCode": 400, "errorMessage": "near " + plantedCommand}),
		},
	})
}

// plant delivers events with planted values, well-formed and not, and fills a
// lake with them.
func plant(t *testing.T) (source string) {
	t.Helper()
	source = t.TempDir()
	for path, lines := range map[string][]string{
		"workspaceId=77/date=2019-12-28/auditlogs_a.json": {
			eventLine("r1", 1), eventLine("r2", 2),
			`{"timestamp": "` + plantedValue + `", "commandText": "` + plantedCommand + `"}`,
			plantedCommand + " is no JSON", `["` + plantedCommand + `"]`, "\xff" + plantedCommand,
			eventOf(77, "r3", 3, "clusters", "create", map[string]any{"cluster_name": plantedValue + "-cluster", "commandText": plantedCommand}),
			// Delivered to the folder of another workspace.
			eventOf(88, "stray", 7, "clusters", "create", map[string]any{"cluster_name": "OTHER-WORKSPACE"}),
		},
		"workspaceId=88/date=2019-12-28/auditlogs_b.json": {
			eventOf(88, "other", 4, "clusters", "create", map[string]any{"cluster_name": "OTHER-WORKSPACE", "cluster_creator": "OTHER-WORKSPACE"}),
			eventOf(88, "login", 5, "accounts", "login", map[string]any{"user": "OTHER-WORKSPACE"}),
			"OTHER-WORKSPACE is no JSON",
		},
		"workspaceId=77/date=2019-12-28/auditlogs_c.json.gz": {plantedValue + " is no gzip"},
		"resourceId=/W/y=2019/m=12/d=28/h=12/m=00/PT1H.json": {
			`{"records":[` + eventLine("w1", 7) + `,` + eventOf(88, "w2", 8, "accounts", "login", map[string]any{"user": "OTHER-WORKSPACE"}) + `]}`,
			`{"records":[` + eventLine("w3", 9) + `,` + eventLine("w4", 10) + `]}`,
			envelopeLine("w5"),
		},
		"workspaceId=0/date=2019-12-28/auditlogs_d.json": {eventOf(0, "acct", 6, "accounts", "setAdmin", map[string]any{"note": "ACCOUNT-LEVEL"})},
	} {
		file := filepath.Join(source, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return source
}

// everyAnswer is all that the plugin tells somebody, in every way it can be
// asked: queries, values of every column of every table, events, status. Without -whole
// only entries of maps are asked for in capitals and by the beginnings of what is hidden:
// what a column shows of those it shows without, too.
func (s *started) everyAnswer(w *world, opts ...host.Option) (answers, refusals string) {
	s.t.Helper()
	var told, refused strings.Builder
	for name, got := range s.ask(w.everyQuery(), opts...) {
		raw, err := json.Marshal(got.Frames)
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&told, "%s %s\n", name, raw)
		if got.Error != nil {
			fmt.Fprintf(&refused, "%s %v\n", name, got.Error)
		}
	}
	get := func(path string) []byte {
		code, body := s.get(path, opts...)
		to := &told
		if code != http.StatusOK {
			to = &refused
		}
		fmt.Fprintf(to, "%s %d %s\n", path, code, body)
		return body
	}
	for _, path := range []string{"status", "etl", "named-queries", "sql-metadata"} {
		get(path)
	}
	var tables []struct{ Name string }
	if json.Unmarshal(get("tables"), &tables) != nil {
		tables = []struct{ Name string }{{"bronze"}, {"silver"}, {"notebook"}} // refused: a table is damaged
	}
	for _, table := range tables {
		var columns []struct{ Name, Type string }
		if json.Unmarshal(get("columns?table="+url.QueryEscape(table.Name)), &columns) != nil {
			columns = []struct{ Name, Type string }{{"actor", "string"}}
		}
		for _, c := range columns {
			names, prefixes := []string{c.Name}, []string{""}
			isMap := strings.HasPrefix(c.Type, "map<")
			if *whole || isMap {
				names, prefixes = append(names, strings.ToUpper(c.Name)), append(prefixes, plantedCommand[:8], "SELECT")
			}
			if isMap {
				names = append(names, c.Name+".commandText", c.Name+".COMMANDTEXT", c.Name+".nested", c.Name+".token_value")
			}
			for _, name := range names {
				for _, prefix := range prefixes {
					get("values?" + url.Values{"table": {table.Name}, "column": {name}, "prefix": {prefix}}.Encode())
				}
			}
		}
	}
	var explore []backend.DataQuery
	for _, table := range tables {
		for _, search := range []string{"", plantedCommand[:8]} {
			for _, kind := range []string{"events", "volume"} {
				explore = append(explore, explored(strings.Join([]string{kind, table.Name, search}, " "),
					map[string]any{"queryType": kind, "table": table.Name, "search": search}))
			}
		}
	}
	for _, table := range tables {
		name := "`" + table.Name + "`"
		for n, text := range []string{
			"select * from " + name,
			"select * from " + name + " where exists (select 1)", // on SQLite, as are the next
			"select a.* from " + name + " a left join (select 1 as one) b on a.date > date '2000-01-01' or b.one = 1",
			"select collect_set(requestParams.commandText) as a, string_agg(requestParams.token_value, ',') as b, max_by(response.errorMessage, date_time) as c from " + name,
			"select x.v as v from (select raw as v from " + name + " union select extra from " + name + ") x where exists (select 1)",
			"select count(*) as n from " + name + " where exists (select 1) and requestParams.commandText like concat('SELECT ', '%')",
			"select regexp_extract(requestParams.commandText, 'SELECT (.*)', 1) as c, substring(response.result, 3) as r from " + name + " where exists (select 1)",
			"select * from " + name + " where (select max(z.commandText) from (select requestParams.commandText as commandText from " + name + ") z) > 'A'",
		} {
			for _, format := range []string{"table", "annotations"} {
				explore = append(explore, explored(fmt.Sprintf("sql %s %d %s", table.Name, n, format),
					map[string]any{"queryType": "sql", "sql": text, "format": format, "display": "names"}))
			}
		}
		for _, key := range []string{"requestParams.commandText", "requestParams.nested", "response.errorMessage", "email", "actionName"} {
			get("filter-values?" + url.Values{"table": {table.Name}, "key": {key}, "prefix": {"SELECT"}}.Encode())
			get("filter-values?" + url.Values{"table": {table.Name}, "key": {key}}.Encode())
		}
		get("filter-keys?" + url.Values{"table": {table.Name}}.Encode())
	}
	for file := range 6 {
		for line := range 9 {
			get(fmt.Sprintf("event?fileId=%d&lineNumber=%d", file, line))
			explore = append(explore, explored(fmt.Sprintf("line %d of %d", line, file),
				map[string]any{"queryType": "line", "fileId": file, "lineNumber": line}))
		}
	}
	for name, got := range s.ask(explore, opts...) {
		raw, err := json.Marshal(got.Frames)
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&told, "%s %s\n", name, raw)
		if got.Error != nil {
			fmt.Fprintf(&refused, "%s %v\n", name, got.Error)
		}
	}
	for _, bad := range []string{"values?table=silver&column=" + plantedKey, "columns?table=../../etc", "event?fileId=x&lineNumber=1", "values?table=silver&column=actor&from=x"} {
		get(bad)
	}
	return told.String(), refused.String()
}

func TestRedactionByRole(t *testing.T) {
	w := theRealThing(t)
	source, folder := plant(t), filepath.Join(t.TempDir(), "lake")
	s := scheduled(t, source, folder, map[string]any{"redactKeys": []string{"TOKEN_value"}})
	h := start(t, w, allowed, s)
	h.await(idle)
	for who, test := range map[string]struct {
		opt  host.Option
		sees bool
	}{
		"an administrator": {host.As(admin), true},
		"an editor":        {host.As(&backend.User{Login: "e", Role: "Editor"}), false},
		"a viewer":         {host.As(&backend.User{Login: "v", Role: "Viewer"}), false},
		"nobody":           {host.As(nil), false},
	} {
		told, refused := h.everyAnswer(w, test.opt)
		for _, secret := range []string{plantedCommand, plantedKey} {
			if got := strings.Contains(told, secret); got != test.sees {
				t.Errorf("%s sees %s: %v", who, secret, got)
				for _, line := range strings.Split(told, "\n") {
					if !test.sees && strings.Contains(line, secret) {
						t.Log(line[:min(len(line), 300)])
					}
				}
			}
		}
		if !strings.Contains(told, plantedValue) {
			t.Errorf("%s does not see what is not redacted", who)
		}
		if strings.Contains(strings.ReplaceAll(refused, "column="+plantedKey, ""), plantedCommand) {
			t.Errorf("%s is refused with what should not be told: %s", who, refused)
		}
	}
	open := scheduled(t, source, folder, map[string]any{"redactCommandText": false})
	open.Updated = time.Now().Add(time.Hour)
	if told, _ := h.everyAnswer(w, host.As(nil), host.On(open)); !strings.Contains(told, plantedCommand) {
		t.Error("what nobody redacts is not told")
	}
}

func TestAScopedDataSourceShowsItsWorkspacesOnly(t *testing.T) {
	w := theRealThing(t)
	source, folder := plant(t), filepath.Join(t.TempDir(), "lake")
	filling := scheduled(t, source, folder)
	h := start(t, w, allowed, filling)
	h.await(idle)
	viewer := host.As(&backend.User{Login: "v", Role: "Viewer"})
	scoped := func(uid string, workspaces ...any) host.Option {
		s := settings(t, map[string]any{"sources": []string{source}, "lake": folder, "schedule": "off", "workspaces": workspaces})
		s.ID, s.UID, s.Updated = 3, uid, time.Now()
		return host.On(s)
	}
	all, _ := h.everyAnswer(w, viewer)
	for _, word := range []string{"OTHER-WORKSPACE", "ACCOUNT-LEVEL", plantedValue} {
		if !strings.Contains(all, word) {
			t.Errorf("without a scope there is no %s", word)
		}
	}
	told, _ := h.everyAnswer(w, viewer, scoped("one", "77"))
	for _, word := range []string{"OTHER-WORKSPACE", "ACCOUNT-LEVEL", `"value":"88"`} {
		if strings.Contains(told, word) {
			t.Errorf("the scope of workspace 77 shows %s", word)
		}
	}
	if !strings.Contains(told, plantedValue) {
		t.Error("the scope of workspace 77 shows nothing of it")
	}
	if n := strings.Count(told, `"raw":"{\"records\":[`); n != 1 {
		t.Errorf("the scope of workspace 77 shows %d lines that wrap events, want the one whose events are all its own", n)
	}
	if n := strings.Count(all, `"raw":"{\"records\":[`); n < 2 {
		t.Errorf("without a scope %d lines that wrap events are shown, want two", n)
	}
	if told, _ := h.everyAnswer(w, viewer, scoped("two", 88, "0")); !strings.Contains(told, "OTHER-WORKSPACE") ||
		!strings.Contains(told, "ACCOUNT-LEVEL") || strings.Contains(told, plantedValue+"-cluster") {
		t.Error("the scope of workspace 88 and the account shows something else")
	}
	for _, path := range []string{"status", "etl"} {
		if code, body := h.get(path, viewer, scoped("one", "77")); code != http.StatusForbidden {
			t.Errorf("%s of the whole lake: %d %s", path, code, body)
		}
	}
	if err := h.Stream(t.Context(), "etl", nil, func([]byte) error { return errEnough }, viewer, scoped("one", "77")); err == nil || err == errEnough { //nolint:errorlint // wrapped it is another
		t.Errorf("the stream of the whole lake: %v", err)
	}
	got, err := h.Health(t.Context(), viewer, scoped("one", "77"))
	if err != nil || got.Status != backend.HealthStatusOk || strings.Contains(got.Message+string(got.JSONDetails), "delivered lines") {
		t.Errorf("health of the scope: %+v %v", got, err)
	}
}

func TestWithoutAnEnvironmentTheRemedyIsNamed(t *testing.T) {
	w := theRealThing(t)
	h := start(t, w, nil, settings(t, map[string]any{"lake": "s3://lake/root", "defaultRegion": "eu-central-1", "endpoint": "http://127.0.0.1:1"}))
	got := h.health()
	if got.Status != backend.HealthStatusError || !strings.Contains(got.Message, "forward_settings_to_plugins") {
		t.Errorf("health %s: %s", got.Status, got.Message)
	}
}

// TestNothingOfEventsIsLogged searches log and errors, at every level, for what
// was planted in events, after everything was done that can be.
func TestNothingOfEventsIsLogged(t *testing.T) {
	w := theRealThing(t)
	source, folder := plant(t), filepath.Join(t.TempDir(), "lake")
	s := scheduled(t, source, folder)
	h := start(t, w, allowed, s)
	h.await(idle)
	for _, opt := range []host.Option{host.As(admin), host.As(nil)} {
		_, refused := h.everyAnswer(w, opt)
		h.planted(refused, "refusals")
	}
	for _, path := range []string{"etl/run", "etl/optimize", "etl/replay"} {
		if code, body := h.post(path, host.As(admin)); code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, code, body)
		}
		h.await(idle)
	}
	// A damaged table, a damaged log, a damaged shard: what is read goes wrong.
	for _, pattern := range []string{"silver/date=2019-12-28/*.parquet", "gold/notebook/_delta_log/*.json", "_auditlake/landing/*.json"} {
		files, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			if err := os.WriteFile(f, []byte(strings.Repeat(plantedValue+"\n", 100)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Updated = time.Now().Add(time.Hour)
	_, refused := h.everyAnswer(w, host.As(admin), host.On(s))
	h.planted(refused, "refusals")
	if got, err := h.Health(t.Context(), host.On(s)); err == nil {
		h.planted(got.Message+string(got.JSONDetails), "health")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(h.log.String(), "A task has ended") {
		t.Error("the log does not have the debug level")
	}
	h.planted(h.log.String(), "log")
}

// planted fails if a text has something that was planted in events.
func (s *started) planted(text, where string) {
	s.t.Helper()
	text = strings.ReplaceAll(text, "column="+plantedKey, "") // asked for in the request
	for _, word := range []string{plantedCommand, plantedValue, "OTHER-WORKSPACE"} {
		if i := strings.Index(text, word); i >= 0 {
			s.t.Errorf("the %s have %s:\n%s", where, word, text[max(0, i-300):min(len(text), i+100)])
		}
	}
}
