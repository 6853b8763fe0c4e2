// Package oddities is delivered events whose gold rows are hard to make right: keys
// that differ in letter case alone, keys without a field, services that share a
// table or have a name that is taken, and every way in which a derived column is
// found or not. Tests hold with them that another engine makes the same of silver.
package oddities

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Start is the time of the first event; each further one is a second later.
func Start() time.Time { return time.Date(2024, 3, 10, 9, 0, 0, 0, time.UTC) }

// Key is where a file with the events is to be delivered.
const Key = "workspaceId=42/date=2024-03-10/auditlogs_odd.json"

// wide is more keys than a table has fields for.
const wide = 420

// Lines are the events, one a line.
func Lines() string {
	var out strings.Builder
	n := 0
	add := func(service any, action, params, result string) {
		name, err := json.Marshal(service)
		if err != nil {
			panic(err) // of a string or nil: cannot be
		}
		text, err := json.Marshal(result)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&out, `{"timestamp":%d,"serviceName":%s,"actionName":%q,"requestParams":%s,"response":{"statusCode":200,"result":%s}}`+"\n",
			Start().Add(time.Duration(n)*time.Second).UnixMilli(), name, action, params, text)
		n++
	}
	for _, params := range clusterParams() {
		for _, action := range []string{"create", "edit", "delete"} {
			add("clusters", action, params, "")
		}
	}
	for _, result := range results("cluster_id") {
		add("clusters", "create", `{}`, result)
		add("clusters", "create", `{"cluster_id":""}`, result)
	}
	for _, params := range jobParams() {
		add("jobs", "runStart", params, "")
	}
	for _, result := range results("job_id") {
		add("jobs", "create", `null`, result)
	}
	for _, service := range []any{
		nil, "", "_unknown", "Odd", "ODD", "odd", "o-d", "o_d", "silver", "service-silver", "it's", `back\slash`, "new\nline", "semi;colon", "ünïcode", "a.b",
	} {
		for _, params := range oddParams() {
			add(service, "act", params, "")
		}
	}
	add("bare", "act", `null`, "")
	add("bare", "act", `{}`, "")
	add("holder", "act", `{}`, "")
	var keys []string
	for i := range wide {
		keys = append(keys, fmt.Sprintf(`"key%d":"%d"`, i, i))
	}
	add("wide", "act", "{"+strings.Join(keys, ",")+"}", "")
	add("wide", "act", `{"KEY7":"a","key7":"b","key419":"c","other":"d"}`, "")
	return out.String()
}

func oddParams() []string {
	return []string{
		`null`, `{}`, `"text"`, `{"a":"1"}`, `{"A":"2"}`, `{"a":"1","A":"2"}`, `{"A":"2","a":"1"}`, `{"aB":"x","Ab":"y","AB":"z","ab":"w"}`,
		`{"":"empty","two words":"w","dot.ted":"d","semi;colon":"s","quo\"te":"q","tick` + "`" + `":"t","büro":"b","equal=":"e","it's":"i","back\\slash":"k"}`,
		`{"a":""}`, `{"a":null}`, `{"a":1.0e3,"n":12345678901234567890,"f":0.1000,"b":true}`,
		`{"o":{"z":1.50,"y":[1,2,{"x":null}]},"e":"\u00e9\/\ud83d\ude00"}`, `{"placeholder":"p"}`, `{"` + strings.Repeat("k", 128) + `":"long","` + strings.Repeat("k", 129) + `":"longer"}`,
		`{"$path":"dollar","-":"minus","1":"one","select":"word","#":"hash","a\\u0041":"x"}`,
	}
}

func clusterParams() []string {
	all := []string{
		`null`, `{}`, `{"cluster_name":"job-31303-run-7","cluster_creator":"JOB_LAUNCHER","autotermination_minutes":0}`,
		`{"cluster_name":"my-test","autotermination_minutes":"120"}`, `{"cluster_name":"x","cluster_creator":null}`, `{"cluster_name":"x","cluster_creator":""}`,
		`{"cluster_name":"job-236466838801020-run-236466838801020-main","cluster_source":"JOB"}`, `{"cluster_name":"job-5-run-6"}`,
		`{"cluster_name":"my job-5-run-6"}`, `{"cluster_name":"x\njob-5-run-6"}`, `{"cluster_name":"job-5"}`, `{"cluster_name":"job-x-run-6"}`,
		`{"cluster_name":"job-x\n-run-6"}`, `{"cluster_name":"job-x\r-run-6"}`, `{"cluster_name":"job-x\u2028-run-6"}`, `{"cluster_name":"job-\u0663-run-6"}`,
		`{"custom_tags":"{\"JobId\":\"1\"}","acl_path_prefix":"/clusters/jobs/2/x","idempotency_token":"jobs/job-3-run-1-attempt-1","cluster_name":"job-4-run-1"}`,
		`{"acl_path_prefix":"/clusters/jobs/2/x","idempotency_token":"jobs/job-3-run-1-attempt-1","cluster_name":"job-4-run-1"}`,
		`{"acl_path_prefix":"/jobs/clusters/jobs/2","idempotency_token":"jobs/job-49-run-80-attempt-1","cluster_name":"job-4-run-1"}`,
		`{"cluster_source":"PIPELINE_MAINTENANCE"}`, `{"cluster_source":"MODELS"}`, `{"cluster_source":"UI"}`, `{"cluster_source":"API"}`, `{"cluster_source":""}`,
		`{"cluster_id":"a","clusterId":"b","resourceId":"c"}`, `{"clusterId":"b","resourceId":"c"}`, `{"resourceId":"c"}`, `{"Cluster_ID":"other case"}`,
	}
	for _, tag := range []string{"JobId", "SqlEndpointId", "DltPipelineId"} {
		for _, value := range []string{`"1"`, `""`, `null`, `9007199254740993`, `12345678901234567890`, `true`, `false`, `0`, `{"a":"b"}`, `["x","y"]`, `{}`, `[]`, `"null"`, `"\u00e9\"\\"`} {
			object := fmt.Sprintf(`{"team":"t",%q:%s}`, tag, value)
			text, _ := json.Marshal(object)
			all = append(all, fmt.Sprintf(`{"custom_tags":%s}`, object), fmt.Sprintf(`{"custom_tags":%s}`, text))
		}
	}
	for _, tags := range []string{
		`{JobId: 1`, `{"team":"JobId"}`, `{"a":{"JobId":"1"}}`, ` {"JobId":"1"}`, `[{"JobId":"1"}]`, `"JobId"`, `JobId`, ``, `{`, `{}`, `{"JobId":"1","JobId":"2"}`, `{"jobid":"1"}`,
	} {
		text, _ := json.Marshal(tags)
		all = append(all, fmt.Sprintf(`{"custom_tags":%s,"cluster_name":"job-4-run-1"}`, text))
	}
	for _, minutes := range []string{
		`10`, `10.0`, `"10.5"`, `""`, `1e30`, `"NaN"`, `-1`, `"+5"`, `"007"`, `" 7"`, `"7 "`, `"1_000"`, `"1__0"`, `"_1"`, `"1_.5"`, `"1_0.0e1_0"`, `1e3`, `1.5e1`, `"1."`, `".5"`, `"-.0"`, `"."`, `"e5"`, `"1e400"`, `"Infinity"`,
		`"10d"`, `"10f"`, `"0x10"`, `9223372036854775807`, `9223372036854775808`, `-9223372036854775808`, `-9223372036854775809`, `"9223372036854775807.0"`, `true`, `"\u0663"`, `"7\n"`, `{}`,
	} {
		all = append(all, fmt.Sprintf(`{"autotermination_minutes":%s}`, minutes))
	}
	return all
}

func jobParams() []string {
	return []string{
		`null`, `{}`, `{"jobId":5,"runId":6,"jobRunId":7,"clusterId":"c"}`, `{"job_id":"5","run_id":"6","cluster_id":"c"}`, `{"jobId":"","job_id":"","resourceId":"5"}`,
		`{"jobRunId":7,"existing_cluster_id":"e"}`, `{"jobId":9007199254740993,"JOBID":"other"}`, `{"JOBID":"other","runID":"other"}`, `{"jobId":{"a":1}}`,
	}
}

// results are responses with a member, and without it.
func results(member string) []string {
	return []string{
		``, member, `{"` + member + `":"d"}`, `{"` + member + `":31303}`, `{"` + member + `":9007199254740993}`, `{"` + member + `":null}`, `{"` + member + `":""}`,
		`{"` + member + `":{"a":"b"}}`, `{"x":{"` + member + `":"d"}}`, ` {"` + member + `":"d"}`, `{"` + member + `":"d"`, `{"` + member + `":"\u00e9\n"}`, `["` + member + `"]`,
	}
}
