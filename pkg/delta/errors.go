package delta

import (
	"errors"
	"fmt"
)

// What can be wrong with a table.
var (
	// ErrNoTable: the log has no commit and no checkpoint.
	ErrNoTable = errors.New("no Delta table here")
	// ErrNoVersion: the table has not reached this version.
	ErrNoVersion = errors.New("version does not exist")
	// ErrLogGap: the log no longer has, or never had, the entry of a version.
	// The error is a *[GapError].
	ErrLogGap = errors.New("log entry is missing")
	// ErrCorrupt: a log object breaks the protocol. The error names its key.
	ErrCorrupt = errors.New("corrupt Delta log")
	// ErrUnsupported: the table uses a feature of the protocol that this package
	// does not read, or does not write. The error names it and the remedy.
	ErrUnsupported = errors.New("unsupported Delta table")
)

// What can become of a commit.
var (
	// ErrAlreadyCommitted: the log holds this application's transaction with this
	// or a higher version. It is no conflict: the work is done.
	ErrAlreadyCommitted = errors.New("transaction is already committed")
	// ErrInvalidTx: the transaction is not legal on its base.
	ErrInvalidTx = errors.New("invalid transaction")
	// ErrOutcomeUnknown: the store failed and it is open whether the commit is in
	// the log. The files it adds must not be deleted.
	ErrOutcomeUnknown = errors.New("outcome of the commit is unknown")

	// ErrConflict is the family of the errors below, and by itself says that the
	// race was lost too often. Nothing was committed.
	ErrConflict = errors.New("conflict with a concurrent commit")
	// ErrTableExists: the transaction creates the table, and it is there.
	ErrTableExists = fmt.Errorf("%w: table exists", ErrConflict)
	// ErrProtocolChanged: the table now needs a feature this package does not write.
	ErrProtocolChanged = fmt.Errorf("%w: protocol changed", ErrConflict)
	// ErrMetadataChanged: schema or configuration are others now.
	ErrMetadataChanged = fmt.Errorf("%w: metadata changed", ErrConflict)
	// ErrTxnConflict: the same application committed a smaller transaction version.
	ErrTxnConflict = fmt.Errorf("%w: same application committed", ErrConflict)
	// ErrConcurrentDelete: a file the transaction removes or has read is gone.
	ErrConcurrentDelete = fmt.Errorf("%w: file was removed", ErrConflict)
	// ErrConcurrentAppend: the transaction has read the table and rows were added.
	ErrConcurrentAppend = fmt.Errorf("%w: rows were added", ErrConflict)
)

// GapError says which version has no log entry. errors.Is(err, ErrLogGap).
type GapError struct {
	Version int64
	Key     string // of the missing object
}

func (e *GapError) Error() string {
	return fmt.Sprintf("version %d: %v: %s", e.Version, ErrLogGap, e.Key)
}

// Is makes the error one of [ErrLogGap].
func (e *GapError) Is(target error) bool { return target == ErrLogGap }

func corrupt(key, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %w", ErrCorrupt, key, fmt.Errorf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUnsupported, fmt.Errorf(format, args...))
}

func invalidTx(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalidTx, fmt.Errorf(format, args...))
}
