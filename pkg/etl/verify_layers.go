package etl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// goldView is a gold table and the silver version it has reached.
type goldView struct {
	snap *delta.Snapshot
	done int64
}

// take fixes the versions that are compared.
func (v *verifier) take(ctx context.Context) error {
	mark, err := (&Runner{lake: v.lake}).readWatermark(ctx)
	if err != nil {
		return err
	}
	names, err := v.lake.Gold(ctx)
	if err != nil {
		return err
	}
	v.gold = map[string]goldView{}
	for _, name := range names {
		snap, done, err := head(ctx, v.lake.Table(name), appGold)
		if err != nil {
			return err
		}
		v.gold[name] = goldView{snap, done}
	}
	if v.silver, v.reached, err = head(ctx, v.lake.Table(lake.Silver), appSilver); err != nil {
		return err
	}
	v.watermark = -1
	if v.silver != nil && mark.App == appOf(appGold, v.silver) && mark.Version <= v.silver.Version() {
		v.watermark = mark.Version
	}
	if err := v.takeQuarantine(ctx); err != nil {
		return err
	}
	v.bronze, err = v.lake.Table(lake.Bronze).Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return fmt.Errorf("%s is no lake: it has no table %s: %w", v.lake.Store(), lake.Bronze, err)
	}
	if err != nil {
		return err
	}
	path, err := landingPath(v.bronze)
	if err != nil {
		return err
	}
	v.state, err = landing.Load(ctx, v.lake.Store(), path, nil)
	return err
}

// takeQuarantine goes back to the version that silver has reached, too: of a
// stretch of bronze, and of a rebuild, quarantine is committed first.
func (v *verifier) takeQuarantine(ctx context.Context) error {
	table := v.lake.Table(lake.Quarantine)
	snap, done, err := head(ctx, table, appSilver)
	for err == nil && snap != nil && (done > v.reached || generation(snap) > generation(v.silver)) {
		if snap.Version() == 0 {
			snap = nil
			break
		}
		if snap, err = table.SnapshotAt(ctx, snap.Version()-1); err == nil {
			done = reached(appSilver, snap)
		}
	}
	v.quarantine = snap
	return err
}

// checkSilver compares bronze, at the version silver has reached, with silver and
// quarantine.
func (v *verifier) checkSilver(ctx context.Context) error {
	bronzeTable := v.lake.Table(lake.Bronze)
	if _, err := v.commitsOf(ctx, bronzeTable, v.bronze); err != nil {
		return err
	}
	below, above := map[int64]*tally{}, map[int64]*tally{}
	if v.reached >= 0 {
		// What came after, and brought no lines, is there no more or in other files.
		level, missing, err := lacking(ctx, bronzeTable, v.bronze, v.reached)
		if err != nil {
			return err
		}
		bronze := v.bronze
		if level < bronze.Version() {
			if bronze, err = bronzeTable.SnapshotAt(ctx, level); err != nil {
				return err
			}
		}
		v.bronzeThen, v.current = bronze, len(missing) == 0
		n, err := v.perFile(ctx, bronzeTable, bronze, below)
		if err != nil {
			return err
		}
		v.report.SilverBehind = v.report.Bronze - n
	} else {
		v.report.SilverBehind = v.report.Bronze
	}
	var err error
	if v.report.Silver, err = v.perFile(ctx, v.lake.Table(lake.Silver), v.silver, above); err != nil {
		return err
	}
	if v.report.Quarantine, err = v.perFile(ctx, v.lake.Table(lake.Quarantine), v.quarantine, above); err != nil {
		return err
	}
	v.report.Wrapped = sumOf(above).further
	if err := v.balance(below, above); err != nil {
		return err
	}
	v.compareFiles(below, above)
	return nil
}

// balance compares the sums of the layers, with what retention has removed from
// each.
func (v *verifier) balance(below, above map[int64]*tally) error {
	b, a := sumOf(below), sumOf(above)
	for snap, side := range map[*delta.Snapshot]*tally{v.bronzeThen: &b, v.silver: &a, v.quarantine: &a} {
		gone, err := expiredOf(snap)
		if err != nil {
			return err
		}
		*side = side.plus(gone.tally)
		if snap != nil && snap != v.bronzeThen {
			v.report.Expired += gone.rows
		}
	}
	switch expires := horizonOf(v.silver) + horizonOf(v.quarantine) + horizonOf(v.bronzeThen); {
	case expires == "": // then the files say it more exactly
	case a.lines() != b.lines():
		v.report.problem("silver: bronze had %d rows in its lifetime, silver and quarantine together those of %d lines", b.lines(), a.lines())
	case a.walk != b.walk:
		v.report.problem("silver: silver and quarantine together had other lines in their lifetime than bronze")
	}
	return nil
}

func sumOf(files map[int64]*tally) (sum tally) {
	for _, t := range files {
		sum = sum.plus(*t)
	}
	return sum
}

// compareFiles compares bronze with silver and quarantine file by file. Where
// retention removed rows, a layer may have fewer of a file than the other; the
// balance says whether all those are accounted for.
func (v *verifier) compareFiles(below, above map[int64]*tally) {
	fewerAbove := horizonOf(v.silver) != "" || horizonOf(v.quarantine) != ""
	noneBelow := horizonOf(v.bronzeThen) != ""
	for _, id := range slices.Sorted(maps.Keys(below)) {
		b, a := below[id], above[id]
		if a == nil {
			a = &tally{}
		}
		switch {
		case a.lines() < b.lines() && fewerAbove:
		case a.lines() != b.lines():
			v.report.problem("silver: %s has %d rows in bronze, and %d in silver and quarantine together", v.name(id), b.rows, a.lines())
		case a.walk != b.walk:
			v.report.problem("silver: %s has other lines in silver and quarantine than in bronze, or other events of them", v.name(id))
		case v.current && a.further != v.wrapped[id] && !fewerAbove:
			v.report.problem("silver: the lines of %s wrap %d further events, silver and quarantine have %d; if older rules made them, auditlake replay makes them anew", v.name(id), v.wrapped[id], a.further)
		}
		delete(above, id)
	}
	for _, id := range slices.Sorted(maps.Keys(above)) {
		if !noneBelow {
			v.report.problem("silver: %s has %d rows in silver and quarantine, and none in bronze", v.name(id), above[id].rows)
		}
	}
}

// perFile adds up the rows of a table by delivered file; snap may be nil.
func (v *verifier) perFile(ctx context.Context, t *lake.Table, snap *delta.Snapshot, into map[int64]*tally) (rows int64, err error) {
	if snap == nil {
		return 0, nil
	}
	for b, err := range t.ScanFiles(ctx, snap, snap.Files(), lineageSchema(), nil, nil) {
		if err != nil {
			return 0, err
		}
		rows += int64(b.Len)
		from := lineagesOf(b)
		for i := range b.Len {
			l := from.at(i)
			a := into[l.file]
			if a == nil {
				a = &tally{}
				into[l.file] = a
			}
			a.add(l)
		}
	}
	return rows, nil
}

// commitsOf are the commits of a table that its log still has, up to a snapshot. A
// commit that puts rows in the place of others is a problem, unless it is a rebuild
// of ours.
func (v *verifier) commitsOf(ctx context.Context, t *lake.Table, snap *delta.Snapshot) ([]*delta.Commit, error) {
	first, err := t.Log().First(ctx)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", t.Name, err)
	}
	var out []*delta.Commit
	for c, err := range t.Log().Commits(ctx, first-1, snap.Version()) {
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		if rewrites(c) && !rebuilds(c) {
			v.report.problem("%s: version %d (%s) put rows in the place of others: Auditlake never does", t.Name, c.Version, c.Info.Operation)
		}
		out = append(out, c)
	}
	return out, nil
}

func (t *tally) addEvent(key []byte, from lineage) {
	t.add(from)
	if len(key) >= 16 {
		if k, err := strconv.ParseUint(string(key[:16]), 16, 64); err == nil {
			t.keys += k
		}
	}
}
