package etl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
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
	var err error
	if v.watermark, err = (&Runner{lake: v.lake, goldDone: -1}).readWatermark(ctx); err != nil {
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
// stretch of bronze, quarantine is committed first.
func (v *verifier) takeQuarantine(ctx context.Context) error {
	table := v.lake.Table(lake.Quarantine)
	snap, done, err := head(ctx, table, appSilver)
	for err == nil && snap != nil && done > v.reached {
		if snap.Version() == 0 {
			snap = nil
			break
		}
		if snap, err = table.SnapshotAt(ctx, snap.Version()-1); err == nil {
			done, _ = snap.Txn(appSilver)
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
		bronze := v.bronze
		if v.reached < bronze.Version() {
			var err error
			if bronze, err = bronzeTable.SnapshotAt(ctx, v.reached); err != nil {
				return err
			}
		}
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
	for _, id := range slices.Sorted(maps.Keys(below)) {
		b, a := below[id], above[id]
		if a == nil {
			a = &tally{}
		}
		switch {
		case a.rows != b.rows:
			v.report.problem("silver: %s has %d rows in bronze, and %d in silver and quarantine together", v.name(id), b.rows, a.rows)
		case a.walk != b.walk:
			v.report.problem("silver: %s has other lines in silver and quarantine than in bronze", v.name(id))
		}
		delete(above, id)
	}
	for _, id := range slices.Sorted(maps.Keys(above)) {
		v.report.problem("silver: %s has %d rows in silver and quarantine, and none in bronze", v.name(id), above[id].rows)
	}
	return nil
}

// perFile adds up the rows of a table by delivered file; snap may be nil.
func (v *verifier) perFile(ctx context.Context, t *lake.Table, snap *delta.Snapshot, into map[int64]*tally) (rows int64, err error) {
	if snap == nil {
		return 0, nil
	}
	want := columnar.Schema{{Name: "fileId", Type: long}, {Name: "lineNumber", Type: long}}
	for b, err := range t.ScanFiles(ctx, snap, snap.Files(), want, nil, nil) {
		if err != nil {
			return 0, err
		}
		rows += int64(b.Len)
		for i := range b.Len {
			id := b.Columns[0].Ints[i]
			a := into[id]
			if a == nil {
				a = &tally{}
				into[id] = a
			}
			a.add(id, b.Columns[1].Ints[i])
		}
	}
	return rows, nil
}

var logEntry = regexp.MustCompile(`/(\d{20})\.json$`)

// commitsOf says which version brought each file of a snapshot, as far as the log
// still has it; older files are not in the answer. A commit that puts rows in the
// place of others is a problem: no layer does that.
func (v *verifier) commitsOf(ctx context.Context, t *lake.Table, snap *delta.Snapshot) (map[string]int64, error) {
	first := int64(0)
	for o, err := range v.lake.Store().List(ctx, lake.Root(t.Name)+"_delta_log/", "") {
		if err != nil {
			return nil, err
		}
		if m := logEntry.FindStringSubmatch(o.Key); m != nil {
			if first, err = strconv.ParseInt(m[1], 10, 64); err != nil {
				first = 0
			}
			break
		}
	}
	versions := map[string]int64{}
	for c, err := range t.Log().Commits(ctx, first-1, snap.Version()) {
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, err)
		}
		if rewrites(c) {
			v.report.problem("%s: version %d (%s) put rows in the place of others: Auditlake never does", t.Name, c.Version, c.Info.Operation)
		}
		for i := range c.Adds {
			versions[c.Adds[i].Path] = c.Version
		}
	}
	return versions, nil
}

func (t *tally) addEvent(key []byte, file, line int64) {
	t.add(file, line)
	if len(key) >= 16 {
		if k, err := strconv.ParseUint(string(key[:16]), 16, 64); err == nil {
			t.keys += k
		}
	}
}

// checkGold compares each gold table with silver's events of its services, up to
// the silver version that the table says to have reached.
func (v *verifier) checkGold(ctx context.Context) error {
	if v.silver == nil {
		return nil
	}
	below, err := v.perTable(ctx)
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
			b = &tally{}
		}
		switch {
		case a.rows != b.rows:
			v.report.problem("gold: table %s has %d rows, silver has %d events of its services", name, a.rows, b.rows)
		case a.walk != b.walk || a.keys != b.keys:
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

// perTable adds up silver's events by the gold table they belong to. Those that a
// table has not reached are what gold is behind, and a problem if the watermark
// says that all of gold is further.
func (v *verifier) perTable(ctx context.Context) (map[string]*tally, error) {
	table := v.lake.Table(lake.Silver)
	versions, err := v.commitsOf(ctx, table, v.silver)
	if err != nil {
		return nil, err
	}
	watermark := v.watermark
	if watermark > v.silver.Version() {
		watermark = -1 // of another lake
	}
	want := columnar.Schema{
		{Name: "serviceName", Type: text}, {Name: "fileId", Type: long},
		{Name: "lineNumber", Type: long}, {Name: "eventKey", Type: text},
	}
	type target struct {
		name string
		done int64
		sum  *tally
	}
	into, missed := map[string]*tally{}, map[string]int64{}
	targets := map[string]*target{} // by service
	for add := range v.silver.Files() {
		version, known := versions[add.Path]
		if !known {
			version = -1 // older than the log: every table is beyond it
		}
		for b, err := range table.ScanFiles(ctx, v.silver, one(add), want, nil, nil) {
			if err != nil {
				return nil, err
			}
			c := b.Columns
			for i := range b.Len {
				service := c[0].ByteAt(i)
				t, ok := targets[string(service)]
				if !ok {
					t = &target{name: v.goldNameOf(service, c[0].IsNull(i)), done: -1}
					if g, exists := v.gold[t.name]; exists {
						t.done = g.done
					}
					if t.sum = into[t.name]; t.sum == nil {
						t.sum = &tally{}
						into[t.name] = t.sum
					}
					targets[string(service)] = t
				}
				switch {
				case version <= t.done:
					t.sum.addEvent(c[3].ByteAt(i), c[1].Ints[i], c[2].Ints[i])
				case version <= watermark:
					missed[t.name]++
				default:
					v.report.GoldBehind++
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missed)) {
		if _, ok := v.gold[name]; !ok {
			v.report.problem("gold: table %s is missing, silver has %d events for it", name, missed[name])
			continue
		}
		v.report.problem("gold: table %s lacks %d events of silver versions that gold says to have reached", name, missed[name])
	}
	return into, nil
}

func one(a *delta.Add) iter.Seq[*delta.Add] {
	return func(yield func(*delta.Add) bool) { yield(a) }
}

func (v *verifier) goldNameOf(service []byte, null bool) string {
	name := GoldName(service, null)
	if _, ok := v.gold[name]; !ok {
		if _, ok := v.gold[otherTable]; ok {
			return otherTable
		}
	}
	return name
}

func (v *verifier) goldTable(ctx context.Context, name string) (*tally, error) {
	want := columnar.Schema{{Name: "fileId", Type: long}, {Name: "lineNumber", Type: long}, {Name: "eventKey", Type: text}}
	snap := v.gold[name].snap
	t := &tally{}
	for b, err := range v.lake.Table(name).ScanFiles(ctx, snap, snap.Files(), want, nil, nil) {
		if err != nil {
			return nil, err
		}
		c := b.Columns
		for i := range b.Len {
			t.addEvent(c[2].ByteAt(i), c[0].Ints[i], c[1].Ints[i])
		}
	}
	return t, nil
}
