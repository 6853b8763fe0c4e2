package delta

import "strings"

// feature is what a table feature means to somebody whose table is refused for it.
type feature struct {
	what   string // it does to the table
	remedy string // empty: drop the feature
}

// features are the names of PROTOCOL.md, "Valid Feature Names in Table Features",
// and those that engines write besides, without -preview or -dev behind them. Those
// that a table may be read and written with are left out.
var features = map[string]feature{
	"columnMapping": {
		"columns have other names in the files",
		"copy it to a table with delta.columnMapping.mode = none",
	},
	"deletionVectors": {
		"deleted rows are still in the files",
		"run REORG TABLE ... APPLY (PURGE), then ALTER TABLE ... DROP FEATURE deletionVectors",
	},
	"typeWidening": {
		"older files have columns of narrower types",
		"run ALTER TABLE ... DROP FEATURE typeWidening, which rewrites those files",
	},
	"variantType":      {"a column is of type variant", "copy it to a table that has the column as text, by to_json"},
	"variantShredding": {"a column of type variant is spread over several", "copy it to a table that has the column as text, by to_json"},
	"geospatial":       {"a column is a geometry or geography", "copy it to a table that has the column as text, by st_astext"},
	"catalogManaged": {
		"commits go through a catalog and the log in the store may lag behind",
		"ask the catalog to unset the feature, or copy the table to a path of its own",
	},
	"redirectReaderWriter": {"the table has moved", "use the location that delta.redirectReaderWriter names"},

	"changeDataFeed":              {"every change has to be written a second time, for readers of changes", "set delta.enableChangeDataFeed = false, then ALTER TABLE ... DROP FEATURE changeDataFeed"},
	"checkConstraints":            {"rows have to satisfy conditions", "drop the constraints, then ALTER TABLE ... DROP FEATURE checkConstraints"},
	"generatedColumns":            {"columns are computed from others", "copy it to a table without"},
	"identityColumns":             {"columns are numbered by the writer", "copy it to a table without"},
	"allowColumnDefaults":         {"columns have default values", ""},
	"rowTracking":                 {"rows have numbers that a writer has to keep", ""},
	"domainMetadata":              {"other features keep state in the log", ""},
	"clustering":                  {"files are to be clustered by columns", "run ALTER TABLE ... CLUSTER BY NONE, then ALTER TABLE ... DROP FEATURE clustering"},
	"inCommitTimestamp":           {"commits have to carry times that only ascend", ""},
	"icebergCompatV1":             {"files have to be legible as Iceberg", ""},
	"icebergCompatV2":             {"files have to be legible as Iceberg", ""},
	"icebergCompatV3":             {"files have to be legible as Iceberg", ""},
	"icebergWriterCompatV1":       {"files have to be legible as Iceberg", ""},
	"icebergWriterCompatV3":       {"files have to be legible as Iceberg", ""},
	"collations":                  {"strings sort by other rules than their bytes", ""},
	"materializePartitionColumns": {"partition columns are also in the files", ""},
	"checkpointProtection":        {"old checkpoints have to stay", ""},
	"coordinatedCommits":          {"commits go through a coordinator", "ask the coordinator to unset the feature, or copy the table to a path of its own"},
	"redirectWriterOnly":          {"the table has moved for writers", "use the location that delta.redirectWriterOnly names"},
}

// earlier are names that features had before they got the present one.
var earlier = map[string]string{"managedCommit": "coordinatedCommits", "catalogOwned": "catalogManaged"}

// refusal is the error for a table that cannot be read or written, which verb
// says, for a feature.
func refusal(verb, name string) error {
	plain := strings.TrimSuffix(strings.TrimSuffix(name, "-preview"), "-dev")
	if now, ok := earlier[plain]; ok {
		plain = now
	}
	f, known := features[plain]
	remedy := f.remedy
	if remedy == "" {
		remedy = "if the table can do without, run ALTER TABLE ... DROP FEATURE " + name
	}
	if !known {
		return unsupported("it needs the feature %s to be %s, which is not known here: %s", name, verb, remedy)
	}
	return unsupported("it needs the feature %s to be %s (%s): %s", name, verb, f.what, remedy)
}
