package etl

import (
	"fmt"
	"strings"
)

// Words are what engines say differently in the SQL of derived columns. Each gives
// an expression over a row of silver, whose columns it may name without quotes.
type Words struct {
	// Param is a parameter as text; null if it is missing or empty.
	Param func(key string) string
	// Member is the text of a member of a JSON object given as text; null if that is
	// no object, or the member is missing, null or empty.
	Member func(object, key string) string
	// Group is what the first group of a pattern matched; null if nothing did.
	Group func(text, pattern string) string
	// Matches says whether a pattern matches; null of null.
	Matches func(text, pattern string) string
}

func coalesceSQL(of ...string) string { return "coalesce(" + strings.Join(of, ", ") + ")" }

func (w Words) params(keys ...string) (all []string) {
	for _, k := range keys {
		all = append(all, w.Param(k))
	}
	return all
}

func firstParamSQL(keys ...string) func(Words) string {
	return func(w Words) string { return coalesceSQL(w.params(keys...)...) }
}

func clusterIDSQL(w Words) string {
	return coalesceSQL(append(w.params(clusterIDs()...), w.Member("response.result", "cluster_id"))...)
}

func jobIDSQL(w Words) string {
	return coalesceSQL(append(w.params(jobIDs()...), w.Member("response.result", "job_id"))...)
}

func jobOfClusterSQL(w Words) string {
	return coalesceSQL(
		w.Member(w.Param("custom_tags"), "JobId"),
		w.Group(w.Param("acl_path_prefix"), jobACLPattern),
		w.Group(w.Param("idempotency_token"), jobIdempotencyPattern),
		w.Group(w.Param("cluster_name"), jobClusterPattern),
	)
}

func interactiveSQL(w Words) string {
	not := []string{
		w.Param("cluster_creator") + " IS NOT NULL",
		coalesceSQL(w.Matches(w.Param("cluster_name"), anyJobClusterPattern), "FALSE"),
		coalesceSQL(w.Param("cluster_source")+" IN ('JOB', 'PIPELINE', 'PIPELINE_MAINTENANCE', 'SQL', 'MODELS')", "FALSE"),
	}
	for _, tag := range originTags() {
		not = append(not, w.Member(w.Param("custom_tags"), tag)+" IS NOT NULL")
	}
	return "NOT (" + strings.Join(not, " OR ") + ")"
}

const describesClusterSQL = "actionName IN ('create', 'edit')"

func isInteractiveSQL(w Words) string {
	return fmt.Sprintf("CASE WHEN %s THEN %s END", describesClusterSQL, interactiveSQL(w))
}

func creatorSQL(w Words) string {
	return fmt.Sprintf("CASE WHEN %s THEN %s END", describesClusterSQL, coalesceSQL(
		w.Param("cluster_creator"),
		fmt.Sprintf("CASE WHEN %s THEN 'user' END", interactiveSQL(w)),
		w.Param("cluster_source"),
		fmt.Sprintf("CASE WHEN %s IS NOT NULL THEN 'JOB' ELSE 'SYSTEM' END", jobOfClusterSQL(w)),
	))
}

// autoterminationMinutesSQL reads what Go does, underscores between digits too, but
// for hexadecimal numbers with an exponent.
func autoterminationMinutesSQL(w Words) string {
	const (
		digits = `[0-9]+(_[0-9]+)*`
		whole  = `\A[+-]?[0-9]+\z`
		number = `\A[+-]?(` + digits + `[.]?(` + digits + `)?|[.]` + digits + `)([eE][+-]?` + digits + `)?\z`
	)
	v := w.Param("autotermination_minutes")
	long, double := fmt.Sprintf("TRY_CAST(%s AS BIGINT)", v), fmt.Sprintf("TRY_CAST(replace(%s, '_', '') AS DOUBLE)", v)
	return fmt.Sprintf("CASE WHEN %[1]s AND %[2]s IS NOT NULL THEN %[2]s"+
		" WHEN %[3]s AND %[4]s = floor(%[4]s) AND %[4]s >= -9223372036854775808E0 AND %[4]s < 9223372036854775808E0 THEN CAST(%[4]s AS BIGINT) END",
		w.Matches(v, whole), long, w.Matches(v, number), double)
}
