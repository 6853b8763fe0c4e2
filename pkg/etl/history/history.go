// Package history turns audit events that lie elsewhere into deliveries: a Delta
// table of them, or an export in files, as it was made before Databricks began to
// deliver. The ordinary ETL brings them in; there is no second way into a lake.
//
//	table, files ──► rows as JSON objects ──► delivered lines ──► objects of a source
//	                 (columns as they are)    (delivered names)
//
//	<out>/_import.json                                              what is imported: fixed at the start
//	<out>/workspaceId=<id>/date=<day>/import_<hash>_<round>.json.gz  lines, by event date
//	<out>/_done.json                                                written last
//
// A round is the next so many bytes of lines of the input; at its end each workspace
// and day in it becomes one object.
//
// Invariants:
//
//   - What an object holds follows from _import.json and the input alone. Objects are
//     put only where there is none, so that an import can be stopped at any point
//     and run again, or run twice at a time, and the source is the same.
//   - Every row becomes one line or is counted as left to the deliveries. What no
//     event can be made of becomes a line too, which the ETL puts into quarantine.
//   - An event that the Cut leaves to the deliveries is in no object.
package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/store"
)

var (
	// ErrOther says that the place for an import holds something else than what this
	// import would put there.
	ErrOther = errors.New("the place for the import holds something else")
	// ErrChanged says that the input is no longer what the import began with.
	ErrChanged = errors.New("what is imported has changed since the import began")
	// ErrNoCut says that an import was to begin without a Cut.
	ErrNoCut = errors.New("it is not said where the deliveries begin")
)

// DefaultRoundBytes is how much a round is unless Options say so: the memory of an
// import is some three times that, and a row group of the input.
const DefaultRoundBytes = 64 << 20

// Options of an import.
type Options struct {
	// Cut is needed when an import begins. One that goes on has the Cut that it
	// began with.
	Cut *Cut
	// RoundBytes is how many bytes of lines make a round; 0: DefaultRoundBytes. It
	// counts when an import begins.
	RoundBytes int
	// DryRun reads everything and writes nothing.
	DryRun bool
	// Progress, unless nil, is told after each file and round how far it is.
	Progress func(Report)
}

// Report is what an import did.
type Report struct {
	Files, OfFiles int   // of the input: read, and to be read
	Lines          int64 // written, or in a dry run to be written
	Left           int64 // events that are left to the deliveries
	Untimed        int64 // of Lines: no time could be found, so the ETL will quarantine them
	Broken         int64 // of Untimed: not even an object
	Objects        int64
	Bytes          int64 // of the lines, before they are compressed
	// Complete says that an earlier import had done everything: the numbers are its.
	Complete bool
	// Workspaces are by id, "" for events that name none.
	Workspaces map[string]Workspace
	// Extra are names of the input that delivered lines do not have: the first 100
	// in order of appearance.
	Extra []string
}

// Workspace is what an import has of one.
type Workspace struct {
	Lines, Left    int64
	Oldest, Newest time.Time // of Lines that have a time
}

// Input is what is imported: see Table and Files.
type Input interface {
	// name tells it from every other input, whoever looks.
	name() string
	// list is the files of the input in the order in which they are read.
	list(ctx context.Context) (version int64, files []file, err error)
	// open makes the files of a list readable, which may be one of an earlier call.
	open(ctx context.Context, version int64, files []file) error
	// rows calls fn for each row of a file, in order. A row is valid until fn returns.
	rows(ctx context.Context, f file, fn func(row []byte) error) error
}

// file is a piece of an input.
type file struct {
	Key  string `json:"key"`
	Size int64  `json:"size"`
}

// Import writes the events of an input as deliveries into out, which is for them
// alone, or goes on doing so. Where it is complete already nothing is read.
func Import(ctx context.Context, in Input, out store.Store, o Options) (*Report, error) {
	p, err := loadPlan(ctx, in, out, o)
	if err != nil {
		return nil, err
	}
	if !o.DryRun {
		if done, err := loadDone(ctx, out); err != nil || done != nil {
			return done, err
		}
	}
	if err := in.open(ctx, p.Version, p.Files); err != nil {
		return nil, err
	}
	if !o.DryRun {
		if err := p.save(ctx, out); err != nil {
			return nil, err
		}
	}
	w := newWriter(out, p, o)
	l := newLiner()
	for _, f := range p.Files {
		if err := in.rows(ctx, f, func(row []byte) error { return w.add(ctx, l.line(row)) }); err != nil {
			return nil, fmt.Errorf("import %s: %w", f.Key, err)
		}
		w.report.Files++
		w.report.Extra = l.extras
		w.progress()
	}
	if err := w.flush(ctx); err != nil {
		return nil, err
	}
	if o.DryRun {
		return &w.report, nil
	}
	return &w.report, saveDone(ctx, out, w.report)
}
