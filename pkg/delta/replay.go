package delta

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fileKey is the identity of a file action: a path, and the deletion vector that
// is laid over it (PROTOCOL.md, "Action Reconciliation").
type fileKey struct{ path, dv string }

// fileState is the last word on a file: exactly one is set.
type fileState struct {
	add    *Add
	remove *Remove
}

// changes is what any number of commits in a row come to.
type changes struct {
	version   int64
	timestamp time.Time
	etag      string // of the last commit
	headless  bool   // see Snapshot
	protocol  *Protocol
	metadata  *Metadata
	txns      map[string]Txn
	files     map[fileKey]fileState
}

func newChanges() *changes {
	return &changes{txns: map[string]Txn{}, files: map[fileKey]fileState{}}
}

// commit takes in the next commit, of which it keeps pointers.
func (ch *changes) commit(c *Commit) {
	ch.version = c.Version
	ch.stamp(c)
	if c.Protocol != nil {
		ch.protocol = c.Protocol
	}
	if c.Metadata != nil {
		ch.metadata = c.Metadata
	}
	for _, t := range c.Txns {
		ch.txns[t.AppID] = t
	}
	for i := range c.Removes {
		ch.remove(&c.Removes[i])
	}
	for i := range c.Adds {
		ch.add(&c.Adds[i])
	}
}

func (ch *changes) stamp(c *Commit) {
	ch.timestamp, ch.etag, ch.headless = c.Info.Timestamp, c.etag, false
	if ch.timestamp.IsZero() {
		ch.timestamp = c.modified
	}
}

func (ch *changes) add(a *Add) {
	a.known = &known{}
	ch.files[fileKey{a.Path, a.dv}] = fileState{add: a}
}

func (ch *changes) remove(r *Remove) { ch.files[fileKey{r.Path, r.dv}] = fileState{remove: r} }

// apply is the snapshot after the changes, or why it cannot be read. now decides
// which tombstones are expired.
func (ch *changes) apply(base *Snapshot, now time.Time) (*Snapshot, error) {
	s := &Snapshot{
		version: ch.version, timestamp: ch.timestamp, etag: ch.etag, headless: ch.headless, checkpoint: base.checkpoint,
		protocol: base.protocol, metadata: base.metadata, columns: base.columns, txns: base.txns,
	}
	if ch.metadata != nil {
		s.metadata = ch.metadata
		s.columns = newStatColumns(s.metadata)
	}
	if s.metadata == nil {
		return nil, corruptState(s.version, "metaData")
	}
	switch {
	case ch.protocol != nil:
		s.protocol = *ch.protocol
	case base.version < 0:
		return nil, corruptState(s.version, "protocol")
	}
	if ch.protocol != nil || ch.metadata != nil {
		if err := readGate(s.protocol, s.metadata); err != nil {
			return nil, err
		}
	}
	if len(ch.txns) > 0 {
		s.txns = maps.Clone(base.txns)
		if s.txns == nil {
			s.txns = map[string]Txn{}
		}
		maps.Copy(s.txns, ch.txns)
	}
	if len(ch.files) == 0 {
		s.files, s.removes = base.files, base.removes
		return s, nil
	}

	var adds []*Add
	var removes []*Remove
	for _, f := range ch.files {
		if f.add != nil {
			adds = append(adds, f.add)
		} else {
			removes = append(removes, f.remove)
		}
	}
	slices.SortFunc(adds, func(a, b *Add) int { return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.dv, b.dv)) })
	slices.SortFunc(removes, func(a, b *Remove) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.dv, b.dv))
	})
	for _, a := range adds {
		if err := fileGate(a); err != nil {
			return nil, err
		}
	}
	decided := func(path, dv string) bool { _, ok := ch.files[fileKey{path, dv}]; return ok }
	expired := now.Add(-tombstoneRetention(s.metadata))
	s.files = merge(base.files, adds,
		func(a, b *Add) int { return strings.Compare(a.Path, b.Path) },
		func(a *Add) bool { return !decided(a.Path, a.dv) })
	s.removes = merge(base.removes, removes,
		func(a, b *Remove) int { return strings.Compare(a.Path, b.Path) },
		func(r *Remove) bool { return !decided(r.Path, r.dv) && r.DeletionTime.After(expired) })
	sharePartitions(s.files, adds)
	return s, nil
}

// corruptState names the version because no single object lacks the action.
func corruptState(version int64, action string) error {
	return corrupt("version "+strconv.FormatInt(version, 10), "no %s action up to here", action)
}

// merge joins two sorted slices into a new one, and leaves out of the old what
// does not pass keep.
func merge[T any](old, fresh []T, order func(a, b T) int, keep func(T) bool) []T {
	out := make([]T, 0, len(old)+len(fresh))
	for _, o := range old {
		for len(fresh) > 0 && order(fresh[0], o) < 0 {
			out = append(out, fresh[0])
			fresh = fresh[1:]
		}
		if keep(o) {
			out = append(out, o)
		}
	}
	return append(out, fresh...)
}

// sharePartitions lets fresh files share one map with a neighbour of equal
// partition values: sorted by path, the files of a partition lie together.
// Without it the maps would be the larger part of a snapshot. Files that are not
// fresh belong to other snapshots too and are not touched.
func sharePartitions(files, fresh []*Add) {
	for _, a := range fresh {
		if len(a.PartitionValues) == 0 {
			a.PartitionValues = nil
			continue
		}
		i, _ := slices.BinarySearchFunc(files, a, func(x, y *Add) int { return strings.Compare(x.Path, y.Path) })
		for _, n := range []int{i - 1, i + 1} {
			if n >= 0 && n < len(files) && maps.EqualFunc(files[n].PartitionValues, a.PartitionValues, equalText) {
				a.PartitionValues = files[n].PartitionValues
				break
			}
		}
	}
}

func equalText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
