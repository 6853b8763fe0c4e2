// Package delta is THE LOG of a Delta table: which files belong to the table at
// a version, and how a writer adds a version. It reads and writes nothing but
// log objects; data files are the business of package lake.
//
//	<root>_delta_log/
//	  00000000000000000000.json                 one commit, one action a line
//	  ...
//	  00000000000000000010.json
//	  00000000000000000010.checkpoint.parquet   every action that still counts at 10
//	  00000000000000000011.json                 the head: highest version there is
//	  _last_checkpoint                          a hint where to begin: {"version":10,...}
//
//	Log.Snapshot   newest checkpoint + the commits after it = the live files
//	Log.Commits    the actions of each commit, for whoever follows the table
//	Log.Commit     a Tx on a Snapshot becomes version+1, if no commit in between
//	               conflicts with it
//
// Rules come from delta-io/delta PROTOCOL.md. Tables are created with reader
// version 1 and writer version 2, without table features, and checkpoints are
// classic (V1). Classic, multi-part and V2 checkpoints are read. A table that
// needs a feature this package lacks is refused with [ErrUnsupported] before any
// file of it is named.
//
// Invariants:
//
//   - A log entry appears only by PutIfAbsent and is never overwritten, so of all
//     writers of a version exactly one wins.
//   - A Snapshot never changes; it may be shared by any number of goroutines.
//   - After a commit has landed nothing turns it into an error: what goes wrong
//     with the checkpoint afterwards is only reported to Options.OnWarning.
//   - Input is never trusted: a broken object gives [ErrCorrupt] with its key.
package delta

import (
	"context"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

// Options are the ways in which a Log differs from another. The zero value is
// usable.
type Options struct {
	// Engine names the writer in the log, such as "auditlake/1.2.0".
	Engine string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// CheckpointInterval is the number of commits between checkpoints where the
	// table property delta.checkpointInterval does not say it; 0 is 10.
	CheckpointInterval int64
	// OnWarning is told what went wrong without failing the call: a broken
	// checkpoint that could be bypassed or could not be written. It may be called
	// concurrently. nil ignores warnings.
	OnWarning func(error)
}

// Log is the log of one table. It is safe for concurrent use.
type Log struct {
	store store.Store
	root  string // key prefix of the table, empty or ending in "/"
	dir   string // root + "_delta_log/"
	opts  Options

	loading chan struct{} // holds a token while one goroutine loads from scratch
	mu      sync.Mutex
	cached  *Snapshot // the newest snapshot seen; guarded by mu
}

// Open is the log of the table whose keys begin with root, such as
// "gold/clusters/". It does no I/O: the table need not exist.
func Open(s store.Store, root string, opts Options) *Log {
	if root != "" && !strings.HasSuffix(root, "/") {
		root += "/"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.CheckpointInterval <= 0 {
		opts.CheckpointInterval = 10
	}
	if opts.OnWarning == nil {
		opts.OnWarning = func(error) {}
	}
	return &Log{store: s, root: root, dir: root + "_delta_log/", opts: opts, loading: make(chan struct{}, 1)}
}

// String is where the table is, for messages.
func (l *Log) String() string {
	return strings.TrimSuffix(l.store.String(), "/") + "/" + l.root
}

// Snapshot is the newest state of the table: [ErrNoTable] if there is none,
// [ErrUnsupported] if this package cannot read it, [ErrCorrupt] if the log is
// damaged. When nothing changed since the last call it costs one listing of the
// head's objects; else it reads what is new.
func (l *Log) Snapshot(ctx context.Context) (*Snapshot, error) {
	return l.newest(ctx)
}

// SnapshotAt is the state of the table at a version. A version that does not
// exist is [ErrNoVersion], one whose log entries were cleaned up [ErrLogGap].
func (l *Log) SnapshotAt(ctx context.Context, version int64) (*Snapshot, error) {
	return l.at(ctx, version)
}

// Commits yields the log entries of the versions after+1 up to and including
// upTo, in order. A version that was cleaned up or never existed ends it with
// [ErrLogGap], as a *[GapError]. After an error, which is yielded with a nil
// Commit, it ends.
func (l *Log) Commits(ctx context.Context, after, upTo int64) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		for v := after + 1; v <= upTo; v++ {
			c, err := l.entry(ctx, v)
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// Commit writes tx as the next version of the table and says which one it
// became. If other commits came between tx.Base and now and none of them
// conflicts, it is written after them.
//
//	ErrConflict          a commit in between conflicts; errors.Is tells how. Load a
//	                     new snapshot and plan anew.
//	ErrAlreadyCommitted  tx.Txn is in the log already: there is nothing to do
//	ErrInvalidTx         the transaction is not legal on its base, a bug of the caller
//	ErrUnsupported       the table may not be written by this package
//	ErrOutcomeUnknown    the store failed in a way that leaves open whether the
//	                     commit landed: load a new snapshot and look for tx.Txn
//
// In every case but success and ErrOutcomeUnknown nothing was committed.
func (l *Log) Commit(ctx context.Context, tx Tx) (version int64, err error) {
	return l.commit(ctx, &tx)
}

// Checkpoint writes the snapshot as a checkpoint and points the hint at it.
// Commit does so by itself every interval.
func (l *Log) Checkpoint(ctx context.Context, s *Snapshot) error {
	if err := l.checkpoint(ctx, s); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.cached; c != nil && c.version >= s.version && c.checkpoint < s.version {
		fresh := *c
		fresh.checkpoint = s.version
		l.cached = &fresh
	}
	return nil
}
