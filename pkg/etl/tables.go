package etl

import (
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Table properties that Auditlake keeps beside Delta's.
const (
	propRules   = "auditlake.rules"   // version of the cleansing rules that wrote the table
	propService = "auditlake.service" // gold: the service as it was first delivered
	tagTables   = "auditlake.gold"    // silver's adds: the gold tables of the file's rows
)

// Applications of the transactions that make each layer exactly-once. The number
// is the generation: a rebuild from the layer below begins a new one.
const (
	appLanding = "auditlake/landing"
	appSilver  = "auditlake/silver/1"
	appGold    = "auditlake/gold/1"
)

var (
	text  = columnar.Of(columnar.String)
	long  = columnar.Of(columnar.Long)
	date  = columnar.Of(columnar.Date)
	stamp = columnar.Of(columnar.Timestamp)
)

// Positions of bronze's columns.
const (
	bronzeRaw = iota
	bronzeRawBytes
	bronzeWorkspaceID
	bronzeDate
	bronzeSourceFile
	bronzeFileID
	bronzeSourceEtag
	bronzeLineNumber
	bronzeLineHash
	bronzeIngestedAt
	bronzeBatchID
)

// bronzeSchema is one delivered line, verbatim, and where it came from.
func bronzeSchema() columnar.Schema {
	return columnar.Schema{
		{Name: "raw", Type: text},
		{Name: "rawBytes", Type: columnar.Of(columnar.Binary)},
		{Name: "workspaceId", Type: long},
		{Name: "date", Type: date},
		{Name: "sourceFile", Type: text},
		{Name: "fileId", Type: long},
		{Name: "sourceEtag", Type: text},
		{Name: "lineNumber", Type: long},
		{Name: "lineHash", Type: text},
		{Name: "ingestedAt", Type: stamp},
		{Name: "batchId", Type: long},
	}
}

func bronzeLayout() lake.Layout {
	return lake.Layout{
		PartitionBy: "date",
		Plain:       []string{"raw", "rawBytes", "lineHash"},
		Stats:       []string{"workspaceId", "fileId", "lineNumber", "ingestedAt", "batchId"},
	}
}

// quarantineSchema is one line that could not become an event, and why.
func quarantineSchema() columnar.Schema {
	return append(columnar.Schema{{Name: "reason", Type: text}}, bronzeSchema()...)
}

func quarantineLayout() lake.Layout {
	l := bronzeLayout()
	l.Stats = append(l.Stats, "reason")
	return l
}

func silverLayout() lake.Layout {
	return lake.Layout{
		PartitionBy: "date",
		Plain:       []string{"requestId", "eventKey"},
		Stats:       eventStats(),
		Tag:         &lake.Tag{Name: tagTables, Column: "serviceName", Label: GoldName},
	}
}

// eventStats are the columns whose statistics leave out files: time, who, what,
// where, and the lineage that verification walks along.
func eventStats() []string {
	return []string{
		"date_time", "timestamp", "workspaceId", "serviceName", "actionName", "actor", "email",
		"sourceIPAddress", "requestId", "outcome", "response.statusCode", "fileId", "lineNumber",
	}
}

// properties is the configuration of a new table.
func properties(stats []string, own map[string]string) map[string]string {
	p := map[string]string{
		propRules: strconv.Itoa(event.Rules),
		// The log must outlast the longest outage of a follower of the table.
		"delta.logRetentionDuration":     "interval 30 days",
		"delta.dataSkippingStatsColumns": strings.Join(stats, ","),
	}
	for k, v := range own {
		p[k] = v
	}
	return p
}

func runsSchema() columnar.Schema {
	return columnar.Schema{
		{Name: "startedAt", Type: stamp},
		{Name: "finishedAt", Type: stamp},
		{Name: "outcome", Type: text}, // succeeded, failed
		{Name: "error", Type: text},
		{Name: "filesRead", Type: long},
		{Name: "bytesRead", Type: long},
		{Name: "bronzeRows", Type: long},
		{Name: "quarantineRows", Type: long},
		{Name: "silverRows", Type: long},
		{Name: "goldRows", Type: long},
		{Name: "goldTables", Type: long},
		{Name: "supersededLines", Type: long},
		{Name: "duplicateKeys", Type: long},
		{Name: "truncatedParams", Type: long},
		{Name: "unrecognisedKeys", Type: long},
		{Name: "bronzeVersion", Type: long},
		{Name: "silverVersion", Type: long},
		{Name: "engine", Type: text},
	}
}
