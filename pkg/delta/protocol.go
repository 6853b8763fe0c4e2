package delta

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// The features this package can live with (PROTOCOL.md, "Valid Feature Names in
// Table Features"). Deletion vectors and column mapping are let through here and
// refused where they are used: many tables name them and have none.
var (
	readableFeatures = []string{"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "deletionVectors", "columnMapping"}
	writableFeatures = []string{"appendOnly", "invariants", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
)

// readGate says why a table cannot be read. The files have a gate of their own,
// fileGate.
func readGate(p Protocol, m *Metadata) error {
	switch {
	case p.MinReaderVersion > 3:
		return unsupported("reader version %d, at most 3 is known: use a newer Auditlake", p.MinReaderVersion)
	case p.MinReaderVersion == 3:
		for _, f := range p.ReaderFeatures {
			if !slices.Contains(readableFeatures, f) {
				return refusal("read", f)
			}
		}
	}
	if mode := m.Configuration["delta.columnMapping.mode"]; p.MinReaderVersion >= 2 && mode != "" && !strings.EqualFold(mode, "none") {
		return unsupported("column mapping mode %q: %s", mode, features["columnMapping"].remedy)
	}
	if m.read.err != nil {
		return unsupported("%w", m.read.err)
	}
	for _, c := range m.PartitionColumns {
		i := m.Schema.Index(c)
		if i < 0 || m.Schema[i].Type.Kind >= columnar.Struct {
			return unsupported("partition column %q is not a scalar column of the schema", c)
		}
	}
	return nil
}

// fileGate says why a live file cannot be read.
func fileGate(a *Add) error {
	if a.dv != "" {
		return unsupported("file %s has a deletion vector: %s", a.Path, features["deletionVectors"].remedy)
	}
	if !insideTable(a.Path) {
		return unsupported("file %s lies outside the table, as in a shallow clone: make a deep clone", a.Path)
	}
	return nil
}

// writeGate says why a table cannot be written. Vacuum needs it too.
func writeGate(p Protocol, m *Metadata) error {
	switch {
	case p.MinWriterVersion <= 2:
	case p.MinWriterVersion == 7:
		for _, f := range p.WriterFeatures {
			if !slices.Contains(writableFeatures, f) {
				return refusal("written", f)
			}
		}
	default:
		return unsupported("writer version %d, up to 2 and 7 can be written: the table is read-only here", p.MinWriterVersion)
	}
	if m.read.text == "" {
		return nil // made here, where every column is nullable and plain
	}
	if err := checkKinds(m.Schema, ""); err != nil {
		return unsupported("%w: the table is read-only", err)
	}
	var schema any
	if err := json.Unmarshal([]byte(m.read.text), &schema); err != nil {
		return unsupported("parse schemaString: %w", err)
	}
	return constraintGate(schema)
}

// constraintGate looks for conditions on values, none of which this package
// enforces, anywhere in a schemaString.
func constraintGate(node any) error {
	switch node := node.(type) {
	case []any:
		for _, n := range node {
			if err := constraintGate(n); err != nil {
				return err
			}
		}
	case map[string]any:
		name, _ := node["name"].(string)
		if _, ok := node["delta.invariants"]; ok {
			return unsupported("a column has an invariant, which is not enforced here: the table is read-only")
		}
		for _, k := range []string{"nullable", "containsNull", "valueContainsNull"} {
			if node[k] == false {
				return unsupported("column %q may not hold null, which is not enforced here: ALTER COLUMN ... DROP NOT NULL", name)
			}
		}
		for _, k := range []string{"fields", "type", "elementType", "keyType", "valueType", "metadata"} {
			if err := constraintGate(node[k]); err != nil {
				return err
			}
		}
	}
	return nil
}
