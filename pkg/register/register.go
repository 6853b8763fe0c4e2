// Package register makes the tables of a lake known where other engines look
// tables up: in Trino, and with it in the metastore that its catalog is of, and in
// AWS Glue. For Spark, Databricks and Athena it writes the SQL that does it there.
//
//	lake ──Tables──► []Table ──Register──► Trino, Glue        what is missing
//	                        └─Dialect.SQL─► text              all of it, to be run again at will
//
// A table has the name that SQL of Auditlake knows it by, in one schema: silver,
// clusters, jobs. No gold table is called like a layer, see etl.GoldName, so the
// article's statements run unchanged wherever the schema is the current one.
//
// Nothing of what is registered holds rows: a Delta table is its log, and an engine
// that has been told the location sees each commit. So registering again finds
// nothing to do until there are new tables, or, in Glue, new columns to show. What
// is there under the name of a table and elsewhere is never touched.
package register

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/columnar"
	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// DefaultSchema is the schema, which some engines call database, for whoever names
// no other.
const DefaultSchema = "auditlake"

// Table is a table as an engine is to know it.
type Table struct {
	Name     string // in the lake and in the schema
	Location string // URI of its folder, without a slash at the end
	Schema   columnar.Schema
}

// Tables are those that exist, layers first, below a root as RootOf and
// Dialect.Root give it.
func Tables(ctx context.Context, l *lake.Lake, root string) ([]Table, error) {
	gold, err := l.Gold(ctx)
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, name := range append(lake.Layers(), gold...) {
		snap, err := l.Table(name).Snapshot(ctx)
		if errors.Is(err, lake.ErrNoTable) {
			continue
		}
		if err != nil {
			return nil, err
		}
		tables = append(tables, Table{name, root + "/" + strings.TrimSuffix(lake.Root(name), "/"), snap.Schema()})
	}
	return tables, nil
}

// RootOf is the URI of a lake without options, s3://bucket/prefix or
// file:///folder, of what store.Open takes.
func RootOf(lakeURL string) (string, error) {
	if !store.IsLocal(lakeURL) {
		c, err := store.ParseS3URL(lakeURL)
		if err != nil {
			return "", err
		}
		return strings.TrimSuffix("s3://"+c.Bucket+"/"+c.Prefix, "/"), nil
	}
	dir := lakeURL
	if u, err := url.Parse(lakeURL); err == nil && strings.EqualFold(u.Scheme, "file") {
		dir = u.Path
	}
	dir, err := filepath.Abs(filepath.FromSlash(dir))
	if err != nil {
		return "", fmt.Errorf("find the folder of the lake: %w", err)
	}
	return "file://" + strings.TrimSuffix(filepath.ToSlash(dir), "/"), nil
}

// State is what a catalog has under the name of a table.
type State int

const (
	Missing  State = iota // nothing
	Current               // the table
	Outdated              // the table, described as it was
	Taken                 // something else
)

// Entry is what a catalog has under the name of a table.
type Entry struct {
	State State
	// Location is that of what is there, and Why is why it cannot be had; of Taken.
	Location string
	Why      error
}

// Catalog is where engines look tables up. Its methods are called one at a time.
type Catalog interface {
	// Look gives an entry for each of the tables. It changes nothing.
	Look(ctx context.Context, tables []Table) ([]Entry, error)
	// Prepare makes the schema unless it is there.
	Prepare(ctx context.Context) error
	// Add registers a table that was Missing, Update describes one that was Outdated.
	Add(ctx context.Context, t Table) error
	Update(ctx context.Context, t Table) error
	// Name is how the catalog calls a table, and Remove how it is told to forget it:
	// for messages.
	Name(table string) string
	Remove(table string) string
}

// Outcome is what became of the tables, by name, in the order of the tables.
type Outcome struct {
	Added   []string
	Updated []string
	Kept    []string // were registered
}

// TakenError: something else has the name of a table in the catalog.
type TakenError struct {
	Name, Want string // the table as the catalog calls it, and where it lies
	Entry      Entry
	Remove     string
}

func (e *TakenError) Error() string {
	if e.Entry.Why != nil {
		return fmt.Sprintf("%s is there, and cannot be read: %v; if it is not needed, %s", e.Name, e.Entry.Why, e.Remove)
	}
	return fmt.Sprintf("%s is registered at %s and lies at %s: choose another schema, or %s", e.Name, e.Entry.Location, e.Want, e.Remove)
}

// Unwrap gives why the entry cannot be read.
func (e *TakenError) Unwrap() error { return e.Entry.Why }

// Plan is what Register would do, without doing it. The error is of *TakenErrors.
func Plan(ctx context.Context, c Catalog, tables []Table) (Outcome, error) {
	entries, err := c.Look(ctx, tables)
	if err != nil {
		return Outcome{}, err
	}
	out, _, err := plan(c, tables, entries)
	return out, err
}

// step is a table and what is to be done.
type step struct {
	table Table
	state State
}

func plan(c Catalog, tables []Table, entries []Entry) (out Outcome, todo []step, err error) {
	var taken []error
	for i, t := range tables {
		switch entry := entries[i]; entry.State {
		case Missing:
			out.Added = append(out.Added, t.Name)
			todo = append(todo, step{t, Missing})
		case Outdated:
			out.Updated = append(out.Updated, t.Name)
			todo = append(todo, step{t, Outdated})
		case Current:
			out.Kept = append(out.Kept, t.Name)
		case Taken:
			taken = append(taken, &TakenError{c.Name(t.Name), t.Location, entry, c.Remove(t.Name)})
		}
	}
	return out, todo, errors.Join(taken...)
}

// Register has the catalog know all tables. Those whose names are taken are left as
// they are and told at the end, as *TakenErrors; any other error ends it, and the
// next call goes on from there. Others may register the same at the same time.
func Register(ctx context.Context, c Catalog, tables []Table) (Outcome, error) {
	entries, err := c.Look(ctx, tables)
	if err != nil {
		return Outcome{}, err
	}
	planned, todo, taken := plan(c, tables, entries)
	done := Outcome{Kept: planned.Kept}
	if len(planned.Added) > 0 {
		if err := c.Prepare(ctx); err != nil {
			return done, err
		}
	}
	for _, s := range todo {
		if s.state == Outdated {
			if err := c.Update(ctx, s.table); err != nil {
				return done, err
			}
			done.Updated = append(done.Updated, s.table.Name)
			continue
		}
		if err := c.Add(ctx, s.table); err != nil {
			if !addedByOthers(ctx, c, s.table) {
				return done, err
			}
			done.Kept = append(done.Kept, s.table.Name)
			continue
		}
		done.Added = append(done.Added, s.table.Name)
	}
	return done, taken
}

// addedByOthers says whether a table that could not be added is there by now.
func addedByOthers(ctx context.Context, c Catalog, t Table) bool {
	entries, err := c.Look(ctx, []Table{t})
	return err == nil && slices.ContainsFunc(entries, func(e Entry) bool { return e.State == Current })
}

// sameLocation compares two URIs as engines do: s3a and s3n are S3 by the names of
// Hadoop's clients, and a slash at the end says nothing.
func sameLocation(a, b string) bool { return plainLocation(a) == plainLocation(b) }

func plainLocation(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return uri
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "s3a", "s3n":
		scheme = "s3"
	case "file", "local":
		rest = "///" + strings.TrimLeft(rest, "/")
	}
	return scheme + ":" + strings.TrimRight(rest, "/")
}
