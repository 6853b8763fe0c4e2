package etl

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/lake"
)

// checkGold compares each gold table with silver's events of its services, at the
// silver version up to which the table lacks nothing.
func (v *verifier) checkGold(ctx context.Context) error {
	if v.silver == nil {
		return nil
	}
	commits, err := v.commitsOf(ctx, v.lake.Table(lake.Silver), v.silver)
	if err != nil {
		return err
	}
	below, err := v.perTable(ctx, v.levels(commits))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(v.gold)) {
		a, err := v.goldTable(ctx, name)
		if err != nil {
			return err
		}
		v.report.Gold[name] = a.rows
		v.report.GoldTotal += a.rows
		b := below[name]
		if b == nil {
			b = &silverOf{}
		}
		gone, err := expiredOf(v.gold[name].snap)
		if err != nil {
			return err
		}
		had := a.plus(gone.tally)
		switch {
		case had.rows != b.rows+b.expired.rows && b.expired == (tally{}) && gone.tally == (tally{}):
			v.report.problem("gold: table %s has %d rows, silver has %d events of its services", name, a.rows, b.rows)
		case had.rows != b.rows+b.expired.rows:
			v.report.problem("gold: table %s had %d rows in its lifetime, silver had %d events of its services", name, had.rows, b.rows+b.expired.rows)
		case had != b.tally.plus(b.expired):
			v.report.problem("gold: table %s has other events than silver has of its services", name)
		}
		delete(below, name)
	}
	for _, name := range slices.Sorted(maps.Keys(below)) {
		if n := below[name].rows; n > 0 {
			v.report.problem("gold: table %s is missing, silver has %d events for it", name, n)
		}
	}
	return nil
}

// levels says for each gold table that lacks events of silver the version before
// the first it lacks; for all others silver's newest version holds. What the log
// has no more, all of gold has reached.
func (v *verifier) levels(commits []*delta.Commit) map[string]int64 {
	out := map[string]int64{}
	lacks := func(name string, version int64) {
		done := int64(-1)
		if g, ok := v.gold[name]; ok {
			done = g.done
		}
		if _, known := out[name]; !known && version > done {
			out[name] = version - 1
		}
	}
	for _, c := range commits {
		if rebuilds(c) {
			for name := range v.gold {
				lacks(name, c.Version)
			}
		}
		if c.Rearranges() {
			continue
		}
		for i := range c.Adds {
			for name := range tagged(&c.Adds[i]) {
				lacks(v.resolve(name), c.Version)
			}
		}
	}
	return out
}

// resolve is the gold table that the events under a table name are in.
func (v *verifier) resolve(name string) string {
	if _, ok := v.gold[name]; !ok {
		if _, ok := v.gold[otherTable]; ok {
			return otherTable
		}
	}
	return name
}

// silverOf is what silver has for one gold table.
type silverOf struct {
	tally         // at the table's level
	expired tally // removed by retention, in the account at that level
	newest  int64 // rows at the newest version
	marked  int64 // rows at the version that the watermark names
}

// silverView is a version of silver that some gold table is compared with.
type silverView struct {
	version int64
	snap    *delta.Snapshot
}

// perTable adds up silver's events by the gold table they belong to, at the levels
// of the tables. What the newest version has beyond is what gold is behind, and a
// problem if the watermark says that all of gold is further.
func (v *verifier) perTable(ctx context.Context, levels map[string]int64) (map[string]*silverOf, error) {
	newest := v.silver.Version()
	level := func(name string) int64 {
		if l, ok := levels[name]; ok {
			return l
		}
		return newest
	}
	views := []silverView{{newest, v.silver}}
	need := map[int64]bool{newest: true, -1: true} // before its first version silver is empty
	wanted := slices.Sorted(maps.Values(levels))
	if len(wanted) > 0 && wanted[0] < v.watermark {
		wanted = append(wanted, v.watermark)
	}
	for _, version := range wanted {
		if need[version] {
			continue
		}
		need[version] = true
		snap, err := v.lake.Table(lake.Silver).SnapshotAt(ctx, version)
		if err != nil {
			return nil, err
		}
		views = append(views, silverView{version, snap})
	}
	out := map[string]*silverOf{}
	of := func(name string) *silverOf {
		if out[name] == nil {
			out[name] = &silverOf{}
		}
		return out[name]
	}
	for _, view := range views {
		gone, err := expiredOf(view.snap)
		if err != nil {
			return nil, err
		}
		for name, t := range gone.tables {
			if level(name) == view.version {
				of(name).expired = t
			}
		}
	}
	for add, in := range filesOf(views) {
		t, err := tallyByTable(ctx, v.lake, in[0].snap, one(add), slices.Collect(maps.Keys(v.gold)))
		if err != nil {
			return nil, err
		}
		for name, sum := range t {
			for _, view := range in {
				if view.version == level(name) {
					of(name).tally = of(name).plus(sum)
				}
				if view.version == newest {
					of(name).newest += sum.rows
				}
				if view.version == v.watermark {
					of(name).marked += sum.rows
				}
			}
		}
	}
	v.judge(out, levels)
	return out, nil
}

// judge tells what gold is behind from what it has missed.
func (v *verifier) judge(silver map[string]*silverOf, levels map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(levels)) {
		s := silver[name]
		if s == nil {
			continue
		}
		missed := int64(0)
		if v.watermark > levels[name] {
			missed = max(s.marked-s.rows, 0)
		}
		v.report.GoldBehind += max(s.newest-s.rows-missed, 0)
		if _, exists := v.gold[name]; missed > 0 && !exists {
			v.report.problem("gold: table %s is missing, silver has %d events for it", name, missed)
		} else if missed > 0 {
			v.report.problem("gold: table %s lacks %d events of silver versions that gold says to have reached", name, missed)
		}
	}
}

// filesOf yields each file of the views once, with the views that have it.
func filesOf(views []silverView) iter.Seq2[*delta.Add, []silverView] {
	return func(yield func(*delta.Add, []silverView) bool) {
		for i, view := range views {
			for a := range view.snap.Files() {
				in := []silverView{view}
				seen := false
				for j, other := range views {
					if _, has := other.snap.File(a.Path); has && j != i {
						in = append(in, other)
						seen = seen || j < i
					}
				}
				if !seen && !yield(a, in) {
					return
				}
			}
		}
	}
}

func one(a *delta.Add) iter.Seq[*delta.Add] {
	return func(yield func(*delta.Add) bool) { yield(a) }
}

func (v *verifier) goldTable(ctx context.Context, name string) (*tally, error) {
	want := lineageSchema(columnar.Field{Name: "eventKey", Type: text})
	snap := v.gold[name].snap
	t := &tally{}
	for b, err := range v.lake.Table(name).ScanFiles(ctx, snap, snap.Files(), want, nil, nil) {
		if err != nil {
			return nil, err
		}
		from, keys := lineagesOf(b), b.Column("eventKey")
		for i := range b.Len {
			t.addEvent(keys.ByteAt(i), from.at(i))
		}
	}
	return t, nil
}
