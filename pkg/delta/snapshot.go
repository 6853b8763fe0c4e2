package delta

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// Snapshot is the table at one version. It does not change.
type Snapshot struct {
	version   int64
	timestamp time.Time
	etag      string // of the head's log entry; empty after my own commit until a listing shows it
	headless  bool   // the head has no log entry, only a checkpoint
	// checkpoint is the newest checkpoint known at or below version, or -1.
	checkpoint int64

	protocol Protocol
	metadata *Metadata
	columns  *statColumns
	txns     map[string]Txn
	files    []*Add    // by path
	removes  []*Remove // by path; tombstones that are not expired
}

// Version is the version of the table.
func (s *Snapshot) Version() int64 { return s.version }

// Identity is equal only for snapshots with the same files: it tells a table from
// one that was begun anew in its place, too.
func (s *Snapshot) Identity() string {
	return fmt.Sprintf("%s@%d %s", s.metadata.ID, s.version, s.etag)
}

// Timestamp is when the last commit was made, by the clock of its writer or, if
// the commit does not say, of the store.
func (s *Snapshot) Timestamp() time.Time { return s.timestamp }

// Protocol is what the table demands.
func (s *Snapshot) Protocol() Protocol { return s.protocol }

// Metadata is the description of the table. Its maps and slices are read-only.
func (s *Snapshot) Metadata() Metadata { return *s.metadata }

// Schema is the columns of the table, partition columns included.
func (s *Snapshot) Schema() columnar.Schema { return s.metadata.Schema }

// NumFiles is the number of live files.
func (s *Snapshot) NumFiles() int { return len(s.files) }

// Files yields the live files in the byte order of their paths. They are
// read-only.
func (s *Snapshot) Files() iter.Seq[*Add] { return slices.Values(s.files) }

// File is the live file with this path.
func (s *Snapshot) File(path string) (*Add, bool) {
	i, ok := slices.BinarySearchFunc(s.files, path, func(a *Add, p string) int { return strings.Compare(a.Path, p) })
	if !ok {
		return nil, false
	}
	return s.files[i], true
}

// Tombstones yields the removals that are not forgotten yet, in the byte order of
// their paths: those younger than delta.deletedFileRetentionDuration. They are
// read-only.
func (s *Snapshot) Tombstones() iter.Seq[*Remove] { return slices.Values(s.removes) }

// TombstoneRetention is how long a removal is remembered.
func (s *Snapshot) TombstoneRetention() time.Duration { return tombstoneRetention(s.metadata) }

// Txn is the newest transaction version of an application.
func (s *Snapshot) Txn(appID string) (version int64, ok bool) {
	t, ok := s.txns[appID]
	return t.Version, ok
}

// Writable says why the table may not be written, with [ErrUnsupported], or nil.
func (s *Snapshot) Writable() error { return writeGate(s.protocol, s.metadata) }

// Bounds is what the log knows of the rows of a live file: partition columns by
// their value, others by the statistics. A column is read from text when it is first
// asked for, and then kept with the file for this snapshot and those that follow. The
// answer is not safe for concurrent use; several of one file are.
func (s *Snapshot) Bounds(a *Add) columnar.Bounds { return &fileBounds{columns: s.columns, add: a} }

// PartitionValue is the value of a partition column in a file; ok is false if it
// is null.
func (s *Snapshot) PartitionValue(a *Add, column string) (v columnar.Value, ok bool, err error) {
	return partitionValue(s.metadata.Schema, a, column)
}
