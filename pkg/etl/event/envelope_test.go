package event_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

// azure is an event in Azure's envelope with members in the envelope and in its
// properties beside those that make it one.
func azure(envelope, properties string) string {
	return `{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/jobs/runNow"` + comma(envelope) +
		`,"properties":{"serviceName":"jobs","actionName":"runNow"` + comma(properties) + `}}`
}

func comma(members string) string {
	if members == "" {
		return ""
	}
	return "," + members
}

func TestAnAzureEventBecomesARow(t *testing.T) {
	text := func(s string) string { return fmt.Sprintf("%q", s) }
	for name, of := range map[string]func(string) string{"objects": func(s string) string { return s }, "JSON as text": text} {
		t.Run(name, func(t *testing.T) {
			row, reason := cleanse(`{"resourceId":"/SUBSCRIPTIONS/S/WORKSPACES/W","operationVersion":"1.0.0",` +
				`"identity":` + of(`{"email":"u@example.com","subjectName":"U"}`) + `,"operationName":"Microsoft.Databricks/clusters/create",` +
				`"time":"2024-03-09T13:00:00.123+01:00","category":"clusters","properties":{"sourceIPAddress":"10.0.0.1","logId":"log-1",` +
				`"serviceName":"clusters","userAgent":"curl","response":` + of(`{"statusCode":403,"errorMessage":"no","result":"{\"a\":1}"}`) +
				`,"sessionId":"x","actionName":"create","requestId":"r","requestParams":` + of(`{"cluster_name":"c \"d\"","n":9007199254740993,"z":null}`) +
				`},"Host":"0611-191046-ba0xnptx-10-139-92-0","FluentdIngestTimestamp":"2024-03-09T13:05:00Z"}`)
			if reason != "" {
				t.Fatal(reason)
			}
			key, _ := row["eventKey"].(string)
			if len(key) != 32 {
				t.Errorf("eventKey = %q", key)
			}
			delete(row, "eventKey")
			want := map[string]any{
				"version": nil, "auditLevel": "WORKSPACE_LEVEL", "timestamp": int64(1709985600123), "orgId": nil, "shardName": nil, "accountId": nil,
				"workspaceId": nil, "sourceIPAddress": "10.0.0.1", "userAgent": "curl", "sessionId": "x",
				"serviceName": "clusters", "actionName": "create", "requestId": "r",
				"email": "u@example.com", "subjectName": "U", "actor": "u@example.com",
				"date_time": time.Date(2024, 3, 9, 12, 0, 0, 123_000_000, time.UTC), "date": time.Date(2024, 3, 9, 0, 0, 0, 0, time.UTC),
				"requestParams": map[string]any{"cluster_name": `c "d"`, "n": "9007199254740993"},
				"response":      map[string]any{"statusCode": int64(403), "errorMessage": "no", "result": `{"a":1}`},
				"outcome":       "denied", "identityMetadata": nil,
				"extra": `{"resourceId":"/SUBSCRIPTIONS/S/WORKSPACES/W","operationVersion":"1.0.0","operationName":"Microsoft.Databricks/clusters/create",` +
					`"category":"clusters","Host":"0611-191046-ba0xnptx-10-139-92-0","FluentdIngestTimestamp":"2024-03-09T13:05:00Z","logId":"log-1"}`,
				"sourceFile": "f.json", "fileId": int64(7), "lineNumber": int64(3), "ingestedAt": ingested(),
				"eventIndex": nil, "eventCount": nil,
			}
			if diff := cmp.Diff(want, row); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMembersOfAnEnvelope(t *testing.T) {
	const operation = `"operationName":"Microsoft.Databricks/jobs/runNow"`
	for name, tc := range map[string]struct {
		envelope, properties string
		want                 map[string]any
	}{
		"nothing but what makes it one": {"", "", map[string]any{
			"serviceName": "jobs", "email": nil, "requestParams": nil, "response": nil, "outcome": "unknown", "extra": "{" + operation + "}",
		}},
		"null": {`"identity":null`, `"requestParams":null,"response":null,"sessionId":null`, map[string]any{
			"email": nil, "requestParams": nil, "response": nil, "sessionId": nil, "extra": "{" + operation + "}",
		}},
		"null as text": {`"identity":"null"`, `"requestParams":"","response":" null "`, map[string]any{
			"email": nil, "requestParams": nil, "response": nil, "extra": "{" + operation + `}`,
		}},
		"text that is no JSON": {`"identity":"ann"`, `"requestParams":"{\"a\":1","response":"{oops}"`, map[string]any{
			"email": nil, "requestParams": nil, "response": nil,
			"extra": "{" + operation + `,"identity":"ann","requestParams":"{\"a\":1","response":"{oops}"}`,
		}},
		"an empty object as text": {"", `"requestParams":"{}"`, map[string]any{"requestParams": map[string]any{}}},
		"half a character inside text": {"", `"requestParams":"{\"a\":\"\\ud800b\"}"`, map[string]any{
			"requestParams": map[string]any{"a": `\ud800b`},
		}},
		"more of identity than has a column": {`"identity":"{\"email\":\"a\",\"claims\":{}}"`, "", map[string]any{
			"email": "a", "extra": "{" + operation + `,"userIdentity":{"email":"a","claims":{}}}`,
		}},
		"userIdentity in properties": {"", `"userIdentity":{"email":"a"}`, map[string]any{"email": "a", "extra": "{" + operation + "}"}},
		"a time finer than milliseconds": {`"time":"2024-03-09T12:00:00.1239999Z"`, "", map[string]any{
			"timestamp": int64(1709985600123), "extra": "{" + operation + `,"time":"2024-03-09T12:00:00.1239999Z"}`,
		}},
		"the same name in both": {`"category":"jobs"`, `"category":"other","logId":"1"`, map[string]any{
			"extra": "{" + operation + `,"category":"jobs","logId":"1","properties":{"serviceName":"jobs","actionName":"runNow","category":"other","logId":"1"}}`,
		}},
		"a known name in both": {`"requestId":"out"`, `"requestId":"in"`, map[string]any{
			"requestId": "out", "extra": "{" + operation + `,"properties":{"serviceName":"jobs","actionName":"runNow","requestId":"in"}}`,
		}},
		"a timestamp in properties":    {"", `"timestamp":1`, map[string]any{"timestamp": int64(1709985600000), "extra": "{" + operation + `,"timestamp":1}`}},
		"another audit level":          {"", `"auditLevel":"ACCOUNT_LEVEL"`, map[string]any{"auditLevel": "ACCOUNT_LEVEL"}},
		"a workspace":                  {"", `"workspaceId":"42"`, map[string]any{"workspaceId": int64(42)}},
		"the workspace of a host":      {`"Host":"adb-984752964297111.11.azuredatabricks.net"`, "", map[string]any{"workspaceId": int64(984752964297111)}},
		"a host that looks like one":   {`"Host":"adb-984752964297111.example.com"`, "", map[string]any{"workspaceId": nil}},
		"the workspace of a job":       {"", `"requestParams":"{\"orgId\":\"42\"}"`, map[string]any{"workspaceId": int64(42)}},
		"an orgId that is no number":   {"", `"requestParams":{"orgId":"x"}`, map[string]any{"workspaceId": nil}},
		"an orgId of another service":  {"", `"serviceName":"notebook","requestParams":{"orgId":"42"}`, map[string]any{"workspaceId": nil}},
		"the operation in lower case":  {`"operationName":"microsoft.databricks/x"`, "", map[string]any{"serviceName": "jobs"}},
		"a property repeated":          {"", `"requestId":"a","requestId":"b"`, map[string]any{"requestId": "b"}},
		"an unknown property repeated": {"", `"logId":"a","logId":"b"`, map[string]any{"extra": "{" + operation + `,"logId":"b"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			row, reason := cleanse(azure(tc.envelope, tc.properties))
			if reason != "" {
				t.Fatal(reason)
			}
			if diff := differ(tc.want, row); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoEnvelope(t *testing.T) {
	const properties = `,"properties":{"serviceName":"jobs","requestId":"r"}`
	for name, tc := range map[string]struct{ line, reason string }{
		"another product":      {`{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Storage/x"` + properties + "}", "no timestamp"},
		"no operation":         {`{"time":"2024-03-09T12:00:00Z"` + properties + "}", "no timestamp"},
		"no time":              {`{"operationName":"Microsoft.Databricks/x"` + properties + "}", "no timestamp"},
		"a time that is none":  {`{"time":"soon","operationName":"Microsoft.Databricks/x"` + properties + "}", `time is not a time of RFC 3339: "soon"`},
		"a time without zone":  {`{"time":"2024-03-09T12:00:00","operationName":"Microsoft.Databricks/x"` + properties + "}", `time is not a time of RFC 3339: "2024-03-09T12:00:00"`},
		"a time long ago":      {`{"time":"1999-03-09T12:00:00Z","operationName":"Microsoft.Databricks/x"` + properties + "}", "event time 1999-03-09T12:00:00Z is before 2013 or more than 2 days ahead"},
		"properties as text":   {`{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/x","properties":"{}"}`, "no timestamp"},
		"a service beside":     {`{"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/x","serviceName":"x"` + properties + "}", "no timestamp"},
		"a timestamp beside":   {`{"timestamp":1709985600000,"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/x"` + properties + "}", ""},
		"a null timestamp too": {`{"timestamp":null,"time":"2024-03-09T12:00:00Z","operationName":"Microsoft.Databricks/x"` + properties + "}", "no timestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			row, reason := cleanse(tc.line)
			if string(reason) != tc.reason {
				t.Errorf("reason %q, want %q", reason, tc.reason)
			}
			if reason == "" && row["requestId"] != nil {
				t.Errorf("a native event has the properties of an envelope: %v", row)
			}
		})
	}
}

func TestWrapped(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, tc := range map[string]struct {
		line string
		want []string // nil: it wraps nothing
	}{
		"one record":               {`{"records":[{"a":1}]}`, []string{`{"a":1}`}},
		"records as they are":      {" { \"records\" : [ {\"a\": [1, \"]\\\"}\"]} ,\t-1.5e3,\"x\", null,[] , {} ] } ", []string{`{"a": [1, "]\"}"]}`, "-1.5e3", `"x"`, "null", "[]", "{}"}},
		"no record":                {`{"records":[]}`, nil},
		"an event":                 {`{"timestamp":1,"records":[1]}`, nil},
		"more members":             {`{"records":[1],"x":2}`, nil},
		"the member twice":         {`{"records":[1],"records":[2]}`, nil},
		"no array":                 {`{"records":{"a":1}}`, nil},
		"a line that breaks off":   {`{"records":[{"a":1},{"b"`, nil},
		"something behind it":      {`{"records":[1]} x`, nil},
		"not UTF-8":                {"{\"records\":[\"\xff\"]}", nil},
		"deeper than anyone reads": {`{"records":[` + deep + `]}`, nil},
		"an array":                 {`[{"records":[1]}]`, nil},
		"nothing":                  {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			records, n, ok := event.Wrapped([]byte(tc.line))
			if ok != (tc.want != nil) || int(n) != len(tc.want) {
				t.Fatalf("ok %t, %d records, want %d", ok, n, len(tc.want))
			}
			var got []string
			if ok {
				for r := range records {
					got = append(got, string(r))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARecordSaysItsPlace(t *testing.T) {
	c, b := event.NewCleanser(), event.NewBatch()
	from := origin()
	from.EventIndex, from.EventCount = 2, 3
	if reason := c.Append(b, []byte(azure("", "")), from); reason != "" {
		t.Fatal(reason)
	}
	if diff := differ(map[string]any{"eventIndex": int64(2), "eventCount": int64(3), "lineNumber": int64(3)}, b.Row(0)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	if key := c.Key(); fmt.Sprintf("%x", key) != b.Row(0)["eventKey"] {
		t.Errorf("Key = %x, eventKey = %v", key, b.Row(0)["eventKey"])
	}
}

// TestOneCleanserForBothForms proves that neither form leaves a trace in the other.
func TestOneCleanserForBothForms(t *testing.T) {
	lines := []string{
		azure(`"identity":"{\"email\":\"a\"}"`, `"requestParams":"{\"a\":\"1\"}","response":"{\"statusCode\":1}"`),
		`{"timestamp":1709985600000}`,
		azure("", ""),
		azure(`"Host":"adb-42.1.azuredatabricks.net"`, `"requestParams":"{\"b\":"`),
		`{"timestamp":1709985600000,"serviceName":"jobs","requestParams":{"orgId":"42"}}`,
		`{"records":[]}`,
	}
	used := event.NewCleanser()
	for _, order := range [][]int{{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 0, 4, 0, 3, 1}} {
		for _, i := range order {
			want, reason := cleanse(lines[i])
			b := event.NewBatch()
			if got := used.Append(b, []byte(lines[i]), origin()); got != reason {
				t.Fatalf("reason %q, by a new cleanser %q", got, reason)
			}
			if reason == "" {
				if diff := cmp.Diff(want, b.Row(0)); diff != "" {
					t.Errorf("line %d in order %v (-new +used):\n%s", i, order, diff)
				}
			}
		}
	}
}

func TestClassesOfReasons(t *testing.T) {
	for line, want := range map[string]event.Class{
		"\xff": event.BrokenText, "{": event.NotAnEvent, "[]": event.NotAnEvent, strings.Repeat("[", 400) + strings.Repeat("]", 400): event.NotAnEvent,
		"{}": event.BadTime, `{"timestamp":1.5}`: event.BadTime, `{"timestamp":1}`: event.BadTime,
		azure(`"time":"never"`, ""): event.BadTime, azure(`"time":"1999-01-01T00:00:00Z"`, ""): event.BadTime,
	} {
		c := event.NewCleanser()
		if reason := c.Append(event.NewBatch(), []byte(line), origin()); reason == "" || c.Class() != want {
			t.Errorf("%.40q: %q of class %d, want %d", line, reason, c.Class(), want)
		}
	}
}
