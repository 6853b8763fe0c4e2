package etl

import (
	"context"
	"fmt"

	"github.com/auditlake/auditlake/pkg/lake"
)

// Comparison is how a lake differs from what a document said of it. It still holds all
// that the document has seen if Problems is empty.
type Comparison struct {
	Batch int64 `json:"batch"` // of the document
	Files int64 `json:"files"` // of the document
	Rows  int64 `json:"rows"`
	Same  int64 `json:"same"` // files whose rows are what they were

	// Overwritten are those of Same that were delivered again since.
	Overwritten int64 `json:"overwritten,omitempty"`
	// Superseded are rows whose lines the delivered files have lost since. Databricks does
	// not take lines away.
	Superseded int64 `json:"superseded,omitempty"`
	// Expired are files, with ExpiredRows, of dates before Horizon, which retention has
	// removed. Whoever writes to the lake sets the horizon: see whether it is as ordered.
	Expired     int64  `json:"expired,omitempty"`
	ExpiredRows int64  `json:"expiredRows,omitempty"`
	Horizon     string `json:"horizon,omitempty"`
	// Added are files that came since.
	Added int64 `json:"added,omitempty"`

	Problems []string `json:"problems"`
	More     int      `json:"moreProblems,omitempty"` // not listed
}

func (c *Comparison) problem(format string, args ...any) {
	if len(c.Problems) >= maxProblems {
		c.More++
		return
	}
	c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
}

// CompareEvidence holds the lake against a document: each file's rows of the batches that
// the document knew must be the rows that it had. It is safe beside running ETL, and takes
// the memory of WriteEvidence, and that of the document.
func CompareEvidence(ctx context.Context, l *lake.Lake, then *Evidence) (*Comparison, error) {
	view, err := takeEvidence(ctx, l)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Batch: then.Batch, Horizon: horizonOf(view.bronze), Problems: []string{}}
	if view.state.Batch < then.Batch {
		c.problem("the lake is at batch %d and was at %d: it is an older copy, or was made anew", view.state.Batch, then.Batch)
	}
	if c.Horizon < then.Horizon {
		c.problem("the horizon of retention is %q and was %s: what is before it was brought back, or was made anew", c.Horizon, then.Horizon)
	}
	type ref struct{ source, key string }
	known := make(map[ref]EvidenceFile, len(then.Files))
	for _, f := range then.Files {
		if f.Source < 0 || f.Source >= len(then.Sources) {
			return nil, fmt.Errorf("%w: %s is of source %d", ErrEvidence, f.Key, f.Source)
		}
		known[ref{then.Sources[f.Source], f.Key}] = f
		c.Files++
		c.Rows += f.Rows
	}
	for f, err := range view.files(ctx, then.Batch) {
		if err != nil {
			return nil, err
		}
		switch {
		case f.unknown():
			c.problem("bronze has %d rows of date %s, file id %d, that are of no delivered file", f.Rows, f.Date, f.id)
			continue
		case f.Source < 0 || f.Source >= len(view.state.Sources):
			c.problem("%s is of source %d, which the landing state does not name", f.Key, f.Source)
			continue
		}
		at := ref{view.state.Sources[f.Source], f.Key}
		was, there := known[at]
		delete(known, at)
		switch {
		case there:
			c.file(was, f.EvidenceFile)
		case f.Rows > 0:
			c.problem("%s: it has %d rows of batches that the document knew, and none of the file", f.Key, f.Rows)
		default:
			c.Added++
		}
	}
	for _, f := range then.Files { // in order
		if _, missing := known[ref{then.Sources[f.Source], f.Key}]; !missing {
			continue
		}
		if f.Date < c.Horizon {
			c.Expired++
			c.ExpiredRows += f.Rows
			continue
		}
		c.problem("%s: it had %d rows and is gone, and retention has not removed it", f.Key, f.Rows)
	}
	return c, nil
}

// file holds one file against what it was.
func (c *Comparison) file(was, is EvidenceFile) {
	switch {
	case is.Date != was.Date:
		c.problem("%s: it is of date %s and was of %s", is.Key, is.Date, was.Date)
	case is.Rows != was.Rows:
		c.problem("%s: it has %d of its rows and had %d", is.Key, is.Rows, was.Rows)
	case is.Content != was.Content:
		c.problem("%s: its %d rows are not the lines that they were", is.Key, is.Rows)
	case is.Versions < was.Versions:
		c.problem("%s: version %d of it was read and now %d is said to be the newest", is.Key, was.Versions, is.Versions)
	case is.Versions == was.Versions && (is.SHA256 != was.SHA256 || is.Size != was.Size || is.ETag != was.ETag):
		c.problem("%s: what is said to have been delivered, %d bytes with SHA-256 %s, was %d bytes with %s", is.Key, is.Size, is.SHA256, was.Size, was.SHA256)
	default:
		c.Same++
		if is.Versions > was.Versions {
			c.Overwritten++
		}
		c.Superseded += max(is.Superseded-was.Superseded, 0)
	}
}
