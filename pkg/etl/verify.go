package etl

import (
	"context"
	"encoding/hex"
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
	Files      int64 `json:"files"` // delivered files the lake knows
	Lines      int64 `json:"lines"` // of their newest versions
	Superseded int64 `json:"superseded"`
	Bronze     int64 `json:"bronze"` // rows
	Quarantine int64 `json:"quarantine"`
	Silver     int64 `json:"silver"`
	// Wrapped counts the rows of silver and quarantine that are not the first of their
	// line, because it wraps several events: bronze has Silver + Quarantine - Wrapped
	// rows, with what is expired or behind.
	Wrapped   int64            `json:"wrapped,omitempty"`
	Gold      map[string]int64 `json:"gold"`
	GoldTotal int64            `json:"goldTotal"`
	// Expired counts the rows that retention removed from silver and quarantine in
	// the lifetime of the lake. The balance of the layers includes them.
	Expired int64 `json:"expired,omitempty"`
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

// Verify proves from the lake alone that no line was lost, doubled or changed on
// its way: every line's text against its hash, every file's lines against the
// landing state, bronze against silver and quarantine file by file, the events in
// lines that wrap several against these lines, silver against gold table by table,
// by file, line number, place in the line and event key. It does not
// compare the other columns of silver and gold. With sources it also reads every
// delivered file again. It is safe beside running ETL: layers are compared at the
// versions that their transactions say they have reached.
func Verify(ctx context.Context, l *lake.Lake, sources []Source) (*Report, error) {
	v := &verifier{lake: l, lines: landing.NewLineReader(), report: &Report{Gold: map[string]int64{}, Problems: []string{}}}
	if err := v.take(ctx); err != nil {
		return nil, err
	}
	for _, check := range []func(context.Context) error{v.checkBronze, v.checkSilver, v.checkGold} {
		if err := check(ctx); err != nil {
			return nil, err
		}
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
	// wrapped is how many events bronze's lines of a file have beyond one each.
	wrapped map[int64]int64

	// Taken from the top layer down, so that no layer is older than what the one
	// above says to have reached of it.
	watermark  int64 // silver version that all of gold is said to have reached
	gold       map[string]goldView
	silver     *delta.Snapshot // nil: no table
	reached    int64           // bronze version that silver has reached, or -1
	quarantine *delta.Snapshot // at a version no later than silver; nil: no table
	bronze     *delta.Snapshot
	bronzeThen *delta.Snapshot // at the version that silver has reached; nil: none
	current    bool            // silver has reached all rows of bronze
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
	cut int64 // lines of which only the head is kept, as it seems
}

// checkBronze holds every line against its hash and every file against the state.
func (v *verifier) checkBronze(ctx context.Context) error {
	want := columnar.Schema{
		{Name: "fileId", Type: long},
		{Name: "lineNumber", Type: long},
		{Name: "lineHash", Type: text},
		{Name: "raw", Type: text},
		{Name: "rawBytes", Type: columnar.Of(columnar.Binary)},
		{Name: "sourceFile", Type: text},
	}
	found := map[int64]*account{}
	v.names, v.wrapped = map[int64]string{}, map[int64]int64{}
	for b, err := range v.lake.Table(lake.Bronze).ScanFiles(ctx, v.bronze, v.bronze.Files(), want, nil, nil) {
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
			if string(c[5].ByteAt(i)) != v.names[id] {
				v.report.problem("bronze: %s line %d has another sourceFile", v.name(id), c[1].Ints[i])
			}
			a.add(lineage{file: id, line: c[1].Ints[i]})
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
			if _, n, ok := event.Wrapped(line); ok {
				v.wrapped[id] += n - 1
			}
			switch {
			case event.Hash(line) == hash:
			case len(line) == landing.HeadBytes:
				a.cut++
			default:
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
			if name, ok := v.names[e.FileID]; ok && name != e.Key {
				v.report.problem("bronze: the rows of %s have %s as their sourceFile", e.Key, name)
			}
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
			case a.cut != e.Cut:
				v.report.problem("bronze: %s has %d lines of %d bytes that do not have their hash, and %d were cut to that length", e.Key, a.cut, landing.HeadBytes, e.Cut)
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

// sources reads every delivered file again whose version the lake says to hold.
func (v *verifier) sources(ctx context.Context, sources []Source) error {
	out := &SourceReport{}
	v.report.Source = out
	for _, src := range sources {
		index := slices.Index(v.state.Sources, src.URL)
		if index < 0 {
			return fmt.Errorf("the lake has nothing from source %s; it knows %q", src.URL, v.state.Sources)
		}
		listed := map[string]landing.File{}
		if _, err := landing.Discover(ctx, src.Store, index, landing.Window{}, func(f landing.File) error {
			if f.Date >= horizonOf(v.bronze) { // else retention has removed it
				listed[f.Key] = f
			}
			return nil
		}); err != nil {
			return fmt.Errorf("list source %s: %w", src.URL, err)
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
