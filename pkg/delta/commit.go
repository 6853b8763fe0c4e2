package delta

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auditlake/auditlake/pkg/store"
)

const (
	// raceAttempts bounds how often a commit is tried at a higher version.
	raceAttempts = 100
	// putAttempts bounds how often the store is asked again when it did not say
	// whether the entry landed. The store has its own retries below these.
	putAttempts = 4

	backoffFirst = 10 * time.Millisecond
	backoffMost  = time.Second
)

func (l *Log) commit(ctx context.Context, tx *Tx) (int64, error) {
	protocol, err := l.complete(ctx, tx)
	if err != nil {
		return 0, err
	}
	// One body for all attempts: should an answer be lost and the request arrive
	// late, it can only put there what is meant to be there.
	body, err := formatCommit(tx, protocol, l.opts.Engine, uuid.NewString(), l.opts.Now())
	if err != nil {
		return 0, invalidTx("%w", err)
	}
	mine := claimOf(tx)
	base := tx.Base
	if base == nil {
		base = &Snapshot{version: -1, checkpoint: -1}
	}
	version := base.version + 1
	var winners []*Commit // between base and version
	for attempt := 1; ; attempt++ {
		err := l.put(ctx, version, body)
		if err == nil {
			l.landed(ctx, base, winners, version, body)
			return version, nil
		}
		if !errors.Is(err, store.ErrExists) {
			return 0, fmt.Errorf("commit version %d: %w", version, err)
		}
		passed, err := l.pass(ctx, mine, version)
		if err != nil {
			return 0, fmt.Errorf("commit on %s: %w", l, err)
		}
		winners = append(winners, passed...)
		version += int64(len(passed))
		if attempt == raceAttempts {
			return 0, fmt.Errorf("%w: lost %d races for a version of %s", ErrConflict, attempt, l)
		}
		if err := backoff(ctx, attempt); err != nil {
			return 0, err
		}
	}
}

// pass checks mine against every commit from version on up to the head.
func (l *Log) pass(ctx context.Context, mine claim, version int64) (passed []*Commit, err error) {
	for {
		c, err := l.entry(ctx, version)
		if errors.Is(err, ErrLogGap) {
			return passed, nil
		}
		if err != nil {
			return nil, err
		}
		if err := conflict(mine, c); err != nil {
			return nil, err
		}
		passed = append(passed, c)
		version++
	}
}

// put writes a log entry, and asks again as long as it is open whether it landed.
func (l *Log) put(ctx context.Context, version int64, body []byte) error {
	open := false
	for attempt := 1; ; attempt++ {
		err := l.store.PutIfAbsent(ctx, l.commitKey(version), body)
		if err == nil || errors.Is(err, store.ErrExists) {
			return err
		}
		certain := errors.Is(err, store.ErrDenied) || errors.Is(err, store.ErrUnsafe) || errors.Is(err, store.ErrInvalidKey)
		if certain && !open {
			return err
		}
		open = true
		if certain || attempt == putAttempts || backoff(ctx, attempt) != nil {
			return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		}
	}
}

// backoff waits before attempt+1: up to twice as long each time, at random so
// that writers who met do not meet again.
func backoff(ctx context.Context, attempt int) error {
	most := min(backoffFirst<<min(attempt-1, 10), backoffMost)
	t := time.NewTimer(rand.N(most)) // #nosec G404 -- so that writers do not come back together; nobody gains by guessing it
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// landed does what is to be done after a commit. Nothing here can fail it.
func (l *Log) landed(ctx context.Context, base *Snapshot, winners []*Commit, version int64, body []byte) {
	s, err := l.advance(base, winners, version, body)
	if err == nil {
		l.remember(s)
		if l.checkpointDue(s) {
			err = l.Checkpoint(ctx, s)
		}
	}
	if err != nil {
		l.opts.OnWarning(fmt.Errorf("after commit %d of %s: %w", version, l, err))
	}
}

// advance is the snapshot after my own commit, as a reader would see it.
func (l *Log) advance(base *Snapshot, winners []*Commit, version int64, body []byte) (*Snapshot, error) {
	ch := newChanges()
	for _, c := range winners {
		ch.commit(c)
	}
	c, err := parseCommit(l.String(), l.commitKey(version), version, body)
	if err != nil {
		return nil, err
	}
	ch.commit(c)
	return ch.apply(base, l.opts.Now())
}

// checkpointDue is true at every multiple of the interval, and where the writer
// of such a version did not get to it.
func (l *Log) checkpointDue(s *Snapshot) bool {
	interval := l.opts.CheckpointInterval
	if n, err := strconv.ParseInt(s.metadata.Configuration["delta.checkpointInterval"], 10, 32); err == nil && n > 0 {
		interval = n
	}
	return s.version > 0 && (s.version%interval == 0 || s.version-max(s.checkpoint, 0) >= 2*interval)
}

// complete checks a transaction against its base and fills in what it leaves to
// the log. protocol is nil unless the transaction creates the table.
func (l *Log) complete(ctx context.Context, tx *Tx) (protocol *Protocol, err error) {
	now := l.opts.Now()
	if tx.Txn != nil && tx.Txn.AppID == "" {
		return nil, invalidTx("txn has no application id")
	}
	m := tx.Metadata
	if tx.Base == nil {
		if m == nil {
			return nil, invalidTx("a new table needs metadata")
		}
		if err := l.mustBeNew(ctx, tx); err != nil {
			return nil, err
		}
		protocol = &Protocol{MinReaderVersion: 1, MinWriterVersion: 2}
		made := *m
		if made.ID == "" {
			made.ID = uuid.NewString()
		}
		if made.CreatedTime.IsZero() {
			made.CreatedTime = now
		}
		m, tx.Metadata = &made, &made
		if err := checkMetadata(nil, m); err != nil {
			return nil, invalidTx("%w", err)
		}
	} else {
		if err := tx.Base.Writable(); err != nil {
			return nil, fmt.Errorf("table %s: %w", l, err)
		}
		if tx.Txn != nil {
			if v, ok := tx.Base.Txn(tx.Txn.AppID); ok && v >= tx.Txn.Version {
				return nil, fmt.Errorf("%w: %s is at %d", ErrAlreadyCommitted, tx.Txn.AppID, v)
			}
		}
		if m == nil {
			m = tx.Base.metadata
		} else if err := checkMetadata(tx.Base.metadata, m); err != nil {
			return nil, invalidTx("%w", err)
		}
	}
	if err := readGate(Protocol{MinReaderVersion: 2}, m); err != nil {
		return nil, invalidTx("%w", err) // a property that asks for a feature
	}
	return protocol, checkFiles(tx, m, now)
}

// mustBeNew guards against beginning a log anew below one whose first entries
// were cleaned up.
func (l *Log) mustBeNew(ctx context.Context, tx *Tx) error {
	s, err := l.newest(ctx)
	if errors.Is(err, ErrNoTable) {
		return nil
	}
	if err != nil {
		return err
	}
	if tx.Txn != nil {
		if v, ok := s.Txn(tx.Txn.AppID); ok && v >= tx.Txn.Version {
			return fmt.Errorf("%w: %s is at %d", ErrAlreadyCommitted, tx.Txn.AppID, v)
		}
	}
	return fmt.Errorf("%w: %s", ErrTableExists, l)
}

// checkFiles checks the file actions and fills in their times.
func checkFiles(tx *Tx, m *Metadata, now time.Time) error {
	seen := make(map[string]bool, len(tx.Adds)+len(tx.Removes))
	tx.Adds, tx.Removes = slices.Clone(tx.Adds), slices.Clone(tx.Removes)
	for i := range tx.Adds {
		a := &tx.Adds[i]
		switch name := path.Base(a.Path); {
		case !insideTable(a.Path):
			return invalidTx("add %q: not a path inside the table", a.Path)
		case strings.HasPrefix(name, "_") || strings.HasPrefix(name, "."):
			return invalidTx("add %q: readers take such a name for hidden", a.Path)
		case seen[a.Path]:
			return invalidTx("path %q is in two actions", a.Path)
		case a.Size < 0:
			return invalidTx("add %q: size %d", a.Path, a.Size)
		case a.dv != "":
			return invalidTx("add %q: it has a deletion vector", a.Path)
		}
		seen[a.Path] = true
		if len(a.PartitionValues) != len(m.PartitionColumns) {
			return invalidTx("add %q: %d partition values for %d partition columns", a.Path, len(a.PartitionValues), len(m.PartitionColumns))
		}
		for _, c := range m.PartitionColumns {
			v, ok := a.PartitionValues[c]
			if !ok {
				return invalidTx("add %q: no value for partition column %q", a.Path, c)
			}
			if _, _, err := parsePartition(v, m.Schema[m.Schema.Index(c)].Type); err != nil {
				return invalidTx("add %q: partition column %q: %w", a.Path, c, err)
			}
		}
		if a.ModificationTime.IsZero() {
			a.ModificationTime = now
		}
	}
	appendOnly := strings.EqualFold(m.Configuration["delta.appendOnly"], "true")
	for i := range tx.Removes {
		r := &tx.Removes[i]
		if seen[r.Path] {
			return invalidTx("path %q is in two actions", r.Path)
		}
		seen[r.Path] = true
		if r.DataChange && appendOnly {
			return unsupported("remove %q: the table is append-only (delta.appendOnly)", r.Path)
		}
		if tx.Base == nil {
			return invalidTx("remove %q from a new table", r.Path)
		}
		if _, live := tx.Base.File(r.Path); !live {
			return invalidTx("remove %q: it is not live at version %d", r.Path, tx.Base.version)
		}
		if r.DeletionTime.IsZero() {
			r.DeletionTime = now
		}
	}
	return nil
}
