package etl_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// derivedOf brings one event through the layers and gives the derived columns of
// its gold row that want names.
func derivedOf(t *testing.T, service, action, params, result string, want map[string]any) map[string]any {
	t.Helper()
	w := newWorld(t)
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	w.deliver(file1, fmt.Sprintf(`{"timestamp":%d,"serviceName":%q,"actionName":%q,"requestParams":%s,"response":{"statusCode":200,"result":%s}}`,
		now().UnixMilli(), service, action, params, text))
	w.run()
	row, got := rowsOf(t, w.lake, service)[0], map[string]any{}
	for k := range want {
		v, ok := row[k]
		if !ok {
			t.Errorf("there is no column %s", k)
		}
		got[k] = v
	}
	return got
}

func TestClusterColumns(t *testing.T) {
	type row = map[string]any
	for name, tc := range map[string]struct {
		action, params, result string
		want                   row
	}{
		"a job cluster of 2019": {
			"create", `{"cluster_name":"job-31303-run-7","cluster_creator":"JOB_LAUNCHER","autotermination_minutes":0}`, `{"cluster_id":"1228-1"}`,
			row{"clusterId": "1228-1", "jobId": "31303", "isInteractive": false, "creator": "JOB_LAUNCHER", "autoterminationMinutes": int64(0)},
		},
		"a person's cluster": {
			"create", `{"cluster_name":"my-test","autotermination_minutes":"120"}`, `{"cluster_id":"c"}`,
			row{"clusterId": "c", "jobId": nil, "isInteractive": true, "creator": "user", "autoterminationMinutes": int64(120)},
		},
		"the creator is null": {
			"create", `{"cluster_name":"x","cluster_creator":null}`, ``,
			row{"clusterId": nil, "isInteractive": true, "creator": "user", "autoterminationMinutes": nil},
		},
		"a newer job cluster without creator": {
			"create", `{"cluster_name":"job-236466838801020-run-236466838801020-main","cluster_source":"JOB"}`, ``,
			row{"jobId": "236466838801020", "isInteractive": false, "creator": "JOB"},
		},
		"a job cluster by its name alone": {
			"create", `{"cluster_name":"job-5-run-6"}`, ``, row{"jobId": "5", "isInteractive": false, "creator": "JOB"},
		},
		"a name that only looks like a job's": {
			"create", `{"cluster_name":"my job-5-run-6"}`, ``, row{"jobId": nil, "isInteractive": true},
		},
		"a name that begins like a job's": {
			"create", `{"cluster_name":"job-5"}`, ``, row{"jobId": nil, "isInteractive": true},
		},
		"a job name without a number": {
			"create", `{"cluster_name":"job-x-run-6"}`, ``, row{"jobId": nil, "isInteractive": false, "creator": "SYSTEM"},
		},
		"the tag before all": {
			"create", `{"custom_tags":"{\"JobId\":\"1\",\"RunName\":\"r\"}","acl_path_prefix":"/clusters/jobs/2/x","idempotency_token":"jobs/job-3-run-1-attempt-1","cluster_name":"job-4-run-1"}`, ``,
			row{"jobId": "1", "isInteractive": false},
		},
		"the tag as an object and a number": {
			"create", `{"custom_tags":{"JobId":9007199254740993}}`, ``, row{"jobId": "9007199254740993", "isInteractive": false},
		},
		"the access path before the token": {
			"create", `{"acl_path_prefix":"/clusters/jobs/2/x","idempotency_token":"jobs/job-3-run-1-attempt-1","cluster_name":"job-4-run-1"}`, ``, row{"jobId": "2"},
		},
		"the token before the name": {
			"create", `{"idempotency_token":"jobs/job-49-run-80-attempt-1","cluster_name":"job-4-run-1"}`, ``, row{"jobId": "49"},
		},
		"tags that are no JSON":  {"create", `{"custom_tags":"{JobId: 1","cluster_name":"job-4-run-1"}`, ``, row{"jobId": "4"}},
		"tags of a person":       {"create", `{"custom_tags":"{\"team\":\"JobId\"}","cluster_name":"x"}`, ``, row{"jobId": nil, "isInteractive": true}},
		"an empty job tag":       {"create", `{"custom_tags":"{\"JobId\":\"\"}","cluster_name":"x"}`, ``, row{"jobId": nil, "isInteractive": true}},
		"a SQL warehouse":        {"create", `{"custom_tags":"{\"SqlEndpointId\":\"e\"}","cluster_name":"x"}`, ``, row{"isInteractive": false, "creator": "SYSTEM"}},
		"a pipeline by its tag":  {"create", `{"custom_tags":"{\"DltPipelineId\":\"e\"}"}`, ``, row{"isInteractive": false}},
		"a pipeline":             {"create", `{"cluster_source":"PIPELINE_MAINTENANCE"}`, ``, row{"isInteractive": false, "creator": "PIPELINE_MAINTENANCE"}},
		"a model server":         {"create", `{"cluster_source":"MODELS"}`, ``, row{"isInteractive": false}},
		"by the user interface":  {"create", `{"cluster_source":"UI"}`, ``, row{"isInteractive": true, "creator": "user"}},
		"by the API":             {"create", `{"cluster_source":"API"}`, ``, row{"isInteractive": true, "creator": "user"}},
		"an edit":                {"edit", `{"cluster_id":"a","clusterId":"b","resourceId":"c"}`, `{"cluster_id":"d"}`, row{"clusterId": "a"}},
		"a result":               {"createResult", `{"clusterId":"b","resourceId":"c"}`, ``, row{"clusterId": "b"}},
		"a change of rights":     {"changeClusterAcl", `{"resourceId":"c"}`, ``, row{"clusterId": "c"}},
		"an empty id":            {"create", `{"cluster_id":""}`, `{"cluster_id":"d"}`, row{"clusterId": "d"}},
		"a result that is no id": {"create", `{}`, `cluster_id is missing`, row{"clusterId": nil}},
		"a null id":              {"create", `{}`, `{"cluster_id":null}`, row{"clusterId": nil}},
		"no parameters":          {"create", `null`, `{"cluster_id":"d"}`, row{"clusterId": "d", "jobId": nil, "isInteractive": true}},
		"minutes with a point":   {"create", `{"autotermination_minutes":10.0}`, ``, row{"autoterminationMinutes": int64(10)}},
		"minutes with fractions": {"create", `{"autotermination_minutes":"10.5"}`, ``, row{"autoterminationMinutes": nil}},
		"minutes empty":          {"create", `{"autotermination_minutes":""}`, ``, row{"autoterminationMinutes": nil}},
		"minutes too large":      {"create", `{"autotermination_minutes":1e30}`, ``, row{"autoterminationMinutes": nil}},
		"minutes not a number":   {"create", `{"autotermination_minutes":"NaN"}`, ``, row{"autoterminationMinutes": nil}},
		"minutes -1":             {"create", `{"autotermination_minutes":-1}`, ``, row{"autoterminationMinutes": int64(-1)}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, derivedOf(t, "clusters", tc.action, tc.params, tc.result, tc.want)); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJobColumns(t *testing.T) {
	type row = map[string]any
	for name, tc := range map[string]struct {
		action, params, result string
		want                   row
	}{
		"created":               {"create", `{"name":"n"}`, `{"job_id":31303}`, row{"jobId": "31303", "runId": nil, "clusterId": nil}},
		"a large id":            {"create", `{}`, `{"job_id":9007199254740993}`, row{"jobId": "9007199254740993"}},
		"updated":               {"update", `{"job_id":"5"}`, ``, row{"jobId": "5"}},
		"succeeded":             {"runSucceeded", `{"jobId":5,"runId":6,"jobRunId":7,"clusterId":"c"}`, ``, row{"jobId": "5", "runId": "6", "clusterId": "c"}},
		"started, another name": {"runStart", `{"jobId":5,"jobRunId":7}`, ``, row{"runId": "7"}},
		"a change of rights":    {"changeJobAcl", `{"resourceId":"5"}`, ``, row{"jobId": "5"}},
		"an existing cluster":   {"create", `{"existing_cluster_id":"e"}`, `{"job_id":1}`, row{"jobId": "1", "clusterId": "e"}},
		"an error":              {"create", `{}`, `job_id`, row{"jobId": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, derivedOf(t, "jobs", tc.action, tc.params, tc.result, tc.want)); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}
