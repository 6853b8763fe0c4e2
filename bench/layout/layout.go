// Package layout measures what is frozen in the data files: compression, sizes of
// row groups, pages and dictionaries, encodings, order of the rows, bloom filters
// and the form of hashes. It writes the tables of a lake again, one knob at a time
// away from today's defaults, and has the same panels answered from every file.
//
//	lake ──► corpus: one table, decoded, in the order of its layout
//	           ├─► variants:  one file each; size, CPU to write, CPU of each panel
//	           ├─► encodings: what each column would take in encodings we do not write
//	           ├─► levels:    what large columns take at each level of Zstandard
//	           └─► filters:   what bloom filters would take, and leave out
//
// A table is one file here, whatever it is in the lake, so that there are several
// row groups to tell apart, and the partition's date is a column of it. All
// figures of CPU are of one thread; every file is read back and must have the rows
// of the corpus, else Run fails.
package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// Options say what is measured. Lake and Out are required.
type Options struct {
	Lake     string    // URL or folder
	Out      io.Writer // gets the report, as Markdown
	Progress io.Writer // gets a line for each step; nil for none

	// Tables are what is written again; nil: DefaultTables. A table that the lake
	// lacks is an error.
	Tables []string
	// Variants are which of them to measure, by name; nil for all. The first,
	// today, is always there: the others are compared with it.
	Variants []string
	// Files is an existing folder for the files, <table>.<variant>.parquet, which
	// stay there; "": a temporary one.
	Files string
	// Repeats is how often a figure is measured, for the median; 0: 5.
	Repeats int
	// DuckDB is a folder whose node_modules has @duckdb/node-api, such as interop;
	// "" leaves DuckDB out.
	DuckDB string
}

// DefaultTables are the layers, and gold narrow, long and wide.
func DefaultTables() []string {
	return []string{lake.Bronze, lake.Silver, "clusters", "accounts", "unitycatalog"}
}

// Run measures and writes the report.
func Run(ctx context.Context, o Options) (err error) {
	if o.Tables == nil {
		o.Tables = DefaultTables()
	}
	if o.Repeats <= 0 {
		o.Repeats = 5
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Files == "" {
		if o.Files, err = os.MkdirTemp("", "auditlake-layout-"); err != nil {
			return fmt.Errorf("make a folder for the files: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Files)) }()
	}
	s, err := store.Open(ctx, o.Lake, store.ReadOnly())
	if err != nil {
		return fmt.Errorf("open lake: %w", err)
	}
	l := lake.New(s, lake.Options{})
	for _, name := range o.Tables {
		if err := runTable(ctx, l, name, o); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

func runTable(ctx context.Context, l *lake.Lake, name string, o Options) error {
	c, err := readCorpus(ctx, l, name)
	if err != nil {
		return err
	}
	panels, err := panelsOf(c)
	if err != nil {
		return err
	}
	var results []*result
	for _, v := range variantsOf(c, o.Variants) {
		_, _ = fmt.Fprintf(o.Progress, "%s: %s\n", name, v.name)
		r, err := measureVariant(ctx, c, v, panels, o.Repeats)
		if err != nil {
			return fmt.Errorf("variant %s: %w", v.name, err)
		}
		r.path = filepath.Join(o.Files, name+"."+v.name+".parquet")
		if err := os.WriteFile(r.path, r.file, 0o600); err != nil {
			return fmt.Errorf("keep the file: %w", err)
		}
		r.file = nil
		results = append(results, r)
	}
	duck, err := runDuckDB(ctx, c, results, panels, o)
	if err != nil {
		return err
	}
	columns, err := weighColumns(c, o.Progress)
	if err != nil {
		return err
	}
	levels, err := weighLevels(c, columns, results[0].size)
	if err != nil {
		return fmt.Errorf("compress columns: %w", err)
	}
	filters := weighFilters(c, o.Repeats)
	return writeReport(o.Out, c, panels, results, duck, columns, levels, filters)
}
