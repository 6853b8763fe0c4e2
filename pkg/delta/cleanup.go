package delta

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// defaultLogRetention is delta.logRetentionDuration where the table does not set
// it.
const defaultLogRetention = 30 * 24 * time.Hour

// logRetention is how long the log entries of a table are kept.
func logRetention(m *Metadata) time.Duration {
	if d, err := parseInterval(m.Configuration["delta.logRetentionDuration"]); err == nil {
		return d
	}
	return defaultLogRetention
}

// Known is the newest snapshot this Log has seen, or nil. It does no I/O.
func (l *Log) Known() *Snapshot { return l.cache() }

// First is the lowest version from which on the log has an entry for every
// version up to the head: what Commits can read. It is one past the head if the
// head has no entry, and 0 for no table.
func (l *Log) First(ctx context.Context) (int64, error) {
	ls, err := l.list(ctx, 0, maxVersion)
	if err != nil {
		return 0, err
	}
	return ls.first(), nil
}

const maxVersion = int64(1)<<62 - 1

func (ls *listing) first() int64 {
	head := int64(-1)
	if n := len(ls.checkpoints); n > 0 {
		head = ls.checkpoints[n-1].version
	}
	n := len(ls.commits)
	if n == 0 || ls.commits[n-1] < head {
		return head + 1
	}
	first := ls.commits[n-1]
	for i := n - 2; i >= 0 && ls.commits[i] == first-1; i-- {
		first--
	}
	return first
}

// VersionAt is the newest version that was in the log at a time, by the clock of
// the store; ok is false if what the log still has is all newer.
func (l *Log) VersionAt(ctx context.Context, at time.Time) (version int64, ok bool, err error) {
	ls, err := l.list(ctx, 0, maxVersion)
	if err != nil {
		return 0, false, err
	}
	for _, v := range slices.Backward(ls.commits) {
		if !ls.modified[v].After(at) {
			return v, true, nil
		}
	}
	return 0, false, nil
}

// CleanUp deletes log objects that are older than the table's
// delta.logRetentionDuration, counted from midnight UTC before now. What leads to
// the version keep, and to every later one, stays: keep is the lowest version
// whose entry somebody still needs, such as a follower of the log. The newest
// checkpoint that is old enough becomes the beginning of the log; without one
// nothing is deleted. It returns the number of objects deleted.
func (l *Log) CleanUp(ctx context.Context, s *Snapshot, keep int64) (int, error) {
	if err := s.Writable(); err != nil {
		return 0, fmt.Errorf("clean up the log of %s: %w", l, err)
	}
	cutOff := l.opts.Now().UTC().Truncate(24 * time.Hour).Add(-logRetention(s.metadata))
	if s.checkpoint < 0 || s.version == 0 {
		return 0, nil
	}
	ls, err := l.list(ctx, 0, s.version)
	if err != nil {
		return 0, err
	}
	begin := ls.beginning(cutOff, keep)
	if begin <= 0 {
		return 0, nil
	}
	var keys []string
	for o, err := range l.store.List(ctx, l.dir, "") {
		if err != nil {
			return 0, fmt.Errorf("list log: %w", err)
		}
		name := strings.TrimPrefix(o.Key, l.dir)
		if name == "" || name[0] > '9' {
			break
		}
		// Also what this package does not read, such as checksums: 20 digits and a
		// dot are a version's.
		digitsOf, _, _ := strings.Cut(name, ".")
		if v, ok := digits(digitsOf, 20); ok && v < begin {
			keys = append(keys, o.Key)
		}
	}
	// Oldest first, so that what a crash leaves has no hole above its beginning.
	for batch := range slices.Chunk(keys, deleteBatch) {
		if err := l.store.Delete(ctx, batch...); err != nil {
			return 0, fmt.Errorf("clean up the log of %s: %w", l, err)
		}
	}
	return len(keys), nil
}

// deleteBatch is how many keys S3 deletes in one request.
const deleteBatch = 1000

// beginning is the version of the checkpoint that a cleaned-up log begins with,
// or -1 if nothing can be cleaned up.
func (ls *listing) beginning(cutOff time.Time, keep int64) int64 {
	for _, c := range slices.Backward(ls.checkpoints) {
		modified, ok := ls.modified[c.version]
		if !ok {
			modified = c.modified // its entry is gone already
		}
		if c.version <= keep && !modified.After(cutOff) {
			return c.version
		}
	}
	return -1
}
