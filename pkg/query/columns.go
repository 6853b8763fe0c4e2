package query

import (
	"maps"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// KnownColumn is a column that a table of a lake has, or will have, with this kind:
// a plan may read it before there is one, as null. docs/format.md describes them.
type KnownColumn struct {
	Name string // of a field of a struct with its path: response.statusCode
	Kind columnar.Kind
	// from are the request parameters that a value is made from. What no parameter
	// can be seen in has none.
	from []string
}

// KnownColumns are those of a table, in its order. Request parameters are not among
// them: whatever is below requestParams is a string; see FindKnown. A gold table may
// have further columns, and of a look-up none is known.
func KnownColumns(table string) []KnownColumn {
	if IsLookup(table) {
		return nil
	}
	switch table {
	case lake.Bronze:
		return lineKnown()
	case lake.Quarantine:
		return slices.Concat(of(columnar.String, "reason"), lineKnown(), of(columnar.Long, "eventIndex", "eventCount"))
	case lake.Runs:
		return runsKnown()
	case lake.Identities:
		return identitiesKnown()
	case lake.Silver:
		return eventKnown()
	}
	return append(eventKnown(), derivedKnown()[table]...)
}

// FindKnown is the column at a path, with the names as the table spells them, which
// are found in any letter case.
func FindKnown(table string, path []string) (Col, bool) {
	if len(path) > 1 && HasEvents(table) {
		for _, params := range [...]string{"requestParams", "requestParamsRest"} {
			if strings.EqualFold(path[0], params) {
				return Column(columnar.String, append([]string{params}, path[1:]...)...), true
			}
		}
	}
	name := strings.Join(path, ".")
	for _, c := range KnownColumns(table) {
		if strings.EqualFold(c.Name, name) {
			return Column(c.Kind, strings.Split(c.Name, ".")...), true
		}
	}
	return Col{}, false
}

// HasEvents reports whether the rows of a table are events, which have a time and
// parameters.
func HasEvents(table string) bool {
	return table != lake.Bronze && table != lake.Quarantine && table != lake.Runs && table != lake.Identities && !IsLookup(table)
}

// Within is what of a table is about a time range: a scan of it, and predicates that
// its rows have to meet. Events are by their time; lines, which have no other time,
// by the date of their delivery, for all dates (UTC) that the range touches; runs by
// their start; look-ups and identities are of no time.
func Within(table string, r TimeRange) (Scan, []Expr) {
	if HasEvents(table) {
		return Scan{table, r}, nil
	}
	if IsLookup(table) || table == lake.Identities {
		return Scan{Table: table}, nil
	}
	column, unit := Column(columnar.Date, DateColumn), dayMicros
	if table == lake.Runs {
		column, unit = Column(columnar.Timestamp, "startedAt"), 1
	}
	at := func(micros int64) Const {
		return Const{columnar.IntValue(column.Kind, (micros-mod(micros, unit))/unit)}
	}
	from, hasFrom, to, hasTo := r.Micros()
	var out []Expr
	if hasFrom {
		out = append(out, Compare{GreaterEqual, column, at(from)})
	}
	if hasTo {
		out = append(out, Compare{LessEqual, column, at(to - 1)})
	}
	return Scan{Table: table}, out
}

func of(kind columnar.Kind, names ...string) []KnownColumn {
	out := make([]KnownColumn, len(names))
	for i, name := range names {
		out[i] = KnownColumn{Name: name, Kind: kind}
	}
	return out
}

func lineKnown() []KnownColumn {
	return slices.Concat(
		of(columnar.String, "raw"),
		of(columnar.Binary, "rawBytes"),
		of(columnar.Long, "workspaceId"),
		of(columnar.Date, DateColumn),
		of(columnar.String, "sourceFile"),
		of(columnar.Long, "fileId"),
		of(columnar.String, "sourceEtag"),
		of(columnar.Long, "lineNumber"),
		of(columnar.String, "lineHash"),
		of(columnar.Timestamp, "ingestedAt"),
		of(columnar.Long, "batchId"),
	)
}

func eventKnown() []KnownColumn {
	return slices.Concat(
		of(columnar.String, "version", "auditLevel"),
		of(columnar.Long, "timestamp"),
		of(columnar.String, "orgId"),
		of(columnar.Long, "workspaceId"),
		of(columnar.String, "accountId", "shardName", "sourceIPAddress", "userAgent", "sessionId",
			"serviceName", "actionName", "requestId", "email", "subjectName"),
		[]KnownColumn{{"actor", columnar.String, []string{"user"}}},
		of(columnar.Timestamp, TimeColumn),
		of(columnar.Date, DateColumn),
		of(columnar.Long, "response.statusCode"),
		of(columnar.String, "response.errorMessage", "response.result", "outcome", "identityMetadata", "extra", "eventKey", "sourceFile"),
		of(columnar.Long, "fileId", "lineNumber"),
		of(columnar.Timestamp, "ingestedAt"),
		of(columnar.Long, "eventIndex", "eventCount"),
	)
}

// derivedKnown are the derived columns of the gold tables that have any.
func derivedKnown() map[string][]KnownColumn {
	interactive := []string{"cluster_creator", "cluster_name", "cluster_source", "custom_tags", "JobId", "SqlEndpointId", "DltPipelineId"}
	return map[string][]KnownColumn{
		"clusters": {
			{"clusterId", columnar.String, []string{"cluster_id", "clusterId", "resourceId"}},
			{"jobId", columnar.String, []string{"custom_tags", "JobId", "acl_path_prefix", "idempotency_token", "cluster_name"}},
			{"isInteractive", columnar.Boolean, interactive},
			{"creator", columnar.String, append(interactive, "acl_path_prefix", "idempotency_token")},
			{"autoterminationMinutes", columnar.Long, []string{"autotermination_minutes"}},
		},
		"jobs": {
			{"jobId", columnar.String, []string{"jobId", "job_id", "resourceId"}},
			{"runId", columnar.String, []string{"runId", "run_id", "jobRunId"}},
			{"clusterId", columnar.String, []string{"clusterId", "cluster_id", "existing_cluster_id"}},
		},
	}
}

func derivedTables() []string { return slices.Sorted(maps.Keys(derivedKnown())) }

func runsKnown() []KnownColumn {
	return slices.Concat(
		of(columnar.Timestamp, "startedAt", "finishedAt"),
		of(columnar.String, "outcome", "error"),
		of(columnar.Long, "filesRead", "bytesRead", "bronzeRows", "quarantineRows", "silverRows", "goldRows", "goldTables",
			"supersededLines", "duplicateKeys", "truncatedParams", "unrecognisedKeys", "bronzeVersion", "silverVersion"),
		of(columnar.String, "engine"),
		of(columnar.Long, "refusedText", "refusedJson", "refusedTime", "refusedDamaged", "repeatedEvents", "newTables", "newKeys",
			"overwrittenFiles", "overwriteLines", "lostLines", "deliveryLagP50Ms", "deliveryLagP95Ms", "deliveryLagMaxMs"),
	)
}

// identitiesKnown are the columns of the table of identities. What it says is made
// from parameters, too.
func identitiesKnown() []KnownColumn {
	names := []string{"targetUserName", "user"}
	return []KnownColumn{
		{"id", columnar.String, []string{"targetUserId", "targetGroupId", "userId", "user_id", "clusterOwnerUserId", "tokenCreatedBy"}},
		{Name: "kind", Kind: columnar.String},
		{"email", columnar.String, names},
		{"applicationId", columnar.String, names},
		{"displayName", columnar.String, []string{"targetGroupName"}},
		{Name: "workspaces", Kind: columnar.String},
		{Name: "firstSeen", Kind: columnar.Date},
		{Name: "lastSeen", Kind: columnar.Date},
		{Name: "source", Kind: columnar.String},
		{Name: "evidence", Kind: columnar.String},
		{Name: "namedAt", Kind: columnar.Timestamp},
		{Name: "checkedAt", Kind: columnar.Timestamp},
		{Name: "updatedAt", Kind: columnar.Timestamp},
	}
}

// madeFrom are the request parameters that values of a column of events or lines are
// made from, whichever table it is in. A column that is not known counts as made
// from all, so that one that is missing here is hidden and not shown.
func madeFrom(column string) (params []string, known bool) {
	all := slices.Concat(eventKnown(), lineKnown())
	for _, derived := range derivedKnown() {
		all = append(all, derived...)
	}
	for _, c := range all {
		if c.Name == column {
			params, known = append(params, c.from...), true
		}
	}
	return params, known
}
