package etl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
)

// generation is how often a table was built from the layer below; 1 for a table
// that is yet to be made.
func generation(snap *delta.Snapshot) int64 {
	if snap == nil {
		return 1
	}
	return generationOf(snap.Metadata())
}

func generationOf(m delta.Metadata) int64 {
	n, err := strconv.ParseInt(m.Configuration[propGeneration], 10, 64)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// appOf is the application whose transactions say how far a table has followed
// the layer below.
func appOf(family string, snap *delta.Snapshot) string {
	if !strings.HasSuffix(family, "/") {
		return family
	}
	return family + strconv.FormatInt(generation(snap), 10)
}

// reached is the version of the layer below that a table has reached, or -1.
func reached(family string, snap *delta.Snapshot) int64 {
	if snap == nil {
		return -1
	}
	if v, ok := snap.Txn(appOf(family, snap)); ok {
		return v
	}
	return -1
}

// head is the newest snapshot of a table and the version of the layer below that
// it has reached; nil and -1 if there is no table, -1 if it says nothing.
func head(ctx context.Context, t *lake.Table, family string) (*delta.Snapshot, int64, error) {
	snap, err := t.Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return nil, -1, nil
	}
	if err != nil {
		return nil, -1, err
	}
	return snap, reached(family, snap), nil
}

// rewrites says that a commit put rows in the place of others, as DELETE, UPDATE
// and overwriting do; a rebuild of ours, too.
func rewrites(c *delta.Commit) bool {
	changes := slices.ContainsFunc(c.Removes, func(r delta.Remove) bool { return r.DataChange })
	return changes && len(c.Adds) > 0
}

// rebuilds says that a commit is a rebuild of ours: it begins a generation, whose
// transaction it brings.
func rebuilds(c *delta.Commit) bool {
	if len(c.Removes) == 0 || c.Metadata == nil || generationOf(*c.Metadata) < 2 {
		return false
	}
	gen := strconv.FormatInt(generationOf(*c.Metadata), 10)
	return slices.ContainsFunc(c.Txns, func(t delta.Txn) bool {
		return t.AppID == appSilver+gen || t.AppID == appGold+gen
	})
}

// progressOf is the transaction by which a table says that it has reached a
// version of the layer below.
func progressOf(family string, base *delta.Snapshot, version int64) *delta.Txn {
	return &delta.Txn{AppID: appOf(family, base), Version: version}
}

// lacking are the commits of a table that bring rows which a follower at a version
// lacks, and all commits after the first of them; none if it lacks nothing. level
// is the version before them: the newest one that the follower has all rows of.
func lacking(ctx context.Context, t *lake.Table, snap *delta.Snapshot, done int64) (level int64, commits []*delta.Commit, err error) {
	level = snap.Version()
	for c, err := range t.Log().Commits(ctx, done, snap.Version()) {
		if err != nil {
			return 0, nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		if len(commits) == 0 && (len(c.Adds) == 0 || c.Rearranges()) {
			continue
		}
		if len(commits) == 0 {
			level = c.Version - 1
		}
		commits = append(commits, c)
	}
	return level, commits, nil
}
