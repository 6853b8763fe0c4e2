package etl

import (
	"bytes"
	"regexp"
	"strconv"

	"github.com/valyala/fastjson"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/event"
)

// derived is a typed column of one service's gold table, made from the event: here
// and, by the statements of a Recipe, on another engine. docs/format.md describes
// each. To add one, add it here.
type derived struct {
	name string
	typ  columnar.Type
	of   func(*facts) columnar.Value // Kind Invalid: null
	sql  func(Words) string          // the same, for other engines
}

func derivedColumns(table string) []derived { return derivations()[table] }

// derivations are the derived columns of each table that has any.
func derivations() map[string][]derived {
	boolean := columnar.Of(columnar.Boolean)
	return map[string][]derived{
		"clusters": {
			{"clusterId", text, clusterID, clusterIDSQL},
			{"jobId", text, jobOfCluster, jobOfClusterSQL},
			{"isInteractive", boolean, isInteractive, isInteractiveSQL},
			{"creator", text, creator, creatorSQL},
			{"autoterminationMinutes", long, autoterminationMinutes, autoterminationMinutesSQL},
		},
		"jobs": {
			{"jobId", text, jobID, jobIDSQL},
			{"runId", text, firstParam(runIDs()...), firstParamSQL(runIDs()...)},
			{"clusterId", text, firstParam(clusterIDsOfJobs()...), firstParamSQL(clusterIDsOfJobs()...)},
		},
	}
}

// facts is the part of an event that derived columns are made of.
type facts struct {
	action []byte
	param  func(key string) ([]byte, bool) // of requestParams, as silver has it
	result []byte                          // response.result
	json   fastjson.Parser
}

// filled is a parameter that is neither null nor empty.
func (f *facts) filled(key string) ([]byte, bool) {
	v, ok := f.param(key)
	return v, ok && len(v) > 0
}

func stringValue(s []byte) columnar.Value {
	return columnar.Value{Kind: columnar.String, Bytes: bytes.Clone(s)}
}

func firstParam(keys ...string) func(*facts) columnar.Value {
	return func(f *facts) columnar.Value {
		for _, k := range keys {
			if v, ok := f.filled(k); ok {
				return stringValue(v)
			}
		}
		return columnar.Value{}
	}
}

// member is the text of a member of a JSON object that is given as text.
func (f *facts) member(object []byte, key string) ([]byte, bool) {
	if len(object) == 0 || object[0] != '{' || !bytes.Contains(object, []byte(key)) || event.TooMany(object) {
		return nil, false
	}
	v, err := f.json.ParseBytes(object)
	if err != nil {
		return nil, false
	}
	switch m := v.Get(key); {
	case m == nil || m.Type() == fastjson.TypeNull:
		return nil, false
	case m.Type() == fastjson.TypeString:
		s, err := m.StringBytes()
		return s, err == nil && len(s) > 0
	default:
		return m.MarshalTo(nil), true
	}
}

// The parameters that say who an event is about, the best first.
func clusterIDs() []string       { return []string{"cluster_id", "clusterId", "resourceId"} }
func jobIDs() []string           { return []string{"jobId", "job_id", "resourceId"} }
func runIDs() []string           { return []string{"runId", "run_id", "jobRunId"} }
func clusterIDsOfJobs() []string { return []string{"clusterId", "cluster_id", "existing_cluster_id"} }

// clusterID: each action says it elsewhere; a create only in its result.
func clusterID(f *facts) columnar.Value {
	if v := firstParam(clusterIDs()...)(f); v.Kind != columnar.Invalid {
		return v
	}
	if id, ok := f.member(f.result, "cluster_id"); ok {
		return stringValue(id)
	}
	return columnar.Value{}
}

// Patterns that mean the same to Go, Java and Trino: \A and not ^, [0-9] and not \d,
// [^\n] and not a dot.
const (
	jobClusterPattern     = `\Ajob-([0-9]+)-run-[0-9]`
	jobACLPattern         = `\A/clusters/jobs/([0-9]+)`
	jobIdempotencyPattern = `\Ajobs/job-([0-9]+)-`
	anyJobClusterPattern  = `\Ajob-[^\n]*-run-`
)

var (
	jobClusterName    = regexp.MustCompile(jobClusterPattern)
	jobACLPath        = regexp.MustCompile(jobACLPattern)
	jobIdempotency    = regexp.MustCompile(jobIdempotencyPattern)
	anyJobClusterName = regexp.MustCompile(anyJobClusterPattern)
)

// jobOfCluster is the job that a cluster was made for. The name alone is the
// last resort: people call clusters my-test.
func jobOfCluster(f *facts) columnar.Value {
	if tags, ok := f.filled("custom_tags"); ok {
		if id, ok := f.member(tags, "JobId"); ok {
			return stringValue(id)
		}
	}
	for _, from := range []struct {
		key     string
		pattern *regexp.Regexp
	}{
		{"acl_path_prefix", jobACLPath},
		{"idempotency_token", jobIdempotency},
		{"cluster_name", jobClusterName},
	} {
		if v, ok := f.filled(from.key); ok {
			if m := from.pattern.FindSubmatch(v); m != nil {
				return stringValue(m[1])
			}
		}
	}
	return columnar.Value{}
}

// originTags are the tags of clusters that no person made.
func originTags() []string { return []string{"JobId", "SqlEndpointId", "DltPipelineId"} }

// interactive says that a person made the cluster: nothing names a job, a
// pipeline, a SQL warehouse or a model server as its origin. Job clusters have
// autotermination 0 by nature, so the panels stand and fall with this.
func interactive(f *facts) bool {
	if _, ok := f.filled("cluster_creator"); ok {
		return false
	}
	if name, ok := f.filled("cluster_name"); ok && anyJobClusterName.Match(name) {
		return false
	}
	if source, ok := f.filled("cluster_source"); ok {
		switch string(source) {
		case "JOB", "PIPELINE", "PIPELINE_MAINTENANCE", "SQL", "MODELS":
			return false
		}
	}
	if tags, ok := f.filled("custom_tags"); ok {
		for _, tag := range originTags() {
			if _, ok := f.member(tags, tag); ok {
				return false
			}
		}
	}
	return true
}

// describesCluster says that the event has the parameters that tell what kind of
// cluster it is about; others have no more than its id.
func describesCluster(f *facts) bool {
	return string(f.action) == "create" || string(f.action) == "edit"
}

func isInteractive(f *facts) columnar.Value {
	if !describesCluster(f) {
		return columnar.Value{}
	}
	if interactive(f) {
		return columnar.IntValue(columnar.Boolean, 1)
	}
	return columnar.IntValue(columnar.Boolean, 0)
}

// creator is what made the cluster: cluster_creator as old events have it, else
// "user", else the newer cluster_source.
func creator(f *facts) columnar.Value {
	if !describesCluster(f) {
		return columnar.Value{}
	}
	if v, ok := f.filled("cluster_creator"); ok {
		return stringValue(v)
	}
	if interactive(f) {
		return columnar.StringValue("user")
	}
	if v, ok := f.filled("cluster_source"); ok {
		return stringValue(v)
	}
	if jobOfCluster(f).Kind != columnar.Invalid {
		return columnar.StringValue("JOB")
	}
	return columnar.StringValue("SYSTEM")
}

// autoterminationMinutes compares as a number; the delivered value is a number
// or a string.
func autoterminationMinutes(f *facts) columnar.Value {
	v, ok := f.filled("autotermination_minutes")
	if !ok {
		return columnar.Value{}
	}
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return columnar.IntValue(columnar.Long, n)
	}
	if x, err := strconv.ParseFloat(string(v), 64); err == nil && x == float64(int64(x)) {
		return columnar.IntValue(columnar.Long, int64(x))
	}
	return columnar.Value{}
}

func jobID(f *facts) columnar.Value {
	if v := firstParam(jobIDs()...)(f); v.Kind != columnar.Invalid {
		return v
	}
	if id, ok := f.member(f.result, "job_id"); ok {
		return stringValue(id)
	}
	return columnar.Value{}
}
