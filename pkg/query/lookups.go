package query

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/lake/lookup"
)

// Lookups begins the names of look-up tables: lookups.workspaces is the file
// lookups/workspaces.csv of the lake, or the Delta table lookups/workspaces/ where
// there is no file. No other table has a dot in its name.
const Lookups = "lookups."

// IsLookup says that a table is a look-up: what the owner of the lake says of
// workspaces, people or networks, and no events.
func IsLookup(table string) bool { return strings.HasPrefix(table, Lookups) }

// lookup is the table of a look-up by its name without Lookups.
func (c lakeCatalog) lookup(ctx context.Context, name string) (Table, error) {
	if !lookup.IsName(name) {
		return nil, ErrNoTable
	}
	rows, etag, err := c.lookups.Table(ctx, name)
	if err == nil {
		return lookupTable{rows, lookup.Key(name) + " " + etag}, nil
	}
	if !errors.Is(err, lookup.ErrNone) {
		return nil, err
	}
	v, err := c.lake.Lookup(name).View(ctx)
	if errors.Is(err, lake.ErrNoTable) {
		c.lake.ForgetLookup(name)
		return nil, ErrNoTable
	}
	if err != nil {
		return nil, err
	}
	return lakeTable{v}, nil
}

// lookupNames are the look-ups that exist, by the names of their tables.
func (c lakeCatalog) lookupNames(ctx context.Context) ([]string, error) {
	files, folders, err := c.lookups.List(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	is := map[string]bool{}
	for _, name := range files {
		names, is[name] = append(names, Lookups+name), true
	}
	for _, name := range folders {
		if is[name] {
			continue
		}
		switch _, err := c.lake.Lookup(name).Snapshot(ctx); {
		case err == nil:
			names = append(names, Lookups+name)
		case errors.Is(err, lake.ErrNoTable):
			c.lake.ForgetLookup(name)
		default:
			return nil, err
		}
	}
	return names, nil
}

// lookupTable is the rows of a file, which are in memory.
type lookupTable struct {
	rows     *columnar.Batch
	identity string
}

func (t lookupTable) Schema() columnar.Schema { return t.rows.Schema }

func (t lookupTable) Version() Version { return Version{Identity: t.identity} }

// lookupRows is how many rows a scan of a file yields at a time.
const lookupRows = 4096

func (t lookupTable) Scan(ctx context.Context, want columnar.Schema, _ columnar.Keep, stats *ScanStats) iter.Seq2[*columnar.Batch, error] {
	return func(yield func(*columnar.Batch, error) bool) {
		stats.Files++
		stats.RowGroups++
		for from := 0; from < t.rows.Len; from += lookupRows {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			to := min(from+lookupRows, t.rows.Len)
			b := &columnar.Batch{Schema: want, Len: to - from}
			for _, f := range want {
				b.Columns = append(b.Columns, slice(t.rows.Column(f.Name), from, to))
			}
			stats.Rows += int64(b.Len)
			if !yield(b, nil) {
				return
			}
		}
	}
}

// slice is rows of a vector as files of look-ups give them, in its memory.
func slice(v *columnar.Vector, from, to int) *columnar.Vector {
	out := &columnar.Vector{Type: v.Type, Len: to - from, Dict: v.Dict}
	if v.Null != nil {
		out.Null = v.Null[from:to]
	}
	switch {
	case v.Codes != nil:
		out.Codes = v.Codes[from:to]
	case v.Type.Kind.InFloats():
		out.Floats = v.Floats[from:to]
	default:
		out.Ints = v.Ints[from:to]
	}
	return out
}

// missingKind is the kind that a column of a look-up counts as while there is none:
// that of a header without types.
func missingKind(c Col) columnar.Kind {
	switch {
	case c.Kind != columnar.Invalid:
		return c.Kind
	case len(c.Path) == 1 && strings.EqualFold(c.Path[0], WorkspaceColumn):
		return columnar.Long
	}
	return columnar.String
}
