// Package query is the read side of the lake: what a question is, independent of
// the engine that answers it.
//
//	named      the catalog of questions: SQL with parameters
//	  |
//	sql        a statement; events: what Explore asks of events, as log lines
//	  |
//	Plan       a tree: scan, filter, project, aggregate, union, join, window, sort, limit
//	  |        of expressions: columns, constants, predicates, functions
//	Bind       finds the tables, checks the types, says which columns are read
//	  |
//	exec.Run   the embedded executor
//	  |
//	Catalog    OfLake, and around it Redact and Scoped: what may not be seen is
//	           not there, however it is asked for
//
// A plan is a value: building and printing it touches nothing, and two plans with
// the same text have the same answer. A column in a plan carries its type. A table
// or field that the lake does not have yet is then null of that type, because gold
// tables only have the fields that were seen so far; a column without a type must
// exist. Predicates have SQL's three truth values.
package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
)

// ErrNoTable is what a Catalog answers for a table that the lake does not have.
var ErrNoTable = errors.New("table does not exist")

// Catalog is what queries see of the lake. It is safe for concurrent use.
type Catalog interface {
	// Table is the newest snapshot of a table: bronze, silver, quarantine, runs,
	// a gold table by the name of its service, such as clusters, or a look-up, such
	// as lookups.networks. It is ErrNoTable where there is none.
	Table(ctx context.Context, name string) (Table, error)
	// Tables are the names of the tables that exist, in byte order.
	Tables(ctx context.Context) ([]string, error)
}

// Table is one snapshot of a table.
type Table interface {
	// Schema is the columns of the table.
	Schema() columnar.Schema
	// Version says which rows these are.
	Version() Version
	// Scan yields the rows in batches under the schema want. Want is a projection
	// of Schema: some of its columns, and of a struct some of its fields. Files,
	// row groups and pages that keep refuses are left out; rows that keep would
	// refuse may still come. A batch is valid until the next one, but a Dict in it
	// never changes once it was yielded: it is told from others by its pointer.
	// Scan adds to stats, which is not nil, and stops after the first error.
	Scan(ctx context.Context, want columnar.Schema, keep columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error]
}

// RowTable is a Table that can be told which of its rows are wanted before it has read
// all of their columns.
type RowTable interface {
	Table
	// Read yields rows as Scan does, but those only that are picked. Rows in stats are
	// those that were looked at.
	Read(ctx context.Context, r Request, stats *ScanStats) iter.Seq2[columnar.Selected, error]
}

// RowsOf is a table as one that picks rows, if it can. Those of Scoped and Redact can if
// what they are made of can: what they hide is hidden before anything looks at a row.
func RowsOf(t Table) (RowTable, bool) {
	switch t := t.(type) {
	case RowTable:
		return t, true
	case interface{ rows() (RowTable, bool) }:
		return t.rows()
	}
	return nil, false
}

// Request is what a RowTable is told.
type Request = lake.Request

// Version is which rows a Table has.
type Version struct {
	// Number is the Delta version of the table.
	Number int64
	// Identity is equal only for tables whose scans give the same rows, whoever
	// sees them. If it is empty, that is not known.
	Identity string
	// Times has all event times that the table may have; zero if that is not known.
	Times TimeRange
}

// ScanStats is what a scan read and what it could leave out.
type ScanStats struct {
	Files, FilesPruned         int64 // of the snapshot, and those never opened
	RowGroups, RowGroupsPruned int64 // of the opened files
	Rows                       int64 // yielded
	Bytes                      int64 // fetched from the store
}

// Add sums two scans.
func (s *ScanStats) Add(o ScanStats) {
	s.Files += o.Files
	s.FilesPruned += o.FilesPruned
	s.RowGroups += o.RowGroups
	s.RowGroupsPruned += o.RowGroupsPruned
	s.Rows += o.Rows
	s.Bytes += o.Bytes
}

// TimeRange is the event times From <= t < To. A zero time is no bound.
type TimeRange struct {
	From, To time.Time
}

// IsZero reports whether the range has no bound.
func (r TimeRange) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

// Micros is the range in microseconds since 1970, rounded so that the same whole
// microseconds are inside. The ok results say which bounds there are.
func (r TimeRange) Micros() (from int64, hasFrom bool, to int64, hasTo bool) {
	ceil := func(t time.Time) int64 {
		us := t.UnixMicro()
		if t.Nanosecond()%1000 != 0 {
			us++
		}
		return us
	}
	if hasFrom = !r.From.IsZero(); hasFrom {
		from = ceil(r.From)
	}
	if hasTo = !r.To.IsZero(); hasTo {
		to = ceil(r.To)
	}
	return from, hasFrom, to, hasTo
}

func (r TimeRange) String() string {
	var parts []string
	if !r.From.IsZero() {
		parts = append(parts, "from "+r.From.UTC().Format(time.RFC3339Nano))
	}
	if !r.To.IsZero() {
		parts = append(parts, "to "+r.To.UTC().Format(time.RFC3339Nano))
	}
	return strings.Join(parts, " ")
}

// near is the candidates that look most like name, at most three.
func near(name string, candidates []string) []string {
	type scored struct {
		name string
		d    int
	}
	var best []scored
	lower := strings.ToLower(name)
	for _, c := range candidates {
		lc := strings.ToLower(c)
		d := distance(lower, lc)
		if strings.Contains(lc, lower) {
			d = min(d, 2)
		}
		if d <= max(2, len(name)/3) {
			best = append(best, scored{c, d})
		}
	}
	slices.SortStableFunc(best, func(a, b scored) int {
		if a.d != b.d {
			return a.d - b.d
		}
		return strings.Compare(a.name, b.name)
	})
	var out []string
	for _, b := range best[:min(3, len(best))] {
		if b.d <= best[0].d+1 {
			out = append(out, b.name)
		}
	}
	return out
}

// distance is the Levenshtein distance of two names in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

// DidYouMean is the end of an error about a name that is not known: the candidates
// that look like it, or nothing.
func DidYouMean(name string, candidates []string) string {
	if n := near(name, candidates); len(n) > 0 {
		return fmt.Sprintf("; did you mean %s?", strings.Join(n, " or "))
	}
	return ""
}
