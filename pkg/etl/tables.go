package etl

import (
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/identity"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Table properties that Auditlake keeps beside Delta's.
const (
	propRules   = "auditlake.rules"   // version of the cleansing rules that wrote the table
	propService = "auditlake.service" // gold: the service as it was first delivered
	tagTables   = "auditlake.gold"    // silver's adds: the gold tables of the file's rows

	propGeneration = "auditlake.generation" // how often the table was built from the one below; absent: 1
	propHorizon    = "auditlake.horizon"    // retention removed what is before this date
	propExpired    = "auditlake.expired"    // account of the rows that retention removed
)

// Applications of the transactions that make each layer exactly-once. Those that
// end in a slash are followed by the generation of the table: a rebuild from the
// layer below begins a new one.
const (
	appLanding = "auditlake/landing"
	appSilver  = "auditlake/silver/"
	appGold    = "auditlake/gold/"

	appIdentities = "auditlake/identities/"
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
		Order:       []string{"fileId", "lineNumber"},
		// A quarter of the default: 4 MB of a table that is read by delivered file.
		// The file is no larger and a file's lines are there in a quarter of the time
		// (bench/layout).
		RowGroupRows: 32768,
	}
}

// quarantineSchema is one line that could not become an event, and why; of a line
// that wraps several events one of them.
func quarantineSchema() columnar.Schema {
	s := append(columnar.Schema{{Name: "reason", Type: text}}, bronzeSchema()...)
	return append(s, columnar.Field{Name: "eventIndex", Type: long}, columnar.Field{Name: "eventCount", Type: long})
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
		Filters:     []string{"requestId"},
		Stats:       eventStats(),
		Order:       eventOrder(),
		Tag:         &lake.Tag{Name: tagTables, Column: "serviceName", Label: GoldName},
	}
}

// goldLayout is the layout of a gold table: statistics not of all of
// requestParams, which may be hundreds of fields, but of what panels filter on.
func goldLayout(table string) lake.Layout {
	stats := eventStats()
	for _, d := range derivedColumns(table) {
		// Delta keeps no bounds of booleans, and some engines refuse to be asked to.
		if d.typ.Kind != columnar.Boolean {
			stats = append(stats, d.name)
		}
	}
	return lake.Layout{Plain: silverLayout().Plain, Filters: silverLayout().Filters, Stats: stats, Order: eventOrder()}
}

// LayoutOf is how the rows of a table lie in its files.
func LayoutOf(table string) lake.Layout {
	switch table {
	case lake.Bronze:
		return bronzeLayout()
	case lake.Quarantine:
		return quarantineLayout()
	case lake.Silver:
		return silverLayout()
	case lake.Runs:
		return lake.Layout{Order: []string{"startedAt"}}
	case lake.Identities:
		return identity.Layout()
	}
	return goldLayout(table)
}

// eventOrder is how events lie in merged files: by time, which panels ask for,
// then by the line they came from.
func eventOrder() []string { return []string{"date_time", "fileId", "lineNumber"} }

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
		{Name: "refusedText", Type: long}, // of quarantineRows, by what is wrong
		{Name: "refusedJson", Type: long},
		{Name: "refusedTime", Type: long},
		{Name: "refusedDamaged", Type: long},
		{Name: "repeatedEvents", Type: long},
		{Name: "newTables", Type: long},
		{Name: "newKeys", Type: long},
		{Name: "overwrittenFiles", Type: long},
		{Name: "overwriteLines", Type: long},
		{Name: "lostLines", Type: long},
		{Name: "deliveryLagP50Ms", Type: long},
		{Name: "deliveryLagP95Ms", Type: long},
		{Name: "deliveryLagMaxMs", Type: long},
	}
}
