package etl

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/delta"
	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/etl/landing"
	"github.com/auditlake/auditlake/pkg/lake"
)

// Report is what Verify found. The lake is sound if Problems is empty.
type Report struct {
	Files      int64            `json:"files"` // delivered files the lake knows
	Lines      int64            `json:"lines"` // of their newest versions
	Superseded int64            `json:"superseded"`
	Bronze     int64            `json:"bronze"` // rows
	Quarantine int64            `json:"quarantine"`
	Silver     int64            `json:"silver"`
	Gold       map[string]int64 `json:"gold"`
	GoldTotal  int64            `json:"goldTotal"`
	// Behind counts rows that a layer will get from the one below with the next
	// run: no problem, and nothing is lost.
	SilverBehind int64 `json:"silverBehind"`
	GoldBehind   int64 `json:"goldBehind"`
	// Source is what comparing with the delivered files told; nil if it was not
	// asked for.
	Source   *SourceReport `json:"source,omitempty"`
	Problems []string      `json:"problems"`
	More     int           `json:"moreProblems,omitempty"` // problems not listed
}

// SourceReport compares the lake with what is delivered now.
type SourceReport struct {
	Read    int64 `json:"read"`    // files whose content was compared
	Waiting int64 `json:"waiting"` // new or changed files that the next run will read
	Missing int64 `json:"missing"` // files the lake knows and the source has no more
}

const maxProblems = 100

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) >= maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

// tally is an order-free account of a set of rows.
type tally struct {
	rows int64
	walk uint64 // sum over the rows of a hash of file and line number
	keys uint64 // sum over the rows of the first half of the event key
}

func (t *tally) add(file, line int64) {
	t.rows++
	t.walk += mix(uint64(file)*0x9e3779b97f4a7c15 + uint64(line))
}

// mix spreads a number over 64 bits (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Verify proves from the lake alone that no line was lost, doubled or changed on
// its way: every line's hash against its text, every file's lines against the
// landing state, bronze against silver and quarantine file by file, silver
// against gold table by table. With sources it also reads every delivered file
// again. It is safe beside running ETL: layers are compared at the versions that
// they say they have reached.
func Verify(ctx context.Context, l *lake.Lake, sources []Source) (*Report, error) {
	v := &verifier{lake: l, lines: landing.NewLineReader(), report: &Report{Gold: map[string]int64{}, Problems: []string{}}}
	bronze, err := l.Table(lake.Bronze).Snapshot(ctx)
	if errors.Is(err, delta.ErrNoTable) {
		return nil, fmt.Errorf("%s is no lake: it has no table %s: %w", l.Store(), lake.Bronze, err)
	}
	if err != nil {
		return nil, err
	}
	path, err := landingPath(bronze)
	if err != nil {
		return nil, err
	}
	if v.state, err = landing.Load(ctx, l.Store(), path, nil); err != nil {
		return nil, err
	}
	if err := v.bronze(ctx, bronze); err != nil {
		return nil, err
	}
	if err := v.silver(ctx, bronze); err != nil {
		return nil, err
	}
	if err := v.gold(ctx); err != nil {
		return nil, err
	}
	if len(sources) > 0 {
		if err := v.sources(ctx, sources); err != nil {
			return nil, err
		}
	}
	return v.report, nil
}

type verifier struct {
	lake   *lake.Lake
	lines  *landing.LineReader
	report *Report
	state  *landing.State
	names  map[int64]string // file id -> key
}

func (v *verifier) name(file int64) string {
	if n, ok := v.names[file]; ok {
		return n
	}
	return "file id " + strconv.FormatInt(file, 10)
}

// account is what bronze really has of one file.
type account struct {
	tally
	sum landing.Sum
}

// bronze checks every line against its hash and every file against the state.
func (v *verifier) bronze(ctx context.Context, snap *delta.Snapshot) error {
	want := columnar.Schema{
		{Name: "fileId", Type: long}, {Name: "lineNumber", Type: long}, {Name: "lineHash", Type: text},
		{Name: "raw", Type: text}, {Name: "rawBytes", Type: columnar.Of(columnar.Binary)}, {Name: "sourceFile", Type: text},
	}
	found := map[int64]*account{}
	v.names = map[int64]string{}
	for b, err := range v.lake.Table(lake.Bronze).ScanFiles(ctx, snap, snap.Files(), want, nil, nil) {
		if err != nil {
			return err
		}
		c := b.Columns
		for i := range b.Len {
			id := c[0].Ints[i]
			a := found[id]
			if a == nil {
				a = &account{}
				found[id] = a
				v.names[id] = string(c[5].ByteAt(i))
			}
			a.add(id, c[1].Ints[i])
			var hash [16]byte
			if _, err := hex.Decode(hash[:], c[2].ByteAt(i)); err != nil {
				v.report.problem("bronze: %s line %d: lineHash is not 32 hexadecimal digits", v.name(id), c[1].Ints[i])
				continue
			}
			a.sum.Add(hash)
			line := c[3].ByteAt(i)
			if !c[4].IsNull(i) {
				line = c[4].ByteAt(i)
			}
			// Of a line over landing.MaxLine only the head is kept.
			if len(line) != landing.HeadBytes && event.Hash(line) != hash {
				v.report.problem("bronze: %s line %d: the text does not have the hash it was delivered with", v.name(id), c[1].Ints[i])
			}
		}
	}
	for _, date := range slices.Sorted(maps.Keys(v.state.Dates)) {
		entries, err := v.state.Entries(ctx, date)
		if err != nil {
			return err
		}
		for _, e := range entries {
			v.names[e.FileID] = e.Key
			v.report.Files++
			v.report.Lines += e.Lines
			v.report.Superseded += e.Superseded
			a := found[e.FileID]
			if a == nil {
				a = &account{}
			}
			switch {
			case a.rows != e.Rows():
				v.report.problem("bronze: %s has %d rows, delivered were %d lines", e.Key, a.rows, e.Rows())
			case a.sum != e.Sum:
				v.report.problem("bronze: %s has other lines than were delivered (their hashes add up differently)", e.Key)
			}
			v.report.Bronze += a.rows
			delete(found, e.FileID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		v.report.problem("bronze: %s has %d rows, and the landing state does not know the file", v.name(id), found[id].rows)
		v.report.Bronze += found[id].rows
	}
	return nil
}

// silver compares bronze, at the version silver has reached, with silver and
// quarantine.
func (v *verifier) silver(ctx context.Context, bronzeHead *delta.Snapshot) error {
	silver, reached, err := head(ctx, v.lake.Table(lake.Silver), appSilver)
	if err != nil {
		return err
	}
	below := map[int64]*tally{}
	if reached >= 0 {
		bronze := bronzeHead
		if reached < bronzeHead.Version() {
			if bronze, err = v.lake.Table(lake.Bronze).SnapshotAt(ctx, reached); err != nil {
				return err
			}
		}
		if err := v.perFile(ctx, v.lake.Table(lake.Bronze), bronze, below); err != nil {
			return err
		}
	}
	total := int64(0)
	for _, t := range below {
		total += t.rows
	}
	v.report.SilverBehind = v.report.Bronze - total

	above := map[int64]*tally{}
	if silver != nil {
		if err := v.perFile(ctx, v.lake.Table(lake.Silver), silver, above); err != nil {
			return err
		}
		for _, t := range above {
			v.report.Silver += t.rows
		}
	}
	quarantine, _, err := head(ctx, v.lake.Table(lake.Quarantine), appSilver)
	if err != nil {
		return err
	}
	if quarantine != nil {
		refused := map[int64]*tally{}
		if err := v.perFile(ctx, v.lake.Table(lake.Quarantine), quarantine, refused); err != nil {
			return err
		}
		for id, t := range refused {
			v.report.Quarantine += t.rows
			a := above[id]
			if a == nil {
				a = &tally{}
				above[id] = a
			}
			a.rows += t.rows
			a.walk += t.walk
		}
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

func (v *verifier) perFile(ctx context.Context, t *lake.Table, snap *delta.Snapshot, into map[int64]*tally) error {
	want := columnar.Schema{{Name: "fileId", Type: long}, {Name: "lineNumber", Type: long}}
	for b, err := range t.ScanFiles(ctx, snap, snap.Files(), want, nil, nil) {
		if err != nil {
			return err
		}
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
	return nil
}

// gold compares silver, at the version gold has reached, with the gold tables.
func (v *verifier) gold(ctx context.Context) error {
	silver, _, err := head(ctx, v.lake.Table(lake.Silver), appSilver)
	if err != nil || silver == nil {
		return err
	}
	r := &Runner{lake: v.lake, goldDone: -1}
	reached, err := r.readWatermark(ctx)
	if err != nil {
		return err
	}
	names, err := v.lake.Gold(ctx)
	if err != nil {
		return err
	}
	below := map[string]*tally{}
	if reached >= 0 {
		if reached < silver.Version() {
			if silver, err = v.lake.Table(lake.Silver).SnapshotAt(ctx, reached); err != nil {
				return err
			}
		}
		if err := v.perTable(ctx, silver, names, below); err != nil {
			return err
		}
	}
	total := int64(0)
	for _, t := range below {
		total += t.rows
	}
	v.report.GoldBehind = v.report.Silver - total
	for _, name := range names {
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
		case v.report.GoldBehind > 0 && a.rows > b.rows:
			// A run got as far as this table and not yet to the watermark.
		case a.rows != b.rows:
			v.report.problem("gold: table %s has %d rows, silver has %d events of its services", name, a.rows, b.rows)
		case a.walk != b.walk || a.keys != b.keys:
			v.report.problem("gold: table %s has other events than silver has of its services", name)
		}
		delete(below, name)
	}
	for _, name := range slices.Sorted(maps.Keys(below)) {
		v.report.problem("gold: table %s is missing, silver has %d events for it", name, below[name].rows)
	}
	return nil
}

func (t *tally) addEvent(key []byte, file, line int64) {
	t.add(file, line)
	if len(key) >= 16 {
		if k, err := strconv.ParseUint(string(key[:16]), 16, 64); err == nil {
			t.keys += k
		}
	}
}

// perTable counts silver's events by the gold table they belong to.
func (v *verifier) perTable(ctx context.Context, silver *delta.Snapshot, names []string, into map[string]*tally) error {
	want := columnar.Schema{
		{Name: "serviceName", Type: text}, {Name: "fileId", Type: long},
		{Name: "lineNumber", Type: long}, {Name: "eventKey", Type: text},
	}
	tables := map[string]*tally{} // by service
	for b, err := range v.lake.Table(lake.Silver).ScanFiles(ctx, silver, silver.Files(), want, nil, nil) {
		if err != nil {
			return err
		}
		c := b.Columns
		for i := range b.Len {
			service := c[0].ByteAt(i)
			t, ok := tables[string(service)]
			if !ok {
				name := GoldName(service, c[0].IsNull(i))
				if !slices.Contains(names, name) && slices.Contains(names, otherTable) {
					name = otherTable
				}
				if t = into[name]; t == nil {
					t = &tally{}
					into[name] = t
				}
				tables[string(service)] = t
			}
			t.addEvent(c[3].ByteAt(i), c[1].Ints[i], c[2].Ints[i])
		}
	}
	return nil
}

func (v *verifier) goldTable(ctx context.Context, name string) (*tally, error) {
	want := columnar.Schema{{Name: "fileId", Type: long}, {Name: "lineNumber", Type: long}, {Name: "eventKey", Type: text}}
	view, err := v.lake.Table(name).View(ctx)
	if err != nil {
		return nil, err
	}
	t := &tally{}
	for b, err := range view.Scan(ctx, want, nil, nil) {
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

// sources reads every delivered file again whose version the lake says to hold.
func (v *verifier) sources(ctx context.Context, sources []Source) error {
	out := &SourceReport{}
	v.report.Source = out
	for _, src := range sources {
		index := slices.Index(v.state.Sources, src.URL)
		if index < 0 {
			return fmt.Errorf("the lake has nothing from source %s; it knows %q", src.URL, v.state.Sources)
		}
		got, err := landing.Discover(ctx, src.Store, index, landing.Window{})
		if err != nil {
			return fmt.Errorf("list source %s: %w", src.URL, err)
		}
		listed := map[string]landing.File{}
		for _, f := range got.Files {
			listed[f.Key] = f
		}
		for date := range v.state.Dates {
			entries, err := v.state.Entries(ctx, date)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Source != index {
					continue
				}
				f, ok := listed[e.Key]
				delete(listed, e.Key)
				switch {
				case !ok:
					out.Missing++
					continue
				case f.ETag != e.ETag:
					out.Waiting++
					continue
				}
				if err := v.sourceFile(ctx, src, f, e); err != nil {
					return err
				}
				out.Read++
			}
		}
		out.Waiting += int64(len(listed))
	}
	return nil
}

func (v *verifier) sourceFile(ctx context.Context, src Source, f landing.File, e landing.Entry) (err error) {
	rc, _, err := src.Store.Get(ctx, f.Key, f.ETag, 0, -1)
	if gone(err) {
		v.report.Source.Waiting++
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Key, err)
	}
	defer func() {
		if cerr := rc.Close(); err == nil && !gone(cerr) {
			err = cerr
		}
	}()
	var sum landing.Sum
	digest, err := v.lines.Read(rc, func(l landing.Line) error {
		sum.Add(l.Hash)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Key, err)
	}
	switch {
	case hex.EncodeToString(digest.SHA256[:]) != e.SHA256:
		v.report.problem("source: %s has other content than was landed, under the same version", e.Key)
	case digest.Lines != e.Lines:
		v.report.problem("source: %s has %d lines, the landing state counts %d", e.Key, digest.Lines, e.Lines)
	case e.Superseded == 0 && sum != e.Sum:
		v.report.problem("source: %s has other lines than bronze", e.Key)
	}
	return nil
}
