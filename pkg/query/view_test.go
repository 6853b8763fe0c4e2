package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/query"
)

// The columns are those of Databricks' reference of system.access.audit, in its order.
func TestColumnsOfTheView(t *testing.T) {
	v, ok := query.FindView("System.Access.AUDIT")
	if !ok {
		t.Fatal("there is no view")
	}
	var got strings.Builder
	for _, c := range v.Columns {
		fmt.Fprintf(&got, "%s %s = %s\n", c.Name(), c.Type, c.Expr())
	}
	want := `account_id string = accountId
workspace_id string = cast(workspaceId as string)
version string = version
event_time timestamp = date_time
event_date date = date
source_ip_address string = sourceIPAddress
user_agent string = userAgent
session_id string = sessionId
user_identity.email string = email
user_identity.subject_name string = subjectName
service_name string = serviceName
action_name string = actionName
request_id string = requestId
request_params map<string,string> = requestParams
response.status_code long = response.statusCode
response.error_message string = response.errorMessage
response.result string = response.result
audit_level string = auditLevel
event_id string = eventKey
identity_metadata.run_by string = coalesce(get_json_object(identityMetadata, '$.runBy'), get_json_object(identityMetadata, '$.run_by'))
identity_metadata.run_as string = coalesce(get_json_object(identityMetadata, '$.runAs'), get_json_object(identityMetadata, '$.run_as'))
identity_metadata.acting_resource string = coalesce(get_json_object(identityMetadata, '$.actingResource'), get_json_object(identityMetadata, '$.acting_resource'))
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPathsOfTheView(t *testing.T) {
	v, _ := query.FindView("audit")
	for path, want := range map[string]string{
		"EVENT_TIME":                "date_time",
		"request_params":            "requestParams",
		"Request_Params.Cluster_ID": "requestParams.Cluster_ID", // keys are as they are
		"request_params.a.b":        "requestParams.a.b",
		"response.Status_Code":      "response.statusCode",
		"user_identity":             "",
		"user_identity.nothing":     "",
		"event_time.x":              "",
		"requestParams.x":           "",
	} {
		e, ok := v.Find(strings.Split(path, "."))
		if got := fmt.Sprint(e); ok && got != want || ok != (want != "") {
			t.Errorf("%s is %s", path, got)
		}
	}
	if n := len(v.Fields([]string{"Response"})); n != 3 {
		t.Errorf("response has %d fields", n)
	}
	for _, name := range []string{"lookups.audit", "audits", "", "system.access"} {
		if _, ok := query.FindView(name); ok {
			t.Errorf("%q is a view", name)
		}
	}
}
