package delta_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/store"
)

// The features of PROTOCOL.md, "Valid Feature Names in Table Features", and those
// that engines write besides: what a table that names one is told. W are features
// of writers, R of readers and writers.
const featureTable = `
	W appendOnly                      | read write |
	W invariants                      | read write |
	R timestampNtz                    | read write |
	R v2Checkpoint                    | read write |
	R vacuumProtocolCheck             | read write |
	R deletionVectors                 | read       | deleted rows are still in the files
	R columnMapping                   | read       | columns have other names in the files
	R typeWidening                    |            | DROP FEATURE typeWidening
	R typeWidening-preview            |            | older files have columns of narrower types
	R variantType                     |            | a column is of type variant
	R variantType-preview             |            | to_json
	R variantShredding-preview        |            | spread over several
	R geospatial                      |            | geometry or geography
	R catalogManaged                  |            | commits go through a catalog
	R catalogOwned-preview            |            | commits go through a catalog
	R redirectReaderWriter-preview    |            | the table has moved
	W changeDataFeed                  | read       | delta.enableChangeDataFeed = false
	W checkConstraints                | read       | rows have to satisfy conditions
	W generatedColumns                | read       | columns are computed from others
	W identityColumns                 | read       | columns are numbered by the writer
	W allowColumnDefaults             | read       | columns have default values
	W rowTracking                     | read       | rows have numbers
	W domainMetadata                  | read       | other features keep state in the log
	W clustering                      | read       | CLUSTER BY NONE
	W inCommitTimestamp               | read       | commits have to carry times
	W icebergCompatV1                 | read       | legible as Iceberg
	W icebergCompatV2                 | read       | legible as Iceberg
	W icebergCompatV3                 | read       | legible as Iceberg
	W icebergWriterCompatV1           | read       | legible as Iceberg
	W icebergWriterCompatV3           | read       | legible as Iceberg
	W collations-preview              | read       | strings sort by other rules
	W materializePartitionColumns     | read       | also in the files
	W checkpointProtection            | read       | old checkpoints have to stay
	W coordinatedCommits-preview      | read       | commits go through a coordinator
	W managedCommit-dev               | read       | commits go through a coordinator
	W redirectWriterOnly-preview      | read       | moved for writers
	R somethingNew                    |            | which is not known here: if the table can do without, run ALTER TABLE ... DROP FEATURE somethingNew
	W somethingNew                    | read       | which is not known here
`

func TestFeatures(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(featureTable) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 3 {
			continue
		}
		of, name, _ := strings.Cut(strings.TrimSpace(cells[0]), " ")
		may, reason := cells[1], strings.TrimSpace(cells[2])
		s := store.NewMemory(name)
		put(t, s, json(0), gateLog([]string{map[string]string{"R": "3/7", "W": "1/7"}[of], name}))
		snap, err := open(t, s).Snapshot(t.Context())
		if strings.Contains(may, "read") != (err == nil) {
			t.Errorf("%s: read: %v", name, err)
			continue
		}
		verb := "read"
		if err == nil {
			err, verb = snap.Writable(), "written"
		}
		switch {
		case strings.Contains(may, "write"):
			if err != nil {
				t.Errorf("%s: write: %v", name, err)
			}
		case !errors.Is(err, delta.ErrUnsupported):
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		case !strings.Contains(err.Error(), "feature "+name+" to be "+verb) || !strings.Contains(err.Error(), reason):
			t.Errorf("%s: %v\nwant %q and %q", name, err, verb, reason)
		}
	}
}

// A writer feature that a table of an older writer version has by its number or
// its schema is no obstacle to reading.
func TestWhatOnlyWritersMind(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]string{
		"change data feed": gateLog([]string{"1/4"}) + `{"cdc":{"path":"_change_data/cdc-0","partitionValues":{},"size":1,"dataChange":false}}
{"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true}}`,
		"row tracking": gateLog([]string{"1/7", "rowTracking", "domainMetadata"}) + `{"domainMetadata":{"domain":"delta.rowTracking","configuration":"{}","removed":false}}
{"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true,"baseRowId":0,"defaultRowCommitVersion":0}}`,
		"in-commit timestamps": `{"commitInfo":{"inCommitTimestamp":5,"timestamp":9,"operation":"WRITE"}}
` + gateLog([]string{"1/7", "inCommitTimestamp"}) + `{"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true}}`,
		"clustering": gateLog([]string{"1/7", "clustering", "domainMetadata"}) +
			`{"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true,"clusteringProvider":"liquid","tags":{"ZCUBE_ID":"x"}}}`,
		"an action of the future": gateLog([]string{"1/2"}) + `{"beyond":{"x":[1]}}
{"add":{"path":"a","partitionValues":{},"size":1,"dataChange":true,"beyond":{}}}`,
	} {
		s := store.NewMemory(name)
		put(t, s, json(0), log)
		put(t, s, "_delta_log/00000000000000000000.crc", "not read")
		put(t, s, "_delta_log/00000000000000000000.00000000000000000009.compacted.json", "not read")
		put(t, s, "_delta_log/_staged_commits/00000000000000000001.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json", `{"add":{"path":"b"}}`)
		put(t, s, "_delta_log/_commits/00000000000000000001.3a0d65cd-4056-49b8-937b-95f9e3ee90e5.json", `{"add":{"path":"b"}}`)
		snap, err := open(t, s).Snapshot(t.Context())
		if err != nil || snap.Version() != 0 || snap.NumFiles() != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
