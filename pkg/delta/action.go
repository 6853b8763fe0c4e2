package delta

import (
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Add says that a file belongs to the table (PROTOCOL.md, "Add File and Remove
// File"). An Add of a path that is live replaces it.
type Add struct {
	// Path is relative to the table's root and decoded: root + Path is the key.
	Path string
	// PartitionValues has every partition column; nil is null. Shared between
	// files: read-only.
	PartitionValues map[string]*string
	Size            int64 // bytes
	// ModificationTime has milliseconds.
	ModificationTime time.Time
	// DataChange is false when the commit only rearranges rows that are there.
	DataChange bool
	// Stats is the JSON text of the statistics, or empty. [StatsJSON] makes it,
	// [Snapshot.Bounds] reads it.
	Stats string
	// Tags are free text for the writer, and may be nil.
	Tags map[string]string

	dv    string // id of the deletion vector, or empty
	known *known // of the statistics; set once a snapshot has the file
}

// Remove says that a file no longer belongs to the table. The file itself stays
// until it is vacuumed.
type Remove struct {
	Path            string // as in Add
	DeletionTime    time.Time
	DataChange      bool // as in Add
	PartitionValues map[string]*string
	Size            int64 // bytes

	dv string
}

// RemoveOf is the removal of a live file at a time, with DataChange true. A
// commit that only rearranges rows sets it to false.
func RemoveOf(a *Add, at time.Time) Remove {
	return Remove{
		Path: a.Path, DeletionTime: at, DataChange: true,
		PartitionValues: a.PartitionValues, Size: a.Size, dv: a.dv,
	}
}

// Txn is the progress of one application, kept in the same commit as the rows
// it stands for.
type Txn struct {
	AppID   string
	Version int64
	// LastUpdated is set by Commit.
	LastUpdated time.Time
}

// Protocol is what a reader and a writer must be able to do. The features are
// nil below reader version 3 and writer version 7.
type Protocol struct {
	MinReaderVersion int32
	MinWriterVersion int32
	ReaderFeatures   []string
	WriterFeatures   []string
}

// Metadata is the description of the table. To change it, copy the struct of
// the snapshot, replace (never modify) Schema or Configuration, and commit it.
type Metadata struct {
	// ID is a GUID that never changes. Commit makes one for a new table.
	ID                string
	Name, Description string
	Schema            columnar.Schema
	PartitionColumns  []string
	// Configuration has Delta's table properties and the writer's own.
	Configuration map[string]string
	// CreatedTime is set by Commit for a new table.
	CreatedTime time.Time

	read schemaText
}

// schemaText is the schemaString that a Metadata was read from. It is written
// back as long as Schema is as it was, so that what a Schema does not hold, such
// as comments of columns, is kept.
type schemaText struct {
	text   string
	schema columnar.Schema
	err    error // Schema is nil because the text has this problem
}

// CommitInfo is what a commit says of itself. It is provenance: nothing in it
// decides anything, and any field may be zero.
type CommitInfo struct {
	Timestamp  time.Time
	Operation  string // such as "STREAMING UPDATE", "OPTIMIZE"
	Parameters map[string]any
	Metrics    map[string]string
	Engine     string // such as "auditlake/1.2.0" or "Apache-Spark/3.5.0 Delta-Lake/3.2.0"
	TxnID      string
}

// Commit is one log entry. Domain metadata, change data files and actions that
// are not known are left out.
type Commit struct {
	Version  int64
	Info     CommitInfo
	Protocol *Protocol // nil: unchanged
	Metadata *Metadata // nil: unchanged
	Adds     []Add
	Removes  []Remove
	Txns     []Txn

	modified time.Time // of the object, by the store's clock
	etag     string    // of the object
}

// Rearranges reports whether the commit only moves rows between files, as
// OPTIMIZE does: it has file actions, and none that changes data.
func (c *Commit) Rearranges() bool { return rearranges(c.Adds, c.Removes) }

func rearranges(adds []Add, removes []Remove) bool {
	for i := range adds {
		if adds[i].DataChange {
			return false
		}
	}
	for i := range removes {
		if removes[i].DataChange {
			return false
		}
	}
	return len(adds)+len(removes) > 0
}

// Tx is a transaction on a snapshot.
type Tx struct {
	// Base is the snapshot the transaction was planned on. nil creates the table,
	// which needs Metadata.
	Base *Snapshot

	// Operation, Parameters and Metrics are for DESCRIBE HISTORY and go by Spark's
	// names, such as "STREAMING UPDATE", "epochId", "numAddedFiles".
	Operation  string
	Parameters map[string]any
	Metrics    map[string]string

	Adds    []Add
	Removes []Remove
	// Metadata is the new description of the table; nil leaves it as it is.
	Metadata *Metadata
	// Txn is the progress of the application. If the table has it already the
	// commit is refused with ErrAlreadyCommitted.
	Txn *Txn

	// Reads are the paths of files, besides those in Removes, on whose content the
	// transaction depends: it conflicts with their removal.
	Reads []string
	// ReadsTable says that the transaction depends on all rows: it conflicts with
	// any commit that changes data.
	ReadsTable bool
}
