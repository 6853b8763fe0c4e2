package landing

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Change is a delivered file that the lake does not hold in its newest version.
type Change struct {
	File
	Old *Entry // what the lake holds of an earlier version; nil for a new file
}

// before orders files by date, source and key, as they are landed.
func (f File) before(g File) int {
	return cmp.Or(cmp.Compare(f.Date, g.Date), cmp.Compare(f.Source, g.Source), cmp.Compare(f.Key, g.Key))
}

// Plan compares a listing with the state, file by file as it comes, and keeps the
// first changes in order. Its memory does not grow with the listing: what does
// not fit is counted, and comes up in a plan that begins after the last change
// of this one.
type Plan struct {
	state   *State
	o       PlanOptions
	changes []Change // up to twice the limit, in no order
	cut     bool     // changes were dropped behind the ones that are kept

	// Files and Bytes are of all changes, kept or not.
	Files, Bytes int64
}

// PlanOptions say which changes a Plan keeps.
type PlanOptions struct {
	Limit   int    // how many; 0: all
	After   *File  // only what comes behind it in order; nil: from the beginning
	Horizon string // dates before it ("" for none) were removed by retention and do not come back
}

// NewPlan has seen no file yet.
func (st *State) NewPlan(o PlanOptions) *Plan { return &Plan{state: st, o: o} }

// Add compares one listed file with the state.
func (p *Plan) Add(ctx context.Context, f File) error {
	if f.Date < p.o.Horizon || p.o.After != nil && f.before(*p.o.After) <= 0 {
		return nil
	}
	known, err := p.state.knows(ctx, f)
	if err != nil || known {
		return err
	}
	p.Files++
	p.Bytes += f.Size
	p.changes = append(p.changes, Change{File: f})
	if p.o.Limit > 0 && len(p.changes) >= 2*p.o.Limit {
		p.trim()
	}
	return nil
}

// trim sorts the changes and drops those over the limit.
func (p *Plan) trim() {
	slices.SortFunc(p.changes, func(a, b Change) int { return a.before(b.File) })
	if p.o.Limit > 0 && len(p.changes) > p.o.Limit {
		clear(p.changes[p.o.Limit:])
		p.changes = p.changes[:p.o.Limit]
		p.cut = true
	}
}

// Changes are the changes kept, in order of date, source and key. more says that
// there are others behind the last one.
func (p *Plan) Changes(ctx context.Context) (changes []Change, more bool, err error) {
	p.trim()
	for from := 0; from < len(p.changes); {
		to := from + 1
		for to < len(p.changes) && p.changes[to].Date == p.changes[from].Date {
			to++
		}
		if err := p.state.findOld(ctx, p.changes[from:to]); err != nil {
			return nil, false, err
		}
		from = to
	}
	return p.changes, p.cut, nil
}

// findOld completes changes of one date with what the lake holds of their files.
func (st *State) findOld(ctx context.Context, changes []Change) error {
	if st.Dates[changes[0].Date].Path == "" {
		return nil
	}
	at := make(map[fileRef]int, len(changes))
	for i, c := range changes {
		at[fileRef{c.Source, c.Key}] = i
	}
	for e, err := range st.each(ctx, changes[0].Date) {
		if err != nil {
			return err
		}
		if i, ok := at[fileRef{e.Source, e.Key}]; ok {
			old := e
			changes[i].Old = &old
		}
	}
	return nil
}

// Batches cuts changes into runs of at most maxBytes and maxFiles, in order. A
// file over largeBytes is a batch of its own: if it changes while it is being
// streamed, nothing but that file has to be read again.
func Batches(changes []Change, maxBytes, largeBytes int64, maxFiles int) [][]Change {
	var out [][]Change
	start, size := 0, int64(0)
	cut := func(end int) {
		if end > start {
			out = append(out, changes[start:end])
		}
		start, size = end, 0
	}
	for i, c := range changes {
		text := c.textBytes()
		if c.Size > largeBytes || text > maxBytes {
			cut(i)
			cut(i + 1)
			continue
		}
		if size+text > maxBytes || i-start >= maxFiles {
			cut(i)
		}
		size += text
	}
	cut(len(changes))
	return out
}

// gzipRatio is about how much audit logs shrink.
const gzipRatio = 15

// textBytes is about how much text is in the file.
func (c Change) textBytes() int64 {
	if strings.HasSuffix(c.Key, ".gz") {
		return gzipRatio * c.Size
	}
	return c.Size
}

// sweepRequests is how many requests a full sweep may cost to be done on every
// run: about a second on a distant store.
const sweepRequests = 64

// keysPerPage is how many keys a store lists at once.
const keysPerPage = 1000

// CheapSweep reports whether listing everything, and reading every shard, costs
// so little that looking at a window only would save nothing.
func (m Manifest) CheapSweep() bool {
	return m.Totals().Files/keysPerPage+int64(len(m.Dates)) <= sweepRequests
}

// Since is the first delivery date of a window of days before the newest known
// date, or before today if that is earlier.
func Since(newest, today string, days int) string {
	return daysBefore(min(newest, today), days)
}
