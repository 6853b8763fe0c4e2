package event_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/etl/event"
)

// azureSample is what a row of a sample event has to be.
type azureSample struct {
	time                     string
	service, action, request string
	email, session, address  any
	agent                    string
	params                   map[string]any
	response                 any
	outcome                  string
	resource, log, where     string
}

func answer(status int64, message any) map[string]any {
	return map[string]any{"statusCode": status, "errorMessage": message, "result": nil}
}

func azureSamples() []azureSample {
	login := azureSample{
		service: "accounts", action: "tokenLogin", request: "0018d88c-2f52-4cf0-86a4-8d1dc416ab10",
		email: "abc.h@abc.com", address: "20.193.136.102",
		agent: "Apache-HttpClient/4.5.14 (Java/17.0.13) Databricks-Service/driver DBHttpClient/v2RawClient",
		params: map[string]any{
			"user": "abc@abc.com", "tokenId": "kfhjgjfhdgjkdh39284783297423943hejhfkdsfh39", "authenticationMethod": "API_INT_PAT_TOKEN",
		},
		response: answer(200, nil), outcome: "succeeded",
		resource: "5C0C81D4-656F-415D-8599-DCD86F2F665E/RESOURCEGROUPS/DATABRICKSTEST/PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/DATABRICK-TEST",
		log:      "87e1a69e-444a-434e-a0be-648b1797e6d9", where: "1234-123456-ab1c2d3e-12-123-12-1",
	}
	first, second := login, login
	first.time, second.time = "2025-05-01T13:43:28Z", "2025-06-05T13:55:56Z"
	const nexus = "/RESOURCEGROUPS/NEXUS/PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/"
	statement := func(at, request, session, subscription, host, log, warehouse, command, text, email string) azureSample {
		return azureSample{
			time: at, service: "databrickssql", action: "commandSubmit", request: request, email: email, session: session,
			params:  map[string]any{"warehouseId": warehouse, "commandId": command, "commandText": text},
			outcome: "unknown", resource: subscription + nexus + "DATABRICK-TEST", log: log, where: host,
		}
	}
	const jweHri, aldHost = "8JWEHRI-656F-415D-8599-DCD86F2F665E", "0526-070308-ald41zyz-10-139-74-1"
	view := func(text string) azureSample {
		return statement("2025-05-26T15:44:04Z", "31b1fa55-ca89-4b99-add8-bc3d1267e671", "01f03a48-4064-1013-9da7-a6f7b1bb7f0b",
			jweHri, aldHost, "86328842-d81b-3648-8466-f57bbc266f22", "75f94533c2374cfa", "01f03a48-406e-17df-9a82-7335f9404a69", text, "abc@abc.com")
	}
	finish := func(message any) azureSample {
		return azureSample{
			time: "2025-05-20T17:59:01Z", service: "databrickssql", action: "commandFinish", request: "317ff959-7147-42ba-9009-b5f7b5279094",
			email: "System-User", session: "01f035a4-18f0-1667-ac2c-aabd587fbc36",
			params:   map[string]any{"warehouseId": "75f94533c2374cfa", "commandId": "01f035a4-191c-13ae-8b5a-7ffa329cbb4c"},
			response: answer(400, message), outcome: "error",
			resource: "5C0C81D4-656F-415D-8599-DCD86F2F665E" + nexus + "DATABRICK-TEST",
			log:      "ed28a166-6bac-342b-b8d0-237037250589", where: "0520-070249-lol2uedj-10-139-96-0",
		}
	}
	return []azureSample{
		first,
		second,
		statement("2025-05-20T18:02:06Z", "bcc13087-c08c-46e7-91d2-542c8e70d455", "01f035a4-8aaf-10a6-a7e0-6a4bdc6dbdee",
			"5C0C81D4-656F-415D-8599-DCD86F2F665E", "0520-070249-lol2uedj-10-139-96-0", "65ca7d4e-410d-3051-b646-8159f9249d2b",
			"98f94533c2374cfa", "01f035a4-8ac8-1b9b-a9f4-d60c6c929805",
			"INSERT INTO sql_test_a (ID, FIRST_NAME, LAST_NAME) VALUES ('5', 'Steve', 'Jobs')", "abc.h@abc.com"),
		statement("2025-05-26T15:52:46Z", "ebbfdd8d-5c7c-4e45-88a6-bee1de75243f", "01f03a49-77e8-12ce-a914-5ad6d3cf3b47",
			"6C0A81D4-656F-415D-8599-DCD86F2F665E", aldHost, "564590ed-bb0e-3004-8316-bd9449497e93",
			"75f94533c2374cfa", "01f03a49-77ec-1901-9623-18fcec1c5e2c", "SELECT * FROM test", "abc@abc.com"),
		view("CREATE TEMPORARY VIEW test(id, name) AS\n  VALUES ( 1, 'Lisa'),\n         ( 2, 'Mary'),\n         ( 3, 'Evan'),\n         ( 4, 'Fred'),\n         ( 7, 'Lily')"),
		view("SHOW FUNCTIONS LIKE 't*'"),
		finish("[USER_RAISED_EXCEPTION] This is a custom error message SQLSTATE: P0001"),
		finish(nil),
		{
			time: "2025-06-19T14:38:01Z", service: "notebook", action: "runCommand", request: "da7cc2fa-0f08-45e6-b241-54b20acc4eb7",
			email: "abc@abc.com", address: "0.1.87.5",
			agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
			params: map[string]any{
				"notebookId": "3116387834167860", "clusterId": "0611-191046-ba0xnptx", "executionTime": "0.289", "status": "failed",
				"commandLanguage": "python", "commandId": "7254928687120170", "commandText": "SELECT * FROM hive_metastore.default.my_table1;",
			},
			response: answer(1, "InnerExecutionException: null"), outcome: "error",
			resource: "5C0C81D4-656F-415D-8599-DCD86F2F665E" + nexus + "AZUREMTSERVER",
			log:      "2b9419c3-9cac-31f4-bb9c-073dfa658974", where: "0619-070308-hw7n9ftr-10-139-92-0",
		},
	}
}

// row is the sample as a row without its eventKey.
func (s azureSample) row(t *testing.T) map[string]any {
	at, err := time.Parse(time.RFC3339, s.time)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"version": nil, "auditLevel": "WORKSPACE_LEVEL", "timestamp": at.UnixMilli(), "orgId": nil, "workspaceId": nil, "accountId": nil,
		"shardName": nil, "sourceIPAddress": s.address, "userAgent": s.agent, "sessionId": s.session, "serviceName": s.service,
		"actionName": s.action, "requestId": s.request, "email": s.email, "subjectName": nil, "actor": s.email, "date_time": at,
		"date": at.Truncate(24 * time.Hour), "requestParams": s.params, "response": s.response, "outcome": s.outcome, "identityMetadata": nil,
		"extra": `{"resourceId":"/SUBSCRIPTIONS/` + s.resource + `","operationVersion":"1.0.0","operationName":"Microsoft.Databricks/` +
			s.service + "/" + s.action + `","category":"` + s.service + `","Host":"` + s.where + `","logId":"` + s.log + `"}`,
		"sourceFile": "f.json", "fileId": int64(7), "lineNumber": int64(3), "ingestedAt": sampled(), "eventIndex": nil, "eventCount": nil,
	}
}

func sampled() time.Time { return time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC) }

// TestAzureSampleEvents reads nine events that are no part of this repository;
// AUDITLAKE_FIXTURES says where they are.
func TestAzureSampleEvents(t *testing.T) {
	f, err := os.Open(filepath.Join(os.Getenv("AUDITLAKE_FIXTURES"), "samples", "azure-envelope.jsonl"))
	if err != nil {
		t.Skip("the sample events are not at hand: AUDITLAKE_FIXTURES names no folder that has samples")
	}
	defer f.Close()
	want := azureSamples()
	from := origin()
	from.IngestedAt = sampled().UnixMicro()
	var lines []string
	c, b := event.NewCleanser(), event.NewBatch()
	appendLine := func(line string) {
		if reason := c.Append(b, []byte(line), from); reason != "" {
			t.Fatalf("%s: %s", line, reason)
		}
	}
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
		appendLine(s.Text())
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d", len(lines), len(want))
	}
	for i, w := range want {
		got := b.Row(i)
		if key, _ := got["eventKey"].(string); len(key) != 32 {
			t.Errorf("line %d: eventKey = %q", i+1, key)
		}
		delete(got, "eventKey")
		if diff := cmp.Diff(w.row(t), got); diff != "" {
			t.Errorf("line %d (-want +got):\n%s", i+1, diff)
		}
	}
	// As one line of Event Hubs they are the same events.
	records, n, ok := event.Wrapped([]byte(`{"records": [` + strings.Join(lines, ", ") + `]}`))
	if !ok || int(n) != len(lines) {
		t.Fatalf("wrapped, they are %d records", n)
	}
	i := 0
	for r := range records {
		if string(r) != lines[i] {
			t.Errorf("record %d is\n%s\nwant\n%s", i, r, lines[i])
		}
		i++
	}
}
